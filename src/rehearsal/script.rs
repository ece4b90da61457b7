//! `conversations/*.yaml`: what is said, and what must come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::rasa;
use crate::bot::{Places, Problem, Problems, Shape, Variants, files_below, parse_yaml, read_text, shaped};
use crate::conversation::{FlowOutcome, Lang};

/// Largest file of conversations, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Most turns of a conversation.
const TURNS_MAX: usize = 100;

/// The same in every language, or by language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ByLang {
    /// By language.
    Each(BTreeMap<Lang, Variants>),
    /// In every language.
    All(Variants),
}

impl Shape for ByLang {
    const WRITE: &'static str =
        "a text, in quotes if need be, a list of texts, or either below `zh:` and `en:`";
    const LIST: bool = true;
    const KEYS: bool = true;
    type Item = String;
    type Keys = BTreeMap<Lang, Variants>;

    fn of_text(text: String) -> Option<Self> {
        Self::of_list(vec![text])
    }

    fn of_list(list: Vec<String>) -> Option<Self> {
        Some(Self::All(Variants(list)))
    }

    fn of_keys(keys: Self::Keys) -> Option<Self> {
        Some(Self::Each(keys))
    }
}

impl<'de> Deserialize<'de> for ByLang {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped(deserializer)
    }
}

impl ByLang {
    /// The texts for a language.
    pub fn of(&self, lang: Lang) -> Vec<String> {
        let texts = match self {
            Self::Each(each) => each.get(&lang),
            Self::All(texts) => Some(texts),
        };
        texts.map(|Variants(list)| list.clone()).unwrap_or_default()
    }
}

/// What holds before the first word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// The customer who is signed in.
    pub customer: Option<String>,
    /// What is on the page: `product` or `order`.
    #[serde(default)]
    pub page: BTreeMap<String, String>,
    /// Slots that are filled.
    #[serde(default)]
    pub slots: BTreeMap<String, String>,
    /// Local time of the shop, `2026-11-23T10:00`.
    pub at: Option<String>,
    /// What is the matter with the shop's system.
    pub shop: Option<Trouble>,
}

/// What can be the matter with a shop's system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// It does not answer in time.
    Slow,
    /// Writes end without an answer.
    Unknown,
    /// Every call fails.
    Broken,
    /// It refuses whatever is asked for.
    Refusing,
}

/// What people answer to a question of the bot's, in the place of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Go on.
    Yes,
    /// Do not.
    No,
    /// Nobody answers in time.
    Late,
}

/// One turn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    pub(super) say: Option<ByLang>,
    pub(super) tap: Option<String>,
    #[serde(default)]
    pub(super) photo: bool,
    pub(super) people: Option<Decision>,
    pub(super) expect: Option<ByLang>,
    pub(super) not: Option<ByLang>,
    pub(super) intent: Option<String>,
    pub(super) flow: Option<String>,
    pub(super) step: Option<String>,
    #[serde(default)]
    pub(super) slots: BTreeMap<String, String>,
    pub(super) pattern: Option<String>,
    #[serde(default)]
    pub(super) buttons: Vec<String>,
    pub(super) card: Option<ByLang>,
    pub(super) cites: Option<String>,
    pub(super) response: Option<String>,
    pub(super) ended: Option<FlowOutcome>,
    #[serde(default)]
    pub(super) handoff: bool,
    /// Its line in the file.
    #[serde(skip)]
    pub line: usize,
}

impl Turn {
    /// What is said in it, in a language; nothing where a button is tapped.
    #[must_use]
    pub fn said(&self, lang: Lang) -> Vec<String> {
        self.say.as_ref().map(|say| say.of(lang)).unwrap_or_default()
    }
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What it is about.
    pub name: String,
    /// Languages it is played in.
    pub langs: Vec<Lang>,
    /// What holds before.
    pub given: Given,
    /// Its turns.
    pub turns: Vec<Turn>,
    /// The file it stands in.
    pub file: PathBuf,
    /// Its line there.
    pub line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptFile {
    name: Spanned<String>,
    #[serde(default)]
    langs: Vec<Lang>,
    lang: Option<Lang>,
    #[serde(default)]
    given: Given,
    turns: Vec<Spanned<Turn>>,
}

/// Reads every conversation below a folder, ours and those in the shape of Rasa's end-to-end tests.
#[must_use]
pub fn load_scripts(root: &Path) -> (Vec<Script>, Vec<Problem>) {
    let mut problems = Problems::new(root);
    let scripts = read_scripts(root, &mut problems);
    (scripts, problems.into_sorted())
}

/// The same with a list of problems that others add to.
pub(super) fn read_scripts(root: &Path, problems: &mut Problems) -> Vec<Script> {
    let mut scripts = Vec::new();
    for file in files_below(&root.join("conversations"), &["yaml"], problems) {
        let Some(text) = read_text(&file, FILE_BYTES_MAX, problems) else {
            continue;
        };
        if rasa::is_rasa(&text) {
            scripts.extend(rasa::read(&file, &text, problems));
            continue;
        }
        let parsed: Option<Vec<ScriptFile>> = parse_yaml(&file, 0, &text, "bad_yaml", problems);
        let read = parsed
            .unwrap_or_default()
            .into_iter()
            .map(|script| read(&file, script));
        scripts.extend(read);
    }
    for script in &scripts {
        check(script, problems);
    }
    scripts
}

fn line_of(location: u64) -> usize {
    usize::try_from(location).unwrap_or(0)
}

fn read(file: &Path, script: ScriptFile) -> Script {
    let langs = match (script.langs.is_empty(), script.lang) {
        (false, _) => script.langs,
        (true, Some(lang)) => vec![lang],
        (true, None) => Lang::ALL.to_vec(),
    };
    let turns = script.turns.into_iter().map(|turn| Turn {
        line: line_of(turn.referenced.line()),
        ..turn.value
    });
    Script {
        line: line_of(script.name.referenced.line()),
        name: script.name.value,
        langs,
        given: script.given,
        turns: turns.collect(),
        file: file.to_owned(),
    }
}

fn check(script: &Script, problems: &mut Problems) {
    if script.turns.is_empty() || script.turns.len() > TURNS_MAX {
        let message = format!(
            "`{}` has {} turns; write 1 to {TURNS_MAX}",
            script.name,
            script.turns.len()
        );
        problems.error(&script.file, script.line, "bad_conversation", message);
    }
    let places = Places::in_file(&script.file);
    for turn in &script.turns {
        let of = [turn.say.is_some(), turn.tap.is_some(), turn.people.is_some()];
        let given = of.into_iter().filter(|given| *given).count();
        if given > 1 || (given == 0 && !turn.photo) {
            let message =
                "a turn has one of `say`, `tap` and `people`, or a `photo` alone; give it one of them";
            problems.error(&script.file, turn.line, "bad_turn", message);
        }
        let unsaid = |lang: &&Lang| turn.say.as_ref().is_some_and(|say| say.of(**lang).is_empty());
        for lang in script.langs.iter().filter(unsaid) {
            let message = format!("`say` has no `{lang}`; write it, or name the conversation's `langs`");
            let line = places.line_below(turn.line, &["say"]);
            problems.error(&script.file, line, "missing_lang", message);
        }
        for (key, texts) in [("expect", &turn.expect), ("not", &turn.not)] {
            let texts = texts
                .iter()
                .flat_map(|texts| script.langs.iter().flat_map(|lang| texts.of(*lang)));
            // What stands there for every language is told once.
            for text in texts.collect::<BTreeSet<_>>() {
                if let Some(Err(error)) = pattern(&text) {
                    let all = error.to_string();
                    let why = all.lines().last().unwrap_or_default().trim();
                    let message = format!("`{text}`: {why}; mend the regular expression");
                    let line = places.line_below(turn.line, &[key]);
                    problems.error(&script.file, line, "bad_pattern", message);
                }
            }
        }
    }
}

/// The regular expression between two slashes, if that is what a text is.
pub(super) fn pattern(text: &str) -> Option<Result<regex::Regex, regex::Error>> {
    let inner = text.strip_prefix('/')?.strip_suffix('/')?;
    Some(regex::Regex::new(inner))
}
