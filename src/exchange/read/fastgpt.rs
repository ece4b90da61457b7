//! FastGPT's table: `q,a,indexes`, where every further cell of a row is one more index.

use super::Reader;
use super::csv;
use super::table::Shape;

pub(super) const READER: Reader = Reader {
    name: "fastgpt",
    fits: |source| csv::headings(source).starts_with(&["q".to_owned(), "a".to_owned()]),
    read: |source, found| {
        let shape = Shape {
            open_ended: true,
            ..Shape::default()
        };
        csv::read(source, found, shape)
    },
};
