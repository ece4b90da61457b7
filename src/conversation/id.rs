//! Identifiers that come from outside are checked once, here, and then carried as types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest accepted id, in bytes.
const ID_BYTES_MAX: usize = 64;

/// Why a text cannot be an id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an id has 8 to 64 characters out of A-Z a-z 0-9 - _")]
pub struct IdError;

fn check(text: &str) -> Result<(), IdError> {
    let fits = (8..=ID_BYTES_MAX).contains(&text.len());
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits && plain { Ok(()) } else { Err(IdError) }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps an id.
            ///
            /// # Errors
            /// [`IdError`] when length or characters are outside the rule.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_type! {
    /// One conversation: the lasting thread between a customer and the shop.
    ConversationId
}

id_type! {
    /// The sender's own random id of a message (a UUID by habit): resending under the same id takes
    /// effect once.
    Cid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_to_the_rule() {
        for good in ["12345678", "c_0b9d-77", &"a".repeat(64)] {
            assert!(Cid::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "short",
            "has space1",
            "ünicode-id",
            &"a".repeat(65),
            "semi;colon",
        ] {
            assert_eq!(Cid::new(bad), Err(IdError), "{bad}");
        }
    }
}
