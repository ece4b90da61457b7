//! Pages of a help centre: one `.html` file or a folder of them. What a reader of the page would not see is
//! not carried, and hidden text is told of, since somebody may have hidden it for us.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::Error;
use super::super::clean;
use super::super::draft::{ArticleDraft, Found, Place};
use super::super::report::Outcome;
use super::super::source::{Source, name_of, place_of};
use super::Reader;
use super::html_markdown::Writing;
use super::html_tree::{Kind, NodeId, Tree, parse};
use super::table::lang_of;

pub(super) const READER: Reader = Reader {
    name: "html",
    fits: |source| source.with_extension(&EXTENSIONS).next().is_some(),
    read,
};

const EXTENSIONS: [&str; 3] = ["html", "htm", "xhtml"];

/// Largest page, in bytes.
const PAGE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Characters of a hidden text that are shown.
const HIDDEN_CHARS: usize = 80;
/// Hidden texts of a page that are shown.
const HIDDEN_SHOWN: usize = 5;

/// Elements that are not carried and worth counting.
const COUNTED: [&str; 15] = [
    "script", "style", "iframe", "object", "embed", "svg", "canvas", "audio", "video", "img", "form", "nav",
    "footer", "template", "noscript",
];

/// A page in our terms.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Its first heading, or its title.
    pub title: String,
    /// As its root says.
    pub lang: String,
    /// What it shows.
    pub markdown: String,
    /// Texts it hides.
    pub hidden: Vec<String>,
    /// What was dropped, with how often.
    pub dropped: BTreeMap<String, usize>,
}

/// Reads a page; `Err` has a code and what to do.
pub(super) fn page_of(html: &str) -> Result<Page, (&'static str, String)> {
    if html.len() as u64 > PAGE_BYTES_MAX {
        return Err((
            "too_large",
            format!("larger than {PAGE_BYTES_MAX} bytes; split it"),
        ));
    }
    let tree = parse(html)?;
    let named = |name: &str| (0..tree.nodes.len()).find(|id| tree.nodes[*id].name() == name);
    let root = named("main")
        .or_else(|| named("article"))
        .or_else(|| named("body"))
        .unwrap_or(0);
    let heading = first_below(&tree, root, "h1");
    let mut writing = Writing::new(&tree, heading);
    let markdown = writing.page(root);
    let title = heading
        .map(|heading| writing.plain(heading))
        .filter(|title| !title.is_empty());
    let title = title.or_else(|| named("title").map(|title| tree_text(&tree, title)));
    let lang = named("html")
        .and_then(|html| tree.nodes[html].attribute("lang"))
        .unwrap_or_default();
    let mut dropped = writing.dropped;
    count(&tree, &mut dropped);
    Ok(Page {
        title: clean::line(&title.unwrap_or_default()),
        lang: lang.to_owned(),
        markdown,
        hidden: writing.hidden,
        dropped,
    })
}

fn first_below(tree: &Tree, root: NodeId, name: &str) -> Option<NodeId> {
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if tree.nodes[id].name() == name {
            return Some(id);
        }
        open.extend(tree.nodes[id].children.iter().rev());
    }
    None
}

/// All text below a node, seen or not.
pub(super) fn tree_text(tree: &Tree, root: NodeId) -> String {
    let mut text = String::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if let Kind::Text(part) = &tree.nodes[id].kind {
            text.push_str(part);
            text.push(' ');
        }
        open.extend(tree.nodes[id].children.iter().rev());
    }
    clean::line(&text)
}

fn count(tree: &Tree, dropped: &mut BTreeMap<String, usize>) {
    for node in &tree.nodes {
        let name = match node.kind {
            Kind::Comment => "comment",
            _ => COUNTED
                .into_iter()
                .find(|name| *name == node.name())
                .unwrap_or_default(),
        };
        if !name.is_empty() {
            *dropped.entry(format!("HTML {name}")).or_default() += 1;
        }
    }
}

/// Puts into the report what a page hides and what was dropped.
pub(super) fn tell(page: &Page, place: &Place, named: &str, found: &mut Found) {
    for (what, times) in &page.dropped {
        found.not_carried(what.clone(), *times);
    }
    found.not_carried("hidden text", page.hidden.len());
    for hidden in page.hidden.iter().take(HIDDEN_SHOWN) {
        let begin: String = hidden.chars().take(HIDDEN_CHARS).collect();
        let message = format!("{named} hides the text `{begin}`; it was left out");
        found.tell(Outcome::Notice, place, "hidden_text", message);
    }
}

fn read(source: &Source, found: &mut Found) -> Result<(), Error> {
    let mut files = 0;
    for file in source.with_extension(&EXTENSIONS) {
        files += 1;
        if let Some(text) = found.text_of(source, file, PAGE_BYTES_MAX) {
            take(file, &text, found);
        }
    }
    if files == 0 {
        let message = "there is no .html file; name one, or a folder with some";
        return Err(Error::unreadable(source.stem(), 0, "nothing_found", message));
    }
    Ok(())
}

fn take(file: &Path, text: &str, found: &mut Found) {
    let place = place_of(file);
    let page = match page_of(text) {
        Ok(page) => page,
        Err((code, message)) => return found.bad(&place, code, message),
    };
    tell(&page, &place, "the page", found);
    let of_folder = file
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .find_map(|part| {
            let part = part.as_os_str().to_string_lossy().to_lowercase();
            ["zh", "en"]
                .contains(&part.get(..2)?)
                .then(|| lang_of(&part).ok())
                .flatten()
                .flatten()
        });
    let lang = match lang_of(&page.lang) {
        Ok(lang) => of_folder.or(lang),
        Err(message) => return found.skip(&place, "unknown_lang", message),
    };
    let name = name_of(&file.with_extension(""));
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.retain(|part| !matches!(part.to_lowercase().as_str(), "zh" | "en" | "zh-cn" | "en-us"));
    if parts.len() > 1
        && parts
            .last()
            .is_some_and(|last| last.eq_ignore_ascii_case("index"))
    {
        parts.pop();
    }
    let title = if page.title.is_empty() {
        parts.join(" ")
    } else {
        page.title
    };
    found.take_article(ArticleDraft {
        id: clean::slug(&parts.join("-")),
        title,
        lang,
        tags: None,
        questions: None,
        handling: None,
        body: page.markdown,
        place,
    });
}
