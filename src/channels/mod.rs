//! How customers arrive. A channel turns frames into deliveries and events into frames; it knows
//! nothing of dialogues.

mod admission;
mod identity;
mod limits;
mod text;
pub mod websocket;
pub mod wire;

pub use admission::holds;
pub use identity::{Identity, ShortSecret};
pub use limits::{SocketLimits, socket_of};
pub use text::{TEXT_CHARS_MAX, check_text};
