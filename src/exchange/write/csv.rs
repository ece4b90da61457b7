//! The faq table for spreadsheets: question, answer, similar, tags, lang; articles are rows too.

use std::sync::Arc;

use crate::bot::{Article, Faq};

use super::{Writer, asked, table};

pub(super) const WRITER: Writer = Writer { name: "csv", write };

const COLUMNS: [&str; 5] = ["question", "answer", "similar", "tags", "lang"];

fn write(articles: &[Arc<Article>], faq: &[Faq]) -> super::Made {
    let of_articles = articles
        .iter()
        .map(|a| row(&a.title, &a.body, &a.questions, &a.tags, a.lang.code()));
    let of_faq = faq
        .iter()
        .map(|f| row(&f.question, &f.answer, &f.similar, &f.tags, f.lang.code()));
    let head = std::iter::once(COLUMNS.map(str::to_owned).to_vec());
    table(head.chain(of_articles).chain(of_faq), true)
}

fn row(question: &str, answer: &str, similar: &[String], tags: &[String], lang: &str) -> Vec<String> {
    let mut tags = super::super::clean::tags(tags).join(";");
    if tags.contains([',', '，', '、', '|']) && !tags.contains(';') {
        // So that the one tag is not taken for several.
        tags.push(';');
    }
    vec![
        question.to_owned(),
        answer.trim().to_owned(),
        asked(similar, question).join("|"),
        tags,
        lang.to_owned(),
    ]
}
