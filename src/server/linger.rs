//! A TCP stream that closes politely: a socket closed over unread bytes is reset, and a reset overtakes
//! the refusal just written. So the last words are sent, the sending side is shut, and what the peer
//! still sends is thrown away for a moment (RFC 9112, section 9.6). And one that ends when the peer has
//! taken nothing for so long that it never will.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

/// Time for the peer to hear the last words.
const LINGER_MS_MAX: u64 = 2_000;
/// Time in which the peer takes something of what is written.
const STALL_MS_MAX: u64 = 30_000;
/// Bytes read and thrown away meanwhile.
const LINGER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A connection and its place among the connections open at once, which it keeps until it is closed.
pub(super) struct Lingering {
    open: Option<(TcpStream, OwnedSemaphorePermit)>,
    /// When a write that waits will have waited for too long.
    stalls: Option<Pin<Box<Sleep>>>,
}

impl Lingering {
    pub(super) fn new(stream: TcpStream, place: OwnedSemaphorePermit) -> Self {
        // Chat frames are small; waiting to fill a packet only delays them.
        let _unsupported = stream.set_nodelay(true);
        Self {
            open: Some((stream, place)),
            stalls: None,
        }
    }

    /// A write that goes on, or has gone on waiting for too long.
    fn written(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if poll.is_ready() {
            self.stalls = None;
            return poll;
        }
        let begin = || Box::pin(tokio::time::sleep(Duration::from_millis(STALL_MS_MAX)));
        let stalls = self.stalls.get_or_insert_with(begin);
        stalls
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// The stream is taken out on drop only.
    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let open = self.open.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(&mut open.0))
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let (Some((stream, place)), Ok(runtime)) = (self.open.take(), Handle::try_current()) {
            runtime.spawn(async move {
                let patience = Duration::from_millis(LINGER_MS_MAX);
                let _late = tokio::time::timeout(patience, throw_away(stream)).await;
                drop(place);
            });
        }
    }
}

async fn throw_away(mut stream: TcpStream) -> io::Result<u64> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(LINGER_BYTES_MAX), &mut tokio::io::sink()).await
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let poll = self.stream()?.poll_write(cx, buf);
        self.written(cx, poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = self.stream()?.poll_write_vectored(cx, bufs);
        self.written(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::net::TcpListener;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_nothing_does_not_hold_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        let mut lingering = Lingering::new(stream, place);
        let began = tokio::time::Instant::now();
        let block = vec![0; 1024 * 1024];
        let error = loop {
            if let Err(error) = lingering.write_all(&block).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= Duration::from_millis(STALL_MS_MAX));
        drop(client);
    }
}
