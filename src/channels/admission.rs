//! Who comes in: a fresh conversation or one to go on with, the customer's proof, the page they look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{broadcast, watch};

use super::channel::{Channel, store_code};
use super::text::TEXT_CHARS_MAX;
use super::wire::{Code, Hello, Rating, VERSION, Welcome};
use crate::conversation::{ConversationId, Lang, Status, sha256};
use crate::engine::{Delivery, Hub, Inbound, Queue};
use crate::store::{Head, Opening, Survey};

/// Longest value of a page, in characters.
const PAGE_CHARS_MAX: usize = 100;
/// Age up to which a conversation is gone on with unasked, in milliseconds.
const RESUMED_MS_MAX: i64 = 30 * 24 * 3_600_000;
/// Most values of a page.
const PAGE_KEYS_MAX: usize = 8;

/// A customer who has said hello.
pub(super) struct Guest {
    pub id: ConversationId,
    pub cursor: u64,
    pub status: Status,
    pub deliveries: broadcast::Receiver<Delivery>,
    pub queue: watch::Receiver<Arc<Queue>>,
}

/// Finds or opens the conversation.
pub(super) async fn admit(channel: &Channel, hello: &Hello) -> Result<(Guest, Welcome), Code> {
    if hello.v != VERSION {
        return Err(Code::UnsupportedVersion);
    }
    let hub = &channel.hub;
    let customer = identify(channel, hello)?;
    let page = page_of(&hello.page)?;
    let lang = Lang::from_locale(hello.locale.as_deref().unwrap_or("zh"));
    let (head, token) = find_or_open(channel, hello, customer.as_deref(), lang).await?;
    let mut last_seq = head.last_seq;
    // Nothing is known of a fresh conversation that could be other now.
    if hello.conversation.is_some() || customer.is_some() || !page.is_empty() {
        let arrived = Inbound::Arrived {
            customer: Some(customer.unwrap_or_default()),
            page,
        };
        let outcome = hub.deliver(&head.id, arrived).await;
        // Somebody else has signed in here since: what was said is not theirs to read.
        let outcome = outcome.map_err(|error| match error {
            crate::engine::Error::NotOwner => Code::UnknownConversation,
            error => Code::from(&error),
        })?;
        last_seq = last_seq.max(outcome.seq);
    }
    let after = hello.after.unwrap_or(0);
    let same_epoch = hello
        .epoch
        .as_deref()
        .is_none_or(|epoch| epoch == hub.store().epoch());
    // Who names no conversation has read nothing of it.
    let read_max = if hello.conversation.is_some() { last_seq } else { 0 };
    let resumed = same_epoch && after <= read_max;
    let guest = Guest::new(channel, &head, if resumed { after } else { 0 })?;
    let welcome = welcome(channel, &head, token, lang);
    let welcome = Welcome {
        head: last_seq,
        resumed,
        ..welcome
    };
    Ok((guest, welcome))
}

impl Guest {
    /// Whoever goes on listening to a conversation behind `after`.
    pub fn new(channel: &Channel, head: &Head, after: u64) -> Result<Self, Code> {
        let hub = &channel.hub;
        Ok(Self {
            id: head.id.clone(),
            cursor: after,
            status: head.ownership.status,
            // Subscribed before anything is read: what happens in between comes twice and is passed over.
            deliveries: hub.subscribe(&head.id).map_err(|error| Code::from(&error))?,
            queue: hub.board().queue(),
        })
    }
}

fn welcome(channel: &Channel, head: &Head, token: String, lang: Lang) -> Welcome {
    let hub = &channel.hub;
    let brain = hub.engine().brain();
    Welcome {
        v: VERSION,
        conversation: head.id.to_string(),
        token,
        epoch: hub.store().epoch().to_owned(),
        head: head.last_seq,
        resumed: true,
        status: head.ownership.status,
        shop: brain.bot.shop.name(lang).to_owned(),
        lang,
        text_chars_max: TEXT_CHARS_MAX,
        rating: Rating {
            reasons: brain.bot.handoff.rating_reasons.clone(),
        },
        files: channel.attachments.taken(),
        takes: vec!["read"],
        transcript_mail: hub.mails().then_some(true),
    }
}

/// The customer that the shop's token proves; a token that proves nothing is refused, not passed over.
fn identify(channel: &Channel, hello: &Hello) -> Result<Option<String>, Code> {
    let Some(token) = &hello.identity else {
        return Ok(None);
    };
    let identity = channel.identity.as_ref().ok_or(Code::BadIdentity)?;
    identity.customer(token).map(Some).ok_or(Code::BadIdentity)
}

/// What of a page counts, in a form that entities have.
pub(super) fn page_of(page: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Code> {
    let fits = |value: &String| (1..=PAGE_CHARS_MAX).contains(&value.chars().count());
    if page.len() > PAGE_KEYS_MAX || !page.values().all(fits) {
        return Err(Code::BadField);
    }
    let known = page
        .iter()
        .filter(|(key, _)| ["product", "order"].contains(&key.as_str()));
    Ok(known
        .map(|(key, value)| (key.clone(), value.trim().to_uppercase()))
        .collect())
}

async fn find_or_open(
    channel: &Channel,
    hello: &Hello,
    customer: Option<&str>,
    lang: Lang,
) -> Result<(Head, String), Code> {
    if let Some(id) = &hello.conversation {
        let head = channel.head(id, hello.token.as_deref()).await?;
        return Ok((head, hello.token.clone().unwrap_or_default()));
    }
    let head = match newest_of(&channel.hub, customer).await? {
        Some(head) => head,
        None => open(channel, lang).await?,
    };
    let token = channel.token(&head.id)?;
    Ok((head, token))
}

/// What a proved customer can go on with on a device that knows of none.
async fn newest_of(hub: &Hub, customer: Option<&str>) -> Result<Option<Head>, Code> {
    let Some(customer) = customer else {
        return Ok(None);
    };
    let own = Survey::Customer {
        customer: customer.to_owned(),
        heads_max: 1,
    };
    let found = hub.store().survey(own).await;
    let newest = found.map_err(|error| store_code(&error))?.pop();
    Ok(newest.filter(|head| hub.now() - head.updated_at <= RESUMED_MS_MAX))
}

async fn open(channel: &Channel, lang: Lang) -> Result<Head, Code> {
    let id =
        ConversationId::new(format!("c-{}", uuid::Uuid::new_v4().simple())).map_err(|_| Code::Unavailable)?;
    let opening = Opening {
        token_hash: sha256(channel.token(&id)?),
        id,
        lang,
        at: channel.hub.now(),
    };
    let opened = channel.hub.store().open(opening).await;
    opened.map_err(|error| store_code(&error))
}
