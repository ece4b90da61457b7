//! Folders of Markdown, with or without front matter: our own, and trees as Docusaurus, mdBook or Hugo
//! keep them.

use std::collections::BTreeMap;
use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bot::{ARTICLE_BYTES_MAX, Handling};
use crate::conversation::Lang;

use super::super::Error;
use super::super::clean;
use super::super::draft::{ArticleDraft, FaqDraft, Found, Place};
use super::super::source::{Source, name_of, place_of};
use super::Reader;
use super::table::lang_of;

pub(super) const READER: Reader = Reader {
    name: "markdown",
    fits: |source| source.with_extension(&EXTENSIONS).next().is_some(),
    read,
};

const EXTENSIONS: [&str; 3] = ["md", "markdown", "mdx"];

/// Files that are no articles, by their names in lower case.
const NO_ARTICLES: [&str; 6] = [
    "summary.md",
    "_sidebar.md",
    "_navbar.md",
    "changelog.md",
    "license.md",
    "contributing.md",
];

/// Keys of a front matter that are carried, beside those of its handling.
const TAKEN: [&str; 7] = ["id", "slug", "title", "lang", "locale", "tags", "questions"];

/// Keys that say how an article is to be handled.
const HANDLING: [&str; 7] = [
    "audience",
    "valid_from",
    "valid_until",
    "translations",
    "related",
    "pinned",
    "boost",
];

type Front = BTreeMap<String, Value>;

fn read(source: &Source, found: &mut Found) -> Result<(), Error> {
    let mut files = 0;
    for file in source.with_extension(&EXTENSIONS) {
        files += 1;
        let place = place_of(file);
        let last = file
            .file_name()
            .map(|n| n.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        if NO_ARTICLES.contains(&last.as_str()) {
            found.skip(
                &place,
                "no_article",
                "a table of contents or the like is no article",
            );
        } else if let Some(text) = found.text_of(source, file, ARTICLE_BYTES_MAX) {
            take(file, &text, source, found);
        }
    }
    if files == 0 {
        return Err(Error::unreadable(
            source.stem(),
            0,
            "nothing_found",
            "there is no .md file; name a folder with some",
        ));
    }
    Ok(())
}

fn take(file: &Path, text: &str, source: &Source, found: &mut Found) {
    let place = place_of(file);
    let (front, body) = match front_and_body(text) {
        Ok(parts) => parts,
        Err((line, message)) => {
            let place = Place::new(&place.file, line);
            return found.bad(&place, "bad_front_matter", message);
        }
    };
    if front.get("draft") == Some(&Value::Bool(true)) || front.get("unlisted") == Some(&Value::Bool(true)) {
        return found.skip(&place, "draft", "it is a draft");
    }
    for key in front
        .keys()
        .filter(|key| !TAKEN.iter().chain(&HANDLING).any(|taken| taken == key) && *key != "draft")
    {
        found.not_carried(format!("front matter `{key}`"), 1);
    }
    let lang = match lang_named(&front, file) {
        Ok(lang) => lang,
        Err(message) => return found.skip(&place, "unknown_lang", message),
    };
    let handling = match handling_of(&front) {
        Ok(handling) => handling,
        Err(message) => return found.bad(&place, "bad_front_matter", message),
    };
    let body = without_imports(file, body, found);
    count_html(&body, found);
    let mut title = text_at(&front, "title");
    let mut body = body;
    if title.is_empty()
        && let Some((heading, rest)) = first_heading(&body)
    {
        (title, body) = (heading, rest);
    }
    if title.is_empty() {
        title = file
            .file_stem()
            .map(|s| s.to_string_lossy().replace(['-', '_'], " "))
            .unwrap_or_default();
    }
    let id = [text_at(&front, "id"), clean::slug(&text_at(&front, "slug"))]
        .into_iter()
        .find(|id| !id.is_empty());
    let id = id.unwrap_or_else(|| id_of(file, source));
    give(
        ArticleDraft {
            id,
            title,
            lang,
            tags: list_at(&front, "tags"),
            questions: list_at(&front, "questions"),
            handling,
            body,
            place,
        },
        found,
    );
}

/// An exported faq row comes home as one.
fn give(article: ArticleDraft, found: &mut Found) {
    if !article.id.starts_with("faq:") {
        return found.take_article(article);
    }
    found.take_faq(FaqDraft {
        question: article.title,
        answer: article.body,
        similar: article.questions,
        tags: article.tags,
        lang: article.lang,
        place: article.place,
    });
}

/// Front matter between `---` (YAML) or `+++` (TOML) lines, and what is below it.
fn front_and_body(text: &str) -> Result<(Front, &str), (usize, String)> {
    let parsed = |mark: &str| {
        let rest = text.strip_prefix(mark)?.strip_prefix('\n')?;
        let end = format!("\n{mark}");
        let at = if rest.starts_with(mark) {
            0
        } else {
            rest.find(&end)? + 1
        };
        let body = rest[at + mark.len()..].trim_start_matches([' ', '\t']);
        let body = if body.is_empty() {
            body
        } else {
            body.strip_prefix('\n')?
        };
        Some((&rest[..at], body))
    };
    if let Some((head, body)) = parsed("---") {
        return Ok((front_of(head)?, body));
    }
    if let Some((head, body)) = parsed("+++") {
        let front = toml::from_str(head).map_err(|error| (2, format!("{}; mend it", error.message())))?;
        return Ok((front, body));
    }
    Ok((Front::new(), text))
}

fn front_of(head: &str) -> Result<Front, (usize, String)> {
    if head.trim().is_empty() {
        return Ok(Front::new());
    }
    yaml(head).map_err(|(line, message)| (line + 1, message))
}

/// YAML with budgets on its size and depth; the line and what is wrong.
pub(super) fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, (usize, String)> {
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error
            .location()
            .map_or(0, |l| usize::try_from(l.line()).unwrap_or(0));
        let message = error.without_snippet().to_string();
        // Its own lines count from the front matter; ours are the file's.
        let first = message.lines().next().unwrap_or("not valid YAML");
        let first = first.split(" at line").next().unwrap_or(first);
        (line, format!("{first}; mend it"))
    })
}

fn text_at(front: &Front, key: &str) -> String {
    match front.get(key) {
        Some(Value::String(text)) => clean::line(text),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A list, or one text parted by commas; tags may be objects with a label.
fn list_at(front: &Front, key: &str) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => object.get("label").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    match front.get(key)? {
        Value::Array(list) => Some(list.iter().filter_map(text).collect()),
        Value::String(list) => Some(list.split(',').map(str::to_owned).collect()),
        _ => Some(Vec::new()),
    }
}

fn handling_of(front: &Front) -> Result<Option<Handling>, String> {
    let said: serde_json::Map<String, Value> = front
        .iter()
        .filter(|(key, value)| HANDLING.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if said.is_empty() {
        // Our own files say nothing where the default holds; so nothing is known to differ.
        return Ok(None);
    }
    let handling: Handling =
        serde_json::from_value(Value::Object(said)).map_err(|e| format!("{e}; mend it"))?;
    if handling.is_sound() {
        Ok(Some(handling))
    } else {
        Err("boost is not from 0.1 to 10, or valid_until is before valid_from; mend it".to_owned())
    }
}

/// Said in the front matter, or by a folder's or file's name: `zh/a.md`, `i18n/zh-CN/a.md`, `a.en.md`.
fn lang_named(front: &Front, file: &Path) -> Result<Option<Lang>, String> {
    for key in ["lang", "locale"] {
        if let Some(lang) = lang_of(&text_at(front, key))? {
            return Ok(Some(lang));
        }
    }
    let stem = file.file_stem().map(Path::new);
    let ending = stem.and_then(Path::extension).into_iter();
    let folders = file
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .map(|part| part.as_os_str());
    let codes = [
        "zh", "en", "zh-cn", "zh-tw", "zh-hans", "zh-hant", "zh-hk", "en-us", "en-gb",
    ];
    Ok(ending
        .chain(folders)
        .filter_map(|part| {
            let part = part.to_string_lossy().to_lowercase().replace('_', "-");
            codes.contains(&part.as_str()).then(|| Lang::from_locale(&part))
        })
        .next())
}

/// The first heading, when nothing stands before it, and what is below it.
fn first_heading(body: &str) -> Option<(String, String)> {
    let mut events = Parser::new(body).into_offset_iter();
    let (first, range) = events.next()?;
    if !matches!(first, Event::Start(Tag::Heading { .. })) {
        return None;
    }
    let mut title = String::new();
    for (event, _) in events {
        match event {
            Event::End(TagEnd::Heading(_)) => break,
            Event::Text(text) | Event::Code(text) => title.push_str(&text),
            _ => {}
        }
    }
    // Docusaurus writes anchors as `{#like-this}`.
    let title = title.split("{#").next().unwrap_or_default().trim().to_owned();
    (!title.is_empty()).then(|| (title, body[range.end..].to_owned()))
}

/// The id is made of the path below the language: `returns/index.md` is `returns`.
fn id_of(file: &Path, source: &Source) -> String {
    let name = name_of(&file.with_extension(""));
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.retain(|part| {
        !matches!(
            part.to_lowercase().as_str(),
            "zh" | "en" | "zh-cn" | "docs" | "src" | "i18n"
        )
    });
    if parts
        .last()
        .is_some_and(|last| matches!(last.to_lowercase().as_str(), "index" | "readme"))
    {
        parts.pop();
    }
    let slug = clean::slug(parts.join("-").trim_end_matches(".zh").trim_end_matches(".en"));
    if slug.is_empty() {
        clean::slug(&source.stem())
    } else {
        slug
    }
}

/// The imports on top of an MDX file are code; they are left out.
fn without_imports(file: &Path, body: &str, found: &mut Found) -> String {
    if !super::super::source::has_extension(file, "mdx") {
        return body.to_owned();
    }
    let is_code = |line: &&str| line.starts_with("import ") || line.starts_with("export ");
    found.not_carried("MDX import", body.lines().filter(is_code).count());
    let kept: Vec<&str> = body.lines().filter(|line| !is_code(line)).collect();
    kept.join("\n")
}

/// Raw HTML stays in the file but is never shown, so it is worth a line.
fn count_html(body: &str, found: &mut Found) {
    let html = Parser::new(body)
        .filter(|e| matches!(e, Event::Html(_) | Event::InlineHtml(_)))
        .count();
    found.not_carried("raw HTML in Markdown (stays in the file, is never shown)", html);
}
