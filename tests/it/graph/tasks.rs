//! To Do, beside what DAV programs do with the same tasks.

use crate::dav::put;
use crate::server::Server;
use crate::web::Web;
use serde_json::{Value, json};

const LIST: &str = "/dav/calendars/anna@example.test/tasks/";

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {value:#}"))
}

fn all(web: &Web, path: &str) -> Vec<Value> {
    web.get(path).expect(200).json()["value"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn tasks_are_made_changed_done_and_removed() {
    let server = Server::start();
    let (web, dav) = (Web::page(&server, "anna@example.test"), crate::dav::anna(&server));
    let lists = all(&web, "/v1.0/me/todo/lists");
    assert_eq!(text(&lists[0], "wellknownListName"), "defaultList");
    let path = format!("/v1.0/me/todo/lists/{}/tasks", text(&lists[0], "id"));
    let body = json!({"title": "Anrufen, bald", "body": {"contentType": "text", "content": "eins"}, "importance": "high", "categories": ["Rot"],
        "dueDateTime": {"dateTime": "2026-11-27T00:00:00", "timeZone": "Europe/Berlin"},
        "reminderDateTime": {"dateTime": "2026-11-26T09:00:00", "timeZone": "UTC"},
        "checklistItems": [{"displayName": "Schritt"}], "linkedResources": [{"webUrl": "https://a.test/x;y", "applicationName": "App", "displayName": "L"}]});
    let made = web.post(&path, &body).expect(201).json();
    assert_eq!(
        (text(&made, "title"), text(&made, "status"), &made["isReminderOn"]),
        ("Anrufen, bald", "notStarted", &json!(true))
    );
    assert_eq!(
        made["dueDateTime"],
        json!({"dateTime": "2026-11-27T00:00:00.0000000", "timeZone": "UTC"})
    );
    assert_eq!(
        made["reminderDateTime"]["dateTime"],
        "2026-11-26T09:00:00.0000000"
    );
    let task = format!("{path}/{}", text(&made, "id"));
    let whole = web
        .get(&format!("{task}?$expand=checklistItems,linkedResources"))
        .expect(200)
        .json();
    assert_eq!(
        (
            text(&whole["checklistItems"][0], "displayName"),
            text(&whole["linkedResources"][0], "webUrl")
        ),
        ("Schritt", "https://a.test/x;y")
    );
    let steps = format!("{task}/checklistItems");
    let step = web
        .post(&steps, &json!({"displayName": "Zweiter"}))
        .expect(201)
        .json();
    let step = format!("{steps}/{}", text(&step, "id"));
    assert_eq!(
        web.patch(&step, &json!({"isChecked": true})).expect(200).json()["isChecked"],
        true
    );
    web.delete(&step).expect(204);
    web.get(&step).expect(404);
    assert_eq!(all(&web, &steps).len(), 1);
    assert_eq!(
        text(
            &web.patch(&task, &json!({"status": "waitingOnOthers"}))
                .expect(200)
                .json(),
            "status"
        ),
        "waitingOnOthers"
    );
    let done = web
        .patch(&task, &json!({"status": "completed"}))
        .expect(200)
        .json();
    assert!(done["completedDateTime"]["dateTime"].is_string());
    assert_eq!(
        all(&web, &format!("{path}?$filter=status%20ne%20'completed'")).len(),
        0
    );
    assert_eq!(all(&web, &path).len(), 1);
    let listed = crate::dav::propfind(&dav, LIST, "1", "<D:getetag/>");
    let name = crate::dav::names(&listed)
        .into_iter()
        .find(|n| n.ends_with(".ics"))
        .unwrap();
    let stored = dav.get(&format!("{LIST}{name}")).expect(200).text();
    for line in [
        "SUMMARY:Anrufen\\, bald\r\n",
        "STATUS:COMPLETED\r\n",
        "DUE;VALUE=DATE:20261127\r\n",
        "TRIGGER;VALUE=DATE-TIME:20261126T090000Z\r\n",
        "PRIORITY:1\r\n",
    ] {
        assert!(stored.contains(line), "{line} in {stored}");
    }
    web.delete(&task).expect(204);
    web.get(&task).expect(404);
}

#[test]
fn one_that_comes_again_is_there_again_when_it_is_done() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let path = "/v1.0/me/todo/lists/tasks/tasks";
    let body = json!({"title": "Gießen", "dueDateTime": {"dateTime": "2026-11-23T00:00:00"}, "checklistItems": [{"displayName": "A", "isChecked": true}],
        "recurrence": {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}, "range": {"type": "numbered", "numberOfOccurrences": 2}}});
    let made = web.post(path, &body).expect(201).json();
    assert_eq!(text(&made["recurrence"]["pattern"], "type"), "weekly");
    web.patch(
        &format!("{path}/{}", text(&made, "id")),
        &json!({"status": "completed"}),
    )
    .expect(200);
    let open = all(
        &web,
        &format!("{path}?$filter=status%20eq%20'notStarted'&$expand=checklistItems"),
    );
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["dueDateTime"]["dateTime"], "2026-11-30T00:00:00.0000000");
    assert_eq!(open[0]["checklistItems"][0]["isChecked"], false);
    assert_eq!(open[0]["recurrence"]["range"]["numberOfOccurrences"], 1);
    web.patch(
        &format!("{path}/{}", text(&open[0], "id")),
        &json!({"status": "completed"}),
    )
    .expect(200);
    let done = all(&web, path);
    assert_eq!(done.len(), 2);
    assert!(
        done.iter()
            .all(|t| t["status"] == "completed" && t["recurrence"].is_null())
    );
}

#[test]
fn tasks_of_other_programs_keep_what_they_say_and_are_told_of() {
    let server = Server::start();
    let (web, dav) = (Web::page(&server, "anna@example.test"), crate::dav::anna(&server));
    let list = web
        .post("/v1.0/me/todo/lists", &json!({"displayName": "Haus"}))
        .expect(201)
        .json();
    let lists = web.get("/v1.0/me/todo/lists/delta").expect(200).json();
    assert_eq!(lists["value"].as_array().unwrap().len(), 2);
    let tasks = web
        .get("/v1.0/me/todo/lists/tasks/tasks/delta?$select=title")
        .expect(200)
        .json();
    let raw = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTODO\nUID:t1\nDTSTAMP:20260101T000000Z\nSUMMARY:Alt\nPERCENT-COMPLETE:30\nSTATUS:IN-PROCESS\n\
        X-OWN:1\nRELATED-TO:other\nDTSTART;TZID=Europe/Berlin:20261123T090000\nDURATION:PT2H\nEND:VTODO\nEND:VCALENDAR\n";
    put(&dav, &format!("{LIST}t1.ics"), &raw.replace('\n', "\r\n")).expect(201);
    let next = web.get(text(&tasks, "@odata.deltaLink")).expect(200).json();
    let id = text(&next["value"][0], "id").to_owned();
    let path = format!("/v1.0/me/todo/lists/tasks/tasks/{id}");
    let shown = web.get(&path).expect(200).json();
    assert_eq!(
        (text(&shown, "status"), text(&shown["startDateTime"], "dateTime")),
        ("inProgress", "2026-11-23T08:00:00.0000000")
    );
    web.patch(&path, &json!({"title": "Neu"})).expect(200);
    let stored = dav.get(&format!("{LIST}t1.ics")).expect(200).text();
    for line in [
        "PERCENT-COMPLETE:30\r\n",
        "X-OWN:1\r\n",
        "RELATED-TO:other\r\n",
        "DURATION:PT2H\r\n",
        "SUMMARY:Neu\r\n",
    ] {
        assert!(stored.contains(line), "{line} in {stored}");
    }
    web.delete(&path).expect(204);
    let gone = web.get(text(&next, "@odata.deltaLink")).expect(200).json();
    assert_eq!(gone["value"][0]["@removed"]["reason"], "deleted");
    let path = format!("/v1.0/me/todo/lists/{}", text(&list, "id"));
    assert_eq!(
        text(
            &web.patch(&path, &json!({"displayName": "Hof"}))
                .expect(200)
                .json(),
            "displayName"
        ),
        "Hof"
    );
    web.delete(&path).expect(204);
    let gone = web.get(text(&lists, "@odata.deltaLink")).expect(200).json();
    assert_eq!(
        gone["value"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|l| l.get("@removed").is_some())
            .count(),
        1
    );
}

#[test]
fn a_task_carries_files() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let lists = web.get("/v1.0/me/todo/lists").expect(200).json();
    let list = lists["value"][0]["id"].as_str().unwrap();
    let tasks = format!("/v1.0/me/todo/lists/{list}/tasks");
    let task = web
        .post(&tasks, &json!({"title": "with a file"}))
        .expect(201)
        .json();
    assert_eq!(task["hasAttachments"], false);
    let task = format!("{tasks}/{}", task["id"].as_str().unwrap());
    let file = json!({"@odata.type": "#microsoft.graph.taskFileAttachment", "name": "a.txt",
                      "contentType": "text/plain", "contentBytes": "aGFsbG8="});
    let made = web.post(&format!("{task}/attachments"), &file).expect(201);
    let address = made.header("location").to_owned();
    let made = made.json();
    assert_eq!(
        (
            &made["@odata.type"],
            &made["name"],
            &made["size"],
            &made["contentBytes"]
        ),
        (
            &json!("#microsoft.graph.taskFileAttachment"),
            &json!("a.txt"),
            &json!(5),
            &json!("aGFsbG8=")
        )
    );
    assert_eq!(web.get(&format!("{address}/$value")).expect(200).text(), "hallo");
    let all = web
        .get(&format!("{task}/attachments?$select=name"))
        .expect(200)
        .json();
    assert_eq!(all["value"][0]["name"], "a.txt");
    let with = web.get(&format!("{task}?$expand=attachments")).expect(200).json();
    assert_eq!(
        (&with["hasAttachments"], &with["attachments"][0]["size"]),
        (&json!(true), &json!(5))
    );
    web.delete(&address).expect(204);
    web.get(&address).expect(404);
    assert_eq!(web.get(&task).expect(200).json()["hasAttachments"], false);
}

#[test]
fn larger_files_of_events_and_tasks_come_in_pieces() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let lists = web.get("/v1.0/me/todo/lists").expect(200).json();
    let tasks = format!("/v1.0/me/todo/lists/{}/tasks", text(&lists["value"][0], "id"));
    let task = web.post(&tasks, &json!({"title": "t"})).expect(201).json();
    let event = json!({"subject": "e", "start": {"dateTime": "2030-01-07T09:00:00"}, "end": {"dateTime": "2030-01-07T10:00:00"}});
    let event = web.post("/v1.0/me/events", &event).expect(201).json();
    let content: Vec<u8> = (0..4_000_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    for (path, word, suffix) in [
        (
            format!("/v1.0/me/events/{}", text(&event, "id")),
            "AttachmentItem",
            "",
        ),
        (
            format!("{tasks}/{}", text(&task, "id")),
            "attachmentInfo",
            "/content",
        ),
    ] {
        let wanted = |size: usize| json!({word: {"attachmentType": "file", "name": "big.bin", "size": size}});
        let begin = format!("{path}/attachments/createUploadSession");
        web.post(&begin, &wanted((25 << 20) + 1)).expect(413);
        let session = web.post(&begin, &wanted(content.len())).expect(201).json();
        let address = format!("{}{suffix}", text(&session, "uploadUrl"));
        let nobody = Web::new(&server);
        let send = |from: usize, to: usize| {
            let range = format!("Content-Range: bytes {from}-{}/{}", to - 1, content.len());
            nobody.send("PUT", &address, &[&range], &content[from..to])
        };
        let next = send(0, 1_000_000).expect(200).json();
        assert_eq!(next["nextExpectedRanges"], json!(["1000000-3999999"]));
        send(2_000_000, 3_000_000).expect(416);
        let done = send(1_000_000, content.len()).expect(201);
        // The last piece once more, as a library of Microsoft's sends it.
        let again = send(1_000_000, content.len()).expect(201);
        assert_eq!(again.header("location"), done.header("location"));
        let value = web
            .get(&format!("{}/$value", done.header("location")))
            .expect(200);
        assert!(value.body == content, "{}", value.body.len());
        let all = web
            .get(&format!("{path}/attachments?$select=name,size"))
            .expect(200)
            .json();
        assert_eq!(all["value"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&all["value"][0]["name"], &all["value"][0]["size"]),
            (&json!("big.bin"), &json!(4_000_000))
        );
    }
}
