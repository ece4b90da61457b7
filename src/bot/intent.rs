//! Intents: `intents/*.yaml`, each with a description and examples sorted by how they sound.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::places::Places;
use super::problem::Problems;
use super::yaml;
use crate::conversation::{Lang, Sentiment};

/// Largest intent file, in bytes.
pub const INTENT_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Longest example, in characters.
pub const EXAMPLE_CHARS_MAX: usize = 500;
/// Lines below an example among which the next one is looked for.
const LINES_BETWEEN_MAX: usize = 100;
/// Fewest examples in a language before a warning.
const EXAMPLES_MIN: usize = 10;

/// One written example of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The message.
    pub text: String,
    /// The language it is listed under.
    pub lang: Lang,
    /// How it sounds.
    pub sentiment: Sentiment,
    /// 0 calm, 1 annoyed, 2 furious; 0 unless negative.
    pub anger: u8,
    /// Line in its file, from 1.
    pub line: usize,
}

/// What a shopper may want, with examples and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its name: the file's `intent`.
    pub name: String,
    /// For people, by language; also the label of a clarifying button.
    pub description: BTreeMap<Lang, String>,
    /// Short names for clarifying buttons, by language.
    pub label: BTreeMap<Lang, String>,
    /// The flow it starts.
    pub flow: Option<String>,
    /// Whether the knowledge base answers first and the flow is offered.
    pub offer: bool,
    /// The response it is answered with, when it is no matter of knowledge.
    pub reply: Option<String>,
    /// Whether the knowledge base is asked.
    pub knowledge: bool,
    /// Written examples.
    pub examples: Vec<Example>,
    /// The file it was read from.
    pub file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IntentFile {
    intent: String,
    description: BTreeMap<Lang, String>,
    #[serde(default)]
    label: BTreeMap<Lang, String>,
    #[serde(default)]
    flow: Option<String>,
    #[serde(default)]
    offer: bool,
    #[serde(default)]
    reply: Option<String>,
    #[serde(default)]
    knowledge: Option<bool>,
    #[serde(default)]
    examples: Blocks,
}

/// Examples, one a line, with the place where each block begins.
type Blocks = BTreeMap<Lang, BTreeMap<Tone, Spanned<String>>>;

/// The five blocks examples are written in.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Tone {
    Positive,
    Neutral,
    Negative,
    Annoyed,
    Furious,
}

impl Tone {
    fn label(self) -> (Sentiment, u8) {
        match self {
            Self::Positive => (Sentiment::Positive, 0),
            Self::Neutral => (Sentiment::Neutral, 0),
            Self::Negative => (Sentiment::Negative, 0),
            Self::Annoyed => (Sentiment::Negative, 1),
            Self::Furious => (Sentiment::Negative, 2),
        }
    }
}

/// Reads every intent in `dir`, sorted by name.
#[must_use]
pub fn load_intents(dir: &Path, problems: &mut Problems) -> Vec<Intent> {
    let mut intents: Vec<Intent> = Vec::new();
    let mut files: HashMap<String, PathBuf> = HashMap::new();
    for file in yaml::files_below(dir, &["yaml"], problems) {
        let Some(intent) = load_intent(&file, problems) else {
            continue;
        };
        if let Some(first) = files.get(&intent.name) {
            let first = first.file_name().unwrap_or_default().to_string_lossy();
            let message = format!("intent `{}` stands in {first} too; rename one", intent.name);
            let line = Places::in_file(&file).line(&["intent"]);
            problems.error(&file, line, "duplicate_intent", message);
            continue;
        }
        files.insert(intent.name.clone(), file);
        intents.push(intent);
    }
    if intents.is_empty() {
        problems.error(
            dir,
            0,
            "no_intents",
            "there is no intent file; write at least one",
        );
    }
    intents.sort_by(|a, b| a.name.cmp(&b.name));
    intents
}

fn load_intent(file: &Path, problems: &mut Problems) -> Option<Intent> {
    let text = yaml::read(file, INTENT_BYTES_MAX, problems)?;
    let parsed: IntentFile = yaml::parse(file, 0, &text, "bad_yaml", problems)?;
    let examples = read_examples(file, &text, &parsed.examples, problems);
    for lang in Lang::ALL {
        let count = examples.iter().filter(|e| e.lang == lang).count();
        if count < EXAMPLES_MIN {
            let message = format!("{count} examples in {lang}; write at least {EXAMPLES_MIN}");
            let line = Places::of(&text).line(&["examples", lang.code()]);
            problems.warn(file, line, "few_examples", message);
        }
    }
    let knowledge = parsed
        .knowledge
        .unwrap_or(parsed.offer || (parsed.flow.is_none() && parsed.reply.is_none()));
    Some(Intent {
        name: parsed.intent,
        description: parsed.description,
        label: parsed.label,
        flow: parsed.flow,
        offer: parsed.offer,
        reply: parsed.reply,
        knowledge,
        examples,
        file: file.to_owned(),
    })
}

/// Blocks hold one example a line; a literal `\n` in it stands for a line break.
fn read_examples(file: &Path, source: &str, blocks: &Blocks, problems: &mut Problems) -> Vec<Example> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let mut examples = Vec::new();
    for (lang, tones) in blocks {
        for (tone, block) in tones {
            let (sentiment, anger) = tone.label();
            let mut from = usize::try_from(block.referenced.line()).unwrap_or(1).max(1) - 1;
            for written in block.value.lines().map(str::trim).filter(|l| !l.is_empty()) {
                // Nothing but empty lines lies between; what YAML has folded is found nowhere, and near enough.
                let near = lines.iter().skip(from).take(LINES_BETWEEN_MAX);
                let below = near.enumerate().find(|(_, line)| **line == written);
                let line = below.map_or(from, |(below, _)| from + below) + 1;
                from = below.map_or(from, |_| line);
                let text = written.replace("\\n", "\n");
                if text.chars().count() > EXAMPLE_CHARS_MAX {
                    let message = format!("longer than {EXAMPLE_CHARS_MAX} characters; shorten it");
                    problems.warn(file, line, "long_example", message);
                    continue;
                }
                examples.push(Example {
                    text,
                    lang: *lang,
                    sentiment,
                    anger,
                    line,
                });
            }
        }
    }
    examples
}
