//! Changing accounts: what a change may hold, and carrying it out with its line in the audit. The page of
//! the console and the command line both come through here.

use serde_json::{Map, Value};

use super::login::hash_password;
use crate::conversation::Lang;
use crate::store::{self, Account, Accounts, Act, Role};

/// Lengths of login names, in characters.
const ACCOUNT_CHARS: std::ops::RangeInclusive<usize> = 2..=32;
/// Longest name shown to customers, in characters.
const NAME_CHARS_MAX: usize = 40;
/// Shortest password, in characters.
const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password, in bytes.
pub(super) const PASSWORD_BYTES_MAX: usize = 256;
/// Conversations that an agent may have at a time.
const CAPACITY_CONVERSATIONS: std::ops::RangeInclusive<u32> = 1..=50;
/// Most teams of an account.
const TEAMS_MAX: usize = 20;
/// Longest id of a team, in characters.
const TEAM_CHARS_MAX: usize = 64;

/// A field that cannot be taken, and what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {wanted}")]
pub struct BadField {
    /// Its name.
    pub field: String,
    /// What it should be.
    pub wanted: String,
}

impl BadField {
    pub(super) fn new(field: &str, wanted: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            wanted: wanted.into(),
        }
    }
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A field cannot be taken.
    #[error(transparent)]
    BadField(#[from] BadField),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The password cannot be hashed.
    #[error("the password cannot be hashed: {0}")]
    Password(String),
}

/// What is to be another way; what is not named stays.
#[derive(Default)]
pub struct AccountChange {
    /// Name as shown to customers.
    pub name: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Ids of its teams.
    pub teams: Option<Vec<String>>,
    /// Languages it answers in; empty for all.
    pub langs: Option<Vec<Lang>>,
    /// Conversations it has at a time.
    pub capacity: Option<u32>,
    /// Whether it may log in.
    pub active: Option<bool>,
    /// A new password.
    pub password: Option<String>,
}

/// What became of a change.
pub struct Changed {
    /// The account as it is now.
    pub account: Account,
    /// Whether it was not there before.
    pub is_new: bool,
}

impl AccountChange {
    /// Reads the fields of a JSON object; one that is null is not named.
    pub(super) fn of_json(fields: Map<String, Value>) -> Result<Self, BadField> {
        let mut change = Self::default();
        for (field, value) in fields {
            if value.is_null() {
                continue;
            }
            match field.as_str() {
                "name" => change.name = Some(read(&field, value, "a text")?),
                "role" => change.role = Some(read(&field, value, "agent, supervisor or admin")?),
                "teams" => change.teams = Some(read(&field, value, "a list of team ids")?),
                "langs" => change.langs = Some(read(&field, value, "a list of zh and en")?),
                "capacity" => change.capacity = Some(read(&field, value, "a number from 1 to 50")?),
                "active" => change.active = Some(read(&field, value, "true or false")?),
                "password" => change.password = Some(read(&field, value, "a text")?),
                _ => return Err(BadField::new(&field, "there is no such field")),
            }
        }
        Ok(change)
    }

    /// Tidies the fields, and refuses what they must not hold.
    fn checked(mut self) -> Result<Self, BadField> {
        if let Some(name) = &mut self.name {
            *name = name.trim().to_owned();
            let is_fine = !name.chars().any(char::is_control);
            if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || !is_fine {
                return Err(BadField::new("name", "1 to 40 characters in one line"));
            }
        }
        if let Some(teams) = &mut self.teams {
            once_each(teams);
            let is_fine = |team: &String| (1..=TEAM_CHARS_MAX).contains(&team.chars().count());
            if teams.len() > TEAMS_MAX || !teams.iter().all(is_fine) {
                return Err(BadField::new("teams", "at most 20 ids of 1 to 64 characters"));
            }
        }
        if let Some(langs) = &mut self.langs {
            once_each(langs);
        }
        if self
            .capacity
            .is_some_and(|n| !CAPACITY_CONVERSATIONS.contains(&n))
        {
            return Err(BadField::new("capacity", "a number from 1 to 50"));
        }
        if let Some(password) = &self.password {
            check_password(password)?;
        }
        Ok(self)
    }

    /// The account with the change in it.
    fn over(self, before: Account, password_hash: Option<String>) -> Account {
        Account {
            account: before.account,
            name: self.name.unwrap_or(before.name),
            role: self.role.unwrap_or(before.role),
            teams: self.teams.unwrap_or(before.teams),
            langs: self.langs.unwrap_or(before.langs),
            capacity: self.capacity.unwrap_or(before.capacity),
            active: self.active.unwrap_or(before.active),
            password_hash: password_hash.unwrap_or(before.password_hash),
        }
    }
}

/// Creates or changes an account and writes down who did what.
///
/// # Errors
/// When a field cannot be taken (a new account needs a name and a password), when nobody would be left who
/// may change accounts, or when the store fails.
pub async fn change_account(
    accounts: &Accounts,
    (by, at): (&str, i64),
    account: &str,
    change: AccountChange,
) -> Result<Changed, ChangeError> {
    check_account(account)?;
    let change = change.checked()?;
    if accounts.get(account).await?.is_none() {
        for (field, is_there) in [
            ("name", change.name.is_some()),
            ("password", change.password.is_some()),
        ] {
            if !is_there {
                return Err(BadField::new(field, "a new account needs one").into());
            }
        }
    }
    let hash = match &change.password {
        Some(password) => Some(hashed(password.clone()).await?),
        None => None,
    };
    // Hashing takes long enough for others to change the account; what stays is what stands now.
    let before = accounts.get(account).await?;
    let blank = || Account::new(account, "", "");
    let now = change.over(before.clone().unwrap_or_else(blank), hash);
    let acts = acts_of((by, at), before.as_ref(), &now);
    accounts.put_audited(&now, &acts).await?;
    Ok(Changed {
        is_new: before.is_none(),
        account: now,
    })
}

/// What the audit is to tell of a change.
fn acts_of<'a>((by, at): (&'a str, i64), before: Option<&Account>, now: &'a Account) -> Vec<Act<'a>> {
    let done = |act, detail| Act {
        at,
        account: by,
        act,
        object: &now.account,
        detail,
    };
    let Some(before) = before else {
        let detail = told(now).map(|(what, value)| format!("{what} {value}"));
        return vec![done("account_created", detail.join("; "))];
    };
    let differences: Vec<String> = told(before)
        .into_iter()
        .zip(told(now))
        .filter(|((_, was), (_, is))| was != is)
        .map(|((what, was), (_, is))| format!("{what} {was} → {is}"))
        .collect();
    let mut acts = Vec::new();
    if before.password_hash != now.password_hash {
        acts.push(done("password_changed", String::new()));
    }
    match differences.is_empty() {
        false => acts.push(done("account_changed", differences.join("; "))),
        true if acts.is_empty() => acts.push(done("account_changed", "nothing".to_owned())),
        true => {}
    }
    acts
}

/// What the audit tells of an account.
fn told(account: &Account) -> [(&'static str, String); 6] {
    let langs: Vec<&str> = account.langs.iter().map(|lang| lang.code()).collect();
    let listed = |list: String, none: &str| if list.is_empty() { none.to_owned() } else { list };
    [
        ("name", account.name.clone()),
        ("role", account.role.name().to_owned()),
        ("teams", listed(account.teams.join(", "), "none")),
        ("langs", listed(langs.join(", "), "all")),
        ("capacity", account.capacity.to_string()),
        ("active", if account.active { "yes" } else { "no" }.to_owned()),
    ]
}

async fn hashed(password: String) -> Result<String, ChangeError> {
    let hash = tokio::task::spawn_blocking(move || hash_password(&password)).await;
    let hash = hash.map_err(|error| ChangeError::Password(error.to_string()))?;
    hash.map_err(|error| ChangeError::Password(error.to_string()))
}

fn check_account(account: &str) -> Result<(), BadField> {
    let is_fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b);
    if ACCOUNT_CHARS.contains(&account.len()) && account.bytes().all(is_fine) {
        return Ok(());
    }
    Err(BadField::new(
        "account",
        "2 to 32 of a-z, 0-9, dot, hyphen and underscore",
    ))
}

fn check_password(password: &str) -> Result<(), BadField> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(BadField::new(
            "password",
            "at least 10 characters and at most 256 bytes",
        ));
    }
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(field: &str, value: Value, wanted: &str) -> Result<T, BadField> {
    serde_json::from_value(value).map_err(|_| BadField::new(field, wanted))
}

/// Keeps the first of each.
fn once_each<T: PartialEq + Clone>(list: &mut Vec<T>) {
    let mut kept: Vec<T> = Vec::with_capacity(list.len());
    for item in list.iter() {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    *list = kept;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field_refused(value: Value) -> Option<String> {
        let Value::Object(fields) = value else {
            panic!("an object");
        };
        let change = AccountChange::of_json(fields).and_then(AccountChange::checked);
        change.err().map(|bad| bad.field)
    }

    #[test]
    fn each_field_is_checked() {
        let list = |n: usize| (0..n).map(|i| format!("t{i}")).collect::<Vec<_>>();
        for (value, refused) in [
            (json!({}), None),
            (
                json!({"name": "小林", "role": "admin", "capacity": 50, "password": "correct horse"}),
                None,
            ),
            (json!({"name": " "}), Some("name")),
            (json!({"name": "字".repeat(40)}), None),
            (json!({"name": "字".repeat(41)}), Some("name")),
            (json!({"name": "a\nb"}), Some("name")),
            (json!({"name": null, "role": null}), None),
            (json!({"role": "owner"}), Some("role")),
            (json!({"teams": list(20)}), None),
            (json!({"teams": list(21)}), Some("teams")),
            (json!({"teams": [""]}), Some("teams")),
            (json!({"langs": ["zh", "en", "zh"]}), None),
            (json!({"langs": ["fr"]}), Some("langs")),
            (json!({"capacity": 0}), Some("capacity")),
            (json!({"capacity": 51}), Some("capacity")),
            (json!({"capacity": -1}), Some("capacity")),
            (json!({"active": "no"}), Some("active")),
            (json!({"password": "123456789"}), Some("password")),
            (json!({"password": "密码密码密码密码密码"}), None),
            (json!({"password": "x".repeat(257)}), Some("password")),
            (json!({"passwort": "correct horse"}), Some("passwort")),
        ] {
            assert_eq!(field_refused(value.clone()).as_deref(), refused, "{value}");
        }
    }

    #[test]
    fn login_names() {
        for name in ["li", "lin.wei-2_b", &"x".repeat(32)] {
            assert_eq!(check_account(name), Ok(()));
        }
        for name in ["", "l", "Lin", "小林", "a b", "a/b", &"x".repeat(33)] {
            assert!(check_account(name).is_err(), "{name}");
        }
    }
}
