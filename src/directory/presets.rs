//! What is usual in the directories that offices have.

use crate::base::{Error, Result};
use crate::model::directory::{Attributes, DisabledBy};

/// What stands in for everything that is not said.
#[derive(Clone, Debug)]
pub struct Preset {
    pub name: &'static str,
    pub person_filter: &'static str,
    /// Empty: no groups.
    pub group_filter: &'static str,
    attributes: [&'static str; 7],
    disabled_by: DisabledBy,
}

const ALL: [Preset; 4] = [
    Preset {
        name: "univention",
        person_filter: "(&(univentionObjectType=users/user)(mailPrimaryAddress=*))",
        group_filter: "(&(univentionObjectType=groups/group)(mailPrimaryAddress=*))",
        attributes: [
            "entryUUID",
            "mailPrimaryAddress",
            "mailAlternativeAddress",
            "displayName",
            "uniqueMember",
            "",
            "uid",
        ],
        disabled_by: DisabledBy::Samba,
    },
    Preset {
        name: "active-directory",
        person_filter: "(&(objectCategory=person)(objectClass=user)(mail=*))",
        group_filter: "(&(objectClass=group)(mail=*))",
        attributes: [
            "objectGUID",
            "mail",
            "proxyAddresses",
            "displayName",
            "member",
            "",
            "sAMAccountName",
        ],
        disabled_by: DisabledBy::ActiveDirectory,
    },
    Preset {
        name: "openldap",
        person_filter: "(&(objectClass=inetOrgPerson)(mail=*))",
        group_filter: "(&(objectClass=groupOfNames)(mail=*))",
        attributes: [
            "entryUUID",
            "mail",
            "mailAlternateAddress",
            "displayName",
            "member",
            "",
            "uid",
        ],
        disabled_by: DisabledBy::PasswordPolicy,
    },
    // Groups have no addresses there, and the further address of a person is one outside of the office.
    Preset {
        name: "cloudron",
        person_filter: "(&(objectclass=user)(mail=*))",
        group_filter: "",
        attributes: ["uid", "mail", "", "displayname", "", "", "username"],
        disabled_by: DisabledBy::Nothing,
    },
];

impl Preset {
    /// Errors: Invalid, with the names that are known.
    pub fn find(name: &str) -> Result<&'static Preset> {
        ALL.iter().find(|p| p.name == name).ok_or_else(|| {
            let known = ALL.each_ref().map(|p| p.name).join(", ");
            Error::invalid(format!("»{name}« is no preset; there are {known}"))
        })
    }

    pub fn attributes(&self) -> Attributes {
        let [id, mail, aliases, name, members, member_id, user_name] = self.attributes.map(str::to_owned);
        Attributes {
            id,
            mail,
            aliases,
            name,
            members,
            member_id,
            user_name,
            disabled_by: self.disabled_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use crate::formats::ldap::filter::encode;

    #[test]
    fn the_filters_of_all_presets_can_be_sent() {
        for preset in &ALL {
            encode(preset.person_filter).unwrap();
            assert!(preset.group_filter.is_empty() || encode(preset.group_filter).is_ok());
        }
    }
}
