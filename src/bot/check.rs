//! Loading the whole folder and checking that its parts fit together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::article::{Article, Faq, line_of_front, load_changed_articles, load_faq};
use super::catalogue::Catalogue;
use super::flow::Flow;
use super::flow_check::check_flows;
use super::flow_file::load_flows;
use super::handoff::{Canned, HandoffRules, check_handoff, load_canned, load_handoff};
use super::intent::{Intent, load_intents};
use super::pattern::{Patterns, load_patterns};
use super::places::Places;
use super::problem::{Problem, Problems, or_nearest};
use super::response::{Response, Responses, load_responses};
use super::shop::{Shop, load_shop};
use super::slot::{Slot, SlotFrom, confirmed, load_slots};
use super::table::load_catalogue;
use super::values::check_values;
use super::yaml;
use crate::conversation::{CONFIRMED, Lang, hex};

/// Responses the dialogue itself uses, besides the patterns; every shop must have them.
const NEEDED_RESPONSES: [&str; 3] = ["handoff", "handoff_closed", "out_of_scope"];

/// The shop's bot, whole and checked.
#[derive(Debug, Clone)]
pub struct Bot {
    /// Settings.
    pub shop: Shop,
    /// When and to whom conversations are handed.
    pub handoff: HandoffRules,
    /// Phrases that agents keep ready.
    pub canned: Vec<Canned>,
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
        let (bot, problems) = Self::read_over(before, root);
        let served = !problems.any_error();
        (bot.filter(|_| served), problems.into_sorted())
    }

    /// Reads whatever can be read, sound or not, for whoever looks for more problems. There is no bot only if
    /// there is no folder.
    #[must_use]
    pub fn read(root: &Path) -> (Option<Self>, Problems) {
        Self::read_over(&[], root)
    }

    fn read_over(before: &[Arc<Article>], root: &Path) -> (Option<Self>, Problems) {
        let mut problems = Problems::new(root);
        if !root.is_dir() {
            problems.error(
                root,
                0,
                "no_knowledge_base",
                "no such folder; name it with --knowledge-base",
            );
            return (None, problems);
        }
        let shop = load_shop(&root.join("shop.yaml"), &mut problems);
        let handoff = load_handoff(&root.join("handoff.yaml"), &mut problems);
        let canned = load_canned(&root.join("canned.yaml"), &mut problems);
        let intents = load_intents(&root.join("intents"), &mut problems);
        let mut responses = load_responses(&root.join("responses"), &mut problems);
        let patterns = load_patterns(&root.join("patterns.yaml"), &mut responses, &mut problems);
        let mut slots = load_slots(&root.join("slots.yaml"), &mut problems);
        slots.insert(CONFIRMED.to_owned(), confirmed());
        let flows = load_flows(&root.join("flows"), &mut responses, &mut problems);
        let articles = load_changed_articles(&root.join("articles"), before, &mut problems);
        let faq = load_faq(&root.join("faq"), &mut problems);
        let catalogue = load_catalogue(&root.join("catalogue"), &mut problems);
        let bot = Self {
            shop: shop.unwrap_or_else(Shop::unread),
            handoff,
            canned,
            intents: intents.into_iter().map(|i| (i.name.clone(), i)).collect(),
            responses,
            flows: flows.into_iter().map(|f| (f.name.clone(), f)).collect(),
            slots,
            patterns,
            articles,
            faq,
            catalogue,
            version: version_of(root),
        };
        check_references(&bot, root, &mut problems);
        (Some(bot), problems)
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

    /// Whether there is an article of an id, in whatever language; products are articles too.
    #[must_use]
    pub fn has_article(&self, id: &str) -> bool {
        let product = |sku: &String| {
            id.strip_prefix("product-")
                .is_some_and(|own| own == sku.to_lowercase())
        };
        self.articles.iter().any(|article| article.id == id) || self.catalogue.products.keys().any(product)
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
    let files = yaml::files_below(root, &["csv", "md", "yaml"], &mut Problems::new(root));
    let digest = |file: &PathBuf| {
        let mut hash = Sha256::new();
        hash.update(
            file.strip_prefix(root)
                .unwrap_or(file)
                .as_os_str()
                .as_encoded_bytes(),
        );
        // Where the name ends; no path holds it.
        hash.update([0]);
        hash.update(std::fs::read(file).unwrap_or_default());
        hash.finalize()
    };
    // Ten thousand files are mostly waiting for the system, on every core.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = files.len().div_ceil(threads).max(1);
    let mut hash = Sha256::new();
    std::thread::scope(|scope| {
        let parts = files.chunks(part);
        let workers: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().map(digest).collect::<Vec<_>>()))
            .collect();
        for worker in workers {
            let digests = worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            digests.iter().for_each(|digest| hash.update(digest));
        }
    });
    hex(&hash.finalize()[..6])
}

fn check_references(bot: &Bot, root: &Path, problems: &mut Problems) {
    for key in NEEDED_RESPONSES {
        if bot.response(Lang::Zh, key).is_none() && !problems.lost("responses", key) {
            let message = format!("response `{key}` is needed by the dialogue; write it");
            problems.error(&root.join("responses/zh.yaml"), 1, "missing_response", message);
        }
    }
    for intent in bot.intents.values() {
        check_intent(bot, intent, problems);
    }
    check_flows(bot, problems);
    check_values(bot, root, problems);
    check_choices(bot, root, problems);
    check_handoff(bot, root, problems);
    check_articles(bot, problems);
}

/// What an article points to must be there.
fn check_articles(bot: &Bot, problems: &mut Problems) {
    let there: BTreeSet<(&str, Lang)> = bot.articles.iter().map(|a| (&*a.id, a.lang)).collect();
    let ids: BTreeSet<&str> = there.iter().map(|(id, _)| *id).collect();
    for article in &bot.articles {
        for (at, id) in article.handling.related.iter().enumerate() {
            if ids.contains(id.as_str()) || problems.lost_at("articles", "id", id) {
                continue;
            }
            let instead = or_nearest(id, ids.iter().copied(), "take it out");
            let message = format!("related article `{id}` is not in articles/; {instead}");
            let line = line_of_front(&article.file, &["related", &at.to_string()]);
            problems.error(&article.file, line, "unknown_article", message);
        }
        for (lang, id) in &article.handling.translations {
            if there.contains(&(id, *lang)) || problems.lost_at("articles", "id", id) {
                continue;
            }
            let message =
                format!("translation `{id}` is not in articles/ in {lang}; mend the id or write it");
            let line = line_of_front(&article.file, &["translations", lang.code()]);
            problems.error(&article.file, line, "unknown_article", message);
        }
    }
}

fn check_intent(bot: &Bot, intent: &Intent, problems: &mut Problems) {
    let places = Places::in_file(&intent.file);
    let flow = intent.flow.as_ref().filter(|f| !bot.flows.contains_key(*f));
    if let Some(flow) = flow.filter(|flow| !problems.lost_at("flows", "flow", flow)) {
        let names = bot.flows.keys().map(String::as_str);
        let instead = or_nearest(flow, names, "write it or take the line out");
        let message = format!("flow `{flow}` is not in flows/; {instead}");
        problems.error(&intent.file, places.line(&["flow"]), "unknown_flow", message);
    }
    let reply = intent
        .reply
        .as_ref()
        .filter(|r| bot.response(Lang::Zh, r).is_none());
    if let Some(reply) = reply.filter(|reply| !problems.lost("responses", reply)) {
        let names = bot
            .responses
            .values()
            .flat_map(BTreeMap::keys)
            .map(String::as_str);
        let instead = or_nearest(reply, names, "write it");
        let message = format!("response `{reply}` is not in responses/; {instead}");
        problems.error(&intent.file, places.line(&["reply"]), "missing_response", message);
    }
    for lang in Lang::ALL
        .into_iter()
        .filter(|lang| !intent.description.contains_key(lang))
    {
        let message = format!("the description has no `{lang}`; add it");
        problems.warn(
            &intent.file,
            places.line(&["description"]),
            "missing_lang",
            message,
        );
    }
    for lang in Lang::ALL
        .into_iter()
        .filter(|lang| !intent.label.contains_key(lang))
    {
        let message = format!("no label in {lang}; write it, it is what a clarifying button shows");
        problems.warn(&intent.file, places.line(&["label"]), "missing_label", message);
    }
}

/// Every button must lead somewhere.
fn check_choices(bot: &Bot, root: &Path, problems: &mut Problems) {
    for (lang, responses) in &bot.responses {
        let file = root.join("responses").join(format!("{lang}.yaml"));
        let places = Places::in_file(&file);
        let repairs = root.join("patterns.yaml");
        let places_of_repairs = Places::in_file(&repairs);
        for (key, response) in responses {
            let repair = bot.patterns.contains_key(key);
            for (at, choice) in response.choices.iter().enumerate() {
                // A pattern's buttons are written once for all languages.
                let told = repair && *lang != Lang::ALL[0];
                if told || leads_somewhere(bot, &choice.choice, problems) {
                    continue;
                }
                let (file, places) = if repair {
                    (&repairs, &places_of_repairs)
                } else {
                    (&file, &places)
                };
                let line = places.line(&[key, "choices", &at.to_string(), "choice"]);
                let message = format!(
                    "button `{}` of `{key}` leads nowhere; write intent:, flow: or article: and a name that is there",
                    choice.choice
                );
                problems.error(file, line, "unknown_choice", message);
            }
        }
    }
}

fn leads_somewhere(bot: &Bot, choice: &str, problems: &Problems) -> bool {
    match choice.split_once(':') {
        Some(("intent", intent)) => {
            bot.intents.contains_key(intent) || problems.lost_at("intents", "intent", intent)
        }
        Some(("article", id)) => bot.has_article(id) || problems.lost_at("articles", "id", id),
        Some(("flow", flow)) => bot.flows.contains_key(flow) || problems.lost_at("flows", "flow", flow),
        Some((slot, _)) => {
            let known = bot.slots.get(slot);
            known.is_some_and(|s| matches!(s.from, SlotFrom::Choice | SlotFrom::YesNo))
                || problems.lost("slots.yaml", slot)
        }
        None => false,
    }
}
