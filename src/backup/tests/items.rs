//! Whose past it is, and what comes back of it.

use super::*;
use crate::calendar::put::put_event;
use crate::calendar::remove::remove_event;
use crate::model::FolderKind;
use crate::objects::Condition;
use crate::objects::collections::default_collection;
use crate::store::item::FlagChange;

#[tokio::test]
async fn who_has_the_number_and_the_address_of_somebody_who_left_has_not_their_past() {
    let office = Office::new();
    let leaver = office.add("leaver").await;
    office.fill(&leaver, 2).await;
    office.back_up(&[&leaver], ONE);
    let successor = Account {
        oid: random::uuid(),
        ..leaver.clone()
    };
    let mut snapshot = office.newest();
    let e = snapshot.past_of(&successor).unwrap_err();
    assert!(e.kind() == Kind::NotFound && e.message().contains("--of"), "{e}");
    // Under another number and address it is still theirs.
    let renamed = Account {
        id: AccountId(99),
        address: "other@example.test".into(),
        ..leaver.clone()
    };
    assert_eq!(snapshot.past_of(&renamed).unwrap().bodies, 2);
    // A list that does not say so yet has it from its directory.
    snapshot.accounts[0].oid = None;
    assert!(snapshot.past_of(&leaver).is_err());
    snapshot.know_owners(&office.place(), &office.key).unwrap();
    assert!(snapshot.past_of(&leaver).is_ok() && snapshot.past_of(&successor).is_err());
}

async fn bring_all(office: &Office, account: &Account, over: bool) -> Brought {
    let (place, snapshot) = (office.place(), office.newest());
    let stored = snapshot.past_of(account).unwrap();
    let wanted = Wanted {
        over,
        ..Wanted::default()
    };
    let from = (snapshot.id.as_str(), stored, None);
    bring_back(&office.ctx, (&place, &office.key), from, account, &wanted)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_has_the_name_of_something_lost_by_now_stays_beside_it() {
    let office = Office::new();
    let anna = office.add("anna").await;
    let calendar = default_collection(&office.ctx, anna.id, FolderKind::Calendar)
        .await
        .unwrap();
    let folder = calendar.folder.id;
    let calendar = &calendar;
    let event = |uid: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261101T000000Z\r\n\
             DTSTART:20261201T100000Z\r\nSUMMARY:{uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        .into_bytes()
    };
    let put = async |uid: &str| {
        put_event(
            &office.ctx,
            anna.id,
            calendar,
            "1.ics",
            event(uid),
            Condition::Always,
        )
        .await
        .unwrap()
    };
    put("then").await;
    office.back_up(&[&anna], ONE);
    remove_event(&office.ctx, anna.id, folder, "1.ics", Condition::Present, false)
        .await
        .unwrap();
    put("now").await;
    let brought = bring_all(&office, &anna, true).await;
    assert_eq!((brought.objects, brought.replaced), (1, 0), "{brought:?}");
    let file = office.store.account(anna.id).unwrap();
    let mut uids: Vec<String> = file
        .read_blocking(|s| s.objects(folder))
        .unwrap()
        .into_iter()
        .filter_map(|o| o.uid)
        .collect();
    uids.sort();
    assert_eq!(uids, ["now", "then"]);
    assert_eq!(
        bring_all(&office, &anna, true).await.present,
        1,
        "it is there by now"
    );
}

#[tokio::test]
async fn what_somebody_has_does_not_become_what_another_had() {
    let office = Office::new();
    let (anna, leaver) = (office.add("anna").await, office.add("leaver").await);
    office.fill(&leaver, 2).await;
    office.back_up(&[&anna, &leaver], ONE);
    let (place, snapshot) = (office.place(), office.newest());
    let stored = snapshot.past_of(&leaver).unwrap();
    let bring = async |over: bool| {
        let wanted = Wanted {
            over,
            ..Wanted::default()
        };
        let from = (snapshot.id.as_str(), stored, None);
        bring_back(&office.ctx, (&place, &office.key), from, &anna, &wanted).await
    };
    assert_eq!(bring(true).await.unwrap_err().kind(), Kind::Invalid);
    assert_eq!(bring(false).await.unwrap().messages, 2);
}

#[tokio::test]
async fn of_two_that_are_the_same_each_comes_back_as_it_was() {
    let office = Office::new();
    let anna = office.add("anna").await;
    let raw = b"Subject: twice\r\n\r\nthe same\r\n";
    let (first, second) = (office.append(&anna, raw).await, office.append(&anna, raw).await);
    let file = office.store.account(anna.id).unwrap();
    let inbox = office.inbox(&anna);
    let flag = FlagChange {
        id: second.id,
        before: second.flags,
        flags: Flags::FLAGGED,
        keywords: Default::default(),
    };
    file.write_blocking(move |tx| tx.change_flags(inbox, &[flag]).map(drop))
        .unwrap();
    office.back_up(&[&anna], ONE);
    let nothing = bring_all(&office, &anna, true).await;
    assert_eq!((nothing.present, nothing.replaced), (2, 0), "{nothing:?}");
    file.write_blocking(move |tx| tx.remove_items(&[first], 1))
        .unwrap();
    let one = bring_all(&office, &anna, false).await;
    assert_eq!((one.messages, one.present), (1, 1), "{one:?}");
    let again = bring_all(&office, &anna, true).await;
    assert_eq!(
        (again.messages, again.present, again.replaced),
        (0, 2, 0),
        "{again:?}"
    );
}
