//! HTTP by hand, so that a test sees what was answered and nothing is mended on the way.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::TestServer;

/// An answer: status, headers as text, body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The status with the code of a refusal; the code is empty if it is none.
    pub fn refused(&self) -> (u16, String) {
        (
            self.status,
            self.json()["code"].as_str().unwrap_or_default().to_owned(),
        )
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n\n{}", self.head, self.text())
    }
}

/// One request with a body, on a connection of its own.
pub async fn ask(server: &TestServer, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut request = format!(
        "{line} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
        server.address
    );
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    let tells = |name: &str| name == "content-length" || name == "transfer-encoding";
    if !headers.iter().any(|(name, _)| tells(name)) {
        request += &format!("content-length: {}\r\n", body.len());
    }
    let (mut reader, mut writer) = stream.split();
    let write = async {
        // A refused request may be closed before it is sent whole.
        let _closed = writer.write_all((request + "\r\n").as_bytes()).await;
        let _closed = writer.write_all(body).await;
    };
    let mut bytes = Vec::new();
    let read = async {
        let _reset = reader.read_to_end(&mut bytes).await;
    };
    tokio::join!(write, read);
    let end = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    Answer {
        status: head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0),
        body: bytes.get(end + 4..).unwrap_or_default().to_vec(),
        head,
    }
}
