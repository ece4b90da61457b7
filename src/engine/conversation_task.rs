//! The life of one live conversation: take from the mailbox, write, tell, take the bot's turn.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};

use super::Error;
use super::act::{self, Act, Writes};
use super::hub::{Delivery, Envelope, Inbound, Inner, Outcome, Signal, Who, unfenced};
use super::turn::{Pause, Turn, ask};
use crate::conversation::{ConversationId, Event, Recorded, Service, Tracker, sha256};
use crate::store::{self, Append, Appended};

/// Messages of the customer put aside while the bot thinks; more wait in the mailbox.
const HELD_MAX: usize = 16;
/// Characters kept of the hash of a message.
const BODY_HASH_CHARS: usize = 32;
/// How long the shop may take to tell a customer's level, in milliseconds.
const LEVEL_MS_MAX: u64 = 800;

/// The conversation as it is on disk, for the bot and for the board.
#[derive(Default)]
struct State {
    tracker: Tracker,
    service: Service,
}

impl State {
    fn apply(&mut self, recorded: &Recorded) {
        self.tracker.apply(recorded);
        self.service.apply(recorded);
    }
}

struct Task {
    inner: Arc<Inner>,
    id: ConversationId,
    mailbox: mpsc::Receiver<Envelope>,
    /// What the customer said while the bot was thinking.
    held: VecDeque<Envelope>,
    deliveries: broadcast::Sender<Delivery>,
    /// Whether the customer is writing.
    typing: Arc<AtomicBool>,
    state: Option<State>,
}

pub(super) async fn run(
    inner: Arc<Inner>,
    id: ConversationId,
    mailbox: mpsc::Receiver<Envelope>,
    deliveries: broadcast::Sender<Delivery>,
    typing: Arc<AtomicBool>,
) {
    let idle = Duration::from_millis(inner.settings.idle_ms);
    let mut task = Task {
        inner,
        id,
        mailbox,
        held: VecDeque::new(),
        deliveries,
        typing,
        state: None,
    };
    loop {
        match tokio::time::timeout(idle, task.next()).await {
            Ok(Some(envelope)) => {
                task.serve(envelope).await;
                task.hear_out().await;
                task.answer_all().await;
            }
            Ok(None) => return,
            Err(_) => {
                let listened = task.deliveries.receiver_count() > 0;
                if !listened && task.inner.retire(&task.id, &mut task.mailbox) {
                    return;
                }
            }
        }
    }
}

impl Task {
    async fn next(&mut self) -> Option<Envelope> {
        match self.held.pop_front() {
            Some(envelope) => Some(envelope),
            None => self.mailbox.recv().await,
        }
    }

    fn tracker(&self) -> Option<&Tracker> {
        self.state.as_ref().map(|state| &state.tracker)
    }

    /// People write in bursts: what else comes at once, or while they go on writing, is answered together.
    async fn hear_out(&mut self) {
        let (pause, most) = (self.inner.settings.burst_ms, self.inner.settings.burst_ms_max);
        let began = tokio::time::Instant::now();
        let spoken = |tracker: &Tracker| {
            let tapped = tracker.said.as_ref().is_some_and(|said| said.choice.is_some());
            tracker.unanswered().is_some() && !tapped
        };
        while pause > 0 && self.tracker().is_some_and(spoken) {
            let left = most.saturating_sub(u64::try_from(began.elapsed().as_millis()).unwrap_or(most));
            let wait = Duration::from_millis(pause.min(left));
            match tokio::time::timeout(wait, self.next()).await {
                // What people decided is a turn of its own.
                Ok(Some(envelope)) if envelope.inbound.decides() => {
                    self.held.push_front(envelope);
                    return;
                }
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
            self.state = None;
        }
    }

    async fn take(&mut self, inbound: Inbound) -> Result<Outcome, Error> {
        self.load().await?;
        let State { tracker, service } = self.state.as_ref().ok_or(Error::Interrupted)?;
        let mut append = unfenced(&self.id, self.inner.clock.now());
        match inbound {
            Inbound::CatchUp => {}
            Inbound::CustomerSaid {
                cid,
                text,
                choice,
                photos,
            } => {
                let hash = body_hash(&text, choice.as_deref(), &photos);
                append.once = Some((cid.clone(), hash));
                append.events.push(Event::CustomerSaid {
                    cid,
                    text,
                    choice,
                    photos,
                });
            }
            Inbound::Arrived { customer, page } => {
                let known = tracker.customer.clone().unwrap_or_default();
                if page != tracker.page && !page.is_empty() {
                    append.events.push(Event::PageSeen { page });
                }
                if let Some(customer) = customer.filter(|customer| *customer != known) {
                    if !known.is_empty() && !customer.is_empty() {
                        return Err(Error::NotOwner);
                    }
                    let level = self.level_of(&customer).await;
                    append.events.insert(0, Event::Identified { customer, level });
                }
            }
            // Only who was served by people can say how it was.
            Inbound::Rated { .. } if service.last_agent.is_none() => return Err(Error::NotOwner),
            Inbound::Rated {
                stars,
                reason,
                comment,
            } => append.events.push(Event::Rated {
                stars,
                reason,
                comment,
            }),
            Inbound::ContactLeft { contact } => append.events.push(Event::ContactLeft { contact }),
            Inbound::Act(person, act) => {
                append.once = match &act {
                    Act::Reply { cid, text, files } => Some((cid.clone(), body_hash(text, None, files))),
                    Act::Note { cid, text, .. } => Some((cid.clone(), body_hash(text, None, &[]))),
                    _ => None,
                };
                let Writes { events, fence } = act::acted(service, &person, act)?;
                (append.events, append.fence) = (events, fence);
            }
            Inbound::Routed(routed) => {
                let Writes { events, fence } = act::routed(service, routed);
                (append.events, append.fence) = (events, fence);
            }
        }
        if append.events.is_empty() {
            return Ok(Outcome { seq: 0 });
        }
        self.append(append).await
    }

    /// The level of a customer who has just proved who they are; a shop that does not say has none.
    async fn level_of(&self, customer: &str) -> Option<String> {
        if customer.is_empty() {
            return None;
        }
        let brain = self.inner.engine.brain();
        let patience = Duration::from_millis(LEVEL_MS_MAX);
        let asked = tokio::time::timeout(patience, brain.shop.customer(customer));
        let found = asked.await.ok()?.ok()??;
        Some(found.level).filter(|level| !level.is_empty())
    }

    /// Writes, then tells: nobody sees what is not on disk.
    async fn append(&mut self, append: Append) -> Result<Outcome, Error> {
        let appended = match self.inner.store.append(append).await {
            Ok(appended) => appended,
            Err(error) => {
                if matches!(error, store::Error::Fenced | store::Error::AlreadyAnswered) {
                    self.state = None;
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
        let Some(state) = &mut self.state else {
            return;
        };
        let dense = appended
            .events
            .first()
            .is_some_and(|e| e.seq == state.tracker.last_seq + 1);
        if dense {
            appended.events.iter().for_each(|recorded| state.apply(recorded));
            self.inner.board.put(&self.id, state.service.clone());
        } else {
            // Another process wrote in between: fold anew with the next message.
            self.state = None;
        }
        let events: Arc<[Recorded]> = appended.events.clone().into();
        // Nobody listens: the store remembers.
        let _listeners = self.deliveries.send(Delivery::Events(events));
    }

    /// The bot's turn, if a message waits for one.
    async fn answer(&mut self) -> Result<(), Error> {
        let Some(tracker) = self.tracker().filter(|t| t.unanswered().is_some()).cloned() else {
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
            let thought = self.meanwhile(thought, Some(epoch)).await?;
            let pause;
            (turn, pause) = thought.map_err(|_| Error::Interrupted)?;
            let Pause::Shop { asked, writes } = pause else {
                return self.keep(turn.take_events(), Some(epoch)).await;
            };
            if writes {
                self.keep(turn.take_events(), Some(epoch)).await?;
            }
            let brain = turn.brain().clone();
            let asking = ask(&brain.bot, &*brain.shop, &asked);
            let answer = self.meanwhile(asking, (!writes).then_some(epoch)).await?;
            turn.answered(&asked, answer);
            if writes {
                self.keep(turn.take_events(), None).await?;
            }
        }
    }

    /// Waits for the bot's work. People are served meanwhile: whoever takes over does not wait for a slow
    /// shop, and work that is worth nothing under another `epoch` is dropped. What the customer says is put
    /// aside, since the turn has begun without it.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>, epoch: Option<u64>) -> Result<T, Error> {
        tokio::pin!(work);
        loop {
            let envelope = tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                Some(envelope) = self.mailbox.recv(), if self.held.len() < HELD_MAX => envelope,
            };
            if envelope.inbound.waits_for_the_bot() {
                self.held.push_back(envelope);
                continue;
            }
            self.serve(envelope).await;
            let now = self.tracker().map(|tracker| tracker.ownership.owner_epoch);
            if epoch.is_some() && now != epoch {
                return Err(store::Error::Fenced.into());
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
        let typing = Signal::Typing {
            who: Who::Bot,
            name: None,
            on,
        };
        let _listeners = self.deliveries.send(Delivery::Signal(typing));
    }

    async fn load(&mut self) -> Result<(), Error> {
        if self.state.is_some() {
            return Ok(());
        }
        let mut state = State::default();
        let store = &*self.inner.store;
        store::read_through(store, &self.id, (0, usize::MAX), |event| state.apply(&event)).await?;
        if state.tracker.last_seq == 0 {
            return Err(store::Error::NotFound.into());
        }
        self.state = Some(state);
        Ok(())
    }
}

/// What a `cid` stands for, shortened.
fn body_hash(text: &str, choice: Option<&str>, files: &[String]) -> String {
    let files = files.iter().map(String::as_str);
    let parts: Vec<&str> = [text, choice.unwrap_or_default()]
        .into_iter()
        .chain(files)
        .collect();
    let mut hash = sha256(parts.join("\0"));
    hash.truncate(BODY_HASH_CHARS);
    hash
}
