//! Dify's table of questions and answers: `question,answer` and nothing else.

use super::Reader;
use super::csv;
use super::table::Shape;

pub(super) const READER: Reader = Reader {
    name: "dify",
    // The faq table reads the same headings and more; only a name asks for this one.
    fits: |_| false,
    read: |source, found| {
        let shape = Shape {
            bare: true,
            ..Shape::default()
        };
        csv::read(source, found, shape)
    },
};
