//! Past-tense facts. A conversation is the list of its events; nothing else is stored.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ApprovalEnd, Cid, HandoffReason, Lang, LeaveCause, Understanding};

/// A button offered with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    /// What the customer reads and, by tapping, says.
    pub label: String,
    /// What the bot takes it for: `intent:track_order`, `article:refund-timing`, `order:QM...`.
    pub choice: String,
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Citation {
    /// Article id; `faq:...` for a row of a faq table.
    pub article: String,
    /// Title as shown.
    pub title: String,
    /// Passage id, unique within the article.
    pub passage: String,
    /// The whole passage as plain text, for the source view.
    pub quote: String,
    /// Its language; conversations of old do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
}

/// One labelled value of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardRow {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

/// One dated line of a card's history, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardStep {
    /// When, as shown.
    pub at: String,
    /// What happened.
    pub text: String,
}

/// A structured piece of an answer: an order with its shipment, a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Card {
    /// `order` or `request`.
    pub kind: String,
    /// Heading, such as the order number.
    pub title: String,
    /// State in words.
    pub status: String,
    /// Labelled values.
    pub rows: Vec<CardRow>,
    /// History, newest first.
    pub steps: Vec<CardStep>,
}

/// Why the bot said what it said; people in the console can read it, customers are not sent it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// The policy that decided.
    pub policy: String,
    /// Response key or article id.
    pub source: String,
    /// Patterns whose words led it in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lead: Vec<String>,
    /// Retrieval score of the cited passage, 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
}

/// What the knowledge base made of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchOutcome {
    /// A passage answers it.
    Answer,
    /// Two articles are likely.
    Unsure,
    /// Nothing answers it.
    Refuse,
}

/// A passage the search weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Weighed {
    /// Article id.
    pub article: String,
    /// Title as shown.
    pub title: String,
    /// Passage id.
    pub passage: String,
    /// By how much it was ranked; tells something only beside the others of the same search.
    pub score: f32,
}

/// How a flow came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowOutcome {
    /// It reached its end.
    Completed,
    /// The customer broke off or turned to something else.
    Cancelled,
    /// It asked as often as it may and got no answer that fits.
    GaveUp,
    /// It came to a point where people take over.
    HandedOff,
}

/// One fact. Never changed once appended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The conversation began.
    ConversationStarted {
        /// The browser's language at the start.
        lang: Lang,
    },
    /// The customer said something.
    CustomerSaid {
        /// The customer's id of the message.
        cid: Cid,
        /// What they wrote.
        text: String,
        /// The button they tapped, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        choice: Option<String>,
        /// Names of the pictures that came along.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<String>,
    },
    /// The customer proved who they are, or came back without a proof.
    Identified {
        /// The shop's id of the customer; empty for nobody.
        customer: String,
        /// Their level, where the shop told it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level: Option<String>,
    },
    /// The page that the customer looks at.
    PageSeen {
        /// What is on it: `product` or `order` with its id.
        page: BTreeMap<String, String>,
    },
    /// The bot made this of the last message.
    Understood {
        /// Ranking, sentiment, entities.
        understanding: Understanding,
    },
    /// A flow began.
    FlowStarted {
        /// Its name.
        flow: String,
    },
    /// A flow moved to a step and, when it asks, waits there.
    StepReached {
        /// The step's id.
        step: String,
        /// How often this step has asked, 1 for the first time; 0 when it does not ask.
        asked: u8,
    },
    /// A slot got a value.
    SlotSet {
        /// Slot name.
        slot: String,
        /// Its value.
        value: String,
    },
    /// A flow ended.
    FlowEnded {
        /// Its name.
        flow: String,
        /// How.
        outcome: FlowOutcome,
        /// The outcome its `end` step names, for the flow that ran it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<String>,
    },
    /// A repair pattern was taken.
    Repaired {
        /// Its name, as in `patterns.yaml`.
        pattern: String,
        /// The slot it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slot: Option<String>,
    },
    /// The bot did not understand and moved to a stage of fallback: 1 clarify, 2 rephrase, 3 offer.
    FellBack {
        /// The stage, from 1.
        stage: u8,
    },
    /// The knowledge base was asked.
    Searched {
        /// What it made of the question.
        outcome: SearchOutcome,
        /// How sure it is that the best passage answers, 0..=1.
        score: f32,
        /// The passages weighed, best first; at most five.
        passages: Vec<Weighed>,
    },
    /// The shop answered a call.
    ShopAnswered {
        /// Name of the call.
        call: String,
        /// The outcome a flow goes on by.
        outcome: String,
        /// What texts may tell.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        values: BTreeMap<String, String>,
        /// The card of what was found or done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<Card>,
        /// What was listed to choose from.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        choices: Vec<Choice>,
    },
    /// An effect outside (a return registered with the shop) is about to be carried out.
    ActionStarted {
        /// Idempotency key: the conversation, the message it answers, the call and its object.
        key: String,
        /// The name of the shop call.
        call: String,
        /// What is sent along.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<String, String>,
    },
    /// The bot said something.
    BotSaid {
        /// Plain text; lines starting with `- ` are list items.
        text: String,
        /// Buttons.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        choices: Vec<Choice>,
        /// Sources.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Citation>,
        /// A card, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<Card>,
        /// The reasons.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Why>,
    },
    /// The bot asked people whether it may go on. The question is named by its seq from then on.
    ApprovalAsked {
        /// The flow that waits for the answer.
        flow: String,
        /// The question, by language.
        question: BTreeMap<Lang, String>,
        /// Only supervisors may answer.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        supervisor: bool,
        /// Until when it waits, milliseconds since 1970.
        until: i64,
    },
    /// Somebody answered.
    ApprovalGiven {
        /// The question's seq.
        asked: u64,
        /// Account name.
        account: String,
        /// Name as shown.
        agent: String,
        /// Yes or no.
        yes: bool,
        /// What texts may tell the customer of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The question is over without an answer.
    ApprovalClosed {
        /// The question's seq.
        asked: u64,
        /// Why.
        cause: ApprovalEnd,
    },
    /// The bot asked people to take over.
    HandoffRequested {
        /// Why.
        reason: HandoffReason,
        /// What it is about: the flow or the intent that led here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
        /// The team it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<String>,
        /// 0 to 2; the higher is served first.
        #[serde(default)]
        priority: u8,
    },
    /// A waiting conversation was offered to an agent.
    Offered {
        /// Account name.
        account: String,
        /// Name as shown.
        agent: String,
    },
    /// The agent did not take it in time, or said no.
    OfferLapsed {
        /// Account name.
        account: String,
        /// They said no.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        declined: bool,
    },
    /// An agent claimed the conversation.
    AgentJoined {
        /// Account name (not sent to customers).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
        /// Name as shown.
        agent: String,
        /// The account it was taken over from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// The agent is gone; the conversation is back in the queue.
    AgentLeft {
        /// Account name (not sent to customers).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
        /// Name as shown.
        agent: String,
        /// How.
        cause: LeaveCause,
    },
    /// It was passed on among people and waits for whom it is meant.
    Transferred {
        /// Account name of who passed it on (not sent to customers).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
        /// Their name as shown.
        agent: String,
        /// For this account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_account: Option<String>,
        /// Name of that account as shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_agent: Option<String>,
        /// For this team.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_team: Option<String>,
        /// For colleagues' eyes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The bot has it again.
    HandedBack {
        /// Account name (not sent to customers).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
        /// Name as shown.
        agent: String,
    },
    /// An agent said something.
    AgentSaid {
        /// The agent's id of the message.
        cid: Cid,
        /// Name as shown.
        agent: String,
        /// What they wrote; may be empty beside files.
        text: String,
        /// Ids of files that came along.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
    },
    /// A note among people; customers never see it.
    Noted {
        /// The agent's id of it.
        cid: Cid,
        /// Account name.
        account: String,
        /// Name as shown.
        agent: String,
        /// What they wrote.
        text: String,
        /// Accounts it calls.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<String>,
    },
    /// These labels it bears from now on.
    Labelled {
        /// Account name.
        account: String,
        /// All of them.
        labels: Vec<String>,
    },
    /// The owning agent looks at it again later.
    Snoozed {
        /// Account name.
        account: String,
        /// Until then, milliseconds since 1970; `None` wakes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
    },
    /// The conversation was brought to an end.
    Resolved {
        /// Name as shown of who ended it.
        by: String,
        /// Account name (not sent to customers).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        account: String,
        /// Why, by its id in `handoff.yaml` (not sent to customers).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The customer left word where they can be answered later.
    ContactLeft {
        /// E-mail address or telephone number.
        contact: String,
    },
    /// The customer said how it was.
    Rated {
        /// 1 to 5.
        stars: u8,
        /// Its id in `handoff.yaml`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// In their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// The bot's turn on a message is complete; what it said stands before this event.
    TurnEnded {
        /// The seq of the answered `customer_said`.
        answers: u64,
        /// Version of the predictors that understood it.
        model: String,
        /// Version of the knowledge base that answered it.
        knowledge: String,
    },
}

/// An event with its place and time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recorded {
    /// Place in the conversation: 1, 2, 3, ... without holes.
    pub seq: u64,
    /// Milliseconds since 1970 (UTC).
    pub at: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}
