//! Cards (vCard, RFC 6350, RFC 2426): what lists show and searches look at. The structure is checked with line numbers
//! here, values are read by calcard. Properties that are not named here stay in the stored bytes as they came.

pub mod version;

use super::content_line::{Component, read_component};
use crate::base::{Error, Result};
use calcard::vcard::{VCard, VCardProperty, VCardValue};

#[derive(Clone, Debug)]
pub struct Card {
    /// As written, for filters.
    pub component: Component,
    /// Cards of old programs may have none.
    pub uid: Option<String>,
    /// One line.
    pub full_name: String,
    pub family_name: Option<String>,
    pub given_name: Option<String>,
    pub nickname: Option<String>,
    pub organization: Option<String>,
    pub emails: Vec<String>,
    pub phones: Vec<String>,
    pub is_group: bool,
}

/// Values of one sort that are kept beside a card.
const MAX_VALUES: usize = 200;

/// Errors: Invalid, with the line.
pub fn read_card(raw: &[u8]) -> Result<Card> {
    let component = read_component(raw)?;
    if component.name != "VCARD" {
        return Err(Error::invalid(format!(
            "line {}: this is no VCARD but {}",
            component.line, component.name
        )));
    }
    if component.property("VERSION").is_none() {
        return Err(Error::invalid(format!(
            "line {}: the card has no VERSION",
            component.line
        )));
    }
    let text = std::str::from_utf8(raw).map_err(|_| Error::invalid("the card is not in UTF-8"))?;
    let card = VCard::parse(text)
        .map_err(|_| Error::invalid(format!("line {}: the card cannot be read", component.line)))?;
    let texts = |property: VCardProperty| -> Vec<String> {
        let all = card.properties(&property).flat_map(|e| e.values.iter());
        let all = all.filter_map(|v| v.as_text()).map(|t| t.trim().to_owned());
        all.filter(|t| !t.is_empty()).take(MAX_VALUES).collect()
    };
    let first = |property: VCardProperty| texts(property).into_iter().next();
    let name = name_parts(&card);
    let part = |i: usize| name.get(i).filter(|p| !p.is_empty()).cloned();
    let (family_name, given_name) = (part(0), part(1));
    let organization = first(VCardProperty::Org);
    let emails = texts(VCardProperty::Email);
    let full_name = first(VCardProperty::Fn).or_else(|| {
        let both: Vec<&str> = [&given_name, &family_name]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        Some(both.join(" ")).filter(|n| !n.is_empty())
    });
    let full_name = full_name
        .or_else(|| organization.clone())
        .or_else(|| emails.first().cloned());
    let kind = component
        .property("KIND")
        .or_else(|| component.property("X-ADDRESSBOOKSERVER-KIND"));
    Ok(Card {
        uid: component
            .text("UID")
            .map(|u| u.trim().to_owned())
            .filter(|u| !u.is_empty()),
        full_name: crate::base::text::one_line(&full_name.unwrap_or_default()),
        family_name,
        given_name,
        nickname: first(VCardProperty::Nickname),
        organization,
        emails,
        phones: texts(VCardProperty::Tel),
        is_group: kind.is_some_and(|k| k.value.trim().eq_ignore_ascii_case("group")),
        component,
    })
}

/// Family name, given name, and so on.
fn name_parts(card: &VCard) -> Vec<String> {
    let Some(entry) = card.property(&VCardProperty::N) else {
        return Vec::new();
    };
    let text = |v: &VCardValue| match v {
        VCardValue::Component(all) => all.join(" "),
        other => other.as_text().unwrap_or_default().to_owned(),
    };
    match entry.values.as_slice() {
        [VCardValue::Component(all)] => all.clone(),
        values => values.iter().map(text).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_read() {
        let raw = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\nFN:Jörg Müller\r\nN:Müller;Jörg;;Dr.;\r\n\
            ORG:Muster GmbH;Einkauf\r\nitem1.EMAIL;TYPE=INTERNET:joerg@example.test\r\nTEL;TYPE=CELL:+49 170 1\r\nEND:VCARD\r\n";
        let card = read_card(raw.as_bytes()).unwrap();
        assert_eq!(card.full_name, "Jörg Müller");
        assert_eq!(
            (card.family_name.as_deref(), card.given_name.as_deref()),
            (Some("Müller"), Some("Jörg"))
        );
        assert_eq!(card.organization.as_deref(), Some("Muster GmbH"));
        assert_eq!(
            (card.emails, card.phones),
            (
                vec!["joerg@example.test".to_owned()],
                vec!["+49 170 1".to_owned()]
            )
        );
    }

    #[test]
    fn a_card_without_version_is_refused() {
        let e = read_card(b"BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n").unwrap_err();
        assert_eq!(e.message(), "line 1: the card has no VERSION");
    }
}
