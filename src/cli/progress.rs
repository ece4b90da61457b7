//! Progress of long work on stderr: a bar on a terminal, a plain line now and then otherwise.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use crate::predictors::Progress;

/// One bar at a time, for whatever is under way.
pub struct Bars {
    bar: Option<(&'static str, ProgressBar)>,
    on_terminal: bool,
    tenths_said: usize,
}

impl Bars {
    /// Nothing is under way yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bar: None,
            on_terminal: std::io::stderr().is_terminal(),
            tenths_said: 0,
        }
    }

    /// Shows how far something is.
    pub fn show(&mut self, progress: Progress) {
        let fresh = self.bar.as_ref().is_none_or(|(what, _)| *what != progress.what);
        if fresh {
            self.finish();
            self.tenths_said = 0;
            let bar = if self.on_terminal {
                ProgressBar::new(progress.all as u64)
            } else {
                ProgressBar::hidden()
            };
            if let Ok(style) = ProgressStyle::with_template("{prefix:>10} {bar:40} {pos}/{len} {msg} {eta}") {
                bar.set_style(style);
            }
            bar.set_prefix(progress.what);
            self.bar = Some((progress.what, bar));
        }
        let loss = progress
            .loss
            .map_or_else(String::new, |loss| format!("loss {loss:.3}"));
        if let Some((_, bar)) = &self.bar {
            bar.set_position(progress.done as u64);
            bar.set_message(loss.clone());
        }
        let tenths = progress.done * 10 / progress.all.max(1);
        if !self.on_terminal && tenths > self.tenths_said {
            self.tenths_said = tenths;
            let (what, done, all) = (progress.what, progress.done, progress.all);
            let _gone = writeln!(std::io::stderr(), "{what} {done}/{all} {loss}");
        }
        if progress.done >= progress.all {
            self.finish();
        }
    }

    /// Says a line for people.
    pub fn say(&mut self, line: &str) {
        self.finish();
        // Nobody to tell when stderr is gone.
        let _gone = writeln!(std::io::stderr(), "{line}");
    }

    fn finish(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Default for Bars {
    fn default() -> Self {
        Self::new()
    }
}
