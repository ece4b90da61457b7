//! The words index: finds the passages that share words with a question. How much they share is weighed
//! elsewhere, so it may lag behind in its counts but never in its contents. The only file that names
//! tantivy's index.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term};

use super::Error;
use super::terms::{FIELDS, Terms, WEIGHTS};

/// Memory of the index writer, in bytes; tantivy's least is 15 MB.
const WRITER_BYTES: usize = 32 * 1024 * 1024;
/// Most different terms of one query.
const QUERY_TERMS_MAX: usize = 64;
/// Field of a passage's key.
const KEY: &str = "key";

/// A passage's key and terms.
pub(super) type Document<'a> = (u64, &'a Terms);

/// Terms of all passages of one version, searchable.
pub(super) struct WordIndex {
    shelf: Arc<Mutex<Shelf>>,
    searcher: Searcher,
    /// Place of each passage, by its key.
    places: HashMap<u64, usize>,
    fields: Fields,
}

#[derive(Clone, Copy)]
struct Fields {
    text: [Field; FIELDS],
    key: Field,
}

/// What versions share: one index, of which each version keeps the state that it was made with.
struct Shelf {
    writer: IndexWriter,
    reader: IndexReader,
    /// Keys of what is indexed now.
    keys: HashMap<u64, usize>,
}

impl WordIndex {
    /// Indexes all passages.
    pub fn build(documents: &[Document<'_>]) -> Result<Self, Error> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs);
        let options = TextOptions::default().set_indexing_options(indexing);
        let text = std::array::from_fn(|field| schema.add_text_field(&field.to_string(), options.clone()));
        let key = schema.add_u64_field(KEY, INDEXED | FAST);
        let index = Index::create_in_ram(schema.build());
        let shelf = Shelf {
            writer: index.writer_with_num_threads(1, WRITER_BYTES)?,
            reader: index
                .reader_builder()
                .reload_policy(ReloadPolicy::Manual)
                .try_into()?,
            keys: HashMap::new(),
        };
        Self::over(Arc::new(Mutex::new(shelf)), Fields { text, key }, documents)
    }

    /// The index of another version; only what differs is indexed.
    pub fn rebuilt(&self, documents: &[Document<'_>]) -> Result<Self, Error> {
        Self::over(Arc::clone(&self.shelf), self.fields, documents)
    }

    fn over(shelf: Arc<Mutex<Shelf>>, fields: Fields, documents: &[Document<'_>]) -> Result<Self, Error> {
        let places: HashMap<u64, usize> = documents.iter().map(|(key, _)| *key).zip(0..).collect();
        let mut held = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = held.become_(&places, fields, documents) {
            // The next version starts from what was there before.
            held.writer.rollback()?;
            return Err(error.into());
        }
        let searcher = held.reader.searcher();
        drop(held);
        Ok(Self {
            shelf,
            searcher,
            places,
            fields,
        })
    }

    /// Places of the passages that share most with a question, best first.
    pub fn search(&self, asked: &[u64], hits_max: usize) -> Result<Vec<usize>, Error> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for term in asked.iter().take(QUERY_TERMS_MAX) {
            for (field, weight) in self.fields.text.into_iter().zip(WEIGHTS) {
                let term = Term::from_field_text(field, &written(*term));
                let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), weight))));
            }
        }
        if clauses.is_empty() {
            return Ok(Vec::new());
        }
        let top = TopDocs::with_limit(hits_max).order_by_score();
        let found = self.searcher.search(&BooleanQuery::new(clauses), &top)?;
        let mut hits = Vec::with_capacity(found.len());
        for (_, address) in found {
            let columns = self.searcher.segment_reader(address.segment_ord).fast_fields();
            let key = columns.u64(KEY)?.first(address.doc_id);
            hits.extend(key.and_then(|key| self.places.get(&key)));
        }
        Ok(hits)
    }
}

impl Shelf {
    /// Drops what is not wanted, adds what is missing, and shows it to searchers made from now on.
    fn become_(
        &mut self,
        places: &HashMap<u64, usize>,
        fields: Fields,
        documents: &[Document<'_>],
    ) -> tantivy::Result<()> {
        for key in self.keys.keys().filter(|key| !places.contains_key(*key)) {
            self.writer.delete_term(Term::from_field_u64(fields.key, *key));
        }
        for (place, (key, terms)) in documents.iter().enumerate() {
            // Of passages that are wholly the same, the last stands for all.
            if !self.keys.contains_key(key) && places.get(key) == Some(&place) {
                self.writer.add_document(document(fields, *key, terms))?;
            }
        }
        self.writer.commit()?;
        // From here on the index holds these, whether or not a searcher can be made.
        self.keys.clone_from(places);
        self.reader.reload()
    }
}

fn document(fields: Fields, key: u64, terms: &Terms) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    document.add_u64(fields.key, key);
    for (at, field) in fields.text.into_iter().enumerate() {
        let times = terms
            .counted()
            .flat_map(|(term, counts)| std::iter::repeat_n(term, usize::from(counts[at])));
        let tokens = times.enumerate().map(|(position, term)| Token {
            position,
            text: written(term),
            ..Token::default()
        });
        let tokens = PreTokenizedString {
            text: String::new(),
            tokens: tokens.collect(),
        };
        document.add_pre_tokenized_text(field, tokens);
    }
    document
}

/// A term's hash as the index writes it.
fn written(term: u64) -> String {
    format!("{term:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_keeps_what_it_was_made_with() {
        let [tea, pot] = ["tea", "pot"].map(|text| Terms::of([text, "", "", ""]));
        let asked = |text: &str| super::super::text::TermSet::of(text);
        let first = WordIndex::build(&[(1, &tea), (2, &pot)]).unwrap();
        let second = first.rebuilt(&[(3, &pot)]).unwrap();
        // A version made from an old one has its own contents, not those of the last.
        let third = first.rebuilt(&[(2, &pot), (1, &tea)]).unwrap();
        for (index, tea, pot) in [
            (&first, vec![0], vec![1]),
            (&second, vec![], vec![0]),
            (&third, vec![1], vec![0]),
        ] {
            assert_eq!(index.search(asked("tea").hashes(), 9).unwrap(), tea);
            assert_eq!(index.search(asked("pots").hashes(), 9).unwrap(), pot);
        }
    }
}
