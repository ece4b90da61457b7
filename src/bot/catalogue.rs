//! `catalogue/*.csv`: products, orders, customers, coupons and size tables of a shop without a system of its own.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::article::{Article, Handling};
use crate::conversation::Lang;

/// One product of `products.csv`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Product {
    /// Product code.
    pub sku: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Category, in English.
    pub category: String,
    /// Price in CNY.
    pub price: f64,
    /// Pieces in stock.
    pub stock: u32,
    /// Colours, separated by `/`; `zh|en` each.
    pub colours: String,
    /// Sizes, separated by `/`.
    pub sizes: String,
    /// A paragraph in Chinese.
    pub description_zh: String,
    /// A paragraph in English.
    pub description_en: String,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Not paid yet.
    Unpaid,
    /// Paid, not dispatched.
    Paid,
    /// With the courier.
    Shipped,
    /// Out for delivery today.
    OutForDelivery,
    /// Signed for.
    Delivered,
    /// Completed: delivered and the return time is over.
    Completed,
    /// Cancelled before dispatch.
    Cancelled,
    /// A return was asked for.
    ReturnRequested,
    /// The return is on its way or being checked.
    Returning,
    /// The money went back.
    Refunded,
    /// The courier reports trouble.
    DeliveryProblem,
    /// A pre-order in the making.
    Preorder,
}

impl OrderState {
    /// Every name, in the order of the states.
    pub const NAMES: [&'static str; 12] = [
        "unpaid",
        "paid",
        "shipped",
        "out_for_delivery",
        "delivered",
        "completed",
        "cancelled",
        "return_requested",
        "returning",
        "refunded",
        "delivery_problem",
        "preorder",
    ];

    /// The state of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        const ALL: [OrderState; 12] = [
            OrderState::Unpaid,
            OrderState::Paid,
            OrderState::Shipped,
            OrderState::OutForDelivery,
            OrderState::Delivered,
            OrderState::Completed,
            OrderState::Cancelled,
            OrderState::ReturnRequested,
            OrderState::Returning,
            OrderState::Refunded,
            OrderState::DeliveryProblem,
            OrderState::Preorder,
        ];
        ALL.into_iter().find(|state| state.name() == name)
    }

    /// The name as in the table, used in response keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::OutForDelivery => "out_for_delivery",
            Self::Delivered => "delivered",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::ReturnRequested => "return_requested",
            Self::Returning => "returning",
            Self::Refunded => "refunded",
            Self::DeliveryProblem => "delivery_problem",
            Self::Preorder => "preorder",
        }
    }
}

/// One order of `orders.csv`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Order {
    /// Order number.
    pub order_no: String,
    /// Customer id, as in `customers.csv`.
    pub customer_id: String,
    /// Last four digits of the phone that the order was placed with, where the order itself has them; the
    /// customer's count otherwise.
    #[serde(default)]
    pub phone_tail: String,
    /// State.
    pub state: OrderState,
    /// Day of the order, `YYYY-MM-DD`.
    pub placed_on: String,
    /// Day of delivery, empty when not delivered.
    #[serde(default)]
    pub delivered_on: String,
    /// Expected day of delivery, empty when not known.
    #[serde(default)]
    pub expected_on: String,
    /// `SKU x quantity` separated by `;`.
    pub items: String,
    /// Paid in CNY.
    pub total: f64,
    /// Courier, in English; empty before dispatch.
    #[serde(default)]
    pub courier: String,
    /// Tracking number; empty before dispatch.
    #[serde(default)]
    pub tracking_no: String,
    /// Courier scans, newest first: `YYYY-MM-DD HH:MM|zh|en` separated by `;`.
    #[serde(default)]
    pub scans: String,
    /// Kinds of requests that were made for it.
    #[serde(skip)]
    pub requested: Vec<String>,
}

/// One customer of `customers.csv`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Customer {
    /// Customer id.
    pub customer_id: String,
    /// Name.
    pub name: String,
    /// Phone; its last four digits prove identity.
    pub phone: String,
    /// Level: `sprout`, `branch`, `crown`.
    pub level: String,
    /// Points.
    pub points: u32,
}

/// One coupon of `coupons.csv`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Coupon {
    /// Its code, in upper case.
    pub code: String,
    /// What it is, in Chinese.
    pub title_zh: String,
    /// What it is, in English.
    pub title_en: String,
    /// Least basket in CNY; 0 for any.
    pub minimum: f64,
    /// CNY off.
    pub off: f64,
    /// First day it holds.
    pub valid_from: Date,
    /// Last day it holds.
    pub valid_until: Date,
    /// The only customer who may use it; empty for everybody.
    #[serde(default)]
    pub customer_id: String,
    /// `yes` once it was used.
    #[serde(default)]
    pub used: String,
}

/// One row of `sizes.csv`: whom a size fits. Empty cells do not matter for it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SizeRow {
    /// Product code.
    pub sku: String,
    /// The size.
    pub size: String,
    /// Least height in cm.
    pub height_cm_min: Option<f64>,
    /// Most height in cm.
    pub height_cm_max: Option<f64>,
    /// Least weight in kg.
    pub weight_kg_min: Option<f64>,
    /// Most weight in kg.
    pub weight_kg_max: Option<f64>,
    /// Least length of the foot in cm.
    pub foot_cm_min: Option<f64>,
    /// Most length of the foot in cm.
    pub foot_cm_max: Option<f64>,
}

/// The tables, by key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// Coupons by code.
    pub coupons: BTreeMap<String, Coupon>,
    /// Size tables, in the order of the file.
    pub sizes: Vec<SizeRow>,
    /// Products by code.
    pub products: BTreeMap<String, Product>,
    /// Orders by number.
    pub orders: BTreeMap<String, Order>,
    /// Customers by id.
    pub customers: BTreeMap<String, Customer>,
}

impl Catalogue {
    /// Every product's names in upper case, each with its code.
    #[must_use]
    pub fn product_names(&self) -> Vec<(String, String)> {
        let both = |p: &Product| {
            [p.name_zh.clone(), p.name_en.clone()].map(|name| (name.to_uppercase(), p.sku.clone()))
        };
        self.products.values().flat_map(both).collect()
    }

    /// Every colour that a product comes in, in both languages and upper case, each with its English name;
    /// Chinese ones also without `色`.
    #[must_use]
    pub fn colour_names(&self) -> Vec<(String, String)> {
        let mut names = BTreeMap::new();
        for colour in self.products.values().flat_map(|p| p.colours.split('/')) {
            let Some((zh, en)) = colour.split_once('|') else {
                continue;
            };
            names.insert(en.to_uppercase(), en.to_owned());
            names.insert(zh.trim_end_matches('色').to_uppercase(), en.to_owned());
        }
        names.into_iter().filter(|(name, _)| !name.is_empty()).collect()
    }
}

impl Order {
    /// Codes and quantities.
    pub fn items(&self) -> impl Iterator<Item = (&str, u32)> {
        self.items.split(';').filter_map(|item| {
            let (sku, count) = item.rsplit_once('x').unwrap_or((item, "1"));
            let sku = sku.trim();
            (!sku.is_empty()).then(|| (sku, count.trim().parse().unwrap_or(1)))
        })
    }

    /// Courier scans as (time, text) in a language, newest first.
    pub fn scans(&self, lang: Lang) -> impl Iterator<Item = (&str, &str)> {
        self.scans.split(';').filter_map(move |scan| {
            let mut parts = scan.split('|').map(str::trim);
            let (at, zh, en) = (parts.next()?, parts.next()?, parts.next()?);
            Some((at, if lang == Lang::Zh { zh } else { en }))
        })
    }
}

impl Product {
    /// The name in a language.
    #[must_use]
    pub fn name(&self, lang: Lang) -> &str {
        if lang == Lang::Zh {
            &self.name_zh
        } else {
            &self.name_en
        }
    }

    /// The product as an article, so that questions about it find its facts.
    #[must_use]
    pub fn to_article(&self, lang: Lang) -> Article {
        let (colours, sizes) = (variants(&self.colours, lang), variants(&self.sizes, lang));
        let body = match lang {
            Lang::Zh => format!(
                "{}\n\n- 价格：¥{}\n- 颜色：{colours}\n- 尺码/规格：{sizes}\n- 库存：{}\n",
                self.description_zh,
                self.price,
                if self.stock > 0 { "有货" } else { "暂时缺货" },
            ),
            Lang::En => format!(
                "{}\n\n- Price: ¥{}\n- Colours: {colours}\n- Sizes: {sizes}\n- Stock: {}\n",
                self.description_en,
                self.price,
                if self.stock > 0 {
                    "in stock"
                } else {
                    "out of stock at the moment"
                },
            ),
        };
        Article {
            id: format!("product-{}", self.sku.to_lowercase()),
            title: self.name(lang).to_owned(),
            lang,
            tags: vec![self.category.clone(), self.sku.clone()],
            questions: Vec::new(),
            handling: Handling::default(),
            body,
            file: "catalogue/products.csv".into(),
            body_line: 1,
            source: 0,
        }
    }
}

/// What a product comes in, written `zh|en/zh|en`, in one language.
#[must_use]
pub fn variants(written: &str, lang: Lang) -> String {
    let pick = |one: &str| {
        let (zh, en) = one.split_once('|').unwrap_or((one, one));
        (if lang == Lang::Zh { zh } else { en }).trim().to_owned()
    };
    let list: Vec<String> = written.split('/').map(pick).filter(|s| !s.is_empty()).collect();
    list.join(if lang == Lang::Zh { "、" } else { ", " })
}
