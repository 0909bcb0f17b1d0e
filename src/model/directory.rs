//! Where the office's people are kept when it is not here: the settings of an LDAP directory, and what it says of them.

use super::collect::Security;
use crate::base::{Error, Result};
use serde::{Deserialize, Serialize};

/// Name of the setting that holds [`LdapSettings`].
pub const LDAP_SETTING: &str = "ldap";

/// Which system says who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Ldap,
    Oidc,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Ldap => "ldap",
            Source::Oidc => "oidc",
        }
    }
}

/// How a directory says that somebody may not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisabledBy {
    /// It does not; who may not is not found.
    Nothing,
    /// A `D` in `sambaAcctFlags`.
    Samba,
    /// Bit 2 of `userAccountControl`.
    ActiveDirectory,
    /// `pwdAccountLockedTime` is for ever (draft-behera-ldap-password-policy §5.3.3).
    PasswordPolicy,
}

impl DisabledBy {
    pub const ALL: [DisabledBy; 4] = [
        DisabledBy::Nothing,
        DisabledBy::Samba,
        DisabledBy::ActiveDirectory,
        DisabledBy::PasswordPolicy,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            DisabledBy::Nothing => "nothing",
            DisabledBy::Samba => "samba",
            DisabledBy::ActiveDirectory => "active-directory",
            DisabledBy::PasswordPolicy => "password-policy",
        }
    }

    /// Errors: Invalid, with the words that are known.
    pub fn parse(word: &str) -> Result<Self> {
        let known = || Self::ALL.map(DisabledBy::as_str).join(", ");
        let found = Self::ALL.into_iter().find(|k| k.as_str() == word);
        found.ok_or_else(|| Error::invalid(format!("»{word}« is not known here; known: {}", known())))
    }

    /// The attribute that has to be read for it.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            DisabledBy::Nothing => None,
            DisabledBy::Samba => Some("sambaAcctFlags"),
            DisabledBy::ActiveDirectory => Some("userAccountControl"),
            DisabledBy::PasswordPolicy => Some("pwdAccountLockedTime"),
        }
    }

    /// `value`: of that attribute.
    pub fn says(self, value: &str) -> bool {
        match self {
            DisabledBy::Nothing => false,
            DisabledBy::Samba => value.contains('D'),
            DisabledBy::ActiveDirectory => value.trim().parse::<i64>().is_ok_and(|flags| flags & 2 != 0),
            DisabledBy::PasswordPolicy => value.starts_with("0000"),
        }
    }
}

/// Names of attributes, as the directory writes them; empty: there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attributes {
    /// Stays for life, through renames.
    pub id: String,
    pub mail: String,
    /// Further addresses; `smtp:` before one is taken away.
    pub aliases: String,
    pub name: String,
    /// Of groups: DNs, or values of `member_id`.
    pub members: String,
    /// What `members` names people by; empty: their DN.
    pub member_id: String,
    /// What people sign in with beside their addresses.
    #[serde(default)]
    pub user_name: String,
    pub disabled_by: DisabledBy,
}

/// A directory that is asked by LDAP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LdapSettings {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// PEM of its own authority.
    pub ca_pem: Option<String>,
    pub base: String,
    /// Empty: the base.
    pub group_base: String,
    pub bind_dn: String,
    pub bind_password: String,
    pub person_filter: String,
    /// Empty: no groups.
    pub group_filter: String,
    pub attributes: Attributes,
}

/// By what somebody who signs in elsewhere is found here the first time; from then on by the issuer's own name for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchBy {
    /// An address that the issuer says is theirs.
    VerifiedEmail,
    /// Any address that it says, for issuers that verify all and say so of none.
    Email,
    /// The name that they sign in with there: an address, or what stands before the @.
    Username,
}

/// What becomes of people whom nobody knows here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    Refuse,
    /// Gets an account, when the address is in a domain of ours.
    Make,
}

/// An issuer of OpenID Connect by which people sign in at the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OidcSettings {
    /// As it names itself.
    pub issuer: String,
    pub client_id: String,
    /// Empty: a program without a secret.
    pub client_secret: String,
    /// On the button.
    pub name: String,
    /// PEM of its own authority.
    pub ca_pem: Option<String>,
    pub match_by: MatchBy,
    pub unknown: Unknown,
}

/// What a directory says of a person or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsidePerson {
    /// Stays the same through renames.
    pub id: String,
    /// What can be its own address, as it stands there, the first one first.
    pub addresses: Vec<String>,
    /// Further ones.
    pub aliases: Vec<String>,
    /// Empty: none.
    pub display_name: String,
    /// In small letters.
    pub user_name: Option<String>,
    pub is_disabled: bool,
    /// Of a group: ids of its people. None: a person.
    pub members: Option<Vec<String>>,
}

/// An account that is somebody of another system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideLink {
    pub account_id: super::AccountId,
    pub external_id: String,
    /// What the other system said last: may not sign in, or is gone.
    pub is_off: bool,
    /// Further addresses that the other system gave.
    pub aliases: Vec<String>,
    /// What it lets the person sign in with, in small letters.
    pub user_name: Option<String>,
}

/// How a comparison with the directory went. Addresses, but for `remarks`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncReport {
    pub people: usize,
    pub groups: usize,
    pub made: Vec<String>,
    /// Were here before, and follow the directory from now on.
    pub taken_over: Vec<String>,
    pub changed: Vec<String>,
    pub disabled: Vec<String>,
    pub enabled: Vec<String>,
    /// What could not be taken as it is, and why.
    pub remarks: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::DisabledBy;

    #[test]
    fn what_directories_say_of_who_may_not_sign_in_is_understood() {
        for (by, value, is_disabled) in [
            (DisabledBy::Samba, "[U          ]", false),
            (DisabledBy::Samba, "[UD         ]", true),
            (DisabledBy::ActiveDirectory, "512", false),
            (DisabledBy::ActiveDirectory, "514", true),
            (DisabledBy::ActiveDirectory, "no number", false),
            (DisabledBy::PasswordPolicy, "000001010000Z", true),
            // Locked for a while, by wrong passwords.
            (DisabledBy::PasswordPolicy, "20261123090000Z", false),
        ] {
            assert_eq!(by.says(value), is_disabled, "{by:?} {value}");
        }
    }
}
