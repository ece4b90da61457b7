//! The round: what waits is offered, what nobody takes goes on, whom an agent leaves behind comes back into
//! the queue, customers are told their places, and supervisors what takes too long.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::presence::{Agent, State};
use super::routing::{Candidate, choose};
use super::wait::Pace;
use super::{Inner, Notice, NoticeKind};
use crate::bot::{HandoffRules, Mode};
use crate::conversation::{Approval, ConversationId, Service, Status};
use crate::engine::{Inbound, Place, Queue, Routed};
use crate::store::Role;

/// Between two rounds at the least, in milliseconds: changes come in bursts.
const ROUND_MS_MIN: u64 = 40;
/// Between two rounds at the most, in milliseconds.
const ROUND_MS_MAX: u64 = 1_000;

type Row = (ConversationId, Arc<Service>);

/// What one round leaves to the next.
#[derive(Default)]
pub(super) struct Router {
    pace: Pace,
    /// Who waited in the last round.
    waiting: HashSet<ConversationId>,
    /// Waits that supervisors were told of, by when they began.
    alarmed: HashMap<ConversationId, i64>,
}

/// Goes round until the desk is gone.
pub(super) async fn keep_going_round(desk: Weak<Inner>) {
    let Some(mut changes) = desk.upgrade().map(|desk| desk.hub.board().subscribe()) else {
        return;
    };
    loop {
        let Some(inner) = desk.upgrade() else {
            return;
        };
        inner.round().await;
        drop(inner);
        tokio::time::sleep(Duration::from_millis(ROUND_MS_MIN)).await;
        let patience = Duration::from_millis(ROUND_MS_MAX);
        if let Ok(Err(RecvError::Closed)) = tokio::time::timeout(patience, changes.recv()).await {
            return;
        }
        changes = changes.resubscribe();
    }
}

/// What everybody has in hand: conversations that are not put off, and offers.
pub(super) fn loads(rows: &[Row], now: i64) -> HashMap<String, u32> {
    let mut loads = HashMap::new();
    for (_, row) in rows {
        let snoozed = row.snoozed_until.is_some_and(|until| until > now);
        let owner = row.agent().filter(|_| !snoozed);
        let offered = row.offer.as_ref().map(|offer| offer.account.as_str());
        if let Some(account) = owner.or(offered) {
            *loads.entry(account.to_owned()).or_insert(0) += 1;
        }
    }
    loads
}

/// Waiting conversations in the order they are served.
fn in_order(rows: &[Row]) -> Vec<&Row> {
    let mut waiting: Vec<&Row> = rows
        .iter()
        .filter(|(_, row)| row.ownership.status == Status::Waiting)
        .collect();
    waiting.sort_by_key(|(id, row)| (std::cmp::Reverse(row.priority), row.handed_at, id.clone()));
    waiting
}

impl Inner {
    pub(super) async fn round(&self) {
        let mut router = self.router.lock().await;
        let brain = self.hub.engine().brain();
        let (rules, shop) = (&brain.bot.handoff, &brain.bot.shop);
        let now = self.hub.now();
        let rows = self.hub.board().all();
        let waiting = in_order(&rows);
        let mut agents = self.presence.agents(&loads(&rows, now));
        let mut acts = self.lost(&rows, rules, now);
        acts.extend(self.lapsed(&waiting, rules, now));
        acts.extend(late(&rows, &agents, rules, now));
        acts.extend(offers(&waiting, &rows, &mut agents, rules, now));
        self.carry_out(acts).await;
        let open = shop.is_open(now);
        let places = router.places(&waiting, &agents, rules, now);
        self.hub.board().set_queue(Queue {
            places,
            open,
            opens_at: (!open).then(|| shop.opens_at(now)).flatten(),
        });
        for (id, row) in &waiting {
            let since = row.waiting_since.unwrap_or(now);
            let late = open && shop.open_after(since, rules.routing.alarm_s) <= now;
            if late && router.alarmed.insert(id.clone(), since) != Some(since) {
                self.alarm(id, row);
            }
        }
        let Router { alarmed, waiting, .. } = &mut *router;
        alarmed.retain(|id, _| waiting.contains(id));
    }

    async fn carry_out(&self, acts: Vec<(ConversationId, Routed)>) {
        let mut under_way = JoinSet::new();
        for (id, routed) in acts {
            let hub = self.hub.clone();
            under_way.spawn(async move {
                // Whoever was faster is right; what fails is tried again in the next round.
                if let Err(error) = hub.deliver(&id, Inbound::Routed(routed)).await {
                    tracing::debug!(%error, conversation.id = %id, "not routed");
                }
            });
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Conversations of agents without a connection.
    fn lost(&self, rows: &[Row], rules: &HandoffRules, now: i64) -> Vec<(ConversationId, Routed)> {
        let lost_ms = i64::from(rules.routing.lost_s) * 1_000;
        let mut acts = Vec::new();
        for (id, row) in rows {
            let Some(account) = row.agent().filter(|own| self.presence.is_lost(own, now, lost_ms)) else {
                continue;
            };
            let lose = Routed::Lose {
                account: account.to_owned(),
                agent: row.agent_name.clone().unwrap_or_default(),
            };
            acts.push((id.clone(), lose));
        }
        acts
    }

    /// Offers that nobody took. Who let one lapse is not at the desk.
    fn lapsed(&self, waiting: &[&Row], rules: &HandoffRules, now: i64) -> Vec<(ConversationId, Routed)> {
        let stands_ms = i64::from(rules.routing.accept_s_max) * 1_000;
        let mut acts = Vec::new();
        for (id, row) in waiting {
            let Some(offer) = &row.offer else {
                continue;
            };
            let timed_out = offer.at + stands_ms <= now;
            let gone = self.presence.state(&offer.account) == State::Offline;
            if timed_out && !gone {
                self.presence.set(&offer.account, State::Away);
            }
            if timed_out || gone {
                let account = offer.account.clone();
                acts.push((id.clone(), Routed::Lapse { account }));
            }
        }
        acts
    }

    fn alarm(&self, id: &ConversationId, row: &Service) {
        tracing::warn!(conversation.id = %id, "nobody has taken this conversation for too long");
        // Nobody supervises now: the log has it.
        let _listeners = self.notices.send(Notice {
            kind: NoticeKind::Alarm,
            conversation: id.clone(),
            to: Vec::new(),
            by: None,
            text: Some(row.last_text.clone()),
        });
    }
}

/// Questions of the bot's that nobody answers: their time is over, or nobody is there who may.
fn late(rows: &[Row], agents: &[Agent], rules: &HandoffRules, now: i64) -> Vec<(ConversationId, Routed)> {
    let lost_ms = i64::from(rules.routing.lost_s) * 1_000;
    let answers = |agent: &Agent, open: &Approval| {
        agent.state != State::Offline && (!open.supervisor || agent.role >= Role::Supervisor)
    };
    let mut acts = Vec::new();
    for (id, row) in rows {
        let Some(open) = &row.approval else {
            continue;
        };
        // Whoever has just lost the connection gets the time to come back.
        let nobody = open.at + lost_ms <= now && !agents.iter().any(|agent| answers(agent, open));
        if open.until <= now || nobody {
            acts.push((id.clone(), Routed::Late { asked: open.asked }));
        }
    }
    acts
}

/// The agent who served a customer last, while that counts: here, or in another conversation of theirs.
fn sticky<'a>(row: &'a Service, rows: &'a [Row], since: i64) -> Option<&'a str> {
    let of = |row: &'a Service| row.last_agent.as_ref().filter(|(_, at)| *at >= since);
    let others = rows
        .iter()
        .filter(|(_, other)| other.customer.is_some() && other.customer == row.customer)
        .filter_map(|(_, other)| of(other));
    let last = of(row).or_else(|| others.max_by_key(|(_, at)| *at));
    last.map(|(account, _)| account.as_str())
}

/// Offers for what waits without one, in order; hands fill up as they go.
fn offers(
    waiting: &[&Row],
    rows: &[Row],
    agents: &mut [Agent],
    rules: &HandoffRules,
    now: i64,
) -> Vec<(ConversationId, Routed)> {
    let since = now - i64::from(rules.routing.sticky_h) * 3_600_000;
    let mut acts = Vec::new();
    for (id, row) in waiting.iter().filter(|(_, row)| row.offer.is_none()) {
        let candidate = Candidate {
            sticky: sticky(row, rows, since),
            now,
            only_target: rules.routing.mode == Mode::Manual,
        };
        let Some(account) = choose(row, candidate, agents) else {
            continue;
        };
        let Some(agent) = agents.iter_mut().find(|agent| agent.account == account) else {
            continue;
        };
        agent.load += 1;
        let agent = agent.name.clone();
        acts.push((id.clone(), Routed::Offer { account, agent }));
    }
    acts
}

impl Router {
    /// Places in the queue, with what has been learnt about the pace since the last round.
    fn places(
        &mut self,
        waiting: &[&Row],
        agents: &[Agent],
        rules: &HandoffRules,
        now: i64,
    ) -> HashMap<ConversationId, Place> {
        let still: HashSet<ConversationId> = waiting.iter().map(|(id, _)| id.clone()).collect();
        let taken = self.waiting.difference(&still).count();
        (0..taken).for_each(|_| self.pace.claimed(now));
        self.waiting = still;
        let online = agents.iter().filter(|agent| agent.state == State::Online);
        let room: u64 = online
            .map(|agent| u64::from(agent.capacity.saturating_sub(agent.load)))
            .sum();
        let offered = waiting.iter().filter(|(_, row)| row.offer.is_some()).count() as u64;
        let accept_s = u64::from(rules.routing.accept_s_max);
        let place = |place: u64| Place {
            place,
            wait_s: self.pace.wait_s(place, room + offered, accept_s, now),
        };
        let ids = waiting.iter().map(|(id, _)| id.clone());
        ids.zip(1..).map(|(id, at)| (id, place(at))).collect()
    }
}
