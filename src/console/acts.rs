//! What an agent's frames do.

use super::frames::{AgentFrame, ConsoleFrame};
use super::socket::{AgentSocket, Flow};
use crate::channels::wire::Code;
use crate::channels::{check_text, check_text_beside};
use crate::conversation::{Cid, ConversationId};
use crate::desk::{Notice, NoticeKind, State};
use crate::engine::{self, Act, Inbound, Person, Signal, Target, Who};
use crate::store::{DRAFT_CHARS_MAX, Role};

/// Labels of one conversation.
const LABELS_MAX: usize = 20;
/// Longest note beside a decision, in characters.
const DECISION_NOTE_CHARS_MAX: usize = 500;
/// Longest label, in characters.
const LABEL_CHARS_MAX: usize = 40;
/// Colleagues called by one note.
const MENTIONS_MAX: usize = 20;
/// Longest time a conversation is put off, in milliseconds.
const SNOOZE_MS_MAX: i64 = 31 * 24 * 3_600_000;

impl AgentSocket {
    pub(super) async fn act(&mut self, frame: AgentFrame) -> Flow<()> {
        match &frame {
            AgentFrame::Unwatch => {
                self.unwatch();
                return Ok(());
            }
            AgentFrame::Presence { state } => return self.set_presence(*state).await,
            _ => {}
        }
        let named = frame.conversation().unwrap_or_default().to_owned();
        let Ok(id) = ConversationId::new(named) else {
            return self.refuse(Code::NotFound, Some(&frame), None).await;
        };
        match &frame {
            AgentFrame::Watch { after, .. } => self.watch(id, *after, &frame).await,
            AgentFrame::Typing { on, .. } => {
                let hub = self.console.desk.hub();
                let own = hub.board().get(&id);
                // Only who speaks to the customer is seen typing by them.
                if own.is_some_and(|row| row.agent() == Some(&self.account.account)) {
                    let typing = Signal::Typing {
                        who: Who::Agent,
                        name: Some(self.account.name.clone()),
                        on: *on,
                    };
                    hub.signal(&id, typing);
                }
                Ok(())
            }
            AgentFrame::Draft { text, .. } => self.keep_draft(&id, text, &frame).await,
            _ => match self.act_of(&id, &frame).await {
                Ok(act) => self.carry_out(&id, act, &frame).await,
                Err(code) => self.refuse(code, Some(&frame), None).await,
            },
        }
    }

    async fn set_presence(&mut self, state: State) -> Flow<()> {
        self.console.desk.presence().set(&self.account.account, state);
        let (conversation, act) = (String::new(), "presence");
        self.send(&ConsoleFrame::Done { conversation, act }).await
    }

    async fn keep_draft(&mut self, id: &ConversationId, text: &str, frame: &AgentFrame) -> Flow<()> {
        if text.chars().count() > DRAFT_CHARS_MAX {
            return self.refuse(Code::TooLong, Some(frame), None).await;
        }
        let desk = &self.console.desk;
        let now = desk.hub().now();
        let kept = desk
            .accounts()
            .put_draft(&self.account.account, id, text, now)
            .await;
        if let Err(error) = kept {
            tracing::warn!(%error, "a draft was not kept");
            return self.refuse(Code::Unavailable, Some(frame), None).await;
        }
        Ok(())
    }

    /// What a frame asks of the conversation.
    async fn act_of(&mut self, id: &ConversationId, frame: &AgentFrame) -> Result<Act, Code> {
        let cid = |cid: &str| Cid::new(cid).map_err(|_| Code::BadCid);
        Ok(match frame {
            AgentFrame::Claim { force, .. } => Act::Claim { force: *force },
            AgentFrame::Decline { .. } => Act::Decline,
            AgentFrame::Reply {
                cid: own,
                text,
                files,
                ..
            } => {
                self.console.attachments.check(id, files).await?;
                Act::Reply {
                    cid: cid(own)?,
                    text: check_text_beside(text, files)?,
                    files: files.clone(),
                }
            }
            AgentFrame::Note {
                cid: own,
                text,
                mentions,
                ..
            } => {
                let works_here = |account: &&String| self.console.desk.presence().works_here(account);
                Act::Note {
                    cid: cid(own)?,
                    text: check_text(text)?,
                    mentions: mentions
                        .iter()
                        .filter(works_here)
                        .take(MENTIONS_MAX)
                        .cloned()
                        .collect(),
                }
            }
            AgentFrame::Transfer {
                to_agent,
                to_team,
                note,
                ..
            } => Act::Transfer {
                to: self.target(to_agent.as_deref(), to_team.as_deref())?,
                note: note
                    .as_deref()
                    .filter(|note| !note.trim().is_empty())
                    .map(check_text)
                    .transpose()?,
            },
            AgentFrame::Release { .. } => Act::Release,
            AgentFrame::HandBack { .. } => Act::HandBack,
            AgentFrame::Resolve { reason, .. } => self.resolve(reason.clone())?,
            AgentFrame::Label { labels, .. } => label(labels)?,
            AgentFrame::Snooze { until, .. } => self.snooze(*until)?,
            AgentFrame::Decide { asked, yes, note, .. } => Act::Decide {
                asked: *asked,
                yes: *yes,
                note: decision_note(note.as_deref())?,
            },
            AgentFrame::Watch { .. }
            | AgentFrame::Unwatch
            | AgentFrame::Presence { .. }
            | AgentFrame::Typing { .. }
            | AgentFrame::Draft { .. } => return Err(Code::BadField),
        })
    }

    fn resolve(&self, reason: Option<String>) -> Result<Act, Code> {
        let brain = self.console.desk.hub().engine().brain();
        let reasons = &brain.bot.handoff.resolve_reasons;
        let known = reason
            .as_ref()
            .is_none_or(|id| reasons.iter().any(|own| own.id == *id));
        known.then_some(Act::Resolve { reason }).ok_or(Code::BadField)
    }

    fn snooze(&self, until: Option<i64>) -> Result<Act, Code> {
        let now = self.console.desk.hub().now();
        let ahead = until.is_none_or(|until| until > now && until <= now + SNOOZE_MS_MAX);
        ahead.then_some(Act::Snooze { until }).ok_or(Code::BadField)
    }

    /// Whom a conversation is passed on to: exactly one, and one who is there.
    fn target(&self, agent: Option<&str>, team: Option<&str>) -> Result<Target, Code> {
        let brain = self.console.desk.hub().engine().brain();
        match (agent, team) {
            (Some(account), None) => {
                let name = self
                    .console
                    .desk
                    .presence()
                    .name_of(account)
                    .ok_or(Code::NotFound)?;
                Ok(Target::Agent(account.to_owned(), name))
            }
            (None, Some(team)) if brain.bot.handoff.teams.contains_key(team) => {
                Ok(Target::Team(team.to_owned()))
            }
            (None, Some(_)) => Err(Code::NotFound),
            _ => Err(Code::BadField),
        }
    }

    async fn carry_out(&mut self, id: &ConversationId, act: Act, frame: &AgentFrame) -> Flow<()> {
        let person = Person {
            account: self.account.account.clone(),
            name: self.account.name.clone(),
            supervises: self.account.role >= Role::Supervisor,
        };
        let desk = self.console.desk.clone();
        let owner = desk
            .hub()
            .board()
            .get(id)
            .and_then(|row| row.agent().map(str::to_owned));
        let outcome = desk.hub().deliver(id, Inbound::Act(person, act.clone())).await;
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                let by = match &error {
                    engine::Error::Taken { by } => Some(by.clone()),
                    engine::Error::Gone { by } => by.clone(),
                    _ => None,
                };
                return self.refuse(Code::from(&error), Some(frame), by).await;
            }
        };
        if owner.is_some_and(|owner| owner != self.account.account) {
            self.audit(id, &act).await;
        }
        self.notify(id, &act);
        let conversation = id.to_string();
        let done = match act {
            Act::Reply { cid, .. } | Act::Note { cid, .. } => ConsoleFrame::Ack {
                conversation,
                cid,
                seq: outcome.seq,
            },
            _ => ConsoleFrame::Done {
                conversation,
                act: frame.act(),
            },
        };
        self.send(&done).await
    }

    /// Reaching into a colleague's conversation is written down.
    async fn audit(&mut self, id: &ConversationId, act: &Act) {
        let (name, detail) = match act {
            Act::Claim { .. } => ("take_over", String::new()),
            Act::Transfer { to, .. } => (
                "reassign",
                match to {
                    Target::Agent(account, _) => account.clone(),
                    Target::Team(team) => format!("team {team}"),
                },
            ),
            _ => return,
        };
        let desk = &self.console.desk;
        let now = desk.hub().now();
        let kept = desk
            .accounts()
            .record(now, &self.account.account, name, id.as_str(), &detail)
            .await;
        if let Err(error) = kept {
            tracing::error!(%error, "an act was not audited");
        }
    }

    /// Whoever is called or gets a conversation sees it at once.
    fn notify(&self, id: &ConversationId, act: &Act) {
        let (kind, to, text) = match act {
            Act::Note { mentions, text, .. } if !mentions.is_empty() => {
                (NoticeKind::Mention, mentions.clone(), Some(text.clone()))
            }
            Act::Transfer {
                to: Target::Agent(account, _),
                note,
            } => (NoticeKind::Transfer, vec![account.clone()], note.clone()),
            _ => return,
        };
        self.console.desk.notify(Notice {
            kind,
            conversation: id.clone(),
            to,
            by: Some(self.account.name.clone()),
            text,
        });
    }
}

/// What the bot may tell of a decision.
fn decision_note(note: Option<&str>) -> Result<Option<String>, Code> {
    let note = note.map(str::trim).filter(|note| !note.is_empty());
    match note {
        Some(note) if note.chars().count() > DECISION_NOTE_CHARS_MAX => Err(Code::TooLong),
        note => note.map(check_text).transpose(),
    }
}

fn label(labels: &[String]) -> Result<Act, Code> {
    let fits = |label: &String| (1..=LABEL_CHARS_MAX).contains(&label.chars().count());
    let labels = labels.to_vec();
    let all_fit = labels.len() <= LABELS_MAX && labels.iter().all(fits);
    all_fit.then_some(Act::Label { labels }).ok_or(Code::BadField)
}
