//! Articles and faq rows into passages: one for each section, as plain text in units (sentences,
//! list items, table rows) that an answer may quote whole but never cut.

use std::sync::Arc;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use sha2::{Digest, Sha256};

use crate::bot::{Article, Faq, Handling};
use crate::conversation::Lang;

/// Longest passage, in characters; a longer section becomes several.
const PASSAGE_CHARS_MAX: usize = 1_200;
/// Most passages of one article.
const PASSAGES_MAX: usize = 200;

/// One quotable piece of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Plain text; list items and table rows start with `- `.
    pub text: String,
    /// Whether it is a list item or a table row.
    pub listed: bool,
}

/// The indexed piece of an article.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Passage {
    /// Hash of all that decides what it means.
    pub key: u64,
    /// `<article>#<n>`.
    pub id: String,
    /// Article id.
    pub article: String,
    /// Article title.
    pub title: String,
    /// Heading of the section; empty for the beginning.
    pub heading: String,
    /// Language.
    pub lang: Lang,
    /// Questions of the article.
    pub questions: Vec<String>,
    /// Tags of the article.
    pub tags: String,
    /// Audience, dates, translations, ranking of the article.
    pub handling: Arc<Handling>,
    /// Its text in units.
    pub units: Vec<Unit>,
}

impl Passage {
    /// Whether it is of the same article in the same language, so that both are about the same.
    pub fn is_beside(&self, other: &Self) -> bool {
        (&self.article, self.lang) == (&other.article, other.lang)
            && (&self.title, &self.questions) == (&other.title, &other.questions)
    }

    /// With the key of what it says.
    fn keyed(mut self) -> Arc<Self> {
        let mut hash = Sha256::new();
        let mut take = |text: &str| {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        };
        [
            &*self.id,
            self.lang.code(),
            &*self.title,
            &*self.tags,
            &*self.heading,
        ]
        .into_iter()
        .for_each(&mut take);
        self.questions.iter().for_each(|question| take(question));
        // Where the questions end; no text is so long.
        hash.update(u64::MAX.to_le_bytes());
        for unit in &self.units {
            hash.update([u8::from(unit.listed)]);
            hash.update(unit.text.len().to_le_bytes());
            hash.update(&unit.text);
        }
        let digest = hash.finalize();
        let bytes = digest.first_chunk().copied().unwrap_or_default();
        self.key = u64::from_le_bytes(bytes);
        Arc::new(self)
    }

    /// The whole passage as shown: list items on lines of their own, sentences run on.
    pub fn text(&self) -> String {
        join(self.units.iter(), self.lang)
    }
}

/// Joins units as a reader would set them.
pub(super) fn join<'a>(units: impl Iterator<Item = &'a Unit>, lang: Lang) -> String {
    let mut text = String::new();
    let mut before_listed = false;
    for unit in units {
        if !text.is_empty() {
            let run_on = !unit.listed && !before_listed;
            text.push_str(if !run_on {
                "\n"
            } else if lang == Lang::En {
                " "
            } else {
                ""
            });
        }
        text.push_str(&unit.text);
        before_listed = unit.listed;
    }
    text
}

/// All passages of an article.
pub(super) fn passages_of(article: &Article) -> Vec<Arc<Passage>> {
    let placed = placed_passages_of(article).into_iter();
    placed.map(|(passage, _)| passage).collect()
}

/// All passages of an article, each with the lines of the body, from 0, that its units stand on.
pub(super) fn placed_passages_of(article: &Article) -> Vec<(Arc<Passage>, Vec<usize>)> {
    let ends: Vec<usize> = article.body.match_indices('\n').map(|(at, _)| at).collect();
    let mut reader = Reader::default();
    for (event, place) in Parser::new_ext(&article.body, Options::ENABLE_TABLES).into_offset_iter() {
        reader.take(event, ends.partition_point(|end| *end < place.start));
    }
    reader.end_block();
    reader.end_section();
    let handling = Arc::new(article.handling.clone());
    let mut passages = Vec::new();
    for (heading, units) in reader.sections {
        for units in split(units) {
            let (units, lines) = units.into_iter().unzip();
            let passage = Passage {
                key: 0,
                id: format!("{}#{}", article.id, passages.len() + 1),
                article: article.id.clone(),
                title: article.title.clone(),
                heading: heading.clone(),
                lang: article.lang,
                questions: article.questions.clone(),
                tags: article.tags.join(" "),
                handling: Arc::clone(&handling),
                units,
            };
            passages.push((passage.keyed(), lines));
        }
    }
    passages.truncate(PASSAGES_MAX);
    passages
}

/// The passage of a faq row.
pub(super) fn passage_of_faq(faq: &Faq) -> Arc<Passage> {
    let units = faq
        .answer
        .lines()
        .flat_map(sentences)
        .map(|text| Unit { text, listed: false });
    let passage = Passage {
        key: 0,
        id: format!("{}#1", faq.id),
        article: faq.id.clone(),
        title: faq.question.clone(),
        heading: String::new(),
        lang: faq.lang,
        questions: std::iter::once(&faq.question)
            .chain(&faq.similar)
            .cloned()
            .collect(),
        tags: faq.tags.join(" "),
        handling: Arc::new(Handling {
            pinned: true,
            ..Handling::default()
        }),
        units: units.collect(),
    };
    passage.keyed()
}

/// A unit and its line.
type Placed = (Unit, usize);

fn split(units: Vec<Placed>) -> Vec<Vec<Placed>> {
    let mut parts = Vec::new();
    let mut part: Vec<Placed> = Vec::new();
    let mut chars = 0;
    for unit in units {
        let more = unit.0.text.chars().count();
        if chars + more > PASSAGE_CHARS_MAX && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            chars = 0;
        }
        chars += more;
        part.push(unit);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// Collects sections from Markdown events; raw HTML is dropped, links keep their text.
#[derive(Default)]
struct Reader {
    sections: Vec<(String, Vec<Placed>)>,
    heading: String,
    units: Vec<Placed>,
    block: String,
    /// Line of the block's first text, or of the table's row.
    line: usize,
    in_heading: bool,
    items_open: usize,
    table_head: Vec<String>,
    cells: Vec<String>,
    in_table: bool,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: usize) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                self.end_block();
                if level <= HeadingLevel::H3 {
                    self.end_section();
                }
                self.in_heading = true;
            }
            Event::End(TagEnd::Heading(_)) => {
                self.heading = std::mem::take(&mut self.block).trim().to_owned();
                self.in_heading = false;
            }
            Event::Start(Tag::Item) => {
                self.end_block();
                self.items_open += 1;
            }
            Event::End(TagEnd::Item) => {
                self.end_block();
                self.items_open = self.items_open.saturating_sub(1);
            }
            Event::Start(Tag::Table(_)) => {
                self.end_block();
                self.in_table = true;
                self.table_head.clear();
            }
            Event::End(TagEnd::Table) => self.in_table = false,
            Event::End(TagEnd::TableCell) => self.cells.push(std::mem::take(&mut self.block)),
            Event::End(TagEnd::TableHead) => self.table_head = std::mem::take(&mut self.cells),
            Event::End(TagEnd::TableRow) => self.end_row(),
            Event::End(TagEnd::Paragraph | TagEnd::CodeBlock) => self.end_block(),
            Event::Start(Tag::TableRow) => self.line = line,
            Event::Text(text) | Event::Code(text) => {
                if self.block.is_empty() && !self.in_table {
                    self.line = line;
                }
                self.block.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => self.block.push('\n'),
            _ => {}
        }
    }

    /// A row reads `- first cell: second; head3: third`.
    fn end_row(&mut self) {
        let cells: Vec<String> = self.cells.drain(..).map(|c| c.trim().to_owned()).collect();
        let Some((first, rest)) = cells.split_first() else {
            return;
        };
        let rest: Vec<String> = rest
            .iter()
            .enumerate()
            .map(|(index, cell)| match self.table_head.get(index + 1) {
                Some(head) if rest.len() > 1 => format!("{} {cell}", head.trim()),
                _ => cell.clone(),
            })
            .collect();
        let text = format!("- {first}: {}", rest.join("; "));
        self.units.push((Unit { text, listed: true }, self.line));
    }

    fn end_block(&mut self) {
        if self.in_heading || self.in_table {
            return;
        }
        let block = std::mem::take(&mut self.block);
        let block = block.trim();
        if block.is_empty() {
            return;
        }
        if self.items_open > 0 {
            let text = format!("- {}", block.replace('\n', " "));
            self.units.push((Unit { text, listed: true }, self.line));
            return;
        }
        for (line, text) in (self.line..).zip(block.lines()) {
            let found = sentences(text)
                .into_iter()
                .map(|text| Unit { text, listed: false });
            self.units.extend(found.map(|unit| (unit, line)));
        }
    }

    fn end_section(&mut self) {
        let units = std::mem::take(&mut self.units);
        if !units.is_empty() {
            self.sections.push((self.heading.clone(), units));
        }
    }
}

/// Cuts a line behind `。！？；` and behind `. ! ?` that a space follows.
fn sentences(line: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let closes = match c {
            '。' | '！' | '？' => !matches!(next, Some('”' | '」' | '）' | '"')),
            '.' | '!' | '?' => next.is_some_and(char::is_whitespace),
            _ => false,
        };
        if closes {
            let end = at + c.len_utf8();
            sentences.push(line[start..end].trim().to_owned());
            start = end;
        }
    }
    sentences.push(line[start..].trim().to_owned());
    sentences.retain(|s| !s.is_empty());
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(body: &str) -> Article {
        Article {
            id: "a".to_owned(),
            title: "T".to_owned(),
            lang: Lang::En,
            tags: Vec::new(),
            questions: Vec::new(),
            handling: Handling::default(),
            body: body.to_owned(),
            file: "a.md".into(),
            body_line: 1,
            source: 0,
        }
    }

    #[test]
    fn sections_lists_and_tables() {
        let body = "First. It costs ¥1.50 now.\n\n## More\nSee:\n\n- one\n- two\n\n| How | Days |\n| --- | --- |\n| PayPal | 3–5 |\n";
        let passages = passages_of(&article(body));
        let texts: Vec<String> = passages.iter().map(|p| p.text()).collect();
        assert_eq!(
            texts,
            ["First. It costs ¥1.50 now.", "See:\n- one\n- two\n- PayPal: 3–5"]
        );
        assert_eq!(passages[1].heading, "More");
    }

    #[test]
    fn units_know_their_lines() {
        let body = "One. Two.\nThree.\n\n## More\n\n- one\n- two\n  and on\n\n| How | Days |\n| --- | --- |\n| PayPal | 3–5 |\n";
        let placed = placed_passages_of(&article(body));
        let lines: Vec<&[usize]> = placed.iter().map(|(_, lines)| &lines[..]).collect();
        assert_eq!(lines, [&[0, 0, 1][..], &[5, 6, 11]]);
    }

    #[test]
    fn html_never_comes_through() {
        let passages = passages_of(&article(
            "<script>alert(1)</script>\n\nHello <b onclick=x>you</b>.\n",
        ));
        assert_eq!(passages[0].text(), "Hello you.");
    }

    #[test]
    fn long_sections_are_split_at_units() {
        let body = "A sentence of some length here. ".repeat(200);
        let passages = passages_of(&article(&body));
        assert!(passages.len() > 4);
        assert!(
            passages
                .iter()
                .all(|p| p.text().chars().count() <= PASSAGE_CHARS_MAX + 40)
        );
    }
}
