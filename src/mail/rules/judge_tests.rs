//! Each test on messages that fit and do not fit.

use super::*;
use crate::model::{AccountId, AccountKind, AccountState};

fn me() -> Account {
    Account {
        id: AccountId(1),
        oid: String::new(),
        kind: AccountKind::Person,
        address: "anna@example.test".into(),
        display_name: "Anna".into(),
        language: "en".into(),
        is_admin: false,
        state: AccountState::Active,
        sign_in_generation: 1,
        quota_bytes: None,
        created_at_ms: 0,
        aliases: vec!["info@example.test".into()],
    }
}

const MAIL: &str = "From: Ben Müller <Ben@Other.test>\nTo: Anna+x <anna+x@example.test>\nCc: c@other.test\n\
    Subject: =?utf-8?q?Rechnung_f=C3=BCr_M=C3=84RZ?=\nImportance: high\nSensitivity: Company-Confidential\n\
    X-Message-Flag: Follow up\nX-Spam: YES\nContent-Type: text/html; charset=utf-8\n\n<p>bitte <b>Zahlen</b></p>\n";

fn holds_for(mail: &str, test: Test) -> bool {
    let facts = Facts::of(mail.replace('\n', "\r\n").as_bytes(), true);
    let (me, keywords) = (me(), ["Rot"].into_iter().collect());
    let case = Case {
        facts: &facts,
        me: &me,
        keywords: &keywords,
    };
    let rule = RuleText {
        conditions: vec![test],
        ..RuleText::default()
    };
    is_for(&rule, &case)
}

fn words(place: Place, word: &str) -> Test {
    Test::Contains(place, vec!["nothing of it".into(), word.into()])
}

fn person(address: &str) -> Vec<Person> {
    vec![Person {
        name: None,
        address: address.into(),
    }]
}

#[test]
fn words_are_found_where_they_stand_in_any_case_and_nowhere_else() {
    for (test, wanted) in [
        (words(Place::Subject, "märz"), true),
        (words(Place::Subject, "zahlen"), false),
        (words(Place::Body, "BITTE ZAHLEN"), true),
        (words(Place::Body, "Rechnung"), false),
        (words(Place::BodyOrSubject, "rechnung"), true),
        (words(Place::BodyOrSubject, "zahlen"), true),
        (words(Place::Sender, "müller"), true),
        (words(Place::Sender, "@other"), true),
        (words(Place::Sender, "anna"), false),
        (words(Place::Recipient, "c@other"), true),
        (words(Place::Recipient, "ben@"), false),
        (words(Place::Header, "x-spam: yes"), true),
        (words(Place::Header, "zahlen"), false),
    ] {
        assert_eq!(holds_for(MAIL, test.clone()), wanted, "{test:?}");
    }
}

#[test]
fn addresses_levels_flags_and_sizes() {
    for (test, wanted) in [
        (Test::People(Side::From, person("BEN@other.test")), true),
        (Test::People(Side::From, person("en@other.test")), false),
        (Test::People(Side::To, person("c@other.test")), true),
        (Test::People(Side::To, person("ben@other.test")), false),
        (Test::Importance(2), true),
        (Test::Importance(1), false),
        (Test::Sensitivity(Sensitivity::Confidential), true),
        (Test::Sensitivity(Sensitivity::Normal), false),
        (Test::ActionFlag(None), true),
        (Test::ActionFlag(Some(ActionFlag::FollowUp)), true),
        (Test::ActionFlag(Some(ActionFlag::Call)), false),
        (Test::Keywords(vec!["rot".into()]), true),
        (Test::Keywords(vec!["blau".into()]), false),
        (Test::Size(Some(1), Some(1)), true),
        (Test::Size(Some(2), None), false),
        (Test::Size(None, Some(0)), false),
        (Test::Is(Trait::HasAttachments, true), false),
        (Test::Is(Trait::HasAttachments, false), true),
    ] {
        assert_eq!(holds_for(MAIL, test.clone()), wanted, "{test:?}");
    }
}

#[test]
fn whom_it_is_for() {
    let only = "From: x@other.test\nTo: info@example.test\nSubject: x\n\ny\n";
    let copied = "From: x@other.test\nTo: c@other.test\nCc: anna@example.test\nSubject: x\n\ny\n";
    let hidden = "From: x@other.test\nTo: c@other.test\nSubject: x\n\ny\n";
    let all = [
        (Trait::SentToMe, [true, true, false, false]),
        (Trait::SentOnlyToMe, [false, true, false, false]),
        (Trait::SentCcMe, [false, false, true, false]),
        (Trait::SentToOrCcMe, [true, true, true, false]),
        (Trait::NotSentToMe, [false, false, true, true]),
    ];
    for (kind, wanted) in all {
        let got = [MAIL, only, copied, hidden].map(|mail| holds_for(mail, Test::Is(kind, true)));
        assert_eq!(got, wanted, "{kind:?}");
    }
}

#[test]
fn one_exception_is_enough_and_a_rule_without_conditions_is_for_all() {
    let facts = Facts::of(b"Subject: a b\r\n\r\ntext", true);
    let (me, keywords) = (me(), Keywords::default());
    let case = Case {
        facts: &facts,
        me: &me,
        keywords: &keywords,
    };
    let rule = |conditions: Vec<Test>, exceptions: Vec<Test>| RuleText {
        conditions,
        exceptions,
        ..RuleText::default()
    };
    let subject = |w: &str| Test::Contains(Place::Subject, vec![w.into()]);
    assert!(is_for(&rule(vec![], vec![]), &case));
    assert!(is_for(
        &rule(vec![subject("a"), subject("b")], vec![subject("c")]),
        &case
    ));
    assert!(!is_for(&rule(vec![subject("a"), subject("c")], vec![]), &case));
    assert!(!is_for(
        &rule(vec![subject("a")], vec![subject("c"), subject("b")]),
        &case
    ));
    // False asks for nothing, here as well.
    let nothing = Test::Is(Trait::HasAttachments, false);
    assert!(is_for(&rule(vec![], vec![nothing]), &case));
}
