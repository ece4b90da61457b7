//! What an agent needs to know before the first word: what the customer wants, what the bot made of it and did,
//! who they are and which orders it may be about. Read off the events without guessing; what only the shop
//! knows is asked of it, and is missing where it does not answer in time.

mod shop;
mod summary;

use std::collections::BTreeMap;

use serde::Serialize;

pub use shop::{CustomerFacts, OrderFacts};

use super::shorten::{cut, hide_numbers};
use super::suggest::ASKS_FOR_PEOPLE;
use crate::bot::{Bot, Offers, StepKind};
use crate::commerce::Connector;
use crate::conversation::{
    CONFIRMED, Event, FlowOutcome, HandoffReason, Lang, Recorded, SearchOutcome, Sentiment, Service,
    Understanding,
};

/// Most messages whose intents are listed; the last ones are.
const MESSAGES_MAX: usize = 50;
/// Most passages listed, and lines of the trace; the last ones are.
const TRIED_MAX: usize = 10;
const TRACE_MAX: usize = 40;
/// Passages listed of one search.
const PASSAGES_MAX: usize = 2;
/// Longest text of a message, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// A value that was collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlotValue {
    /// The shop's label, or the slot's name.
    pub name: String,
    /// Its value as people read it.
    pub value: String,
}

/// What a message was taken for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Taken {
    /// Place of the message.
    pub seq: u64,
    /// The message.
    pub text: String,
    /// The likeliest intent.
    pub intent: String,
    /// Its probability.
    pub score: f32,
    /// Whether the bot was sure.
    pub certain: bool,
}

/// How a message sounded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mood {
    /// Place of the message.
    pub seq: u64,
    /// 0 calm, 1 annoyed, 2 furious.
    pub anger: u8,
    /// How it sounds.
    pub sentiment: Sentiment,
}

/// A passage the bot looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tried {
    /// Its article.
    pub article: String,
    /// The article's title.
    pub title: String,
    /// Its language.
    pub lang: Lang,
    /// What the search came to.
    pub outcome: SearchOutcome,
}

/// See the module's word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Packet {
    /// Why people were called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<HandoffReason>,
    /// What about, as the shop calls the flow or the intent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The customer's language.
    pub lang: Lang,
    /// At most three lines.
    pub summary: Vec<String>,
    /// What was collected.
    pub slots: Vec<SlotValue>,
    /// What messages were taken for.
    pub intents: Vec<Taken>,
    /// How they sounded.
    pub mood: Vec<Mood>,
    /// What the knowledge base offered.
    pub tried: Vec<Tried>,
    /// Who they are, if it is proved and the shop tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerFacts>,
    /// The order it is about, then the latest ones.
    pub orders: Vec<OrderFacts>,
    /// What the bot did, turn by turn.
    pub trace: Vec<String>,
    #[serde(skip)]
    proved: Option<String>,
    #[serde(skip)]
    order_no: Option<String>,
}

/// A message, or several written in one go.
#[derive(Debug, Clone, PartialEq)]
struct Message {
    seq: u64,
    text: String,
    understanding: Option<Understanding>,
    /// Said once people had been called.
    called: bool,
}

/// What happened in the episode, sorted.
#[derive(Debug, Default)]
struct Matter {
    messages: Vec<Message>,
    called: bool,
    /// In the order they were first filled, with the flow that was under way.
    slots: Vec<(String, String, Option<String>)>,
    flows: Vec<String>,
    /// Flows that ended, with how.
    ended: Vec<(String, FlowOutcome)>,
    /// Titles of requests that were registered.
    requests: Vec<String>,
    searches: Vec<SearchOutcome>,
    tried: Vec<Tried>,
    trace: Vec<String>,
}

impl Packet {
    /// What the events tell, in an agent's language.
    #[must_use]
    pub fn of(events: &[Recorded], bot: &Bot, lang: Lang) -> Self {
        let service = Service::replay(events);
        let matter = Matter::of(last_episode(events), bot, service.lang.unwrap_or(Lang::Zh));
        let slot = |name: &str| {
            let found = matter.slots.iter().find(|(slot, ..)| slot == name);
            found.map(|(_, value, _)| value.clone())
        };
        let spoken_of = matter.messages.iter().rev().find_map(|message| {
            let entity = message.understanding.as_ref()?.entity("order_no")?;
            Some(entity.value.clone())
        });
        let understood = || {
            let all = matter
                .messages
                .iter()
                .filter(|message| message.understanding.is_some());
            all.skip(matter.messages.len().saturating_sub(MESSAGES_MAX))
        };
        Self {
            reason: service.reason.filter(|_| matter.called),
            topic: service
                .topic
                .as_deref()
                .filter(|topic| matter.called && *topic != ASKS_FOR_PEOPLE)
                .map(|topic| topic_of(topic, bot, lang)),
            lang: service.lang.unwrap_or(Lang::Zh),
            summary: summary::lines(&matter, bot, lang),
            slots: matter.slots.iter().map(|slot| slot_of(slot, bot, lang)).collect(),
            intents: understood().filter_map(taken).collect(),
            mood: understood().filter_map(mood).collect(),
            customer: None,
            orders: Vec::new(),
            proved: service.customer,
            order_no: slot("order_no").or(spoken_of),
            tried: last(matter.tried, TRIED_MAX),
            trace: last(matter.trace, TRACE_MAX),
        }
    }

    /// The same with what the shop tells within two seconds.
    #[must_use]
    pub async fn asked(mut self, shop: std::sync::Arc<dyn Connector>, bot: &Bot, lang: Lang) -> Self {
        let (proved, order_no) = (self.proved.as_deref(), self.order_no.as_deref());
        let facts = shop::ask(shop, bot, proved, order_no, lang).await;
        (self.customer, self.orders) = (facts.customer, facts.orders);
        self.trace.extend(facts.missing);
        self
    }
}

/// What the shop calls a flow or an intent.
fn topic_of(topic: &str, bot: &Bot, lang: Lang) -> String {
    let flow = bot.flows.get(topic).and_then(|flow| flow.label.get(&lang));
    let intent = || bot.intents.get(topic).and_then(|intent| intent.label.get(&lang));
    flow.or_else(intent)
        .map_or_else(|| topic.to_owned(), String::clone)
}

fn last<T>(mut list: Vec<T>, most: usize) -> Vec<T> {
    list.split_off(list.len().saturating_sub(most))
}

/// What happened since the matter before came to an end.
fn last_episode(events: &[Recorded]) -> &[Recorded] {
    let speaks = |recorded: &Recorded| matches!(recorded.event, Event::CustomerSaid { .. });
    let spoken = events.iter().rposition(speaks).unwrap_or(0);
    let ended = |recorded: &Recorded| matches!(recorded.event, Event::Resolved { .. });
    let before = events[..spoken].iter().rposition(ended);
    &events[before.map_or(0, |at| at + 1)..]
}

fn taken(message: &Message) -> Option<Taken> {
    let understanding = message.understanding.as_ref()?;
    let best = understanding.intents.first()?;
    Some(Taken {
        seq: message.seq,
        text: cut(&hide_numbers(&message.text), TEXT_CHARS_MAX),
        intent: best.intent.clone(),
        score: best.score,
        certain: understanding.certain,
    })
}

fn mood(message: &Message) -> Option<Mood> {
    let understanding = message.understanding.as_ref()?;
    Some(Mood {
        seq: message.seq,
        anger: understanding.anger,
        sentiment: understanding.sentiment,
    })
}

/// A slot as people read it: the shop's label, the label of what was chosen, the product's name.
fn slot_of((slot, value, flow): &(String, String, Option<String>), bot: &Bot, lang: Lang) -> SlotValue {
    let flow = flow.as_ref().and_then(|flow| bot.flows.get(flow));
    let own = flow.and_then(|flow| flow.slots.get(slot));
    let written = own.or_else(|| bot.slots.get(slot));
    let label = written.and_then(|slot| slot.label.get(&lang)).cloned();
    let product = || bot.catalogue.products.get(value).filter(|_| slot == "product");
    let words = chosen(slot, value, bot, lang).or_else(|| Some(product()?.name(lang).to_owned()));
    SlotValue {
        name: label.unwrap_or_else(|| slot.clone()),
        value: words.unwrap_or_else(|| cut(&hide_numbers(value), TEXT_CHARS_MAX)),
    }
}

/// The label of the button that gives a slot this value.
fn chosen(slot: &str, value: &str, bot: &Bot, lang: Lang) -> Option<String> {
    let steps = bot.flows.values().flat_map(|flow| &flow.steps);
    let mut offers = steps.filter_map(|step| match &step.kind {
        StepKind::Collect {
            slot: own,
            offers: Offers::Written(offers),
            ..
        } if own == slot => Some(offers),
        _ => None,
    });
    offers.find_map(|offers| {
        offers
            .iter()
            .find(|offer| offer.value == value)?
            .label
            .get(&lang)
            .cloned()
    })
}

impl Matter {
    fn of(events: &[Recorded], bot: &Bot, lang: Lang) -> Self {
        let mut matter = Self::default();
        for recorded in events {
            matter.take(recorded, bot, lang);
        }
        matter
    }

    fn take(&mut self, recorded: &Recorded, bot: &Bot, lang: Lang) {
        let seq = recorded.seq;
        match &recorded.event {
            Event::CustomerSaid { text, .. } => self.messages.push(Message {
                seq,
                text: text.clone(),
                understanding: None,
                called: self.called,
            }),
            Event::Understood { understanding } => self.understand(understanding),
            Event::HandoffRequested { .. } | Event::AgentJoined { .. } => self.called = true,
            Event::SlotSet { slot, value } => self.fill(slot, value),
            Event::FlowStarted { flow } => self.flows.push(flow.clone()),
            Event::FlowEnded { flow, outcome, .. } => {
                self.flows.retain(|under_way| under_way != flow);
                self.ended.push((flow.clone(), *outcome));
            }
            Event::ShopAnswered { card: Some(card), .. } if card.kind == "request" => {
                self.requests.push(card.title.clone());
            }
            Event::Searched {
                outcome, passages, ..
            } => {
                self.searches.push(*outcome);
                let most = if *outcome == SearchOutcome::Answer {
                    1
                } else {
                    PASSAGES_MAX
                };
                self.tried.extend(passages.iter().take(most).map(|weighed| Tried {
                    article: weighed.article.clone(),
                    title: weighed.title.clone(),
                    lang: lang_of(bot, &weighed.article, &weighed.title).unwrap_or(lang),
                    outcome: *outcome,
                }));
            }
            Event::FellBack { stage } => self.trace.push(format!("#{seq} fallback {stage}")),
            Event::BotSaid { why: Some(why), .. } => {
                let score = why.score.map(|score| format!(" {score:.2}")).unwrap_or_default();
                self.trace
                    .push(format!("#{seq} {}: {}{score}", why.policy, why.source));
            }
            _ => {}
        }
    }

    /// What was written in one go was understood as one.
    fn understand(&mut self, understanding: &Understanding) {
        let Some(mut last) = self.messages.pop() else {
            return;
        };
        while self
            .messages
            .last()
            .is_some_and(|before| before.understanding.is_none())
        {
            let before = self.messages.pop().map(|before| before.text).unwrap_or_default();
            last.text = format!("{before}\n{}", last.text);
        }
        last.understanding = Some(understanding.clone());
        self.messages.push(last);
    }

    /// An empty value empties the slot.
    fn fill(&mut self, slot: &str, value: &str) {
        if slot == CONFIRMED {
            return;
        }
        let flow = self.flows.last().cloned();
        let at = self.slots.iter().position(|(own, ..)| own == slot);
        match at {
            Some(at) if value.is_empty() => drop(self.slots.remove(at)),
            Some(at) => value.clone_into(&mut self.slots[at].1),
            None if value.is_empty() => {}
            None => self.slots.push((slot.to_owned(), value.to_owned(), flow)),
        }
    }
}

/// The language of the article that has this title.
fn lang_of(bot: &Bot, id: &str, title: &str) -> Option<Lang> {
    let mut of: BTreeMap<Lang, &str> = BTreeMap::new();
    for article in bot.articles.iter().filter(|article| article.id == id) {
        of.insert(article.lang, &article.title);
    }
    let titled = of.iter().find(|(_, own)| **own == title).map(|(lang, _)| *lang);
    titled.or_else(|| Lang::of_text(title))
}
