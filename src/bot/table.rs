//! Reading `catalogue/*.csv`, and whether the tables fit together.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::catalogue::{Catalogue, Coupon, Customer, Order, Product, SizeRow};
use super::problem::{Problems, or_nearest};
use super::yaml;

/// Largest table, in bytes.
const TABLE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Reads the tables and checks that they fit together.
pub(super) fn load_catalogue(dir: &Path, problems: &mut Problems) -> Catalogue {
    let mut catalogue = Catalogue::default();
    let mut table = Table::new(dir, "products.csv", problems);
    for (line, product) in table.rows::<Product>() {
        let known = catalogue.products.contains_key(&product.sku);
        table.once(line, "duplicate_product", &product.sku, known);
        catalogue.products.insert(product.sku.clone(), product);
    }
    let mut table = Table::new(dir, "customers.csv", problems);
    for (line, customer) in table.rows::<Customer>() {
        let known = catalogue.customers.contains_key(&customer.customer_id);
        table.once(line, "duplicate_customer", &customer.customer_id, known);
        catalogue.customers.insert(customer.customer_id.clone(), customer);
    }
    let mut table = Table::new(dir, "orders.csv", problems);
    for (line, order) in table.rows::<Order>() {
        table.order(line, &order, &catalogue);
        catalogue.orders.insert(order.order_no.clone(), order);
    }
    let mut table = Table::new(dir, "coupons.csv", problems);
    for (line, coupon) in table.optional_rows::<Coupon>() {
        let code = coupon.code.to_uppercase();
        table.coupon(line, &coupon, &catalogue);
        table.once(
            line,
            "duplicate_coupon",
            &code,
            catalogue.coupons.contains_key(&code),
        );
        catalogue.coupons.insert(code, coupon);
    }
    let mut table = Table::new(dir, "sizes.csv", problems);
    for (line, row) in table.optional_rows::<SizeRow>() {
        table.product(line, &row.sku, &catalogue);
        table.limits(line, &row);
        catalogue.sizes.push(row);
    }
    catalogue
}

/// One table as it is checked.
struct Table<'a> {
    file: PathBuf,
    problems: &'a mut Problems,
}

impl<'a> Table<'a> {
    fn new(dir: &Path, name: &str, problems: &'a mut Problems) -> Self {
        let file = dir.join(name);
        Self { file, problems }
    }

    fn error(&mut self, line: usize, code: &'static str, message: String) {
        self.problems.error(&self.file, line, code, message);
    }

    fn rows<T: DeserializeOwned>(&mut self) -> Vec<(usize, T)> {
        let Some(text) = yaml::read(&self.file, TABLE_BYTES_MAX, self.problems) else {
            return Vec::new();
        };
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = reader.headers().cloned().unwrap_or_default();
        let mut rows = Vec::new();
        for record in reader.records() {
            let cells = record.as_ref().map_or_else(|_| String::new(), cells);
            let row = record.and_then(|record| {
                let line = line_of_row(&record);
                Ok((line, record.deserialize::<T>(Some(&header))?))
            });
            match row {
                Ok(row) => rows.push(row),
                Err(error) => {
                    let table = bad_row(&self.file, &header, &error, self.problems);
                    let lost = if table.is_break() { text.clone() } else { cells };
                    self.problems.lose(&self.file, lost);
                    if table.is_break() {
                        break;
                    }
                }
            }
        }
        rows
    }

    /// The rows of a table that a shop may do without.
    fn optional_rows<T: DeserializeOwned>(&mut self) -> Vec<(usize, T)> {
        if self.file.exists() {
            self.rows()
        } else {
            Vec::new()
        }
    }

    fn once(&mut self, line: usize, code: &'static str, key: &str, known: bool) {
        if known {
            self.error(line, code, format!("`{key}` is there twice; take one row out"));
        }
    }

    fn customer(&mut self, line: usize, id: &str, catalogue: &Catalogue) {
        let known = &catalogue.customers;
        if !known.contains_key(id) && !self.problems.lost("catalogue/customers.csv", id) {
            let message = format!("customer `{id}` is not in customers.csv; add a row there, or mend the id");
            self.error(line, "unknown_customer", message);
        }
    }

    fn product(&mut self, line: usize, sku: &str, catalogue: &Catalogue) {
        let known = &catalogue.products;
        if !known.contains_key(sku) && !self.problems.lost("catalogue/products.csv", sku) {
            let instead = or_nearest(sku, known.keys().map(String::as_str), "add a row there");
            let message = format!("product `{sku}` is not in products.csv; {instead}");
            self.error(line, "unknown_product", message);
        }
    }

    fn order(&mut self, line: usize, order: &Order, catalogue: &Catalogue) {
        self.customer(line, &order.customer_id, catalogue);
        for (sku, _) in order.items() {
            self.product(line, sku, catalogue);
        }
        let known = catalogue.orders.contains_key(&order.order_no);
        self.once(line, "duplicate_order", &order.order_no, known);
        let days = BTreeMap::from([
            ("placed_on", Some(&order.placed_on)),
            (
                "delivered_on",
                Some(&order.delivered_on).filter(|day| !day.is_empty()),
            ),
            (
                "expected_on",
                Some(&order.expected_on).filter(|day| !day.is_empty()),
            ),
        ]);
        for (column, day) in days {
            if let Some(day) = day.filter(|day| day.parse::<Date>().is_err()) {
                let message = format!("{column} `{day}` is no day; write it as 2026-11-23");
                self.error(line, "bad_date", message);
            }
        }
    }

    fn coupon(&mut self, line: usize, coupon: &Coupon, catalogue: &Catalogue) {
        if !coupon.customer_id.is_empty() {
            self.customer(line, &coupon.customer_id, catalogue);
        }
        if coupon.valid_until < coupon.valid_from {
            let message = "valid_until is before valid_from; turn them round".to_owned();
            self.error(line, "bad_dates", message);
        }
    }

    fn limits(&mut self, line: usize, row: &SizeRow) {
        for (what, min, max) in [
            ("height_cm", row.height_cm_min, row.height_cm_max),
            ("weight_kg", row.weight_kg_min, row.weight_kg_max),
            ("foot_cm", row.foot_cm_min, row.foot_cm_max),
        ] {
            if min.zip(max).is_some_and(|(min, max)| min > max) {
                let message = format!("{what}: its least is more than its most; turn them round");
                self.error(line, "bad_limits", message);
            }
        }
    }
}

fn cells(record: &csv::StringRecord) -> String {
    record.iter().collect::<Vec<_>>().join(",")
}

/// The line on which a row begins.
pub(super) fn line_of_row(record: &csv::StringRecord) -> usize {
    let line = record.position().map_or(0, csv::Position::line);
    usize::try_from(line).unwrap_or(0)
}

/// Tells what is wrong with a row. Where a column is missing that is told once, of the header, and there is no
/// use in going on.
pub(super) fn bad_row(
    file: &Path,
    header: &csv::StringRecord,
    error: &csv::Error,
    problems: &mut Problems,
) -> ControlFlow<()> {
    let line = error.position().map_or(1, csv::Position::line);
    let line = usize::try_from(line).unwrap_or(1);
    let message = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let why = err.kind().to_string();
            if let Some(column) = why
                .strip_prefix("missing field `")
                .and_then(|c| c.strip_suffix('`'))
            {
                let instead = or_nearest(column, header, "add it to the first row");
                let instead = instead.replace("did you mean", "is it");
                problems.error(
                    file,
                    1,
                    "bad_header",
                    format!("there is no column `{column}`; {instead}"),
                );
                return ControlFlow::Break(());
            }
            let column = err.field().and_then(|at| header.get(usize::try_from(at).ok()?));
            format!("column `{}`: {why}; mend the cell", column.unwrap_or("?"))
        }
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("{len} cells where the first row has {expected_len}; put what holds a comma in quotes")
        }
        _ => format!("{error}; mend the row"),
    };
    problems.error(file, line, "bad_row", message);
    ControlFlow::Continue(())
}
