//! Who the customer is, as the shop proves it: a short-lived JSON Web Token (RFC 7519) that the shop's server
//! signs with the secret it shares with this one (HS256), and that its page hands to the widget.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

/// Fewest bytes of a secret.
const SECRET_BYTES_MIN: usize = 32;
/// Longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 4_096;
/// Longest customer id, in characters.
const CUSTOMER_CHARS_MAX: usize = 100;
/// Clocks of two machines may differ so much, in seconds.
const LEEWAY_S: u64 = 30;

/// Checks tokens of one shop.
pub struct Identity {
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

/// Why there is no identity to check with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the identity secret has {0} bytes; make one of at least {SECRET_BYTES_MIN}, such as by `openssl rand -hex 32`"
)]
pub struct ShortSecret(usize);

impl Identity {
    /// Checks with a secret.
    ///
    /// # Errors
    /// When the secret is too short to be one.
    pub fn new(secret: &str) -> Result<Self, ShortSecret> {
        let secret = secret.trim().as_bytes();
        if secret.len() < SECRET_BYTES_MIN {
            return Err(ShortSecret(secret.len()));
        }
        Ok(Self {
            key: DecodingKey::from_secret(secret),
        })
    }

    /// The customer a token stands for (its `sub`), or `None` for one that is forged, for another algorithm,
    /// without an end (`exp`), or past it.
    #[must_use]
    pub fn customer(&self, token: &str) -> Option<String> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = LEEWAY_S;
        rules.set_required_spec_claims(&["exp", "sub"]);
        rules.validate_aud = false;
        let claims = decode::<Claims>(token, &self.key, &rules).ok()?.claims;
        let chars = claims.sub.chars().count();
        (1..=CUSTOMER_CHARS_MAX).contains(&chars).then_some(claims.sub)
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
    use serde_json::json;

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn token(algorithm: Algorithm, secret: &str, claims: &serde_json::Value) -> String {
        encode(
            &Header::new(algorithm),
            claims,
            &EncodingKey::from_secret(secret.as_bytes()),
        )
        .unwrap()
    }

    #[test]
    fn only_a_fresh_token_of_the_shop_proves_a_customer() {
        let identity = Identity::new(SECRET).unwrap();
        let now = get_current_timestamp();
        let claims = json!({"sub": "C001", "exp": now + 300});
        let good = token(Algorithm::HS256, SECRET, &claims);
        assert_eq!(identity.customer(&good).as_deref(), Some("C001"));
        let bad = [
            token(Algorithm::HS256, &"x".repeat(32), &claims),
            token(Algorithm::HS512, SECRET, &claims),
            token(
                Algorithm::HS256,
                SECRET,
                &json!({"sub": "C001", "exp": now - 300}),
            ),
            token(Algorithm::HS256, SECRET, &json!({"sub": "C001"})),
            token(Algorithm::HS256, SECRET, &json!({"sub": "", "exp": now + 300})),
            // {"alg":"none"}.{"sub":"C001","exp":9999999999}.
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJDMDAxIiwiZXhwIjo5OTk5OTk5OTk5fQ.".to_owned(),
            good.replace('.', "!"),
            String::new(),
        ];
        for token in bad {
            assert_eq!(identity.customer(&token), None, "{token}");
        }
        assert!(Identity::new("short").is_err());
    }
}
