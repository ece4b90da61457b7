//! Which size fits, by the shop's own tables.

use super::super::{Answer, Asked, Counter};
use crate::bot::SizeRow;

/// `known` with one size, `between` with two neighbours, `out_of_range`, or `no_table` for the product.
pub(super) fn advise_size(counter: &Counter<'_>, asked: &Asked) -> Answer {
    let sku = asked.slot("product");
    let rows: Vec<&SizeRow> = counter
        .bot
        .catalogue
        .sizes
        .iter()
        .filter(|row| row.sku == sku)
        .collect();
    if rows.is_empty() {
        return Answer::of("no_table");
    }
    let number = |name: &str| asked.slot(name).parse::<f64>().ok();
    let body = [number("height_cm"), number("weight_kg"), number("foot_cm")];
    let fitting: Vec<&str> = rows
        .iter()
        .filter(|row| fits(row, body))
        .map(|row| row.size.as_str())
        .collect();
    match fitting[..] {
        [] => Answer::of("out_of_range"),
        [size] => Answer::of("known").with("size", size),
        [size, other, ..] => Answer::of("between").with("size", size).with("size_other", other),
    }
}

/// Whether every measure that is known lies within the row's limits. A row without a limit for anything
/// that is known fits nobody.
fn fits(row: &SizeRow, body: [Option<f64>; 3]) -> bool {
    let limits = [
        (row.height_cm_min, row.height_cm_max),
        (row.weight_kg_min, row.weight_kg_max),
        (row.foot_cm_min, row.foot_cm_max),
    ];
    let judged = limits.iter().zip(body).filter_map(|((min, max), value)| {
        let (value, limited) = (value?, min.is_some() || max.is_some());
        limited.then(|| min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max))
    });
    let judged: Vec<bool> = judged.collect();
    !judged.is_empty() && judged.into_iter().all(|fits| fits)
}
