//! What an order or a request looks like to the customer. No names, no addresses: whoever knows the number
//! sees the state, nothing about the person.

use super::{Asked, Counter, Error, ProductQuery};
use crate::bot::{Order, OrderState};
use crate::conversation::{Card, CardRow, CardStep, Lang};

fn word(lang: Lang, zh: &str, en: &str) -> String {
    if lang == Lang::Zh { zh } else { en }.to_owned()
}

/// Labelled values; empty ones are left out.
struct Rows {
    lang: Lang,
    list: Vec<CardRow>,
}

impl Rows {
    fn add(&mut self, zh: &str, en: &str, value: &str) {
        let label = word(self.lang, zh, en);
        self.put(label, value);
    }

    fn put(&mut self, label: String, value: &str) {
        if !value.is_empty() {
            self.list.push(CardRow {
                label,
                value: value.to_owned(),
            });
        }
    }
}

/// An order with its shipment.
pub(super) fn of_order(order: &Order, items: &str, lang: Lang) -> Card {
    let mut rows = Rows {
        lang,
        list: Vec::new(),
    };
    rows.add("商品", "Items", items);
    rows.add("快递", "Courier", &order.courier);
    rows.add("运单号", "Tracking number", &order.tracking_no);
    rows.add("预计送达", "Expected", &order.expected_on);
    rows.add("签收日期", "Delivered", &order.delivered_on);
    let steps = order.scans(lang).map(|(at, text)| CardStep {
        at: at.to_owned(),
        text: text.to_owned(),
    });
    Card {
        kind: "order".to_owned(),
        title: order.order_no.clone(),
        status: state_words(order.state, lang).to_owned(),
        rows: rows.list,
        steps: steps.collect(),
    }
}

/// A request that was registered.
pub(super) fn of_request(asked: &Asked, number: &str, order_no: Option<&str>) -> Card {
    let lang = asked.lang;
    let mut rows = Rows {
        lang,
        list: Vec::new(),
    };
    rows.add("办理", "Request", &asked.title);
    rows.add("订单号", "Order", order_no.unwrap_or_default());
    for (label, value) in &asked.shown {
        rows.put(label.clone(), value);
    }
    Card {
        kind: "request".to_owned(),
        title: number.to_owned(),
        status: word(lang, "已登记", "Registered"),
        rows: rows.list,
        steps: Vec::new(),
    }
}

/// The items of an order by name.
pub(super) async fn items(counter: &Counter<'_>, order: &Order, lang: Lang) -> Result<String, Error> {
    let mut list = Vec::new();
    for (sku, count) in order.items() {
        let query = ProductQuery {
            sku: Some(sku.to_owned()),
            ..ProductQuery::default()
        };
        let found = counter.shop.products(&query).await?;
        let name = found.first().map_or(sku, |product| product.name(lang));
        list.push(format!("{name} ×{count}"));
    }
    Ok(list.join(if lang == Lang::Zh { "，" } else { ", " }))
}

/// An order's state in words.
#[must_use]
pub fn state_words(state: OrderState, lang: Lang) -> &'static str {
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
