//! Faq tables as CSV, comma, tab or semicolon, in whatever encoding a spreadsheet saved them.

use std::path::Path;

use super::super::Error;
use super::super::draft::Found;
use super::super::source::{FILE_BYTES_MAX, Source, name_of};
use super::Reader;
use super::table::{BEYOND, COLUMNS_MAX, Columns, ROWS_MAX, Row, Shape, no_columns, too_many_rows};

pub(super) const READER: Reader = Reader {
    name: "csv",
    fits: |source| !source.is_folder && source.with_extension(&["csv", "tsv", "txt"]).next().is_some(),
    read: |source, found| read(source, found, Shape::default()),
};

/// Separators, the likeliest first.
const SEPARATORS: [u8; 3] = [b',', b'\t', b';'];

/// Reads the one table of a source.
pub(super) fn read(source: &Source, found: &mut Found, shape: Shape) -> Result<(), Error> {
    let file = source.file()?;
    let text = source.text(file, FILE_BYTES_MAX, &mut found.report)?;
    read_text(&name_of(file), &text, shape, found)
}

/// The headings of a table, as far as a glance tells.
pub(super) fn headings(source: &Source) -> Vec<String> {
    let only = source.file().ok().filter(|file| is_table(file));
    let begin = only.and_then(|file| source.peek(file)).unwrap_or_default();
    let first = begin.lines().next().unwrap_or_default();
    first
        .split(',')
        .map(|h| h.trim().trim_matches('"').to_lowercase())
        .collect()
}

fn is_table(file: &Path) -> bool {
    super::super::source::has_extension(file, "csv")
}

fn reader_of(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes())
}

fn read_text(file: &str, text: &str, shape: Shape, found: &mut Found) -> Result<(), Error> {
    let first_row = |separator: u8| -> Vec<String> {
        let first = reader_of(text, separator).into_records().next();
        first
            .and_then(Result::ok)
            .map_or_else(Vec::new, |record| cells_of(&record))
    };
    let fitting = SEPARATORS
        .into_iter()
        .find_map(|separator| Some((separator, Columns::find(&first_row(separator), shape)?)));
    let Some((separator, columns)) = fitting else {
        return Err(no_columns(file, &first_row(SEPARATORS[0])));
    };
    let mut reader = reader_of(text, separator);
    let mut record = csv::StringRecord::new();
    let mut rows = 0;
    let broken =
        |error: &csv::Error| Error::unreadable(file, 0, "bad_row", format!("{error}; mend the table"));
    while reader.read_record(&mut record).map_err(|error| broken(&error))? {
        let line = record
            .position()
            .map_or(0, |p| usize::try_from(p.line()).unwrap_or(0));
        rows += 1;
        if rows == 1 {
            continue;
        }
        if rows > ROWS_MAX + 1 {
            return Err(too_many_rows(file, line));
        }
        found.not_carried(BEYOND, record.len().saturating_sub(COLUMNS_MAX));
        let cells = cells_of(&record);
        columns.take(file, &Row { line, cells }, found);
    }
    Ok(())
}

fn cells_of(record: &csv::StringRecord) -> Vec<String> {
    record.iter().take(COLUMNS_MAX).map(str::to_owned).collect()
}
