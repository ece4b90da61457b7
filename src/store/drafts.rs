//! What agents were writing when they left: one text for each account and conversation.

use sqlx::Row;

use super::{Accounts, Error};
use crate::conversation::ConversationId;

/// Longest draft, in characters.
pub const DRAFT_CHARS_MAX: usize = 8_000;
/// Most drafts of one account; the oldest go.
const DRAFTS_MAX: i64 = 500;

/// A text that was begun and not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// For which conversation.
    pub conversation: ConversationId,
    /// The text so far.
    pub text: String,
    /// When it was last changed, milliseconds since 1970.
    pub at: i64,
}

impl Accounts {
    /// Keeps a draft in place of the one before; an empty one is forgotten.
    ///
    /// # Errors
    /// [`Error::DraftTooLong`], or when the store fails; the one before is kept then.
    pub async fn put_draft(
        &self,
        account: &str,
        conversation: &ConversationId,
        text: &str,
        at: i64,
    ) -> Result<(), Error> {
        if text.chars().count() > DRAFT_CHARS_MAX {
            return Err(Error::DraftTooLong);
        }
        if text.is_empty() {
            sqlx::query("DELETE FROM draft WHERE account = $1 AND conversation = $2")
                .bind(account)
                .bind(conversation.as_str())
                .execute(self.pool())
                .await?;
            return Ok(());
        }
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO draft (account, conversation, text, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account, conversation) DO UPDATE SET text = $3, at = $4",
        )
        .bind(account)
        .bind(conversation.as_str())
        .bind(text)
        .bind(at)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM draft WHERE account = $1 AND conversation IN (SELECT conversation FROM draft \
             WHERE account = $1 ORDER BY at DESC, conversation LIMIT -1 OFFSET $2)",
        )
        .bind(account)
        .bind(DRAFTS_MAX)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// All drafts of an account, the latest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn drafts(&self, account: &str) -> Result<Vec<Draft>, Error> {
        let rows = sqlx::query("SELECT * FROM draft WHERE account = $1 ORDER BY at DESC, conversation")
            .bind(account)
            .fetch_all(self.pool())
            .await?;
        let drafts = rows.iter().map(|row| {
            let conversation: String = row.try_get("conversation")?;
            Ok(Draft {
                conversation: ConversationId::new(conversation)
                    .map_err(|_| Error::Failed("a draft's conversation cannot be read".to_owned()))?,
                text: row.try_get("text")?,
                at: row.try_get("at")?,
            })
        });
        drafts.collect()
    }
}
