//! A folder of articles with front matter; faq rows are articles whose id begins with `faq:`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bot::{Article, Faq, Handling};

use super::super::{clean, render};
use super::{Made, Writer};

pub(super) const WRITER: Writer = Writer {
    name: "markdown",
    write,
};

fn write(articles: &[Arc<Article>], faq: &[Faq]) -> Made {
    let mut files = BTreeMap::new();
    let of_faq = faq.iter().map(article_of);
    for article in articles
        .iter()
        .map(|article| Article::clone(article))
        .chain(of_faq)
    {
        let slug = clean::slug(&article.id);
        let slug = if slug.is_empty() { "article" } else { &slug };
        let first = format!("{}/{slug}.md", article.lang);
        let others = (2..).map(|number| format!("{}/{slug}-{number}.md", article.lang));
        let free = std::iter::once(first)
            .chain(others)
            .find(|name| !files.contains_key(name));
        let text = render::article(&article, false);
        files.insert(free.unwrap_or_default(), text.into_bytes());
    }
    Made {
        files,
        guarded_cells: 0,
    }
}

fn article_of(row: &Faq) -> Article {
    Article {
        id: row.id.clone(),
        title: row.question.clone(),
        lang: row.lang,
        tags: row.tags.clone(),
        questions: row.similar.clone(),
        handling: Handling::default(),
        body: row.answer.clone(),
        file: row.file.clone(),
        body_line: 1,
        source: 0,
    }
}
