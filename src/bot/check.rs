//! Loading the whole folder and checking that its parts fit together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::article::{Article, Faq, load_changed_articles, load_faq};
use super::catalogue::{Catalogue, load_catalogue};
use super::flow::{Flow, load_flows};
use super::flow_check::check_flows;
use super::intent::{Intent, load_intents};
use super::pattern::{Patterns, load_patterns};
use super::problem::{Problem, Problems, Severity};
use super::response::{Response, Responses, line_of_key, line_of_text, load_responses};
use super::shop::{Shop, load_shop};
use super::slot::{Slot, SlotFrom, confirmed, load_slots};
use super::yaml;
use crate::conversation::{CONFIRMED, Lang};

/// Responses the dialogue itself uses, besides the patterns; every shop must have them.
const NEEDED_RESPONSES: [&str; 3] = ["handoff", "handoff_closed", "out_of_scope"];

/// The shop's bot, whole and checked.
#[derive(Debug, Clone)]
pub struct Bot {
    /// Settings.
    pub shop: Shop,
    /// Intents by name.
    pub intents: BTreeMap<String, Intent>,
    /// Responses by language and key.
    pub responses: Responses,
    /// Flows by name.
    pub flows: BTreeMap<String, Flow>,
    /// Slots by name.
    pub slots: BTreeMap<String, Slot>,
    /// Repair patterns by name.
    pub patterns: Patterns,
    /// Help-centre articles.
    pub articles: Vec<Arc<Article>>,
    /// Rows of the faq tables.
    pub faq: Vec<Faq>,
    /// Products, orders, customers.
    pub catalogue: Catalogue,
    /// Hash of every file the bot was read from, in short.
    pub version: String,
}

impl Bot {
    /// Reads a knowledge base. The bot is there unless an error forbids serving it; the list holds
    /// every problem found, errors first.
    #[must_use]
    pub fn load(root: &Path) -> (Option<Self>, Vec<Problem>) {
        Self::load_over(&[], root)
    }

    /// The same for a folder that has changed since this was read; articles that have not are taken over.
    #[must_use]
    pub fn reloaded(&self, root: &Path) -> (Option<Self>, Vec<Problem>) {
        Self::load_over(&self.articles, root)
    }

    fn load_over(before: &[Arc<Article>], root: &Path) -> (Option<Self>, Vec<Problem>) {
        let mut problems = Problems::new(root);
        if !root.is_dir() {
            problems.error(
                root,
                0,
                "no_knowledge_base",
                "no such folder; name it with --knowledge-base",
            );
            return (None, problems.into_sorted());
        }
        let shop = load_shop(&root.join("shop.yaml"), &mut problems);
        let intents = load_intents(&root.join("intents"), &mut problems);
        let mut responses = load_responses(&root.join("responses"), &mut problems);
        let patterns = load_patterns(&root.join("patterns.yaml"), &mut responses, &mut problems);
        let mut slots = load_slots(&root.join("slots.yaml"), &mut problems);
        slots.insert(CONFIRMED.to_owned(), confirmed());
        let flows = load_flows(&root.join("flows"), &mut responses, &mut problems);
        let articles = load_changed_articles(&root.join("articles"), before, &mut problems);
        let faq = load_faq(&root.join("faq"), &mut problems);
        let catalogue = load_catalogue(&root.join("catalogue"), &mut problems);
        let bot = shop.map(|shop| Self {
            shop,
            intents: intents.into_iter().map(|i| (i.name.clone(), i)).collect(),
            responses,
            flows: flows.into_iter().map(|f| (f.name.clone(), f)).collect(),
            slots,
            patterns,
            articles,
            faq,
            catalogue,
            version: version_of(root),
        });
        if let Some(bot) = &bot {
            check_references(bot, root, &mut problems);
        }
        let problems = problems.into_sorted();
        let served = problems.iter().all(|p| p.severity != Severity::Error);
        (bot.filter(|_| served), problems)
    }

    /// A response in a language, or in the other one when it is missing there.
    #[must_use]
    pub fn response(&self, lang: Lang, key: &str) -> Option<&Response> {
        let of = |lang: Lang| self.responses.get(&lang).and_then(|r| r.get(key));
        of(lang).or_else(|| Lang::ALL.into_iter().find_map(of))
    }

    /// A slot as a flow means it: its own, or one that belongs to all.
    #[must_use]
    pub fn slot(&self, flow: &str, name: &str) -> Option<&Slot> {
        let own = self.flows.get(flow).and_then(|flow| flow.slots.get(name));
        own.or_else(|| self.slots.get(name))
    }

    /// Articles of the help centre and the articles made of products.
    #[must_use]
    pub fn all_articles(&self) -> Vec<Arc<Article>> {
        let products = self.catalogue.products.values();
        let made = products.flat_map(|p| Lang::ALL.map(|lang| Arc::new(p.to_article(lang))));
        self.articles.iter().cloned().chain(made).collect()
    }
}

/// SHA-256 over names and contents of all files, the first 12 hex digits.
#[must_use]
pub fn version_of(root: &Path) -> String {
    let mut quiet = Problems::new(root);
    let mut hash = Sha256::new();
    for extension in ["csv", "md", "yaml"] {
        for file in yaml::files_below(root, extension, &mut quiet) {
            hash.update(
                file.strip_prefix(root)
                    .unwrap_or(&file)
                    .to_string_lossy()
                    .as_bytes(),
            );
            hash.update(std::fs::read(&file).unwrap_or_default());
        }
    }
    hash.finalize()
        .iter()
        .take(6)
        .map(|b| format!("{b:02x}"))
        .collect()
}

fn check_references(bot: &Bot, root: &Path, problems: &mut Problems) {
    for key in NEEDED_RESPONSES {
        if bot.response(Lang::Zh, key).is_none() {
            let message = format!("response `{key}` is needed by the dialogue; write it");
            problems.error(&root.join("responses"), 0, "missing_response", message);
        }
    }
    for intent in bot.intents.values() {
        check_intent(bot, intent, problems);
    }
    check_flows(bot, problems);
    check_choices(bot, root, problems);
    check_articles(bot, problems);
}

/// What an article points to must be there.
fn check_articles(bot: &Bot, problems: &mut Problems) {
    let there: BTreeSet<(&str, Lang)> = bot.articles.iter().map(|a| (&*a.id, a.lang)).collect();
    for article in &bot.articles {
        let line = |key: &str| {
            let source = std::fs::read_to_string(&article.file).unwrap_or_default();
            line_of_key(&source, key)
        };
        let known = |id: &str| Lang::ALL.iter().any(|lang| there.contains(&(id, *lang)));
        for id in article.handling.related.iter().filter(|id| !known(id)) {
            let message = format!("related article `{id}` is not in articles/; mend the id or take it out");
            problems.error(&article.file, line("related"), "unknown_article", message);
        }
        for (lang, id) in &article.handling.translations {
            if !there.contains(&(id, *lang)) {
                let message =
                    format!("translation `{id}` is not in articles/ in {lang}; mend the id or write it");
                problems.error(&article.file, line("translations"), "unknown_article", message);
            }
        }
    }
}

fn check_intent(bot: &Bot, intent: &Intent, problems: &mut Problems) {
    let source = std::fs::read_to_string(&intent.file).unwrap_or_default();
    if let Some(flow) = intent.flow.as_ref().filter(|f| !bot.flows.contains_key(*f)) {
        let message = format!("flow `{flow}` is not in flows/; write it or take the line out");
        problems.error(
            &intent.file,
            line_of_key(&source, "flow"),
            "unknown_flow",
            message,
        );
    }
    if let Some(reply) = intent
        .reply
        .as_ref()
        .filter(|r| bot.response(Lang::Zh, r).is_none())
    {
        let message = format!("response `{reply}` is not in responses/; write it");
        problems.error(
            &intent.file,
            line_of_key(&source, "reply"),
            "missing_response",
            message,
        );
    }
    for lang in Lang::ALL {
        if !intent.label.contains_key(&lang) {
            let message = format!("no label in {lang}; it is what a clarifying button shows");
            problems.warn(
                &intent.file,
                line_of_key(&source, "label"),
                "missing_label",
                message,
            );
        }
    }
}

/// Every button must lead somewhere.
fn check_choices(bot: &Bot, root: &Path, problems: &mut Problems) {
    for (lang, responses) in &bot.responses {
        let file = root.join("responses").join(format!("{lang}.yaml"));
        for (key, choice) in responses
            .iter()
            .flat_map(|(k, r)| r.choices.iter().map(move |c| (k, c)))
        {
            if !leads_somewhere(bot, &choice.choice) {
                let message = format!("button `{}` of `{key}` leads nowhere", choice.choice);
                let source = std::fs::read_to_string(&file).unwrap_or_default();
                let line = line_of_text(&source, &choice.choice);
                problems.error(&file, line, "unknown_choice", message);
            }
        }
    }
}

fn leads_somewhere(bot: &Bot, choice: &str) -> bool {
    match choice.split_once(':') {
        Some(("intent", intent)) => bot.intents.contains_key(intent),
        Some(("article", id)) => bot.articles.iter().any(|a| a.id == id),
        Some(("flow", flow)) => bot.flows.contains_key(flow),
        Some((slot, _)) => bot
            .slots
            .get(slot)
            .is_some_and(|s| matches!(s.from, SlotFrom::Choice | SlotFrom::YesNo)),
        None => false,
    }
}
