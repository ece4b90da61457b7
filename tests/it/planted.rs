//! Faults planted all over the shop's folder: each is told with its file and line, and nothing else is.

mod conversations;
mod files;
mod flows;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use xiaoer::rehearsal::check_folder;

use crate::support::{copy_folder, root};

/// One mistake that somebody could make.
struct Fault {
    name: &'static str,
    file: &'static str,
    edit: Edit,
    code: &'static str,
    place: Place,
}

/// What is done to the file.
#[derive(Clone, Copy)]
enum Edit {
    /// The first of these texts becomes the other.
    Replace(&'static str, &'static str),
    /// This is added at the end.
    Append(&'static str),
    /// The file is new.
    New(&'static str),
    /// The file is new, and no text.
    Bytes(&'static [u8]),
    /// The file is new, of this many bytes.
    Big(usize),
    /// The file is new, a link to another one in its folder.
    Link(&'static str),
}

/// Where the mistake is to be found.
#[derive(Clone, Copy)]
enum Place {
    /// So many lines below the first line of what was written.
    Down(usize),
    /// Where this text stands in the file after the edit.
    At(&'static str),
    /// On no line: the file as a whole is meant.
    File,
}

use Edit::{Append, Big, Bytes, Link, New, Replace};
use Place::{At, Down, File};

/// What is told of a fault: file, line, code.
type Told = (PathBuf, usize, &'static str);

const fn fault(
    name: &'static str,
    file: &'static str,
    edit: Edit,
    code: &'static str,
    place: Place,
) -> Fault {
    Fault {
        name,
        file,
        edit,
        code,
        place,
    }
}

fn faults() -> impl Iterator<Item = &'static Fault> {
    let all = [files::FAULTS, flows::FAULTS, conversations::FAULTS];
    all.into_iter().flatten()
}

impl Fault {
    fn plant(&self, folder: &Path) {
        let file = folder.join(self.file);
        let text = || std::fs::read_to_string(&file).unwrap();
        let bytes: Vec<u8> = match self.edit {
            Replace(old, new) => {
                let text = text();
                assert!(
                    text.contains(old),
                    "{}: `{old}` is not in {}",
                    self.name,
                    self.file
                );
                text.replacen(old, new, 1).into_bytes()
            }
            Append(new) => (text() + new).into_bytes(),
            New(new) => new.into(),
            Bytes(new) => new.into(),
            Big(size) => vec![b'a'; size],
            Link(to) => {
                #[cfg(unix)]
                std::os::unix::fs::symlink(to, &file).unwrap();
                return;
            }
        };
        std::fs::write(file, bytes).unwrap();
    }

    /// Where it must be told, once everything is planted.
    fn told(&self, folder: &Path) -> Told {
        let file = folder.join(self.file);
        let line_of = |wanted: &str| {
            let text = std::fs::read_to_string(&file).unwrap();
            let mut found = text.match_indices(wanted);
            let (at, _) = found
                .next()
                .unwrap_or_else(|| panic!("{}: no `{wanted}`", self.name));
            assert!(found.next().is_none(), "{}: `{wanted}` is there twice", self.name);
            text[..at].matches('\n').count() + 1
        };
        let line = match (self.place, self.edit) {
            (File, _) => 0,
            (At(text), _) => line_of(text),
            (Down(lines), Replace(_, new) | Append(new) | New(new)) => line_of(new) + lines,
            (Down(lines), _) => lines + 1,
        };
        (self.file.into(), line, self.code)
    }
}

/// A copy of the shipped folder.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("knowledge_base"), folder.path());
    folder
}

/// What is wrong with what is told of a folder: these problems and no others, each with what to do about it.
fn wrong(name: &str, folder: &Path, mut wanted: Vec<Told>) -> Option<String> {
    let (_, problems) = check_folder(folder);
    let mut came: Vec<Told> = problems
        .iter()
        .map(|p| (p.file.clone(), p.line, p.code))
        .collect();
    came.sort();
    wanted.sort();
    let missing: Vec<&Told> = wanted.iter().filter(|told| !came.contains(told)).collect();
    let advised = problems.iter().all(|problem| problem.message.contains("; "));
    let more = problems
        .iter()
        .filter(|p| !wanted.contains(&(p.file.clone(), p.line, p.code)));
    let more: Vec<String> = more.map(ToString::to_string).collect();
    let told = || format!("{name}: not told {missing:?}, told {more:#?}; all advise: {advised}");
    (came != wanted || !advised).then(told)
}

#[test]
fn all_faults_at_once_are_told_and_nothing_else() {
    let folder = shop();
    faults().for_each(|fault| fault.plant(folder.path()));
    let wanted: Vec<Told> = faults().map(|fault| fault.told(folder.path())).collect();
    let kinds: BTreeSet<&str> = faults().map(|fault| fault.name).collect();
    assert!(wanted.len() >= 40 && kinds.len() >= 35, "{} faults", wanted.len());
    assert_eq!(kinds.len(), wanted.len(), "every fault has a name of its own");
    assert_eq!(wrong("all", folder.path(), wanted.clone()), None);
    the_command_tells_the_same(folder.path(), &wanted);
}

/// `xiaoer check` prints a line for each, and fails.
fn the_command_tells_the_same(folder: &Path, wanted: &[Told]) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_xiaoer"));
    let models = folder.join("no models");
    command
        .args(["check", "--knowledge-base"])
        .arg(folder)
        .arg("--models")
        .arg(models);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    for (file, line, code) in wanted {
        let place = match line {
            0 => format!("{}: ", file.display()),
            line => format!("{}:{line}: ", file.display()),
        };
        let there = |printed: &str| printed.starts_with(&place) && printed.contains(&format!("[{code}]"));
        assert!(printed.lines().any(there), "{place}{code} in {printed}");
    }
    assert_eq!(printed.lines().count(), wanted.len(), "{printed}");
}

/// What is wrong when each of some faults is planted alone, and mended before the next.
fn wrong_alone(faults: &[&Fault]) -> Vec<String> {
    let folder = shop();
    let folder = folder.path();
    let mut wrongs = Vec::new();
    for fault in faults {
        let file = folder.join(fault.file);
        let clean = std::fs::read(&file).ok();
        fault.plant(folder);
        wrongs.extend(wrong(fault.name, folder, vec![fault.told(folder)]));
        match clean {
            Some(clean) => std::fs::write(file, clean).unwrap(),
            None => std::fs::remove_file(file).unwrap(),
        }
    }
    wrongs.extend(wrong("mended", folder, Vec::new()));
    wrongs
}

#[test]
fn each_fault_alone_is_told_alone() {
    let faults: Vec<&Fault> = faults().collect();
    let halves = faults.chunks(faults.len().div_ceil(2));
    let wrongs = std::thread::scope(|scope| {
        let threads: Vec<_> = halves.map(|half| scope.spawn(|| wrong_alone(half))).collect();
        let wrongs = threads.into_iter().map(|thread| thread.join().unwrap());
        wrongs.collect::<Vec<_>>().concat()
    });
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}

#[test]
fn a_slip_is_answered_with_the_nearest_name() {
    let folder = shop();
    faults().for_each(|fault| fault.plant(folder.path()));
    let (_, problems) = check_folder(folder.path());
    for wanted in [
        "unknown key `asks`; did you mean `ask`?",
        "there is no entity `trackingno`; did you mean `tracking_no`?",
        "there is no pattern `cancle`; did you mean `cancel`?",
        "nothing fills `{{ ordr_no }}`; did you mean `order_no`?",
        "there is no call `find_ordr`; did you mean `find_order`?",
        "goes on to `ovr`, which is not there; did you mean `over`?",
        "flow `refund_statu` is not in flows/; did you mean `refund_status`?",
        "there is no intent `track_ordr`; did you mean `track_order`?",
    ] {
        assert!(
            problems.iter().any(|problem| problem.message.contains(wanted)),
            "{wanted}: {problems:#?}"
        );
    }
}
