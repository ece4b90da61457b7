//! Calls that ask whether something may be done, and that have it done.

use super::super::{Answer, Asked, Counter, Error, Receipt, Request, card, rules};

/// Whether a kind of request may be made for the order at hand, by the rules of `shop.yaml`.
pub(super) async fn may(counter: &Counter<'_>, asked: &Asked, kind: &str) -> Result<Answer, Error> {
    let Some(order) = counter.shop.order(asked.slot("order_no")).await? else {
        return Ok(Answer::of("not_found"));
    };
    let customer = counter.shop.customer(&order.customer_id).await?;
    let level = customer.map(|c| c.level).unwrap_or_default();
    let (outcome, days) = rules::may(counter.bot, kind, &order, &level, &asked.slots, asked.now);
    Ok(Answer::of(outcome)
        .with("days_allowed", days.unwrap_or_default())
        .with("state_words", card::state_words(order.state, asked.lang))
        .with("delivered_on", &order.delivered_on))
}

/// Has it done. The key makes it one effect however often it is sent.
pub(super) async fn request(counter: &Counter<'_>, asked: &Asked, kind: &str) -> Result<Answer, Error> {
    let order_no = Some(asked.slot("order_no")).filter(|no| !no.is_empty() && of_order(counter, kind));
    let request = Request {
        key: asked.key.clone(),
        kind: kind.to_owned(),
        order_no: order_no.map(str::to_owned),
        customer: asked.customer.clone(),
        fields: asked.fields.clone(),
        at: asked.now,
    };
    match counter.shop.request(&request).await? {
        Receipt::Refused { reason } => Ok(Answer::of("refused").with("refusal", refusal(asked, reason))),
        Receipt::Done { number } => Ok(Answer {
            card: Some(card::of_request(asked, &number, order_no)),
            ..Answer::of("done").with("request_no", number)
        }),
    }
}

/// A refusal in words; a shop's own words are left as they are.
fn refusal(asked: &Asked, reason: String) -> String {
    match reason.as_str() {
        "too_late" => asked.word("已经过了可以申请的期限", "the time for it is over"),
        "already" => asked.word("已经申请过了", "it has been asked for already"),
        "wrong_state" => asked.word(
            "订单现在的状态不能这样办理",
            "the order's state does not allow it",
        ),
        _ => reason,
    }
}

/// Whether a kind of request is about an order.
fn of_order(counter: &Counter<'_>, kind: &str) -> bool {
    let rule = counter.bot.shop.requests.get(kind);
    rule.is_some_and(|rule| !rule.states.is_empty())
}
