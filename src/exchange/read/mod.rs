//! Importers: one file a format, and a line for it in [`READERS`].

mod chatwoot;
mod csv;
mod dify;
mod fastgpt;
mod html;
mod html_hidden;
mod html_markdown;
mod html_text;
mod html_tree;
mod json;
mod markdown;
mod rasa;
mod rasa_nlu;
mod table;
mod xlsx;
mod zendesk;

use super::Error;
use super::draft::Found;
use super::source::Source;

/// One format that can be read.
pub(super) struct Reader {
    /// As named on the command line.
    pub name: &'static str,
    /// Whether a source is in this format, as far as a glance tells.
    pub fits: fn(&Source) -> bool,
    /// Reads a source.
    pub read: fn(&Source, &mut Found) -> Result<(), Error>,
}

/// All of them; where several fit a source, the first is taken.
const READERS: [&Reader; 9] = [
    &xlsx::READER,
    &fastgpt::READER,
    &csv::READER,
    &dify::READER,
    &zendesk::READER,
    &chatwoot::READER,
    &rasa::READER,
    &markdown::READER,
    &html::READER,
];

/// Names of the formats that can be imported.
#[must_use]
pub fn names() -> Vec<&'static str> {
    READERS.iter().map(|reader| reader.name).collect()
}

/// The named format, or the first that fits.
pub(super) fn format_of(named: Option<&str>, source: &Source) -> Result<&'static Reader, Error> {
    let mut readers = READERS.into_iter();
    let found = match named {
        Some(name) => readers.find(|reader| reader.name == name),
        None => readers.find(|reader| (reader.fits)(source)),
    };
    found.ok_or_else(|| {
        let message = format!(
            "the format is not known; name it with --from, one of {}",
            names().join(", ")
        );
        Error::unreadable(source.stem(), 0, "unknown_format", message)
    })
}
