//! An agent's socket: the board, one watched conversation, and what the agent does.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::frames::{AGENT_TYPES, AgentFrame, BoardRow, ConsoleFrame};
use super::{Console, login};
use crate::channels::wire::{Code, ErrorFrame, SignalFrame, parse};
use crate::channels::{check_text, socket_of};
use crate::conversation::{Cid, ConversationId, Event, Owner, Recorded};
use crate::engine::{Delivery, Hub, Inbound, Signal, Who};
use crate::store::{Account, Head, Survey};

/// Conversations on the board.
const BOARD_ROWS_MAX: usize = 100;
/// Events looked back at for the last words of a conversation.
const LAST_WORDS_EVENTS: u64 = 12;
/// Characters of the last words shown.
const LAST_WORDS_CHARS: usize = 80;
/// Events sent at a time.
const PAGE_EVENTS: usize = 500;
/// The board is sent at most this often, in milliseconds.
const BOARD_MS_MIN: u64 = 150;

pub(super) async fn upgrade(
    State(console): State<Console>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(account) = login::who(&console, &headers).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let upgrade = socket_of(upgrade, &console.limits);
    upgrade.on_upgrade(move |socket| serve(console, account, socket))
}

async fn serve(console: Console, account: Account, socket: WebSocket) {
    let board = console.hub.subscribe_board();
    let mut desk = AgentDesk {
        console,
        account,
        socket,
        board,
        watched: None,
    };
    let reason = desk.work().await.err().unwrap_or(close_code::NORMAL);
    let frame = CloseFrame {
        code: reason,
        reason: "".into(),
    };
    let _gone = desk.socket.send(Message::Close(Some(frame))).await;
}

struct Watched {
    id: ConversationId,
    cursor: u64,
    deliveries: broadcast::Receiver<Delivery>,
}

struct AgentDesk {
    console: Console,
    account: Account,
    socket: WebSocket,
    board: broadcast::Receiver<()>,
    watched: Option<Watched>,
}

enum Woke {
    Received(Option<Result<Message, axum::Error>>),
    Delivered(Result<Delivery, RecvError>),
    Board,
    Ping,
    Draining,
}

/// The close code the socket ends with.
type Flow<T> = Result<T, u16>;

impl AgentDesk {
    async fn work(&mut self) -> Flow<()> {
        self.send_board().await?;
        let mut ping = tokio::time::interval(self.console.limits.ping());
        loop {
            let woke = tokio::select! {
                received = self.socket.recv() => Woke::Received(received),
                delivery = next_delivery(&mut self.watched) => Woke::Delivered(delivery),
                _ = self.board.recv() => Woke::Board,
                _ = ping.tick() => Woke::Ping,
                _ = self.console.draining.changed() => Woke::Draining,
            };
            match woke {
                Woke::Received(received) => self.receive(received).await?,
                Woke::Delivered(delivery) => self.pass_on(delivery).await?,
                Woke::Board => {
                    // Changes come in bursts; one board shows them all.
                    tokio::time::sleep(Duration::from_millis(BOARD_MS_MIN)).await;
                    self.board = self.board.resubscribe();
                    self.send_board().await?;
                }
                Woke::Ping => self.still_allowed().await?,
                Woke::Draining => return Err(close_code::RESTART),
            }
        }
    }

    /// Logging out elsewhere ends this socket too.
    async fn still_allowed(&mut self) -> Flow<()> {
        self.socket
            .send(Message::Ping(Vec::new().into()))
            .await
            .map_err(|_| close_code::AWAY)
    }

    async fn send(&mut self, frame: &ConsoleFrame) -> Flow<()> {
        let text = serde_json::to_string(frame).map_err(|_| close_code::ERROR)?;
        let patience = Duration::from_millis(self.console.limits.write_ms_max);
        match tokio::time::timeout(patience, self.socket.send(Message::Text(text.into()))).await {
            Ok(sent) => sent.map_err(|_| close_code::AWAY),
            Err(_) => Err(close_code::AGAIN),
        }
    }

    async fn refuse(&mut self, code: Code, conversation: Option<String>, cid: Option<String>) -> Flow<()> {
        let message = code.message().to_owned();
        let error = ErrorFrame {
            code,
            message,
            cid,
            retry_after_ms: code.retry_after_ms(),
        };
        self.send(&ConsoleFrame::Error { conversation, error }).await
    }

    async fn receive(&mut self, received: Option<Result<Message, axum::Error>>) -> Flow<()> {
        let text = match received {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(_))) => return Err(close_code::UNSUPPORTED),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(close_code::NORMAL),
        };
        match parse::<AgentFrame>(&text, &AGENT_TYPES) {
            Ok(frame) => self.act(frame).await,
            Err(code) => self.refuse(code, None, None).await,
        }
    }

    async fn act(&mut self, frame: AgentFrame) -> Flow<()> {
        let (AgentFrame::Watch { conversation, .. }
        | AgentFrame::Claim { conversation }
        | AgentFrame::Reply { conversation, .. }
        | AgentFrame::Resolve { conversation }
        | AgentFrame::Typing { conversation, .. }) = &frame;
        let named = Some(conversation.clone());
        let Ok(id) = ConversationId::new(conversation.clone()) else {
            return self.refuse(Code::NotFound, named, None).await;
        };
        let (account, agent) = (self.account.account.clone(), self.account.name.clone());
        let (inbound, cid) = match frame {
            AgentFrame::Watch { after, .. } => return self.watch(id, after).await,
            AgentFrame::Typing { on, .. } => {
                self.console.hub.signal(&id, Signal { who: Who::Agent, on });
                return Ok(());
            }
            AgentFrame::Claim { .. } => (Inbound::Claim { account, agent }, None),
            AgentFrame::Resolve { .. } => (Inbound::Resolve { account, agent }, None),
            AgentFrame::Reply { cid, text, .. } => {
                let Ok(cid) = Cid::new(cid) else {
                    return self.refuse(Code::BadCid, named, None).await;
                };
                match check_text(&text) {
                    Ok(text) => (
                        Inbound::Reply {
                            account,
                            agent,
                            cid: cid.clone(),
                            text,
                        },
                        Some(cid),
                    ),
                    Err(code) => return self.refuse(code, named, Some(cid.into())).await,
                }
            }
        };
        match (self.console.hub.deliver(&id, inbound).await, cid) {
            (Ok(outcome), Some(cid)) => {
                let conversation = id.to_string();
                self.send(&ConsoleFrame::Ack {
                    conversation,
                    cid,
                    seq: outcome.seq,
                })
                .await
            }
            (Ok(_), None) => Ok(()),
            (Err(error), cid) => {
                self.refuse(Code::from(&error), named, cid.map(String::from))
                    .await
            }
        }
    }

    async fn watch(&mut self, id: ConversationId, after: u64) -> Flow<()> {
        if self.console.hub.store().head(&id).await.is_err() {
            return self.refuse(Code::NotFound, Some(id.to_string()), None).await;
        }
        let Ok(deliveries) = self.console.hub.subscribe(&id) else {
            return self.refuse(Code::Busy, Some(id.to_string()), None).await;
        };
        self.watched = Some(Watched {
            id,
            cursor: after,
            deliveries,
        });
        self.catch_up().await
    }

    async fn pass_on(&mut self, delivery: Result<Delivery, RecvError>) -> Flow<()> {
        let Some(watched) = &self.watched else {
            return Ok(());
        };
        match delivery {
            Ok(Delivery::Events(events)) => match events.first().map(|e| e.seq) {
                Some(first) if first == watched.cursor + 1 => self.show(&events).await,
                Some(first) if first > watched.cursor + 1 => self.catch_up().await,
                _ => Ok(()),
            },
            Ok(Delivery::Signal(Signal {
                who: Who::Customer,
                on,
            })) => {
                let conversation = watched.id.to_string();
                let signal = SignalFrame::Typing { who: "customer", on };
                self.send(&ConsoleFrame::Signal { conversation, signal }).await
            }
            Ok(Delivery::Signal(_)) => Ok(()),
            Err(RecvError::Lagged(_)) => self.catch_up().await,
            Err(RecvError::Closed) => {
                self.watched = None;
                Ok(())
            }
        }
    }

    async fn show(&mut self, events: &[Recorded]) -> Flow<()> {
        let Some(watched) = &mut self.watched else {
            return Ok(());
        };
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(());
        };
        watched.cursor = last.seq;
        let frame = ConsoleFrame::Events {
            conversation: watched.id.to_string(),
            from: first.seq,
            to: last.seq,
            items: events.to_vec(),
        };
        self.send(&frame).await
    }

    async fn catch_up(&mut self) -> Flow<()> {
        while let Some(watched) = &self.watched {
            let read = self
                .console
                .hub
                .store()
                .read(&watched.id, watched.cursor, PAGE_EVENTS)
                .await;
            let page = read.map_err(|_| close_code::AGAIN)?;
            self.show(&page).await?;
            if page.len() < PAGE_EVENTS {
                break;
            }
        }
        Ok(())
    }

    async fn send_board(&mut self) -> Flow<()> {
        let survey = Survey::Board {
            heads_max: BOARD_ROWS_MAX,
        };
        let heads = self
            .console
            .hub
            .store()
            .survey(survey)
            .await
            .map_err(|_| close_code::AGAIN)?;
        let mut conversations = Vec::with_capacity(heads.len());
        for head in heads {
            conversations.push(row(&self.console.hub, head).await);
        }
        self.send(&ConsoleFrame::Board { conversations }).await
    }
}

/// The next delivery of the watched conversation; never, when none is watched.
async fn next_delivery(watched: &mut Option<Watched>) -> Result<Delivery, RecvError> {
    match watched {
        Some(watched) => watched.deliveries.recv().await,
        None => std::future::pending().await,
    }
}

/// A conversation as the board shows it.
async fn row(hub: &Hub, head: Head) -> BoardRow {
    let after = head.last_seq.saturating_sub(LAST_WORDS_EVENTS);
    let last = hub
        .store()
        .read(&head.id, after, PAGE_EVENTS)
        .await
        .unwrap_or_default();
    let words = last.iter().rev().find_map(|r| match &r.event {
        Event::CustomerSaid { text, .. } | Event::AgentSaid { text, .. } => Some(text),
        Event::BotSaid { text, .. } => Some(text),
        _ => None,
    });
    let reason = last.iter().rev().find_map(|r| match &r.event {
        Event::HandoffRequested { reason } => Some(*reason),
        _ => None,
    });
    let agent = match head.ownership.owner {
        Owner::Agent(account) => Some(account),
        Owner::Bot | Owner::Nobody => None,
    };
    BoardRow {
        id: head.id.to_string(),
        status: head.ownership.status,
        agent,
        lang: head.lang,
        last_text: words.map_or_else(String::new, |w| w.chars().take(LAST_WORDS_CHARS).collect()),
        last_at: head.updated_at,
        waiting_since: head.waiting_since,
        reason: reason.filter(|_| head.waiting_since.is_some()),
    }
}
