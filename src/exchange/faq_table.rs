//! A table of `faq/` as it stands, so that rows can be added and replaced and everything else stays:
//! the order of columns, columns of the shop's own, other rows.

use crate::conversation::Lang;

/// A row as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub question: &'a str,
    pub answer: &'a str,
    pub similar: &'a [String],
    pub tags: &'a [String],
    pub lang: Lang,
}

impl Row<'_> {
    /// At most so many bytes when written.
    pub fn bytes(&self) -> usize {
        let lists = self.similar.iter().chain(self.tags);
        let cells = [self.question, self.answer, self.lang.code()];
        written_bytes(cells.into_iter()) + written_bytes(lists.map(String::as_str))
    }
}

/// Every quote is doubled, and a cell may have two of its own and a separator.
fn written_bytes<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    cells.map(|cell| cell.len() + cell.matches('"').count() + 3).sum()
}

/// Column names and cells.
pub(super) struct FaqTable {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    bytes: usize,
    changed: bool,
}

/// Columns of a new table.
const COLUMNS: [&str; 5] = ["question", "answer", "similar", "tags", "lang"];

impl FaqTable {
    /// A table without rows.
    pub fn new() -> Self {
        Self {
            columns: COLUMNS.map(str::to_owned).to_vec(),
            rows: Vec::new(),
            bytes: 0,
            changed: false,
        }
    }

    /// Reads what is there; `None` when it cannot be read as the loader reads it.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let columns: Vec<String> = reader.headers().ok()?.iter().map(str::to_owned).collect();
        let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
        let rows: Result<Vec<Vec<String>>, _> = reader.records().map(|record| record.map(cells)).collect();
        Some(Self {
            columns,
            rows: rows.ok()?,
            bytes: text.len(),
            changed: false,
        })
    }

    /// At most so many bytes when written.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether anything was put.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// Replaces row `index`, or adds one.
    pub fn put(&mut self, index: Option<usize>, row: &Row<'_>) {
        let at = index.filter(|at| *at < self.rows.len()).unwrap_or_else(|| {
            self.rows.push(vec![String::new(); self.columns.len()]);
            self.rows.len() - 1
        });
        self.changed = true;
        self.bytes += row.bytes();
        self.set(at, "question", row.question);
        self.set(at, "answer", row.answer);
        self.set(at, "similar", &row.similar.join("|"));
        self.set(at, "tags", &row.tags.join(";"));
        // The loader guesses the language from the question; only a wrong guess needs a word.
        let guessed = Lang::of_text(row.question).unwrap_or(Lang::Zh);
        let told = self.columns.iter().any(|column| column == "lang") || guessed != row.lang;
        self.set(at, "lang", if told { row.lang.code() } else { "" });
    }

    /// Writes a cell; a column that is not there comes with its first value.
    fn set(&mut self, at: usize, column: &str, value: &str) {
        let known = self.columns.iter().position(|name| name == column);
        if known.is_none() && value.is_empty() {
            return;
        }
        let place = known.unwrap_or_else(|| {
            self.columns.push(column.to_owned());
            self.rows.iter_mut().for_each(|row| row.push(String::new()));
            self.columns.len() - 1
        });
        if let Some(cell) = self.rows.get_mut(at).and_then(|row| row.get_mut(place)) {
            value.clone_into(cell);
        }
    }

    /// The table as CSV.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for record in std::iter::once(&self.columns).chain(&self.rows) {
            // Writing into memory does not fail, and all rows have one length.
            let _fine = writer.write_record(record);
        }
        writer.into_inner().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_replaced_stays() {
        let there = "answer,question,owner\nA1,Q1,lin\n\"A,2\",Q2,may\n";
        let mut table = FaqTable::read(there.as_bytes()).unwrap();
        let similar = ["other".to_owned()];
        let row = Row {
            question: "Q2 in words",
            answer: "new",
            similar: &similar,
            tags: &[],
            lang: Lang::En,
        };
        table.put(Some(1), &row);
        let written = String::from_utf8(table.to_csv()).unwrap();
        assert_eq!(
            written,
            "answer,question,owner,similar\nA1,Q1,lin,\nnew,Q2 in words,may,other\n"
        );
    }
}
