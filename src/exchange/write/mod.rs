//! Exporters: one file a format, and a line for it in [`WRITERS`].

mod csv;
mod fastgpt;
mod jsonl;
mod markdown;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bot::{Article, Faq};

use super::{Error, spreadsheet};

/// An export before it is written.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Contents by name below the place that was named; the one of a single file is empty.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Cells that a spreadsheet would have taken for formulas.
    pub guarded_cells: usize,
}

/// One format that can be written.
struct Writer {
    /// As named on the command line.
    name: &'static str,
    write: fn(&[Arc<Article>], &[Faq]) -> Made,
}

/// All of them.
const WRITERS: [&Writer; 4] = [&csv::WRITER, &jsonl::WRITER, &markdown::WRITER, &fastgpt::WRITER];

/// Names of the formats that can be exported.
#[must_use]
pub fn names() -> Vec<&'static str> {
    WRITERS.iter().map(|writer| writer.name).collect()
}

/// The export in the named format.
pub(super) fn make(format: &str, articles: &[Arc<Article>], faq: &[Faq]) -> Result<Made, Error> {
    let writer = WRITERS
        .iter()
        .find(|writer| writer.name == format)
        .ok_or_else(|| {
            let message = format!("the format is not known; name one of {}", names().join(", "));
            Error::unreadable(format, 0, "unknown_format", message)
        })?;
    Ok((writer.write)(articles, faq))
}

/// Rows as CSV for spreadsheets: with a byte order mark, by which they know UTF-8, and guarded cells.
fn table(rows: impl Iterator<Item = Vec<String>>, with_mark: bool) -> Made {
    let mut guarded_cells = 0;
    let begin = if with_mark {
        "\u{feff}".as_bytes().to_vec()
    } else {
        Vec::new()
    };
    let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(begin);
    for row in rows {
        let cells = row.iter().map(|cell| {
            let (cell, guarded) = spreadsheet::guard(cell);
            guarded_cells += usize::from(guarded);
            cell
        });
        // Writing into memory does not fail.
        let _fine = writer.write_record(cells.collect::<Vec<_>>());
    }
    Made {
        files: BTreeMap::from([(String::new(), writer.into_inner().unwrap_or_default())]),
        guarded_cells,
    }
}

/// Questions as a table takes them: `|` parts them there.
fn asked(questions: &[String], title: &str) -> Vec<String> {
    super::clean::questions(questions, title)
}
