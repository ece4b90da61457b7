//! What a page holds and does not show, as far as elements say it of themselves; rules of style sheets are
//! not followed.

use super::html_tree::{NodeId, Tree};

/// Ways a style hides an element, without blanks and in lower case.
const HIDING: [&str; 13] = [
    "display:none",
    "visibility:hidden",
    "visibility:collapse",
    "font-size:0",
    "opacity:0;",
    "left:-999",
    "left:-10000",
    "text-indent:-999",
    "top:-999",
    "color:transparent",
    "clip:rect(0",
    "clip-path:inset(50%",
    "content-visibility:hidden",
];

/// Classes that hide by custom.
const HIDING_CLASSES: [&str; 5] = [
    "sr-only",
    "visually-hidden",
    "screen-reader-text",
    "d-none",
    "hidden",
];

/// Whether an element is not seen, as far as the element itself says it.
pub(super) fn is_hidden(tree: &Tree, id: NodeId) -> bool {
    let node = &tree.nodes[id];
    if node.attribute("hidden").is_some() {
        return true;
    }
    if let Some(class) = node.attribute("class")
        && class
            .split_whitespace()
            .any(|class| HIDING_CLASSES.contains(&class))
    {
        return true;
    }
    let Some(style) = node.attribute("style") else {
        return false;
    };
    let style = plain_style(style);
    HIDING.iter().any(|hiding| {
        style.match_indices(hiding).any(|(at, _)| {
            // `font-size:0.9em` and `opacity:0.5` are seen.
            let rest = style[at + hiding.len()..].trim_start_matches(['0', '.']);
            !hiding.ends_with(":0") || !rest.starts_with(|c: char| c.is_ascii_digit())
        })
    }) || is_like_paper(tree, id, &style)
}

/// A colour of letters or paper in a style.
fn colour<'s>(style: &'s str, keys: &[&str]) -> Option<&'s str> {
    let mut rules = style.split(';').filter_map(|rule| rule.split_once(':'));
    rules.find(|(key, _)| keys.contains(key)).map(|(_, value)| value)
}

const WHITE: [&str; 5] = [
    "white",
    "#fff",
    "#ffffff",
    "rgb(255,255,255)",
    "rgba(255,255,255,1)",
];

/// White on white, or any colour on itself. The paper is the nearest that a style around it names, else white.
fn is_like_paper(tree: &Tree, id: NodeId, style: &str) -> bool {
    let Some(ink) = colour(style, &["color"]) else {
        return false;
    };
    let around = std::iter::successors(Some(id), |id| tree.nodes[*id].parent);
    let paper = around
        .filter_map(|id| tree.nodes[id].attribute("style"))
        .map(plain_style)
        .find_map(|style| colour(&style, &["background", "background-color"]).map(str::to_owned));
    let paper = paper.as_deref().unwrap_or("white");
    ink == paper || (WHITE.contains(&ink) && WHITE.contains(&paper))
}

/// Without blanks, in lower case, every rule ended by `;`.
fn plain_style(style: &str) -> String {
    let mut plain: String = style
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    plain.push(';');
    plain.replace("!important", "")
}
