//! The policies in their order: the first that has an opinion decides. The order is the priority.

use super::{Action, fallback, flow, people, repair, value};
use crate::bot::{Bot, Intent, folded_message, holds};
use crate::conversation::{ALSO, Choice, FlowOutcome, SearchOutcome, Tracker};

/// Bytes that a message may hold besides the value that opens a flow.
const OPENING_BYTES_MAX: usize = 36;

type Policy = fn(&Tracker, &Bot) -> Option<Action>;

/// A new policy is one function and its place here.
const ORDER: [Policy; 17] = [
    under_way,
    approval,
    people::asked_for,
    people::handed_off,
    repair::repair,
    repeated,
    flow::step,
    people::sensitive,
    also,
    completed,
    done,
    flow_ended,
    article,
    people::angry,
    start_flow,
    search,
    reply_or_fall_back,
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
    // A label typed out is an answer, whatever else such words could mean.
    if tracker.flow.is_some() && value::typed_label(tracker) {
        return None;
    }
    let understanding = tracker.understanding.as_ref().filter(|u| u.certain)?;
    let intent = bot.intents.get(understanding.intent())?;
    (!people::is_no_call(tracker, bot, intent)).then_some(intent)
}

/// The flow that the message wants and that is not under way: its button, a phrase of it, or the intent's.
/// Where the knowledge base answers first, it only comes when that has no answer, or an order is named.
pub(super) fn wanted_flow(tracker: &Tracker, bot: &Bot) -> Option<String> {
    let free =
        |name: &str| bot.flows.contains_key(name) && tracker.flows().all(|under_way| under_way != name);
    let wanted = match meant_choice(tracker) {
        Some(("flow", name)) => Some(name.to_owned()),
        Some((kind, _)) if kind != "intent" => None,
        Some(_) => of_intent(tracker, bot),
        None => of_phrase(tracker, bot)
            .or_else(|| of_intent(tracker, bot))
            .or_else(|| of_number(tracker, bot)),
    };
    wanted.filter(|name| free(name))
}

/// The button that was tapped, or the one that a plain yes means where just one thing was offered.
fn meant_choice(tracker: &Tracker) -> Option<(&str, &str)> {
    tracker.choice().or_else(|| {
        let said = tracker.said.as_ref()?;
        let yes = tracker.flow.is_none() && value::plain_yes_no(&said.text).as_deref() == Some("yes");
        let of_kind = |kind: &'static str| {
            let mut all = tracker.choices.iter().filter_map(|c| c.choice.split_once(':'));
            all.find(move |(k, value)| *k == kind && (kind == "flow" || *value == "human_agent"))
        };
        yes.then(|| of_kind("flow").or_else(|| of_kind("intent")))
            .flatten()
    })
}

/// Whether a plain yes agrees to the intent that was offered.
pub(super) fn agrees_to(tracker: &Tracker, intent: &str) -> bool {
    tracker.choice().is_none() && meant_choice(tracker) == Some(("intent", intent))
}

/// A message that is little more than a value which a flow is opened by, such as an order number.
fn of_number(tracker: &Tracker, bot: &Bot) -> Option<String> {
    let (said, understanding) = (tracker.said.as_ref()?, tracker.understanding.as_ref()?);
    let opens = |flow: &&crate::bot::Flow| {
        let entity = flow.opens.as_deref().and_then(|kind| understanding.entity(kind));
        // Angry words around it are many, and say nothing else.
        let around = if people::enraged(tracker) {
            usize::MAX
        } else {
            OPENING_BYTES_MAX
        };
        entity.is_some_and(|e| said.text.len() - (e.end - e.start) <= around)
    };
    bot.flows.values().find(opens).map(|flow| flow.name.clone())
}

/// The flow with the longest phrase that the message holds: it says most exactly what is meant.
fn of_phrase(tracker: &Tracker, bot: &Bot) -> Option<String> {
    let folded = folded_message(&tracker.said.as_ref()?.text);
    let longest = |flow: &crate::bot::Flow| {
        let phrases = flow
            .starts
            .values()
            .flatten()
            .map(|phrase| folded_message(phrase));
        phrases
            .filter(|phrase| holds(&folded, phrase))
            .map(|phrase| phrase.chars().count())
            .max()
    };
    let called = bot.flows.values().filter_map(|flow| Some((longest(flow)?, flow)));
    called
        .max_by_key(|(length, _)| *length)
        .map(|(_, flow)| flow.name.clone())
}

fn of_intent(tracker: &Tracker, bot: &Bot) -> Option<String> {
    let left = |intent: &&Intent| people::vents(tracker, bot) || people::is_sensitive(bot, intent);
    let intent = intent_of(tracker, bot).filter(|intent| !left(intent))?;
    let flow = intent.flow.as_ref()?;
    let order = tracker
        .understanding
        .as_ref()
        .is_some_and(|u| u.entity("order_no").is_some());
    let unanswered =
        matches!(&tracker.turn.searched, Some((outcome, _)) if *outcome != SearchOutcome::Answer);
    (!intent.offer || order || unanswered).then(|| flow.clone())
}

/// An effect whose outcome is not known yet is asked about before anything else.
fn under_way(tracker: &Tracker, _: &Bot) -> Option<Action> {
    let acting = tracker.acting.as_ref()?;
    Some(Action::Call {
        call: acting.call.clone(),
        send: Vec::new(),
    })
}

/// A question to people that no flow waits for any more is taken back, and what is decided for a flow further
/// down has to wait until that goes on.
fn approval(tracker: &Tracker, _: &Bot) -> Option<Action> {
    let mut flows = tracker.flow.iter().chain(&tracker.below);
    if let Some(asked) = tracker.approval
        && flows.all(|flow| flow.awaits != Some(asked))
    {
        return Some(Action::Withdraw { asked });
    }
    tracker.turn.decided_below.then_some(Action::Listen)
}

/// What was said last is said again.
fn repeated(tracker: &Tracker, _: &Bot) -> Option<Action> {
    let asked = tracker.turn.took("repeat");
    let again = if tracker.turn.replied {
        Action::Listen
    } else {
        Action::Repeat
    };
    asked.then_some(again)
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
        lead: Vec::new(),
        choices: vec![choice],
        card: None,
        policy: "also",
    })
}

/// After a task of more than one turn: anything else?
fn completed(tracker: &Tracker, _: &Bot) -> Option<Action> {
    let turn = &tracker.turn;
    let (_, turns) = turn.ended.as_ref()?;
    let over = turn.flow_ended == Some(FlowOutcome::Completed) && tracker.flow.is_none() && turn.replied;
    let said = turn.said.iter().any(|said| said == "completed" || said == ALSO);
    (over && *turns > 0 && !said).then(|| Action::say("completed", "completed"))
}

/// What follows when a flow ended in this turn without a saying of its own.
fn flow_ended(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    match tracker.turn.flow_ended? {
        FlowOutcome::HandedOff | FlowOutcome::Completed => Some(Action::Listen),
        FlowOutcome::GaveUp => fallback::fall_back(tracker, bot),
        FlowOutcome::Cancelled => {
            // Who drops one thing does not ask for another in the same breath, unless it is another.
            let dropped = tracker.turn.took("cancel");
            let other = !dropped && wanted_flow(tracker, bot).is_some();
            (!other).then(|| Action::say("cancel", "flow"))
        }
    }
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

fn start_flow(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let free = tracker.flow.is_none() && !tracker.turn.flow_started && tracker.turn.flow_ended.is_none();
    let flow = wanted_flow(tracker, bot).filter(|_| free)?;
    Some(Action::StartFlow { flow })
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
            lead: Vec::new(),
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

/// Small talk and other things with a written reply; fallback for the rest.
fn reply_or_fall_back(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let reply = intent_of(tracker, bot).and_then(|intent| intent.reply.as_deref());
    reply
        .map(|reply| Action::say(reply, "reply"))
        .or_else(|| fallback::fall_back(tracker, bot))
}
