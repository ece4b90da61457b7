//! What a customer gets to see, whatever carries it: every event once and in order, hints, the place in the
//! queue. The socket and the stream both sit here.

use std::collections::VecDeque;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::admission::Guest;
use super::channel::Channel;
use super::wire::{ServerFrame, SignalFrame};
use crate::conversation::{Ownership, Recorded, Status};
use crate::engine::{Delivery, Hub, Place, Signal, Who};

/// Events read from the store at a time when a customer catches up.
const PAGE_EVENTS: usize = 200;

/// Why nothing more comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// The server, or the conversation's task, begins anew.
    Restart,
    /// The store does not answer.
    StoreSilent,
}

/// A customer who has been admitted and is told what happens.
pub(super) struct Seat {
    pub guest: Guest,
    hub: Hub,
    draining: watch::Receiver<bool>,
    /// The store holds more than was shown.
    behind: bool,
    ready: VecDeque<ServerFrame>,
    told: Option<(Place, bool)>,
}

/// What woke a seated customer.
enum Woke {
    Delivered(Result<Delivery, RecvError>),
    Queue,
    Draining,
}

impl Seat {
    /// Seats a guest; what they have missed comes first.
    pub fn new(channel: &Channel, guest: Guest) -> Self {
        Self {
            guest,
            hub: channel.hub.clone(),
            draining: channel.draining.clone(),
            behind: true,
            ready: VecDeque::new(),
            told: None,
        }
    }

    /// The next frame. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Result<ServerFrame, Leave> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(frame);
            }
            if self.behind {
                self.read_on().await?;
                continue;
            }
            let woke = tokio::select! {
                delivery = self.guest.deliveries.recv() => Woke::Delivered(delivery),
                _ = self.guest.queue.changed(), if self.guest.status == Status::Waiting => Woke::Queue,
                _ = self.draining.changed() => Woke::Draining,
            };
            match woke {
                Woke::Delivered(delivery) => self.take(delivery)?,
                Woke::Queue => self.tell_place(),
                Woke::Draining => return Err(Leave::Restart),
            }
        }
    }

    /// One page of what stands in the store behind the cursor.
    async fn read_on(&mut self) -> Result<(), Leave> {
        let read = self
            .hub
            .store()
            .read(&self.guest.id, self.guest.cursor, PAGE_EVENTS);
        let page = read.await.map_err(|_| Leave::StoreSilent)?;
        self.behind = page.len() == PAGE_EVENTS;
        self.show(&page);
        if !self.behind {
            self.tell_place();
        }
        Ok(())
    }

    fn take(&mut self, delivery: Result<Delivery, RecvError>) -> Result<(), Leave> {
        match delivery {
            Ok(Delivery::Events(events)) => {
                let next = self.guest.cursor + 1;
                match events.first().map(|e| e.seq) {
                    Some(first) if first == next => self.show(&events),
                    Some(first) if first > next => self.behind = true,
                    _ => {}
                }
            }
            Ok(Delivery::Signal(signal)) => self.hint(signal),
            Err(RecvError::Lagged(_)) => self.behind = true,
            Err(RecvError::Closed) => return Err(Leave::Restart),
        }
        Ok(())
    }

    fn hint(&mut self, signal: Signal) {
        let frame = match signal {
            Signal::Typing { who, name, on } => SignalFrame::Typing {
                who: match who {
                    Who::Customer => return,
                    Who::Bot => "bot",
                    Who::Agent => "agent",
                },
                name,
                on,
            },
            Signal::Read { who: Who::Agent, seq } => SignalFrame::Read { seq },
            Signal::Read { .. } => return,
        };
        self.ready.push_back(ServerFrame::Signal(frame));
    }

    fn show(&mut self, events: &[Recorded]) {
        self.ready.extend(ServerFrame::events(events));
        let before = self.guest.status;
        let mut ownership = Ownership {
            status: before,
            ..Default::default()
        };
        events
            .iter()
            .for_each(|recorded| ownership.apply(&recorded.event));
        self.guest.status = ownership.status;
        self.guest.cursor = events.last().map_or(self.guest.cursor, |e| e.seq);
        if self.guest.status != Status::Waiting {
            self.told = None;
        }
        if before != Status::Waiting && self.guest.status == Status::Waiting {
            self.tell_place();
        }
    }

    /// The place in the queue, whenever it is another than last told.
    fn tell_place(&mut self) {
        if self.guest.status != Status::Waiting {
            self.told = None;
            return;
        }
        let queue = self.guest.queue.borrow_and_update().clone();
        let Some(place) = queue.places.get(&self.guest.id).copied() else {
            return;
        };
        if self.told == Some((place, queue.open)) {
            return;
        }
        self.told = Some((place, queue.open));
        let signal = SignalFrame::Queue {
            place: place.place,
            wait_s: place.wait_s.filter(|_| queue.open),
            open: queue.open,
            opens_at: queue.opens_at,
        };
        self.ready.push_back(ServerFrame::Signal(signal));
    }
}
