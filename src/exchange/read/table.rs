//! Rows under headings to faq rows, for every format that is a table. Headings are found by name, in
//! English or Chinese, whatever their case.

use crate::conversation::{Lang, fold};

use super::super::Error;
use super::super::draft::{CELL_CHARS_MAX, FaqDraft, Found, Place};
use super::super::spreadsheet;

/// Most rows of a table.
pub(super) const ROWS_MAX: usize = 100_000;
/// Most columns of a table.
pub(super) const COLUMNS_MAX: usize = 256;

/// How cells further right are reported.
pub(super) const BEYOND: &str = "cell beyond column 256";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Question,
    Answer,
    Similar,
    Tags,
    /// One tag, blanks and commas included.
    Category,
    Lang,
}

/// Headings as [`heading_of`] writes them.
const HEADINGS: [(Column, &[&str]); 6] = [
    (
        Column::Question,
        &[
            "question",
            "questions",
            "q",
            "faq",
            "问题",
            "标准问题",
            "标准问",
            "主问题",
            "提问",
            "问",
        ],
    ),
    (
        Column::Answer,
        &[
            "answer",
            "answers",
            "a",
            "reply",
            "答案",
            "标准答案",
            "回答",
            "回复",
            "答",
        ],
    ),
    (
        Column::Similar,
        &[
            "similar",
            "similarquestions",
            "similarquestion",
            "variants",
            "alternatives",
            "indexes",
            "index",
            "相似问法",
            "相似问题",
            "相似问",
            "扩展问",
            "扩展问法",
            "其他问法",
            "同义问法",
            "索引",
        ],
    ),
    (Column::Tags, &["tags", "tag", "labels", "标签"]),
    (
        Column::Category,
        &[
            "category",
            "categories",
            "topic",
            "分类",
            "类别",
            "类目",
            "目录",
            "分组",
        ],
    ),
    (Column::Lang, &["lang", "language", "locale", "语言", "语种"]),
];

/// One row with the line it stands on.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

/// How tables of one format differ from another's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shape {
    /// Cells beyond the last heading are similar questions too.
    pub open_ended: bool,
    /// Similar questions and tags are no part of the format: what is there stays.
    pub bare: bool,
}

/// The columns of a table.
pub(super) struct Columns {
    of: Vec<Option<Column>>,
    names: Vec<String>,
    shape: Shape,
}

impl Columns {
    /// Finds the columns, or answers `None` where there is no question or no answer.
    pub fn find(headings: &[String], shape: Shape) -> Option<Self> {
        let mut of: Vec<Option<Column>> = Vec::new();
        for heading in headings {
            let named = column_of(&heading_of(heading));
            // The first question is the question; several columns may hold similar ones and tags.
            let again = named.is_some_and(|column| {
                matches!(column, Column::Question | Column::Answer | Column::Lang) && of.contains(&named)
            });
            of.push(named.filter(|_| !again));
        }
        let both = of.contains(&Some(Column::Question)) && of.contains(&Some(Column::Answer));
        both.then(|| Self {
            of,
            names: headings.iter().map(|heading| heading.trim().to_owned()).collect(),
            shape,
        })
    }

    /// Makes a faq row of a row of cells, or says what is wrong with it.
    pub fn take(&self, file: &str, row: &Row, found: &mut Found) {
        let place = Place::new(file, row.line);
        if row.cells.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        if let Some(cell) = row
            .cells
            .iter()
            .find(|cell| cell.chars().count() > CELL_CHARS_MAX)
        {
            let begin: String = cell.chars().take(30).collect();
            let message = format!(
                "a cell is longer than {CELL_CHARS_MAX} characters ({begin}…); split it, or look for an open quote"
            );
            return found.bad(&place, "too_large", message);
        }
        let (mut question, mut answer, mut lang) = (String::new(), String::new(), String::new());
        let (mut similar, mut tags) = (Vec::new(), Vec::new());
        for (at, cell) in row.cells.iter().enumerate() {
            let cell = spreadsheet::unguard(cell.trim());
            match self.of.get(at).copied().flatten() {
                Some(Column::Question) => cell.clone_into(&mut question),
                Some(Column::Answer) => cell.clone_into(&mut answer),
                Some(Column::Lang) => cell.clone_into(&mut lang),
                Some(Column::Similar) => similar.extend(questions_in(cell)),
                Some(Column::Tags) => tags.extend(tags_in(cell)),
                Some(Column::Category) => tags.push(cell.to_owned()),
                None if self.shape.open_ended && at >= self.of.len() => similar.extend(questions_in(cell)),
                None if cell.is_empty() => {}
                None => found.not_carried(self.name(at), 1),
            }
        }
        let lang = match lang_of(&lang) {
            Ok(lang) => lang,
            Err(message) => return found.bad(&place, "unknown_lang", message),
        };
        let told = |column| self.of.contains(&Some(column));
        let similar_told = told(Column::Similar) || self.shape.open_ended;
        let tags_told = told(Column::Tags) || told(Column::Category);
        found.take_faq(FaqDraft {
            question,
            answer,
            similar: Some(similar).filter(|_| similar_told && !self.shape.bare),
            tags: Some(tags).filter(|_| tags_told && !self.shape.bare),
            lang,
            place,
        });
    }

    fn name(&self, at: usize) -> String {
        match self.names.get(at).filter(|name| !name.is_empty()) {
            Some(name) => format!("column `{name}`"),
            None => "cells without a heading".to_owned(),
        }
    }
}

/// The refusal of a table without question and answer.
pub(super) fn no_columns(file: &str, headings: &[String]) -> Error {
    let there: Vec<String> = headings
        .iter()
        .take(8)
        .map(|h| h.trim().chars().take(30).collect())
        .collect();
    let message = format!(
        "no columns question and answer (or 问题 and 答案) among `{}`; name them in the first row",
        there.join("`, `")
    );
    Error::unreadable(file, 1, "bad_header", message)
}

/// The refusal of a table with too many rows.
pub(super) fn too_many_rows(file: &str, line: usize) -> Error {
    let message = format!("more than {ROWS_MAX} rows; split the table");
    Error::unreadable(file, line, "too_large", message)
}

/// A heading without what people add to it: case, blanks, marks, a number, a remark in brackets.
fn heading_of(heading: &str) -> String {
    let folded = fold(heading, 60);
    let named = folded.split(['(', '[', '【']).next().unwrap_or_default();
    let letters: String = named.chars().filter(|c| c.is_alphanumeric()).collect();
    letters.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()
}

fn column_of(heading: &str) -> Option<Column> {
    HEADINGS
        .iter()
        .find(|(_, names)| names.contains(&heading))
        .map(|(column, _)| *column)
}

/// The language a cell names; an empty one names none.
pub(super) fn lang_of(cell: &str) -> Result<Option<Lang>, String> {
    let named = fold(cell, 40);
    let head = named.split(['-', '_']).next().unwrap_or_default();
    match head {
        "" => Ok(None),
        "zh" | "cn" | "chinese" | "中文" | "汉语" | "简体中文" | "繁体中文" => Ok(Some(Lang::Zh)),
        "en" | "english" | "英文" | "英语" => Ok(Some(Lang::En)),
        _ => Err(format!(
            "language `{named}` is not spoken here; write zh or en, or take it out"
        )),
    }
}

/// Similar questions of a cell: a JSON list, or parted by `|` or line breaks; numbers before them go.
fn questions_in(cell: &str) -> Vec<String> {
    if cell.starts_with('[')
        && let Ok(list) = serde_json::from_str::<Vec<String>>(cell)
    {
        return list;
    }
    let lines = cell.split(['|', '｜', '\n']).map(str::trim);
    let numbered = cell.contains('\n');
    lines
        .map(|line| if numbered { without_number(line) } else { line }.to_owned())
        .collect()
}

fn without_number(line: &str) -> &str {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marked = rest.strip_prefix(['.', '、', ')', '）']);
    marked.filter(|_| rest.len() < line.len()).map_or(line, str::trim)
}

/// Tags of a cell: parted by `;`, or where there is none by commas and the like.
fn tags_in(cell: &str) -> Vec<String> {
    let parted: Vec<&str> = if cell.contains([';', '；']) {
        cell.split([';', '；']).collect()
    } else {
        cell.split([',', '，', '、', '|', '\n']).collect()
    };
    parted.into_iter().map(|tag| tag.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_many_hands() {
        for (heading, column) in [
            ("Question", Some(Column::Question)),
            (" 問題（必填）", Some(Column::Question)),
            ("Similar Questions", Some(Column::Similar)),
            ("similar_question_2", Some(Column::Similar)),
            ("相似问法1", Some(Column::Similar)),
            ("分类", Some(Column::Category)),
            ("更新时间", None),
        ] {
            assert_eq!(column_of(&heading_of(heading)), column, "{heading}");
        }
    }

    #[test]
    fn cells_with_several_things() {
        assert_eq!(questions_in("1. a b\n2、c"), ["a b", "c"]);
        assert_eq!(questions_in("7 天|8 天"), ["7 天", "8 天"]);
        assert_eq!(questions_in(r#"["x","y|z"]"#), ["x", "y|z"]);
        assert_eq!(tags_in("a,b"), ["a", "b"]);
        assert_eq!(tags_in("a,b;"), ["a,b", ""]);
        assert_eq!(lang_of("zh-CN"), Ok(Some(Lang::Zh)));
        assert_eq!(lang_of("英语"), Ok(Some(Lang::En)));
        assert!(lang_of("fr").is_err());
    }
}
