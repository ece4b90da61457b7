//! A report as a table for spreadsheets: RFC 4180 in UTF-8, with the mark by which they know it.

use serde::Deserialize;

use super::{DayLine, Line, Report, Seconds};
use crate::conversation::Lang;

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sheet {
    /// A row an agent.
    Agents,
    /// A row a team.
    Teams,
    /// A row a day.
    Days,
}

/// Byte order mark; without it spreadsheets take Chinese for something else.
const MARK: &str = "\u{feff}";

const LINE_HEADS: [[&str; 2]; 15] = [
    ["ID", "id"],
    ["名称", "name"],
    ["会话数", "conversations"],
    ["回复数", "replies"],
    ["已解决", "resolved"],
    ["转出", "transferred"],
    ["平均等待（秒）", "wait mean (s)"],
    ["等待 P90（秒）", "wait p90 (s)"],
    ["平均首响（秒）", "first response mean (s)"],
    ["首响 P90（秒）", "first response p90 (s)"],
    ["平均解决时长（秒）", "resolution mean (s)"],
    ["解决时长 P90（秒）", "resolution p90 (s)"],
    ["首响达标率", "within sla"],
    ["满意度", "rating"],
    ["评价数", "rated"],
];

const DAY_HEADS: [[&str; 2]; 5] = [
    ["日期", "day"],
    ["会话数", "conversations"],
    ["转人工", "handed off"],
    ["已解决", "resolved"],
    ["满意度", "rating"],
];

/// One table of a report.
#[must_use]
pub fn csv(report: &Report, sheet: Sheet, lang: Lang) -> String {
    let head = |heads: &[[&str; 2]]| {
        let at = usize::from(lang == Lang::En);
        heads.iter().map(|names| names[at].to_owned()).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = match sheet {
        Sheet::Agents | Sheet::Teams => {
            let lines = if sheet == Sheet::Agents {
                &report.agents
            } else {
                &report.teams
            };
            std::iter::once(head(&LINE_HEADS))
                .chain(lines.iter().map(cells_of_line))
                .collect()
        }
        Sheet::Days => std::iter::once(head(&DAY_HEADS))
            .chain(report.days.iter().map(cells_of_day))
            .collect(),
    };
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(MARK.as_bytes().to_vec());
    for row in rows {
        // Writing to memory cannot fail.
        let _ = writer.write_record(row.iter().map(|cell| tame(cell)));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// A cell that a spreadsheet would take for a formula is text.
fn tame(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn cells_of_line(line: &Line) -> Vec<String> {
    let counts = [line.conversations, line.replies, line.resolved, line.transferred];
    let times = [line.wait_s, line.first_response_s, line.resolution_s];
    let mut cells = vec![line.id.clone(), line.name.clone()];
    cells.extend(counts.map(|count| count.to_string()));
    cells.extend(
        times
            .into_iter()
            .flat_map(|Seconds { mean, p90 }| [figure(mean), figure(p90)]),
    );
    cells.extend([
        figure(line.within_sla),
        figure(line.rating),
        line.rated.to_string(),
    ]);
    cells
}

fn cells_of_day(line: &DayLine) -> Vec<String> {
    let counts = [line.conversations, line.handed_off, line.resolved];
    let mut cells = vec![line.day.to_string()];
    cells.extend(counts.map(|count| count.to_string()));
    cells.push(figure(line.rating));
    cells
}
