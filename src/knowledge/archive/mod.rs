//! Full-text search over what was said in conversations: one document for each message, in memory, cut into
//! terms as the knowledge base is. At most [`DOCUMENTS_MAX`] messages are kept, about 300 bytes each; beyond
//! that the conversations that were quiet longest cannot be found any more.

mod excerpt;
mod filed;

use std::collections::{BTreeSet, HashMap};

use tantivy::collector::{FilterCollector, TopDocs};
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use super::{Error, text};
use crate::conversation::ConversationId;
pub use excerpt::{Mark, excerpt};
pub use filed::{Filed, Filter, Found, Saying};

/// Most messages that can be found.
pub const DOCUMENTS_MAX: usize = 500_000;
/// Memory of the index writer, in bytes: tantivy's least. Every commit has a thread of its own with a table in
/// proportion to it, and the allocator keeps one for each of its arenas.
const WRITER_BYTES: usize = 15_000_000;
/// Matching messages that are looked at for one search; the likeliest are.
const MATCHES_MAX: usize = 20_000;
/// Longest part of a message that can be found, in characters.
const MESSAGE_CHARS_MAX: usize = 4_000;
/// Most words of a question.
const WORDS_MAX: usize = 32;
/// Number of the conversation.
const NUMBER: &str = "number";
/// Place of the message in its conversation.
const SEQ: &str = "seq";
/// Its time.
const AT: &str = "at";

struct Entry {
    number: u64,
    filed: Filed,
    documents: usize,
}

/// See the module's word.
pub struct Archive {
    writer: IndexWriter,
    reader: IndexReader,
    words: Field,
    number: Field,
    seq: Field,
    at: Field,
    entries: HashMap<ConversationId, Entry>,
    ids: HashMap<u64, ConversationId>,
    /// By their last event, the oldest first.
    by_time: BTreeSet<(i64, u64)>,
    numbers: u64,
    documents: usize,
    documents_max: usize,
}

impl Archive {
    /// An archive with nothing in it.
    ///
    /// # Errors
    /// When the index cannot be made.
    pub fn new() -> Result<Self, Error> {
        Self::with_room(DOCUMENTS_MAX)
    }

    fn with_room(documents_max: usize) -> Result<Self, Error> {
        text::warm_up();
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs);
        let words = schema.add_text_field("words", TextOptions::default().set_indexing_options(indexing));
        let number = schema.add_u64_field(NUMBER, INDEXED | FAST);
        let (seq, at) = (schema.add_u64_field(SEQ, FAST), schema.add_i64_field(AT, FAST));
        let index = Index::create_in_ram(schema.build());
        Ok(Self {
            writer: index.writer_with_num_threads(1, WRITER_BYTES)?,
            reader: index
                .reader_builder()
                .reload_policy(ReloadPolicy::Manual)
                .try_into()?,
            words,
            number,
            seq,
            at,
            entries: HashMap::new(),
            ids: HashMap::new(),
            by_time: BTreeSet::new(),
            numbers: 0,
            documents: 0,
            documents_max,
        })
    }

    /// Files what was said in a conversation since the last time; [`Self::commit`] makes it findable.
    ///
    /// # Errors
    /// When the index fails.
    pub fn put(&mut self, id: &ConversationId, filed: Filed, said: &[Saying]) -> Result<(), Error> {
        let number = self.entries.get(id).map(|entry| entry.number);
        let number = number.unwrap_or_else(|| {
            self.numbers += 1;
            self.numbers
        });
        for saying in said {
            self.writer.add_document(self.document(number, saying))?;
        }
        let before = self.entries.remove(id);
        if let Some(before) = &before {
            self.by_time.remove(&(before.filed.at, number));
        }
        self.by_time.insert((filed.at, number));
        self.ids.insert(number, id.clone());
        self.documents += said.len();
        let entry = Entry {
            number,
            filed,
            documents: before.map_or(0, |before| before.documents) + said.len(),
        };
        self.entries.insert(id.clone(), entry);
        self.forget_oldest();
        Ok(())
    }

    fn forget_oldest(&mut self) {
        while self.documents > self.documents_max && self.entries.len() > 1 {
            let oldest = self.by_time.pop_first();
            let Some(id) = oldest.and_then(|(_, number)| self.ids.remove(&number)) else {
                return;
            };
            if let Some(entry) = self.entries.remove(&id) {
                self.writer
                    .delete_term(Term::from_field_u64(self.number, entry.number));
                self.documents -= entry.documents;
            }
        }
    }

    /// Makes findable what was filed.
    ///
    /// # Errors
    /// When the index fails.
    pub fn commit(&mut self) -> Result<(), Error> {
        self.writer.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    /// What is known of a conversation.
    #[must_use]
    pub fn filed(&self, id: &ConversationId) -> Option<&Filed> {
        self.entries.get(id).map(|entry| &entry.filed)
    }

    /// How many messages can be found.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.documents
    }

    /// Conversations in which all words of a question stand in one message, the likeliest first; without words
    /// all that pass the filter, the latest first; with an id, that conversation. How many there are, and
    /// `most` of them from `skip` on.
    ///
    /// # Errors
    /// When the index fails.
    pub fn search(
        &self,
        asked: &str,
        filter: &Filter,
        skip: usize,
        most: usize,
    ) -> Result<(usize, Vec<Found>), Error> {
        let found = if asked.trim().is_empty() {
            self.latest(filter)
        } else {
            let named = ConversationId::new(asked.trim()).ok();
            match named.and_then(|id| self.last_of(&id)) {
                Some(named) => vec![named],
                None => self.matching(asked, filter)?,
            }
        };
        let total = found.len();
        Ok((total, found.into_iter().skip(skip).take(most).collect()))
    }

    fn last_of(&self, id: &ConversationId) -> Option<Found> {
        let filed = &self.entries.get(id)?.filed;
        Some(Found {
            id: id.clone(),
            seq: filed.last_said,
            at: filed.at,
        })
    }

    fn latest(&self, filter: &Filter) -> Vec<Found> {
        let ids = self
            .by_time
            .iter()
            .rev()
            .filter_map(|(_, number)| self.ids.get(number));
        let shown = |filed: &Filed| filed.last_said > 0 && filter.lets_pass(filed);
        let passing = ids.filter(|id| self.filed(id).is_some_and(shown));
        passing.filter_map(|id| self.last_of(id)).collect()
    }

    fn matching(&self, asked: &str, filter: &Filter) -> Result<Vec<Found>, Error> {
        let Some(query) = self.query(asked) else {
            return Ok(Vec::new());
        };
        let passing = self
            .entries
            .values()
            .filter(|entry| filter.lets_pass(&entry.filed));
        let passing: std::collections::HashSet<u64> = passing.map(|entry| entry.number).collect();
        let passing = std::sync::Arc::new(passing);
        let top = TopDocs::with_limit(MATCHES_MAX).order_by_score();
        let collector = FilterCollector::new(NUMBER.to_owned(), move |number| passing.contains(&number), top);
        let searcher = self.reader.searcher();
        let segments = searcher.segment_readers().iter().map(|segment| {
            let columns = segment.fast_fields();
            Ok((columns.u64(NUMBER)?, columns.u64(SEQ)?, columns.i64(AT)?))
        });
        let columns: Vec<_> = segments.collect::<tantivy::Result<_>>()?;
        let mut best: HashMap<u64, (f32, u64, i64)> = HashMap::new();
        for (score, address) in searcher.search(&query, &collector)? {
            let (number, seq, at) = &columns[address.segment_ord as usize];
            let of =
                |column: &tantivy::columnar::Column<u64>| column.first(address.doc_id).unwrap_or_default();
            let (number, seq) = (of(number), of(seq));
            let at = at.first(address.doc_id).unwrap_or_default();
            let most = best.entry(number).or_insert((score, seq, at));
            if score.total_cmp(&most.0).then(seq.cmp(&most.1)).is_gt() {
                *most = (score, seq, at);
            }
        }
        let found = best.into_iter().filter_map(|(number, (score, seq, at))| {
            let id = self.ids.get(&number)?.clone();
            Some((score, Found { id, seq, at }))
        });
        let mut found: Vec<(f32, Found)> = found.collect();
        found.sort_by(|(a, left), (b, right)| {
            b.total_cmp(a)
                .then(right.at.cmp(&left.at))
                .then(left.id.cmp(&right.id))
        });
        Ok(found.into_iter().map(|(_, found)| found).collect())
    }

    /// All words have to be there; neighbours that are there too count for more.
    fn query(&self, asked: &str) -> Option<BooleanQuery> {
        let clause = |occur, term: &str| -> (Occur, Box<dyn Query>) {
            let term = Term::from_field_text(self.words, term);
            (
                occur,
                Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
            )
        };
        let must: Vec<String> = text::needed(asked).into_iter().take(WORDS_MAX).collect();
        let near = text::terms(asked);
        let should = near.iter().take(WORDS_MAX).filter(|term| !must.contains(term));
        let mut clauses: Vec<_> = must.iter().map(|term| clause(Occur::Must, term)).collect();
        if clauses.is_empty() {
            return None;
        }
        clauses.extend(should.map(|term| clause(Occur::Should, term)));
        Some(BooleanQuery::new(clauses))
    }

    fn document(&self, number: u64, saying: &Saying) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_u64(self.number, number);
        document.add_u64(self.seq, saying.seq);
        document.add_i64(self.at, saying.at);
        let said: String = saying.text.chars().take(MESSAGE_CHARS_MAX).collect();
        let terms = text::terms(&said).into_iter().chain(text::single(&said));
        let tokens = terms.enumerate().map(|(position, text)| Token {
            position,
            text,
            ..Token::default()
        });
        let tokens = PreTokenizedString {
            text: String::new(),
            tokens: tokens.collect(),
        };
        document.add_pre_tokenized_text(self.words, tokens);
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Status;

    fn id(n: usize) -> ConversationId {
        ConversationId::new(format!("conversation-{n:04}")).unwrap()
    }

    fn filed(at: i64) -> Filed {
        Filed {
            status: Status::Resolved,
            agents: vec!["lin".to_owned()],
            agent_name: Some("小林".to_owned()),
            labels: vec!["refund".to_owned()],
            at,
            last_said: 2,
            last_seq: 2,
        }
    }

    fn said(texts: &[&str]) -> Vec<Saying> {
        let numbered = (1..).zip(texts);
        numbered
            .map(|(seq, text)| Saying {
                seq,
                at: i64::try_from(seq).unwrap(),
                text: (*text).to_owned(),
            })
            .collect()
    }

    fn found(archive: &Archive, asked: &str, filter: &Filter) -> Vec<String> {
        let (total, found) = archive.search(asked, filter, 0, 20).unwrap();
        assert_eq!(total, found.len());
        found
            .iter()
            .map(|hit| format!("{}#{}", &hit.id.as_str()[13..], hit.seq))
            .collect()
    }

    fn filled() -> Archive {
        let mut archive = Archive::new().unwrap();
        let first = ["我要退货，运费谁出", "质量问题由我们承担运费"];
        archive.put(&id(1), filed(10), &said(&first)).unwrap();
        let second = [
            "Where are my refunds?",
            "The refund was sent to QM2026110312 yesterday",
        ];
        let other = Filed {
            status: Status::Waiting,
            agents: Vec::new(),
            agent_name: None,
            labels: Vec::new(),
            at: 20,
            last_said: 2,
            last_seq: 2,
        };
        archive.put(&id(2), other, &said(&second)).unwrap();
        archive
            .put(&id(3), filed(30), &said(&["退款到哪了", "運費"]))
            .unwrap();
        archive.commit().unwrap();
        archive
    }

    #[test]
    fn words_of_both_languages_find_the_message() {
        let archive = filled();
        let all = Filter::default();
        for (asked, wanted) in [
            ("退货", vec!["0001#1"]),
            ("退货 运费", vec!["0001#1"]),
            ("承担运费", vec!["0001#2"]),
            ("谁", vec!["0001#1"]),
            ("refunding", vec!["0002#1"]),
            ("qm2026110312 refund", vec!["0002#2"]),
            ("运费", vec!["0003#2", "0001#2"]),
            ("退款 退货", vec![]),
            ("🙂", vec![]),
        ] {
            assert_eq!(found(&archive, asked, &all), wanted, "{asked}");
        }
    }

    #[test]
    fn filters_ids_and_nothing_asked() {
        let archive = filled();
        let all = Filter::default();
        assert_eq!(found(&archive, " ", &all), ["0003#2", "0002#2", "0001#2"]);
        assert_eq!(found(&archive, id(2).as_str(), &all), ["0002#2"]);
        let waiting = Filter {
            status: Some(Status::Waiting),
            ..Filter::default()
        };
        assert_eq!(found(&archive, "", &waiting), ["0002#2"]);
        assert!(found(&archive, "运费", &waiting).is_empty());
        let lins = Filter {
            agent: Some("lin".to_owned()),
            label: Some("refund".to_owned()),
            from: Some(30),
            until: Some(31),
            ..Filter::default()
        };
        assert_eq!(found(&archive, "运费", &lins), ["0003#2"]);
        let (total, page) = archive.search("", &all, 2, 20).unwrap();
        assert_eq!((total, page.len()), (3, 1));
    }

    #[test]
    fn the_oldest_makes_room_and_what_is_new_is_added() {
        let mut archive = Archive::with_room(4).unwrap();
        for n in 1..=3 {
            let at = i64::try_from(n).unwrap();
            archive.put(&id(n), filed(at), &said(&["退货"])).unwrap();
        }
        archive.put(&id(1), filed(9), &said(&["换货", "发票"])).unwrap();
        archive.commit().unwrap();
        let all = Filter::default();
        assert_eq!(archive.documents(), 4);
        archive.put(&id(4), filed(10), &said(&["退货"])).unwrap();
        archive.commit().unwrap();
        assert_eq!(found(&archive, "退货", &all), ["0001#1", "0004#1"]);
        assert_eq!(found(&archive, "发票", &all), ["0001#2"]);
    }
}
