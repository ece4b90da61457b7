//! What an order looks like to the customer: template values and the card. No names, no addresses:
//! whoever knows the number sees the state, nothing about the person.

use std::collections::BTreeMap;

use super::Desk;
use crate::bot::{Order, OrderState};
use crate::conversation::{Card, CardRow, CardStep, Lang, Tracker};

/// The order the conversation is about.
pub(super) fn order_of<'a>(desk: &'a Desk<'_>, tracker: &Tracker) -> Option<&'a Order> {
    desk.bot.catalogue.orders.get(tracker.slots.get("order_no")?)
}

/// Template values about the order at hand; empty without one.
pub(super) fn values(desk: &Desk<'_>, tracker: &Tracker) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let Some(order) = order_of(desk, tracker) else {
        return values;
    };
    let lang = tracker.lang();
    let scan = order.scans(lang).next();
    for (key, value) in [
        ("state", order.state.name()),
        ("state_words", state_words(order.state, lang)),
        ("expected_on", order.expected_on.as_str()),
        ("delivered_on", order.delivered_on.as_str()),
        ("courier", order.courier.as_str()),
        ("tracking_no", order.tracking_no.as_str()),
        ("last_scan", scan.map_or("", |(_, text)| text)),
        ("last_scan_at", scan.map_or("", |(at, _)| at)),
    ] {
        values.insert(key.to_owned(), value.to_owned());
    }
    values.insert("items".to_owned(), items(desk, order, lang));
    values
}

/// The card of a kind, when there is something to show.
pub(super) fn card(desk: &Desk<'_>, tracker: &Tracker, kind: &str) -> Option<Card> {
    let order = order_of(desk, tracker)?;
    let lang = tracker.lang();
    let word = |zh: &str, en: &str| {
        if lang == Lang::Zh {
            zh.to_owned()
        } else {
            en.to_owned()
        }
    };
    let mut rows = vec![CardRow {
        label: word("商品", "Items"),
        value: items(desk, order, lang),
    }];
    let mut add = |label: String, value: &str| {
        if !value.is_empty() {
            rows.push(CardRow {
                label,
                value: value.to_owned(),
            });
        }
    };
    let (title, status, steps) = if kind == "return" {
        let slot = |name: &str| tracker.slots.get(name).map_or("", String::as_str);
        add(word("订单号", "Order"), &order.order_no);
        add(word("原因", "Reason"), reason_words(slot("return_reason"), lang));
        (
            slot("return_no").to_owned(),
            word("已登记", "Registered"),
            Vec::new(),
        )
    } else {
        add(word("快递", "Courier"), &order.courier);
        add(word("运单号", "Tracking number"), &order.tracking_no);
        add(word("预计送达", "Expected"), &order.expected_on);
        add(word("签收日期", "Delivered"), &order.delivered_on);
        let steps = order.scans(lang).map(|(at, text)| CardStep {
            at: at.to_owned(),
            text: text.to_owned(),
        });
        (
            order.order_no.clone(),
            state_words(order.state, lang).to_owned(),
            steps.collect(),
        )
    };
    Some(Card {
        kind: kind.to_owned(),
        title,
        status,
        rows,
        steps,
    })
}

fn items(desk: &Desk<'_>, order: &Order, lang: Lang) -> String {
    let name = |sku: &str| {
        desk.bot
            .catalogue
            .products
            .get(sku)
            .map_or_else(|| sku.to_owned(), |p| p.name(lang).to_owned())
    };
    let list: Vec<String> = order
        .items()
        .map(|(sku, count)| format!("{} ×{count}", name(sku)))
        .collect();
    list.join(if lang == Lang::Zh { "，" } else { ", " })
}

fn reason_words(reason: &str, lang: Lang) -> &str {
    match (reason, lang) {
        ("unwanted", Lang::Zh) => "不喜欢/不想要了",
        ("unwanted", Lang::En) => "No longer wanted",
        ("size", Lang::Zh) => "尺码不合适",
        ("size", Lang::En) => "Wrong size",
        ("faulty", Lang::Zh) => "质量问题",
        ("faulty", Lang::En) => "Faulty",
        ("wrong", Lang::Zh) => "发错/少发",
        ("wrong", Lang::En) => "Wrong or missing item",
        _ => reason,
    }
}

fn state_words(state: OrderState, lang: Lang) -> &'static str {
    let (zh, en) = match state {
        OrderState::Unpaid => ("待付款", "Waiting for payment"),
        OrderState::Paid => ("已付款，待发货", "Paid, not dispatched yet"),
        OrderState::Shipped => ("运输中", "On its way"),
        OrderState::OutForDelivery => ("派送中", "Out for delivery"),
        OrderState::Delivered => ("已签收", "Delivered"),
        OrderState::Completed => ("已完成", "Completed"),
        OrderState::Cancelled => ("已取消", "Cancelled"),
        OrderState::ReturnRequested => ("已申请退货", "Return requested"),
        OrderState::Returning => ("退货处理中", "Return in progress"),
        OrderState::Refunded => ("已退款", "Refunded"),
        OrderState::DeliveryProblem => ("派送异常", "Delivery problem"),
        OrderState::Preorder => ("预售备货中", "Pre-order, in preparation"),
    };
    if lang == Lang::Zh { zh } else { en }
}
