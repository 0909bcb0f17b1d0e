//! The engine in one account: answers from doors that have a word for them, and what comes in late, twice or too far.

use super::apply::{Incoming, Outcome, Sender, apply};
use super::respond::{Answer, respond};
use crate::base::clock::FixedClock;
use crate::base::{Kind, random};
use crate::calendar::put::put_event;
use crate::calendar::remove::remove_event;
use crate::formats::ical::itip::read_messages;
use crate::formats::ical::people::PartStat;
use crate::identity::Ctx;
use crate::model::scheduling::{Job, Resource};
use crate::model::{Account, AccountId, AccountKind, AccountState, FolderId, FolderKind};
use crate::objects::Condition;
use crate::objects::collections::default_collection;
use crate::store::{Options, Store};
use jiff::civil::date;
use std::path::PathBuf;
use std::sync::Arc;

const ME: &str = "me@example.test";
const BOSS: &str = "boss@other.test";

struct Fixture {
    root: PathBuf,
    ctx: Ctx,
    me: AccountId,
    calendar: FolderId,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

async fn fixture(kind: AccountKind) -> Fixture {
    let root = std::env::temp_dir().join(format!("hauspost-scheduling-{}", random::short_id()));
    let clock = Arc::new(FixedClock::at(1_800_000_000_000));
    let store = Store::open(&root, Options::default(), clock).unwrap();
    let account = Account {
        id: AccountId(0),
        oid: random::uuid(),
        kind,
        address: ME.into(),
        display_name: "Me".into(),
        language: "en".into(),
        is_admin: false,
        state: AccountState::Active,
        sign_in_generation: 0,
        quota_bytes: None,
        created_at_ms: 1,
        aliases: Vec::new(),
    };
    let me = store
        .directory()
        .write(move |d| d.insert_account(&account))
        .await
        .unwrap();
    store.create_account(me).unwrap();
    let ctx = Ctx::system(&store);
    let calendar = default_collection(&ctx, me, FolderKind::Calendar).await.unwrap();
    Fixture {
        root,
        ctx,
        me,
        calendar: calendar.folder.id,
    }
}

fn event(lines: &str) -> String {
    format!(
        "BEGIN:VEVENT\r\nUID:u\r\n{}\r\nEND:VEVENT\r\n",
        lines.replace('\n', "\r\n")
    )
}

fn calendar(method: &str, events: &[&str]) -> String {
    let events: String = events.iter().map(|e| event(e)).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{method}{events}END:VCALENDAR\r\n")
}

const SERIES: &str = "DTSTAMP:20260101T000000Z\nDTSTART:20300107T090000Z\nDTEND:20300107T100000Z\nRRULE:FREQ=WEEKLY;COUNT=5\n\
    SUMMARY:Weekly\nORGANIZER:mailto:boss@other.test\nATTENDEE;RSVP=TRUE:mailto:me@example.test\nATTENDEE:mailto:boss@other.test";

impl Fixture {
    async fn receive(&self, text: &str, from: &str) -> Outcome {
        let mut last = Outcome::Ignored("nothing came");
        for message in read_messages(text.as_bytes(), None).unwrap() {
            let incoming = Incoming {
                files: Vec::new(),
                mail: None,
                delivery_id: random::uuid(),
                message,
                sender: Sender {
                    addresses: vec![from.to_owned()],
                    is_vouched: false,
                    is_about_ours: false,
                    is_doubtful: false,
                },
            };
            last = apply(&self.ctx, self.me, incoming).await.unwrap();
        }
        last
    }

    async fn invited(&self) -> String {
        let text = calendar("METHOD:REQUEST\r\n", &[SERIES]);
        assert_eq!(self.receive(&text, BOSS).await, Outcome::Applied);
        self.stored().await.0
    }

    /// Name and text of the one object.
    async fn stored(&self) -> (String, String) {
        let folder = self.calendar;
        let file = self.ctx.store.account(self.me).unwrap();
        file.read(move |s| {
            let object = s.objects(folder)?.remove(0);
            let raw = s.read_body(object.item.body_id)?;
            let text = String::from_utf8(raw).unwrap().replace("\r\n ", "");
            Ok((object.name, text))
        })
        .await
        .unwrap()
    }

    /// What was written to be carried since the last time: to whom, and the message.
    async fn sent(&self) -> Vec<(Vec<String>, String)> {
        let file = self.ctx.store.account(self.me).unwrap();
        file.write(|tx| {
            let mut out = Vec::new();
            for row in tx.jobs::<Job>(100)? {
                let raw = tx.read_body(row.body_id)?;
                let Job::Carry { to, .. } = &row.job else { continue };
                out.push((to.clone(), String::from_utf8(raw).unwrap().replace("\r\n ", "")));
                tx.remove_job(&row)?;
            }
            Ok(out)
        })
        .await
        .unwrap()
    }

    async fn answer(&self, name: &str, answer: Answer) -> crate::base::Result<i64> {
        respond(&self.ctx, self.me, self.calendar, name, answer).await
    }
}

fn said(answer: PartStat) -> Answer {
    Answer {
        occurrence: None,
        answer,
        comment: None,
        is_sent: true,
        proposed: None,
    }
}

#[tokio::test]
async fn an_answer_from_any_door_is_noted_and_sent() {
    let f = fixture(AccountKind::Person).await;
    let name = f.invited().await;
    let second = Answer {
        occurrence: Some(date(2030, 1, 14).at(9, 0, 0, 0)),
        comment: Some("Away,\nsorry".into()),
        ..said(PartStat::Declined)
    };
    f.answer(&name, second.clone()).await.unwrap();
    let sent = f.sent().await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0, [BOSS]);
    for part in [
        "METHOD:REPLY",
        "RECURRENCE-ID:20300114T090000Z",
        "PARTSTAT=DECLINED:mailto:me@example.test",
        "COMMENT:Away\\,\\nsorry",
    ] {
        assert!(sent[0].1.contains(part), "{part}: {}", sent[0].1);
    }
    assert_eq!(sent[0].1.matches("ATTENDEE").count(), 1, "one attendee speaks");
    // The series is not answered by that; then it is, with all of it, and silently.
    let text = f.stored().await.1;
    assert!(
        text.contains("ATTENDEE;RSVP=TRUE:mailto:me@") && text.contains("PARTSTAT=DECLINED"),
        "{text}"
    );
    let silent = Answer {
        is_sent: false,
        ..said(PartStat::Accepted)
    };
    f.answer(&name, silent).await.unwrap();
    assert!(f.sent().await.is_empty());
    assert_eq!(f.stored().await.1.matches("PARTSTAT=ACCEPTED").count(), 2);
    let nowhere = Answer {
        occurrence: Some(date(2030, 1, 15).at(9, 0, 0, 0)),
        ..second
    };
    assert_eq!(f.answer(&name, nowhere).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn who_is_not_invited_has_nothing_to_answer() {
    let f = fixture(AccountKind::Person).await;
    let own = calendar("", &["DTSTAMP:20260101T000000Z\nDTSTART:20300107T090000Z"]);
    let collection = default_collection(&f.ctx, f.me, FolderKind::Calendar)
        .await
        .unwrap();
    put_event(
        &f.ctx,
        f.me,
        &collection,
        "a.ics",
        own.into_bytes(),
        Condition::Absent,
    )
    .await
    .unwrap();
    let refused = f.answer("a.ics", said(PartStat::Accepted)).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
    assert_eq!(
        f.receive(&calendar("METHOD:REQUEST\r\n", &[SERIES]), BOSS).await,
        Outcome::Ignored("an event of one's own has the same UID")
    );
    remove_event(&f.ctx, f.me, f.calendar, "a.ics", Condition::Always, true)
        .await
        .unwrap();
    assert!(f.sent().await.is_empty());
}

#[tokio::test]
async fn what_is_older_changes_nothing_and_an_answer_lasts_until_the_time_does_not() {
    let f = fixture(AccountKind::Person).await;
    let name = f.invited().await;
    f.answer(&name, said(PartStat::Accepted)).await.unwrap();
    let newer = SERIES.replace("DTSTAMP:2026", "SEQUENCE:2\nDTSTAMP:2027");
    let text = |e: &str| calendar("METHOD:REQUEST\r\n", &[e]);
    assert_eq!(f.receive(&text(&newer), BOSS).await, Outcome::Applied);
    assert!(f.stored().await.1.contains("PARTSTAT=ACCEPTED"));
    let late = "it is older than what is known";
    assert_eq!(f.receive(&text(SERIES), BOSS).await, Outcome::Ignored(late));
    let same_number = newer.replace("DTSTAMP:2027", "DTSTAMP:2025");
    assert_eq!(f.receive(&text(&same_number), BOSS).await, Outcome::Ignored(late));
    let moved = newer
        .replace("SEQUENCE:2", "SEQUENCE:3")
        .replace("T090000", "T093000");
    assert_eq!(f.receive(&text(&moved), BOSS).await, Outcome::Applied);
    assert!(!f.stored().await.1.contains("PARTSTAT=ACCEPTED"));
    let cancel = calendar("METHOD:CANCEL\r\n", &[SERIES]);
    assert_eq!(f.receive(&cancel, BOSS).await, Outcome::Ignored(late));
}

#[tokio::test]
async fn one_occurrence_is_added_changed_and_taken_away() {
    let f = fixture(AccountKind::Person).await;
    f.invited().await;
    let single = |lines: &str| {
        let base = SERIES
            .replace("\nRRULE:FREQ=WEEKLY;COUNT=5", "")
            .replace("DTSTAMP:2026", "SEQUENCE:1\nDTSTAMP:2027");
        format!("{lines}{base}")
    };
    let add = single("").replace("20300107T", "20300110T");
    let outcome = f.receive(&calendar("METHOD:ADD\r\n", &[&add]), BOSS).await;
    assert_eq!(outcome, Outcome::Applied);
    let text = f.stored().await.1;
    assert!(
        text.contains("RDATE:20300110T090000Z") && text.contains("RECURRENCE-ID:20300110T090000Z"),
        "{text}"
    );
    let change = single("RECURRENCE-ID:20300114T090000Z\n")
        .replace("DTSTART:20300107T090000Z", "DTSTART:20300114T110000Z")
        .replace("DTEND:20300107T100000Z", "DTEND:20300114T120000Z");
    assert_eq!(
        f.receive(&calendar("METHOD:REQUEST\r\n", &[&change]), BOSS).await,
        Outcome::Applied
    );
    assert!(f.stored().await.1.contains("DTSTART:20300114T110000Z"));
    let away = single("RECURRENCE-ID:20300114T090000Z\n").replace("SEQUENCE:1", "SEQUENCE:2");
    assert_eq!(
        f.receive(&calendar("METHOD:CANCEL\r\n", &[&away]), BOSS).await,
        Outcome::Applied
    );
    let text = f.stored().await.1;
    assert!(
        text.contains("EXDATE:20300114T090000Z") && !text.contains("20300114T110000Z"),
        "{text}"
    );
    let proposal = calendar("METHOD:DECLINECOUNTER\r\n", &[SERIES]);
    assert_eq!(f.receive(&proposal, BOSS).await, Outcome::Noted);
}

#[tokio::test]
async fn a_proposal_is_taken_back_when_its_organizer_refuses_it() {
    let f = fixture(AccountKind::Person).await;
    let name = f.invited().await;
    let propose = async || {
        let wish = Answer {
            proposed: Some((1_894_008_000, 1_894_011_600)),
            ..said(PartStat::Tentative)
        };
        f.answer(&name, wish).await.unwrap();
        let sent = f.sent().await;
        let last = &sent.last().unwrap().1;
        assert!(last.contains("METHOD:COUNTER"), "{sent:?}");
        assert!(
            !last.contains("X-HAUSPOST"),
            "what is noted here is for nobody else"
        );
    };
    let kept = async || f.stored().await.1.contains("X-HAUSPOST-PROPOSED");
    propose().await;
    assert!(kept().await);
    let refusal = |lines: &str| calendar("METHOD:DECLINECOUNTER\r\n", &[lines]);
    let plain = "DTSTAMP:20260101T000000Z\nORGANIZER:mailto:boss@other.test\nATTENDEE:mailto:me@example.test";
    let not_theirs = Outcome::Refused(crate::model::scheduling::Refusal::NotOrganizer);
    assert_eq!(f.receive(&refusal(plain), "evil@evil.test").await, not_theirs);
    let one = format!("{plain}\nRECURRENCE-ID:20300114T090000Z");
    assert_eq!(
        f.receive(&refusal(&one), BOSS).await,
        Outcome::Noted,
        "another was meant"
    );
    assert!(kept().await);
    assert_eq!(f.receive(&refusal(plain), BOSS).await, Outcome::Applied);
    assert!(!kept().await && f.stored().await.1.contains("PARTSTAT=TENTATIVE"));
    // A plain answer takes it back; so does news about the time. What others note in our name is not taken over.
    propose().await;
    f.answer(&name, said(PartStat::Accepted)).await.unwrap();
    assert!(!kept().await);
    propose().await;
    let moved = SERIES
        .replace("DTSTAMP:2026", "SEQUENCE:1\nDTSTAMP:2027")
        .replace("T090000", "T093000")
        .replace("ATTENDEE;RSVP", "ATTENDEE;X-HAUSPOST-PROPOSED=\"a/b\";RSVP");
    let text = calendar("METHOD:REQUEST\r\n", &[&moved]);
    assert_eq!(f.receive(&text, BOSS).await, Outcome::Applied);
    assert!(!kept().await, "{:?}", f.stored().await);
}

#[tokio::test]
async fn a_room_that_cannot_take_a_moved_occurrence_keeps_the_rest() {
    let f = fixture(AccountKind::Room).await;
    let open = Resource {
        bookers: crate::model::scheduling::Bookers::Everyone,
        ..Resource::default()
    };
    let file = f.ctx.store.account(f.me).unwrap();
    file.write(move |tx| super::resource::put_resource_in(tx, &open))
        .await
        .unwrap();
    f.invited().await;
    assert!(f.sent().await[0].1.contains("PARTSTAT=ACCEPTED"));
    let other = calendar(
        "METHOD:REQUEST\r\n",
        &[&SERIES
            .replace("\nRRULE:FREQ=WEEKLY;COUNT=5", "")
            .replace("20300107T", "20300115T")],
    )
    .replace("UID:u", "UID:v");
    f.receive(&other, BOSS).await;
    assert!(f.sent().await[0].1.contains("PARTSTAT=ACCEPTED"));
    let change = SERIES
        .replace("\nRRULE:FREQ=WEEKLY;COUNT=5", "")
        .replace("20300107T", "20300115T")
        .replace("DTSTAMP:2026", "DTSTAMP:2027");
    let change = format!("RECURRENCE-ID:20300114T090000Z\n{change}");
    f.receive(&calendar("METHOD:REQUEST\r\n", &[&change]), BOSS).await;
    let sent = f.sent().await;
    assert_eq!(sent.len(), 1);
    assert!(sent[0].1.contains("PARTSTAT=DECLINED") && sent[0].1.contains("RECURRENCE-ID:20300114T090000Z"));
    assert!(
        sent[0]
            .1
            .contains("COMMENT:»Me« is already booked on 2030-01-15 between 09:00 and 10:00"),
        "{}",
        sent[0].1
    );
    let text = f.stored().await.1;
    assert!(
        text.contains("PARTSTAT=ACCEPTED") && text.contains("EXDATE:20300114T090000Z"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_told_is_what_changed_for_each_guest() {
    let f = fixture(AccountKind::Person).await;
    let collection = default_collection(&f.ctx, f.me, FolderKind::Calendar)
        .await
        .unwrap();
    let own = |lines: &str| {
        let text = SERIES.replace("boss@other.test", "me@example.test");
        let text = text.replacen(
            "ATTENDEE;RSVP=TRUE:mailto:me@example.test",
            "ATTENDEE:mailto:a@x.test\nATTENDEE:mailto:b@y.test",
            1,
        );
        format!("{text}{lines}")
    };
    let moved = own("")
        .replace("\nRRULE:FREQ=WEEKLY;COUNT=5", "")
        .replace("DTSTART:20300107T09", "DTSTART:20300114T08");
    let moved = format!(
        "RECURRENCE-ID:20300114T090000Z\n{}",
        moved.replace("DTEND:20300107", "DTEND:20300114")
    );
    let for_a = moved.replace("\nATTENDEE:mailto:b@y.test", "");
    let put = async |events: &[&str]| -> Vec<(Vec<String>, String)> {
        let raw = calendar("", events).into_bytes();
        put_event(&f.ctx, f.me, &collection, "a.ics", raw, Condition::Always)
            .await
            .unwrap();
        let mut sent = f.sent().await;
        sent.sort();
        sent
    };
    let both = ["a@x.test".to_owned(), "b@y.test".to_owned()];
    let sent = put(&[&own("")]).await;
    assert_eq!(sent.len(), 1, "who sees the same is told the same: {sent:?}");
    assert!(sent[0].0 == both && sent[0].1.contains("METHOD:REQUEST"));
    assert!(put(&[&own("")]).await.is_empty(), "nothing is new");
    // One occurrence is moved, and B is not wanted there.
    let sent = put(&[&own(""), &for_a]).await;
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent[0].0 == both[..1] && sent[0].1.contains("METHOD:REQUEST") && !sent[0].1.contains("RRULE"));
    assert!(
        sent[1].0 == both[1..] && sent[1].1.contains("METHOD:CANCEL"),
        "{sent:?}"
    );
    assert!(sent[1].1.contains("RECURRENCE-ID:20300114T090000Z") && sent[1].1.contains("SEQUENCE:1"));
    // It goes back into the series: both get all of it, under a higher number.
    let sent = put(&[&own("")]).await;
    assert!(
        sent.iter()
            .all(|(_, t)| t.contains("METHOD:REQUEST") && t.contains("RRULE") && t.contains("SEQUENCE:1")),
        "{sent:?}"
    );
    let told: Vec<&String> = sent.iter().flat_map(|(to, _)| to).collect();
    assert_eq!(told, both.iter().collect::<Vec<_>>());
    let sent = put(&[&own("\nEXDATE:20300121T090000Z")]).await;
    assert!(
        sent.len() == 1 && sent[0].1.contains("METHOD:CANCEL") && sent[0].0 == both,
        "{sent:?}"
    );
    let sent = put(&[&own("")]).await;
    assert!(
        sent.len() == 1 && sent[0].1.contains("METHOD:REQUEST") && sent[0].1.contains("RRULE"),
        "{sent:?}"
    );
    remove_event(&f.ctx, f.me, f.calendar, "a.ics", Condition::Always, true)
        .await
        .unwrap();
    let sent = f.sent().await;
    assert!(
        sent.len() == 1 && sent[0].1.contains("METHOD:CANCEL") && sent[0].0 == both,
        "{sent:?}"
    );
}

/// An object may name a zone that it does not describe; what is mailed describes it, for who does not know the name.
#[tokio::test]
async fn what_is_sent_describes_the_zones_that_it_names() {
    let f = fixture(AccountKind::Person).await;
    let collection = default_collection(&f.ctx, f.me, FolderKind::Calendar)
        .await
        .unwrap();
    let own = SERIES
        .replace("boss@other.test", "me@example.test")
        .replacen(
            "ATTENDEE;RSVP=TRUE:mailto:me@example.test",
            "ATTENDEE:mailto:a@x.test",
            1,
        )
        .replace(
            "DTSTART:20300107T090000Z",
            "DTSTART;TZID=Europe/Vienna:20300107T090000",
        )
        .replace(
            "DTEND:20300107T100000Z",
            "DTEND;TZID=Europe/Vienna:20300107T100000",
        );
    let raw = calendar("", &[&own]).into_bytes();
    put_event(&f.ctx, f.me, &collection, "a.ics", raw, Condition::Always)
        .await
        .unwrap();
    remove_event(&f.ctx, f.me, f.calendar, "a.ics", Condition::Always, true)
        .await
        .unwrap();
    let sent = f.sent().await;
    for (method, (_, text)) in ["METHOD:REQUEST", "METHOD:CANCEL"].iter().zip(&sent) {
        assert!(text.contains(method), "{text}");
        assert_eq!(
            text.matches("BEGIN:VTIMEZONE\r\nTZID:Europe/Vienna").count(),
            1,
            "{text}"
        );
    }
    assert_eq!(sent.len(), 2);
}
