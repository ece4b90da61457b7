//! `near_duplicate`: passages or articles that are nearly the same.
//!
//! Each text is a set of runs of three tokens. Texts that share many fall into a common bucket of their
//! least hashes (Broder, 1997: `MinHash` with bands), and only those are compared, a few of each bucket: for
//! n texts of s runs the work is n × (s × hashes + bands × compared), not n².

use std::collections::{HashMap, HashSet};

use super::shelf::{Page, Part, Shelf, tokens};
use super::{Level, Report};

/// Tokens in a run.
const RUN: usize = 3;
/// Fewest runs of a text that is compared.
const RUNS_MIN: usize = 6;
/// Bands, and hashes in each: texts with 0.6 of their runs in common meet with a chance of 0.99.
const BANDS: usize = 32;
const ROWS: usize = 4;
/// Texts of a bucket that a new one is compared with.
const COMPARED_MAX: usize = 8;
/// Share of runs in common from which on two texts are nearly the same.
const LIKENESS_MIN: f32 = 0.7;
/// The same where the encoder agrees, and how far it must.
const LIKENESS_WITH_MEANING_MIN: f32 = 0.5;
const COSINE_MIN: f32 = 0.95;

/// A passage, or the whole of an article that has several.
struct Text<'s> {
    page: usize,
    line: usize,
    part: Option<&'s Part>,
    runs: Vec<u64>,
}

pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    let texts: Vec<Text<'_>> = (0..)
        .zip(&shelf.pages)
        .flat_map(|(at, page)| texts_of(at, page))
        .collect();
    let mut buckets: HashMap<(bool, usize, u64), Vec<usize>> = HashMap::new();
    let mut best: HashMap<usize, (f32, usize, usize)> = HashMap::new();
    for (at, text) in texts.iter().enumerate() {
        if at % 1_000 == 0 {
            report.progress("likeness", at, texts.len());
        }
        let mut met = HashSet::new();
        for (band, hash) in bands(&text.runs).into_iter().enumerate() {
            let bucket = buckets.entry((text.part.is_some(), band, hash)).or_default();
            met.extend(bucket.iter().rev().take(COMPARED_MAX).copied());
            bucket.push(at);
        }
        for other in met {
            if let Some(likeness) = likeness(shelf, text, &texts[other]) {
                let found = best.entry(text.page).or_insert((likeness, at, other));
                if (likeness, at, other) > *found {
                    *found = (likeness, at, other);
                }
            }
        }
    }
    report.progress("likeness", texts.len(), texts.len());
    let mut found: Vec<_> = best.into_values().collect();
    found.sort_by_key(|(_, at, _)| *at);
    for (likeness, at, other) in found {
        tell(shelf, (&texts[at], &texts[other]), likeness, report);
    }
}

fn tell(shelf: &Shelf<'_>, (text, other): (&Text<'_>, &Text<'_>), likeness: f32, report: &mut Report<'_>) {
    let (page, twin) = (&shelf.pages[text.page], &shelf.pages[other.page]);
    let what = if text.part.is_some() {
        "this passage"
    } else {
        "this article"
    };
    let message = format!(
        "{what} is nearly the same as one of `{}` (likeness {likeness:.2}); join them or say how they differ",
        twin.id
    );
    let finding = report.add(Level::Warning, "near_duplicate", page.place(text.line), message);
    finding.other = Some(twin.place(other.line));
    finding.likeness = Some((likeness * 100.0).round() / 100.0);
}

fn texts_of<'s>(at: usize, page: &'s Page<'_>) -> impl Iterator<Item = Text<'s>> {
    let text = move |part: Option<&'s Part>, line: Option<&usize>, text: &str| Text {
        page: at,
        line: line.copied().unwrap_or(1),
        part,
        runs: runs(text),
    };
    let several = (page.parts.len() > 1).then(|| {
        let all: Vec<String> = page.parts.iter().map(|part| part.passage.text()).collect();
        text(None, page.parts[0].lines.first(), &all.join("\n"))
    });
    let parts = page.parts.iter();
    let parts = parts.map(move |part| text(Some(part), part.lines.first(), &part.passage.text()));
    several
        .into_iter()
        .chain(parts)
        .filter(|text| text.runs.len() >= RUNS_MIN)
}

/// How alike two texts are, if they are nearly the same and not quite: copies are told elsewhere.
fn likeness(shelf: &Shelf<'_>, one: &Text<'_>, two: &Text<'_>) -> Option<f32> {
    let (page, other) = (&shelf.pages[one.page], &shelf.pages[two.page]);
    let apart = one.page != two.page && page.lang == other.lang && page.meets(other);
    if !apart || one.runs == two.runs {
        return None;
    }
    let common = one
        .runs
        .iter()
        .filter(|run| two.runs.binary_search(run).is_ok())
        .count();
    let likeness = common as f32 / (one.runs.len() + two.runs.len() - common) as f32;
    let agrees = || {
        let both = one.part.zip(two.part).and_then(|(a, b)| a.at.zip(b.at));
        let cosine = both.and_then(|(one, two)| shelf.retriever().nearness(one, two));
        cosine.is_some_and(|cosine| cosine >= COSINE_MIN)
    };
    let enough = likeness >= LIKENESS_MIN || (likeness >= LIKENESS_WITH_MEANING_MIN && agrees());
    enough.then_some(likeness)
}

/// Hashes of the runs of a text, in order, each once.
fn runs(text: &str) -> Vec<u64> {
    let tokens = tokens(text);
    let mut runs: Vec<u64> = tokens.windows(RUN).map(hash).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

/// FNV-1a over the tokens of a run.
fn hash(run: &[String]) -> u64 {
    let bytes = run.iter().flat_map(|token| token.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One number a band, the same for texts that agree in all its least hashes.
fn bands(runs: &[u64]) -> [u64; BANDS] {
    std::array::from_fn(|band| {
        let rows = (0..ROWS).map(|row| {
            let seed = (band * ROWS + row) as u64;
            runs.iter().map(|run| mixed(*run, seed)).min().unwrap_or(0)
        });
        rows.fold(0, |all, least| mixed(all ^ least, band as u64))
    })
}

/// One of many hash functions (the finishing steps of `SplitMix64`).
fn mixed(run: u64, seed: u64) -> u64 {
    let mut x = run ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_alike_meet_in_a_band() {
        let meet = |one: &str, two: &str| {
            let (one, two) = (bands(&runs(one)), bands(&runs(two)));
            one.iter().zip(two).any(|(a, b)| *a == b)
        };
        let text =
            "Keep the outer box and all the padding, and photograph the label, the damage and the item.";
        assert!(meet(text, &text.replace("outer", "whole")));
        assert!(meet(
            "收到破损商品，请拍照联系客服，我们为您处理。",
            "收到破损的商品，请拍照联系客服，我们为您处理！"
        ));
        assert!(!meet(
            text,
            "Wash the jacket by hand in cold water with a neutral detergent, never wrung out."
        ));
    }
}
