//! When people are called: asked for, by a flow's step, by anger, for a matter that the shop leaves to them,
//! and where somebody dear to the shop is not understood. A typed action, never words in a reply.

use super::{Action, policies};
use crate::bot::{Bot, Intent, folded_message};
use crate::conversation::{FlowOutcome, HandoffReason, SENSITIVE, Tracker};

/// The intent that asks for a person.
const PERSON: &str = "human_agent";
/// The intent that is displeasure put into words: nothing the bot could do at once.
const COMPLAINT: &str = "complaint";
/// How likely a call for a person has to be in the middle of a task.
const PERSON_IN_FLOW_MIN: f32 = 0.9;
/// How likely it has to be beside something else, where the words plead for one.
const PLEA_MIN: f32 = 0.02;
/// The order's total among what the shop told.
const TOTAL: &str = "total";

fn call(reason: HandoffReason) -> Action {
    Action::Handoff { reason }
}

/// A person is asked for: no question back. What was under way ends with it.
pub(super) fn asked_for(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    if tracker.turn.replied || !asks(tracker, bot) {
        return None;
    }
    Some(if tracker.flow.is_some() {
        Action::end(FlowOutcome::HandedOff)
    } else {
        call(HandoffReason::Asked)
    })
}

fn asks(tracker: &Tracker, bot: &Bot) -> bool {
    let sure = tracker.choice().is_some()
        || tracker.flow.is_none()
        || likelihood(tracker).is_some_and(|(at, score)| at == 0 && score >= PERSON_IN_FLOW_MIN);
    policies::agrees_to(tracker, PERSON)
        || (sure && policies::intent_of(tracker, bot).is_some_and(|intent| intent.name == PERSON))
        || pleads(tracker, bot)
}

/// The place and the score of the call for a person among what the message may mean.
fn likelihood(tracker: &Tracker) -> Option<(usize, f32)> {
    let ranked = &tracker.understanding.as_ref()?.intents;
    let at = ranked.iter().position(|r| r.intent == PERSON)?;
    Some((at, ranked[at].score))
}

/// A plea that stands beside its reason: "转人工，我要投诉". Words and likelihood have to agree, as either
/// alone is found in messages that ask for nobody.
fn pleads(tracker: &Tracker, bot: &Bot) -> bool {
    let free = tracker.flow.is_none() && tracker.choice().is_none();
    let likely = likelihood(tracker).is_some_and(|(_, score)| score >= PLEA_MIN);
    free && likely && says(tracker, bot, "person") && !says(tracker, bot, "no_person")
}

fn says(tracker: &Tracker, bot: &Bot, pattern: &str) -> bool {
    let (Some(said), Some(pattern)) = (&tracker.said, bot.patterns.get(pattern)) else {
        return false;
    };
    pattern.called_by(&folded_message(&said.text)).is_some()
}

/// Whether a message that was taken for a call for a person says itself that it is none.
pub(super) fn is_no_call(tracker: &Tracker, bot: &Bot, intent: &Intent) -> bool {
    intent.name == PERSON && says(tracker, bot, "no_person")
}

/// A flow that ends with people does so whatever it has said before.
pub(super) fn handed_off(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let turn = &tracker.turn;
    let reason = if asks(tracker, bot) {
        HandoffReason::Asked
    } else if turn.took("loop") {
        HandoffReason::NotUnderstood
    } else if rising(tracker) && turn.slots_set.is_empty() && !turn.flow_started {
        HandoffReason::Anger
    } else {
        HandoffReason::Flow
    };
    (turn.flow_ended == Some(FlowOutcome::HandedOff)).then(|| call(reason))
}

fn anger(tracker: &Tracker) -> u8 {
    tracker.understanding.as_ref().map_or(0, |u| u.anger)
}

/// The second angry message in a row.
pub(super) fn rising(tracker: &Tracker) -> bool {
    anger(tracker) >= 1 && tracker.anger_before >= 1
}

/// Anger that people had better meet: fury, or the second angry message in a row.
pub(super) fn enraged(tracker: &Tracker) -> bool {
    anger(tracker) >= 2 || rising(tracker)
}

/// Whether the message is enraged and names nothing to be done but a complaint.
pub(super) fn vents(tracker: &Tracker, bot: &Bot) -> bool {
    let intent = policies::intent_of(tracker, bot);
    enraged(tracker) && tracker.choice().is_none() && intent.is_some_and(|intent| intent.name == COMPLAINT)
}

/// Somebody enraged gets an apology and a person, unless there is something that can be done for them first.
pub(super) fn angry(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let calls = tracker.flow.is_none() && tracker.choice().is_none() && enraged(tracker);
    (calls && policies::wanted_flow(tracker, bot).is_none()).then(|| call(HandoffReason::Anger))
}

/// In the middle of a task, the second angry message in a row that neither answers nor wants something else.
pub(super) fn angry_in_task(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let calls = tracker.choice().is_none() && rising(tracker);
    (calls && policies::wanted_flow(tracker, bot).is_none()).then(|| Action::end(FlowOutcome::HandedOff))
}

/// Whether the shop leaves the matter to people.
pub(super) fn is_sensitive(bot: &Bot, intent: &Intent) -> bool {
    bot.handoff.triggers.sensitive.contains(&intent.name)
}

/// A matter that the shop leaves to people: what the knowledge base has on it, then a person.
pub(super) fn sensitive(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let turn = &tracker.turn;
    if tracker.flow.is_some() {
        return None;
    }
    if let Some(outcome) = turn.flow_ended {
        // That a task was dropped is said first.
        let over = turn.replied || outcome != FlowOutcome::Cancelled;
        return (tracker.left_to_people.is_some() && over).then(|| call(HandoffReason::Sensitive));
    }
    let intent = policies::intent_of(tracker, bot).filter(|intent| is_sensitive(bot, intent))?;
    if turn.searched.is_some() || !intent.knowledge {
        return Some(call(HandoffReason::Sensitive));
    }
    (!turn.replied && angry(tracker, bot).is_none()).then_some(Action::Search)
}

/// In the middle of a task the matter is noted: people are called when the task is over.
pub(super) fn sensitive_in_task(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let intent = policies::intent_of(tracker, bot)?;
    (is_sensitive(bot, intent) && !tracker.turn.took(SENSITIVE)).then(|| Action::repair(SENSITIVE))
}

/// Who is not understood for the second time in a row gets a person at once, where the customer or the order
/// is dear to the shop.
pub(super) fn dear(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let again = tracker.fallback_stage > 0 || tracker.turn.flow_ended == Some(FlowOutcome::GaveUp);
    let triggers = &bot.handoff.triggers;
    let level = tracker.level.as_ref();
    let total = tracker
        .values
        .get(TOTAL)
        .and_then(|total| total.parse::<f64>().ok());
    let reason = if level.is_some_and(|level| triggers.vip_levels.contains(level)) {
        HandoffReason::Vip
    } else if total >= Some(f64::from(triggers.value_min?)) {
        HandoffReason::Value
    } else {
        return None;
    };
    again.then(|| call(reason))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::LazyLock;

    use super::*;
    use crate::conversation::{Cid, Event, Lang, Ranked, Recorded, Sentiment, Understanding};
    use crate::dialogue::next_action;

    static BOT: LazyLock<Bot> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge_base");
        let (bot, problems) = Bot::load(&folder);
        bot.unwrap_or_else(|| panic!("the shipped shop: {problems:#?}"))
    });

    #[derive(Default)]
    struct Talk(Tracker);

    impl Talk {
        fn tell(&mut self, event: Event) {
            self.0.apply(&Recorded {
                seq: self.0.last_seq + 1,
                at: 0,
                event,
            });
        }

        /// A message, taken for these intents, the best one certain above three in four.
        fn say(&mut self, text: &str, ranked: &[(&str, f32)], anger: u8) -> Action {
            let cid = Cid::new(format!("cid-{:08}", self.0.last_seq)).unwrap();
            self.tell(Event::CustomerSaid {
                cid,
                text: text.to_owned(),
                choice: None,
                photos: Vec::new(),
            });
            let intents = ranked.iter().map(|&(intent, score)| Ranked {
                intent: intent.to_owned(),
                score,
            });
            let understanding = Understanding {
                lang: Lang::Zh,
                intents: intents.collect(),
                in_scope: 1.0,
                certain: ranked[0].1 > 0.75,
                sentiment: if anger > 0 {
                    Sentiment::Negative
                } else {
                    Sentiment::Neutral
                },
                anger,
                also: None,
                part: None,
                entities: Vec::new(),
            };
            self.tell(Event::Understood { understanding });
            next_action(&self.0, &BOT)
        }

        /// The turn ends.
        fn end(&mut self) {
            self.tell(Event::TurnEnded {
                answers: self.0.said.as_ref().map_or(0, |said| said.seq),
                model: String::new(),
                knowledge: String::new(),
            });
        }

        /// Nonsense that no article answers.
        fn mumble(&mut self) -> Action {
            self.say("唔嘛", &[("affirm", 0.3)], 0);
            self.tell(Event::Searched {
                outcome: crate::conversation::SearchOutcome::Refuse,
                score: 0.0,
                passages: Vec::new(),
            });
            let action = next_action(&self.0, &BOT);
            if let Action::FallBack { stage } = action {
                self.tell(Event::FellBack { stage });
            }
            self.end();
            action
        }
    }

    #[test]
    fn a_plea_needs_its_words_and_its_likelihood() {
        for (text, likely, called) in [
            ("转人工，我要投诉", 0.38, true),
            ("I want to complain, give me a human", 0.2, true),
            ("我要投诉，轉人工", 0.12, true),
            ("我要投诉你们的机器人", 0.38, false),
            ("转人工那次我就想投诉了", 0.0, false),
            ("不用转人工，我要投诉", 0.38, false),
        ] {
            let action = Talk::default().say(text, &[("complaint", 0.62), (PERSON, likely)], 0);
            assert_eq!(action == call(HandoffReason::Asked), called, "{text}: {action:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_call_for_a_person_is_none() {
        for text in [
            "is it hand-made by a person",
            "人工降雨的玩具有吗",
            "I don't need a human, just my parcel",
        ] {
            let action = Talk::default().say(text, &[(PERSON, 0.97)], 0);
            assert_eq!(action, Action::Search, "{text}");
        }
        let asked = Talk::default().say("再不转人工我就报警了", &[(PERSON, 0.97)], 2);
        assert_eq!(asked, call(HandoffReason::Asked));
    }

    #[test]
    fn anger_calls_people_when_it_is_fury_or_rises() {
        let angry = call(HandoffReason::Anger);
        assert_eq!(Talk::default().say("骗子", &[(COMPLAINT, 0.9)], 2), angry);
        let mut talk = Talk::default();
        assert_ne!(talk.say("真慢", &[("chitchat", 0.9)], 1), angry);
        talk.end();
        assert_eq!(talk.say("什么态度", &[("chitchat", 0.9)], 1), angry);
    }

    #[test]
    fn anger_of_before_people_came_is_forgotten() {
        let mut talk = Talk::default();
        assert_eq!(
            talk.say("骗子", &[(COMPLAINT, 0.9)], 2),
            call(HandoffReason::Anger)
        );
        talk.tell(Event::handoff(HandoffReason::Anger));
        talk.end();
        assert_eq!(
            next_action(&talk.0, &BOT),
            Action::Listen,
            "people are called once"
        );
        talk.tell(Event::joined("lin", "小林"));
        talk.tell(Event::HandedBack {
            account: "lin".to_owned(),
            agent: "小林".to_owned(),
        });
        let action = talk.say("运费怎么算啊烦死了", &[("shipping_cost", 0.9)], 1);
        assert_eq!(action, Action::Search);
    }

    #[test]
    fn the_second_misunderstanding_offers_a_person_or_brings_one_to_the_dear() {
        let plain = |talk: &mut Talk| [talk.mumble(), talk.mumble()];
        let offered = Action::FallBack { stage: 3 };
        assert_eq!(plain(&mut Talk::default())[1], offered);
        let mut vip = Talk::default();
        vip.tell(Event::Identified {
            customer: "C001".to_owned(),
            level: Some("crown".to_owned()),
        });
        assert_eq!(
            plain(&mut vip),
            [Action::FallBack { stage: 1 }, call(HandoffReason::Vip)]
        );
        for (total, second) in [("2000", call(HandoffReason::Value)), ("1999.99", offered)] {
            let mut talk = Talk::default();
            talk.0.values.insert(TOTAL.to_owned(), total.to_owned());
            assert_eq!(plain(&mut talk)[1], second, "{total}");
        }
    }

    #[test]
    fn the_fifth_misunderstanding_in_all_brings_people() {
        let mut talk = Talk::default();
        for at in 1..=5 {
            let lost = talk.mumble() == call(HandoffReason::NotUnderstood);
            assert_eq!(lost, at == 5, "misunderstanding {at}");
            talk.say("谢谢", &[("thanks", 0.99)], 0);
            talk.end();
        }
    }

    #[test]
    fn a_matter_left_to_people_is_looked_up_then_handed_over() {
        let mut talk = Talk::default();
        let action = talk.say("是正品吗", &[("product_authenticity", 0.99)], 0);
        assert_eq!(action, Action::Search);
        talk.tell(Event::Searched {
            outcome: crate::conversation::SearchOutcome::Unsure,
            score: 0.5,
            passages: Vec::new(),
        });
        assert_eq!(next_action(&talk.0, &BOT), call(HandoffReason::Sensitive));
        let furious = Talk::default().say("卖假货的骗子", &[("product_authenticity", 0.99)], 2);
        assert_eq!(furious, call(HandoffReason::Anger));
    }
}
