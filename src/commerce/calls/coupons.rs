//! What is the matter with a coupon.

use super::super::{Answer, Asked, Counter, Error};
use super::money;

pub(super) async fn find_coupon(counter: &Counter<'_>, asked: &Asked) -> Result<Answer, Error> {
    let code = asked.slot("coupon_code").to_uppercase();
    let found = counter.shop.coupon(&code).await?;
    // Somebody else's coupon is nobody's business.
    let own = |owner: &str| owner.is_empty() || asked.customer.as_deref() == Some(owner);
    let Some(coupon) = found.filter(|coupon| own(&coupon.customer_id)) else {
        return Ok(Answer::of("not_found"));
    };
    let today = counter.bot.shop.day_of(asked.now);
    let basket: Option<f64> = asked.slot("basket_total").parse().ok();
    let outcome = if coupon.used == "yes" {
        "used"
    } else if today < coupon.valid_from {
        "not_yet"
    } else if today > coupon.valid_until {
        "expired"
    } else if basket.is_some_and(|basket| basket < coupon.minimum) {
        "below_minimum"
    } else {
        "ok"
    };
    Ok(Answer::of(outcome)
        .with("coupon_words", asked.word(&coupon.title_zh, &coupon.title_en))
        .with("minimum", money(coupon.minimum))
        .with("off", money(coupon.off))
        .with("valid_from", coupon.valid_from)
        .with("valid_until", coupon.valid_until))
}
