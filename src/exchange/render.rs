//! Our own files as text: articles with their front matter, intents, responses.

use std::fmt::Write;

use crate::bot::{Article, Audience, Handling};
use crate::conversation::{Choice, Lang, Sentiment};

/// Words that YAML takes for something else than themselves.
const NOT_WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"];

/// A text as a YAML scalar: plain where that is safe, else quoted as JSON, which is YAML.
pub(super) fn scalar(text: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ' | '？' | '，' | '。');
    let plain = text.chars().next().is_some_and(char::is_alphabetic)
        && text.chars().all(safe)
        && !text.ends_with(' ')
        && !NOT_WORDS.contains(&text.to_lowercase().as_str());
    if plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

fn list(key: &str, items: &[String], out: &mut String) {
    if !items.is_empty() {
        let _fine = writeln!(out, "{key}:");
        for item in items {
            let _fine = writeln!(out, "  - {}", scalar(item));
        }
    }
}

/// An article's file. The language is written where the folder does not say it.
pub(super) fn article(article: &Article, with_lang: bool) -> String {
    let mut out = format!(
        "---\nid: {}\ntitle: {}\n",
        scalar(&article.id),
        scalar(&article.title)
    );
    if with_lang {
        let _fine = writeln!(out, "lang: {}", article.lang);
    }
    list("tags", &article.tags, &mut out);
    list("questions", &article.questions, &mut out);
    handling(&article.handling, &mut out);
    let _fine = write!(out, "---\n{}\n", article.body.trim());
    out
}

fn handling(handling: &Handling, out: &mut String) {
    if handling.audience == Audience::Agents {
        out.push_str("audience: agents\n");
    }
    for (key, day) in [
        ("valid_from", handling.valid_from),
        ("valid_until", handling.valid_until),
    ] {
        if let Some(day) = day {
            let _fine = writeln!(out, "{key}: {day}");
        }
    }
    if !handling.translations.is_empty() {
        out.push_str("translations:\n");
        for (lang, id) in &handling.translations {
            let _fine = writeln!(out, "  {lang}: {}", scalar(id));
        }
    }
    list("related", &handling.related, out);
    if handling.pinned {
        out.push_str("pinned: true\n");
    }
    if handling.boost != Handling::default().boost {
        let _fine = writeln!(out, "boost: {}", handling.boost);
    }
}

/// An example as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Example {
    pub lang: Lang,
    /// Place in [`TONES`].
    pub tone: usize,
    pub text: String,
}

/// The blocks examples are written in.
const TONES: [&str; 5] = ["positive", "neutral", "negative", "annoyed", "furious"];

/// The block for examples of which nothing is known.
pub(super) const NEUTRAL: usize = 1;

/// The block of an example that sounds like this.
pub(super) fn tone(sentiment: Sentiment, anger: u8) -> usize {
    match (sentiment, anger) {
        (Sentiment::Positive, _) => 0,
        (Sentiment::Neutral, _) => NEUTRAL,
        (Sentiment::Negative, 0) => 2,
        (Sentiment::Negative, 1) => 3,
        (Sentiment::Negative, _) => 4,
    }
}

/// Lines above the examples and the examples, as an intent's file.
pub(super) fn intent(head: &[(&str, String)], examples: &[Example]) -> String {
    let mut out = String::new();
    for (key, value) in head {
        let _fine = writeln!(out, "{key}: {value}");
    }
    let mut sorted: Vec<&Example> = examples.iter().collect();
    // The order within a block is the writer's.
    sorted.sort_by_key(|example| (example.lang, example.tone));
    let mut block = None;
    for example in sorted {
        if block.is_none() {
            out.push_str("examples:\n");
        }
        if block.is_none_or(|(lang, _)| lang != example.lang) {
            let _fine = writeln!(out, "  {}:", example.lang);
        }
        if block != Some((example.lang, example.tone)) {
            let _fine = writeln!(
                out,
                "    {}: |",
                TONES.get(example.tone).copied().unwrap_or("neutral")
            );
        }
        block = Some((example.lang, example.tone));
        let _fine = writeln!(out, "      {}", example.text.replace('\n', "\\n"));
    }
    out
}

/// `{zh: ..., en: ...}` of what is written by language.
pub(super) fn by_lang<'a>(texts: impl Iterator<Item = (Lang, &'a str)>) -> String {
    let texts: Vec<String> = texts
        .map(|(lang, text)| format!("{lang}: {}", quoted(text)))
        .collect();
    format!("{{{}}}", texts.join(", "))
}

/// Always quoted: within braces even a comma would matter.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A response below its key.
pub(super) fn response(key: &str, variants: &[String], choices: &[Choice]) -> String {
    let mut out = format!("{}:\n  text:\n", scalar(key));
    for variant in variants {
        let _fine = writeln!(out, "    - {}", quoted(variant));
    }
    if !choices.is_empty() {
        out.push_str("  choices:\n");
        for choice in choices {
            let (label, leads) = (quoted(&choice.label), quoted(&choice.choice));
            let _fine = writeln!(out, "    - {{ label: {label}, choice: {leads} }}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_stay_texts() {
        for (text, written) in [
            ("return-how-to", "return-how-to"),
            ("如何退货？", "如何退货？"),
            ("No", "\"No\""),
            ("1_000", "\"1_000\""),
            ("a: b", "\"a: b\""),
            ("- x", "\"- x\""),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }
}
