//! Everything that can be said of a folder without playing it: what the bot's files say, what its examples say
//! twice, and whether what the conversations expect is there at all.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::script::{Script, Turn, read_scripts};
use crate::bot::{Bot, Flow, Offers, Places, Problem, Problems, SlotFrom, StepKind, alike, or_nearest};

/// Reads a folder and tells every problem of it, errors first. The bot is there if nothing forbids serving it.
#[must_use]
pub fn check_folder(root: &Path) -> (Option<Bot>, Vec<Problem>) {
    let (bot, mut problems) = Bot::read(root);
    let served = !problems.any_error();
    if let Some(bot) = &bot {
        alike(bot, &mut problems);
        let scripts = read_scripts(root, &mut problems);
        let mut expected = Expected {
            bot,
            problems: &mut problems,
            file: PathBuf::new(),
            places: Places::of(""),
        };
        scripts.iter().for_each(|script| expected.script(script));
    }
    (bot.filter(|_| served), problems.into_sorted())
}

/// Looks up what conversations name.
struct Expected<'a> {
    bot: &'a Bot,
    problems: &'a mut Problems,
    file: PathBuf,
    places: Places,
}

/// What is named where.
struct Named<'a> {
    line: usize,
    path: &'a [&'a str],
    name: &'a str,
}

impl Expected<'_> {
    fn script(&mut self, script: &Script) {
        if self.file != script.file {
            self.file.clone_from(&script.file);
            self.places = Places::in_file(&script.file);
        }
        self.given(script);
        script.turns.iter().for_each(|turn| self.turn(turn));
    }

    fn error(&mut self, named: &Named<'_>, code: &'static str, message: String) {
        let line = self.places.line_below(named.line, named.path);
        self.problems.error(&self.file, line, code, message);
    }

    /// Tells of a name that is not among those known, unless it may stand in a file that could not be read.
    fn look_up<'n>(
        &mut self,
        (what, code): (&str, &'static str),
        folder: &str,
        named: &Named<'_>,
        known: impl Iterator<Item = &'n str>,
    ) {
        let known: BTreeSet<&str> = known.collect();
        let lost = match folder {
            "flows" | "intents" | "articles" if what != "step" => {
                let key = if folder == "articles" { "id" } else { what };
                self.problems.lost_at(folder, key, named.name)
            }
            _ => self.problems.lost(folder, named.name),
        };
        if lost || known.contains(named.name) {
            return;
        }
        let instead = or_nearest(named.name, known, "write it, or expect something else");
        let message = format!("there is no {what} `{}`; {instead}", named.name);
        self.error(named, code, message);
    }

    fn given(&mut self, script: &Script) {
        let (given, line, bot) = (&script.given, script.line, self.bot);
        if let Some(name) = &given.customer {
            let named = named(line, &["given", "customer"], name);
            let known = bot.catalogue.customers.keys().map(String::as_str);
            self.look_up(
                ("customer", "unknown_customer"),
                "catalogue/customers.csv",
                &named,
                known,
            );
        }
        for name in given.page.keys() {
            let path = ["given", "page", name.as_str()];
            let known = ["product", "order"].into_iter();
            self.look_up(
                ("page of a", "unknown_page"),
                "-",
                &named(line, &path, name),
                known,
            );
        }
        for name in given.slots.keys() {
            self.slot(&named(line, &["given", "slots", name], name));
        }
        let at = given.at.as_ref();
        if let Some(at) = at.filter(|at| at.parse::<jiff::civil::DateTime>().is_err()) {
            let message = format!("`{at}` is no moment; write it as 2026-11-23T10:00");
            self.error(&named(line, &["given", "at"], at), "bad_date", message);
        }
    }

    fn turn(&mut self, turn: &Turn) {
        let (line, bot) = (turn.line, self.bot);
        if let Some(name) = &turn.intent {
            let known = bot.intents.keys().map(String::as_str);
            self.look_up(
                ("intent", "unknown_intent"),
                "intents",
                &named(line, &["intent"], name),
                known,
            );
        }
        if let Some(name) = &turn.flow {
            let known = bot.flows.keys().map(String::as_str);
            self.look_up(
                ("flow", "unknown_flow"),
                "flows",
                &named(line, &["flow"], name),
                known,
            );
        }
        if let Some(name) = &turn.step {
            self.step(turn, &named(line, &["step"], name));
        }
        for name in turn.slots.keys() {
            self.slot(&named(line, &["slots", name], name));
        }
        if let Some(name) = &turn.pattern {
            let known = bot.patterns.keys().map(String::as_str);
            self.look_up(
                ("pattern", "unknown_pattern"),
                "patterns.yaml",
                &named(line, &["pattern"], name),
                known,
            );
        }
        if let Some(name) = &turn.response {
            let known = bot
                .responses
                .values()
                .flat_map(|of| of.keys().map(String::as_str));
            let named = named(line, &["response"], name);
            self.look_up(("response", "missing_response"), "responses", &named, known);
        }
        if let Some(name) = &turn.cites {
            self.article(&named(line, &["cites"], name));
        }
        for (at, button) in turn.buttons.iter().enumerate() {
            self.button(&["buttons", &at.to_string()], line, button);
        }
        if let Some(button) = &turn.tap {
            self.button(&["tap"], line, button);
        }
    }

    fn slot(&mut self, named: &Named<'_>) {
        let bot = self.bot;
        let own = bot.flows.values().flat_map(|flow| flow.slots.keys());
        let known = bot.slots.keys().chain(own).map(String::as_str);
        self.look_up(("slot", "unknown_slot"), "", named, known);
    }

    /// The step under way, in the flow that is named or one that it runs.
    fn step(&mut self, turn: &Turn, named: &Named<'_>) {
        let bot = self.bot;
        let flow = turn.flow.as_ref().and_then(|name| bot.flows.get(name));
        let flows: Vec<&Flow> = flow.map_or_else(|| bot.flows.values().collect(), |flow| run_by(bot, flow));
        let known = flows
            .iter()
            .flat_map(|flow| &flow.steps)
            .map(|step| step.id.as_str());
        self.look_up(("step", "unknown_step"), "flows", named, known);
    }

    fn article(&mut self, named: &Named<'_>) {
        let bot = self.bot;
        let row = bot.faq.iter().any(|row| row.id == named.name);
        if !row && !bot.has_article(named.name) {
            let known = bot.articles.iter().map(|article| article.id.as_str());
            self.look_up(("article", "unknown_article"), "articles", named, known);
        }
    }

    fn button(&mut self, path: &[&str], line: usize, choice: &str) {
        let bot = self.bot;
        let Some((kind, name)) = choice.split_once(':') else {
            let message = format!("`{choice}` is no button; write what it leads to, such as confirmed:yes");
            return self.error(&named(line, path, choice), "unknown_choice", message);
        };
        let named = named(line, path, name);
        match kind {
            "intent" => {
                let known = bot.intents.keys().map(String::as_str);
                self.look_up(("intent", "unknown_intent"), "intents", &named, known);
            }
            "flow" => {
                let known = bot.flows.keys().map(String::as_str);
                self.look_up(("flow", "unknown_flow"), "flows", &named, known);
            }
            "article" => self.article(&named),
            // The button that leads to a value which is to be corrected.
            "fix" => self.slot(&named),
            slot => {
                self.slot(&Named { name: slot, ..named });
                self.value(&named, slot);
            }
        }
    }

    /// Among the values that a slot is chosen from, where they are written.
    fn value(&mut self, named: &Named<'_>, slot: &str) {
        let (bot, mut values) = (self.bot, BTreeSet::new());
        for flow in bot.flows.values() {
            let from = bot.slot(&flow.name, slot).map(|slot| slot.from);
            for step in &flow.steps {
                match &step.kind {
                    StepKind::Collect {
                        slot: asked, offers, ..
                    } if asked == slot => match offers {
                        Offers::Written(offers) if from == Some(SlotFrom::Choice) => {
                            values.extend(offers.iter().map(|offer| offer.value.as_str()));
                        }
                        // What the shop lists is not known before it is asked.
                        _ => return,
                    },
                    StepKind::Confirm { .. } if slot == crate::conversation::CONFIRMED => {
                        values.extend(["yes", "no"]);
                    }
                    _ => {}
                }
            }
        }
        if !values.is_empty() {
            let what = format!("choice of `{slot}`");
            self.look_up((&what, "unknown_choice"), "flows", named, values.into_iter());
        }
    }
}

fn named<'a>(line: usize, path: &'a [&'a str], name: &'a str) -> Named<'a> {
    Named { line, path, name }
}

/// A flow and all that it runs.
fn run_by<'a>(bot: &'a Bot, flow: &'a Flow) -> Vec<&'a Flow> {
    let mut seen = BTreeSet::new();
    let mut open = vec![flow];
    let mut flows = Vec::new();
    while let Some(flow) = open.pop() {
        if !seen.insert(&flow.name) {
            continue;
        }
        flows.push(flow);
        open.extend(flow.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Run { flow } => bot.flows.get(flow),
            _ => None,
        }));
    }
    flows
}
