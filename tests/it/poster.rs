//! A customer without a WebSocket: requests on connections of their own, and a stream that is read by hand.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Answer, TestServer, ask, items};

/// Somebody whose frames go by POST.
pub struct Poster<'a> {
    server: &'a TestServer,
    pub welcome: Value,
}

impl<'a> Poster<'a> {
    pub async fn arrive(server: &'a TestServer) -> Self {
        Self::hello(server, json!({"type": "hello", "v": 1, "locale": "en"})).await
    }

    pub async fn hello(server: &'a TestServer, hello: Value) -> Self {
        let answer = ask(server, "POST /v1/frames", &[], hello.to_string().as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        Self {
            server,
            welcome: answer.json(),
        }
    }

    pub fn conversation(&self) -> &str {
        self.welcome["conversation"].as_str().unwrap()
    }

    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.welcome["token"].as_str().unwrap())
    }

    pub async fn post(&self, frame: Value) -> Answer {
        let line = format!("POST /v1/frames?conversation={}", self.conversation());
        let headers = [("authorization", &*self.bearer())];
        ask(self.server, &line, &headers, frame.to_string().as_bytes()).await
    }

    pub async fn say(&self, cid: &str, text: &str) -> Answer {
        self.post(json!({"type": "say", "cid": cid, "text": text})).await
    }

    pub async fn listen(&self, after: u64) -> Listener {
        let address = format!("/v1/events?conversation={}&after={after}", self.conversation());
        let request = format!(
            "GET {address} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\n\r\n",
            self.bearer()
        );
        // A small window, so that a reader who does not read is noticed.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 * 1024).unwrap();
        let mut stream = socket.connect(self.server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        Listener {
            stream,
            text: String::new(),
        }
    }
}

/// The other half: an open stream of events.
pub struct Listener {
    pub stream: TcpStream,
    text: String,
}

impl Listener {
    /// The next frame; `None` at the end of the stream. Lengths of chunks stand on lines of their own.
    pub async fn next(&mut self) -> Option<Value> {
        let until = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            if let Some((block, rest)) = self.text.split_once("}\n\n") {
                let (_, data) = block.split_once("data: ").unwrap();
                let frame = serde_json::from_str(&format!("{data}}}")).unwrap();
                self.text = rest.to_owned();
                return Some(frame);
            }
            let mut bytes = vec![0; 64 * 1024];
            let read = tokio::time::timeout_at(until, self.stream.read(&mut bytes)).await;
            let read = read.expect("something in time").unwrap_or(0);
            if read == 0 || bytes[..read].ends_with(b"\r\n0\r\n\r\n") {
                return None;
            }
            self.text += &String::from_utf8_lossy(&bytes[..read]);
        }
    }

    pub async fn until(&mut self, mut test: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.expect("the stream stays open");
            if test(&frame) {
                return frame;
            }
        }
    }

    pub async fn item(&mut self, kind: &str) -> Value {
        let has = |frame: &Value| items(frame).iter().any(|i| i["type"] == kind);
        let frame = self.until(has).await;
        items(&frame).iter().find(|i| i["type"] == kind).unwrap().clone()
    }
}
