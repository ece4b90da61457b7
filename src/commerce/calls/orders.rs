//! Calls on orders: which, where they are, whose they are, what they cost today.

use super::super::{Answer, Asked, Counter, Error, ProductQuery, card, rules};
use super::money;
use crate::bot::Order;
use crate::conversation::Choice;

/// Most orders listed.
const ORDERS_MAX: usize = 5;
/// Days of the lowest price when the shop's rules say nothing.
const PRICE_DAYS_DEFAULT: i64 = 7;

/// The orders of the customer who proved who they are.
pub(super) async fn my_orders(counter: &Counter<'_>, asked: &Asked) -> Result<Answer, Error> {
    let Some(customer) = &asked.customer else {
        return Ok(Answer::of("anonymous"));
    };
    let orders = counter.shop.orders_of(customer, ORDERS_MAX).await?;
    let mut answer = Answer::of(match orders.len() {
        0 => "none",
        1 => "one",
        _ => "many",
    });
    if let [order] = &orders[..]
        && asked.slot("order_no").is_empty()
    {
        answer.slots.insert("order_no".to_owned(), order.order_no.clone());
    }
    for order in &orders {
        let items = card::items(counter, order, asked.lang).await?;
        let state = card::state_words(order.state, asked.lang);
        answer.choices.push(Choice {
            label: format!("{} · {items} · {state}", order.order_no),
            choice: format!("order_no:{}", order.order_no),
        });
    }
    Ok(answer)
}

/// `not_found`, or the order's state.
pub(super) async fn find_order(counter: &Counter<'_>, asked: &Asked) -> Result<Answer, Error> {
    let Some(order) = counter.shop.order(asked.slot("order_no")).await? else {
        return Ok(Answer::of("not_found"));
    };
    let items = card::items(counter, &order, asked.lang).await?;
    let scan = order.scans(asked.lang).next();
    let answer = Answer::of(order.state.name())
        .with("state", order.state.name())
        .with("state_words", card::state_words(order.state, asked.lang))
        .with("items", &items)
        .with("total", money(order.total))
        .with("placed_on", &order.placed_on)
        .with("expected_on", &order.expected_on)
        .with("delivered_on", &order.delivered_on)
        .with("courier", &order.courier)
        .with("tracking_no", &order.tracking_no)
        .with("last_scan", scan.map_or("", |(_, text)| text))
        .with("last_scan_at", scan.map_or("", |(at, _)| at));
    Ok(Answer {
        card: Some(card::of_order(&order, &items, asked.lang)),
        ..answer
    })
}

/// Whether the customer who asks is the order's: by their proof, or by the last four digits of the phone.
pub(super) async fn check_owner(counter: &Counter<'_>, asked: &Asked) -> Result<Answer, Error> {
    let Some(order) = counter.shop.order(asked.slot("order_no")).await? else {
        return Ok(Answer::of("wrong"));
    };
    let theirs = !order.customer_id.is_empty();
    if theirs && asked.customer.as_deref() == Some(order.customer_id.as_str()) {
        return Ok(Answer::of("right"));
    }
    let tail = asked.slot("phone_tail");
    if tail.is_empty() {
        // Somebody signed in asks for an order of somebody else.
        let outcome = if asked.customer.is_some() { "wrong" } else { "ask" };
        return Ok(Answer::of(outcome));
    }
    let phone = if theirs && order.phone_tail.is_empty() {
        let customer = counter.shop.customer(&order.customer_id).await?;
        customer.map(|c| c.phone).unwrap_or_default()
    } else {
        order.phone_tail
    };
    let right = tail.len() == 4 && phone.ends_with(tail);
    Ok(Answer::of(if right { "right" } else { "wrong" }))
}

/// Whether what was bought costs less today, within the term that the shop protects prices for.
pub(super) async fn check_price(counter: &Counter<'_>, asked: &Asked) -> Result<Answer, Error> {
    let Some(order) = counter.shop.order(asked.slot("order_no")).await? else {
        return Ok(Answer::of("not_found"));
    };
    let now = price_today(counter, &order).await?;
    let rule = counter.bot.shop.requests.get("price_protection");
    let days = rule.and_then(|rule| rule.days_max).unwrap_or(PRICE_DAYS_DEFAULT);
    let difference = order.total - now;
    let from = rule.map_or(order.placed_on.as_str(), |rule| rules::counted_from(rule, &order));
    let outcome = match rules::days_since(counter.bot, from, asked.now) {
        Some(since) if since > days => "too_late",
        _ if difference >= 0.01 => "dropped",
        _ => "same",
    };
    Ok(Answer::of(outcome)
        .with("paid", money(order.total))
        .with("price_now", money(now))
        .with("difference", money(difference.max(0.0)))
        .with("days_allowed", days))
}

async fn price_today(counter: &Counter<'_>, order: &Order) -> Result<f64, Error> {
    let mut sum = 0.0;
    for (sku, count) in order.items() {
        let query = ProductQuery {
            sku: Some(sku.to_owned()),
            ..ProductQuery::default()
        };
        let product = counter.shop.products(&query).await?;
        sum += product.first().map_or(0.0, |p| p.price) * f64::from(count);
    }
    Ok(sum)
}
