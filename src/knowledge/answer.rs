//! From the best passage to what is said: whole sentences and list items that fit a chat bubble, and
//! the decision whether to say them at all.

use std::collections::BTreeSet;

use super::ingest::{Passage, join};
use super::retriever::{Question, Retriever};
use super::{Answer, Decision, Hit, Link, Page, Parts, Query, page, weigh};
use crate::conversation::{Citation, Lang, follows_up};

/// Hits kept with an answer: enough passages for five articles.
const HITS_MAX: usize = 15;
/// Characters a bubble holds without tiring.
pub(super) const BUBBLE_CHARS: [(Lang, usize); 2] = [(Lang::Zh, 220), (Lang::En, 480)];
/// Likeness of words from which a question is the same as a written one.
const WRITTEN_FOR_MIN: f32 = 0.6;
/// A curated answer is given from this likeness to its question on.
const CURATED_MIN: f32 = 0.8;
/// The passage answers from this score on.
const ANSWER_MIN: f32 = 0.57;
/// Two articles are offered from this score on, which 7 % of the questions that have an answer do not reach.
const UNSURE_MIN: f32 = 0.41;
/// What the first sentence of a passage has before the others: it mostly says it all.
const FIRST_BONUS: f32 = 0.25;
/// Articles to read on.
const RELATED_MAX: usize = 3;

pub(super) fn answer(retriever: &Retriever, query: &Query<'_>) -> Answer {
    let (question, mut hits) = retriever.find(&completed(query), query);
    let Some(best) = hits.first() else {
        return nothing(query.lang);
    };
    let pinned = curated(retriever, &hits);
    let score = pinned.map_or_else(
        || weigh::answerable(&best.parts, lead(&hits)),
        |hit| asked_for(&hit.parts),
    );
    let decision = match score {
        s if s >= ANSWER_MIN => Decision::Answer,
        s if s >= UNSURE_MIN => Decision::Unsure,
        _ => Decision::Refuse,
    };
    let (place, curated) = (within(&hits, pinned.unwrap_or(best)).place, pinned.is_some());
    hits.truncate(HITS_MAX);
    Answer {
        decision,
        curated,
        score,
        hits,
        ..shown(retriever, place, Some(&question), query)
    }
}

/// Answers out of different articles, best first.
pub(super) fn several(retriever: &Retriever, query: &Query<'_>, most: usize) -> Vec<Answer> {
    let first = answer(retriever, query);
    let Some(told) = first.citation.as_ref().map(|citation| citation.article.clone()) else {
        return Vec::new();
    };
    let mut seen = BTreeSet::from([told]);
    let (question, hits) = retriever.find(&completed(query), query);
    let others = hits.iter().filter(|hit| seen.insert(hit.article.clone()));
    let others = others.take(most.saturating_sub(1)).map(|hit| Answer {
        // Nothing is ahead of what comes after the best.
        score: weigh::answerable(&hit.parts, 0.0).min(first.score),
        ..shown(retriever, within(&hits, hit).place, Some(&question), query)
    });
    let others: Vec<Answer> = others.collect();
    std::iter::once(first).chain(others).take(most).collect()
}

/// A passage as a certain answer.
fn shown(retriever: &Retriever, place: usize, question: Option<&Question>, query: &Query<'_>) -> Answer {
    let passage = &*retriever.passages[place];
    Answer {
        decision: Decision::Answer,
        text: cut(retriever, place, question),
        citation: Some(citation(passage)),
        lang: passage.lang,
        related: related(retriever, passage, query),
        curated: false,
        score: 1.0,
        hits: Vec::new(),
    }
}

/// The curated answer to this question, if the shop has written one in the asker's language.
fn curated<'a>(retriever: &Retriever, hits: &'a [Hit]) -> Option<&'a Hit> {
    let mut pinned = hits.iter().filter(|hit| {
        hit.parts.same_lang > 0.0
            && retriever.passages[hit.place].handling.pinned
            && asked_for(&hit.parts) >= CURATED_MIN
    });
    let first = pinned.next()?;
    Some(pinned.fold(first, |best, hit| {
        let nearer = asked_for(&hit.parts) > asked_for(&best.parts);
        if nearer { hit } else { best }
    }))
}

/// How nearly a question is one that the passage's article lists: by its words, or by words and meaning.
fn asked_for(parts: &Parts) -> f32 {
    parts
        .question
        .max((parts.question + parts.meaning_question) / 2.0)
}

/// The articles to read on, in the asker's language where there is one.
fn related(retriever: &Retriever, passage: &Passage, query: &Query<'_>) -> Vec<Link> {
    let link_of = |id: &String| {
        let mut of = retriever
            .of_article(id, query)
            .map(|(_, passage)| passage)
            .peekable();
        let any = of.peek().copied();
        of.find(|p| p.lang == query.lang).or(any).map(link)
    };
    let ids = passage.handling.related.iter();
    ids.filter_map(link_of).take(RELATED_MAX).collect()
}

fn link(passage: &Passage) -> Link {
    Link {
        lang: passage.lang,
        id: passage.article.clone(),
        title: passage.title.clone(),
    }
}

/// The passage of the best hit's article that answers: its beginning, when the question is nearly one that
/// the article was written for, else the one that holds the answer most likely.
fn within<'a>(hits: &'a [Hit], best: &'a Hit) -> &'a Hit {
    let same = || {
        hits.iter()
            .filter(|hit| hit.article == best.article && hit.lang == best.lang)
    };
    let written_for = best.parts.question.max(best.parts.title) >= WRITTEN_FOR_MIN;
    let lead = same().find(|hit| hit.parts.lead > 0.0).filter(|_| written_for);
    let score = |hit: &&Hit| weigh::rank_within(&hit.parts);
    let likeliest = same().max_by(|a, b| score(a).total_cmp(&score(b)));
    lead.or(likeliest).unwrap_or(best)
}

pub(super) fn candidates(retriever: &Retriever, query: &Query<'_>) -> Vec<Hit> {
    retriever.find(&completed(query), query).1
}

pub(super) fn article(retriever: &Retriever, id: &str, query: &Query<'_>) -> Option<Answer> {
    let mut of = retriever.of_article(id, query).peekable();
    let any = of.peek().copied();
    let (found, _) = of.find(|(_, p)| p.lang == query.lang).or(any)?;
    let place = retriever.readable(found, query).first().copied();
    Some(shown(retriever, place.unwrap_or(found), None, query))
}

/// An article to read whole; `written` gives the HTML of what a passage was cut from, if it was.
pub(super) fn page(
    retriever: &Retriever,
    id: &str,
    query: &Query<'_>,
    written: impl Fn(&Passage) -> Option<String>,
) -> Option<Page> {
    let (place, passage) = retriever
        .of_article(id, query)
        .find(|(_, p)| p.lang == query.lang)?;
    let other = Lang::ALL.into_iter().find(|lang| *lang != query.lang)?;
    let theirs = Query {
        lang: other,
        ..*query
    };
    let other = retriever.readable(place, &theirs).first().copied();
    let other = other.filter(|at| *at != place);
    let html = written(passage).unwrap_or_else(|| page::plain(&passage.text()));
    Some(Page {
        id: passage.article.clone(),
        title: passage.title.clone(),
        lang: passage.lang,
        html,
        other: other.map(|at| link(&retriever.passages[at])),
        related: related(retriever, passage, query),
    })
}

fn nothing(lang: Lang) -> Answer {
    Answer {
        decision: Decision::Refuse,
        text: String::new(),
        citation: None,
        lang,
        related: Vec::new(),
        curated: false,
        score: 0.0,
        hits: Vec::new(),
    }
}

/// How far the best hit is ahead of the best of another article.
fn lead(hits: &[Hit]) -> f32 {
    let Some(best) = hits.first() else {
        return 0.0;
    };
    let next = hits.iter().find(|hit| hit.article != best.article);
    next.map_or(best.score, |next| best.score - next.score)
}

/// A question that leans on the one before is read together with it.
fn completed(query: &Query<'_>) -> String {
    match query.context {
        Some(before) if follows_up(query.text) => format!("{} {before}", query.text),
        _ => query.text.to_owned(),
    }
}

fn citation(passage: &Passage) -> Citation {
    Citation {
        lang: Some(passage.lang),
        article: passage.article.clone(),
        title: passage.title.clone(),
        passage: passage.id.clone(),
        quote: passage.text(),
    }
}

/// Units of the passage, in their order, that fit: the first, which answers directly, and those
/// nearest to the question, if there is one.
fn cut(retriever: &Retriever, place: usize, question: Option<&Question>) -> String {
    let passage = &*retriever.passages[place];
    let fits = BUBBLE_CHARS
        .iter()
        .find(|(lang, _)| *lang == passage.lang)
        .map_or(220, |(_, n)| *n);
    let lengths: Vec<usize> = passage.units.iter().map(|u| u.text.chars().count() + 1).collect();
    if lengths.iter().sum::<usize>() <= fits {
        return join(passage.units.iter(), passage.lang);
    }
    let nearness = question.map(|question| retriever.sentences(place, question));
    let nearness = nearness.unwrap_or_else(|| vec![0.0; lengths.len()]);
    let mut order: Vec<(usize, f32)> = nearness.into_iter().enumerate().collect();
    // The first unit wins ties and small differences; a stable sort keeps the rest in reading order.
    if let Some(first) = order.first_mut() {
        first.1 += FIRST_BONUS;
    }
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut chosen = BTreeSet::new();
    let mut used = 0;
    for (at, _) in order {
        if chosen.is_empty() || used + lengths[at] <= fits {
            used += lengths[at];
            chosen.insert(at);
        }
    }
    join(chosen.iter().map(|at| &passage.units[*at]), passage.lang)
}
