//! `handoff.yaml` and `canned.yaml`: when people are called, which team it is for, how fast they should be,
//! and the phrases they keep ready. A shop without the files has one team and the usual limits.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Bot;
use super::places::Places;
use super::problem::{Problems, or_nearest};
use super::yaml;
use crate::conversation::{HandoffReason, Lang};

/// Largest file, in bytes.
const HANDOFF_BYTES_MAX: u64 = 64 * 1024;
/// Largest file of canned replies, in bytes.
const CANNED_BYTES_MAX: u64 = 256 * 1024;
/// The team of a shop that names none.
const ONLY_TEAM: &str = "service";

/// Words by language.
pub type Named = BTreeMap<Lang, String>;

/// When and to whom a conversation is handed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HandoffRules {
    /// Teams by id.
    pub teams: BTreeMap<String, Team>,
    /// The team for everything that no other team has.
    pub default_team: String,
    /// How agents get conversations.
    pub routing: Routing,
    /// What calls people besides being asked for.
    pub triggers: Triggers,
    /// How fast people should be.
    pub clocks: Clocks,
    /// Why a conversation can be over.
    pub resolve_reasons: Vec<Item>,
    /// What a customer can say of it with one tap.
    pub rating_reasons: Vec<Item>,
    /// Labels conversations can bear.
    pub labels: Vec<Item>,
}

/// People who know the same things.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Its name.
    pub name: Named,
    /// Intents and flows that are its matters.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Levels of customers who are its own, whatever the matter.
    #[serde(default)]
    pub levels: Vec<String>,
}

/// One of a list to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its id, as stored.
    pub id: String,
    /// Its name.
    pub name: Named,
}

/// A phrase that agents keep ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canned {
    /// What it is called by, behind `/`.
    pub key: String,
    /// What it says; `{customer.name}` and the like are filled in.
    pub text: Named,
}

/// Whether conversations are given out or picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Each is offered to the agent it suits best.
    Auto,
    /// Agents pick.
    Manual,
}

/// How agents get conversations.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Routing {
    /// Given out or picked.
    pub mode: Mode,
    /// Seconds an offer stands before it goes to the next agent.
    pub accept_s_max: u32,
    /// Hours within which a customer gets the agent of last time, if that one is there.
    pub sticky_h: u32,
    /// Seconds without a connection after which an agent's conversations go back into the queue.
    pub lost_s: u32,
    /// Seconds a conversation may wait in opening hours before supervisors are alarmed.
    pub alarm_s: u32,
}

/// What calls people besides being asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Triggers {
    /// Intents that the shop leaves to people.
    pub sensitive: Vec<String>,
    /// Levels of customers who get a person when the bot does not understand twice in a row.
    pub vip_levels: Vec<String>,
    /// CNY from which an order is dear enough for the same.
    pub value_min: Option<u32>,
}

/// Two thresholds of a clock, in seconds of opening hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Time to hurry.
    pub amber_s: u32,
    /// Too late.
    pub red_s: u32,
}

/// How fast people should be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clocks {
    /// From the call to the first word of a person.
    pub first_response: Pace,
    /// From the customer's message to the answer.
    pub next_response: Pace,
    /// From the call to the end.
    pub resolution: Pace,
}

impl Default for HandoffRules {
    fn default() -> Self {
        Self {
            teams: BTreeMap::new(),
            default_team: ONLY_TEAM.to_owned(),
            routing: Routing::default(),
            triggers: Triggers::default(),
            clocks: Clocks::default(),
            resolve_reasons: Vec::new(),
            rating_reasons: Vec::new(),
            labels: Vec::new(),
        }
    }
}

impl Default for Routing {
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            accept_s_max: 30,
            sticky_h: 24,
            lost_s: 45,
            alarm_s: 180,
        }
    }
}

impl Default for Clocks {
    /// What Chinese marketplaces score their shops by.
    fn default() -> Self {
        let pace = |amber_s, red_s| Pace { amber_s, red_s };
        Self {
            first_response: pace(100, 180),
            next_response: pace(100, 180),
            resolution: pace(1_800, 3_600),
        }
    }
}

impl HandoffRules {
    /// The team for a matter of a customer.
    #[must_use]
    pub fn team_for(&self, topic: Option<&str>, level: Option<&str>) -> &str {
        let has = |list: &[String], wanted: Option<&str>| {
            wanted.is_some_and(|wanted| list.iter().any(|one| one == wanted))
        };
        let by_level = self.teams.iter().find(|(_, team)| has(&team.levels, level));
        let by_topic = || self.teams.iter().find(|(_, team)| has(&team.topics, topic));
        by_level
            .or_else(by_topic)
            .map_or(&self.default_team, |(id, _)| id)
    }

    /// How urgent a call is, 0 to 2.
    #[must_use]
    pub fn priority(&self, reason: HandoffReason, level: Option<&str>) -> u8 {
        let vip = level.is_some_and(|level| self.triggers.vip_levels.iter().any(|own| own == level));
        match reason {
            HandoffReason::Anger | HandoffReason::Vip | HandoffReason::Value => 2,
            HandoffReason::Sensitive => 1 + u8::from(vip),
            HandoffReason::Asked | HandoffReason::NotUnderstood | HandoffReason::Flow => u8::from(vip),
        }
    }
}

/// Reads `handoff.yaml`, if it is there.
pub(super) fn load_handoff(file: &Path, problems: &mut Problems) -> HandoffRules {
    let text = file
        .is_file()
        .then(|| yaml::read(file, HANDOFF_BYTES_MAX, problems));
    let Some(text) = text.flatten() else {
        return HandoffRules::default();
    };
    let rules: HandoffRules = yaml::parse(file, 0, &text, "bad_yaml", problems).unwrap_or_default();
    let places = Places::of(&text);
    let mut error = |path: &[&str], code, message: String| {
        problems.error(file, places.line(path), code, message);
    };
    for (id, team) in &rules.teams {
        for lang in Lang::ALL.into_iter().filter(|lang| !team.name.contains_key(lang)) {
            let message = format!("team `{id}` has no name in `{lang}`; add it");
            error(&["teams", id, "name"], "missing_lang", message);
        }
    }
    if !rules.teams.is_empty() && !rules.teams.contains_key(&rules.default_team) {
        let instead = or_nearest(
            &rules.default_team,
            rules.teams.keys().map(String::as_str),
            "write it",
        );
        let message = format!("default_team `{}` is not in teams; {instead}", rules.default_team);
        error(&["default_team"], "unknown_team", message);
    }
    for (list, items) in [
        ("resolve_reasons", &rules.resolve_reasons),
        ("rating_reasons", &rules.rating_reasons),
        ("labels", &rules.labels),
    ] {
        for (at, item) in items.iter().enumerate() {
            let path = [list, &at.to_string(), "id"];
            if items[..at].iter().any(|before| before.id == item.id) {
                let message = format!("`{}` is there twice; give one another id", item.id);
                error(&path, "duplicate_id", message);
            }
            for lang in Lang::ALL.into_iter().filter(|lang| !item.name.contains_key(lang)) {
                let message = format!("`{}` has no name in `{lang}`; add it", item.id);
                error(&path, "missing_lang", message);
            }
        }
    }
    let clocks = &rules.clocks;
    for (name, pace) in [
        ("first_response", clocks.first_response),
        ("next_response", clocks.next_response),
        ("resolution", clocks.resolution),
    ] {
        if pace.amber_s >= pace.red_s {
            let message = format!("{name}: amber_s has to be less than red_s");
            error(&["clocks", name], "bad_clock", message);
        }
    }
    rules
}

/// What the rules name must be there.
pub(super) fn check_handoff(bot: &Bot, root: &Path, problems: &mut Problems) {
    let file = root.join("handoff.yaml");
    let places = Places::in_file(&file);
    let known = |topic: &str| bot.intents.contains_key(topic) || bot.flows.contains_key(topic);
    let lost = |problems: &Problems, topic: &str| {
        problems.lost_at("intents", "intent", topic) || problems.lost_at("flows", "flow", topic)
    };
    let names = || bot.intents.keys().chain(bot.flows.keys()).map(String::as_str);
    for (id, team) in &bot.handoff.teams {
        for (at, topic) in team.topics.iter().enumerate().filter(|(_, topic)| !known(topic)) {
            if lost(problems, topic) {
                continue;
            }
            let instead = or_nearest(topic, names(), "take it out");
            let message = format!("topic `{topic}` is neither an intent nor a flow; {instead}");
            let line = places.line(&["teams", id, "topics", &at.to_string()]);
            problems.error(&file, line, "unknown_topic", message);
        }
    }
    for (at, intent) in bot.handoff.triggers.sensitive.iter().enumerate() {
        if bot.intents.contains_key(intent) || lost(problems, intent) {
            continue;
        }
        let instead = or_nearest(intent, bot.intents.keys().map(String::as_str), "take it out");
        let message = format!("intent `{intent}` is not in intents/; {instead}");
        let line = places.line(&["triggers", "sensitive", &at.to_string()]);
        problems.error(&file, line, "unknown_intent", message);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CannedFile {
    replies: Vec<Canned>,
}

/// Reads `canned.yaml`, if it is there.
pub(super) fn load_canned(file: &Path, problems: &mut Problems) -> Vec<Canned> {
    let text = file
        .is_file()
        .then(|| yaml::read(file, CANNED_BYTES_MAX, problems));
    let Some(text) = text.flatten() else {
        return Vec::new();
    };
    let parsed: Option<CannedFile> = yaml::parse(file, 0, &text, "bad_yaml", problems);
    let replies = parsed.map_or_else(Vec::new, |parsed| parsed.replies);
    let places = Places::of(&text);
    for (at, reply) in replies.iter().enumerate() {
        let line = places.line(&["replies", &at.to_string(), "key"]);
        if replies[..at].iter().any(|before| before.key == reply.key) {
            let message = format!("`{}` is there twice; give one another key", reply.key);
            problems.error(file, line, "duplicate_key", message);
        }
        for lang in Lang::ALL
            .into_iter()
            .filter(|lang| !reply.text.contains_key(lang))
        {
            let message = format!("`{}` has no text in `{lang}`; add it", reply.key);
            problems.error(file, line, "missing_lang", message);
        }
    }
    replies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_counts_before_the_matter() {
        let team = |topics: &[&str], levels: &[&str]| Team {
            name: Named::new(),
            topics: topics.iter().map(|&t| t.to_owned()).collect(),
            levels: levels.iter().map(|&l| l.to_owned()).collect(),
        };
        let rules = HandoffRules {
            teams: BTreeMap::from([
                ("aftersales".to_owned(), team(&["refund_request"], &[])),
                ("vip".to_owned(), team(&[], &["crown"])),
            ]),
            ..HandoffRules::default()
        };
        assert_eq!(rules.team_for(Some("refund_request"), None), "aftersales");
        assert_eq!(rules.team_for(Some("refund_request"), Some("crown")), "vip");
        assert_eq!(rules.team_for(Some("greeting"), Some("branch")), ONLY_TEAM);
    }
}
