//! What could an agent answer now? Articles of the knowledge base, and what colleagues answered in
//! conversations that came to an end.

use serde::Serialize;

use super::shorten::cut;
use crate::bot::{Audience, Bot};
use crate::conversation::{ConversationId, Event, Lang, Recorded, fold};
use crate::knowledge::{Answer, Knowledge, Pair, PastAnswers, Query};

/// Most suggestions.
const SUGGESTIONS_MAX: usize = 3;
/// Most articles for the shop's people alone, and those looked through for them.
const INTERNAL_MAX: usize = 2;
const INTERNAL_AMONG: usize = 8;
/// Least score of an article.
const ARTICLE_MIN: f32 = 0.2;
/// Least likeness of a past question.
const PAST_MIN: f32 = 0.5;
/// Messages of the customer that are one question.
const MESSAGES_MAX: usize = 3;
/// Characters looked at of one of them.
const MESSAGE_CHARS_MAX: usize = 300;
/// Fewest and most characters of an answer worth keeping.
const ANSWER_CHARS: std::ops::RangeInclusive<usize> = 8..=400;
/// So many digits in a row are one customer's matter.
const OWN_DIGITS: usize = 5;
/// The intent of those who ask for a person.
pub(super) const ASKS_FOR_PEOPLE: &str = "human_agent";

/// What a suggestion is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An article.
    Article,
    /// What a colleague answered.
    Answer,
    /// An article for the shop's people: to be read, never to be sent.
    Internal,
}

/// Something to answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// The words.
    pub text: String,
    /// What it is made of.
    pub kind: Kind,
    /// Title of the article, or the question of then.
    pub title: String,
    /// Id of the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// Its language.
    pub lang: Lang,
    /// How likely it answers, 0..=1.
    pub score: f32,
}

/// What the customer asks and nobody has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuestion {
    /// In their words.
    pub text: String,
    /// What they asked before that.
    pub before: Option<String>,
    /// In this language.
    pub lang: Lang,
}

/// Customers' messages between answers of people.
struct Turns {
    asked: Vec<String>,
    before: Option<String>,
    answered: bool,
    lang: Lang,
}

impl Turns {
    fn new() -> Self {
        Self {
            asked: Vec::new(),
            before: None,
            answered: false,
            lang: Lang::Zh,
        }
    }

    fn question(&self) -> Option<String> {
        let last = self.asked.len().saturating_sub(MESSAGES_MAX);
        let text = self.asked[last..].join("\n");
        (!text.is_empty()).then_some(text)
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::ConversationStarted { lang } => self.lang = *lang,
            Event::CustomerSaid { text, .. } => {
                if self.answered {
                    self.before = self.question();
                    self.asked.clear();
                    self.answered = false;
                }
                self.lang = Lang::of_text_after(text, self.lang).unwrap_or(self.lang);
                self.asked.push(text.chars().take(MESSAGE_CHARS_MAX).collect());
            }
            // Asking for a person is no question that a person answers.
            Event::Understood { understanding } if understanding.intent() == ASKS_FOR_PEOPLE => {
                self.asked.pop();
            }
            Event::AgentSaid { .. } => self.answered = true,
            Event::Resolved { .. } => {
                *self = Self {
                    lang: self.lang,
                    ..Self::new()
                }
            }
            _ => {}
        }
    }
}

/// What the customer asks now: what they said since a person answered, or else what was answered last.
#[must_use]
pub fn open_question(events: &[Recorded]) -> Option<OpenQuestion> {
    let mut turns = Turns::new();
    events.iter().for_each(|recorded| turns.take(&recorded.event));
    Some(OpenQuestion {
        text: turns.question()?,
        before: turns.before,
        lang: turns.lang,
    })
}

/// What agents answered in a conversation that came to an end, where another customer could be told the same.
#[must_use]
pub fn pairs(id: &ConversationId, events: &[Recorded]) -> Vec<Pair> {
    let ended = |recorded: &Recorded| matches!(recorded.event, Event::Resolved { .. });
    let end = events.iter().rposition(ended).unwrap_or(0);
    let mut turns = Turns::new();
    let mut pairs: Vec<Pair> = Vec::new();
    for recorded in &events[..end] {
        if let Event::AgentSaid { text, .. } = &recorded.event {
            match (pairs.last_mut().filter(|_| turns.answered), turns.question()) {
                (Some(pair), _) => {
                    let gap = if pair.answered.is_empty() || text.is_empty() {
                        ""
                    } else {
                        "\n"
                    };
                    pair.answered.push_str(gap);
                    pair.answered.push_str(text);
                }
                (None, Some(asked)) => pairs.push(Pair {
                    conversation: id.clone(),
                    lang: Lang::of_text(text).unwrap_or(turns.lang),
                    asked,
                    answered: text.clone(),
                }),
                (None, None) => {}
            }
        }
        turns.take(&recorded.event);
    }
    pairs.retain(|pair| ANSWER_CHARS.contains(&pair.answered.chars().count()) && !is_own(&pair.answered));
    pairs
}

/// Whether a text is one customer's matter: numbers, addresses, links.
fn is_own(text: &str) -> bool {
    let folded = fold(text, *ANSWER_CHARS.end());
    let mut run = 0;
    let long_number = folded.chars().any(|c| {
        run = if c.is_numeric() { run + 1 } else { 0 };
        run >= OWN_DIGITS
    });
    long_number || ["@", "http", "www."].iter().any(|mark| folded.contains(mark))
}

/// The likeliest answers, best first. Takes tens of milliseconds of a processor.
#[must_use]
pub fn suggest(
    question: &OpenQuestion,
    knowledge: &Knowledge,
    past: &PastAnswers,
    today: jiff::civil::Date,
) -> Vec<Suggestion> {
    let query = Query {
        text: &question.text,
        lang: question.lang,
        context: question.before.as_deref(),
        // What is written for the shop's people must not be sent to customers.
        audience: Audience::Public,
        today,
    };
    let articles = knowledge.answers(&query, SUGGESTIONS_MAX).into_iter();
    let articles = articles.filter_map(|answer| of_article(answer, Kind::Article));
    let encoder = knowledge.encoder();
    let found = past.find(&question.text, question.lang, encoder.as_deref(), SUGGESTIONS_MAX);
    let found = found.into_iter().filter(|(score, _)| *score >= PAST_MIN);
    let answers = found.map(|(score, pair)| Suggestion {
        text: pair.answered.clone(),
        kind: Kind::Answer,
        title: cut(&pair.asked, 60),
        article: None,
        lang: pair.lang,
        score: score.clamp(0.0, 1.0),
    });
    let mut all: Vec<Suggestion> = articles.chain(answers).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut seen = std::collections::HashSet::new();
    all.retain(|one| !one.text.trim().is_empty() && seen.insert(fold(&one.text, 4_000)));
    all.truncate(SUGGESTIONS_MAX);
    all
}

/// An answer of the knowledge base as a suggestion, if it is likely enough.
fn of_article(answer: Answer, kind: Kind) -> Option<Suggestion> {
    let citation = answer.citation.filter(|_| answer.score >= ARTICLE_MIN)?;
    Some(Suggestion {
        text: answer.text,
        kind,
        title: citation.title,
        article: Some(citation.article),
        lang: answer.lang,
        score: answer.score,
    })
}

/// What the knowledge base has on it for the shop's people alone, best first.
#[must_use]
pub fn internal(
    question: &OpenQuestion,
    lang: Lang,
    bot: &Bot,
    knowledge: &Knowledge,
    today: jiff::civil::Date,
) -> Vec<Suggestion> {
    let is_internal = |id: &str| {
        let mut of = bot.articles.iter().filter(|article| article.id == id);
        of.any(|article| article.handling.audience == Audience::Agents)
    };
    // There is no page of it to open: how it begins, and then what was found.
    let begun = |found: Suggestion, begins: String| match begins == found.text {
        true => found,
        false => Suggestion {
            text: format!("{begins}\n{}", found.text),
            ..found
        },
    };
    let query = Query {
        text: &question.text,
        // In the agent's language, if it is written in it.
        lang,
        context: question.before.as_deref(),
        audience: Audience::Agents,
        today,
    };
    let found = knowledge.answers(&query, INTERNAL_AMONG).into_iter();
    let internal = found.filter_map(|answer| {
        let found = of_article(answer, Kind::Internal)?;
        let id = found.article.as_deref().filter(|id| is_internal(id))?;
        let begins = knowledge.article(id, &query)?.text;
        Some(begun(found, begins))
    });
    internal.take(INTERNAL_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Cid;

    fn record(events: Vec<Event>) -> Vec<Recorded> {
        let numbered = (1..).zip(events);
        numbered
            .map(|(seq, event)| Recorded { seq, at: 0, event })
            .collect()
    }

    fn said(text: &str) -> Event {
        Event::CustomerSaid {
            cid: Cid::new("cid-00000001").unwrap(),
            text: text.to_owned(),
            choice: None,
            photos: Vec::new(),
        }
    }

    fn reply(text: &str) -> Event {
        Event::AgentSaid {
            cid: Cid::new("cid-00000002").unwrap(),
            agent: "小林".to_owned(),
            text: text.to_owned(),
            files: Vec::new(),
        }
    }

    #[test]
    fn the_question_is_what_nobody_answered() {
        let mut events = vec![
            said("退货运费谁出"),
            reply("我们出"),
            said("那换货呢"),
            said("在吗"),
        ];
        let question = open_question(&record(events.clone())).unwrap();
        assert_eq!(
            (question.text.as_str(), question.before.as_deref()),
            ("那换货呢\n在吗", Some("退货运费谁出"))
        );
        events.push(Event::resolved("lin", "小林"));
        assert_eq!(open_question(&record(events.clone())), None);
        events.push(said("Can I change the address?"));
        let question = open_question(&record(events)).unwrap();
        assert_eq!((question.lang, question.before), (Lang::En, None));
    }

    fn picture() -> Event {
        Event::AgentSaid {
            cid: Cid::new("cid-00000003").unwrap(),
            agent: "小林".to_owned(),
            text: String::new(),
            files: vec!["f".to_owned()],
        }
    }

    #[test]
    fn files_alone_answer_and_add_no_words() {
        let id = ConversationId::new("conversation-1").unwrap();
        let mut events = vec![
            said("尺码怎么选"),
            picture(),
            said("怎么清洗杯子"),
            picture(),
            reply("照图上的步骤用温水清洗"),
            picture(),
        ];
        let question = open_question(&record(events.clone())).unwrap();
        assert_eq!(question.before.as_deref(), Some("尺码怎么选"));
        events.push(Event::resolved("lin", "小林"));
        let kept = pairs(&id, &record(events));
        let kept: Vec<(&str, &str)> = kept
            .iter()
            .map(|p| (p.asked.as_str(), p.answered.as_str()))
            .collect();
        assert_eq!(kept, [("怎么清洗杯子", "照图上的步骤用温水清洗")]);
    }

    #[test]
    fn only_what_suits_others_is_kept() {
        let id = ConversationId::new("conversation-1").unwrap();
        let mut events = vec![
            said("杯子碎了"),
            reply("很抱歉，请拍张照片"),
            reply("我们马上补发"),
            said("订单呢"),
            reply("您的订单 QM2026110312 已发出"),
            said("谢谢"),
            reply("不客气"),
        ];
        assert!(
            pairs(&id, &record(events.clone())).is_empty(),
            "it has not come to an end"
        );
        events.push(Event::resolved("lin", "小林"));
        let kept = pairs(&id, &record(events));
        let kept: Vec<(&str, &str)> = kept
            .iter()
            .map(|p| (p.asked.as_str(), p.answered.as_str()))
            .collect();
        assert_eq!(kept, [("杯子碎了", "很抱歉，请拍张照片\n我们马上补发")]);
        for own in [
            "写信到 a@b.cn 就好了呀",
            "看 https://x.cn/abc",
            "尾号是１２３４５的订单呀",
        ] {
            assert!(is_own(own), "{own}");
        }
        assert!(!is_own("7 天内可退，运费 10 元"));
    }
}
