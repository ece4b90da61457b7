//! Writing: every file beside its place and then moved there, so that nobody reads half a file.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Error;
use super::report::Report;
use super::write::Made;

/// Writes all files of a plan below the knowledge base.
pub(super) fn write_all(
    root: &Path,
    files: &BTreeMap<String, Vec<u8>>,
    report: &mut Report,
) -> Result<(), Error> {
    for name in files.keys() {
        refuse_links(root, &root.join(name))?;
    }
    for (name, bytes) in files {
        write(&root.join(name), bytes)?;
        report.files.push(name.clone());
    }
    Ok(())
}

/// Writes one file, or a folder of files, for an export.
pub(super) fn write_export(out: &Path, made: &Made, overwrite: bool) -> Result<(), Error> {
    let place = |name: &str| {
        if name.is_empty() {
            out.to_owned()
        } else {
            out.join(name)
        }
    };
    if !overwrite && let Some(there) = made.files.keys().map(|n| place(n)).find(|file| file.exists()) {
        let message = "is there already; name another place, or say --overwrite";
        return Err(Error::unreadable(
            there.display().to_string(),
            0,
            "conflict",
            message,
        ));
    }
    for (name, bytes) in &made.files {
        write(&place(name), bytes)?;
    }
    Ok(())
}

/// A link on the way would lead out of the knowledge base.
fn refuse_links(root: &Path, file: &Path) -> Result<(), Error> {
    let mut below = file.ancestors().take_while(|part| *part != root);
    let linked = below.find(|part| std::fs::symlink_metadata(part).is_ok_and(|m| m.file_type().is_symlink()));
    linked.map_or(Ok(()), |part| {
        let message = "is a link and would be written through; put the folder or file itself there";
        Err(Error::unreadable(
            part.display().to_string(),
            0,
            "not_a_file",
            message,
        ))
    })
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source: std::io::Error| Error::NotWritable {
        file: file.to_owned(),
        source,
    };
    let folder = file
        .parent()
        .filter(|f| !f.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let beside = beside(file);
    let done = put(&beside, bytes).and_then(|()| std::fs::rename(&beside, file));
    if done.is_err() {
        let _gone = std::fs::remove_file(&beside);
    }
    done.map_err(failed)
}

/// Hidden, so that the loader passes it over; named for the process, so that two do not meet.
fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let short: String = name.chars().take(40).collect();
    file.with_file_name(format!(".{short}.{}.part", std::process::id()))
}

fn put(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let _old = std::fs::remove_file(file);
    let mut opened = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)?;
    opened.write_all(bytes)?;
    opened.sync_all()
}
