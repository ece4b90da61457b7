//! Finding products, and what there is of one.

use super::super::{Answer, Asked, Counter, Error, ProductQuery};
use super::money;
use crate::bot::variants;
use crate::conversation::Choice;

/// Most products listed.
const LISTED_MAX: usize = 5;

pub(super) async fn find_products(counter: &Counter<'_>, asked: &Asked) -> Result<Answer, Error> {
    let filled = |name: &str| {
        Some(asked.slot(name))
            .filter(|v| !v.is_empty() && *v != "any")
            .map(str::to_owned)
    };
    let query = ProductQuery {
        sku: None,
        category: filled("category"),
        price_max: filled("price_max").and_then(|price| price.parse().ok()),
        keyword: filled("keyword"),
    };
    let mut found = counter.shop.products(&query).await?;
    // What can be had comes first.
    found.sort_by_key(|product| product.stock == 0);
    let outcome = match found.len() {
        0 => "none",
        1 => "one",
        2..=LISTED_MAX => "few",
        _ => "many",
    };
    let mut answer = Answer::of(outcome).with("count", found.len());
    if let [product] = &found[..] {
        answer.slots.insert("product".to_owned(), product.sku.clone());
        answer = answer.with("product_name", product.name(asked.lang));
    }
    let shown = found.iter().take(LISTED_MAX);
    answer.choices = shown
        .map(|product| Choice {
            label: format!("{} ¥{}", product.name(asked.lang), money(product.price)),
            choice: format!("product:{}", product.sku),
        })
        .collect();
    Ok(answer)
}

pub(super) async fn find_product(counter: &Counter<'_>, asked: &Asked) -> Result<Answer, Error> {
    let query = ProductQuery {
        sku: Some(asked.slot("product").to_owned()),
        ..ProductQuery::default()
    };
    let found = counter.shop.products(&query).await?;
    let Some(product) = found.first() else {
        return Ok(Answer::of("not_found"));
    };
    let outcome = if product.stock > 0 { "in_stock" } else { "sold_out" };
    Ok(Answer::of(outcome)
        .with("product_name", product.name(asked.lang))
        .with("price", money(product.price))
        .with("stock", product.stock)
        .with("sizes", variants(&product.sizes, asked.lang))
        .with("colours", variants(&product.colours, asked.lang)))
}
