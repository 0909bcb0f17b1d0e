//! Guessing passwords is slow and ends; who sits behind the same address as the one who guesses goes on working.

use crate::imap::client::Client;
use crate::server::{PASSWORD, Server, run_with};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

const WRONG: &str = "NO [AUTHENTICATIONFAILED] address or password is wrong";
const REFUSED: &str = "NO [LIMIT] too many failed attempts to sign in from here; try again in 15 minutes";

/// A connection from another address of this machine.
fn connect_from(own: &str, to: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(own.parse().unwrap(), 0)).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream
}

pub fn login(server: &Server, own: &str, user: &str, password: &str) -> (String, Duration) {
    let mut client = Client::from_stream(connect_from(own, server.imap));
    let began = Instant::now();
    let answer = client.ask(&format!("LOGIN {user} \"{password}\"")).remove(0);
    let said = if answer.starts_with("OK") {
        "OK".to_owned()
    } else {
        answer
    };
    (said, began.elapsed())
}

/// As many different guesses as make an address notorious, all at once.
fn guess(server: &Server, own: &str) {
    thread::scope(|s| {
        for n in 0..40 {
            s.spawn(move || {
                login(
                    server,
                    own,
                    &format!("x{n}@example.test"),
                    &format!("guess number {n}"),
                )
            });
        }
    });
}

#[test]
fn who_signed_in_from_an_address_before_is_not_shut_out_by_others_behind_it() {
    let server = Server::start();
    let office = "127.0.0.2";
    assert_eq!(login(&server, office, "ben@example.test", PASSWORD).0, "OK");
    guess(&server, office);
    let (said, took) = login(&server, office, "ben@example.test", PASSWORD);
    assert_eq!(said, "OK");
    assert!(took < Duration::from_secs(1), "{took:?}");
    // Strangers are refused there, even with the right password, and nowhere else.
    assert_eq!(login(&server, office, "anna@example.test", PASSWORD).0, REFUSED);
    assert_eq!(login(&server, "127.0.0.3", "anna@example.test", PASSWORD).0, "OK");
}

#[test]
fn those_who_guess_cannot_tell_who_is_here() {
    let server = Server::start();
    let office = "127.0.0.2";
    assert_eq!(login(&server, office, "ben@example.test", PASSWORD).0, "OK");
    let at = |own: &'static str, user: &'static str| login(&server, own, user, "not the password");
    // A fresh address: the same words, in about the same time.
    let (known, there) = at("127.0.0.4", "anna@example.test");
    let (unknown, nobody) = at("127.0.0.5", "nobody@example.test");
    assert_eq!((known.as_str(), unknown.as_str()), (WRONG, WRONG));
    assert!(
        there.abs_diff(nobody) < Duration::from_millis(400),
        "{there:?} {nobody:?}"
    );
    // A notorious one: the same for who signed in from there, who is here, and who is not.
    guess(&server, office);
    let all = [
        at(office, "ben@example.test"),
        at(office, "anna@example.test"),
        at(office, "nobody@example.test"),
    ];
    for (said, took) in &all {
        assert_eq!(said, REFUSED);
        assert!(*took > Duration::from_secs(4), "{took:?}");
    }
    assert!(
        all[0].1.abs_diff(all[2].1) < Duration::from_millis(800),
        "{all:?}"
    );
}

#[test]
fn a_forgotten_device_with_an_old_password_shuts_nobody_out() {
    let server = Server::start();
    let office = "127.0.0.2";
    for _ in 0..60 {
        assert_eq!(
            login(&server, office, "ben@example.test", "his old password").0,
            WRONG
        );
    }
    let (said, took) = login(&server, office, "anna@example.test", PASSWORD);
    assert_eq!(said, "OK");
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn an_account_that_is_disabled_looks_like_one_that_is_not_there() {
    let server = Server::start();
    let done = run_with(
        server.data.path(),
        &["account", "disable", "ben@example.test"],
        "",
    );
    assert!(done.status.success());
    assert_eq!(login(&server, "127.0.0.2", "ben@example.test", PASSWORD).0, WRONG);
}

#[test]
fn a_whole_office_comes_in_at_once_after_a_restart() {
    let server = Server::start();
    let answers: Vec<(String, Duration)> = thread::scope(|s| {
        let all: Vec<_> = (0..60)
            .map(|n| {
                let user = ["anna@example.test", "ben@example.test"][n % 2];
                let server = &server;
                s.spawn(move || login(server, "127.0.0.2", user, PASSWORD))
            })
            .collect();
        all.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|(said, _)| said == "OK"), "{answers:?}");
}
