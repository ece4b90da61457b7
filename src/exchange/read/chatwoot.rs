//! Articles of a Chatwoot help centre: `{"payload": [{title, slug, content, locale, status, ...}]}`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::Error;
use super::super::clean;
use super::super::draft::{ArticleDraft, Found, Place};
use super::super::source::Source;
use super::table::lang_of;
use super::{Reader, json};

pub(super) const READER: Reader = Reader {
    name: "chatwoot",
    fits: |source| json::has_key(source, &["payload", "content"]),
    read,
};

/// Fields that are carried, or mean nothing outside Chatwoot.
const TAKEN: [&str; 14] = [
    "id",
    "title",
    "slug",
    "content",
    "locale",
    "status",
    "category",
    "meta",
    "associated_article_id",
    "created_at",
    "updated_at",
    "account_id",
    "category_id",
    "portal_id",
];

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    slug: Option<String>,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    status: Option<Value>,
    #[serde(default)]
    category: Option<Category>,
    #[serde(default)]
    meta: Option<Meta>,
    #[serde(default)]
    associated_article_id: Option<u64>,
}

#[derive(Deserialize)]
struct Category {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    locale: Option<String>,
}

#[derive(Deserialize, Default)]
struct Meta {
    #[serde(default)]
    tags: Vec<String>,
}

fn read(source: &Source, found: &mut Found) -> Result<(), Error> {
    for (place, document) in json::documents(source, found)? {
        let elements = json::elements(&place, document, &["payload", "articles"], found);
        let written: Vec<Written> = (1..)
            .zip(elements)
            .filter_map(|(number, element)| json::typed(&place, number, element, &TAKEN, found))
            .collect();
        let slugs: HashMap<u64, String> = written
            .iter()
            .filter_map(|w| Some((w.id?, w.slug.clone()?)))
            .collect();
        for written in written {
            take(&place, written, &slugs, found);
        }
    }
    Ok(())
}

/// As Chatwoot counts them: 0 draft, 1 published, 2 archived.
fn status_of(status: Option<&Value>) -> String {
    match status {
        Some(Value::String(word)) => word.clone(),
        Some(Value::Number(number)) => match number.as_u64() {
            Some(0) => "draft".to_owned(),
            Some(1) => "published".to_owned(),
            Some(2) => "archived".to_owned(),
            _ => format!("in the unknown status {number}"),
        },
        _ => "in no status".to_owned(),
    }
}

fn take(place: &Place, written: Written, slugs: &HashMap<u64, String>, found: &mut Found) {
    let title = written.title.unwrap_or_default();
    let status = status_of(written.status.as_ref());
    if status != "published" {
        return found.skip(place, "not_published", format!("article `{title}` is {status}"));
    }
    let (category, category_locale) = match written.category {
        Some(category) => (category.name, category.locale),
        None => (None, None),
    };
    let locale = written.locale.or(category_locale).unwrap_or_default();
    let lang = match lang_of(&locale) {
        Ok(lang) => lang,
        Err(message) => return found.skip(place, "unknown_lang", format!("article `{title}`: {message}")),
    };
    // A translation points to the article it was made of; both have one id here.
    let original = written
        .associated_article_id
        .and_then(|id| slugs.get(&id).cloned());
    let named = original.or(written.slug).unwrap_or_else(|| title.clone());
    let mut tags = written.meta.unwrap_or_default().tags;
    tags.extend(category);
    found.take_article(ArticleDraft {
        id: clean::slug(&named),
        title,
        lang,
        tags: Some(tags),
        questions: None,
        handling: None,
        body: written.content.unwrap_or_default(),
        place: place.clone(),
    });
}
