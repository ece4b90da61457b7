//! What an account may do. Each role includes the ones before it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers customers.
    Agent,
    /// Also sees all conversations and accounts, and gives conversations to others.
    Supervisor,
    /// Also changes accounts and reads the audit.
    Admin,
}

impl Role {
    /// All, the lowest first.
    pub const ALL: [Self; 3] = [Self::Agent, Self::Supervisor, Self::Admin];

    /// The role as written in stores and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether it includes another role.
    #[must_use]
    pub fn at_least(self, other: Self) -> bool {
        self >= other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_includes_the_ones_before() {
        assert!(Role::Admin.at_least(Role::Supervisor) && Role::Supervisor.at_least(Role::Agent));
        assert!(Role::Agent.at_least(Role::Agent) && !Role::Agent.at_least(Role::Supervisor));
        for role in Role::ALL {
            assert_eq!(Role::of_name(role.name()), Some(role));
            assert_eq!(
                serde_json::to_string(&role).unwrap(),
                format!("\"{}\"", role.name())
            );
        }
        assert_eq!(Role::of_name("Admin"), None);
    }
}
