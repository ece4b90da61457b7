//! A shop to connect to: it speaks the API of `docs/shop_api.yaml` from the tables of `knowledge_base/catalogue`,
//! and keeps what it was asked to do in a file.
//!
//! ```sh
//! cargo run --example shop_server
//! curl 'http://127.0.0.1:8090/orders/QM2026112240'
//! curl 'http://127.0.0.1:8090/requests' -H 'content-type: application/json' -H 'idempotency-key: 1' \
//!     -d '{"kind": "cancel_order", "order_no": "QM2026112240", "fields": {"cancel_reason": "mistake"}}'
//! ```
//!
//! Then put these lines into `knowledge_base/shop.yaml` and run `xiaoer doctor --order QM2026112240`:
//!
//! ```yaml
//! connector:
//!   url: http://127.0.0.1:8090
//! ```
//!
//! Begin here when you write your own: `shop.rs` is all of it, and `request` is the part that has to be right.
//! An effect is on disk before it is answered, and its key makes a repeat answer the first receipt.
//!
//! Flags make it a bad shop, to see what customers are told then: `--slow-ms 3000` answers late, `--fail 50`
//! answers 500 to half of the requests, `--drop 50` does what it is asked and closes the connection without an
//! answer. `--log` prints each effect as a line of JSON.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use xiaoer::bot::Bot;

mod shop;

use shop::{Shop, Trouble};

/// A shop that speaks the API of docs/shop_api.yaml
#[derive(Parser)]
struct Args {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The folder whose catalogue/ it sells from
    #[arg(long, default_value = "knowledge_base")]
    knowledge_base: PathBuf,
    /// File of what was done, a line of JSON each
    #[arg(long, default_value = "shop_effects.jsonl")]
    effects: PathBuf,
    /// Token that callers have to show
    #[arg(long, env = "SHOP_TOKEN")]
    token: Option<String>,
    #[command(flatten)]
    trouble: Trouble,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let (bot, problems) = Bot::load(&args.knowledge_base);
    let Some(bot) = bot else {
        anyhow::bail!(
            "{} has {} problems; run `xiaoer check`",
            args.knowledge_base.display(),
            problems.len()
        );
    };
    let shop = Shop::open(Arc::new(bot), &args.effects, args.trouble, args.token).await?;
    let listener = tokio::net::TcpListener::bind(args.listen).await?;
    eprintln!(
        "the shop is open at http://{}; effects go to {}",
        args.listen,
        args.effects.display()
    );
    axum::serve(listener, shop.router()).await?;
    Ok(())
}
