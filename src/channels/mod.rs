//! How customers arrive. A channel turns frames into deliveries and events into frames; it knows
//! nothing of dialogues.

mod admission;
mod channel;
mod files;
mod identity;
mod intake;
mod limits;
mod meters;
mod requests;
mod seat;
mod stream;
mod text;
mod transcript;
pub mod websocket;
pub mod wire;

pub use channel::Channel;
pub use files::Attachments;
pub use identity::{Identity, ShortSecret};
pub use limits::{SocketLimits, socket_of};
pub use requests::{routes, status_of};
pub use text::{TEXT_CHARS_MAX, check_text, check_text_beside};
pub use transcript::saved;
