//! Playing a conversation and comparing what came of it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::Perturbation;
use super::script::{Decision, Script, Turn, pattern};
use super::trial_shop::TrialShop;
use crate::commerce::Embedded;
use crate::conversation::{ApprovalEnd, Cid, Event, FlowOutcome, Lang, Recorded, Tracker};
use crate::engine::{self, Brain};
use crate::store::{self, Ledger};

/// The moment a conversation is played at unless it names one.
const AT_DEFAULT: &str = "2026-11-23T10:00";
/// Shortest time between two turns, in milliseconds.
const TURN_MS: i64 = 1_000;

/// Something that was not as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Line of the turn.
    pub line: usize,
    /// Which turn, from 1.
    pub turn: usize,
    /// What was said or tapped.
    pub said: String,
    /// What was wanted.
    pub wanted: String,
    /// What came instead.
    pub came: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  turn {}, said    {}", self.turn, self.said)?;
        writeln!(f, "    - wanted       {}", self.wanted)?;
        let mut lines = self.came.lines();
        writeln!(f, "    + came         {}", lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| writeln!(f, "                   {line}"))
    }
}

/// A conversation that was played in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// Its name.
    pub name: String,
    /// The language.
    pub lang: Lang,
    /// Its file.
    pub file: PathBuf,
    /// Its line there.
    pub line: usize,
    /// What was not as written.
    pub differences: Vec<Difference>,
    /// Whether its last turn was as written.
    pub reached_end: bool,
    /// Steps passed, as (flow, step).
    pub passed: BTreeSet<(String, String)>,
}

/// Plays conversations with one brain.
pub struct Rehearsal {
    brain: Arc<Brain>,
    perturbed: Option<(Perturbation, u64)>,
}

impl Rehearsal {
    /// A rehearsal of a brain's bot; its own shop is left alone.
    #[must_use]
    pub fn new(brain: Arc<Brain>) -> Self {
        Self {
            brain,
            perturbed: None,
        }
    }

    /// The same with everything typed a little otherwise.
    #[must_use]
    pub fn perturbed(&self, kind: Perturbation, seed: u64) -> Self {
        Self {
            brain: self.brain.clone(),
            perturbed: Some((kind, seed)),
        }
    }

    /// Plays a conversation in a language.
    ///
    /// # Errors
    /// When the forgetful ledger cannot be made.
    pub async fn play(&self, script: &Script, lang: Lang) -> Result<Played, store::Error> {
        let ledger = Ledger::forgetful().await?;
        let shop = TrialShop {
            shop: Embedded::new(self.brain.bot.clone(), ledger),
            trouble: script.given.shop,
        };
        let mut stage = Stage {
            rehearsal: self,
            shop,
            lang,
            tracker: Tracker::default(),
            now: self.moment(script),
            passed: BTreeSet::new(),
        };
        stage.set(script);
        let mut differences = Vec::new();
        let mut reached_end = true;
        for (at, turn) in script.turns.iter().enumerate() {
            let found = stage.turn(at, turn).await;
            reached_end = found.is_empty();
            differences.extend(found);
        }
        Ok(Played {
            name: script.name.clone(),
            lang,
            file: script.file.clone(),
            line: script.line,
            differences,
            reached_end,
            passed: stage.passed,
        })
    }

    fn moment(&self, script: &Script) -> i64 {
        let at = |text: &str| {
            let local: jiff::civil::DateTime = text.parse().ok()?;
            Some(
                local
                    .in_tz(&self.brain.bot.shop.zone)
                    .ok()?
                    .timestamp()
                    .as_millisecond(),
            )
        };
        let given = script.given.at.as_deref().and_then(at);
        given.or_else(|| at(AT_DEFAULT)).unwrap_or_default()
    }
}

struct Stage<'a> {
    rehearsal: &'a Rehearsal,
    shop: TrialShop,
    lang: Lang,
    tracker: Tracker,
    now: i64,
    passed: BTreeSet<(String, String)>,
}

impl Stage<'_> {
    fn apply(&mut self, event: Event) {
        let recorded = Recorded {
            seq: self.tracker.last_seq + 1,
            at: self.now,
            event,
        };
        self.tracker.apply(&recorded);
        if let Event::StepReached { step, .. } = &recorded.event
            && let Some(flow) = &self.tracker.flow
        {
            self.passed.insert((flow.flow.clone(), step.clone()));
        }
    }

    fn set(&mut self, script: &Script) {
        self.apply(Event::ConversationStarted { lang: self.lang });
        if let Some(customer) = &script.given.customer {
            let customer = customer.clone();
            self.apply(Event::Identified {
                customer,
                level: None,
            });
        }
        if !script.given.page.is_empty() {
            let page = script.given.page.clone();
            self.apply(Event::PageSeen { page });
        }
        for (slot, value) in script.given.slots.clone() {
            self.apply(Event::SlotSet { slot, value });
        }
    }

    /// What is sent in a turn: the button's label, or the texts, as they are or a little otherwise.
    fn messages(&self, turn: &Turn) -> Result<Vec<(String, Option<String>)>, String> {
        if let Some(tap) = &turn.tap {
            let offered = self.tracker.choices.iter().find(|choice| choice.choice == *tap);
            let label = offered.map(|choice| choice.label.clone());
            return label
                .map(|label| vec![(label, Some(tap.clone()))])
                .ok_or_else(|| format!("a button `{tap}` to tap"));
        }
        let texts = turn.say.as_ref().map(|say| say.of(self.lang)).unwrap_or_default();
        let typed = texts.into_iter().flat_map(|text| match self.rehearsal.perturbed {
            Some((kind, seed)) => kind.of(&text, self.lang, seed),
            None => vec![text],
        });
        let mut messages: Vec<_> = typed.map(|text| (text, None)).collect();
        if messages.is_empty() && turn.photo {
            messages.push((String::new(), None));
        }
        Ok(messages)
    }

    async fn turn(&mut self, at: usize, turn: &Turn) -> Vec<Difference> {
        self.now += TURN_MS;
        if let Some(decision) = turn.people {
            return self.decided(at, turn, decision).await;
        }
        let messages = match self.messages(turn) {
            Ok(messages) => messages,
            Err(wanted) => {
                let said = turn.tap.clone().unwrap_or_default();
                let came = self
                    .tracker
                    .choices
                    .iter()
                    .map(|c| format!("{}\n", c.choice))
                    .collect();
                return vec![difference(at, turn, &said, wanted, came)];
            }
        };
        let said: Vec<&str> = messages.iter().map(|(text, _)| text.as_str()).collect();
        let said = said.join(" / ");
        for (number, (text, choice)) in messages.into_iter().enumerate() {
            let Ok(cid) = Cid::new(format!("scripted-{at}-{number}")) else {
                continue;
            };
            let photos = if turn.photo && number == 0 {
                vec!["photo.jpg".to_owned()]
            } else {
                Vec::new()
            };
            self.apply(Event::CustomerSaid {
                cid,
                text,
                choice,
                photos,
            });
        }
        self.answer(at, turn, &said).await
    }

    /// People answer what the bot has asked them.
    async fn decided(&mut self, at: usize, turn: &Turn, decision: Decision) -> Vec<Difference> {
        let said = format!("people: {decision:?}").to_lowercase();
        let Some(asked) = self.tracker.approval else {
            let wanted = "a question to people that is open".to_owned();
            return vec![difference(at, turn, &said, wanted, "none".to_owned())];
        };
        self.apply(match decision {
            Decision::Late => Event::ApprovalClosed {
                asked,
                cause: ApprovalEnd::Late,
            },
            Decision::Yes | Decision::No => Event::ApprovalGiven {
                asked,
                account: "rehearsal".to_owned(),
                agent: "rehearsal".to_owned(),
                yes: decision == Decision::Yes,
                note: None,
            },
        });
        self.answer(at, turn, &said).await
    }

    /// The bot's turn, and what of it is not as written.
    async fn answer(&mut self, at: usize, turn: &Turn, said: &str) -> Vec<Difference> {
        let events = if self.tracker.unanswered().is_some() {
            let brain = self.rehearsal.brain.clone();
            match engine::Turn::begin(brain, "rehearsal", &self.tracker, self.now) {
                Some(turn) => turn.finish(&self.shop).await.events,
                None => Vec::new(),
            }
        } else {
            Vec::new()
        };
        events.iter().for_each(|event| self.apply(event.clone()));
        let seen = Seen {
            turn,
            lang: self.lang,
            events: &events,
            tracker: &self.tracker,
            perturbed: self.rehearsal.perturbed.is_some(),
        };
        let wanted = seen.missing().into_iter();
        wanted
            .map(|(wanted, came)| difference(at, turn, said, wanted, came))
            .collect()
    }
}

fn difference(at: usize, turn: &Turn, said: &str, wanted: String, came: String) -> Difference {
    Difference {
        line: turn.line,
        turn: at + 1,
        said: said.to_owned(),
        wanted,
        came,
    }
}

/// A turn as it went.
struct Seen<'a> {
    turn: &'a Turn,
    lang: Lang,
    events: &'a [Event],
    tracker: &'a Tracker,
    perturbed: bool,
}

impl Seen<'_> {
    /// Everything that is not as written, with what came instead.
    fn missing(&self) -> Vec<(String, String)> {
        let mut missing = self.texts();
        missing.extend(self.shown());
        missing.extend(self.state());
        missing
    }

    fn said(&self) -> String {
        let said = self.events.iter().filter_map(|event| match event {
            Event::BotSaid { text, .. } => Some(text.as_str()),
            _ => None,
        });
        said.collect::<Vec<_>>().join("\n")
    }

    fn texts(&self) -> Vec<(String, String)> {
        let said = self.said();
        let stands = |text: &String| match pattern(text) {
            Some(Ok(regex)) => regex.is_match(&said),
            _ => said.contains(text.as_str()),
        };
        let of = |texts: &Option<super::script::ByLang>| {
            texts.as_ref().map(|t| t.of(self.lang)).unwrap_or_default()
        };
        let expected = of(&self.turn.expect).into_iter().filter(|text| !stands(text));
        let mut missing: Vec<_> = expected
            .map(|text| (format!("text `{text}`"), said.clone()))
            .collect();
        let unwanted = of(&self.turn.not).into_iter().filter(stands);
        missing.extend(unwanted.map(|text| (format!("no text `{text}`"), said.clone())));
        missing
    }

    /// Buttons, cards, citations.
    fn shown(&self) -> Vec<(String, String)> {
        let (mut buttons, mut cards, mut cited, mut sources) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for event in self.events {
            if let Event::BotSaid {
                choices,
                citations,
                card,
                why,
                ..
            } = event
            {
                buttons.extend(choices.iter().map(|c| c.choice.as_str()));
                cards.extend(card.iter().map(|c| c.status.as_str()));
                cited.extend(citations.iter().map(|c| c.article.as_str()));
                sources.extend(why.iter().map(|w| w.source.as_str()));
            }
        }
        let mut missing = Vec::new();
        let mut want = |kind: &str, wanted: &str, list: &[&str]| {
            if !list.contains(&wanted) {
                missing.push((format!("{kind} `{wanted}`"), list.join(", ")));
            }
        };
        for button in &self.turn.buttons {
            want("button", button, &buttons);
        }
        for card in self.turn.card.iter().flat_map(|card| card.of(self.lang)) {
            want("card", &card, &cards);
        }
        if let Some(article) = &self.turn.cites {
            want("citation of", article, &cited);
        }
        if let Some(response) = &self.turn.response {
            want("response", response, &sources);
        }
        missing
    }

    /// Intent, flow, step, slots, patterns, ends.
    fn state(&self) -> Vec<(String, String)> {
        let turn = self.turn;
        let mut missing = Vec::new();
        let mut want = |kind: &str, wanted: Option<&str>, came: &str| {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != came) {
                missing.push((format!("{kind} `{wanted}`"), came.to_owned()));
            }
        };
        let understanding = self.tracker.understanding.as_ref();
        let intent = understanding.map_or("", |u| u.intent());
        want(
            "intent",
            turn.intent.as_deref().filter(|_| !self.perturbed),
            intent,
        );
        let flows: Vec<&str> = self.tracker.flows().collect();
        let named = turn.flow.as_deref().filter(|flow| !flows.contains(flow));
        want("flow", named, &flows.join(" < "));
        let under_way = self.tracker.flow.iter().chain(&self.tracker.below);
        let steps: Vec<&str> = under_way.filter_map(|flow| flow.step.as_deref()).collect();
        let step = turn.step.as_deref().filter(|step| !steps.contains(step));
        want("step", step, &steps.join(", "));
        for (slot, value) in &turn.slots {
            let came = self.tracker.slots.get(slot).map_or("", String::as_str);
            want(&format!("slot {slot} ="), Some(value), came);
        }
        let taken: Vec<&str> = self
            .tracker
            .turn
            .repaired
            .iter()
            .map(|(pattern, _)| pattern.as_str())
            .collect();
        let said: Vec<&str> = self.tracker.turn.said.iter().map(String::as_str).collect();
        let pattern = turn
            .pattern
            .as_deref()
            .filter(|p| !taken.contains(p) && !said.contains(p));
        want("pattern", pattern, &[taken, said].concat().join(", "));
        let ended = self.tracker.turn.flow_ended;
        if turn.ended.is_some() && turn.ended != ended {
            let name = |outcome: Option<FlowOutcome>| match outcome {
                Some(FlowOutcome::Completed) => "a flow completed",
                Some(FlowOutcome::Cancelled) => "a flow cancelled",
                Some(FlowOutcome::GaveUp) => "a flow given up",
                Some(FlowOutcome::HandedOff) => "a flow handed off",
                None => "no flow ended",
            };
            missing.push((name(turn.ended).to_owned(), name(ended).to_owned()));
        }
        let handed = self
            .events
            .iter()
            .any(|event| matches!(event, Event::HandoffRequested { .. }));
        if handed != turn.handoff {
            missing.push((
                format!("handoff {}", turn.handoff),
                format!("handoff {handed}\n{}", self.said()),
            ));
        }
        missing
    }
}
