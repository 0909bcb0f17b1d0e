//! The page in a real browser against the real program: the scripts of web-ui/tests/e2e, run by node in headless
//! Chromium. They fail on any console error and any breach of the content policy.

use crate::server::{Folder, PASSWORD, Server, set_up};
use crate::smtp::Talk;
use std::path::PathBuf;
use std::process::Command;

pub fn run_script(name: &str, server: &Server, variables: &[(&str, &str)]) {
    let web_ui = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("web-ui");
    assert!(
        web_ui.join("node_modules").exists(),
        "the page's tools are not installed; run: make test"
    );
    assert!(
        web_ui.join("packed/index.html").exists(),
        "the page is not built; run: make page"
    );
    let kept = Folder::new();
    let answers = kept.path().join("answers.jsonl");
    std::fs::write(&answers, "").unwrap();
    let out = Command::new("node")
        .arg(format!("tests/e2e/{name}"))
        .current_dir(&web_ui)
        .env("HAUSPOST_URL", format!("https://{}", server.one))
        .env("HAUSPOST_ANSWERS", &answers)
        .envs(variables.iter().copied())
        .output()
        .expect("node is missing; run: make test");
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    let count = crate::graph::schema::check_recorded(&answers);
    println!("{said}{count} answers are as the schema says");
}

#[test]
fn the_wizard_leads_from_the_code_to_the_inbox() {
    let place = Folder::new();
    let server = Server::serve(Folder::new(), &[]);
    let code = server
        .said
        .iter()
        .find_map(|l| l.strip_prefix("Set-up code: "))
        .expect("no code was shown")
        .to_owned();
    run_script(
        "wizard.mjs",
        &server,
        &[
            ("HAUSPOST_SETUP_CODE", &code),
            ("HAUSPOST_PLACE", place.path().to_str().unwrap()),
            ("HAUSPOST_SMTP", &server.smtp.to_string()),
        ],
    );
}

#[test]
fn mail_is_read_answered_and_put_away_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    for n in 0..5 {
        let message = format!("From: Ben <x@other.test>\r\nSubject: Angebot {n}\r\n\r\nGuten Tag.\r\n");
        let reply =
            Talk::hello(server.smtp).deliver("x@other.test", &["anna@example.test"], message.as_bytes());
        assert!(reply.starts_with("250"), "{reply}");
    }
    run_script(
        "mail.mjs",
        &server,
        &[
            ("HAUSPOST_ADDRESS", "anna@example.test"),
            ("HAUSPOST_PASSWORD", PASSWORD),
        ],
    );
}

#[test]
fn the_page_opens_while_the_server_is_away() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    run_script("offline.mjs", &server, &[("HAUSPOST_PASSWORD", PASSWORD)]);
}

#[test]
fn mail_is_written_formatted_with_pictures_and_quotes_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    run_script("compose.mjs", &server, &[("HAUSPOST_PASSWORD", PASSWORD)]);
}

#[test]
fn mailboxes_of_several_people_are_used_like_ones_own_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    for (address, name) in [("info@example.test", "Info"), ("ablage@example.test", "Ablage")] {
        let words = ["account", "add", address, "--kind", "shared", "--name", name];
        crate::server::run(data.path(), &words);
    }
    for (mailbox, who, level) in [
        ("info@example.test", "anna@example.test", "full"),
        ("info@example.test", "ben@example.test", "full"),
        ("ablage@example.test", "anna@example.test", "read"),
    ] {
        crate::server::run(data.path(), &["access", "set", mailbox, who, "--level", level]);
    }
    let folder = data.path().to_owned();
    let server = Server::serve(data, &[]);
    run_script(
        "shared.mjs",
        &server,
        &[
            ("HAUSPOST_SMTP", &server.smtp.to_string()),
            ("HAUSPOST_PROGRAM", env!("CARGO_BIN_EXE_hauspost")),
            ("HAUSPOST_DATA", folder.to_str().unwrap()),
            ("HAUSPOST_PASSWORD", PASSWORD),
        ],
    );
}

#[test]
fn mail_is_found_and_thousands_of_messages_are_handled_at_once_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    run_script(
        "search.mjs",
        &server,
        &[
            ("HAUSPOST_IMAP", &server.imap.to_string()),
            ("HAUSPOST_PASSWORD", PASSWORD),
        ],
    );
}

#[test]
fn a_second_factor_is_switched_on_asked_for_and_reset_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    run_script("factor.mjs", &server, &[("HAUSPOST_PASSWORD", PASSWORD)]);
}

#[test]
fn a_passkey_is_made_lets_in_alone_and_is_taken_back_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    crate::web::register(&server);
    run_script("passkey.mjs", &server, &[("HAUSPOST_PASSWORD", PASSWORD)]);
}

#[test]
fn a_conversation_is_seen_and_put_away_as_a_whole_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    run_script("conversation.mjs", &server, &[("HAUSPOST_PASSWORD", PASSWORD)]);
}

#[test]
fn events_contacts_and_tasks_are_made_changed_and_answered_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    run_script(
        "office.mjs",
        &server,
        &[
            ("HAUSPOST_ADDRESS", "anna@example.test"),
            ("HAUSPOST_GUEST", "ben@example.test"),
            ("HAUSPOST_PASSWORD", PASSWORD),
        ],
    );
}

#[test]
fn everybody_changes_their_settings_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    crate::server::run(
        data.path(),
        &[
            "account",
            "set",
            "ben@example.test",
            "--add-alias",
            "info@example.test",
        ],
    );
    let server = Server::serve(data, &[]);
    run_script("settings.mjs", &server, &[("HAUSPOST_PASSWORD", PASSWORD)]);
}

#[test]
fn invitations_are_read_and_answered_in_the_mail() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    run_script(
        "invite.mjs",
        &server,
        &[
            ("HAUSPOST_SMTP", &server.smtp.to_string()),
            ("HAUSPOST_PASSWORD", PASSWORD),
        ],
    );
}

#[test]
fn the_office_is_administered_on_the_page() {
    let (data, place) = (Folder::new(), Folder::new());
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    run_script(
        "admin.mjs",
        &server,
        &[
            ("HAUSPOST_PLACE", place.path().to_str().unwrap()),
            ("HAUSPOST_PASSWORD", PASSWORD),
        ],
    );
}

#[test]
fn meetings_are_planned_and_mail_becomes_tasks_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    run_script("planning.mjs", &server, &[("HAUSPOST_PASSWORD", PASSWORD)]);
}

#[test]
fn a_folder_of_100_000_messages_is_opened_and_walked_on_the_page() {
    let data = Folder::new();
    set_up(data.path(), &["--language", "de"]);
    let server = Server::serve(data, &[]);
    let mut mailbox = crate::mailbox::Mailbox::open(server.imap, "anna@example.test");
    for n in 0..100 {
        let message = format!(
            "From: Ben <x@other.test>\r\nTo: anna@example.test\r\nSubject: Angebot {n}\r\n\r\nGuten Tag, Nummer {n}.\r\n"
        );
        mailbox.ok(&format!("APPEND INBOX {{{}+}}\r\n{message}", message.len()));
    }
    mailbox.ok("SELECT INBOX");
    while mailbox.count("INBOX") < 51_200 {
        mailbox.ok("COPY 1:* INBOX");
        mailbox.ok("NOOP");
    }
    mailbox.ok("COPY 1:48800 INBOX");
    assert_eq!(mailbox.count("INBOX"), 100_000);
    run_script(
        "scale.mjs",
        &server,
        &[
            ("HAUSPOST_SMTP", &server.smtp.to_string()),
            ("HAUSPOST_PASSWORD", PASSWORD),
        ],
    );
}
