//! A conversation as the board shows it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::bot::Bot;
use crate::conversation::{Approval, By, ConversationId, HandoffReason, Lang, Service, Status};
use crate::desk::{Clock, due};

/// A row of the board.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// The conversation's id.
    pub id: String,
    /// Where it stands.
    pub status: Status,
    /// The account that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Its name as shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// Its language.
    pub lang: Lang,
    /// The customer, once proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// Their level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The team it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Why people were called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<HandoffReason>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// 0 to 2.
    pub priority: u8,
    /// The last thing said, cut short.
    pub last_text: String,
    /// Who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_by: Option<By>,
    /// When it changed last, milliseconds since 1970.
    pub last_at: i64,
    /// Since when it waits for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<i64>,
    /// The customer's first message that people have not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_since: Option<i64>,
    /// How many there are.
    pub unanswered: u32,
    /// What the bot asks people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The account it is offered to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_to: Option<String>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_until: Option<i64>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its agent looks at it again then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<i64>,
    /// How angry the customer sounded last, 0 to 3.
    pub anger: u8,
    /// Where the customer can be answered later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Stars of the last rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// The clock that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// Time to hurry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amber_at: Option<i64>,
    /// Too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub red_at: Option<i64>,
}

impl Row {
    /// The row of a conversation.
    #[must_use]
    pub fn of(id: &ConversationId, service: &Service, bot: &Bot) -> Self {
        let due = due(service, &bot.handoff, &bot.shop);
        let offer = service.offer.as_ref();
        let stands_ms = i64::from(bot.handoff.routing.accept_s_max) * 1_000;
        let called = service.handed_at.is_some();
        Self {
            id: id.to_string(),
            status: service.ownership.status,
            agent: service.agent().map(str::to_owned),
            agent_name: service.agent_name.clone(),
            lang: service.lang.unwrap_or(Lang::Zh),
            customer: service.customer.clone(),
            level: service.level.clone(),
            team: service.team.clone().filter(|_| called),
            reason: service.reason.filter(|_| called),
            topic: service.topic.clone().filter(|_| called),
            priority: service.priority,
            last_text: service.last_text.clone(),
            last_by: service.last_by,
            last_at: service.last_at,
            waiting_since: service.waiting_since,
            asked_since: service.asked.map(|asked| asked.since),
            unanswered: service.asked.map_or(0, |asked| asked.count),
            approval: service.approval.clone(),
            offered_to: offer.map(|offer| offer.account.clone()),
            offered_until: offer.map(|offer| offer.at + stands_ms),
            labels: service.labels.clone(),
            snoozed_until: service.snoozed_until,
            anger: service.anger,
            contact: service.contact.clone(),
            rating: service.stars,
            clock: due.map(|due| due.clock),
            amber_at: due.map(|due| due.amber_at),
            red_at: due.map(|due| due.red_at),
        }
    }
}
