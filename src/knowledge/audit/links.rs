//! `broken_link`: links to articles, files and headings that are not there. `external_link`: links to other
//! sites, listed when asked for and never followed.

use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::shelf::{Page, Shelf, other};
use super::{Level, Report};
use crate::bot::Article;

/// A link as it is written, with its line in the body, from 0.
struct Link {
    target: String,
    line: usize,
}

pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    for (page, article) in shelf.articles() {
        for link in links_of(article) {
            let place = page.place(article.body_line + link.line);
            let target = link.target.trim();
            if target.starts_with("http://") || target.starts_with("https://") {
                if shelf.subject.links {
                    let message = format!("links to {target}; it is not followed here, try it now and then");
                    report.add(Level::Info, "external_link", place, message);
                }
            } else if let Some(wrong) = wrong(shelf, page, target) {
                let message =
                    format!("the link to `{target}` leads nowhere: {wrong}; mend it or take it out");
                report.add(Level::Warning, "broken_link", place, message);
            }
        }
    }
}

fn links_of(article: &Article) -> Vec<Link> {
    let parser = Parser::new_ext(&article.body, Options::ENABLE_TABLES).into_offset_iter();
    let links = parser.filter_map(|(event, place)| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(Link {
            target: dest_url.into_string(),
            line: article.body[..place.start].matches('\n').count(),
        }),
        _ => None,
    });
    links.collect()
}

/// What is wrong with a link inside the knowledge base.
fn wrong(shelf: &Shelf<'_>, page: &Page<'_>, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some("it is empty".to_owned());
    }
    let (path, anchor) = target
        .split_once('#')
        .map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let path = decoded(path);
    let article = match path.strip_prefix("article:") {
        Some(id) => Some(id),
        // Mail addresses, other apps, paths of the server that answers.
        None if is_elsewhere(&path) => return None,
        None if path.is_empty() => Some(page.id),
        None if path.contains('/') || Path::new(&path).extension().is_some() => None,
        None => Some(&*path),
    };
    let found = match article {
        Some(id) => {
            let found = shelf
                .page(page.lang, id)
                .or_else(|| shelf.page(other(page.lang), id));
            if found.and_then(|page| page.article).is_none() {
                return Some(format!("there is no article `{id}`"));
            }
            found
        }
        None => {
            let file = beside(page.file(), &path);
            if !shelf.subject.files.contains_key(&file) {
                return Some(format!("there is no file {}", file.display()));
            }
            shelf.page_in(&file)
        }
    };
    let (anchor, article) = (decoded(anchor?), found?.article?);
    let there = anchors_of(article)
        .iter()
        .any(|known| *known == anchor.to_lowercase());
    (!there).then(|| format!("no heading is called #{anchor}"))
}

pub(in crate::knowledge) fn is_elsewhere(path: &str) -> bool {
    let scheme = path.split_once(':').map(|(scheme, _)| scheme);
    let named =
        scheme.is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+'));
    named || path.starts_with('/')
}

/// A path that is written relative to a file.
pub(in crate::knowledge) fn beside(file: &Path, path: &str) -> PathBuf {
    let mut found = file.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                found.pop();
            }
            Component::Normal(name) => found.push(name),
            _ => {}
        }
    }
    found
}

/// `%E9%80%80` and the like as text.
pub(in crate::knowledge) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        if let (b'%', Some(byte)) = (first, byte) {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Names of an article's headings as they are linked to: lower case, dashes for blanks, without punctuation.
fn anchors_of(article: &Article) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let mut open: Option<String> = None;
    for event in Parser::new_ext(&article.body, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => open = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => anchors.extend(open.take().map(|text| anchor_of(&text))),
            Event::Text(text) | Event::Code(text) => {
                if let Some(open) = &mut open {
                    open.push_str(&text);
                }
            }
            _ => {}
        }
    }
    anchors
}

fn anchor_of(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c => c.is_alphanumeric().then_some(c),
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_as_browsers_do() {
        assert_eq!(
            beside(Path::new("articles/zh/a.md"), "../en/b.md"),
            Path::new("articles/en/b.md")
        );
        assert_eq!(decoded("%E9%80%80%E8%B4%A7 100%"), "退货 100%");
        assert_eq!(anchor_of("Faults and Crown members!"), "faults-and-crown-members");
        assert_eq!(anchor_of("7 天怎么算？"), "7-天怎么算");
        assert!(is_elsewhere("mailto:a@b.c") && is_elsewhere("/v1") && !is_elsewhere("return-window"));
    }
}
