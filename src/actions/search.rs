//! Asking the knowledge base, and showing an article chosen by button.

use super::{Desk, say};
use crate::bot::Audience;
use crate::conversation::{Choice, Event, SearchOutcome, Tracker, Understanding, Weighed, Why};
use crate::dialogue::says_it;
use crate::knowledge::{Answer, Decision, Query};

/// Passages kept in the conversation's record.
const PASSAGES_KEPT: usize = 5;
/// How likely an intent has to be for its flow to be offered under an answer.
const OFFER_SCORE_MIN: f32 = 0.75;

pub(super) fn search(desk: &Desk<'_>, tracker: &Tracker) -> Vec<Event> {
    let Some(said) = &tracker.said else {
        return Vec::new();
    };
    // A tapped intent button carries its label as text, which is a fair query. Of two wishes the second is asked later.
    let part = tracker.understanding.as_ref().and_then(|u| u.part.as_deref());
    let query = query(desk, tracker, part.unwrap_or(&said.text));
    let named = named_product(tracker).and_then(|id| desk.knowledge.article(&id, &query));
    let answer = named.unwrap_or_else(|| desk.knowledge.answer(&query));
    let outcome = match answer.decision {
        Decision::Answer => SearchOutcome::Answer,
        Decision::Unsure => SearchOutcome::Unsure,
        Decision::Refuse => SearchOutcome::Refuse,
    };
    let passages = answer.hits.iter().take(PASSAGES_KEPT).map(|hit| Weighed {
        article: hit.article.clone(),
        title: hit.title.clone(),
        passage: hit.passage.clone(),
        score: hit.score,
    });
    let searched = Event::Searched {
        outcome,
        score: answer.score,
        passages: passages.collect(),
    };
    let mut events = vec![searched];
    if outcome == SearchOutcome::Answer {
        let policy = if answer.curated { "curated" } else { "knowledge" };
        let mut said = cited(desk, tracker, answer, policy);
        if let (Event::BotSaid { choices, .. }, Some(offer)) = (&mut said, offered(desk, tracker)) {
            choices.insert(0, offer);
        }
        events.push(said);
    }
    events
}

/// The button of the flow that the intent stands for, when the answer comes first.
fn offered(desk: &Desk<'_>, tracker: &Tracker) -> Option<Choice> {
    // What the knowledge base answers is in scope, whatever the predictor thought of it.
    let likely =
        |u: &&Understanding| u.certain || u.intents.first().is_some_and(|r| r.score >= OFFER_SCORE_MIN);
    let understanding = tracker.understanding.as_ref().filter(likely)?;
    let intent = desk
        .bot
        .intents
        .get(understanding.intent())
        .filter(|intent| intent.offer)?;
    let flow = desk.bot.flows.get(intent.flow.as_ref()?)?;
    let free = tracker.flows().all(|under_way| under_way != flow.name);
    Some(Choice {
        label: flow.label.get(&tracker.lang()).filter(|_| free)?.clone(),
        choice: format!("flow:{}", flow.name),
    })
}

/// What a shopper asks today.
fn query<'a>(desk: &Desk<'_>, tracker: &'a Tracker, text: &'a str) -> Query<'a> {
    Query {
        text,
        lang: tracker.lang(),
        context: tracker.said_before.as_deref(),
        audience: Audience::Public,
        today: desk.bot.shop.day_of(desk.now),
    }
}

/// Intents that ask for a fact about a product.
const PRODUCT_FACTS: [&str; 4] = [
    "product_info",
    "product_availability",
    "product_size",
    "price_query",
];

/// The article of the product that the message names, when a fact about it is asked.
fn named_product(tracker: &Tracker) -> Option<String> {
    let understanding = tracker.understanding.as_ref()?;
    let named = understanding
        .entity("product")
        .map(|entity| entity.value.as_str());
    let asked = PRODUCT_FACTS.contains(&understanding.intent());
    // "Is it waterproof?" means the product spoken of last, or the one on the page.
    let spoken_of = || {
        let it = says_it(&tracker.said.as_ref()?.text);
        let last = tracker
            .spoken_of
            .get("product")
            .or_else(|| tracker.page.get("product"))?;
        it.then_some(last.as_str())
    };
    let product = named.or_else(spoken_of).filter(|_| asked)?;
    Some(format!("product-{}", product.to_lowercase()))
}

pub(super) fn show_article(desk: &Desk<'_>, tracker: &Tracker, article: &str) -> Vec<Event> {
    match desk.knowledge.article(article, &query(desk, tracker, "")) {
        Some(answer) => vec![cited(desk, tracker, answer, "article")],
        None => vec![say::say(
            desk,
            tracker,
            &say::Saying::plain("no_article", "article"),
        )],
    }
}

/// An answer with its source. In the other language it says so first.
fn cited(desk: &Desk<'_>, tracker: &Tracker, answer: Answer, policy: &str) -> Event {
    let mut text = answer.text;
    if answer.lang != tracker.lang() {
        let note = say::text_of(desk, tracker, "other_language");
        text = if note.is_empty() {
            text
        } else {
            format!("{note}\n{text}")
        };
    }
    let source = answer
        .citation
        .as_ref()
        .map(|c| c.passage.clone())
        .unwrap_or_default();
    let read_on = answer.related.into_iter().map(|link| Choice {
        label: link.title,
        choice: format!("article:{}", link.id),
    });
    Event::BotSaid {
        text,
        choices: read_on.collect(),
        citations: answer.citation.into_iter().collect(),
        card: None,
        why: Some(Why {
            policy: policy.to_owned(),
            source,
            lead: Vec::new(),
            score: Some(answer.score),
        }),
    }
}
