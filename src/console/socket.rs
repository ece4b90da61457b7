//! An agent's socket: the board and what changes on it, one watched conversation, who is there.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::State as Extract;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use governor::DefaultDirectRateLimiter;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::frames::{AGENT_TYPES, AgentFrame, ConsoleFrame, Hint, Opened, Refused, TeamName};
use super::rows::Row;
use super::{Console, login};
use crate::channels::socket_of;
use crate::channels::wire::{Code, parse};
use crate::conversation::{ConversationId, Event, Recorded};
use crate::desk::{Agent, Look, Notice, NoticeKind, Seat};
use crate::engine::{Delivery, Signal, Who};
use crate::store::{Account, Role};

/// Events sent at a time.
const PAGE_EVENTS: usize = 500;
/// What changes on the board is sent at most this often, in milliseconds.
const ROWS_MS_MIN: u64 = 100;

pub(super) async fn upgrade(
    Extract(console): Extract<Console>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(account) = login::who(&console, &headers).await else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let upgrade = socket_of(upgrade, &console.limits);
    upgrade.on_upgrade(move |socket| serve(console, headers, account, socket))
}

async fn serve(console: Console, headers: HeaderMap, account: Account, socket: WebSocket) {
    // Subscribed before the board is read: what happens in between comes twice and does no harm.
    let changes = console.desk.hub().board().subscribe();
    let seat = Seat::take(&console.desk, &account.account);
    let mut place = AgentSocket {
        meter: console.limits.meter(),
        refusals: 0,
        notices: console.desk.notices(),
        views: console.desk.views(),
        version: String::new(),
        agents: Vec::new(),
        fresh: BTreeSet::new(),
        flush_at: None,
        watched: None,
        changes,
        headers,
        console,
        account,
        socket,
    };
    let reason = place.work().await.err().unwrap_or(close_code::NORMAL);
    drop(seat);
    let frame = CloseFrame {
        code: reason,
        reason: "".into(),
    };
    let _gone = place.socket.send(Message::Close(Some(frame))).await;
}

struct Watched {
    id: ConversationId,
    cursor: u64,
    deliveries: broadcast::Receiver<Delivery>,
    _look: Look,
}

pub(super) struct AgentSocket {
    pub console: Console,
    pub account: Account,
    headers: HeaderMap,
    socket: WebSocket,
    meter: DefaultDirectRateLimiter,
    refusals: u32,
    changes: broadcast::Receiver<ConversationId>,
    notices: broadcast::Receiver<Notice>,
    views: broadcast::Receiver<ConversationId>,
    /// Version of the shop's files the page was told of.
    version: String,
    agents: Vec<Agent>,
    /// Conversations that have changed since rows were sent.
    fresh: BTreeSet<ConversationId>,
    flush_at: Option<Instant>,
    watched: Option<Watched>,
}

enum Woke {
    Received(Option<Result<Message, axum::Error>>),
    Delivered(Result<Delivery, RecvError>),
    Changed(Result<ConversationId, RecvError>),
    People,
    Noticed(Result<Notice, RecvError>),
    Viewed(Result<ConversationId, RecvError>),
    Flush,
    Ping,
    Draining,
}

/// The close code the socket ends with.
pub(super) type Flow<T> = Result<T, u16>;

impl AgentSocket {
    async fn work(&mut self) -> Flow<()> {
        self.send_desk().await?;
        self.send_board().await?;
        let mut people = self.console.desk.presence().changes();
        let silence = self.silence();
        let mut ping = tokio::time::interval(silence / 3);
        let mut heard = Instant::now();
        loop {
            let flush_at = self.flush_at.unwrap_or_else(Instant::now);
            let woke = tokio::select! {
                received = self.socket.recv() => Woke::Received(received),
                delivery = next_delivery(&mut self.watched) => Woke::Delivered(delivery),
                changed = self.changes.recv() => Woke::Changed(changed),
                _ = people.changed() => Woke::People,
                notice = self.notices.recv() => Woke::Noticed(notice),
                viewed = self.views.recv() => Woke::Viewed(viewed),
                () = tokio::time::sleep_until(flush_at), if self.flush_at.is_some() => Woke::Flush,
                _ = ping.tick() => Woke::Ping,
                _ = self.console.draining.changed() => Woke::Draining,
            };
            match woke {
                Woke::Received(received) => {
                    heard = Instant::now();
                    self.heard();
                    self.receive(received).await?;
                }
                Woke::Delivered(delivery) => self.pass_on(delivery).await?,
                Woke::Changed(Ok(id)) => {
                    self.fresh.insert(id);
                    self.flush_soon();
                }
                Woke::Changed(Err(_)) => self.send_board().await?,
                Woke::People => self.flush_soon(),
                Woke::Noticed(notice) => self.pass_notice(notice).await?,
                Woke::Viewed(Ok(id)) => self.tell_lookers(&id).await?,
                Woke::Viewed(Err(_)) => {}
                Woke::Flush => self.flush().await?,
                // A laptop that was closed says no goodbye.
                Woke::Ping if heard.elapsed() > silence => return Err(close_code::AWAY),
                Woke::Ping => self.still_allowed().await?,
                Woke::Draining => return Err(close_code::RESTART),
            }
        }
    }

    /// How long an agent may be silent; browsers answer pings by themselves.
    fn silence(&self) -> Duration {
        let brain = self.console.desk.hub().engine().brain();
        Duration::from_secs(u64::from(brain.bot.handoff.routing.lost_s.max(1)))
    }

    fn heard(&self) {
        let (desk, account) = (&self.console.desk, &self.account.account);
        desk.presence().heard(account, desk.hub().now());
    }

    fn flush_soon(&mut self) {
        let soon = || Instant::now() + Duration::from_millis(ROWS_MS_MIN);
        self.flush_at.get_or_insert_with(soon);
    }

    /// Logging out elsewhere ends this socket too.
    async fn still_allowed(&mut self) -> Flow<()> {
        if login::who(&self.console, &self.headers).await.is_none() {
            return Err(close_code::POLICY);
        }
        self.socket
            .send(Message::Ping(Vec::new().into()))
            .await
            .map_err(|_| close_code::AWAY)
    }

    pub(super) async fn send(&mut self, frame: &ConsoleFrame) -> Flow<()> {
        let text = serde_json::to_string(frame).map_err(|_| close_code::ERROR)?;
        let patience = Duration::from_millis(self.console.limits.write_ms_max);
        match tokio::time::timeout(patience, self.socket.send(Message::Text(text.into()))).await {
            Ok(sent) => sent.map_err(|_| close_code::AWAY),
            Err(_) => Err(close_code::AGAIN),
        }
    }

    /// Refuses a frame, or something that is none.
    pub(super) async fn refuse(
        &mut self,
        code: Code,
        frame: Option<&AgentFrame>,
        by: Option<String>,
    ) -> Flow<()> {
        let refusal = Refused {
            code,
            message: code.message().to_owned(),
            conversation: frame.and_then(AgentFrame::conversation).map(str::to_owned),
            cid: frame.and_then(AgentFrame::cid).map(str::to_owned),
            act: frame.map(AgentFrame::act),
            by,
            retry_after_ms: code.retry_after_ms(),
        };
        self.send(&ConsoleFrame::Error(refusal)).await
    }

    async fn receive(&mut self, received: Option<Result<Message, axum::Error>>) -> Flow<()> {
        let text = match received {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(_))) => return Err(close_code::UNSUPPORTED),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(close_code::NORMAL),
        };
        if self.meter.check().is_err() {
            self.refusals += 1;
            if self.refusals > self.console.limits.rate_refusals_max {
                return Err(close_code::POLICY);
            }
            return self.refuse(Code::RateLimited, None, None).await;
        }
        match parse::<AgentFrame>(&text, &AGENT_TYPES) {
            Ok(frame) => self.act(frame).await,
            Err(code) => self.refuse(code, None, None).await,
        }
    }

    pub(super) async fn watch(&mut self, id: ConversationId, after: u64, frame: &AgentFrame) -> Flow<()> {
        let hub = self.console.desk.hub().clone();
        if hub.store().head(&id).await.is_err() {
            return self.refuse(Code::NotFound, Some(frame), None).await;
        }
        let Ok(deliveries) = hub.subscribe(&id) else {
            return self.refuse(Code::Busy, Some(frame), None).await;
        };
        self.watched = None;
        self.watched = Some(Watched {
            _look: self.console.desk.look(&id, &self.account.name),
            cursor: after,
            deliveries,
            id,
        });
        self.catch_up().await?;
        self.tell_read();
        Ok(())
    }

    pub(super) fn unwatch(&mut self) {
        self.watched = None;
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
            Ok(Delivery::Signal(signal)) => self.pass_hint(signal).await,
            Err(RecvError::Lagged(_)) => self.catch_up().await,
            Err(RecvError::Closed) => {
                self.watched = None;
                Ok(())
            }
        }
    }

    /// Whether the customer is this agent's to answer.
    fn owns(&self, id: &ConversationId) -> bool {
        let row = self.console.desk.hub().board().get(id);
        row.is_some_and(|row| row.agent() == Some(&self.account.account))
    }

    async fn pass_hint(&mut self, signal: Signal) -> Flow<()> {
        let Some(watched) = &self.watched else {
            return Ok(());
        };
        let typing = |who, name, on| Hint::Typing { who, name, on };
        let hint = match signal {
            Signal::Typing { who, name, on } => match who {
                Who::Customer => typing("customer", name, on),
                Who::Agent if !self.owns(&watched.id) => typing("agent", name, on),
                Who::Agent | Who::Bot => return Ok(()),
            },
            Signal::Read {
                who: Who::Customer,
                seq,
            } => Hint::Read { seq },
            Signal::Read { .. } => return Ok(()),
        };
        let conversation = watched.id.to_string();
        self.send(&ConsoleFrame::Signal { conversation, hint }).await
    }

    /// What the owner looks at counts as read.
    fn tell_read(&self) {
        if let Some(watched) = self.watched.as_ref().filter(|watched| self.owns(&watched.id)) {
            let (who, seq) = (Who::Agent, watched.cursor);
            let hub = self.console.desk.hub();
            hub.signal(&watched.id, Signal::Read { who, seq });
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
        self.send(&frame).await?;
        let counts = |e: &Recorded| matches!(e.event, Event::CustomerSaid { .. } | Event::AgentJoined { .. });
        if events.iter().any(counts) {
            self.tell_read();
        }
        Ok(())
    }

    async fn catch_up(&mut self) -> Flow<()> {
        while let Some(watched) = &self.watched {
            let store = self.console.desk.hub().store();
            let read = store.read(&watched.id, watched.cursor, PAGE_EVENTS).await;
            let page = read.map_err(|_| close_code::AGAIN)?;
            self.show(&page).await?;
            if page.len() < PAGE_EVENTS {
                break;
            }
        }
        Ok(())
    }

    async fn pass_notice(&mut self, notice: Result<Notice, RecvError>) -> Flow<()> {
        let Ok(notice) = notice else {
            return Ok(());
        };
        let supervises = self.account.role >= Role::Supervisor;
        let is_ours = notice.to.contains(&self.account.account) || (notice.to.is_empty() && supervises);
        if !is_ours {
            return Ok(());
        }
        let kind = match notice.kind {
            NoticeKind::Mention => "mention",
            NoticeKind::Transfer => "transfer",
            NoticeKind::Alarm => "alarm",
        };
        self.send(&ConsoleFrame::Notice {
            kind,
            conversation: notice.conversation.to_string(),
            by: notice.by,
            text: notice.text,
        })
        .await
    }

    /// Which colleagues look at the watched conversation.
    async fn tell_lookers(&mut self, id: &ConversationId) -> Flow<()> {
        if self.watched.as_ref().is_none_or(|watched| watched.id != *id) {
            return Ok(());
        }
        let mut names = self.console.desk.lookers(id);
        names.retain(|name| *name != self.account.name);
        let conversation = id.to_string();
        let hint = Hint::Viewing { names };
        self.send(&ConsoleFrame::Signal { conversation, hint }).await
    }

    async fn send_desk(&mut self) -> Flow<()> {
        let desk = self.console.desk.clone();
        if let Some(account) = desk.presence().account(&self.account.account) {
            self.account = account;
        }
        let brain = desk.hub().engine().brain();
        let (bot, now) = (&brain.bot, desk.hub().now());
        self.version.clone_from(&bot.version);
        let drafts = desk.accounts().drafts(&self.account.account).await;
        let team = |(id, team): (&String, &crate::bot::Team)| TeamName {
            id: id.clone(),
            name: team.name.clone(),
        };
        let opened = Opened {
            account: self.account.account.clone(),
            name: self.account.name.clone(),
            role: self.account.role,
            teams: self.account.teams.clone(),
            state: desk.presence().state(&self.account.account),
            now,
            agents: desk.agents(),
            all_teams: bot.handoff.teams.iter().map(team).collect(),
            labels: bot.handoff.labels.clone(),
            reasons: bot.handoff.resolve_reasons.clone(),
            canned: bot.canned.clone(),
            drafts: drafts
                .map_err(|_| close_code::AGAIN)?
                .into_iter()
                .map(|draft| (draft.conversation.to_string(), draft.text))
                .collect(),
            files: self.console.attachments.taken(),
            shop: bot.shop.name.clone(),
            open: bot.shop.is_open(now),
            transcript_mail: desk.hub().mails(),
        };
        self.agents.clone_from(&opened.agents);
        self.send(&ConsoleFrame::Desk(Box::new(opened))).await
    }

    async fn send_board(&mut self) -> Flow<()> {
        self.changes = self.changes.resubscribe();
        self.fresh.clear();
        let hub = self.console.desk.hub();
        let brain = hub.engine().brain();
        let rows = hub.board().all();
        let conversations = rows
            .iter()
            .map(|(id, row)| Row::of(id, row, &brain.bot))
            .collect();
        self.send(&ConsoleFrame::Board { conversations }).await
    }

    /// Sends what has changed since last time.
    async fn flush(&mut self) -> Flow<()> {
        self.flush_at = None;
        let desk = self.console.desk.clone();
        if !desk.presence().works_here(&self.account.account) {
            return Err(close_code::POLICY);
        }
        let brain = desk.hub().engine().brain();
        if brain.bot.version != self.version {
            self.send_desk().await?;
        }
        let agents = desk.agents();
        if agents != self.agents {
            self.agents.clone_from(&agents);
            self.send(&ConsoleFrame::Agents { agents }).await?;
        }
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for id in std::mem::take(&mut self.fresh) {
            match desk.hub().board().get(&id) {
                Some(row) => changed.push(Row::of(&id, &row, &brain.bot)),
                None => gone.push(id.to_string()),
            }
        }
        if changed.is_empty() && gone.is_empty() {
            return Ok(());
        }
        self.send(&ConsoleFrame::Rows { changed, gone }).await
    }
}

/// The next delivery of the watched conversation; never, when none is watched.
async fn next_delivery(watched: &mut Option<Watched>) -> Result<Delivery, RecvError> {
    match watched {
        Some(watched) => watched.deliveries.recv().await,
        None => std::future::pending().await,
    }
}
