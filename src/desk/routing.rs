//! Which agent suits a waiting conversation best? Pure: the same board and the same people give the same
//! answer.

use super::presence::{Agent, State};
use crate::conversation::{Lapse, Service};

/// Time for which whoever said no is not asked again, in milliseconds.
const DECLINED_MS: i64 = 60_000;

/// What is known besides the conversation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Candidate<'a> {
    /// The agent who served them last, while that still counts.
    pub sticky: Option<&'a str>,
    /// Now, milliseconds since 1970.
    pub now: i64,
    /// Whether only the one it is meant for gets an offer, because agents pick the others themselves.
    pub only_target: bool,
}

/// The account it should be offered to, `None` while nobody can take it.
///
/// The one it was passed on to comes first, even if busy; then whoever let it lapse least often, the agent
/// of last time, the team, the language, the lightest load.
#[must_use]
pub fn choose(service: &Service, candidate: Candidate<'_>, agents: &[Agent]) -> Option<String> {
    let reachable = |agent: &&Agent| matches!(agent.state, State::Online | State::Busy);
    if let Some(target) = &service.target {
        let meant = agents.iter().filter(reachable).find(|a| a.account == *target);
        if let Some(meant) = meant {
            return Some(meant.account.clone());
        }
    }
    if candidate.only_target {
        return None;
    }
    let free = agents
        .iter()
        .filter(|agent| agent.state == State::Online && agent.load < agent.capacity)
        .filter(|agent| !declined_lately(service, &agent.account, candidate.now));
    free.min_by_key(|agent| rank(service, candidate, agent))
        .map(|agent| agent.account.clone())
}

fn declined_lately(service: &Service, account: &str, now: i64) -> bool {
    let mut lapses = service.lapsed.iter().filter(|lapse| lapse.account == account);
    lapses.any(|lapse| lapse.declined_at.is_some_and(|at| at + DECLINED_MS > now))
}

/// Less is better.
fn rank<'a>(
    service: &Service,
    candidate: Candidate<'_>,
    agent: &'a Agent,
) -> (usize, bool, bool, bool, u32, &'a str) {
    let own = |lapse: &&Lapse| lapse.account == agent.account;
    let lapses = service.lapsed.iter().filter(own).count();
    let sticky = candidate.sticky == Some(&agent.account);
    let team = service
        .team
        .as_ref()
        .is_none_or(|team| agent.teams.contains(team));
    let lang = service
        .lang
        .is_none_or(|lang| agent.langs.is_empty() || agent.langs.iter().any(|own| own == lang.code()));
    let load = agent.load * 1_000 / agent.capacity.max(1);
    (lapses, !sticky, !team, !lang, load, &agent.account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Lang;
    use crate::store::Role;

    fn agent(account: &str, teams: &[&str], langs: &[&str], load: u32) -> Agent {
        let owned = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect();
        Agent {
            account: account.to_owned(),
            name: account.to_owned(),
            role: Role::Agent,
            teams: owned(teams),
            state: State::Online,
            load,
            capacity: 5,
            langs: owned(langs),
        }
    }

    fn waiting(team: Option<&str>, lang: Lang) -> Service {
        Service {
            team: team.map(str::to_owned),
            lang: Some(lang),
            ..Service::default()
        }
    }

    fn chosen(service: &Service, sticky: Option<&str>, agents: &[Agent]) -> Option<String> {
        let candidate = Candidate {
            sticky,
            now: 0,
            only_target: false,
        };
        choose(service, candidate, agents)
    }

    #[test]
    fn team_then_language_then_load() {
        let agents = [
            agent("a", &["after"], &["zh"], 3),
            agent("b", &["after"], &["zh", "en"], 4),
            agent("c", &["pre"], &[], 0),
        ];
        let of = |team, lang| chosen(&waiting(Some(team), lang), None, &agents).unwrap();
        assert_eq!(of("after", Lang::Zh), "a");
        assert_eq!(of("after", Lang::En), "b");
        assert_eq!(of("pre", Lang::En), "c");
        assert_eq!(of("nobody", Lang::En), "c", "another team rather than nobody");
    }

    #[test]
    fn whoever_is_full_or_away_gets_nothing() {
        let mut agents = [agent("a", &[], &[], 5), agent("b", &[], &[], 0)];
        agents[1].state = State::Away;
        let mut service = waiting(None, Lang::Zh);
        assert_eq!(chosen(&service, None, &agents), None);
        service.target = Some("a".to_owned());
        assert_eq!(
            chosen(&service, None, &agents).as_deref(),
            Some("a"),
            "it is meant for a"
        );
        agents[0].state = State::Offline;
        assert_eq!(chosen(&service, None, &agents), None);
    }

    #[test]
    fn an_offer_that_lapsed_goes_to_the_next_and_comes_back_in_turn() {
        let agents = [agent("a", &[], &[], 0), agent("b", &[], &[], 4)];
        let mut service = waiting(None, Lang::Zh);
        let mut order = Vec::new();
        for _ in 0..4 {
            let account = chosen(&service, Some("a"), &agents).unwrap();
            service.lapsed.push(Lapse {
                account: account.clone(),
                declined_at: None,
            });
            order.push(account);
        }
        assert_eq!(order, ["a", "b", "a", "b"]);
        service.lapsed[0].declined_at = Some(-DECLINED_MS + 1);
        service.lapsed[1].declined_at = Some(-DECLINED_MS);
        assert_eq!(
            chosen(&service, Some("a"), &agents).as_deref(),
            Some("b"),
            "a said no just now"
        );
    }
}
