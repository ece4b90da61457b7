//! The calls, one function each. A call whose shop does not answer ends in `slow`, a write in doubt in
//! `unknown`; neither guesses.

mod coupons;
mod orders;
mod points;
mod products;
mod requests;
mod size;

use super::{Answer, Asked, Counter, Error};
use crate::bot::{SLOW, UNKNOWN, call_of};

/// Serves a call.
pub async fn call(counter: &Counter<'_>, asked: &Asked) -> Answer {
    let Some((call, kind)) = call_of(&asked.call) else {
        tracing::error!(call = %asked.call, "a flow makes a call that is not known");
        return Answer::of(SLOW);
    };
    let kind = kind.unwrap_or_default();
    let answer = match call.name {
        "my_orders" => orders::my_orders(counter, asked).await,
        "find_order" => orders::find_order(counter, asked).await,
        "check_owner" => orders::check_owner(counter, asked).await,
        "may" => requests::may(counter, asked, kind).await,
        "request" => requests::request(counter, asked, kind).await,
        "find_coupon" => coupons::find_coupon(counter, asked).await,
        "find_products" => products::find_products(counter, asked).await,
        "find_product" => products::find_product(counter, asked).await,
        "find_points" => points::find_points(counter, asked).await,
        "check_price" => orders::check_price(counter, asked).await,
        "advise_size" => Ok(size::advise_size(counter, asked)),
        _ => Ok(Answer::of(SLOW)),
    };
    answer.unwrap_or_else(|error| {
        tracing::warn!(%error, call = %asked.call, "the shop gave no answer");
        Answer::of(match error {
            // Nothing was done this time; nobody knows of the time before.
            Error::Slow(_) if asked.again => UNKNOWN,
            Error::Slow(_) => SLOW,
            Error::Unknown(_) => UNKNOWN,
        })
    })
}

impl Asked {
    /// A slot's value; empty without one.
    fn slot(&self, name: &str) -> &str {
        self.slots.get(name).map_or("", String::as_str)
    }

    fn word(&self, zh: &str, en: &str) -> String {
        if self.lang == crate::conversation::Lang::Zh {
            zh
        } else {
            en
        }
        .to_owned()
    }
}

/// A sum of money as it is written in texts: without cents if there are none.
fn money(amount: f64) -> String {
    let cents = (amount * 100.0).round() / 100.0;
    if cents.fract() == 0.0 {
        format!("{cents:.0}")
    } else {
        format!("{cents:.2}")
    }
}
