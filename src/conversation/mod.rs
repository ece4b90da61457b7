//! The vocabulary of the house: ids, languages, understandings, events and the tracker folded from
//! them. Pure data and pure functions; this room imports none of ours and does no IO.

mod event;
mod fold;
mod follow_up;
mod hash;
mod id;
mod lang;
mod ownership;
mod people;
mod service;
mod tracker;
mod under_way;
mod understanding;

pub use event::{
    Card, CardRow, CardStep, Choice, Citation, Event, FlowOutcome, Recorded, SearchOutcome, Weighed, Why,
};
pub use fold::fold;
pub use follow_up::follows_up;
pub use hash::{hex, sha256};
pub use id::{Cid, ConversationId, IdError};
pub use lang::Lang;
pub use ownership::{Owner, Ownership, Status};
pub use people::{ApprovalEnd, HandoffReason, LeaveCause};
pub use service::{Approval, Asked, By, Lapse, Offer, Service};
pub use tracker::{ALSO, APPROVAL_NOTE, APPROVAL_OUTCOMES, CONFIRMED, SENSITIVE, Tracker};
pub use under_way::{Acting, ActiveFlow, LastSaid, Said, Turn};
pub use understanding::{Entity, Ranked, Sentiment, Understanding};
