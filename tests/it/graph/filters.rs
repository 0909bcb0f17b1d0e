//! $filter and $orderby of messages and folders.

use super::{code, deliver, ids, wait_for};
use crate::server::Server;
use crate::web::{Web, encode};
use serde_json::json;

/// Subjects that a filter finds, in the order of the list.
fn subjects(web: &Web, filter: &str, more: &str) -> Vec<String> {
    let mut next = Some(format!(
        "/v1.0/me/messages?$select=subject&$top=2{more}&$filter={}",
        encode(filter)
    ));
    let mut out = Vec::new();
    while let Some(url) = next {
        let page = web.get(&url).expect(200).json();
        let all = page["value"].as_array().unwrap().clone();
        out.extend(all.iter().map(|m| m["subject"].as_str().unwrap().to_owned()));
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    out
}

fn fill(server: &Server, web: &Web) {
    for (n, more) in [
        "From: Bob <bob@other.test>\nSubject: Offer 1\nMessage-ID: <1@x>\nDate: Mon, 05 Jan 2026 10:00:00 +0000\n",
        "From: bob@other.test\nSubject: offer 2\nImportance: high\nMessage-ID: <2@x>\nReferences: <1@x>\nDate: Sun, 04 Jan 2026 10:00:00 +0000\n",
        "From: Ann O'Neil <ann@other.test>\nSender: desk@other.test\nSubject: it's here\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n",
        "From: eve@evil.test\nSubject: Last\n",
    ]
    .into_iter()
    .enumerate()
    {
        let body = if more.contains("boundary") {
            "--b\n\nx\n--b\nContent-Disposition: attachment; filename=a.txt\n\nx\n--b--\n"
        } else {
            "x\n"
        };
        deliver(server, &format!("{more}\n{body}"));
        wait_for(web, "inbox", n + 1);
    }
}

#[test]
fn messages_are_found_by_every_property() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    fill(&server, &web);
    let all = ids(&web, "inbox");
    web.patch(
        &format!("/v1.0/me/messages/{}", all[3]),
        &json!({"isRead": true, "flag": {"flagStatus": "flagged"}, "categories": ["Rote Kategorie"]}),
    )
    .expect(200);
    let first = web.get(&format!("/v1.0/me/messages/{}", all[3])).json();
    let thread = format!(
        "conversationId eq '{}'",
        first["conversationId"].as_str().unwrap()
    );
    let received = first["receivedDateTime"].as_str().unwrap();
    let (o1, o2, here, last) = ("Offer 1", "offer 2", "it's here", "Last");
    for (filter, want) in [
        ("isRead eq true", vec![o1]),
        (
            "isRead ne true and parentFolderId eq 'Inbox'",
            vec![last, here, o2],
        ),
        ("(isRead eq false AND parentFolderId eq 'archive')", vec![]),
        ("from/emailAddress/address eq 'BOB@other.test'", vec![o2, o1]),
        ("From/EmailAddress/Name eq 'bob'", vec![o1]),
        (
            "startswith(from/emailAddress/address,'bob') and importance eq 'high'",
            vec![o2],
        ),
        ("sender/emailAddress/address eq 'desk@other.test'", vec![here]),
        ("sender/emailAddress/address eq 'eve@evil.test'", vec![last]),
        ("subject eq 'it''s here'", vec![here]),
        ("startswith(subject,'offer')", vec![o2, o1]),
        (
            "contains(subject,'er') and not contains(subject,'2')",
            vec![here, o1],
        ),
        ("endswith(subject,' 2') or subject eq 'last'", vec![last, o2]),
        ("hasAttachments eq true", vec![here]),
        ("importance in ('low','high')", vec![o2]),
        ("flag/flagStatus eq 'flagged'", vec![o1]),
        (
            "flag/flagStatus ne 'flagged' and isDraft eq false",
            vec![last, here, o2],
        ),
        ("internetMessageId eq '<2@x>'", vec![o2]),
        ("categories/any(c:c eq 'rote kategorie')", vec![o1]),
        ("categories/any(c: c eq 'x' or c eq 'Rote Kategorie')", vec![o1]),
        (thread.as_str(), vec![o2, o1]),
        ("receivedDateTime ge 2020-01-01", vec![last, here, o2, o1]),
        ("receivedDateTime lt 2020-01-01T00:00:00Z", vec![]),
        (
            "sentDateTime ge 2026-01-05T10:00:00Z and sentDateTime le 2026-01-05T11:00:00+01:00",
            vec![o1],
        ),
        (
            &format!("receivedDateTime eq {received} and id eq '{}'", all[3]),
            vec![o1],
        ),
        (
            &format!("receivedDateTime gt {received} and id eq '{}'", all[3]),
            vec![],
        ),
    ] {
        assert_eq!(subjects(&web, filter, ""), want, "{filter}");
    }
    assert_eq!(
        subjects(&web, "startswith(subject,'offer')", "&$orderby=receivedDateTime"),
        [o1, o2]
    );
    let fixed = "&$orderby=from/emailAddress/address,receivedDateTime%20asc";
    assert_eq!(
        subjects(&web, "from/emailAddress/address eq 'bob@other.test'", fixed),
        [o1, o2]
    );
    let sent = web
        .get("/v1.0/me/mailFolders/inbox/messages?$orderby=sentDateTime&$select=subject&$top=2")
        .expect(200)
        .json();
    assert_eq!(
        (&sent["value"][0]["subject"], &sent["value"][1]["subject"]),
        (&json!(o2), &json!(o1))
    );
}

#[test]
fn counts_are_exact_or_refused_and_what_is_not_supported_is_named() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    fill(&server, &web);
    let get = |query: &str| web.get(&format!("/v1.0/me/messages?{query}"));
    // As Zammad asks.
    let zammad = web
        .get(&format!(
            "/v1.0/me/messages/?$count=true&$orderby=receivedDateTime%20ASC&$select=id&top=1000&$filter={}",
            encode("(isRead eq false AND parentFolderId eq 'inbox')")
        ))
        .expect(200)
        .json();
    assert_eq!(zammad["@odata.count"], 4);
    for (filter, want) in [
        ("from/emailAddress/address eq 'bob@other.test'", 2),
        ("receivedDateTime ge 2020-01-01", 4),
        ("flag/flagStatus eq 'flagged'", 0),
    ] {
        let page = get(&format!("$count=true&$top=1&$filter={}", encode(filter)))
            .expect(200)
            .json();
        assert_eq!(page["@odata.count"], want, "{filter}");
    }
    for (query, want, named) in [
        (
            "$count=true&$filter=contains(subject,'x')",
            "InefficientFilter",
            "counted",
        ),
        (
            "$filter=body/content%20eq%20'x'",
            "ErrorInvalidUrlQueryFilter",
            "body/content eq 'x'",
        ),
        (
            "$filter=contains(bodyPreview,'x')",
            "ErrorInvalidUrlQueryFilter",
            "contains(bodyPreview",
        ),
        (
            "$filter=subject%20gt%20'x'",
            "ErrorInvalidUrlQueryFilter",
            "subject gt 'x'",
        ),
        (
            "$filter=isRead%20eq%20'x'",
            "ErrorInvalidUrlQueryFilter",
            "isRead eq 'x'",
        ),
        (
            "$filter=importance%20eq%20'urgent'",
            "ErrorInvalidUrlQueryFilter",
            "urgent",
        ),
        (
            "$filter=receivedDateTime%20ge%20yesterday",
            "BadRequest",
            "a value",
        ),
        (
            "$filter=toRecipients/any(r:r/emailAddress/address%20eq%20'x')",
            "ErrorInvalidUrlQueryFilter",
            "toRecipients",
        ),
        ("$filter=isRead%20eq%20false%20and", "BadRequest", "ends where"),
        ("$filter=(isRead%20eq%20false", "BadRequest", "»)«"),
        (
            "$filter=parentFolderId%20eq%20'nonsense'",
            "ErrorInvalidIdMalformed",
            "nonsense",
        ),
        ("$orderby=subject", "ErrorInvalidUrlQuery", "subject"),
        ("$orderby=sentDateTime", "ErrorInvalidUrlQuery", "one folder"),
        ("$skiptoken=x", "BadRequest", "$skiptoken"),
    ] {
        let error = get(query).expect(400).json();
        assert_eq!(code(&error), want, "{query}");
        assert!(
            error["error"]["message"].as_str().unwrap().contains(named),
            "{error}"
        );
    }
}

#[test]
fn folders_are_found_by_what_they_are() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    let names = |filter: &str| {
        let list = web
            .get(&format!("/v1.0/me/mailFolders?$filter={}", encode(filter)))
            .expect(200)
            .json();
        let all = list["value"].as_array().unwrap().clone();
        all.iter()
            .map(|f| f["displayName"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("displayName eq 'inbox'"), ["Inbox"]);
    assert_eq!(
        names("startswith(displayName,'d') or wellKnownName eq 'archive'"),
        ["Archive", "Drafts"]
    );
    assert_eq!(names("totalItemCount gt 0").len(), 0);
    let wrong = web
        .get("/v1.0/me/mailFolders?$filter=nothing%20eq%201")
        .expect(400)
        .json();
    assert_eq!(code(&wrong), "BadRequest");
}

#[test]
fn what_was_changed_since_a_time_is_found_and_comes_in_its_order() {
    let server = Server::start();
    let web = Web::page(&server, "anna@example.test");
    fill(&server, &web);
    let all = ids(&web, "inbox");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let changed = web
        .patch(&format!("/v1.0/me/messages/{}", all[2]), &json!({"isRead": true}))
        .expect(200)
        .json();
    let at = changed["lastModifiedDateTime"].as_str().unwrap();
    assert!(at > changed["receivedDateTime"].as_str().unwrap(), "{changed:#}");
    assert_eq!(
        subjects(&web, &format!("lastModifiedDateTime ge {at}"), ""),
        ["offer 2"]
    );
    assert_eq!(
        subjects(&web, &format!("lastModifiedDateTime lt {at}"), ""),
        ["Last", "it's here", "Offer 1"]
    );
    assert_eq!(
        subjects(
            &web,
            &format!("lastModifiedDateTime ge {at} and isRead eq false"),
            ""
        ),
        [""; 0]
    );
    // Who asks behind the last time that was shown misses nothing of the same second.
    web.patch(&format!("/v1.0/me/messages/{}", all[0]), &json!({"isRead": true}))
        .expect(200);
    let later = subjects(&web, &format!("lastModifiedDateTime gt {at}"), "");
    assert!(later.contains(&"Last".to_owned()), "{later:?}");
    let in_order = |filter: &str, direction: &str| {
        let mut next = Some(format!(
            "/v1.0/me/mailFolders/inbox/messages?$select=subject&$top=1&$orderby=lastModifiedDateTime%20{direction}{filter}"
        ));
        let mut out = Vec::new();
        while let Some(url) = next {
            let page = web.get(&url).expect(200).json();
            out.extend(
                page["value"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|m| m["subject"].as_str().unwrap().to_owned()),
            );
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        out
    };
    assert_eq!(in_order("", "asc"), ["Offer 1", "it's here", "offer 2", "Last"]);
    assert_eq!(in_order("", "desc"), ["Last", "offer 2", "it's here", "Offer 1"]);
    let since = encode(&format!("lastModifiedDateTime ge {at}"));
    assert_eq!(in_order(&format!("&$filter={since}"), "asc"), ["offer 2", "Last"]);
    let anywhere = web
        .get("/v1.0/me/messages?$orderby=lastModifiedDateTime")
        .expect(400);
    assert!(
        anywhere.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("one folder")
    );
}
