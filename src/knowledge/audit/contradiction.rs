//! `contradiction`: two texts that give different numbers for the same thing.
//!
//! Each quantity is a claim with the words of its clause and of its sentence. In one language claims of a kind
//! meet through the rare words of their clauses, so the work is claims × words × [`MET_MAX`], not all pairs.
//! An article and its translation meet claim by claim. A page that says the same anywhere agrees, whatever
//! else it says; two pages contradict each other only where neither says what the other does.

use std::collections::{HashMap, HashSet};

use super::super::text::TermSet;
use super::concepts::{self, concepts};
use super::quantity::{Amount, Kind, quantities};
use super::shelf::{Page, Shelf, quote};
use super::{Level, Report};
use crate::conversation::Lang;

/// Claims met through one word; a word of more tells nothing.
const MET_MAX: usize = 300;
/// Likeness from which on two claims are of the same thing, and from which on one may bear out the other.
const SAME_MIN: f32 = 0.5;
const BEARS_OUT_MIN: f32 = 0.3;
/// The same for a claim and its translation.
const SAME_TRANSLATED_MIN: f32 = 0.34;
/// Different amounts of what seems one thing, above which it is a form filled in for many things.
const AMOUNTS_MAX: usize = 3;

/// A quantity where it stands.
struct Claim<'s> {
    page: usize,
    lang: Lang,
    line: usize,
    sentence: &'s str,
    kind: Kind,
    amount: Amount,
    /// Terms of the clause and of the sentence with its heading and title.
    near: TermSet,
    around: TermSet,
    /// Matters of the same.
    near_matters: u128,
    around_matters: u128,
    /// Every amount of the sentence.
    beside: Vec<(Kind, Amount)>,
}

/// Two claims that do not agree, and how alike they are.
type Pair = (usize, usize, f32);

pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    let claims = claims(shelf, report);
    let mut pairs = within_a_language(shelf, &claims, report);
    pairs.extend(across_languages(shelf, &claims));
    let mut told = HashSet::new();
    for (one, two, _) in pairs {
        let (one, two) = (&claims[one], &claims[two]);
        if told.insert((one.page, one.kind, one.amount.clone())) {
            tell(shelf, one, two, report);
        }
    }
}

fn tell(shelf: &Shelf<'_>, one: &Claim<'_>, two: &Claim<'_>, report: &mut Report<'_>) {
    let (page, other) = (&shelf.pages[one.page], &shelf.pages[two.page]);
    let message = format!(
        "another {} than in `{}` ({}): “{}” here, “{}” there; make them one",
        one.kind.name(),
        other.id,
        other.lang.code(),
        quote(one.sentence),
        quote(two.sentence)
    );
    let finding = report.add(Level::Warning, "contradiction", page.place(one.line), message);
    finding.other = Some(other.place(two.line));
}

fn claims<'s>(shelf: &'s Shelf<'_>, report: &mut Report<'_>) -> Vec<Claim<'s>> {
    let mut claims = Vec::new();
    for (at, page) in shelf.pages.iter().enumerate() {
        if at % 1_000 == 0 {
            report.progress("quantities", at, shelf.pages.len());
        }
        if page
            .handling
            .valid_until
            .is_none_or(|until| until >= shelf.subject.day)
        {
            claims.extend(claims_of(at, page));
        }
    }
    report.progress("quantities", shelf.pages.len(), shelf.pages.len());
    claims
}

fn claims_of<'s>(at: usize, page: &'s Page<'_>) -> Vec<Claim<'s>> {
    let mut claims = Vec::new();
    for (part, sentence, line) in page.units() {
        let (found, bare) = quantities(sentence);
        let beside: Vec<_> = found.iter().map(|q| (q.kind, q.amount.clone())).collect();
        let around = format!("{bare}\n{}\n{}", part.passage.heading, page.title);
        for quantity in found {
            claims.push(Claim {
                page: at,
                lang: page.lang,
                line,
                sentence,
                kind: quantity.kind,
                amount: quantity.amount,
                near: TermSet::of(&quantity.clause),
                around: TermSet::of(&around),
                near_matters: concepts(&quantity.clause),
                around_matters: concepts(&super::super::text::fold(&around)),
                beside: beside.clone(),
            });
        }
    }
    claims
}

/// Pairs of claims of one language, the one with less behind it first.
fn within_a_language(shelf: &Shelf<'_>, claims: &[Claim<'_>], report: &mut Report<'_>) -> Vec<Pair> {
    let mut by_term: HashMap<(Lang, Kind, u64), Vec<usize>> = HashMap::new();
    for (at, claim) in claims.iter().enumerate() {
        for term in claim.near.hashes() {
            by_term
                .entry((claim.lang, claim.kind, *term))
                .or_default()
                .push(at);
        }
    }
    let mut pairs = Vec::new();
    let mut support = vec![0_usize; claims.len()];
    for (at, claim) in claims.iter().enumerate() {
        if at % 1_000 == 0 {
            report.progress("claims", at, claims.len());
        }
        let met = met(shelf, claims, &by_term, at);
        let amounts: HashSet<&Amount> = met
            .iter()
            .filter(|(_, like)| *like >= SAME_MIN)
            .map(|(other, _)| &claims[*other].amount)
            .collect();
        let agrees = |other: usize| claim.amount.agrees(&claims[other].amount, claim.kind);
        support[at] = met.iter().filter(|(other, _)| agrees(*other)).count();
        let borne_out: HashSet<usize> = met
            .iter()
            .filter(|(other, _)| agrees(*other))
            .map(|(other, _)| claims[*other].page)
            .collect();
        if amounts.len() > AMOUNTS_MAX {
            continue;
        }
        let against = met
            .iter()
            .filter(|(other, like)| *like >= SAME_MIN && !borne_out.contains(&claims[*other].page));
        pairs.extend(against.map(|(other, like)| (at, *other, *like)));
    }
    report.progress("claims", claims.len(), claims.len());
    let both: HashSet<(usize, usize)> = pairs.iter().map(|(one, two, _)| (*one, *two)).collect();
    pairs.retain(|(one, two, _)| {
        both.contains(&(*two, *one)) && (support[*one], *two) < (support[*two], *one)
    });
    pairs.sort_by(|a, b| b.2.total_cmp(&a.2));
    pairs
}

/// Claims of other pages that may be of the same thing, with their likeness.
fn met(
    shelf: &Shelf<'_>,
    claims: &[Claim<'_>],
    by_term: &HashMap<(Lang, Kind, u64), Vec<usize>>,
    at: usize,
) -> Vec<(usize, f32)> {
    let claim = &claims[at];
    let lists = claim
        .near
        .hashes()
        .iter()
        .filter_map(|term| by_term.get(&(claim.lang, claim.kind, *term)));
    let near: HashSet<usize> = lists
        .filter(|list| list.len() <= MET_MAX)
        .flatten()
        .copied()
        .collect();
    let page = &shelf.pages[claim.page];
    let apart = near.into_iter().filter(|other| {
        let other = &shelf.pages[claims[*other].page];
        !std::ptr::eq(page, other) && page.meets(other)
    });
    let mut met: Vec<(usize, f32)> = apart
        .map(|other| (other, likeness(shelf, claim, &claims[other])))
        .filter(|(_, like)| *like >= BEARS_OUT_MIN)
        .collect();
    met.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    met
}

/// How alike the words of two claims are, rare ones counting more.
fn likeness(shelf: &Shelf<'_>, one: &Claim<'_>, two: &Claim<'_>) -> f32 {
    let share = |a: &TermSet, b: &TermSet| {
        let weight = |terms: &TermSet| {
            terms
                .hashes()
                .iter()
                .map(|term| shelf.retriever().weight(*term))
                .sum::<f32>()
        };
        let (common, all) = (shelf.retriever().shared(a, b), weight(&a.and(b)));
        if all > 0.0 { common / all } else { 0.0 }
    };
    0.65 * share(&one.near, &two.near) + 0.35 * share(&one.around, &two.around)
}

/// Pairs of a claim and one of its translation, each where the other text does not say so.
fn across_languages(shelf: &Shelf<'_>, claims: &[Claim<'_>]) -> Vec<Pair> {
    let mut of_page: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, claim) in claims.iter().enumerate() {
        of_page.entry(claim.page).or_default().push(at);
    }
    let mut pairs = Vec::new();
    for (zh, en) in shelf.translations() {
        let (Some(zh), Some(en)) = (of_page.get(&zh), of_page.get(&en)) else {
            continue;
        };
        let alone = |at: usize, theirs: &[usize]| {
            let claim = &claims[at];
            !theirs.iter().any(|other| {
                claims[*other].kind == claim.kind && claim.amount.agrees(&claims[*other].amount, claim.kind)
            })
        };
        let ours: Vec<usize> = zh.iter().copied().filter(|at| alone(*at, en)).collect();
        for en in en.iter().copied().filter(|at| alone(*at, zh)) {
            let same = ours.iter().filter(|zh| claims[**zh].kind == claims[en].kind);
            let best = same
                .map(|zh| (*zh, likeness_translated(&claims[*zh], &claims[en])))
                .max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((zh, like)) = best.filter(|(_, like)| *like >= SAME_TRANSLATED_MIN) {
                pairs.push((en, zh, like));
            }
        }
    }
    pairs
}

/// How much of what two claims speak of is the same, with other amounts of both sentences.
fn likeness_translated(one: &Claim<'_>, two: &Claim<'_>) -> f32 {
    let common = one.beside.iter().filter(|(kind, amount)| {
        two.beside
            .iter()
            .any(|(other, theirs)| other == kind && amount.agrees(theirs, *kind))
    });
    let anchors = (0.25 * common.count() as f32).min(0.5);
    let near = concepts::likeness(one.near_matters, two.near_matters);
    let around = concepts::likeness(one.around_matters, two.around_matters);
    0.5 * near + 0.5 * around + anchors
}
