//! Files that customers and agents send: their bytes under `files/` in the data folder, by content; which conversation
//! has which, in the database. Bytes are on disk before a row names them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use tokio::sync::Mutex;

use super::Error;
use super::writer::to_sql;
use crate::conversation::{ConversationId, sha256};

/// Files of one conversation.
pub const FILES_MAX: u64 = 20;
/// All files of one conversation together, in bytes.
pub const CONVERSATION_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// How names of files begin that are not whole yet.
const UNFINISHED: &str = ".unfinished-";

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
    /// GIF.
    Gif,
    /// PDF.
    Pdf,
}

impl FileKind {
    /// All that are taken.
    pub const ALL: [Self; 5] = [Self::Png, Self::Jpeg, Self::Webp, Self::Gif, Self::Pdf];

    /// Looks at the bytes; what anybody says about them does not count.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP".as_slice());
        let begins = |start: &[u8]| bytes.starts_with(start);
        Some(match bytes {
            _ if begins(b"\x89PNG\r\n\x1a\n") => Self::Png,
            _ if begins(b"\xff\xd8\xff") => Self::Jpeg,
            _ if is_webp => Self::Webp,
            _ if begins(b"GIF87a") || begins(b"GIF89a") => Self::Gif,
            _ if begins(b"%PDF-") => Self::Pdf,
            _ => return None,
        })
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Pdf => "application/pdf",
        }
    }

    /// How names of such files end.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Pdf => "pdf",
        }
    }
}

/// Why a file was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FileError {
    /// None of the kinds that are taken.
    #[error("this is no PNG, JPEG, WebP, GIF or PDF")]
    Kind,
    /// The conversation has as many as it may.
    #[error("a conversation has at most {FILES_MAX} files of {CONVERSATION_BYTES_MAX} bytes together")]
    Full,
    /// The disk or the database failed.
    #[error("the file was not stored: {0}")]
    Failed(String),
}

impl From<sqlx::Error> for FileError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Files of conversations. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    pool: SqlitePool,
    folder: Arc<PathBuf>,
    /// One at a time, so that a conversation's limits hold.
    keeping: Arc<Mutex<()>>,
}

impl Files {
    pub(super) fn open(pool: SqlitePool, data: &Path) -> Result<Self, Error> {
        let folder = data.join("files");
        sweep(&folder)
            .map_err(|error| Error::Unusable(format!("cannot use {}: {error}", folder.display())))?;
        Ok(Self {
            pool,
            folder: Arc::new(folder),
            keeping: Arc::default(),
        })
    }

    /// Whether the conversation may have `bytes` more.
    ///
    /// # Errors
    /// [`FileError::Full`], or what the database says.
    pub async fn has_room(&self, conversation: &ConversationId, bytes: u64) -> Result<(), FileError> {
        let row = sqlx::query(
            "SELECT count(*) AS n, coalesce(sum(bytes), 0) AS b FROM file WHERE conversation = $1",
        )
        .bind(conversation.as_str())
        .fetch_one(&self.pool)
        .await?;
        let (count, sum): (i64, i64) = (row.try_get("n")?, row.try_get("b")?);
        let fits = count < to_sql(FILES_MAX) && sum + to_sql(bytes) <= to_sql(CONVERSATION_BYTES_MAX);
        fits.then_some(()).ok_or(FileError::Full)
    }

    /// Keeps a file for a conversation and answers its id: the SHA-256 of its bytes, so that the same file
    /// sent twice is one.
    ///
    /// # Errors
    /// See [`FileError`]; then nothing of it is left.
    pub async fn keep(
        &self,
        conversation: &ConversationId,
        bytes: Vec<u8>,
        at: i64,
    ) -> Result<String, FileError> {
        let kind = FileKind::of(&bytes).ok_or(FileError::Kind)?;
        let (id, length) = (sha256(&bytes), bytes.len() as u64);
        let _alone = self.keeping.lock().await;
        if self.kind(conversation, &id).await?.is_some() {
            return Ok(id);
        }
        self.has_room(conversation, length).await?;
        let (folder, name) = (self.folder.clone(), id.clone());
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes));
        written.await.map_err(|e| FileError::Failed(e.to_string()))??;
        sqlx::query("INSERT INTO file (conversation, id, kind, bytes, at) VALUES ($1, $2, $3, $4, $5)")
            .bind(conversation.as_str())
            .bind(&id)
            .bind(kind.ending())
            .bind(to_sql(length))
            .bind(at)
            .execute(&self.pool)
            .await?;
        Ok(id)
    }

    /// What a file of this conversation is; `None` when it is another's, or nobody's.
    ///
    /// # Errors
    /// What the database says.
    pub async fn kind(&self, conversation: &ConversationId, id: &str) -> Result<Option<FileKind>, FileError> {
        let row = sqlx::query("SELECT kind FROM file WHERE conversation = $1 AND id = $2")
            .bind(conversation.as_str())
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.as_ref().map(kind_of).transpose()?.flatten())
    }

    /// A file of this conversation.
    ///
    /// # Errors
    /// What disk and database say.
    pub async fn read(
        &self,
        conversation: &ConversationId,
        id: &str,
    ) -> Result<Option<(FileKind, Vec<u8>)>, FileError> {
        let Some(kind) = self.kind(conversation, id).await? else {
            return Ok(None);
        };
        // Only what `keep` named is in the table, so no id leads out of the folder.
        let path = self.folder.join(id);
        let read = tokio::task::spawn_blocking(move || std::fs::read(path));
        let bytes = read.await.map_err(|e| FileError::Failed(e.to_string()))??;
        Ok(Some((kind, bytes)))
    }
}

fn kind_of(row: &SqliteRow) -> Result<Option<FileKind>, sqlx::Error> {
    let ending: String = row.try_get("kind")?;
    Ok(FileKind::ALL.into_iter().find(|kind| kind.ending() == ending))
}

/// Makes the folder, and removes what a crash left unfinished.
fn sweep(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// All or nothing: under another name first, onto the disk, then under its own.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let path = folder.join(name);
    if path.exists() {
        return Ok(());
    }
    let unfinished = folder.join(format!("{UNFINISHED}{name}"));
    let whole = || {
        let mut file = std::fs::File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        std::fs::File::open(folder)?.sync_all()
    };
    whole().inspect_err(|_| {
        // It may not even be there.
        let _gone = std::fs::remove_file(&unfinished);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Sqlite;

    fn png(n: usize, length: usize) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.extend_from_slice(&n.to_le_bytes());
        bytes.resize(length.max(bytes.len()), 0);
        bytes
    }

    fn id(name: &str) -> ConversationId {
        ConversationId::new(format!("conversation-{name}")).unwrap()
    }

    #[test]
    fn kinds_are_told_by_their_bytes() {
        for (bytes, kind) in [
            (b"\x89PNG\r\n\x1a\n....".as_slice(), Some(FileKind::Png)),
            (b"\xff\xd8\xff\xe0....JFIF", Some(FileKind::Jpeg)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(FileKind::Webp)),
            (b"GIF89a", Some(FileKind::Gif)),
            (b"%PDF-1.7", Some(FileKind::Pdf)),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"<svg onload=alert(1)>", None),
            (b"<html>", None),
            (b"PK\x03\x04", None),
            (b" \x89PNG\r\n\x1a\n", None),
            (b"", None),
        ] {
            assert_eq!(FileKind::of(bytes), kind, "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn a_file_is_there_once_and_for_its_conversation_only() {
        let data = tempfile::tempdir().unwrap();
        let files = Sqlite::open(data.path()).await.unwrap().files().await.unwrap();
        let (one, two) = (id("one"), id("two"));
        let kept = files.keep(&one, png(1, 100), 5).await.unwrap();
        assert_eq!(files.keep(&one, png(1, 100), 6).await.unwrap(), kept);
        assert_eq!(files.read(&two, &kept).await.unwrap(), None);
        assert_eq!(files.keep(&two, png(1, 100), 7).await.unwrap(), kept);
        let read = files.read(&two, &kept).await.unwrap();
        assert_eq!(read, Some((FileKind::Png, png(1, 100))));
        let names = || std::fs::read_dir(data.path().join("files")).unwrap().count();
        assert_eq!(names(), 1);
        assert!(matches!(
            files.keep(&one, b"text".to_vec(), 8).await,
            Err(FileError::Kind)
        ));
        std::fs::write(data.path().join("files/.unfinished-x"), b"half").unwrap();
        Files::open(files.pool.clone(), data.path()).unwrap();
        assert_eq!(names(), 1, "what a crash left");
        for name in ["../xiaoer.sqlite", "", ".", "/etc/passwd"] {
            assert_eq!(files.read(&one, name).await.unwrap(), None, "{name}");
        }
    }

    #[tokio::test]
    async fn a_conversation_has_room_for_so_many_and_so_much() {
        let data = tempfile::tempdir().unwrap();
        let files = Sqlite::open(data.path()).await.unwrap().files().await.unwrap();
        for n in 0..usize::try_from(FILES_MAX).unwrap() {
            files.keep(&id("many"), png(n, 100), 5).await.unwrap();
        }
        assert!(matches!(
            files.keep(&id("many"), png(99, 100), 5).await,
            Err(FileError::Full)
        ));
        let half = usize::try_from(CONVERSATION_BYTES_MAX / 2).unwrap();
        files.keep(&id("much"), png(1, half), 5).await.unwrap();
        files.keep(&id("much"), png(2, half), 5).await.unwrap();
        assert!(matches!(
            files.keep(&id("much"), png(3, 101), 5).await,
            Err(FileError::Full)
        ));
        assert!(
            !data.path().join("files").join(sha256(png(3, 101))).exists(),
            "nothing is left"
        );
    }
}
