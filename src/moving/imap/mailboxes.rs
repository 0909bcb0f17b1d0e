//! Which mailboxes a server has, under which names, and what they are for. RFC 9051 §6.3.9, RFC 6154, RFC 2342.

use super::client::Client;
use super::response::Value;
use crate::base::Result;
use crate::formats::imap::mailbox_name::{Names, decode, encode};
use crate::model::Role;
use std::collections::HashSet;

#[derive(Clone, Debug)]
pub struct Mailbox {
    /// As the server names it, for commands.
    pub name: Vec<u8>,
    /// With `/` between the levels, without the prefix that the server puts before everything of a person.
    pub path: String,
    pub role: Option<Role>,
    pub is_subscribed: bool,
    /// Gmail's, with every message.
    pub is_all: bool,
}

/// How a server builds names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Before everything of a person's, such as `INBOX.`.
    pub prefix: String,
    pub delimiter: Option<char>,
}

impl Naming {
    /// What a path of ours is called there.
    pub fn name_of(&self, path: &str) -> Vec<u8> {
        let inner = match self.delimiter {
            Some('/') => path.to_owned(),
            Some(d) => {
                let levels: Vec<String> = path.split('/').map(|l| l.replace(d, "_")).collect();
                levels.join(&d.to_string())
            }
            None => path.replace('/', "_"),
        };
        let whole = if path == "INBOX" {
            inner
        } else {
            format!("{}{inner}", self.prefix)
        };
        encode(&whole, Names::Utf7).into_bytes()
    }

    fn path_of(&self, name: &[u8]) -> String {
        let text = decode(name, Names::Utf7).unwrap_or_else(|| String::from_utf8_lossy(name).into_owned());
        if text.eq_ignore_ascii_case("INBOX") {
            return "INBOX".to_owned();
        }
        let text = text
            .strip_prefix(&self.prefix)
            .filter(|t| !t.is_empty())
            .unwrap_or(&text)
            .to_owned();
        match self.delimiter {
            Some('/') | None => text,
            Some(d) => {
                let levels: Vec<String> = text.split(d).map(|l| l.replace('/', "_")).collect();
                levels.join("/")
            }
        }
    }
}

fn role_of(attributes: &HashSet<String>) -> Option<Role> {
    let known = [
        ("\\sent", Role::Sent),
        ("\\drafts", Role::Drafts),
        ("\\trash", Role::Trash),
        ("\\junk", Role::Junk),
        ("\\archive", Role::Archive),
    ];
    known
        .into_iter()
        .find(|(name, _)| attributes.contains(*name))
        .map(|(_, role)| role)
}

/// How names are built. Errors: those of the connection.
pub async fn naming(client: &mut Client) -> Result<Naming> {
    let mut found = Naming {
        prefix: String::new(),
        delimiter: None,
    };
    if client.has("NAMESPACE") {
        client
            .run("NAMESPACE", |answer| {
                let all = answer.values();
                let is_it = all
                    .get(1)
                    .is_some_and(|w| w.word().eq_ignore_ascii_case("NAMESPACE"));
                if let Some([prefix, delimiter, ..]) =
                    all.get(2).and_then(|p| p.list().first()).map(Value::list)
                    && is_it
                {
                    found.prefix = decode(prefix.text().unwrap_or_default(), Names::Utf7).unwrap_or_default();
                    found.delimiter = delimiter
                        .word()
                        .chars()
                        .next()
                        .filter(|_| delimiter.word() != "NIL");
                }
                Ok(())
            })
            .await?;
    }
    if found.delimiter.is_none() {
        client
            .run("LIST \"\" \"\"", |answer| {
                let all = answer.values();
                if let (true, Some(d)) = (is_list(&all, "LIST"), all.get(3)) {
                    found.delimiter = d.word().chars().next().filter(|_| d.word() != "NIL");
                }
                Ok(())
            })
            .await?;
    }
    Ok(found)
}

fn is_list(values: &[Value], word: &str) -> bool {
    values.get(1).is_some_and(|w| w.word().eq_ignore_ascii_case(word))
}

/// All that can be opened.
pub async fn list_mailboxes(client: &mut Client, naming: &Naming) -> Result<Vec<Mailbox>> {
    let is_extended = client.has("LIST-EXTENDED");
    let command = match is_extended && client.has("SPECIAL-USE") {
        true => "LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE)",
        false => "LIST \"\" \"*\"",
    };
    let mut all = Vec::new();
    client
        .run(command, |answer| {
            let values = answer.values();
            if let (true, [_, _, attributes, _, name, ..]) = (is_list(&values, "LIST"), &values[..]) {
                let attributes: HashSet<String> = attributes
                    .list()
                    .iter()
                    .map(|a| a.word().to_ascii_lowercase())
                    .collect();
                let is_closed = ["\\noselect", "\\nonexistent"]
                    .iter()
                    .any(|a| attributes.contains(*a));
                let name = name.text().unwrap_or_default().to_vec();
                if !is_closed && !name.is_empty() {
                    all.push(Mailbox {
                        path: naming.path_of(&name),
                        name,
                        role: role_of(&attributes),
                        is_subscribed: attributes.contains("\\subscribed"),
                        is_all: attributes.contains("\\all"),
                    });
                }
            }
            Ok(())
        })
        .await?;
    if command.ends_with("\"*\"") {
        let mut subscribed = HashSet::new();
        client
            .run("LSUB \"\" \"*\"", |answer| {
                let values = answer.values();
                if let (true, Some(name)) = (is_list(&values, "LSUB"), values.get(4)) {
                    subscribed.insert(name.text().unwrap_or_default().to_vec());
                }
                Ok(())
            })
            .await?;
        all.iter_mut()
            .for_each(|m| m.is_subscribed = subscribed.contains(&m.name));
    }
    all.sort_by(|a, b| (a.path != "INBOX", &a.path).cmp(&(b.path != "INBOX", &b.path)));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        let courier = Naming {
            prefix: "INBOX.".into(),
            delimiter: Some('.'),
        };
        assert_eq!(courier.path_of(b"INBOX.Kunden.M&APw-ller"), "Kunden/Müller");
        assert_eq!(courier.name_of("Kunden/Müller"), b"INBOX.Kunden.M&APw-ller");
        assert_eq!(courier.name_of("INBOX"), b"INBOX");
        assert_eq!(courier.path_of(b"inbox"), "INBOX");
        let plain = Naming {
            prefix: String::new(),
            delimiter: Some('/'),
        };
        assert_eq!(plain.name_of("a.b/c"), b"a.b/c");
    }
}
