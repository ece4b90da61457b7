//! Cells that spreadsheets would take for formulas. A `'` before them makes them text; it is put on when
//! a table leaves the house and taken off when one comes in, so nothing is lost on the way.

/// Characters a formula begins with.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether a cell is a formula to a spreadsheet, or already a guarded one, which needs a guard of its own.
fn needs_guard(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

/// The cell as it may stand in a table for spreadsheets, and whether it was changed.
pub(super) fn guard(cell: &str) -> (String, bool) {
    if needs_guard(cell) {
        (format!("'{cell}"), true)
    } else {
        (cell.to_owned(), false)
    }
}

/// The cell without its guard.
pub(super) fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|_| needs_guard(cell))
        .unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_lost_behind_its_guard() {
        for cell in [
            "=1+1", "+86 10", "- a list", "@x", "\tx", "'=1", "''-", "'quoted'", "", "plain", "'",
        ] {
            assert_eq!(unguard(&guard(cell).0), cell);
            assert!(!guard(cell).0.starts_with(FORMULA));
        }
        assert_eq!(guard("=HYPERLINK(\"http://x\")").0, "'=HYPERLINK(\"http://x\")");
        assert_eq!(guard("plain"), ("plain".to_owned(), false));
    }
}
