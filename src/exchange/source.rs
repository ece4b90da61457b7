//! What is to be read: one file, or a folder walked without following anything out of it. Sizes are
//! capped before anything is parsed.

use std::cell::Cell;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Error;
use super::decode;
use super::draft::Place;
use super::report::{Note, Outcome, Report};

/// Most files of one folder.
const FILES_MAX: usize = 50_000;
/// Deepest folder below the root.
const DEPTH_MAX: usize = 16;
/// Largest file, in bytes.
pub(super) const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most bytes read from one source.
const TOTAL_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Bytes looked at to tell a format.
const PEEK_BYTES: u64 = 16 * 1024;

/// A file or a folder to import.
pub(super) struct Source {
    root: PathBuf,
    /// Files, relative to the root, sorted; for a single file its name.
    pub files: Vec<PathBuf>,
    /// Whether a folder was named.
    pub is_folder: bool,
    bytes_read: Cell<u64>,
}

impl Source {
    /// Looks what is there; links, devices and pipes are passed over.
    pub fn open(path: &Path, report: &mut Report) -> Result<Self, Error> {
        let name = path.display().to_string();
        let kind = std::fs::metadata(path).map_err(|error| {
            Error::unreadable(
                &*name,
                0,
                "not_readable",
                format!("{error}; check that it exists and its rights"),
            )
        })?;
        let mut source = Self {
            root: path.to_owned(),
            files: Vec::new(),
            is_folder: kind.is_dir(),
            bytes_read: Cell::new(0),
        };
        if kind.is_dir() {
            source.walk(Path::new(""), 0, report)?;
            source.files.sort();
        } else if kind.is_file() {
            source.root = path.parent().unwrap_or(Path::new("")).to_owned();
            source.files.extend(path.file_name().map(PathBuf::from));
        } else {
            let message = "neither a file nor a folder; name one of those";
            return Err(Error::unreadable(name, 0, "not_a_file", message));
        }
        Ok(source)
    }

    fn walk(&mut self, folder: &Path, depth: usize, report: &mut Report) -> Result<(), Error> {
        let full = self.root.join(folder);
        let entries = std::fs::read_dir(&full).map_err(|error| {
            Error::unreadable(
                full.display().to_string(),
                0,
                "not_readable",
                format!("{error}; check its rights"),
            )
        })?;
        for entry in entries.flatten() {
            let path = folder.join(entry.file_name());
            let Ok(kind) = entry.file_type() else { continue };
            // Hidden folders hold tools' own things.
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let reason = if kind.is_file() {
                self.files.push(path.clone());
                None
            } else if !kind.is_dir() {
                Some((
                    "not_a_file",
                    "a link, pipe or device is not read; put the file itself here",
                ))
            } else if entry.file_name() == "node_modules" {
                Some(("not_ours", "a folder of packages is not read"))
            } else if depth == DEPTH_MAX {
                Some(("too_deep", "more than 16 folders deep; move it up"))
            } else {
                self.walk(&path, depth + 1, report)?;
                None
            };
            if let Some((code, message)) = reason {
                report.note(Note::new(Outcome::Skipped, name_of(&path), 0, code, message));
            }
            if self.files.len() > FILES_MAX {
                let message = format!("more than {FILES_MAX} files; import it in parts");
                return Err(Error::unreadable(
                    self.root.display().to_string(),
                    0,
                    "too_large",
                    message,
                ));
            }
        }
        Ok(())
    }

    /// Files with one of these extensions, whatever their case.
    pub fn with_extension<'a>(&'a self, extensions: &'a [&str]) -> impl Iterator<Item = &'a Path> {
        self.files
            .iter()
            .map(PathBuf::as_path)
            .filter(move |file| extensions.iter().any(|e| has_extension(file, e)))
    }

    /// The only file; an error for a folder.
    pub fn file(&self) -> Result<&Path, Error> {
        match &*self.files {
            [file] if !self.is_folder => Ok(file),
            _ => Err(Error::unreadable(
                self.root.display().to_string(),
                0,
                "not_a_file",
                "this format is one file; name the file",
            )),
        }
    }

    /// The name without its extension, of the file or the folder.
    pub fn stem(&self) -> String {
        let named = match &*self.files {
            [file] if !self.is_folder => file.file_stem(),
            _ => self.root.file_name(),
        };
        named.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }

    /// All bytes of a file, at most `bytes_max`.
    pub fn bytes(&self, file: &Path, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let name = name_of(file);
        let unreadable = |error: std::io::Error| {
            Error::unreadable(
                &*name,
                0,
                "not_readable",
                format!("{error}; check that it exists and its rights"),
            )
        };
        let opened = std::fs::File::open(self.root.join(file)).map_err(unreadable)?;
        let left = (TOTAL_BYTES_MAX + 1).saturating_sub(self.bytes_read.get());
        let mut bytes = Vec::new();
        opened
            .take(left.min(bytes_max + 1))
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        let total = self.bytes_read.get() + bytes.len() as u64;
        self.bytes_read.set(total);
        let most = if bytes.len() as u64 > bytes_max {
            bytes_max
        } else if total > TOTAL_BYTES_MAX || left == 0 {
            TOTAL_BYTES_MAX
        } else {
            return Ok(bytes);
        };
        let message = format!("larger than {most} bytes; split it");
        Err(Error::unreadable(name, 0, "too_large", message))
    }

    /// The first bytes of a file as text, for telling its format.
    pub fn peek(&self, file: &Path) -> Option<String> {
        let opened = std::fs::File::open(self.root.join(file)).ok()?;
        let mut bytes = Vec::new();
        opened.take(PEEK_BYTES).read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        Some(text.trim_start_matches('\u{feff}').to_owned())
    }

    /// The text of a file; another encoding than UTF-8 is noted.
    pub fn text(&self, file: &Path, bytes_max: u64, report: &mut Report) -> Result<String, Error> {
        let bytes = self.bytes(file, bytes_max)?;
        let name = name_of(file);
        let (text, encoding) = decode::decode(&bytes)
            .map_err(|refused| Error::unreadable(&*name, refused.line, "not_utf8", refused.message))?;
        if let Some(encoding) = encoding {
            let message = format!("read as {encoding}");
            report.note(Note::new(Outcome::Notice, name, 0, "encoding", message));
        }
        Ok(text.replace("\r\n", "\n"))
    }
}

/// As shown in reports, with `/` everywhere.
pub(super) fn name_of(file: &Path) -> String {
    file.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// The place of a whole file.
pub(super) fn place_of(file: &Path) -> Place {
    Place::new(&name_of(file), 0)
}

pub(super) fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case(extension))
}
