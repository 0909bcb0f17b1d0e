//! Whether a rule is for a message.

use super::facts::{Facts, names};
use crate::formats::mime::address::Mailbox;
use crate::model::rule::{ActionFlag, Person, Place, RuleText, Sensitivity, Side, Test, Trait};
use crate::model::{Account, Keywords};

/// A message on its way through the rules.
pub struct Case<'a> {
    pub facts: &'a Facts,
    pub me: &'a Account,
    /// What it was given by the rules before.
    pub keywords: &'a Keywords,
}

/// Whether some test of the rule looks at the text of a message.
pub fn looks_at_body(rule: &RuleText) -> bool {
    let mut tests = rule.conditions.iter().chain(&rule.exceptions);
    tests.any(|t| matches!(t, Test::Contains(Place::Body | Place::BodyOrSubject, _)))
}

/// All conditions hold, and no exception does.
pub fn is_for(rule: &RuleText, case: &Case<'_>) -> bool {
    rule.conditions.iter().all(|t| asks_nothing(t) || holds(t, case))
        && !rule.exceptions.iter().any(|t| !asks_nothing(t) && holds(t, case))
}

fn asks_nothing(test: &Test) -> bool {
    matches!(test, Test::Is(_, false) | Test::Size(None, None))
}

fn holds(test: &Test, case: &Case<'_>) -> bool {
    let facts = case.facts;
    match test {
        Test::Contains(place, words) => words.iter().any(|w| stands_in(*place, &w.to_lowercase(), facts)),
        Test::People(Side::From, people) => people.iter().any(|p| is_among(p, &facts.from)),
        Test::People(Side::To, people) => people
            .iter()
            .any(|p| is_among(p, &facts.to) || is_among(p, &facts.cc)),
        Test::Is(kind, wanted) => is(*kind, case) == *wanted,
        Test::Importance(level) => facts.importance == *level,
        Test::Sensitivity(wanted) => sensitivity(&facts.signs.sensitivity) == *wanted,
        Test::ActionFlag(wanted) => facts
            .signs
            .message_flag
            .as_deref()
            .is_some_and(|f| wanted.is_none_or(|w| f.trim() == flag_text(w))),
        Test::Keywords(words) => words.iter().any(|w| case.keywords.contains(w)),
        Test::Size(least, most) => {
            let kb = i64::try_from(facts.size_bytes.div_ceil(1024)).unwrap_or(i64::MAX);
            least.is_none_or(|l| kb >= i64::from(l)) && most.is_none_or(|m| kb <= i64::from(m))
        }
    }
}

fn stands_in(place: Place, word: &str, facts: &Facts) -> bool {
    let body = || facts.body.as_deref().is_some_and(|b| b.contains(word));
    let people = |list: &[Mailbox]| {
        list.iter().any(|m| {
            let name = m.name.as_deref().unwrap_or_default().to_lowercase();
            m.address.to_lowercase().contains(word) || name.contains(word)
        })
    };
    match place {
        Place::Subject => facts.subject.contains(word),
        Place::Body => body(),
        Place::BodyOrSubject => facts.subject.contains(word) || body(),
        Place::Sender => people(&facts.from),
        Place::Recipient => people(&facts.to) || people(&facts.cc),
        Place::Header => facts.signs.header.contains(word),
    }
}

fn is_among(person: &Person, list: &[Mailbox]) -> bool {
    let wanted = person.address.to_lowercase();
    list.iter().any(|m| m.address.to_lowercase() == wanted)
}

fn is(kind: Trait, case: &Case<'_>) -> bool {
    let (facts, signs) = (case.facts, &case.facts.signs);
    let (in_to, in_cc) = (names(&facts.to, case.me), names(&facts.cc, case.me));
    match kind {
        Trait::HasAttachments => facts.has_attachments,
        Trait::MeetingRequest => signs.is_meeting_request,
        Trait::MeetingResponse => signs.is_meeting_response,
        Trait::AutomaticReply => signs.is_automatic_reply,
        Trait::AutomaticForward => signs.is_automatic_forward,
        Trait::Encrypted => signs.is_encrypted,
        Trait::Signed => signs.is_signed,
        Trait::PermissionControlled => signs.is_permission_controlled,
        Trait::ReadReceipt => signs.is_read_receipt,
        Trait::NonDeliveryReport => signs.is_non_delivery_report,
        Trait::Voicemail => signs.is_voicemail,
        Trait::SentToMe => in_to,
        Trait::SentOnlyToMe => {
            in_to && facts.cc.is_empty() && facts.to.iter().all(|m| names(std::slice::from_ref(m), case.me))
        }
        Trait::SentCcMe => in_cc,
        Trait::SentToOrCcMe => in_to || in_cc,
        Trait::NotSentToMe => !in_to,
    }
}

/// RFC 2156 §5.3.4; Outlook's word for confidential is `Company-Confidential`.
fn sensitivity(word: &str) -> Sensitivity {
    match word {
        "personal" => Sensitivity::Personal,
        "private" => Sensitivity::Private,
        "company-confidential" | "confidential" => Sensitivity::Confidential,
        _ => Sensitivity::Normal,
    }
}

/// As Outlook writes it, in lower case.
fn flag_text(flag: ActionFlag) -> &'static str {
    match flag {
        ActionFlag::Call => "call",
        ActionFlag::DoNotForward => "do not forward",
        ActionFlag::FollowUp => "follow up",
        ActionFlag::Fyi => "for your information",
        ActionFlag::Forward => "forward",
        ActionFlag::NoResponseNecessary => "no response necessary",
        ActionFlag::Read => "read",
        ActionFlag::Reply => "reply",
        ActionFlag::ReplyToAll => "reply to all",
        ActionFlag::Review => "review",
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
