//! For whom a message in the mailbox of a whole domain is: what the provider wrote down of its envelope.

use crate::base::Result;
use crate::delivery::PostRoom;
use crate::formats::mime::field::fields;
use crate::formats::mime::text::decode_text;
use crate::identity::recipient::{Resolved, resolve};
use crate::model::{AccountId, EmailAddress};

/// Fields in which providers keep the envelope's recipient, the surest first.
const FIELDS: [&str; 5] = [
    "Envelope-To",
    "X-Envelope-To",
    "X-Original-To",
    "Delivered-To",
    "X-RCPT-To",
];

/// Accounts that the message is for; `fallback` when the envelope names nobody of us. To and Cc do not count:
/// they do not tell who was written to, and a mailing list's would lead astray.
pub async fn recipients(room: &PostRoom, raw: &[u8], fallback: AccountId) -> Result<Vec<AccountId>> {
    for group in envelope_addresses(raw) {
        let mut is_ours = false;
        let mut found = Vec::new();
        for address in group {
            match resolve(&room.ctx(), &address).await? {
                Resolved::Account(account) if !found.contains(&account.id) => found.push(account.id),
                Resolved::Account(_) | Resolved::Unknown => is_ours = true,
                // The provider's own name of the mailbox, mostly.
                Resolved::Foreign => {}
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        if is_ours {
            break;
        }
    }
    Ok(vec![fallback])
}

/// Addresses by the kind of field they stand in, the surest kind first; last the `for` of Received lines.
fn envelope_addresses(raw: &[u8]) -> Vec<Vec<EmailAddress>> {
    let all: Vec<(String, String)> = fields(raw)
        .map(|f| (String::from_utf8_lossy(f.name).into_owned(), decode_text(f.value)))
        .collect();
    let named = |name: &str| -> Vec<EmailAddress> {
        let values = all.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        values.flat_map(|(_, v)| addresses_in(v)).collect()
    };
    let mut groups: Vec<Vec<EmailAddress>> = FIELDS.iter().map(|name| named(name)).collect();
    groups.push(
        all.iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case("Received"))
            .filter_map(|(_, v)| {
                let after = v.split_once(" for ").map(|(_, rest)| rest)?;
                EmailAddress::parse(after.split([';', ' ']).next()?.trim_matches(['<', '>'])).ok()
            })
            .collect(),
    );
    groups.retain(|g| !g.is_empty());
    groups
}

fn addresses_in(value: &str) -> Vec<EmailAddress> {
    value
        .split([',', ' ', '\t'])
        .filter_map(|word| EmailAddress::parse(word.trim_matches(['<', '>', ';'])).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(raw: &str) -> Vec<String> {
        envelope_addresses(raw.as_bytes())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_envelope_is_found_where_providers_put_it() {
        assert_eq!(
            found("Envelope-To: <anna@example.test>\r\nTo: x@y.test\r\n\r\n"),
            ["anna@example.test"]
        );
        assert_eq!(
            found("Delivered-To: all@provider.test\r\nX-Original-To: ben@example.test\r\n\r\n"),
            ["ben@example.test"]
        );
        assert_eq!(
            found(
                "Received: from a by b (x)\r\n\tfor <carl@example.test>; Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n"
            ),
            ["carl@example.test"]
        );
        assert_eq!(
            found("To: anna@example.test\r\n\r\nEnvelope-To: ben@example.test\r\n"),
            Vec::<String>::new()
        );
    }
}
