//! Which steps of the flows the conversations pass.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::bot::{Bot, StepKind};

/// A step that no conversation passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// File of its flow.
    pub file: PathBuf,
    /// Its line there.
    pub line: usize,
    /// Its flow.
    pub flow: String,
    /// Its id.
    pub step: String,
}

/// How much of the flows is passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Steps that can be seen to be passed: all but branches, which say nothing.
    pub steps: usize,
    /// Those that no conversation passes.
    pub missed: Vec<Missed>,
}

impl Coverage {
    /// The coverage of a bot's flows by steps that were passed, as (flow, step).
    #[must_use]
    pub fn of(bot: &Bot, passed: &BTreeSet<(String, String)>) -> Self {
        let visible = |kind: &StepKind| !matches!(kind, StepKind::Branch { .. });
        let (mut steps, mut missed) = (0, Vec::new());
        for flow in bot.flows.values() {
            for step in flow.steps.iter().filter(|step| visible(&step.kind)) {
                steps += 1;
                if !passed.contains(&(flow.name.clone(), step.id.clone())) {
                    missed.push(Missed {
                        file: flow.file.clone(),
                        line: step.line,
                        flow: flow.name.clone(),
                        step: step.id.clone(),
                    });
                }
            }
        }
        Self { steps, missed }
    }

    /// The share that is passed, 0 to 100.
    #[must_use]
    pub fn percent(&self) -> f64 {
        if self.steps == 0 {
            return 100.0;
        }
        100.0 * (self.steps - self.missed.len()) as f64 / self.steps as f64
    }
}
