//! FastGPT's table: `q,a,indexes`, every similar question in a cell of its own.

use std::sync::Arc;

use crate::bot::{Article, Faq};

use super::{Writer, asked, table};

pub(super) const WRITER: Writer = Writer {
    name: "fastgpt",
    write,
};

fn write(articles: &[Arc<Article>], faq: &[Faq]) -> super::Made {
    let head = std::iter::once(["q", "a", "indexes"].map(str::to_owned).to_vec());
    let of_articles = articles.iter().map(|a| row(&a.title, &a.body, &a.questions));
    let of_faq = faq.iter().map(|f| row(&f.question, &f.answer, &f.similar));
    // FastGPT wants the very letters `q,a,indexes` at the beginning, so there is no mark.
    table(head.chain(of_articles).chain(of_faq), false)
}

fn row(question: &str, answer: &str, similar: &[String]) -> Vec<String> {
    let mut row = vec![question.to_owned(), answer.trim().to_owned()];
    row.extend(asked(similar, question));
    if row.len() == 2 {
        row.push(String::new());
    }
    row
}
