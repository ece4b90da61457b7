//! A customer's socket: hello, then messages one way and events the other.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use governor::DefaultDirectRateLimiter;
use tokio::time::Instant;

use super::admission::{Guest, admit};
use super::channel::Channel;
use super::seat::{Leave, Seat};
use super::wire::{CLIENT_TYPES, ClientFrame, Code, ServerFrame, parse};

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
            let mut line = Line {
                seat: Seat::new(&channel, guest),
                channel,
                socket,
                meter,
                refusals: 0,
            };
            let end = line.hold().await;
            socket = line.socket;
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

/// What woke a socket's task.
enum Woke {
    Received(Option<Result<Message, axum::Error>>),
    Told(Result<ServerFrame, Leave>),
    Ping,
}

struct Line {
    channel: Channel,
    socket: WebSocket,
    seat: Seat,
    meter: DefaultDirectRateLimiter,
    refusals: u32,
}

impl Line {
    async fn hold(&mut self) -> End {
        match self.hold_until_end().await {
            Ok(()) => End::Gone,
            Err(end) => end,
        }
    }

    async fn hold_until_end(&mut self) -> Flow<()> {
        let mut ping = tokio::time::interval(self.channel.limits.ping());
        let silence = Duration::from_millis(self.channel.limits.silence_ms_max);
        let mut heard = Instant::now();
        loop {
            let woke = tokio::select! {
                received = self.socket.recv() => Woke::Received(received),
                told = self.seat.next() => Woke::Told(told),
                _ = ping.tick() => Woke::Ping,
            };
            match woke {
                Woke::Received(received) => {
                    heard = Instant::now();
                    self.receive(received).await?;
                }
                Woke::Told(Ok(frame)) => self.send(&frame).await?,
                Woke::Told(Err(Leave::Restart)) => {
                    return Err(End::Close(close_code::RESTART, "the server restarts"));
                }
                Woke::Told(Err(Leave::StoreSilent)) => {
                    return Err(End::Close(close_code::AGAIN, "the store does not answer"));
                }
                Woke::Ping if heard.elapsed() > silence => {
                    return Err(End::Close(close_code::AWAY, "silent for too long"));
                }
                Woke::Ping => {
                    self.socket
                        .send(Message::Ping(Vec::new().into()))
                        .await
                        .map_err(|_| End::Gone)?;
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
        let answer = match parse::<ClientFrame>(&text, &CLIENT_TYPES) {
            Ok(frame) => self.channel.take_in(&self.seat.guest.id, frame).await,
            Err(code) => Some(ServerFrame::error(code, None)),
        };
        match answer {
            Some(frame) => self.send(&frame).await,
            None => Ok(()),
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
}
