//! Faq tables as XLSX: the first sheet. The archive is measured before anything in it is read, and cells
//! are taken one by one, since a sheet can claim to be billions of cells large.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use calamine::{Data, DataRef, Reader as _, Xlsx};
use zip::ZipArchive;

use super::super::Error;
use super::super::draft::{CELL_CHARS_MAX, Found};
use super::super::source::{Source, name_of};
use super::Reader;
use super::table::{BEYOND, COLUMNS_MAX, Columns, ROWS_MAX, Row, Shape, no_columns, too_many_rows};

pub(super) const READER: Reader = Reader {
    name: "xlsx",
    fits: |source| !source.is_folder && source.with_extension(&["xlsx", "xlsm"]).next().is_some(),
    read,
};

/// Largest file, in bytes.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Most bytes of all parts when inflated.
const INFLATED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most parts.
const PARTS_MAX: usize = 2_000;
/// Most cells looked at.
const CELLS_MAX: usize = 2_000_000;
/// Most bytes of text in all cells: one long text can be shared by many.
const TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;

fn read(source: &Source, found: &mut Found) -> Result<(), Error> {
    let file = source.file()?;
    let name = name_of(file);
    let bytes = source.bytes(file, FILE_BYTES_MAX)?;
    measure(&name, &bytes)?;
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::unreadable(
            &*name,
            0,
            "bad_archive",
            format!("{error}; save it anew as .xlsx"),
        )
    };
    let mut book = Xlsx::new(Cursor::new(&bytes)).map_err(|error| unreadable(&error))?;
    let sheets = book.sheet_names();
    let Some(first) = sheets.first() else {
        return Err(unreadable(&"there is no sheet"));
    };
    found.not_carried("sheet after the first", sheets.len() - 1);
    let rows = rows_of(&name, &mut book, first, found)?;
    take(&name, rows, found)
}

/// Inflates every part once to see how large it truly is; sizes in the directory may lie.
fn measure(name: &str, bytes: &[u8]) -> Result<(), Error> {
    let bad = |message: String| {
        Error::unreadable(
            name,
            0,
            "bad_archive",
            format!("{message}; save it anew as .xlsx"),
        )
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| bad(error.to_string()))?;
    if archive.len() > PARTS_MAX {
        let message = format!("more than {PARTS_MAX} parts; save only the first sheet");
        return Err(Error::unreadable(name, 0, "too_large", message));
    }
    if archive.has_duplicate_names() || archive.has_overlapping_files().map_err(|e| bad(e.to_string()))? {
        return Err(bad("parts lie upon each other".to_owned()));
    }
    let mut inflated = 0;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|error| bad(error.to_string()))?;
        if part.enclosed_name().is_none() || part.is_symlink() || part.name().is_ok_and(|n| n.contains('\\'))
        {
            return Err(bad("a part's name leads out of the archive".to_owned()));
        }
        let left = INFLATED_BYTES_MAX - inflated;
        let declared = part.size();
        let actual = std::io::copy(&mut part.by_ref().take(left + 1), &mut std::io::sink())
            .map_err(|error| bad(error.to_string()))?;
        if actual > left || declared > left {
            let message = format!("larger than {INFLATED_BYTES_MAX} bytes when inflated; split the table");
            return Err(Error::unreadable(name, 0, "too_large", message));
        }
        if actual != declared {
            return Err(bad(format!("a part says {declared} bytes and has {actual}")));
        }
        inflated += actual;
    }
    Ok(())
}

/// Cells by row and column, both from 0.
type Rows = BTreeMap<usize, BTreeMap<usize, String>>;

fn rows_of(
    name: &str,
    book: &mut Xlsx<Cursor<&Vec<u8>>>,
    sheet: &str,
    found: &mut Found,
) -> Result<Rows, Error> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::unreadable(
            name,
            0,
            "bad_archive",
            format!("sheet `{sheet}`: {error}; save it anew as .xlsx"),
        )
    };
    let mut cells = book
        .worksheet_cells_reader(sheet)
        .map_err(|error| unreadable(&error))?;
    let mut rows = Rows::new();
    let (mut seen, mut bytes) = (0, 0);
    while let Some(cell) = cells.next_cell().map_err(|error| unreadable(&error))? {
        let (row, column) = cell.get_position();
        let (row, column) = (row as usize, column as usize);
        seen += 1;
        let text = text_of(cell.get_value());
        bytes += text.len();
        if seen > CELLS_MAX || bytes > TEXT_BYTES_MAX {
            let message = format!("more than {CELLS_MAX} cells or {TEXT_BYTES_MAX} bytes; split the table");
            return Err(Error::unreadable(name, row + 1, "too_large", message));
        }
        if column >= COLUMNS_MAX {
            found.not_carried(BEYOND, 1);
        }
        if text.is_empty() || column >= COLUMNS_MAX {
            continue;
        }
        if rows.len() > ROWS_MAX {
            return Err(too_many_rows(name, row + 1));
        }
        rows.entry(row).or_default().insert(column, text);
    }
    Ok(rows)
}

/// A cell as a person reads it; a number without a pointless `.0`, a date as its day.
fn text_of(value: &DataRef<'_>) -> String {
    let text = match value {
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
        DataRef::DateTime(when) => day_of(when.as_f64()).unwrap_or_default(),
        other => Data::from(other.clone()).to_string(),
    };
    // One more than is taken, so that what is too long is seen to be.
    text.chars().take(CELL_CHARS_MAX + 1).collect()
}

/// The day with this number: day 1 was the first of 1900, and a leap day that never was is counted.
fn day_of(number: f64) -> Option<String> {
    let first = jiff::civil::date(1899, 12, 30);
    let days = jiff::Span::new().try_days(number as i64).ok()?;
    first.checked_add(days).ok().map(|day| day.to_string())
}

fn take(name: &str, mut rows: Rows, found: &mut Found) -> Result<(), Error> {
    let dense = |cells: BTreeMap<usize, String>| {
        let width = cells.keys().next_back().map_or(0, |last| last + 1);
        let mut row = vec![String::new(); width];
        for (column, cell) in cells {
            row[column] = cell;
        }
        row
    };
    let headings = rows.pop_first().map_or_else(Vec::new, |(_, cells)| dense(cells));
    let columns = Columns::find(&headings, Shape::default()).ok_or_else(|| no_columns(name, &headings))?;
    for (row, cells) in rows {
        let row = Row {
            line: row + 1,
            cells: dense(cells),
        };
        columns.take(name, &row, found);
    }
    Ok(())
}
