//! `contradiction`: two texts that give different numbers for the same thing.
//!
//! Each quantity is a claim with the words of its clause and of its sentence. In one language claims of a kind
//! meet through the rare words of their clauses, so the work is claims × words × [`MET_MAX`], not all pairs.
//! An article and its translation meet claim by claim. A page that says the same anywhere agrees, whatever
//! else it says; two pages contradict each other only where neither says what the other does.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::super::text::{TermSet, words};
use super::concepts::{self, concepts};
use super::quantity::{Amount, Kind, quantities};
use super::shelf::{Page, Shelf, quote};
use super::{Level, Report};
use crate::conversation::Lang;

/// Claims met through one word; a word of more tells nothing.
const MET_MAX: usize = 300;
/// Likeness from which on two claims are of the same thing.
const SAME_MIN: f32 = 0.35;
/// Likeness of sentences from which on the one may bear out the other.
const BEARS_OUT_MIN: f32 = 0.05;
/// Likeness that the sentences need, and words that the clauses need in common.
const AROUND_MIN: f32 = 0.15;
const COMMON_MIN: usize = 2;
/// The same for a claim and its translation.
const SAME_TRANSLATED_MIN: f32 = 0.34;
/// Quantities of a translation above which one at least must be in the other text.
const STRANGERS_MIN: usize = 3;
/// Different amounts of what seems one thing, above which it is a form filled in for many things.
const AMOUNTS_MAX: usize = 3;

/// Words that come and go with the way a thing is said.
const IDLE_WORDS: [&str; 46] = [
    "within", "after", "befor", "take", "cost", "up", "onli", "also", "than", "more", "most", "must",
    "until", "you", "not", "item", "thing", "good", "order", "usual", "each", "all", "other", "when", "内",
    "后", "前", "起", "可", "以内", "之内", "申请", "支持", "需要", "最多", "最长", "一般", "提供", "享受",
    "商品", "请", "就", "为", "满", "或", "到",
];

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
    around: Rc<TermSet>,
    /// Words of the clause that say what it is about.
    about: Vec<String>,
    /// The same of the page's title.
    title: Rc<Vec<String>>,
    /// Matters of clause and sentence.
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
    let title = Rc::new(about(page.title));
    let mut claims = Vec::new();
    for (part, sentence, line) in page.units() {
        let (found, bare) = quantities(sentence);
        let beside: Vec<_> = found.iter().map(|q| (q.kind, q.amount.clone())).collect();
        if found.is_empty() {
            continue;
        }
        let around = format!("{bare}\n{}\n{}", part.passage.heading, page.title);
        let around_matters = concepts(&super::super::text::fold(&around));
        let around = Rc::new(TermSet::of(&around));
        for quantity in found {
            claims.push(Claim {
                page: at,
                lang: page.lang,
                line,
                sentence,
                kind: quantity.kind,
                amount: quantity.amount,
                near: TermSet::of(&quantity.clause),
                around: Rc::clone(&around),
                about: about(&quantity.clause),
                title: Rc::clone(&title),
                near_matters: concepts(&quantity.clause),
                around_matters,
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
            let key = (claim.lang, claim.kind, *term);
            by_term.entry(key).or_default().push(at);
        }
    }
    let of_page = by_page(claims);
    let mut pairs = Vec::new();
    let mut support = vec![0_usize; claims.len()];
    for (at, claim) in claims.iter().enumerate() {
        if at % 1_000 == 0 {
            report.progress("claims", at, claims.len());
        }
        let met = met(shelf, claims, &by_term, at);
        let (with, against): (Vec<_>, Vec<_>) = met
            .into_iter()
            .partition(|(other, _)| claim.amount.agrees(&claims[*other].amount, claim.kind));
        support[at] = with.len();
        let against = against.into_iter().filter(|(other, _)| {
            let other = &claims[*other];
            let says = |page: usize, claim: &Claim<'_>| is_said(shelf, claims, &of_page[&page], claim);
            !says(other.page, claim) && !says(claim.page, other)
        });
        let against: Vec<_> = against.collect();
        let amounts: HashSet<&Amount> = against.iter().map(|(other, _)| &claims[*other].amount).collect();
        if amounts.len() < AMOUNTS_MAX {
            pairs.extend(against.into_iter().map(|(other, like)| (at, other, like)));
        }
    }
    report.progress("claims", claims.len(), claims.len());
    let both: HashSet<(usize, usize)> = pairs.iter().map(|(one, two, _)| (*one, *two)).collect();
    let weaker = |one: usize, two: usize| (support[one], two) < (support[two], one);
    pairs.retain(|(one, two, _)| both.contains(&(*two, *one)) && weaker(*one, *two));
    pairs.sort_by(|a, b| b.2.total_cmp(&a.2));
    pairs
}

fn by_page(claims: &[Claim<'_>]) -> HashMap<usize, Vec<usize>> {
    let mut of_page: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, claim) in claims.iter().enumerate() {
        of_page.entry(claim.page).or_default().push(at);
    }
    of_page
}

/// Whether a page says what a claim of another says, in a sentence of the same matter.
fn is_said(shelf: &Shelf<'_>, claims: &[Claim<'_>], page: &[usize], claim: &Claim<'_>) -> bool {
    page.iter().map(|at| &claims[*at]).any(|said| {
        said.kind == claim.kind
            && said.amount.agrees(&claim.amount, claim.kind)
            && share(shelf, &said.around, &claim.around) >= BEARS_OUT_MIN
    })
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
        .filter(|other| !are_apart(claim, &claims[*other]))
        .map(|other| (other, likeness(shelf, claim, &claims[other])))
        .filter(|(_, like)| *like >= SAME_MIN)
        .collect();
    met.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    met
}

/// Words of a clause that may tell one thing from another.
fn about(clause: &str) -> Vec<String> {
    let mut words = words(clause);
    words.retain(|word| !IDLE_WORDS.contains(&word.as_str()));
    words
}

/// Whether each clause has a word of its own: `standard delivery` and `express delivery` are two things.
fn are_apart(one: &Claim<'_>, two: &Claim<'_>) -> bool {
    let own = |a: &[String], b: &[String]| a.iter().any(|word| !b.iter().any(|other| covers(word, other)));
    own(&one.about, &two.about) && own(&two.about, &one.about)
}

/// Whether a word is another or a part of it, or the other way round: `退` and `退货`.
fn covers(one: &str, two: &str) -> bool {
    let han = !one.is_ascii() && !two.is_ascii();
    one == two || (han && (one.contains(two) || two.contains(one)))
}

/// How many words of a clause are in another.
fn in_common(one: &[String], two: &[String]) -> usize {
    let both = one
        .iter()
        .filter(|word| two.iter().any(|other| covers(word, other)));
    both.count()
}

/// Whether two pages are of variants of one matter, so that each may have its own numbers: `Washing a jacket`
/// and `Washing a sleeping bag` have a word in common, and each one of its own.
fn are_variants(one: &[String], two: &[String]) -> bool {
    let common = in_common(one, two);
    common > 0 && common < one.len() && in_common(two, one) < two.len()
}

/// How alike the words of two claims are. What has fewer than two words in common says too little by itself:
/// `within 7 days of delivery` may be of anything.
fn likeness(shelf: &Shelf<'_>, one: &Claim<'_>, two: &Claim<'_>) -> f32 {
    let around = share(shelf, &one.around, &two.around);
    let same_matter = one.near_matters & two.near_matters != 0;
    let enough = in_common(&one.about, &two.about) >= COMMON_MIN && around >= AROUND_MIN && same_matter;
    if !enough || are_variants(&one.title, &two.title) {
        return 0.0;
    }
    0.65 * share(shelf, &one.near, &two.near) + 0.35 * around
}

/// The share of terms that are in both, rare ones counting more, though not all: a folder may be small.
fn share(shelf: &Shelf<'_>, one: &TermSet, two: &TermSet) -> f32 {
    let weight = |term: &u64| 1.0 + shelf.retriever().weight(*term);
    let both = one.hashes().iter().filter(|term| two.contains(**term));
    let common: f32 = both.map(weight).sum();
    let all: f32 = one.hashes().iter().chain(two.hashes()).map(weight).sum();
    if all > common {
        common / (all - common)
    } else {
        0.0
    }
}

/// Pairs of a claim and one of its translation, each where the other text does not say so.
fn across_languages(shelf: &Shelf<'_>, claims: &[Claim<'_>]) -> Vec<Pair> {
    let of_page = by_page(claims);
    let mut pairs = Vec::new();
    for (zh, en) in shelf.translations() {
        let (Some(zh), Some(en)) = (of_page.get(&zh), of_page.get(&en)) else {
            continue;
        };
        let alone = |at: usize, theirs: &[usize]| {
            let mut theirs = theirs.iter().map(|other| &claims[*other]);
            !theirs.any(|other| is_said_translated(&claims[at], other))
        };
        let ours: Vec<usize> = zh.iter().copied().filter(|at| alone(*at, en)).collect();
        let theirs: Vec<usize> = en.iter().copied().filter(|at| alone(*at, zh)).collect();
        // Texts that agree in nothing are no translations of one another, number by number.
        if theirs.len() == en.len() && en.len() > STRANGERS_MIN {
            continue;
        }
        for en in theirs {
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

/// Whether a claim is borne out by one of its translation. `3 days` bears out any `1–3 days` of the same matter.
fn is_said_translated(one: &Claim<'_>, two: &Claim<'_>) -> bool {
    let agrees = one.kind == two.kind && one.amount.agrees(&two.amount, one.kind);
    agrees && (one.amount == two.amount || likeness_translated(one, two) >= SAME_TRANSLATED_MIN)
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
