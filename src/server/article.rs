//! The help-centre page of an article, which answers link to: the whole text, its other language, what else
//! to read, and the chat.

use std::fmt::Write as _;

use ammonia::clean_text;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{App, SITE};
use crate::conversation::Lang;
use crate::engine::{Clock, SystemClock};
use crate::knowledge::{Link, Page};

/// What the page itself says.
struct Words {
    html_lang: &'static str,
    /// Name of the other language, in that language.
    other: &'static str,
    read_on: &'static str,
    not_there: &'static str,
    ask: &'static str,
}

const ZH: Words = Words {
    html_lang: "zh-CN",
    other: "English",
    read_on: "相关文章",
    not_there: "没有找到这篇文章",
    ask: "它可能已经下线。有问题可以点右下角问我们的客服。",
};

const EN: Words = Words {
    html_lang: "en",
    other: "中文",
    read_on: "Read on",
    not_there: "This article is not here",
    ask: "It may have been taken down. Ask us in the corner below.",
};

/// What the address names besides the article.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// The shop's site, so that its conversation goes on here.
    site: Option<String>,
}

/// Longest name of a site, in characters.
const SITE_CHARS_MAX: usize = 64;

fn site_of(asked: Option<String>) -> Option<String> {
    let plain = |site: &String| {
        (1..=SITE_CHARS_MAX).contains(&site.len())
            && site
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    asked.filter(plain)
}

/// `GET /articles/{lang}/{id}[?site=NAME]`.
pub(super) async fn page(
    State(app): State<App>,
    Path((lang, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(lang) = Lang::of_code(&lang) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let brain = app.desk.hub().engine().brain();
    let today = brain.bot.shop.day_of(SystemClock.now());
    let found = brain.knowledge.page(lang, &id, today);
    let shop = brain.bot.shop.name(lang);
    let status = if found.is_some() {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    let words = if lang == Lang::Zh { &ZH } else { &EN };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        // A saved article is live at once.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let site = site_of(asked.site);
    (
        status,
        headers,
        written(shop, words, found.as_ref(), site.as_deref()),
    )
        .into_response()
}

/// The page; links go on with the `site` that was asked for.
fn written(shop: &str, words: &Words, page: Option<&Page>, site: Option<&str>) -> String {
    let asked = site.map(|site| format!("?site={site}")).unwrap_or_default();
    let site = site.unwrap_or(SITE);
    let shop = clean_text(shop);
    let title = clean_text(page.map_or(words.not_there, |page| &page.title));
    let mut html = String::new();
    let other = page.and_then(|page| page.other.as_ref()).map(|link| {
        let code = link.lang.code();
        format!(
            "<a href=\"{}{asked}\" lang=\"{code}\" hreflang=\"{code}\">{}</a>",
            link.address(),
            words.other
        )
    });
    // Writing to a string cannot fail.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} · {shop}</title>\n\
         <link rel=\"stylesheet\" href=\"/help/help.css\">\n</head>\n<body>\n<header><span>{shop}</span>{}</header>\n\
         <main>\n<h1>{title}</h1>\n",
        words.html_lang,
        other.unwrap_or_default(),
    );
    match page {
        Some(page) => {
            html.push_str(&page.html);
            if !page.related.is_empty() {
                let item = |link: &Link| {
                    format!(
                        "<li><a href=\"{}{asked}\">{}</a></li>",
                        link.address(),
                        clean_text(&link.title)
                    )
                };
                let links: String = page.related.iter().map(item).collect();
                let _ = write!(
                    html,
                    "<nav aria-label=\"{0}\"><h2>{0}</h2><ul>{links}</ul></nav>",
                    words.read_on
                );
            }
        }
        None => {
            let _ = write!(html, "<p>{}</p>", words.ask);
        }
    }
    let _ = write!(
        html,
        "\n</main>\n<script async src=\"/widget.js\" data-site=\"{site}\"></script>\n</body>\n</html>\n"
    );
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_title_or_an_id_is_markup() {
        let link = |lang, id: &str| Link {
            lang,
            id: id.to_owned(),
            title: "a & b".to_owned(),
        };
        let page = Page {
            id: "a".to_owned(),
            title: "<script>alert(1)</script>".to_owned(),
            lang: Lang::En,
            html: "<p>text</p>".to_owned(),
            other: Some(link(Lang::Zh, "\"><b>")),
            related: vec![link(Lang::En, "faq:zh:1")],
        };
        let html = written("Shop <x>", &EN, Some(&page), None);
        assert!(
            !html.contains("<script>") && !html.contains("<b>") && !html.contains("<x>"),
            "{html}"
        );
        assert!(
            html.contains("/articles/zh/%22%3E%3Cb%3E") && html.contains("/articles/en/faq%3Azh%3A1"),
            "{html}"
        );
        assert!(written("Shop", &ZH, None, None).contains(ZH.not_there));
        assert!(html.contains(&format!("data-site=\"{SITE}\"")), "{html}");
        let of_shop = written("Shop", &EN, Some(&page), Some("main"));
        assert!(
            of_shop.contains("data-site=\"main\"") && of_shop.contains("faq%3Azh%3A1?site=main"),
            "{of_shop}"
        );
    }

    #[test]
    fn a_site_is_a_plain_name_and_the_demo_has_ours() {
        for (asked, site) in [
            (Some("main"), Some("main")),
            (Some("shop.example_1-a"), Some("shop.example_1-a")),
            (Some("\" onload=\"alert(1)"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(site_of(asked.map(str::to_owned)).as_deref(), site);
        }
        assert_eq!(site_of(Some("a".repeat(SITE_CHARS_MAX + 1))), None);
        let own = format!("data-site=\"{SITE}\"");
        assert!(include_str!("../../web/demo/index.html").contains(&own));
        assert!(include_str!("../../web/demo/chat.html").contains(&own));
    }
}
