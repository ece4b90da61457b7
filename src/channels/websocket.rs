//! A customer's socket: hello, then messages one way and events the other, each event once and in
//! order whatever happens in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use governor::DefaultDirectRateLimiter;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::admission::{Guest, admit, page_of};
use super::identity::Identity;
use super::limits::SocketLimits;
use super::text::check_text;
use super::wire::{CLIENT_TYPES, ClientFrame, Code, Say, ServerFrame, SignalFrame, VERSION, parse};
use crate::conversation::{Cid, Status};
use crate::engine::{Delivery, Hub, Inbound, Place, Signal, Who};

/// Events read from the store at a time when a customer catches up.
const PAGE_EVENTS: usize = 200;
/// Longest comment with a rating, in characters.
const COMMENT_CHARS_MAX: usize = 1_000;
/// Longest address or number to be answered at, in characters.
const CONTACT_CHARS_MAX: usize = 120;
/// Longest button value, in characters.
const CHOICE_CHARS_MAX: usize = 200;

/// What every customer's socket needs.
#[derive(Clone)]
pub struct Channel {
    /// The door to conversations.
    pub hub: Hub,
    /// Bounds.
    pub limits: Arc<SocketLimits>,
    /// Checks who customers are; without it nobody is known.
    pub identity: Option<Arc<Identity>>,
    /// Turns true when the server drains.
    pub draining: tokio::sync::watch::Receiver<bool>,
}

/// Why a socket ends.
enum End {
    Gone,
    Close(u16, &'static str),
}

type Flow<T> = Result<T, End>;

/// Serves one socket until it ends.
pub async fn serve(channel: Channel, mut socket: WebSocket) {
    let end = match greet(&channel, &mut socket).await {
        Ok(guest) => {
            let meter = channel.limits.meter();
            let mut seat = Seat {
                channel,
                socket,
                guest,
                meter,
                refusals: 0,
                told: None,
            };
            let end = seat.sit().await;
            socket = seat.socket;
            end
        }
        Err(end) => end,
    };
    // The peer may be gone; then there is nobody left to tell, and a moment's patience is enough.
    let farewell = async {
        if let End::Close(code, reason) = end {
            let frame = CloseFrame {
                code,
                reason: reason.into(),
            };
            socket.send(Message::Close(Some(frame))).await.is_ok()
        } else {
            // Reading once more sends the answer to the peer's own close frame.
            socket.recv().await.is_some()
        }
    };
    let _told = tokio::time::timeout(Duration::from_secs(2), farewell).await;
}

async fn greet(channel: &Channel, socket: &mut WebSocket) -> Flow<Guest> {
    let patience = Duration::from_millis(channel.limits.hello_ms_max);
    let text = match tokio::time::timeout(patience, first_text(socket)).await {
        Ok(text) => text?,
        Err(_) => return Err(End::Close(close_code::POLICY, "no hello in time")),
    };
    let hello = match parse::<ClientFrame>(&text, &CLIENT_TYPES) {
        Ok(ClientFrame::Hello(hello)) => hello,
        Ok(_) => return refuse(socket, Code::AuthRequired).await,
        Err(code) => return refuse(socket, code).await,
    };
    if hello.v != VERSION {
        return refuse(socket, Code::UnsupportedVersion).await;
    }
    match admit(channel, &hello).await {
        Ok((guest, welcome)) => {
            write(channel, socket, &ServerFrame::Welcome(welcome)).await?;
            Ok(guest)
        }
        Err(code) => refuse(socket, code).await,
    }
}

async fn first_text(socket: &mut WebSocket) -> Flow<String> {
    loop {
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
            Some(Ok(Message::Binary(_))) => {
                return Err(End::Close(close_code::UNSUPPORTED, "text frames only"));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Err(error)) => return Err(End::of(&error)),
            Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
        }
    }
}

async fn refuse<T>(socket: &mut WebSocket, code: Code) -> Flow<T> {
    let frame = serde_json::to_string(&ServerFrame::error(code, None)).unwrap_or_default();
    let _gone = socket.send(Message::Text(frame.into())).await;
    Err(End::Close(close_code::POLICY, "see the error frame"))
}

async fn write(channel: &Channel, socket: &mut WebSocket, frame: &ServerFrame) -> Flow<()> {
    let text = serde_json::to_string(frame).map_err(|_| End::Close(close_code::ERROR, "internal"))?;
    let patience = Duration::from_millis(channel.limits.write_ms_max);
    match tokio::time::timeout(patience, socket.send(Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Close(close_code::AGAIN, "reading too slowly")),
    }
}

impl End {
    /// The close code a broken frame deserves.
    fn of(error: &axum::Error) -> Self {
        let text = error.to_string();
        if text.contains("too long") || text.contains("too big") || text.contains("Space limit") {
            Self::Close(close_code::SIZE, "larger than a message may be")
        } else if text.to_lowercase().contains("utf-8") || text.to_lowercase().contains("utf8") {
            Self::Close(close_code::INVALID, "not UTF-8")
        } else if text.contains("protocol") || text.contains("Protocol") {
            Self::Close(close_code::PROTOCOL, "protocol error")
        } else {
            Self::Gone
        }
    }
}

/// What woke a seated customer's task.
enum Woke {
    Received(Option<Result<Message, axum::Error>>),
    Delivered(Result<Delivery, RecvError>),
    Queue,
    Ping,
    Draining,
}

struct Seat {
    channel: Channel,
    socket: WebSocket,
    guest: Guest,
    meter: DefaultDirectRateLimiter,
    refusals: u32,
    told: Option<(Place, bool)>,
}

impl Seat {
    async fn sit(&mut self) -> End {
        match self.sit_until_end().await {
            Ok(()) => End::Gone,
            Err(end) => end,
        }
    }

    async fn sit_until_end(&mut self) -> Flow<()> {
        self.catch_up().await?;
        self.tell_place().await?;
        let mut ping = tokio::time::interval(self.channel.limits.ping());
        let silence = Duration::from_millis(self.channel.limits.silence_ms_max);
        let mut heard = Instant::now();
        loop {
            let woke = tokio::select! {
                received = self.socket.recv() => Woke::Received(received),
                delivery = self.guest.deliveries.recv() => Woke::Delivered(delivery),
                _ = self.guest.queue.changed(), if self.guest.status == Status::Waiting => Woke::Queue,
                _ = ping.tick() => Woke::Ping,
                _ = self.channel.draining.changed() => Woke::Draining,
            };
            match woke {
                Woke::Received(received) => {
                    heard = Instant::now();
                    self.receive(received).await?;
                }
                Woke::Delivered(delivery) => self.pass_on(delivery).await?,
                Woke::Queue => self.tell_place().await?,
                Woke::Ping if heard.elapsed() > silence => {
                    return Err(End::Close(close_code::AWAY, "silent for too long"));
                }
                Woke::Ping => {
                    self.socket
                        .send(Message::Ping(Vec::new().into()))
                        .await
                        .map_err(|_| End::Gone)?;
                }
                Woke::Draining => {
                    return Err(End::Close(close_code::RESTART, "the server restarts"));
                }
            }
        }
    }

    async fn send(&mut self, frame: &ServerFrame) -> Flow<()> {
        write(&self.channel, &mut self.socket, frame).await
    }

    async fn receive(&mut self, received: Option<Result<Message, axum::Error>>) -> Flow<()> {
        let text = match received {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(_))) => {
                return Err(End::Close(close_code::UNSUPPORTED, "text frames only"));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return self.metered().await.map(drop),
            Some(Err(error)) => return Err(End::of(&error)),
            Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
        };
        if !self.metered().await? {
            return Ok(());
        }
        match parse::<ClientFrame>(&text, &CLIENT_TYPES) {
            Ok(ClientFrame::Say(say)) => self.say(say).await,
            Ok(ClientFrame::Page { page }) => self.look_at(&page).await,
            Ok(ClientFrame::Rate {
                stars,
                reason,
                comment,
            }) => self.bring(self.rated(stars, reason, comment)).await,
            Ok(ClientFrame::Contact { contact }) => self.bring(contact_left(&contact)).await,
            Ok(ClientFrame::Typing { on }) => {
                self.channel.hub.signal(
                    &self.guest.id,
                    Signal {
                        who: Who::Customer,
                        on,
                    },
                );
                Ok(())
            }
            Ok(ClientFrame::Hello(_)) => self.send(&ServerFrame::error(Code::BadField, None)).await,
            Err(code) => self.send(&ServerFrame::error(code, None)).await,
        }
    }

    /// Another page: nothing to tell the customer, who is on it.
    async fn look_at(&mut self, page: &BTreeMap<String, String>) -> Flow<()> {
        let arrived = page_of(page).map(|page| Inbound::Arrived { customer: None, page });
        self.bring(arrived).await
    }

    fn rated(&self, stars: u8, reason: Option<String>, comment: Option<String>) -> Result<Inbound, Code> {
        let brain = self.channel.hub.engine().brain();
        let reasons = &brain.bot.handoff.rating_reasons;
        let known = reason
            .as_ref()
            .is_none_or(|id| reasons.iter().any(|own| own.id == *id));
        if !(1..=5).contains(&stars) || !known {
            return Err(Code::BadField);
        }
        let comment = comment.filter(|text| !text.trim().is_empty());
        let comment = comment
            .map(|text| short_text(&text, COMMENT_CHARS_MAX))
            .transpose()?;
        Ok(Inbound::Rated {
            stars,
            reason,
            comment,
        })
    }

    /// What is not a message: refused aloud, done in silence; the event it becomes tells the rest.
    async fn bring(&mut self, inbound: Result<Inbound, Code>) -> Flow<()> {
        let outcome = match inbound {
            Ok(inbound) => {
                let delivered = self.channel.hub.deliver(&self.guest.id, inbound).await;
                delivered.map_err(|error| Code::from(&error))
            }
            Err(code) => Err(code),
        };
        match outcome {
            Ok(_) => Ok(()),
            Err(code) => self.send(&ServerFrame::error(code, None)).await,
        }
    }

    /// Whether the frame is within the rate; too many refusals end the socket.
    async fn metered(&mut self) -> Flow<bool> {
        if self.meter.check().is_ok() {
            return Ok(true);
        }
        self.refusals += 1;
        if self.refusals > self.channel.limits.rate_refusals_max {
            return Err(End::Close(close_code::POLICY, "too many frames"));
        }
        self.send(&ServerFrame::error(Code::RateLimited, None)).await?;
        Ok(false)
    }

    async fn say(&mut self, say: Say) -> Flow<()> {
        let name = say.cid.chars().take(64).collect::<String>();
        let frame = match self.deliver(say).await {
            Ok((cid, seq)) => ServerFrame::Ack { cid, seq },
            Err(code) => ServerFrame::error(code, Some(name)),
        };
        self.send(&frame).await
    }

    async fn deliver(&mut self, say: Say) -> Result<(Cid, u64), Code> {
        let cid = Cid::new(say.cid).map_err(|_| Code::BadCid)?;
        let text = check_text(&say.text)?;
        let choice = say.choice.filter(|c| c.chars().count() <= CHOICE_CHARS_MAX);
        let inbound = Inbound::CustomerSaid {
            cid: cid.clone(),
            text,
            choice,
        };
        let outcome = self.channel.hub.deliver(&self.guest.id, inbound).await;
        outcome
            .map(|outcome| (cid, outcome.seq))
            .map_err(|error| Code::from(&error))
    }

    async fn pass_on(&mut self, delivery: Result<Delivery, RecvError>) -> Flow<()> {
        match delivery {
            Ok(Delivery::Events(events)) => {
                let next = self.guest.cursor + 1;
                match events.first().map(|e| e.seq) {
                    Some(first) if first == next => self.show(&events).await,
                    Some(first) if first > next => self.catch_up().await,
                    _ => Ok(()),
                }
            }
            Ok(Delivery::Signal(signal)) if signal.who != Who::Customer => {
                let who = if signal.who == Who::Bot { "bot" } else { "agent" };
                self.send(&ServerFrame::Signal(SignalFrame::Typing { who, on: signal.on }))
                    .await
            }
            Ok(Delivery::Signal(_)) => Ok(()),
            Err(RecvError::Lagged(_)) => self.catch_up().await,
            Err(RecvError::Closed) => Err(End::Close(close_code::RESTART, "come back")),
        }
    }

    async fn show(&mut self, events: &[crate::conversation::Recorded]) -> Flow<()> {
        if let Some(frame) = ServerFrame::events(events) {
            self.send(&frame).await?;
        }
        let before = self.guest.status;
        let mut ownership = crate::conversation::Ownership {
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
            self.tell_place().await?;
        }
        Ok(())
    }

    /// Everything in the store behind the cursor.
    async fn catch_up(&mut self) -> Flow<()> {
        loop {
            let read = self
                .channel
                .hub
                .store()
                .read(&self.guest.id, self.guest.cursor, PAGE_EVENTS)
                .await;
            let Ok(page) = read else {
                return Err(End::Close(close_code::AGAIN, "the store does not answer"));
            };
            self.show(&page).await?;
            if page.len() < PAGE_EVENTS {
                return Ok(());
            }
        }
    }

    /// The place in the queue, whenever it is another than last told.
    async fn tell_place(&mut self) -> Flow<()> {
        if self.guest.status != Status::Waiting {
            self.told = None;
            return Ok(());
        }
        let queue = self.guest.queue.borrow_and_update().clone();
        let Some(place) = queue.places.get(&self.guest.id).copied() else {
            return Ok(());
        };
        if self.told == Some((place, queue.open)) {
            return Ok(());
        }
        self.told = Some((place, queue.open));
        let signal = SignalFrame::Queue {
            place: place.place,
            wait_s: place.wait_s.filter(|_| queue.open),
            open: queue.open,
            opens_at: queue.opens_at,
        };
        Box::pin(self.send(&ServerFrame::Signal(signal))).await
    }
}

/// Where the customer can be answered later.
fn contact_left(contact: &str) -> Result<Inbound, Code> {
    let contact = short_text(contact, CONTACT_CHARS_MAX)?;
    Ok(Inbound::ContactLeft { contact })
}

fn short_text(text: &str, chars_max: usize) -> Result<String, Code> {
    let text = check_text(text)?;
    if text.chars().count() > chars_max {
        return Err(Code::TooLong);
    }
    Ok(text)
}
