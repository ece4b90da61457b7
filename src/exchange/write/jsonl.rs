//! One JSON object a line with all that an article or a faq row has.

use std::sync::Arc;

use serde_json::json;

use crate::bot::{Article, Faq};

use super::{Made, Writer};

pub(super) const WRITER: Writer = Writer { name: "jsonl", write };

fn write(articles: &[Arc<Article>], faq: &[Faq]) -> Made {
    let of_articles = articles.iter().map(|a| {
        json!({
            "kind": "article", "id": a.id, "lang": a.lang, "title": a.title, "tags": a.tags,
            "questions": a.questions, "audience": a.handling.audience, "valid_from": a.handling.valid_from,
            "valid_until": a.handling.valid_until, "translations": a.handling.translations,
            "related": a.handling.related, "pinned": a.handling.pinned,
            "boost": f64::from(a.handling.boost), "body": a.body.trim(),
        })
    });
    let of_faq = faq.iter().map(|f| {
        json!({
            "kind": "faq", "id": f.id, "lang": f.lang, "question": f.question, "similar": f.similar,
            "tags": f.tags, "answer": f.answer,
        })
    });
    let lines: String = of_articles
        .chain(of_faq)
        .map(|object| format!("{object}\n"))
        .collect();
    Made {
        files: [(String::new(), lines.into_bytes())].into(),
        guarded_cells: 0,
    }
}
