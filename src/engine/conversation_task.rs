//! The life of one live conversation: take from the mailbox, write, tell, take the bot's turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{broadcast, mpsc};

use super::Error;
use super::hub::{Delivery, Envelope, Inbound, Inner, Outcome, Signal, Who, unfenced};
use super::turn::{Pause, Turn, ask};
use crate::conversation::{ConversationId, Event, Owner, Recorded, Status, Tracker};
use crate::store::{self, Append, Appended};

/// Events read from the store at a time when a tracker is folded.
const PAGE_EVENTS: usize = 1_000;

struct Task {
    inner: Arc<Inner>,
    id: ConversationId,
    deliveries: broadcast::Sender<Delivery>,
    /// Whether the customer is writing.
    typing: Arc<AtomicBool>,
    tracker: Option<Tracker>,
}

pub(super) async fn run(
    inner: Arc<Inner>,
    id: ConversationId,
    mut mailbox: mpsc::Receiver<Envelope>,
    deliveries: broadcast::Sender<Delivery>,
    typing: Arc<AtomicBool>,
) {
    let idle = Duration::from_millis(inner.settings.idle_ms);
    let mut task = Task {
        inner,
        id,
        deliveries,
        typing,
        tracker: None,
    };
    loop {
        match tokio::time::timeout(idle, mailbox.recv()).await {
            Ok(Some(envelope)) => {
                task.serve(envelope).await;
                task.hear_out(&mut mailbox).await;
                task.answer_all().await;
            }
            Ok(None) => return,
            Err(_) => {
                let listened = task.deliveries.receiver_count() > 0;
                if !listened && task.inner.retire(&task.id, &mut mailbox) {
                    return;
                }
            }
        }
    }
}

impl Task {
    /// People write in bursts: what else comes at once, or while they go on writing, is answered together.
    async fn hear_out(&mut self, mailbox: &mut mpsc::Receiver<Envelope>) {
        let settings = &self.inner.settings;
        let (pause, most) = (settings.burst_ms, settings.burst_ms_max);
        let began = tokio::time::Instant::now();
        let spoken = |tracker: &Tracker| {
            let tapped = tracker.said.as_ref().is_some_and(|said| said.choice.is_some());
            tracker.unanswered().is_some() && !tapped
        };
        while pause > 0 && self.tracker.as_ref().is_some_and(spoken) {
            let left = most.saturating_sub(u64::try_from(began.elapsed().as_millis()).unwrap_or(most));
            let wait = Duration::from_millis(pause.min(left));
            match tokio::time::timeout(wait, mailbox.recv()).await {
                Ok(Some(envelope)) => self.serve(envelope).await,
                Ok(None) => return,
                Err(_) if left > 0 && self.typing.load(Ordering::Relaxed) => {}
                Err(_) => return,
            }
        }
    }

    async fn serve(&mut self, envelope: Envelope) {
        let outcome = self.take(envelope.inbound).await;
        if let Err(error) = &outcome {
            tracing::debug!(%error, conversation.id = %self.id, "not taken");
        }
        // A requester that has gone away has its answer in the store.
        drop(envelope.outcome.send(outcome));
    }

    async fn answer_all(&mut self) {
        if let Err(error) = self.answer().await {
            tracing::error!(%error, conversation.id = %self.id, "the bot's turn was not stored");
            self.tracker = None;
        }
    }

    async fn take(&mut self, inbound: Inbound) -> Result<Outcome, Error> {
        self.load().await?;
        let tracker = self.tracker.as_ref().ok_or(Error::Interrupted)?;
        let mut append = unfenced(&self.id, self.inner.clock.now());
        let fence = Some(tracker.ownership.owner_epoch);
        let owner = tracker.ownership.owner.clone();
        match inbound {
            Inbound::CatchUp => return Ok(Outcome { seq: 0 }),
            Inbound::CustomerSaid { cid, text, choice } => {
                let hash = body_hash(&text, choice.as_deref());
                append.once = Some((cid.clone(), hash));
                append.events.push(Event::CustomerSaid {
                    cid,
                    text,
                    choice,
                    photos: Vec::new(),
                });
            }
            Inbound::Arrived { customer, page } => {
                let known = tracker.customer.clone().unwrap_or_default();
                if let Some(customer) = customer.filter(|customer| *customer != known) {
                    if !known.is_empty() && !customer.is_empty() {
                        return Err(Error::NotOwner);
                    }
                    append.events.push(Event::Identified { customer });
                }
                if page != tracker.page && !page.is_empty() {
                    append.events.push(Event::PageSeen { page });
                }
                if append.events.is_empty() {
                    return Ok(Outcome { seq: 0 });
                }
            }
            Inbound::Claim { account, agent } => {
                if owner == Owner::Agent(account.clone()) {
                    return Ok(Outcome { seq: 0 });
                }
                if tracker.ownership.status == Status::WithAgent {
                    return Err(Error::NotOwner);
                }
                append.fence = fence;
                append.events.push(Event::AgentJoined { account, agent });
            }
            Inbound::Reply {
                account,
                agent,
                cid,
                text,
            } => {
                append.fence = fence.filter(|_| owner == Owner::Agent(account));
                append.fence.ok_or(Error::NotOwner)?;
                append.once = Some((cid.clone(), body_hash(&text, None)));
                append.events.push(Event::AgentSaid { cid, agent, text });
            }
            Inbound::Resolve { account, agent } => {
                append.fence = fence.filter(|_| owner == Owner::Agent(account));
                append.fence.ok_or(Error::NotOwner)?;
                append.events.push(Event::Resolved { by: agent });
            }
        }
        self.append(append).await
    }

    /// Writes, then tells: nobody sees what is not on disk.
    async fn append(&mut self, append: Append) -> Result<Outcome, Error> {
        let appended = match self.inner.store.append(append).await {
            Ok(appended) => appended,
            Err(error) => {
                if matches!(error, store::Error::Fenced | store::Error::AlreadyAnswered) {
                    self.tracker = None;
                }
                return Err(error.into());
            }
        };
        let seq = appended.events.first().map_or(0, |e| e.seq);
        self.tell(&appended);
        Ok(Outcome { seq })
    }

    fn tell(&mut self, appended: &Appended) {
        if appended.repeated {
            return;
        }
        let Some(tracker) = &mut self.tracker else {
            return;
        };
        let dense = appended
            .events
            .first()
            .is_some_and(|e| e.seq == tracker.last_seq + 1);
        if dense {
            appended
                .events
                .iter()
                .for_each(|recorded| tracker.apply(recorded));
        } else {
            // Another process wrote in between: fold anew with the next message.
            self.tracker = None;
        }
        let events: Arc<[Recorded]> = appended.events.clone().into();
        // Nobody listens: the store remembers.
        let _listeners = self.deliveries.send(Delivery::Events(events));
        self.inner.board_changed();
    }

    /// The bot's turn, if a message waits for one.
    async fn answer(&mut self) -> Result<(), Error> {
        let Some(tracker) = self.tracker.clone().filter(|t| t.unanswered().is_some()) else {
            return Ok(());
        };
        let now = self.inner.clock.now();
        let Some(turn) = self.inner.engine.begin(self.id.as_str(), &tracker, now) else {
            return Ok(());
        };
        self.signal(true);
        let outcome = self.take_turn(turn, tracker.ownership.owner_epoch).await;
        self.signal(false);
        match outcome {
            // Somebody took over while the bot thought, or another process answered: it stays silent.
            Err(Error::Store(store::Error::Fenced | store::Error::AlreadyAnswered)) => Ok(()),
            outcome => outcome,
        }
    }

    /// Thinks on a blocking thread and asks the shop in between. An effect outside is on disk as begun
    /// before it is carried out, and what came of it right after, whoever owns the conversation by then.
    async fn take_turn(&mut self, mut turn: Turn, epoch: u64) -> Result<(), Error> {
        loop {
            let thought = tokio::task::spawn_blocking(move || {
                let pause = turn.advance();
                (turn, pause)
            });
            let pause;
            (turn, pause) = thought.await.map_err(|_| Error::Interrupted)?;
            let Pause::Shop { asked, writes } = pause else {
                return self.keep(turn.take_events(), Some(epoch)).await;
            };
            if writes {
                self.keep(turn.take_events(), Some(epoch)).await?;
            }
            let brain = turn.brain().clone();
            let answer = ask(&brain.bot, &*brain.shop, &asked).await;
            turn.answered(&asked, answer);
            if writes {
                self.keep(turn.take_events(), None).await?;
            }
        }
    }

    async fn keep(&mut self, events: Vec<Event>, fence: Option<u64>) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let append = Append {
            events,
            fence,
            ..unfenced(&self.id, self.inner.clock.now())
        };
        self.append(append).await.map(drop)
    }

    fn signal(&self, on: bool) {
        let _listeners = self
            .deliveries
            .send(Delivery::Signal(Signal { who: Who::Bot, on }));
    }

    async fn load(&mut self) -> Result<(), Error> {
        if self.tracker.is_some() {
            return Ok(());
        }
        let mut tracker = Tracker::default();
        loop {
            let page = self
                .inner
                .store
                .read(&self.id, tracker.last_seq, PAGE_EVENTS)
                .await?;
            page.iter().for_each(|recorded| tracker.apply(recorded));
            if page.len() < PAGE_EVENTS {
                break;
            }
        }
        if tracker.last_seq == 0 {
            return Err(store::Error::NotFound.into());
        }
        self.tracker = Some(tracker);
        Ok(())
    }
}

/// SHA-256 of what a `cid` stands for.
fn body_hash(text: &str, choice: Option<&str>) -> String {
    let mut hash = Sha256::new();
    hash.update(text.as_bytes());
    hash.update([0]);
    hash.update(choice.unwrap_or_default().as_bytes());
    hash.finalize()
        .iter()
        .take(16)
        .map(|b| format!("{b:02x}"))
        .collect()
}
