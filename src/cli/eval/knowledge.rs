//! `xiaoer eval knowledge`: questions to any folder of articles.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::super::{Common, brain, utc_today};
use super::{read_lines, report, rounded};
use crate::bot::{Audience, Problems, load_articles};
use crate::conversation::Lang;
use crate::knowledge::{Answer, Decision, Encoder, Hit, Knowledge, PART_NAMES, Query};
use crate::predictors::metrics;

#[derive(Args, Debug)]
pub struct KnowledgeArgs {
    /// Folder of Markdown articles with front matter
    #[arg(long, value_name = "DIR")]
    articles: PathBuf,
    /// The questions
    #[arg(long, value_name = "FILE")]
    queries: PathBuf,
    #[command(flatten)]
    common: Common,
    /// Rank by words alone
    #[arg(long)]
    words_only: bool,
    /// Write each question's candidates with their features here, for scripts/fit_retrieval.py
    #[arg(long, value_name = "FILE")]
    features: Option<PathBuf>,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Question {
    q: String,
    lang: Lang,
    #[serde(default)]
    answers: Vec<String>,
    #[serde(default)]
    span: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    context: Option<Context>,
}

/// The question before, or several; the last one counts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Context {
    One(String),
    Many(Vec<String>),
}

impl Question {
    fn query(&self) -> Query<'_> {
        Query {
            text: &self.q,
            lang: self.lang,
            context: self.context.as_ref().and_then(Context::last),
            audience: Audience::Public,
            today: utc_today(),
        }
    }
}

impl Context {
    fn last(&self) -> Option<&str> {
        match self {
            Self::One(text) => Some(text),
            Self::Many(texts) => texts.last().map(String::as_str),
        }
    }
}

struct Scored<'a> {
    question: &'a Question,
    /// Place of the first right article, from 1.
    rank: Option<usize>,
    decision: Decision,
    right_first: bool,
    span_hit: Option<bool>,
    ms: f32,
}

pub(super) fn run(args: &KnowledgeArgs) -> anyhow::Result<()> {
    let questions: Vec<Question> = read_lines(&args.queries)?;
    let mut problems = Problems::new(&args.articles);
    let articles = load_articles(&args.articles, &mut problems);
    for problem in problems.into_sorted().iter().take(20) {
        let _gone = writeln!(std::io::stderr(), "{problem}");
    }
    anyhow::ensure!(
        !articles.is_empty(),
        "there are no articles in {}",
        args.articles.display()
    );
    let encoder = match args.words_only {
        true => None,
        false => Some(brain::load_predictors(&args.common)? as Arc<dyn Encoder>),
    };
    let knowledge = Knowledge::build(&articles, &[], encoder)?;
    if let Some(file) = &args.features {
        write_features(file, &knowledge, &questions)?;
    }
    let scored: Vec<Scored<'_>> = questions.iter().map(|q| score(&knowledge, q)).collect();
    let mut figures = figures(&scored.iter().collect::<Vec<_>>());
    figures.insert(
        "by_kind".to_owned(),
        by(&scored, |q| q.kind.clone().unwrap_or_default()),
    );
    figures.insert("by_lang".to_owned(), by(&scored, |q| q.lang.code().to_owned()));
    report(&figures.into(), args.json)
}

/// One line a candidate: question, its language and kind, how right the candidate is, and its parts.
fn write_features(file: &Path, knowledge: &Knowledge, questions: &[Question]) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    writeln!(
        out,
        "question\tlang\tkind\tanswerable\tarticle\tright\t{}",
        PART_NAMES.join("\t")
    )?;
    for (at, question) in questions.iter().enumerate() {
        let hits = knowledge.candidates(&question.query());
        let of_article = |hit: &Hit| question.answers.contains(&hit.article);
        let has_span = |hit: &Hit| question.span.as_ref().is_some_and(|span| holds(&hit.text, span));
        // 1 for the right article, 2 for a passage of it that holds the answer, if any does.
        let told = hits.iter().any(|hit| of_article(hit) && has_span(hit));
        for hit in &hits {
            let right = u8::from(of_article(hit)) * (1 + u8::from(!told || has_span(hit)));
            let parts = hit.parts.values().map(|v| format!("{v:.4}")).join("\t");
            let (kind, lang) = (question.kind.as_deref().unwrap_or("-"), question.lang.code());
            let answerable = u8::from(!question.answers.is_empty());
            let article = &hit.article;
            writeln!(
                out,
                "{at}\t{lang}\t{kind}\t{answerable}\t{article}\t{right}\t{parts}"
            )?;
        }
    }
    Ok(())
}

fn score<'a>(knowledge: &Knowledge, question: &'a Question) -> Scored<'a> {
    let began = Instant::now();
    let answer = knowledge.answer(&question.query());
    let ms = began.elapsed().as_secs_f32() * 1_000.0;
    let mut articles: Vec<&str> = Vec::new();
    for hit in &answer.hits {
        if !articles.contains(&hit.article.as_str()) {
            articles.push(&hit.article);
        }
    }
    let rank = articles
        .iter()
        .position(|a| question.answers.iter().any(|id| id == a))
        .map(|at| at + 1);
    let span_hit = question
        .span
        .as_ref()
        .filter(|s| !s.is_empty())
        .map(|span| has_span(&answer, span));
    Scored {
        question,
        rank,
        decision: answer.decision,
        right_first: rank == Some(1),
        span_hit,
        ms,
    }
}

/// Whether the answer or its quoted passage holds the span.
fn has_span(answer: &Answer, span: &str) -> bool {
    let quote = answer.citation.as_ref().map_or("", |c| c.quote.as_str());
    holds(&answer.text, span) || holds(quote, span)
}

/// Whether a text holds a span, blanks and punctuation aside.
fn holds(text: &str, span: &str) -> bool {
    let fold = |text: &str| -> String {
        text.to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect()
    };
    fold(text).contains(&fold(span))
}

fn by(scored: &[Scored<'_>], key: impl Fn(&Question) -> String) -> serde_json::Value {
    let mut groups: BTreeMap<String, Vec<&Scored<'_>>> = BTreeMap::new();
    for one in scored {
        groups.entry(key(one.question)).or_default().push(one);
    }
    let figures = groups
        .into_iter()
        .map(|(key, group)| (key, figures(&group).into()));
    serde_json::Value::Object(figures.collect())
}

fn figures(scored: &[&Scored<'_>]) -> serde_json::Map<String, serde_json::Value> {
    let answerable: Vec<_> = scored.iter().filter(|s| !s.question.answers.is_empty()).collect();
    let others: Vec<_> = scored.iter().filter(|s| s.question.answers.is_empty()).collect();
    let share = |hits: usize, of: usize| rounded(hits as f64 / of as f64);
    let mean = |sum: f64| rounded(sum / answerable.len() as f64);
    let within = |rank: usize| {
        answerable
            .iter()
            .filter(|s| s.rank.is_some_and(|r| r <= rank))
            .count()
    };
    let answered = |s: &&&Scored<'_>| s.decision == Decision::Answer;
    let right = answerable.iter().filter(|s| answered(s) && s.right_first).count();
    let wrong = answerable
        .iter()
        .filter(|s| answered(s) && !s.right_first)
        .count()
        + others.iter().filter(|s| answered(s)).count();
    let refused = others.iter().filter(|s| !answered(s)).count();
    let spans: Vec<bool> = answerable.iter().filter_map(|s| s.span_hit).collect();
    let times: Vec<f32> = scored.iter().map(|s| s.ms).collect();
    let figures = json!({
        "n": scored.len(),
        "recall@1": share(within(1), answerable.len()),
        "recall@5": share(within(5), answerable.len()),
        "mrr": mean(answerable.iter().filter_map(|s| s.rank).map(|r| 1.0 / r as f64).sum()),
        "ndcg@10": mean(answerable.iter().filter_map(|s| s.rank).map(|r| 1.0 / (1.0 + r as f64).log2()).sum()),
        "span_hit@1": share(spans.iter().filter(|hit| **hit).count(), spans.len()),
        "answered_right": share(right, answerable.len()),
        "wrong_answered": share(wrong, scored.len()),
        "refused_right": share(refused, others.len()),
        "p50_ms": rounded(f64::from(metrics::quantile(&times, 0.5))),
        "p95_ms": rounded(f64::from(metrics::quantile(&times, 0.95))),
    });
    figures.as_object().cloned().unwrap_or_default()
}
