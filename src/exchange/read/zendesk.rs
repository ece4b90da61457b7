//! Articles of a Zendesk help centre: `{"articles": [{id, title, body, locale, label_names, draft, ...}]}`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::bot::{Audience, Handling};

use super::super::Error;
use super::super::draft::{ArticleDraft, Found, Place};
use super::super::report::Outcome;
use super::super::source::Source;
use super::table::lang_of;
use super::{Reader, html, json};

pub(super) const READER: Reader = Reader {
    name: "zendesk",
    fits: |source| json::has_key(source, &["articles"]),
    read,
};

/// Fields that are carried, or mean nothing outside Zendesk.
const TAKEN: [&str; 16] = [
    "id",
    "title",
    "name",
    "body",
    "locale",
    "source_locale",
    "label_names",
    "draft",
    "section_id",
    "user_segment_id",
    "user_segment_ids",
    "url",
    "html_url",
    "created_at",
    "updated_at",
    "edited_at",
];

#[derive(Deserialize)]
struct Written {
    id: u64,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    label_names: Option<Vec<String>>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    section_id: Option<u64>,
    #[serde(default)]
    user_segment_id: Option<u64>,
}

fn read(source: &Source, found: &mut Found) -> Result<(), Error> {
    for (place, document) in json::documents(source, found)? {
        let sections = sections_of(&document);
        for (number, element) in (1..).zip(json::elements(&place, document, &["articles"], found)) {
            if let Some(written) = json::typed::<Written>(&place, number, element, &TAKEN, found) {
                take(&place, written, &sections, found);
            }
        }
    }
    Ok(())
}

/// Names of sections by id, where the export has them.
fn sections_of(document: &Value) -> HashMap<u64, String> {
    let list = document.get("sections").and_then(Value::as_array);
    let named = |section: &Value| {
        Some((
            section.get("id")?.as_u64()?,
            section.get("name")?.as_str()?.to_owned(),
        ))
    };
    list.map(|list| list.iter().filter_map(named).collect())
        .unwrap_or_default()
}

fn take(place: &Place, written: Written, sections: &HashMap<u64, String>, found: &mut Found) {
    let named = format!("article {} ({})", written.id, written.title);
    if written.draft {
        return found.skip(place, "draft", format!("{named} is a draft"));
    }
    let lang = match lang_of(written.locale.as_deref().unwrap_or_default()) {
        Ok(lang) => lang,
        Err(message) => return found.skip(place, "unknown_lang", format!("{named}: {message}")),
    };
    let page = match html::page_of(written.body.as_deref().unwrap_or_default()) {
        Ok(page) => page,
        Err((code, message)) => return found.bad(place, code, format!("{named}: {message}")),
    };
    html::tell(&page, place, &named, found);
    let mut tags = written.label_names.unwrap_or_default();
    match written.section_id.map(|id| sections.get(&id)) {
        Some(Some(section)) => tags.push(section.clone()),
        Some(None) => found.not_carried("field `section_id`", 1),
        None => {}
    }
    // Whoever may not see it there may not see it here.
    let handling = written.user_segment_id.map(|_| Handling {
        audience: Audience::Agents,
        ..Handling::default()
    });
    if handling.is_some() {
        let message = format!("{named} is not for everybody there; here it is for agents, see `audience`");
        found.tell(Outcome::Notice, place, "restricted", message);
    }
    found.take_article(ArticleDraft {
        // A title may change and be translated; the number stays.
        id: format!("zendesk-{}", written.id),
        title: written.title,
        lang,
        tags: Some(tags),
        questions: None,
        handling,
        body: page.markdown,
        place: place.clone(),
    });
}
