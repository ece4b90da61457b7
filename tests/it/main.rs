//! All integration tests in one binary, so that linking is paid once.

#![expect(clippy::unwrap_used, reason = "a panic is a test's failure")]

mod accounts;
mod agent_files;
mod approval;
mod audit;
mod bad_inputs;
mod bot_folder;
mod console;
mod conversations;
mod crash;
mod crash_shop;
mod desk_data;
mod devices;
mod docs;
mod encoders;
mod exchange;
mod files;
mod handoff;
mod handoff_desk;
mod hints;
mod knowledge;
mod live;
mod models;
mod ownership_model;
mod planted;
mod poster;
mod random_walk;
mod replay_property;
mod requests;
#[path = "../../examples/shop_server/shop.rs"]
mod sample_shop;
mod shop_connector;
mod store_accounts;
mod store_contract;
mod support;
mod tidy;
mod websocket;
