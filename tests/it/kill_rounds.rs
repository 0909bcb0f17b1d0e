//! Power cuts, as far as a program can notice: killed at random moments under load, and nothing that was acknowledged
//! is missing or there twice. Ten rounds here; `make kill-rounds` makes 200.

use crate::mailbox::Mailbox;
use crate::server::{Server, run_with};
use crate::smtp::Talk;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was acknowledged, by its number.
type Acknowledged = Arc<Mutex<Vec<u64>>>;

static NEXT: AtomicU64 = AtomicU64::new(1);

fn message(n: u64) -> Vec<u8> {
    // Every third is large enough to be a file of its own.
    let filler = "0123456789abcdef".repeat(if n.is_multiple_of(3) { 20_000 } else { 50 });
    format!("From: Anna <anna@example.test>\r\nSubject: number {n}.\r\n\r\n{filler}\r\n").into_bytes()
}

/// SMTP, until the server is gone.
fn hand_over(address: SocketAddr, stop: &AtomicBool, done: &Acknowledged) {
    let conversation = || -> Option<()> {
        let stream = std::net::TcpStream::connect(address).ok()?;
        let mut talk = Talk::from_stream(stream);
        talk.ask("EHLO client.test");
        while !stop.load(Ordering::Relaxed) {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let to = "RCPT TO:<anna@example.test>";
            let ready = talk.ask("MAIL FROM:<x@other.test>").starts_with("250")
                && talk.ask(to).starts_with("250")
                && talk.ask("DATA").starts_with("354");
            if !ready || !talk.try_send(&message(n)) {
                return None;
            }
            if talk.ask(".").starts_with("250") {
                done.lock().unwrap().push(n);
            } else {
                return None;
            }
        }
        Some(())
    };
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(conversation));
}

/// Submission to somebody of ours, until the server is gone.
fn submit(address: SocketAddr, stop: &AtomicBool, done: &Acknowledged) {
    let conversation = || -> Option<()> {
        let mut talk = Talk::from_stream(std::net::TcpStream::connect(address).ok()?);
        talk.ask("EHLO client.test");
        if !talk.ask(crate::outgoing::AUTH_ANNA).starts_with("235") {
            return None;
        }
        while !stop.load(Ordering::Relaxed) {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let ready = talk.ask("MAIL FROM:<anna@example.test>").starts_with("250")
                && talk.ask("RCPT TO:<anna@example.test>").starts_with("250")
                && talk.ask("DATA").starts_with("354");
            if !ready || !talk.try_send(&message(n)) || !talk.ask(".").starts_with("250") {
                return None;
            }
            done.lock().unwrap().push(n);
        }
        Some(())
    };
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(conversation));
}

/// APPEND, and moves to and fro, until the server is gone.
fn append_and_move(address: SocketAddr, stop: &AtomicBool, done: &Acknowledged) {
    let work = || -> Option<()> {
        let mut mailbox = Mailbox::open(address, "anna@example.test");
        while !stop.load(Ordering::Relaxed) {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            if !mailbox.append("INBOX", &message(n)) {
                return None;
            }
            done.lock().unwrap().push(n);
            for (from, to) in [("INBOX", "Archive"), ("Archive", "INBOX")] {
                mailbox.try_command(format!("SELECT {from}").as_bytes())?;
                mailbox.try_command(format!("UID MOVE 1:* {to}").as_bytes())?;
            }
        }
        Some(())
    };
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
}

fn numbers(mailbox: &mut Mailbox, folder: &str, found: &mut HashMap<u64, u32>) {
    for raw in mailbox.messages(folder) {
        let text = String::from_utf8_lossy(&raw).into_owned();
        let n: u64 = text
            .split("Subject: number ")
            .nth(1)
            .unwrap()
            .split('.')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            raw.ends_with(&message(n)[message(n).len() - 800..]),
            "number {n} is not whole"
        );
        *found.entry(n).or_default() += 1;
    }
}

/// Moments between 50 and 650 ms, the same in every run.
fn moment(round: u64) -> Duration {
    Duration::from_millis(50 + (round * 7919 + 13) * 2_654_435_761 % 600)
}

/// The name of the threads that put the server under load.
const LOAD: &str = "load of the kill rounds";

#[test]
fn kill_rounds_lose_nothing_that_was_acknowledged() {
    let rounds: u64 = std::env::var("HAUSPOST_KILL_ROUNDS")
        .ok()
        .and_then(|r| r.parse().ok())
        .unwrap_or(10);
    let mut server = Server::start_with(&[
        "--max-received-per-minute",
        "100000",
        "--max-sent-per-hour",
        "1000000",
    ]);
    let done: Acknowledged = Arc::default();
    // The loads end by panics of their own when the server is gone, and those are worth no word.
    let said = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some(LOAD) {
            said(info);
        }
    }));
    for round in 0..rounds {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let load = || std::thread::Builder::new().name(LOAD.to_owned());
            load()
                .spawn_scoped(scope, || hand_over(server.smtp, &stop, &done))
                .unwrap();
            load()
                .spawn_scoped(scope, || submit(server.submission, &stop, &done))
                .unwrap();
            load()
                .spawn_scoped(scope, || append_and_move(server.imap, &stop, &done))
                .unwrap();
            std::thread::sleep(moment(round));
            let killed = std::process::Command::new("kill")
                .args(["-9", &server.pid().to_string()])
                .status();
            assert!(killed.unwrap().success());
            stop.store(true, Ordering::Relaxed);
        });
        server.kill();
        let doctor = run_with(server.data.path(), &["doctor"], "");
        assert!(
            doctor.status.success(),
            "round {round}: {}",
            String::from_utf8_lossy(&doctor.stdout)
        );
        server.start_again();
    }
    check(&server, &done.lock().unwrap());
}

fn check(server: &Server, acknowledged: &[u64]) {
    let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
    let mut found = HashMap::new();
    // What was submitted last may still be on its way from the outbox.
    crate::server::wait_until(
        "everything that was acknowledged is here",
        Duration::from_secs(60),
        || {
            found.clear();
            numbers(&mut mailbox, "INBOX", &mut found);
            numbers(&mut mailbox, "Archive", &mut found);
            acknowledged.iter().all(|n| found.contains_key(n))
        },
    );
    let twice: Vec<_> = found.iter().filter(|(_, count)| **count != 1).collect();
    assert!(twice.is_empty(), "there more than once: {twice:?}");
    assert!(
        acknowledged.len() > 20,
        "the load was no load: {}",
        acknowledged.len()
    );
    println!(
        "{} acknowledged, {} found, none twice",
        acknowledged.len(),
        found.len()
    );
}
