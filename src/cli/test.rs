//! `xiaoer test`: the shop's conversations, played offline.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use notify::{RecursiveMode, Watcher};

use super::{Common, brain, print_json};
use crate::bot::Severity;
use crate::conversation::Lang;
use crate::engine::Brain;
use crate::rehearsal::{Coverage, Perturbation, Played, Rehearsal, Script, junit, load_scripts};

/// Play the conversations in knowledge_base/conversations and tell what differs
///
/// Exit code 0: all as written; 1: some differ; 2: the folder cannot be used.
#[derive(Args, Debug)]
pub struct TestArgs {
    #[command(flatten)]
    common: Common,
    /// Only conversations whose name or file holds this
    #[arg(value_name = "TEXT")]
    only: Option<String>,
    /// Type everything a little otherwise and tell how many still reach their end:
    /// typo, traditional, mixed, burst, emoji, separated by commas; all without a value
    #[arg(long, value_name = "KINDS", num_args = 0..=1, require_equals = true, default_missing_value = "typo,traditional,mixed,burst,emoji")]
    perturb: Option<String>,
    /// Seed of --perturb
    #[arg(long, default_value_t = 42, value_name = "NUMBER")]
    seed: u64,
    /// List the steps of flows that no conversation passes
    #[arg(long)]
    coverage: bool,
    /// Fail when fewer steps are passed, in percent
    #[arg(long, value_name = "PERCENT")]
    coverage_min: Option<f64>,
    /// Write a JUnit report
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Go on after every change of the knowledge base
    #[arg(long)]
    watch: bool,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs the command; answers whether everything was as written.
///
/// # Errors
/// When folders or models cannot be used.
pub fn run(args: &TestArgs) -> anyhow::Result<bool> {
    if !args.watch {
        return once(args);
    }
    let (saw, seen) = channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.as_ref().map_or(true, |e| !e.kind.is_access()) {
            // Nobody listens any more: the command is ending.
            let _ending = saw.send(());
        }
    })?;
    let root = &args.common.knowledge_base;
    watcher
        .watch(root, RecursiveMode::Recursive)
        .with_context(|| format!("cannot watch {}", root.display()))?;
    loop {
        if let Err(error) = once(args) {
            let _gone = writeln!(std::io::stderr(), "{error:#}");
        }
        let _gone = writeln!(std::io::stderr(), "waiting for a change; Ctrl-C ends");
        seen.recv()?;
        while seen.recv_timeout(Duration::from_millis(150)).is_ok() {}
    }
}

fn once(args: &TestArgs) -> anyhow::Result<bool> {
    let began = Instant::now();
    let root = &args.common.knowledge_base;
    let scripts = scripts(root, args.only.as_deref())?;
    let brain = Arc::new(brain::runtime()?.block_on(brain::load_for_trial(&args.common))?);
    let rehearsal = Rehearsal::new(brain.clone());
    let played = play_all(&rehearsal, &scripts)?;
    let passed: BTreeSet<_> = played.iter().flat_map(|p| p.passed.iter().cloned()).collect();
    let coverage = Coverage::of(&brain.bot, &passed);
    let perturbed = perturbed(args, &rehearsal, &scripts)?;
    let seconds = began.elapsed().as_secs_f64();
    if let Some(file) = &args.junit {
        std::fs::write(file, junit(&played, seconds))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let failed = played.iter().filter(|p| !p.differences.is_empty()).count();
    let few = args.coverage_min.is_some_and(|min| coverage.percent() < min);
    report(
        args,
        &brain,
        &Run {
            played: &played,
            coverage: &coverage,
            perturbed: &perturbed,
            failed,
            seconds,
        },
    )?;
    Ok(failed == 0 && !few)
}

fn scripts(root: &Path, only: Option<&str>) -> anyhow::Result<Vec<Script>> {
    let (mut scripts, problems) = load_scripts(root);
    let errors: Vec<String> = problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    if !errors.is_empty() {
        return Err(super::Misuse::error(errors.join("\n")));
    }
    if let Some(only) = only {
        scripts.retain(|s| s.name.contains(only) || s.file.display().to_string().contains(only));
    }
    Ok(scripts)
}

/// Plays everything, on as many threads as there are cores; the order of the results is that of the files.
fn play_all(rehearsal: &Rehearsal, scripts: &[Script]) -> anyhow::Result<Vec<Played>> {
    let plays: Vec<(&Script, Lang)> = scripts
        .iter()
        .flat_map(|s| s.langs.iter().map(move |lang| (s, *lang)))
        .collect();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let work = || -> anyhow::Result<Vec<(usize, Played)>> {
        let runtime = brain::runtime()?;
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((script, lang)) = plays.get(at) else {
                return Ok(done);
            };
            done.push((at, runtime.block_on(rehearsal.play(script, *lang))?));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.collect::<anyhow::Result<Vec<_>>>()
    })?
    .concat();
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, played)| played).collect())
}

/// How many conversations reached their end however they were typed, by kind.
struct Perturbed {
    kind: Perturbation,
    reached: usize,
    of: usize,
    lost: Vec<String>,
}

fn perturbed(args: &TestArgs, rehearsal: &Rehearsal, scripts: &[Script]) -> anyhow::Result<Vec<Perturbed>> {
    let kinds = args.perturb.iter().flat_map(|kinds| kinds.split(','));
    let mut all = Vec::new();
    for name in kinds {
        let kind: Perturbation = name.trim().parse().map_err(super::Misuse::error)?;
        let played = play_all(&rehearsal.perturbed(kind, args.seed), scripts)?;
        let lost = played.iter().filter(|p| !p.reached_end);
        all.push(Perturbed {
            kind,
            reached: played.iter().filter(|p| p.reached_end).count(),
            of: played.len(),
            lost: lost.map(lost_line).collect(),
        });
    }
    Ok(all)
}

/// Where a conversation got lost: what its last turn said, wanted, and got.
fn lost_line(played: &Played) -> String {
    let last = played.differences.last();
    let why = last.map(|d| {
        let came = d.came.lines().next().unwrap_or_default();
        format!(": {} → wanted {}, came {came}", d.said, d.wanted)
    });
    let (file, line) = (played.file.display(), played.line);
    format!(
        "{file}:{line} {} [{}]{}",
        played.name,
        played.lang,
        why.unwrap_or_default()
    )
}

struct Run<'a> {
    played: &'a [Played],
    coverage: &'a Coverage,
    perturbed: &'a [Perturbed],
    failed: usize,
    seconds: f64,
}

fn report(args: &TestArgs, brain: &Brain, run: &Run<'_>) -> anyhow::Result<()> {
    if args.json {
        print_json(&as_json(run))?;
    } else {
        tell(args, run)?;
    }
    let _gone = writeln!(
        std::io::stderr(),
        "{} conversations, {} failed; {:.1} % of {} steps in {} flows; {:.1} s",
        run.played.len(),
        run.failed,
        run.coverage.percent(),
        run.coverage.steps,
        brain.bot.flows.len(),
        run.seconds
    );
    Ok(())
}

fn tell(args: &TestArgs, run: &Run<'_>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for one in run.played.iter().filter(|p| !p.differences.is_empty()) {
        let line = one.differences.first().map_or(one.line, |d| d.line);
        writeln!(out, "{}:{line}: {} [{}]", one.file.display(), one.name, one.lang)?;
        for difference in &one.differences {
            write!(out, "{difference}")?;
        }
    }
    for missed in run.coverage.missed.iter().filter(|_| args.coverage) {
        writeln!(
            out,
            "{}:{}: no conversation passes `{}` of {}",
            missed.file.display(),
            missed.line,
            missed.step,
            missed.flow
        )?;
    }
    for one in run.perturbed {
        let percent = 100.0 * one.reached as f64 / one.of.max(1) as f64;
        writeln!(
            out,
            "{}: {} of {} reach their end ({percent:.1} %)",
            one.kind.name(),
            one.reached,
            one.of
        )?;
        for lost in &one.lost {
            writeln!(out, "  {lost}")?;
        }
    }
    Ok(())
}

fn as_json(run: &Run<'_>) -> serde_json::Value {
    let failures = run.played.iter().filter(|p| !p.differences.is_empty()).map(|one| {
        let differences = one.differences.iter().map(|d| {
            serde_json::json!({"line": d.line, "turn": d.turn, "said": d.said, "wanted": d.wanted, "came": d.came})
        });
        serde_json::json!({
            "name": one.name, "lang": one.lang, "file": one.file, "line": one.line,
            "differences": differences.collect::<Vec<_>>(),
        })
    });
    let perturbed = run
        .perturbed
        .iter()
        .map(|one| serde_json::json!({"kind": one.kind.name(), "reached": one.reached, "of": one.of}));
    serde_json::json!({
        "conversations": run.played.len(), "failed": run.failed, "failures": failures.collect::<Vec<_>>(),
        "coverage": {"percent": run.coverage.percent(), "steps": run.coverage.steps, "missed": run.coverage.missed},
        "perturbed": perturbed.collect::<Vec<_>>(), "seconds": run.seconds,
    })
}
