//! Points and level of a customer.

use super::super::{Answer, Asked, Counter, Error};
use super::money;

/// What a hundred points are worth in CNY.
const WORTH_OF_100: f64 = 1.0;

/// Of the customer who proved who they are, else of the order's whose phone's last digits are known.
pub(super) async fn find_points(counter: &Counter<'_>, asked: &Asked) -> Result<Answer, Error> {
    let mut id = asked.customer.clone();
    let tail = asked.slot("phone_tail");
    if id.is_none() && tail.len() == 4 {
        let order = counter.shop.order(asked.slot("order_no")).await?;
        id = order.map(|order| order.customer_id).filter(|id| !id.is_empty());
    }
    let customer = match id {
        Some(id) => counter.shop.customer(&id).await?,
        None => None,
    };
    let proved = |phone: &str| asked.customer.is_some() || phone.ends_with(tail);
    let Some(customer) = customer.filter(|customer| proved(&customer.phone)) else {
        return Ok(Answer::of("anonymous"));
    };
    let level = match customer.level.as_str() {
        "sprout" => asked.word("木芽", "Sprout"),
        "branch" => asked.word("木枝", "Branch"),
        "crown" => asked.word("木冠", "Crown"),
        other => other.to_owned(),
    };
    Ok(Answer::of("known")
        .with("points", customer.points)
        .with("level_words", level)
        .with(
            "points_worth",
            money(f64::from(customer.points) / 100.0 * WORTH_OF_100),
        ))
}
