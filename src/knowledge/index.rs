//! The words index: BM25 over weighted fields, in memory. The only file that names tantivy's index.

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{
    Field, INDEXED, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions, Value,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, IndexReader, TantivyDocument, Term};

use super::Error;
use super::ingest::Passage;
use super::text;

/// Memory of the index writer, in bytes; tantivy's least is 15 MB.
const WRITER_BYTES: usize = 32 * 1024 * 1024;
/// Most different terms of one query.
const QUERY_TERMS_MAX: usize = 64;

/// Fields with their weights.
const FIELDS: [(&str, f32); 4] = [
    ("title", 2.5),
    ("questions", 2.0),
    ("heading", 1.8),
    ("body", 1.0),
];

/// Terms of all passages, searchable.
pub(super) struct WordIndex {
    reader: IndexReader,
    fields: [(Field, f32); 4],
    place: Field,
}

impl WordIndex {
    /// Indexes all passages.
    pub fn build(passages: &[Passage]) -> Result<Self, Error> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs);
        let options = TextOptions::default().set_indexing_options(indexing);
        let fields = FIELDS.map(|(name, weight)| (schema.add_text_field(name, options.clone()), weight));
        let place = schema.add_u64_field("place", INDEXED | STORED);
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        for (at, passage) in passages.iter().enumerate() {
            let questions = format!("{}\n{}", passage.questions.join("\n"), passage.tags);
            let texts = [&passage.title, &questions, &passage.heading, &passage.text()];
            let mut document = TantivyDocument::new();
            document.add_u64(place, at as u64);
            for ((field, _), text) in fields.iter().zip(texts) {
                document.add_pre_tokenized_text(*field, tokens(text));
            }
            writer.add_document(document)?;
        }
        writer.commit()?;
        Ok(Self {
            reader: index.reader()?,
            fields,
            place,
        })
    }

    /// Places of the best passages with their BM25 scores, best first.
    pub fn search(&self, terms: &[String], hits_max: usize) -> Result<Vec<(usize, f32)>, Error> {
        let mut seen = std::collections::BTreeSet::new();
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for term in terms
            .iter()
            .filter(|t| seen.insert(t.as_str()))
            .take(QUERY_TERMS_MAX)
        {
            for (field, weight) in self.fields {
                let query = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), weight))));
            }
        }
        if clauses.is_empty() {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let top = TopDocs::with_limit(hits_max).order_by_score();
        let found = searcher.search(&BooleanQuery::new(clauses), &top)?;
        let mut hits = Vec::with_capacity(found.len());
        for (score, address) in found {
            let document: TantivyDocument = searcher.doc(address)?;
            let place = document.get_first(self.place).and_then(|value| value.as_u64());
            hits.extend(place.and_then(|p| usize::try_from(p).ok()).map(|p| (p, score)));
        }
        Ok(hits)
    }
}

fn tokens(source: &str) -> PreTokenizedString {
    let tokens = text::terms(source)
        .into_iter()
        .enumerate()
        .map(|(position, text)| Token {
            position,
            text,
            ..Token::default()
        });
    PreTokenizedString {
        text: String::new(),
        tokens: tokens.collect(),
    }
}
