//! Xiaoer (小二): an intelligent customer-service engine for online shops.
//!
//! The rooms and their levels are listed in `ARCHITECTURE.md`; a room imports only lower levels.

pub mod actions;
pub mod bot;
pub mod channels;
pub mod cli;
pub mod commerce;
pub mod config;
pub mod console;
pub mod conversation;
pub mod desk;
pub mod dialogue;
pub mod engine;
pub mod exchange;
pub mod knowledge;
pub mod nlu;
pub mod predictors;
pub mod rehearsal;
pub mod server;
pub mod store;
