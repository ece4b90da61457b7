//! The policies in their order: the first that has an opinion decides. The order is the priority.

use super::{Action, fallback, flow};
use crate::bot::{Bot, Intent};
use crate::conversation::{ALSO, Choice, FlowOutcome, HandoffReason, SearchOutcome, Tracker};

type Policy = fn(&Tracker, &Bot) -> Option<Action>;

/// A new policy is one function and its place here.
const ORDER: [Policy; 11] = [
    person,
    flow::step,
    also,
    done,
    flow::ended,
    article,
    furious,
    start_flow,
    search,
    reply,
    fallback::fall_back,
];

/// Decides the next action of the turn.
#[must_use]
pub fn next_action(tracker: &Tracker, bot: &Bot) -> Action {
    if !tracker.bot_may_speak() || tracker.said.is_none() {
        return Action::Listen;
    }
    ORDER
        .iter()
        .find_map(|policy| policy(tracker, bot))
        .unwrap_or(Action::Listen)
}

/// The intent the message is acted on: the button's, or the best one if it is certain.
pub(super) fn intent_of<'a>(tracker: &Tracker, bot: &'a Bot) -> Option<&'a Intent> {
    if let Some((kind, value)) = tracker.choice() {
        return if kind == "intent" {
            bot.intents.get(value)
        } else {
            None
        };
    }
    let understanding = tracker.understanding.as_ref().filter(|u| u.certain)?;
    bot.intents.get(understanding.intent())
}

/// A person is asked for: no question back.
fn person(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    if tracker.turn.replied || intent_of(tracker, bot)?.name != "human_agent" {
        return None;
    }
    Some(if tracker.flow.is_some() {
        Action::EndFlow {
            outcome: FlowOutcome::HandedOff,
        }
    } else {
        Action::Handoff {
            reason: HandoffReason::Asked,
        }
    })
}

/// The second wish of a message is offered once the first is dealt with.
fn also(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let intent = bot.intents.get(tracker.also.as_ref()?)?;
    let understood = tracker.turn.fell_back.is_none();
    let dealt_with = tracker.turn.replied && tracker.flow.is_none() && understood;
    let choice = Choice {
        label: intent.label.get(&tracker.lang())?.clone(),
        choice: format!("intent:{}", intent.name),
    };
    dealt_with.then(|| Action::Say {
        response: ALSO.to_owned(),
        choices: vec![choice],
        card: None,
        policy: "also",
    })
}

/// One reply a turn, unless a flow has more to say.
fn done(tracker: &Tracker, _: &Bot) -> Option<Action> {
    tracker.turn.replied.then_some(Action::Listen)
}

/// An article chosen by button is shown.
fn article(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let ("article", id) = tracker.choice()? else {
        return None;
    };
    let known = bot.articles.iter().any(|a| a.id == id) || id.starts_with("product-");
    known.then(|| Action::ShowArticle {
        article: id.to_owned(),
    })
}

/// Somebody furious with nothing a flow could do gets an apology and a person's offer at once.
fn furious(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let angry = tracker.understanding.as_ref().is_some_and(|u| u.anger >= 2);
    let acts = intent_of(tracker, bot).is_some_and(|i| i.flow.is_some());
    (angry && !acts && tracker.flow.is_none()).then(|| Action::say("furious", "furious"))
}

fn start_flow(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let flow = intent_of(tracker, bot)?.flow.clone()?;
    tracker.flow.is_none().then_some(Action::StartFlow { flow })
}

/// Asks the knowledge base, and says what to do when it has no answer.
fn search(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let intent = intent_of(tracker, bot);
    if intent.is_some_and(|i| !i.knowledge) {
        return None;
    }
    let Some((outcome, passages)) = &tracker.turn.searched else {
        return Some(Action::Search);
    };
    match outcome {
        SearchOutcome::Answer => None,
        SearchOutcome::Unsure => Some(Action::Say {
            response: "unsure".to_owned(),
            choices: fallback::article_choices(passages, tracker.lang()),
            card: None,
            policy: "knowledge",
        }),
        SearchOutcome::Refuse => {
            let intent = intent?;
            let response = intent.reply.as_deref().unwrap_or("no_article");
            Some(Action::say(response, "knowledge"))
        }
    }
}

/// Small talk and other things with a written reply.
fn reply(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let reply = intent_of(tracker, bot)?.reply.as_deref()?;
    Some(Action::say(reply, "reply"))
}
