//! All conversations at hand: searched, looked back on, counted. What is in memory is filled from the store in
//! the background and brought up to date before each search; nothing here is truth, all of it can be thrown away.

use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;

use serde::Serialize;

use super::report::{Episode, Span, episodes};
use super::suggest::{OpenQuestion, Suggestion, internal, pairs, suggest};
use crate::conversation::{ConversationId, Event, Lang, Recorded, Service, Status};
use crate::engine::Hub;
use crate::knowledge::{self, Archive, Filed, Filter, Found, Mark, Pair, PastAnswers, Saying, excerpt};
use crate::store::{self, Head, Survey};

/// Conversations brought up to date in one go.
const BATCH: usize = 200;
/// Clocks and commits cross by less than this, in milliseconds.
const CROSSING_MS: i64 = 5_000;
/// Time between two looks at what has changed, in milliseconds.
const LOOK_MS: u64 = 30_000;
/// Time a search waits for what is new, in milliseconds; then it looks through what is there.
const FRESH_MS_MAX: u64 = 2_000;
/// Hits of one page.
const PAGE_HITS: usize = 20;
/// Most events of one conversation that are read for people; the rest is left out.
const EVENTS_MAX: usize = 20_000;
/// Conversations of a customer looked back on.
const HISTORY_MAX: usize = 20;
/// Most conversations of a report.
const REPORT_MAX: usize = 100_000;

/// Why the records gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The store says so.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] knowledge::Error),
    /// More conversations than are counted.
    #[error("more than {REPORT_MAX} conversations since `from`; ask for a shorter time")]
    TooMany,
    /// The work was broken off.
    #[error("interrupted; try again")]
    Interrupted,
}

/// A conversation that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// Its id.
    pub id: ConversationId,
    /// When it was said, milliseconds since 1970.
    pub at: i64,
    /// Where the conversation stands.
    pub status: Status,
    /// Name as shown of the agent who had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The place of the message.
    pub seq: u64,
    /// The message around what was asked for.
    pub excerpt: Vec<Mark>,
}

/// A page of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hits {
    /// How many there are.
    pub total: usize,
    /// Those of this page.
    pub hits: Vec<Hit>,
}

/// An earlier conversation of a customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Before {
    /// Its id.
    pub id: ConversationId,
    /// Its last event, milliseconds since 1970.
    pub at: i64,
    /// Where it stands.
    pub status: Status,
    /// The last thing said.
    pub last_text: String,
    /// Name as shown of the agent who had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Stars of the last rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
}

/// See the module's word. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    inner: Arc<Inner>,
}

struct Inner {
    hub: Hub,
    archive: OnceLock<RwLock<Archive>>,
    past: RwLock<PastAnswers>,
    cursor: tokio::sync::Mutex<Cursor>,
    /// Reports are counted one after the other.
    counting: tokio::sync::Mutex<()>,
}

/// How far the store was read.
struct Cursor {
    since: i64,
    batch: usize,
}

/// What was read of a conversation.
struct Read {
    id: ConversationId,
    filed: Filed,
    said: Vec<Saying>,
    pairs: Option<Vec<Pair>>,
}

impl Records {
    /// Over the conversations of a hub. Nothing is read yet.
    #[must_use]
    pub(super) fn new(hub: Hub) -> Self {
        Self {
            inner: Arc::new(Inner {
                hub,
                archive: OnceLock::new(),
                past: RwLock::default(),
                cursor: tokio::sync::Mutex::new(Cursor {
                    since: 0,
                    batch: BATCH,
                }),
                counting: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// Reads what is there, and then what changes, for as long as somebody holds the records.
    pub(super) fn keep_filled(&self) {
        tokio::spawn(keep_filled(Arc::downgrade(&self.inner)));
    }

    /// A page (from 0) of conversations that fit a question and a filter.
    ///
    /// # Errors
    /// What the store or the index says.
    pub async fn search(&self, asked: &str, filter: Filter, page: usize) -> Result<Hits, RecordsError> {
        let inner = self.inner.clone();
        // A task of its own: what has begun to be filed is filed whole, even if the search does not wait.
        let fresh = tokio::spawn(async move {
            while !inner.look().await? {}
            Ok::<(), RecordsError>(())
        });
        if let Ok(done) = tokio::time::timeout(Duration::from_millis(FRESH_MS_MAX), fresh).await {
            done.map_err(|_| RecordsError::Interrupted)??;
        }
        let (inner, question) = (self.inner.clone(), asked.to_owned());
        let found = tokio::task::spawn_blocking(move || {
            let archive = inner.archive()?.read().unwrap_or_else(PoisonError::into_inner);
            let skip = page.saturating_mul(PAGE_HITS);
            let (total, found) = archive.search(&question, &filter, skip, PAGE_HITS)?;
            let with_facts = |found: Found| Some((archive.filed(&found.id)?.clone(), found));
            let found: Vec<(Filed, Found)> = found.into_iter().filter_map(with_facts).collect();
            Ok::<_, RecordsError>((total, found))
        });
        let (total, found) = found.await.map_err(|_| RecordsError::Interrupted)??;
        let mut messages = Vec::new();
        for (filed, found) in found {
            let before = found.seq.saturating_sub(1);
            let read = self.inner.hub.store().read(&found.id, before, 1).await?;
            let text = read.first().and_then(|recorded| said(&recorded.event));
            messages.push((filed, found, text.unwrap_or_default().to_owned()));
        }
        let asked = asked.to_owned();
        let hits = tokio::task::spawn_blocking(move || {
            let hit = |(filed, found, text): (Filed, Found, String)| Hit {
                excerpt: excerpt(&text, &asked),
                id: found.id,
                at: found.at,
                status: filed.status,
                agent: filed.agent_name,
                seq: found.seq,
            };
            messages.into_iter().map(hit).collect()
        });
        let hits = hits.await.map_err(|_| RecordsError::Interrupted)?;
        Ok(Hits { total, hits })
    }

    /// All events of a conversation, up to 20,000.
    ///
    /// # Errors
    /// [`store::Error::NotFound`], or what else the store says.
    pub async fn events(&self, id: &ConversationId) -> Result<Vec<Recorded>, store::Error> {
        self.inner.hub.store().head(id).await?;
        self.inner.read_from(id, 0).await
    }

    /// The other conversations of the customer of one, the latest first; none if it is not proved who they are.
    ///
    /// # Errors
    /// [`store::Error::NotFound`], or what else the store says.
    pub async fn history(&self, id: &ConversationId) -> Result<Vec<Before>, store::Error> {
        let store = self.inner.hub.store();
        let Some(customer) = store.head(id).await?.customer else {
            return Ok(Vec::new());
        };
        let heads_max = HISTORY_MAX + 1;
        let heads = store.survey(Survey::Customer { customer, heads_max }).await?;
        let mut before = Vec::new();
        for head in heads.into_iter().filter(|head| head.id != *id).take(HISTORY_MAX) {
            let events = self.inner.read_from(&head.id, 0).await?;
            let service = Service::replay(&events);
            let joined = events.iter().rev().find_map(|recorded| match &recorded.event {
                Event::AgentJoined { agent, .. } => Some(agent.clone()),
                _ => None,
            });
            if service.spoken {
                before.push(Before {
                    id: head.id,
                    at: service.last_at,
                    status: service.ownership.status,
                    last_text: service.last_text,
                    agent: joined,
                    rating: service.stars,
                });
            }
        }
        Ok(before)
    }

    /// What could be answered to a question now, best first; behind it what agents should know, in their language.
    ///
    /// # Errors
    /// [`RecordsError::Interrupted`].
    pub async fn suggestions(
        &self,
        question: OpenQuestion,
        lang: Lang,
    ) -> Result<Vec<Suggestion>, RecordsError> {
        let inner = self.inner.clone();
        let found = tokio::task::spawn_blocking(move || {
            let brain = inner.hub.engine().brain();
            let past = inner.past.read().unwrap_or_else(PoisonError::into_inner);
            let today = brain.bot.shop.day_of(inner.hub.now());
            let mut all = suggest(&question, &brain.knowledge, &past, today);
            all.extend(internal(&question, lang, &brain.bot, &brain.knowledge, today));
            all
        });
        found.await.map_err(|_| RecordsError::Interrupted)
    }

    /// The episodes of all conversations that may have begun in a span of days.
    ///
    /// # Errors
    /// [`RecordsError::TooMany`], or what the store says.
    pub async fn episodes(&self, span: &Span) -> Result<Vec<Episode>, RecordsError> {
        let _one_at_a_time = self.inner.counting.lock().await;
        let survey = Survey::Between {
            from: span.begins(),
            // What was begun then may have gone on until now.
            until: i64::MAX,
            heads_max: REPORT_MAX + 1,
        };
        let mut heads = self.inner.hub.store().survey(survey).await?;
        if heads.len() > REPORT_MAX {
            return Err(RecordsError::TooMany);
        }
        heads.retain(|head| head.opened_at < span.ends());
        let within = span.begins()..span.ends();
        let mut all = Vec::new();
        for head in heads {
            let events = self.inner.read_from(&head.id, 0).await?;
            let of = episodes(&events).into_iter();
            all.extend(of.filter(|episode| within.contains(&episode.began)));
        }
        Ok(all)
    }
}

async fn keep_filled(records: Weak<Inner>) {
    loop {
        let Some(inner) = records.upgrade() else {
            return;
        };
        let caught_up = inner.look().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "conversations are not searchable yet; tried again soon");
            true
        });
        drop(inner);
        if caught_up {
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    }
}

/// The words of an event that can be found; files alone have none.
fn said(event: &Event) -> Option<&str> {
    match event {
        Event::CustomerSaid { text, .. }
        | Event::BotSaid { text, .. }
        | Event::AgentSaid { text, .. }
        | Event::Noted { text, .. } => Some(&**text).filter(|text| !text.is_empty()),
        _ => None,
    }
}

impl Inner {
    fn archive(&self) -> Result<&RwLock<Archive>, knowledge::Error> {
        if let Some(archive) = self.archive.get() {
            return Ok(archive);
        }
        let fresh = RwLock::new(Archive::new()?);
        Ok(self.archive.get_or_init(|| fresh))
    }

    async fn read_from(&self, id: &ConversationId, after: u64) -> Result<Vec<Recorded>, store::Error> {
        let mut events: Vec<Recorded> = Vec::new();
        let store = &**self.hub.store();
        store::read_through(store, id, (after, EVENTS_MAX), |event| events.push(event)).await?;
        Ok(events)
    }

    /// Takes in some of what has changed; answers whether that was all.
    async fn look(self: &Arc<Self>) -> Result<bool, RecordsError> {
        let mut cursor = self.cursor.lock().await;
        let survey = Survey::Changed {
            since: cursor.since - CROSSING_MS,
            heads_max: cursor.batch,
        };
        let heads = self.hub.store().survey(survey).await?;
        let whole = heads.len() < cursor.batch;
        let last = heads.last().map_or(cursor.since, |head| head.updated_at);
        let inner = self.clone();
        let ids: Vec<ConversationId> = heads.iter().map(|head| head.id.clone()).collect();
        let known = tokio::task::spawn_blocking(move || {
            let archive = inner.archive()?.read().unwrap_or_else(PoisonError::into_inner);
            let known = ids.iter().map(|id| archive.filed(id).cloned());
            Ok::<Vec<Option<Filed>>, knowledge::Error>(known.collect())
        });
        let known = known.await.map_err(|_| RecordsError::Interrupted)??;
        let mut read = Vec::new();
        for (head, known) in heads.iter().zip(known) {
            let before = known.as_ref().map_or(0, |filed| filed.last_seq);
            if before < head.last_seq {
                read.push(self.read(head, known).await?);
            }
        }
        if !read.is_empty() {
            let inner = self.clone();
            let filed = tokio::task::spawn_blocking(move || inner.file(read));
            filed.await.map_err(|_| RecordsError::Interrupted)??;
        }
        // More changes at one moment than a batch holds: only a larger one gets past it.
        let stuck = !whole && last - CROSSING_MS <= cursor.since - CROSSING_MS;
        cursor.batch = if stuck { cursor.batch * 2 } else { BATCH };
        cursor.since = cursor.since.max(last);
        Ok(whole)
    }

    async fn read(&self, head: &Head, known: Option<Filed>) -> Result<Read, store::Error> {
        let after = known.as_ref().map_or(0, |filed| filed.last_seq);
        let events = self.read_from(&head.id, after).await?;
        let mut filed = known.unwrap_or_else(|| Filed::new(head.ownership.status));
        let mut sayings = Vec::new();
        let mut ended = false;
        filed.status = head.ownership.status;
        for recorded in &events {
            (filed.last_seq, filed.at) = (recorded.seq, recorded.at);
            match &recorded.event {
                Event::AgentJoined { account, agent, .. } => {
                    if !filed.agents.contains(account) {
                        filed.agents.push(account.clone());
                    }
                    filed.agent_name = Some(agent.clone());
                }
                Event::Labelled { labels, .. } => filed.labels.clone_from(labels),
                Event::Resolved { .. } => ended = true,
                _ => {}
            }
            if let Some(text) = said(&recorded.event) {
                filed.last_said = recorded.seq;
                sayings.push(Saying {
                    seq: recorded.seq,
                    at: recorded.at,
                    text: text.to_owned(),
                });
            }
        }
        let whole = match ended {
            true if after > 0 => Some(self.read_from(&head.id, 0).await?),
            true => Some(events),
            false => None,
        };
        Ok(Read {
            id: head.id.clone(),
            filed,
            said: sayings,
            pairs: whole.map(|events| pairs(&head.id, &events)),
        })
    }

    fn file(&self, all: Vec<Read>) -> Result<(), knowledge::Error> {
        let mut archive = self.archive()?.write().unwrap_or_else(PoisonError::into_inner);
        let mut past = self.past.write().unwrap_or_else(PoisonError::into_inner);
        for read in all {
            archive.put(&read.id, read.filed, &read.said)?;
            if let Some(pairs) = read.pairs {
                past.put(&read.id, pairs);
            }
        }
        drop(past);
        archive.commit()
    }
}
