//! Bounds of one socket, and the rate at which it may speak.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::ws::WebSocketUpgrade;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Bounds of sockets, and of what comes without one; every one is hit by a test.
#[derive(Debug, Clone)]
pub struct SocketLimits {
    /// Largest message, in bytes.
    pub message_bytes_max: usize,
    /// Buffer for reading, in bytes; tungstenite's own default costs 128 KiB a connection.
    pub read_buffer_bytes: usize,
    /// Bytes that may wait for a slow reader.
    pub write_buffer_bytes_max: usize,
    /// Time until the first frame, and for the body of a request, in milliseconds.
    pub hello_ms_max: u64,
    /// Silence after which a ping is sent, in milliseconds.
    pub ping_ms: u64,
    /// Silence after which a stream gets an empty line, in milliseconds.
    pub beat_ms: u64,
    /// Silence after which the peer counts as gone, in milliseconds.
    pub silence_ms_max: u64,
    /// Time one write may take, in milliseconds.
    pub write_ms_max: u64,
    /// Frames a second, on average.
    pub frames_per_s_max: u32,
    /// Frames at once.
    pub frames_burst_max: u32,
    /// Refusals for speed before the socket is closed.
    pub rate_refusals_max: u32,
    /// Largest file beside words, in bytes.
    pub file_bytes_max: usize,
    /// Time for a file to come, in milliseconds.
    pub upload_ms_max: u64,
    /// Files on their way at once; each is held in memory until it is whole.
    pub uploads_max: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            message_bytes_max: 64 * 1024,
            read_buffer_bytes: 4 * 1024,
            write_buffer_bytes_max: 256 * 1024,
            hello_ms_max: 10_000,
            ping_ms: 25_000,
            beat_ms: 15_000,
            silence_ms_max: 70_000,
            write_ms_max: 10_000,
            frames_per_s_max: 10,
            frames_burst_max: 40,
            rate_refusals_max: 50,
            file_bytes_max: 5 * 1024 * 1024,
            upload_ms_max: 60_000,
            uploads_max: 16,
        }
    }
}

impl SocketLimits {
    /// A meter for one socket's frames.
    #[must_use]
    pub fn meter(&self) -> DefaultDirectRateLimiter {
        let per_second = NonZeroU32::new(self.frames_per_s_max).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(self.frames_burst_max).unwrap_or(NonZeroU32::MIN);
        RateLimiter::direct(Quota::per_second(per_second).allow_burst(burst))
    }

    /// [`Self::ping_ms`] as a duration.
    #[must_use]
    pub fn ping(&self) -> Duration {
        Duration::from_millis(self.ping_ms)
    }
}

/// Sets the bounds on an upgrade.
pub fn socket_of(upgrade: WebSocketUpgrade, limits: &SocketLimits) -> WebSocketUpgrade {
    upgrade
        .max_message_size(limits.message_bytes_max)
        .max_frame_size(limits.message_bytes_max)
        .read_buffer_size(limits.read_buffer_bytes)
        .write_buffer_size(limits.read_buffer_bytes)
        .max_write_buffer_size(limits.write_buffer_bytes_max)
}
