//! What happens when a message is not understood: clarify with choices, then ask to rephrase, then
//! offer a person. An understood message in between starts the stages anew.

use super::{Action, people, policies};
use crate::bot::{Bot, folded_message, holds};
use crate::conversation::{Choice, FlowOutcome, HandoffReason, Lang, SearchOutcome, Tracker, Weighed};

/// Most intents offered when clarifying.
const CLARIFY_CHOICES_MAX: usize = 3;
/// An intent less likely than this is not worth a button.
const CLARIFY_SCORE_MIN: f32 = 0.05;
/// Most articles offered when two are likely.
const ARTICLE_CHOICES_MAX: usize = 2;
/// Misunderstandings of one conversation after which a person is brought in without asking.
const MISUNDERSTOOD_MAX: u8 = 5;
/// The stage that offers a person.
const STAGE_OFFER: u8 = 3;

/// The last policy: it always has an opinion.
pub(super) fn fall_back(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let Some(stage) = tracker.turn.fell_back else {
        if let Some(called) = people::dear(tracker, bot) {
            return Some(called);
        }
        if tracker.misunderstood >= MISUNDERSTOOD_MAX - 1 {
            return Some(Action::Handoff {
                reason: HandoffReason::NotUnderstood,
            });
        }
        return Some(Action::FallBack {
            stage: next_stage(tracker, bot),
        });
    };
    let choices = clarify_choices(tracker, bot);
    let (response, choices) = match stage {
        1 if !choices.is_empty() => ("clarify", choices),
        1 | 2 => ("rephrase", Vec::new()),
        _ => ("offer_person", Vec::new()),
    };
    Some(Action::Say {
        response: response.to_owned(),
        lead: Vec::new(),
        choices,
        card: None,
        policy: "fallback",
    })
}

fn next_stage(tracker: &Tracker, bot: &Bot) -> u8 {
    let gave_up = tracker.turn.flow_ended == Some(FlowOutcome::GaveUp);
    let next = tracker.fallback_stage + 1;
    if gave_up || next >= bot.shop.misunderstandings_max {
        STAGE_OFFER
    } else {
        next
    }
}

/// Buttons for the likeliest intents that lead somewhere.
fn clarify_choices(tracker: &Tracker, bot: &Bot) -> Vec<Choice> {
    let Some(understanding) = &tracker.understanding else {
        return Vec::new();
    };
    let lang = tracker.lang();
    let likely = understanding
        .intents
        .iter()
        .filter(|r| r.score >= CLARIFY_SCORE_MIN);
    likely
        .filter_map(|ranked| bot.intents.get(&ranked.intent))
        .filter(|intent| intent.flow.is_some() || intent.knowledge || intent.name == "human_agent")
        .filter_map(|intent| {
            let label = intent.label.get(&lang)?.clone();
            Some(Choice {
                label,
                choice: format!("intent:{}", intent.name),
            })
        })
        .take(CLARIFY_CHOICES_MAX)
        .collect()
}

/// Buttons for the articles of the best passages, and for a person.
pub(super) fn article_choices(passages: &[Weighed], lang: Lang) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for passage in passages {
        let choice = format!("article:{}", passage.article);
        let new = choices.iter().all(|c| c.choice != choice);
        if new && !passage.article.starts_with("faq:") && choices.len() < ARTICLE_CHOICES_MAX {
            choices.push(Choice {
                label: passage.title.clone(),
                choice,
            });
        }
    }
    let label = if lang == Lang::Zh {
        "转人工"
    } else {
        "Talk to a person"
    };
    choices.push(Choice {
        label: label.to_owned(),
        choice: "intent:human_agent".to_owned(),
    });
    choices
}

/// Whether the message has an intent that lower policies can answer in the middle of a flow.
pub(super) fn is_digression(tracker: &Tracker, bot: &Bot) -> bool {
    let refused = tracker
        .turn
        .searched
        .as_ref()
        .is_some_and(|(outcome, _)| *outcome != SearchOutcome::Answer);
    if tracker.choice().is_some_and(|(kind, _)| kind == "article") {
        return true;
    }
    let Some(intent) = policies::intent_of(tracker, bot) else {
        return false;
    };
    let answers = intent.knowledge || intent.reply.is_some();
    let small = ["affirm", "deny", "greeting", "out_of_scope"].contains(&intent.name.as_str());
    answers && !small && !refused
}

/// Whether a message that could be a free answer asks something instead.
pub(super) fn is_question(tracker: &Tracker, bot: &Bot) -> bool {
    const WORDS: [&str; 14] = [
        "?",
        "吗",
        "怎么",
        "多久",
        "什么时候",
        "多少钱",
        "几点",
        "how",
        "what",
        "when",
        "why",
        "can i",
        "do you",
        "is there",
    ];
    let Some(said) = &tracker.said else {
        return false;
    };
    let folded = folded_message(&said.text);
    let asks = WORDS.iter().any(|word| holds(&folded, word));
    asks && policies::intent_of(tracker, bot).is_some_and(|intent| intent.knowledge)
        && is_digression(tracker, bot)
}
