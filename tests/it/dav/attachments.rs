//! Managed attachments (RFC 8607): as calendar programs put them there, as those who are invited get them, as Graph sees
//! them.

use super::{CALENDAR, ask, event, program, propfind, put};
use crate::mailbox::wait_for_messages;
use crate::scheduling::outside::start as two_offices;
use crate::scheduling::{calendar_of, copy, meeting, wait_for};
use crate::server::{Folder, Server, run_with};
use crate::sharing::{share, shared_homes, with_events};
use crate::web::{Reply, Web};
use serde_json::{Value, json};

const ANNA: &str = "anna@example.test";
const BEN: &str = "ben@example.test";
const EVE: &str = "eve@other.test";
const DAILY: &str = "DTSTART:20300107T090000Z\nDTEND:20300107T100000Z\nRRULE:FREQ=DAILY;COUNT=3";

pub fn attach(web: &Web, path: &str, query: &str, name: &str, content: &[u8]) -> Reply {
    let disposition = format!("Content-Disposition: attachment; filename=\"{name}\"");
    let headers = ["Content-Type: text/plain; charset=utf-8", &disposition];
    web.send("POST", &format!("{path}?{query}"), &headers, content)
}

pub fn unfolded(reply: &Reply) -> String {
    reply.text().replace("\r\n ", "")
}

/// The paths of the files that an event names.
pub fn addresses(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|l| l.starts_with("ATTACH;MANAGED-ID="));
    lines
        .map(|l| {
            let at = l.find("/dav/attachments/").expect(l);
            l[at..].trim_end().to_owned()
        })
        .collect()
}

fn refused(reply: Reply, status: u16, word: &str) {
    let text = reply.expect(status).text();
    assert!(text.contains(word), "{word}: {text}");
}

#[test]
fn files_are_added_replaced_and_removed() {
    let server = Server::start();
    let web = super::anna(&server);
    let path = format!("{CALENDAR}e.ics");
    put(&web, &path, &event("e", DAILY)).expect(201);
    let able = web.send("OPTIONS", CALENDAR, &[], b"");
    assert!(
        able.header("dav").contains("calendar-managed-attachments"),
        "{able:?}"
    );
    let limits = propfind(
        &web,
        CALENDAR,
        "0",
        "<C:max-attachment-size/><C:max-attachments-per-resource/>",
    );
    assert!(
        limits.contains("<C:max-attachment-size>26214400</C:max-attachment-size>"),
        "{limits}"
    );
    assert!(
        limits.contains("<C:max-attachments-per-resource>50</C:max-attachments-per-resource>"),
        "{limits}"
    );

    let made = attach(&web, &path, "action=attachment-add", "Plan B.txt", b"one").expect(201);
    let id = made.header("cal-managed-id").to_owned();
    let read = web.send("GET", &path, &[], b"").expect(200);
    assert_eq!(read.header("etag"), made.header("etag"));
    let text = unfolded(&read);
    let line = format!("ATTACH;MANAGED-ID={id};FMTTYPE=text/plain;SIZE=3;FILENAME=Plan B.txt:");
    assert!(text.contains(&line), "{line}: {text}");
    let file = web.send("GET", &addresses(&text)[0], &[], b"").expect(200);
    assert_eq!(
        (file.text().as_str(), file.header("content-type")),
        ("one", "text/plain")
    );
    assert!(
        file.header("content-disposition")
            .contains("filename=\"Plan B.txt\""),
        "{file:?}"
    );

    // Others' changes are not written over.
    let old = ["If-Match: \"1\""];
    web.send("POST", &format!("{path}?action=attachment-add"), &old, b"x")
        .expect(412);

    let wanted = [
        "Prefer: return=representation",
        "Content-Disposition: attachment; filename=c.txt",
    ];
    let query = format!("{path}?action=attachment-update&managed-id={id}");
    let renewed = web.send("POST", &query, &wanted, b"three").expect(200);
    let second = renewed.header("cal-managed-id").to_owned();
    assert_ne!(second, id);
    let text = unfolded(&renewed);
    assert!(
        text.contains("SIZE=5;FILENAME=c.txt:") && !text.contains(&id),
        "{text}"
    );
    web.send("GET", &format!("/dav/attachments/{id}/x"), &[], b"")
        .expect(404);
    let address = addresses(&text)[0].clone();
    assert_eq!(web.send("GET", &address, &[], b"").expect(200).text(), "three");

    // A copy keeps its files, and they stay as long as one of both is there.
    put(
        &web,
        &format!("{CALENDAR}f.ics"),
        &text.replace("UID:e\r\n", "UID:f\r\n"),
    )
    .expect(201);
    let remove = format!("action=attachment-remove&managed-id={second}");
    attach(&web, &path, &remove, "", b"").expect(204);
    assert!(!unfolded(&web.send("GET", &path, &[], b"")).contains("ATTACH"));
    assert_eq!(web.send("GET", &address, &[], b"").expect(200).text(), "three");
    web.send("DELETE", &format!("{CALENDAR}f.ics"), &[], b"")
        .expect(204);
    web.send("GET", &address, &[], b"").expect(404);
    server.cli(&["doctor"]);
}

#[test]
fn what_is_wrong_with_a_file_is_said_by_its_name() {
    let server = Server::start();
    let web = super::anna(&server);
    let path = format!("{CALENDAR}e.ics");
    put(&web, &path, &event("e", DAILY)).expect(201);
    refused(
        attach(&web, &path, "action=attachment-burn", "a", b"x"),
        403,
        "<C:valid-action/>",
    );
    refused(
        attach(&web, &path, "action=attachment-remove", "", b""),
        403,
        "<C:valid-managed-id/>",
    );
    // A PUT names no file that nobody has given out (RFC 8607 §3.11), or that one may not read.
    let line = "DTSTART:20300107T090000Z\nATTACH;MANAGED-ID=nobodys:https://box.test/x";
    let new = format!("{CALENDAR}unknown.ics");
    refused(
        put(&web, &new, &event("unknown", line)),
        403,
        "<C:valid-managed-id-parameter/>",
    );
    web.send("GET", &new, &[], b"").expect(404);
    let unknown = "action=attachment-update&managed-id=no";
    refused(
        attach(&web, &path, unknown, "a", b"x"),
        403,
        "<C:valid-managed-id/>",
    );
    let never = "action=attachment-add&rid=20300120T090000Z";
    refused(attach(&web, &path, never, "a", b"x"), 403, "<C:valid-rid/>");
    let large = vec![7; (25 << 20) + 1];
    refused(
        attach(&web, &path, "action=attachment-add", "a", &large),
        403,
        "<C:max-attachment-size/>",
    );
    attach(
        &web,
        &format!("{CALENDAR}no.ics"),
        "action=attachment-add",
        "a",
        b"x",
    )
    .expect(404);

    // One of a series gets a component of its own.
    attach(
        &web,
        &path,
        "action=attachment-add&rid=20300108T090000Z",
        "a",
        b"x",
    )
    .expect(201);
    let text = unfolded(&web.send("GET", &path, &[], b""));
    let (whole, one) = text.split_once("END:VEVENT").unwrap();
    assert!(!whole.contains("ATTACH"), "{text}");
    assert!(
        one.contains("RECURRENCE-ID:20300108T090000Z") && one.contains("ATTACH;MANAGED-ID="),
        "{text}"
    );
    for _ in 0..49 {
        attach(&web, &path, "action=attachment-add&rid=M", "a", b"x").expect(201);
    }
    attach(&web, &path, "action=attachment-add&rid=M", "a", b"x").expect(201);
    let full = attach(&web, &path, "action=attachment-add&rid=M", "a", b"x");
    refused(full, 403, "<C:max-attachments-per-resource/>");
}

/// Who may read the event may read its files, and nobody else.
#[test]
fn files_are_for_who_may_read_the_event() {
    let server = Server::start();
    let web = with_events(&server);
    let ben = program(&server, BEN);
    let mut files = Vec::new();
    for name in ["open", "secret"] {
        let path = format!("{CALENDAR}{name}.ics");
        attach(&web, &path, "action=attachment-add", "a.txt", name.as_bytes()).expect(201);
        files.extend(addresses(&unfolded(&web.send("GET", &path, &[], b""))));
    }
    let codes = |web: &Web| -> Vec<u16> {
        files
            .iter()
            .map(|f| web.send("GET", f, &[], b"").status)
            .collect()
    };
    assert_eq!((codes(&web), codes(&ben)), (vec![200, 200], vec![404, 404]));
    Web::new(&server).send("GET", &files[0], &[], b"").expect(401);
    for (level, expected) in [
        ("freebusy", [404, 404]),
        ("read", [200, 404]),
        ("manage", [200, 200]),
    ] {
        share(&server, "calendar", BEN, level);
        assert_eq!(codes(&ben), expected, "{level}");
    }
    share(&server, "calendar", BEN, "write");
    let shared = shared_homes(&ben, BEN, "calendars").remove(0);
    attach(
        &ben,
        &format!("{shared}secret.ics"),
        "action=attachment-add",
        "b",
        b"x",
    )
    .expect(403);
    attach(
        &ben,
        &format!("{shared}open.ics"),
        "action=attachment-add",
        "b",
        b"x",
    )
    .expect(201);

    // The name of a file that they may not read opens nothing: neither in the shared calendar nor in their own.
    let id = unfolded(&web.send("GET", &format!("{CALENDAR}secret.ics"), &[], b""));
    let id = id.split("MANAGED-ID=").nth(1).unwrap();
    let id = id.split([';', ':']).next().unwrap();
    let line = format!("ATTACH;MANAGED-ID={id}:https://box.test/x\r\nEND:VEVENT");
    let text = event("thief", DAILY).replacen("END:VEVENT", &line, 1);
    for path in [
        format!("{shared}thief.ics"),
        format!("{}thief.ics", calendar_of(BEN)),
    ] {
        refused(put(&ben, &path, &text), 403, "<C:valid-managed-id-parameter/>");
    }
    assert_eq!(codes(&ben), [200, 404]);
    put(&web, &format!("{CALENDAR}own.ics"), &text.replace("thief", "own")).expect(201);
    web.send("DELETE", &format!("{CALENDAR}own.ics"), &[], b"")
        .expect(204);

    // A copy in one's own calendar keeps the file, also when the other is gone.
    let text = unfolded(&ben.send("GET", &format!("{shared}open.ics"), &[], b""));
    put(&ben, &format!("{}mine.ics", calendar_of(BEN)), &text).expect(201);
    server.cli(&["share", "remove", ANNA, "calendar", BEN]);
    assert_eq!(codes(&ben), [200, 404]);
    web.send("DELETE", &format!("{CALENDAR}open.ics"), &[], b"")
        .expect(204);
    assert_eq!((codes(&web), codes(&ben)), (vec![404, 200], vec![200, 404]));
    server.cli(&["doctor"]);
}

/// The one who is invited has the file: one of us in their own copy, others as a part of the mail.
#[test]
fn files_go_along_with_invitations() {
    let (ours, theirs) = two_offices();
    let web = super::anna(&ours);
    let path = format!("{CALENDAR}m.ics");
    put(&web, &path, &meeting("m", ANNA, &[ANNA, BEN, EVE], DAILY)).expect(201);
    wait_for(&ours, BEN, "m", "invited", |_| true);
    let large = vec![b'x'; 300_000];
    attach(&web, &path, "action=attachment-add", "Agenda.txt", b"the agenda").expect(201);
    attach(&web, &path, "action=attachment-add", "large.txt", &large).expect(201);
    let (_, invited) = wait_for(&ours, BEN, "m", "both files", |t| addresses(t).len() == 2);
    let ben = program(&ours, BEN);
    // What comes after it has been called off would be too late.
    wait_for(&theirs, EVE, "m", "both files", |t| addresses(t).len() == 2);
    // It is ben's own now.
    web.send("DELETE", &path, &[], b"").expect(204);
    wait_for(&ours, BEN, "m", "called off", |t| t.contains("STATUS:CANCELLED"));
    let [first, second] = [0, 1].map(|i| {
        ben.send("GET", &addresses(&invited)[i], &[], b"")
            .expect(200)
            .body
    });
    assert!(first == b"the agenda" && second == large);
    web.send("GET", &addresses(&invited)[0], &[], b"").expect(404);

    // Where the files came by mail they are held beside the event, too.
    let eve = program(&theirs, EVE);
    let (_, text) = wait_for(&theirs, EVE, "m", "called off", |t| {
        t.contains("STATUS:CANCELLED")
    });
    assert_eq!(addresses(&text).len(), 2, "{text}");
    let [first, second] = [0, 1].map(|i| eve.send("GET", &addresses(&text)[i], &[], b"").expect(200).body);
    assert!(first == b"the agenda" && second == large);
    assert!(
        text.contains("FILENAME=Agenda.txt:https://") && !text.contains("cid:"),
        "{text}"
    );
    program(&ours, EVE)
        .send("GET", &addresses(&text)[0], &[], b"")
        .expect(401);
    theirs.cli(&["doctor"]);

    let mails = wait_for_messages(theirs.imap, EVE, "INBOX", 4);
    // They need not arrive in their order.
    let both = mails
        .iter()
        .find(|m| String::from_utf8_lossy(m).contains("filename=\"large.txt\""));
    let mail = String::from_utf8_lossy(both.expect("a mail with both files"))
        .replace("=\r\n", "")
        .replace("\r\n ", "")
        .replace("\r\n\t", "");
    for part in [
        "filename=\"Agenda.txt\"",
        "filename=\"large.txt\"",
        "\r\n\r\nthe agenda\r\n",
        "FILENAME=Agenda.txt:cid:",
    ] {
        assert!(mail.contains(part), "{part}: {}", &mail[..4_000]);
    }
    assert!(
        !mail.contains("MANAGED-ID") && !mail.contains("/dav/attachments"),
        "{mail}"
    );
    let id = mail.split("FILENAME=Agenda.txt:cid:").nth(1).unwrap();
    let id = id.split(['\r', '\n']).next().unwrap();
    assert!(mail.contains(&format!("<{id}>")), "{id}: {}", &mail[..4_000]);
    ours.cli(&["doctor"]);
}

/// One file, whichever door it came in by.
#[test]
fn graph_and_calendar_programs_see_the_same_files() {
    let server = Server::start();
    let (web, page) = (super::anna(&server), Web::page(&server, ANNA));
    let path = format!("{CALENDAR}e.ics");
    put(
        &web,
        &path,
        &event("e", "DTSTART:20300107T090000Z\nDTEND:20300107T100000Z"),
    )
    .expect(201);
    attach(&web, &path, "action=attachment-add", "dav.txt", b"hallo").expect(201);
    let text = |v: &Value, name: &str| {
        v[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name}: {v}"))
            .to_owned()
    };
    let all = page.get("/v1.0/me/events?$expand=attachments").expect(200).json();
    let seen = &all["value"][0];
    assert_eq!(
        (&seen["hasAttachments"], &seen["attachments"][0]["contentBytes"]),
        (&json!(true), &json!("aGFsbG8="))
    );
    let files = format!("/v1.0/me/events/{}/attachments", text(seen, "id"));
    let list = page.get(&files).expect(200).json();
    let file = &list["value"][0];
    assert_eq!(
        (
            &file["name"],
            &file["size"],
            &file["contentType"],
            &file["contentBytes"]
        ),
        (
            &json!("dav.txt"),
            &json!(5),
            &json!("text/plain"),
            &json!("aGFsbG8=")
        )
    );
    let one = format!("{files}/{}", text(file, "id"));
    assert_eq!(page.get(&format!("{one}/$value")).expect(200).text(), "hallo");
    assert_eq!(page.get(&one).expect(200).json()["contentBytes"], "aGFsbG8=");

    // More than an object of a calendar may have, in pieces.
    let content: Vec<u8> = (0..20_000_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    let wanted =
        |size: usize| json!({"AttachmentItem": {"attachmentType": "file", "name": "big.bin", "size": size}});
    page.post(&format!("{files}/createUploadSession"), &wanted((25 << 20) + 1))
        .expect(413);
    let session = page.post(&format!("{files}/createUploadSession"), &wanted(content.len()));
    let range = format!("Content-Range: bytes 0-{}/{}", content.len() - 1, content.len());
    let url = text(&session.expect(201).json(), "uploadUrl");
    Web::new(&server)
        .send("PUT", &url, &[&range], &content)
        .expect(201);
    let now = unfolded(&web.send("GET", &path, &[], b""));
    let [dav, graph] = addresses(&now).try_into().unwrap();
    assert!(web.send("GET", &graph, &[], b"").expect(200).body == content);
    assert!(
        now.len() < 2_000,
        "the file does not lie in the event: {}",
        now.len()
    );

    page.delete(&one).expect(204);
    web.send("GET", &dav, &[], b"").expect(404);
    let left = page.get(&format!("{files}?$select=name,size")).expect(200).json();
    assert_eq!(
        (&left["value"][0]["name"], left["value"].as_array().unwrap().len()),
        (&json!("big.bin"), 1)
    );
    server.cli(&["doctor"]);
}

/// What was deleted comes back with its files; what is counted is what is there.
#[test]
fn files_come_back_with_the_event() {
    let server = Server::start();
    let web = super::anna(&server);
    let path = format!("{CALENDAR}e.ics");
    put(&web, &path, &event("e", DAILY)).expect(201);
    let used = || {
        let answer = ask(
            &web,
            "PROPFIND",
            CALENDAR,
            "0",
            "D:propfind",
            "<D:prop><D:quota-used-bytes/></D:prop>",
        )
        .text();
        let text = answer.split("<D:quota-used-bytes>").nth(1).unwrap();
        text.split('<').next().unwrap().parse::<i64>().unwrap()
    };
    let before = used();
    attach(
        &web,
        &path,
        "action=attachment-add",
        "a.txt",
        &vec![b'y'; 400_000],
    )
    .expect(201);
    assert!((400_000..401_000).contains(&(used() - before)), "{}", used());
    let address = addresses(&unfolded(&web.send("GET", &path, &[], b""))).remove(0);
    web.send("DELETE", &path, &[], b"").expect(204);
    assert!(used() <= before);
    web.send("GET", &address, &[], b"").expect(404);
    server.cli(&["doctor"]);
    let list = server.cli(&["deleted", "list", ANNA, "--json"]);
    let id = serde_json::from_str::<Value>(&list).unwrap()[0]["id"].to_string();
    server.cli(&["deleted", "restore", ANNA, &id]);
    assert_eq!(
        web.send("GET", &address, &[], b"").expect(200).body.len(),
        400_000
    );
    server.cli(&["doctor"]);
    assert!(copy(&web, ANNA, "e").is_some());
}

/// The bytes of the one file of an event, by its own address.
fn file_of(web: &Web, path: &str) -> Vec<u8> {
    let text = unfolded(&web.send("GET", path, &[], b"").expect(200));
    let all = addresses(&text);
    assert_eq!(all.len(), 1, "{text}");
    web.send("GET", &all[0], &[], b"").expect(200).body
}

/// What goes out into a folder comes back with its files, and so does what a backup brings back.
#[test]
fn files_leave_and_come_back_with_their_events() {
    let server = Server::start();
    let web = super::anna(&server);
    let path = |name: &str| format!("{CALENDAR}{name}.ics");
    for name in ["e", "f"] {
        put(&web, &path(name), &event(name, DAILY)).expect(201);
    }
    let large = vec![b'x'; 300_000];
    attach(&web, &path("e"), "action=attachment-add", "Plan B.txt", &large).expect(201);
    // The same file in two events is one.
    let text = unfolded(&web.send("GET", &path("e"), &[], b""));
    let line = text.lines().find(|l| l.starts_with("ATTACH")).unwrap();
    let twin = event("f", &format!("{DAILY}\n{line}"));
    put(&web, &path("f"), &twin).expect(204);

    let to = Folder::new();
    let at = to.path().to_str().unwrap();
    server.cli(&["export", at, "--account", ANNA]);
    let list = std::fs::read_to_string(to.path().join(ANNA).join("objects.jsonl")).unwrap();
    let records: Vec<Value> = list.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let files: Vec<&Value> = records.iter().map(|r| &r["files"][0]).collect();
    assert!(files.len() == 2 && files[0] == files[1], "{list}");
    let file = to.path().join(ANNA).join(files[0]["file"].as_str().unwrap());
    assert!(std::fs::read(&file).unwrap() == large);
    let here = Server::start();
    here.cli(&["import", "export", at]);
    let there = super::anna(&here);
    for name in ["e", "f"] {
        assert!(file_of(&there, &path(name)) == large, "{name}");
    }
    assert_eq!(
        unfolded(&there.send("GET", &path("e"), &[], b"")),
        text,
        "to the byte"
    );
    here.cli(&["import", "export", at, "--verify"]);
    here.cli(&["doctor"]);
    std::fs::write(&file, "damaged").unwrap();
    let out = run_with(server.data.path(), &["export", at, "--check"], "");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        out.status.code() == Some(1) && said.contains("is not what was exported"),
        "{said}"
    );

    let place = Folder::new();
    let place = place.path().to_str().unwrap();
    server.cli(&["backup", "run", "--to", place]);
    let id = text
        .split("MANAGED-ID=")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    for name in ["e", "f"] {
        attach(
            &web,
            &path(name),
            &format!("action=attachment-remove&managed-id={id}"),
            "",
            b"",
        )
        .expect(204);
        web.send("DELETE", &path(name), &[], b"").expect(204);
    }
    server.cli(&["backup", "bring-back", ANNA, "--from", place]);
    for name in ["e", "f"] {
        assert!(file_of(&web, &path(name)) == large, "{name}");
    }
    server.cli(&["doctor"]);
}
