//! The board: every conversation that people have to do with, and the latest others, as they are on disk
//! now. Kept in memory from what conversations write, so that no console asks the store for it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};

use crate::conversation::{ConversationId, Service};
use crate::store::{self, Store, Survey, read_through};

/// Conversations kept besides those people have to do with.
const OTHERS_MAX: usize = 300;
/// Changes a listener may lag behind before it takes the whole board anew.
const LAG_MAX: usize = 4_096;

/// One conversation's place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub place: u64,
    /// Seconds until it is likely to be served, when that can be told.
    pub wait_s: Option<u64>,
}

/// Who waits where, as the desk works it out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// By conversation.
    pub places: HashMap<ConversationId, Place>,
    /// Whether people are at work now.
    pub open: bool,
    /// When they are again, milliseconds since 1970.
    pub opens_at: Option<i64>,
}

/// See the module's word.
pub struct Board {
    rows: Mutex<Rows>,
    changes: broadcast::Sender<ConversationId>,
    queue: watch::Sender<Arc<Queue>>,
}

#[derive(Default)]
struct Rows {
    by_id: BTreeMap<ConversationId, Arc<Service>>,
    /// Those people have nothing to do with, oldest first.
    others: BTreeSet<(i64, ConversationId)>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            rows: Mutex::default(),
            changes: broadcast::channel(LAG_MAX).0,
            queue: watch::channel(Arc::default()).0,
        }
    }
}

impl Board {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills the board from the store.
    ///
    /// # Errors
    /// What the store says.
    pub async fn load(&self, store: &dyn Store) -> Result<(), store::Error> {
        let heads_max = OTHERS_MAX;
        for head in store.survey(Survey::Open { heads_max }).await? {
            let mut service = Service::default();
            read_through(store, &head.id, (0, usize::MAX), |event| service.apply(&event)).await?;
            self.put(&head.id, service);
        }
        Ok(())
    }

    /// A conversation as it is now. A customer who has not said anything is nobody's business.
    pub fn put(&self, id: &ConversationId, service: Service) {
        if !service.spoken && !service.is_with_people() {
            return;
        }
        self.rows().put(id, service);
        // Nobody listens: fine.
        let _listeners = self.changes.send(id.clone());
    }

    /// A conversation, if it is on the board.
    #[must_use]
    pub fn get(&self, id: &ConversationId) -> Option<Arc<Service>> {
        self.rows().by_id.get(id).cloned()
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<(ConversationId, Arc<Service>)> {
        let rows = self.rows();
        rows.by_id
            .iter()
            .map(|(id, row)| (id.clone(), row.clone()))
            .collect()
    }

    /// The ids of conversations whenever they change.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<ConversationId> {
        self.changes.subscribe()
    }

    /// Who waits where, whenever that changes.
    #[must_use]
    pub fn queue(&self) -> watch::Receiver<Arc<Queue>> {
        self.queue.subscribe()
    }

    /// Tells customers their places.
    pub fn set_queue(&self, queue: Queue) {
        self.queue.send_if_modified(|before| {
            let changed = **before != queue;
            if changed {
                *before = Arc::new(queue);
            }
            changed
        });
    }
}

impl Rows {
    fn put(&mut self, id: &ConversationId, service: Service) {
        if let Some(before) = self.by_id.get(id) {
            self.others.remove(&(before.last_at, id.clone()));
        }
        if !service.is_with_people() {
            self.others.insert((service.last_at, id.clone()));
        }
        self.by_id.insert(id.clone(), Arc::new(service));
        while self.others.len() > OTHERS_MAX {
            if let Some((_, oldest)) = self.others.pop_first() {
                self.by_id.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Event, HandoffReason, Recorded};

    fn service(at: i64, waits: bool) -> Service {
        let mut service = Service {
            spoken: true,
            ..Service::default()
        };
        if waits {
            let event = Event::handoff(HandoffReason::Asked);
            service.apply(&Recorded { seq: 1, at, event });
        }
        service.last_at = at;
        service
    }

    #[test]
    fn who_waits_is_never_forgotten() {
        let board = Board::default();
        let id = |n: usize| ConversationId::new(format!("conversation-{n:05}")).unwrap();
        board.put(&id(0), service(0, true));
        for n in 1..=OTHERS_MAX + 10 {
            board.put(&id(n), service(i64::try_from(n).unwrap(), false));
        }
        assert_eq!(board.all().len(), OTHERS_MAX + 1);
        assert!(board.get(&id(0)).is_some(), "it waits");
        assert!(board.get(&id(1)).is_none(), "the oldest of the others has gone");
        board.put(&id(0), service(1, false));
        assert_eq!(board.all().len(), OTHERS_MAX);
    }
}
