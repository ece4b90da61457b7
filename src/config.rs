//! Settings of `xiaoer serve`: a file, overridden by the environment, overridden by flags.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Settings with their defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where to listen; only this machine unless told otherwise.
    pub listen: SocketAddr,
    /// Folder for the store.
    pub data: PathBuf,
    /// How the world reaches this server, when not by `listen`.
    pub public_url: Option<String>,
    /// File with the secret that the shop signs its customers' tokens with.
    pub identity_secret_file: Option<PathBuf>,
    /// Folder of the text encoder, when not the shipped one.
    pub encoder: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("data"),
            public_url: None,
            identity_secret_file: None,
            encoder: None,
        }
    }
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The file has a mistake.
    #[error("{}:{line}: {why}", file.display())]
    Mistake {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong, with the nearest known name.
        why: String,
    },
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    server: Server,
    #[serde(default)]
    models: Models,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Models {
    encoder: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Server {
    listen: Option<SocketAddr>,
    data: Option<PathBuf>,
    public_url: Option<String>,
    identity_secret_file: Option<PathBuf>,
}

/// Names that may stand in the file.
const KNOWN: [&str; 7] = [
    "server",
    "listen",
    "data",
    "public_url",
    "identity_secret_file",
    "models",
    "encoder",
];
/// The file that is read when none is named.
pub const USUAL_FILE: &str = "xiaoer.toml";

impl Config {
    /// Reads a file over the defaults. A file that is not there is no mistake unless it was named.
    ///
    /// # Errors
    /// Unknown keys and wrong values, with their line.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let unreadable = |e: std::io::Error| Error::Unreadable {
            file: file.to_owned(),
            why: e.to_string(),
        };
        Self::parse(file, &std::fs::read_to_string(file).map_err(unreadable)?)
    }

    /// Reads the usual file, or answers the defaults where there is none.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn usual() -> Result<Self, Error> {
        let file = Path::new(USUAL_FILE);
        if file.is_file() {
            Self::read(file)
        } else {
            Ok(Self::default())
        }
    }

    fn parse(file: &Path, text: &str) -> Result<Self, Error> {
        let parsed: File = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
            let mut why = error.message().to_owned();
            if let Some(name) = why.split('`').nth(1).filter(|_| why.starts_with("unknown field"))
                && let Some(near) = nearest(name)
            {
                why = format!("unknown setting `{name}`; did you mean `{near}`?");
            }
            Error::Mistake {
                file: file.to_owned(),
                line,
                why,
            }
        })?;
        let default = Self::default();
        Ok(Self {
            listen: parsed.server.listen.unwrap_or(default.listen),
            data: parsed.server.data.unwrap_or(default.data),
            public_url: parsed.server.public_url,
            identity_secret_file: parsed.server.identity_secret_file,
            encoder: parsed.models.encoder,
        })
    }
}

/// The known name with the fewest changed letters, if it is near at all.
fn nearest(name: &str) -> Option<&'static str> {
    let near = KNOWN.into_iter().min_by_key(|known| distance(name, known))?;
    (distance(name, near) <= 3).then_some(near)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> String {
        Config::parse(Path::new("xiaoer.toml"), text)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn mistakes_have_lines_and_hints() {
        assert_eq!(
            mistake("[server]\nlissten = \"127.0.0.1:1\"\n"),
            "xiaoer.toml:2: unknown setting `lissten`; did you mean `listen`?"
        );
        assert!(mistake("[server]\nlisten = \"127.0.0.1:70000\"\n").starts_with("xiaoer.toml:2:"));
        assert!(mistake("[server\n").starts_with("xiaoer.toml:1:"));
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn what_is_left_out_is_default() {
        let config = Config::parse(Path::new("x"), "[server]\ndata = \"/srv/x\"\n").unwrap();
        assert_eq!(config.data, PathBuf::from("/srv/x"));
        assert_eq!(config.listen, Config::default().listen);
        let config = Config::parse(Path::new("x"), "[models]\nencoder = \"/srv/minilm\"\n").unwrap();
        assert_eq!(config.encoder, Some(PathBuf::from("/srv/minilm")));
    }
}
