//! An article as a page to read: its Markdown as HTML that can do nothing but be read.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::conversation::Lang;

/// Tags that text needs; everything else of what a file says is dropped or shown as text.
const TAGS: [&str; 24] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

static SAFE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("ol", ["start"])
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// An article to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Id.
    pub id: String,
    /// Title as written, not HTML.
    pub title: String,
    /// Language.
    pub lang: Lang,
    /// Safe HTML.
    pub html: String,
    /// The same article in the other language.
    pub other: Option<Link>,
    /// Articles to read on.
    pub related: Vec<Link>,
}

/// An article by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Language.
    pub lang: Lang,
    /// Id.
    pub id: String,
    /// Title as written, not HTML.
    pub title: String,
}

impl Link {
    /// Where the article's page is; ids are people's, so everything but plain characters is escaped.
    #[must_use]
    pub fn address(&self) -> String {
        address(self.lang, &self.id)
    }
}

/// Where an article's page is.
pub(super) fn address(lang: Lang, id: &str) -> String {
    let mut path = format!("/articles/{}/", lang.code());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// Safe HTML of an article's Markdown; raw HTML is dropped, as it is from answers. `leads` gives the address of
/// what a link names inside the knowledge base.
pub(super) fn html_of(markdown: &str, leads: impl Fn(&str) -> Option<String>) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(markdown, options).filter_map(|event| match event {
        // Pictures come from elsewhere, and where a reader is is nobody's business.
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Html(_) | Event::InlineHtml(_) => None,
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Some(Event::Start(Tag::Link {
            link_type,
            dest_url: leads(&dest_url).map_or(dest_url, CowStr::from),
            title,
            id,
        })),
        // The page has one title, which is the article's.
        Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(Tag::Heading {
            level: level.max(HeadingLevel::H2),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        })),
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(level.max(HeadingLevel::H2)))),
        other => Some(other),
    });
    let mut written = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut written, events);
    SAFE.clean(&written).to_string()
}

/// Safe HTML of plain text, a paragraph a line.
pub(super) fn plain(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| format!("<p>{}</p>\n", ammonia::clean_text(line)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_and_nothing_else_does() {
        let leads = |dest: &str| (dest == "other").then(|| address(Lang::En, "other"));
        let html = html_of(
            "# One\n\nA [link](other) and **more**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
            leads,
        );
        assert!(html.contains("href=\"/articles/en/other\""), "{html}");
        let html_of = |markdown: &str| html_of(markdown, leads);
        assert!(
            html.contains("<h2>One</h2>") && html.contains("<strong>more</strong>"),
            "{html}"
        );
        assert!(html.contains("<td>1</td>"), "{html}");
        assert_eq!(
            plain("Enter <SAVE10>\n5*3*2"),
            "<p>Enter&#32;&lt;SAVE10&gt;</p>\n<p>5*3*2</p>\n"
        );
        assert!(html_of("3. three").contains("<ol start=\"3\">"));
        for evil in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "<a href=\"javascript:alert(1)\" onclick=\"alert(1)\">x</a>",
            "<iframe src=//evil></iframe>",
            "<svg/onload=alert(1)>",
            "![x](https://evil.example/pixel.png)",
            "<style>body{display:none}</style>",
            "<details open ontoggle=alert(1)>",
            "[x](https://e.example \"onmouseover=alert(1)\")",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        ] {
            let html = html_of(evil);
            for sign in [
                "<script",
                "<img",
                "<iframe",
                "<svg",
                "<style",
                "<details",
                "<math",
                "javascript:alert(1)\"",
                "href=\"data",
            ] {
                assert!(!html.contains(sign), "{evil}: {html}");
            }
        }
    }
}
