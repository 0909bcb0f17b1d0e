//! What a directory says of people and groups, read from its entries.

use super::connection::Connection;
use crate::base::Result;
use crate::base::text::{hex, unhex};
use crate::delivery::PostRoom;
use crate::formats::ldap::{Entry, filter::escape};
use crate::model::directory::{Attributes, LdapSettings, OutsidePerson};
use std::collections::{HashMap, HashSet};

/// Everybody whom the directory shows, people first. Errors: Unavailable, NotAuthenticated, NotFound, Forbidden; never half of it.
pub async fn read_everybody(room: &PostRoom, settings: &LdapSettings) -> Result<Vec<OutsidePerson>> {
    let mut connection = Connection::open(room, settings).await?;
    connection.bind_as_service(settings).await?;
    let a = &settings.attributes;
    let of_person = [
        &a.id,
        &a.mail,
        &a.aliases,
        &a.name,
        &a.member_id,
        &a.user_name,
        "cn",
    ];
    let of_person = wanted(&of_person, a);
    let people = connection
        .search(&settings.base, &settings.person_filter, &of_person)
        .await?;
    let mut groups = Vec::new();
    if !settings.group_filter.is_empty() {
        let base = match settings.group_base.as_str() {
            "" => &settings.base,
            other => other,
        };
        let of_group = wanted(&[&a.id, &a.mail, &a.aliases, &a.members, "cn"], a);
        groups = connection.search(base, &settings.group_filter, &of_group).await?;
    }
    connection.close().await;
    Ok(everybody(&people, &groups, a))
}

/// The filter that finds one person by their id.
pub fn filter_of(settings: &LdapSettings, id: &str) -> String {
    let a = &settings.attributes;
    let value = match is_binary(a) {
        true => unhex(id).unwrap_or_default(),
        false => id.as_bytes().to_vec(),
    };
    format!("(&{}({}={}))", settings.person_filter, a.id, escape(&value))
}

fn wanted<'a>(names: &[&'a str], a: &Attributes) -> Vec<&'a str> {
    let mut all: Vec<&str> = names.iter().copied().filter(|n| !n.is_empty()).collect();
    all.extend(a.disabled_by.attribute());
    all
}

/// Active Directory's ids are bytes.
fn is_binary(a: &Attributes) -> bool {
    a.id.eq_ignore_ascii_case("objectGUID")
}

fn id_of(entry: &Entry, a: &Attributes) -> Option<String> {
    match is_binary(a) {
        true => entry.values(&a.id).first().map(|v| hex(v)),
        false => entry.text(&a.id),
    }
}

/// What names a person in groups.
fn member_key(entry: &Entry, a: &Attributes) -> Option<String> {
    match a.member_id.as_str() {
        "" => Some(same_dn(&entry.dn)),
        name => entry.text(name),
    }
}

/// One spelling for a DN that the same server writes in several places.
fn same_dn(dn: &str) -> String {
    let parts: Vec<&str> = dn.split(',').map(str::trim).collect();
    parts.join(",").to_lowercase()
}

fn everybody(people: &[Entry], groups: &[Entry], a: &Attributes) -> Vec<OutsidePerson> {
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    let mut by_key = HashMap::new();
    for entry in people {
        let Some(id) = id_of(entry, a).filter(|id| seen.insert(id.clone())) else {
            continue;
        };
        by_key.extend(member_key(entry, a).map(|key| (key, id.clone())));
        out.push(describe(entry, id, a, None));
    }
    let group_by_dn: HashMap<String, &Entry> = groups.iter().map(|g| (same_dn(&g.dn), g)).collect();
    for entry in groups {
        let Some(id) = id_of(entry, a).filter(|id| seen.insert(id.clone())) else {
            continue;
        };
        let members = members_of(entry, a, &by_key, &group_by_dn);
        out.push(describe(entry, id, a, Some(members)));
    }
    out
}

/// Its people and those of groups in it, each once, in order.
fn members_of(
    group: &Entry,
    a: &Attributes,
    people: &HashMap<String, String>,
    groups: &HashMap<String, &Entry>,
) -> Vec<String> {
    let mut members = std::collections::BTreeSet::new();
    let mut looked_at = HashSet::from([same_dn(&group.dn)]);
    let mut open = vec![group];
    while let Some(group) = open.pop() {
        for member in group.texts(&a.members) {
            let dn = same_dn(&member);
            let key = if a.member_id.is_empty() { &dn } else { &member };
            if let Some(id) = people.get(key) {
                members.insert(id.clone());
            } else if let Some(inner) = groups.get(&dn)
                && looked_at.insert(dn)
            {
                open.push(inner);
            }
        }
    }
    members.into_iter().collect()
}

fn describe(entry: &Entry, id: String, a: &Attributes, members: Option<Vec<String>>) -> OutsidePerson {
    let names = [&a.name, "cn"];
    let mut names = names.into_iter().filter(|n| !n.is_empty());
    let mut says_off = a
        .disabled_by
        .attribute()
        .map(|n| entry.texts(n))
        .unwrap_or_default();
    says_off.retain(|v| a.disabled_by.says(v));
    OutsidePerson {
        id,
        addresses: entry.texts(&a.mail),
        aliases: entry.texts(&a.aliases).iter().filter_map(|v| alias(v)).collect(),
        display_name: names
            .find_map(|n| {
                entry
                    .text(n)
                    .map(|v| v.trim().to_owned())
                    .filter(|v| !v.is_empty())
            })
            .unwrap_or_default(),
        user_name: members.is_none().then(|| user_name(entry, a)).flatten(),
        is_disabled: members.is_none() && !says_off.is_empty(),
        members,
    }
}

/// One with an `@` is an address, and those that are the person's own count anyway.
fn user_name(entry: &Entry, a: &Attributes) -> Option<String> {
    let name = entry.text(&a.user_name).filter(|_| !a.user_name.is_empty())?;
    let name = name.trim().to_lowercase();
    (!name.is_empty() && !name.contains('@')).then_some(name)
}

/// Exchange writes `smtp:` before addresses, and other words before what is none.
fn alias(value: &str) -> Option<String> {
    match value.split_once(':') {
        None => Some(value.to_owned()),
        Some((kind, address)) => kind.eq_ignore_ascii_case("smtp").then(|| address.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::presets::Preset;
    use super::*;

    fn entry(dn: &str, attributes: &[(&str, &str)]) -> Entry {
        let attributes = attributes
            .iter()
            .map(|(n, values)| {
                let values = values.split('|').map(|v| v.as_bytes().to_vec()).collect();
                ((*n).to_owned(), values)
            })
            .collect();
        Entry {
            dn: dn.to_owned(),
            attributes,
        }
    }

    #[test]
    fn people_and_groups_in_groups_are_read() {
        let a = Preset::find("univention").unwrap().attributes();
        let people = [
            entry(
                "uid=anna, dc=t",
                &[
                    ("entryUUID", "1"),
                    ("mailPrimaryAddress", "Anna@T"),
                    ("cn", "Anna"),
                ],
            ),
            entry(
                "uid=ben,dc=t",
                &[
                    ("entryUUID", "2"),
                    ("sambaAcctFlags", "[UD ]"),
                    ("mailAlternativeAddress", "b@t|c@t"),
                ],
            ),
            entry("uid=nobody,dc=t", &[]),
        ];
        let groups = [
            entry(
                "cn=all,dc=t",
                &[
                    ("entryUUID", "3"),
                    ("uniqueMember", "UID=Anna,dc=t|cn=some,dc=t|cn=gone,dc=t"),
                ],
            ),
            entry(
                "cn=some,dc=t",
                &[("entryUUID", "4"), ("uniqueMember", "uid=ben,dc=t|cn=all,dc=t")],
            ),
        ];
        let all = everybody(&people, &groups, &a);
        assert_eq!(all.len(), 4);
        assert_eq!(
            (all[0].display_name.as_str(), all[0].is_disabled),
            ("Anna", false)
        );
        assert_eq!((all[1].is_disabled, all[1].aliases.len()), (true, 2));
        assert_eq!(all[2].members, Some(vec!["1".into(), "2".into()]));
        assert_eq!(all[3].members, Some(vec!["1".into(), "2".into()]));
    }

    #[test]
    fn ids_of_active_directory_are_bytes() {
        let preset = Preset::find("active-directory").unwrap();
        let a = preset.attributes();
        let one = Entry {
            dn: "cn=a".into(),
            attributes: vec![("objectGUID".into(), vec![vec![0, 0xff, 0x28]])],
        };
        assert_eq!(id_of(&one, &a), Some("00ff28".into()));
        assert_eq!(alias("SMTP:a@t"), Some("a@t".into()));
        assert_eq!(alias("X500:/o=t"), None);
    }
}
