//! Whether the box is set up well: real questions to a real name server, real connections.

use crate::counterparts::Knot;
use crate::page::run_script;
use crate::server::{Folder, PASSWORD, Server, free_port, run, set_up, wait_until};
use crate::web::Web;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const HOSTS: &str = "mail.example A 127.0.0.9\nexample MX 10 mail.example.test.\n\
                     autoconfig.example CNAME mail.example.test.\nautodiscover.example CNAME mail.example.test.\n";
const SPF: &str = "example TXT \"v=spf1 mx -all\"\n_dmarc.example TXT \"v=DMARC1; p=quarantine\"\n";
const OTHERS: [(&str, &str); 2] = [
    ("net", "gmx MX 10 mx.gmx.net.\nmx.gmx A 127.0.0.9\n"),
    // One list names our address.
    ("com", "9.0.0.127.psbl.surriel A 127.0.0.2\n"),
];

/// An office that sends directly, and takes its own mail port for that of everybody.
fn start(others: &[(&str, &str)]) -> (Knot, Server) {
    let data = Folder::new();
    set_up(data.path(), &["--smarthost", "direct", "--language", "de"]);
    let names = Knot::start_with(&format!("{HOSTS}{SPF}{}", dkim(data.path())), others);
    let port = free_port();
    let dns = names.address.to_string();
    let smtp = format!("127.0.0.9:{port}");
    let port = port.to_string();
    let options = [
        "--dns",
        &dns,
        "--allow-private-mx",
        "--mx-port",
        &port,
        "--smtp",
        &smtp,
    ];
    let server = Server::serve(data, &options);
    (names, server)
}

/// The record that belongs to the office's key.
fn dkim(data: &std::path::Path) -> String {
    let all: Value = serde_json::from_str(&run(data, &["domain", "list", "--json"])).unwrap();
    let selector = all[0]["dkim_selector"]
        .as_str()
        .or(all[0]["dkimSelector"].as_str());
    format!(
        "{}._domainkey.example TXT \"v=DKIM1; k=rsa; p=other\"\n",
        selector.unwrap()
    )
}

fn states(report: &Value) -> BTreeMap<String, String> {
    let lines = report["lines"].as_array().unwrap().iter();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    lines.map(|l| (text(&l["kind"]), text(&l["health"]))).collect()
}

#[test]
fn each_thing_is_looked_at_by_real_questions_and_connections() {
    let (mut names, server) = start(&OTHERS);
    let page = Web::page(&server, "anna@example.test");
    assert_eq!(
        page.get("/api/admin/checks").expect(200).json()["at"],
        Value::Null
    );
    let report = page.post("/api/admin/checks/run", &json!({})).expect(200).json();
    let wanted = json!({
        "mx": "good", "spf": "good", "dmarc": "good", "dkim": "bad", "address": "good", "autoconfig": "good", "autodiscover": "good",
        // Every address of this machine is called localhost (RFC 6761 §6.3), which is not our name.
        "reverse": "warn", "blocklist": "bad", "portOut": "good", "portIn": "good", "certificate": "warn",
    });
    assert_eq!(json!(states(&report)), wanted, "{report:#}");
    assert_eq!(
        page.get("/api/admin/checks").expect(200).json(),
        report,
        "it is kept"
    );
    // Records that are changed are seen at once.
    names.set(HOSTS);
    wait_until("the missing record is seen", Duration::from_secs(20), || {
        let report = page.post("/api/admin/checks/run", &json!({})).expect(200).json();
        let now = states(&report);
        (now["spf"].as_str(), now["dmarc"].as_str(), now["mx"].as_str()) == ("bad", "warn", "good")
    });
    let spf = page.get("/api/admin/checks").json()["lines"]
        .as_array()
        .unwrap()
        .iter()
        .find(|l| l["kind"] == "spf")
        .unwrap()
        .clone();
    assert_eq!(
        spf,
        json!({
            "kind": "spf", "about": "example.test", "health": "bad", "now": null, "wanted": "v=spf1 mx -all",
            "who": "dnsProvider", "record": {"name": "example.test", "type": "TXT"},
        })
    );
    let document = page.get("/api/admin/checks/document").expect(200);
    assert_eq!(document.header("content-type"), "application/pdf");
}

#[test]
fn where_no_name_server_answers_nothing_is_called_wrong() {
    let data = Folder::new();
    set_up(data.path(), &["--smarthost", "direct"]);
    let dns = format!("127.0.0.1:{}", free_port());
    let server = Server::serve(data, &["--dns", &dns]);
    let page = Web::page(&server, "anna@example.test");
    let report = page.post("/api/admin/checks/run", &json!({})).expect(200).json();
    let now = states(&report);
    for kind in [
        "mx",
        "spf",
        "dkim",
        "dmarc",
        "address",
        "autoconfig",
        "portOut",
        "portIn",
    ] {
        assert_eq!(now[kind], "unknown", "{report:#}");
    }
}

#[test]
fn a_line_that_swallows_mail_and_a_record_that_lets_others_send_are_called_wrong() {
    let data = Folder::new();
    set_up(data.path(), &["--smarthost", "direct"]);
    let port = free_port();
    // Whoever connects is let in, and hears nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.10", port)).unwrap();
    let others = [
        ("net", "gmx MX 10 mx.gmx.net.\nmx.gmx A 127.0.0.10\n"),
        ("com", ""),
    ];
    let spf = "example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n";
    let mut names = Knot::start_with(&format!("{HOSTS}{spf}"), &others);
    let (dns, mx_port) = (names.address.to_string(), port.to_string());
    let server = Server::serve(
        data,
        &["--dns", &dns, "--allow-private-mx", "--mx-port", &mx_port],
    );
    let page = Web::page(&server, "anna@example.test");
    let report = page.post("/api/admin/checks/run", &json!({})).expect(200).json();
    let now = states(&report);
    assert_eq!(
        (now["portOut"].as_str(), now["spf"].as_str()),
        ("bad", "bad"),
        "{report:#}"
    );
    drop(silent);
    // A record with a further one beside it counts for nobody.
    let run_until = |wanted: &str, what: &str| {
        wait_until(what, Duration::from_secs(20), || {
            let report = page.post("/api/admin/checks/run", &json!({})).expect(200).json();
            states(&report)["spf"] == wanted
        });
    };
    names.set(&format!("{HOSTS}{SPF}"));
    run_until("good", "the right one is seen");
    names.set(&format!("{HOSTS}{SPF}{spf}"));
    run_until("bad", "both are seen");
}

#[test]
fn the_checks_are_shown_on_the_page_and_taken_as_a_document() {
    let (_names, server) = start(&OTHERS);
    run_script("checks.mjs", &server, &[("HAUSPOST_PASSWORD", PASSWORD)]);
}
