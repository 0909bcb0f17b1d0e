//! Mail that goes to the recipients' own servers: what a real name server says decides which.

use crate::counterparts::NameServer;
use crate::mailbox::{Mailbox, wait_for_messages};
use crate::outgoing::{AUTH_ANNA, queue};
use crate::server::{Folder, Server, free_port, run, set_up, wait_until};
use crate::smtp::Talk;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

/// Two other offices that take mail for `domain`, at different addresses and the same port.
struct World {
    names: NameServer,
    office: Server,
    /// Where the others' mail servers listen.
    port: u16,
}

fn other_office(domains: &[&str], at: IpAddr, port: u16) -> Server {
    let data = Folder::new();
    set_up(data.path(), &[]);
    for domain in domains {
        run(data.path(), &["domain", "add", domain]);
        let address = format!("x@{domain}");
        run(
            data.path(),
            &["account", "set", "anna@example.test", "--add-alias", &address],
        );
    }
    Server::serve(data, &["--smtp", &SocketAddr::new(at, port).to_string()])
}

fn start(records: &str) -> World {
    let names = NameServer::start(records);
    let port = free_port();
    let data = Folder::new();
    set_up(data.path(), &["--smarthost", "direct"]);
    let options = [
        "--dns",
        &names.address.to_string(),
        "--mx-port",
        &port.to_string(),
        "--allow-private-mx",
        "--answer-timeout",
        "5",
        "--retry-after",
        "1",
    ];
    let office = Server::serve(data, &options);
    World { names, office, port }
}

impl World {
    fn send(&self, to: &str) {
        let mut talk = Talk::hello(self.office.submission);
        assert_eq!(talk.ask(AUTH_ANNA), "235 2.7.0 welcome");
        let reply = talk.deliver(
            "anna@example.test",
            &[to],
            format!("From: anna@example.test\r\nTo: {to}\r\nSubject: direct\r\n\r\n").as_bytes(),
        );
        assert!(reply.starts_with("250 "), "{reply}");
    }

    /// What anna is told; the queue is empty then.
    fn bounce(&self) -> String {
        let got = wait_for_messages(self.office.imap, "anna@example.test", "INBOX", 1);
        wait_until("nothing waits", Duration::from_secs(10), || {
            queue(&self.office).is_empty()
        });
        String::from_utf8_lossy(&got[0]).into_owned()
    }

    fn waiting(&self) -> Option<String> {
        let all = queue(&self.office);
        let reply = all.first()?["recipients"][0]["lastReply"].clone();
        match reply {
            Value::String(s) => Some(s),
            _ => None,
        }
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

const TWO: &str = "dest MX 20 far\ndest MX 10 near\nfar A 127.0.0.11\nnear A 127.0.0.12\n";

#[test]
fn the_preferred_server_gets_the_message_by_tls_where_it_is_offered() {
    let world = start(TWO);
    let far = other_office(&["dest.test"], ip("127.0.0.11"), world.port);
    let near = other_office(&["dest.test"], ip("127.0.0.12"), world.port);
    for _ in 0..3 {
        world.send("x@dest.test");
    }
    let got = wait_for_messages(near.imap, "anna@example.test", "INBOX", 3);
    // Its certificate is its own; that is better than none.
    assert!(String::from_utf8_lossy(&got[0]).contains("with ESMTPS id"));
    assert_eq!(Mailbox::open(far.imap, "anna@example.test").count("INBOX"), 0);
    wait_until("nothing waits", Duration::from_secs(10), || {
        queue(&world.office).is_empty()
    });
}

#[test]
fn the_next_server_gets_it_when_the_first_is_not_there_or_turns_us_away() {
    // Nobody is at .13; .14 says that it takes no mail.
    let world = start(
        "dest MX 10 gone\ndest MX 20 rude\ndest MX 30 last\ngone A 127.0.0.13\nrude A 127.0.0.14\nlast A 127.0.0.15\n",
    );
    let rude = TcpListener::bind((ip("127.0.0.14"), world.port)).unwrap();
    thread::spawn(move || {
        for stream in rude.incoming() {
            let _ = stream.unwrap().write_all(b"554 5.3.2 no service here\r\n");
        }
    });
    let last = other_office(&["dest.test"], ip("127.0.0.15"), world.port);
    world.send("x@dest.test");
    wait_for_messages(last.imap, "anna@example.test", "INBOX", 1);
}

#[test]
fn a_server_whose_tls_is_broken_gets_it_without() {
    let world = start("dest MX 10 mx\nmx A 127.0.0.16\n");
    let listener = TcpListener::bind((ip("127.0.0.16"), world.port)).unwrap();
    let (said, hears) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut say = |text: &str| stream.write_all(text.as_bytes());
            let _ = say("220 mx\r\n");
            while let Some(Ok(line)) = lines.next() {
                let answer = match line.get(..4).unwrap_or_default() {
                    "EHLO" => "250-mx\r\n250 STARTTLS\r\n",
                    // What follows is no TLS.
                    "STAR" => "220 go\r\n500 what?\r\n",
                    "DATA" => "354 go\r\n",
                    "QUIT" => break,
                    _ => "250 ok\r\n",
                };
                let _ = said.send(line);
                if say(answer).is_err() || answer.starts_with("220") {
                    break;
                }
                if answer.starts_with("354") {
                    while lines.next().is_some_and(|l| l.is_ok_and(|l| l != ".")) {}
                    let _ = say("250 taken\r\n");
                }
            }
        }
    });
    world.send("x@dest.test");
    wait_until("nothing waits", Duration::from_secs(20), || {
        world.waiting().is_none() && queue(&world.office).is_empty()
    });
    let all: Vec<String> = hears.try_iter().collect();
    assert!(
        all.iter().any(|l| l == "STARTTLS") && all.iter().any(|l| l == "DATA"),
        "{all:?}"
    );
}

#[test]
fn without_mail_exchangers_the_domain_itself_is_the_server_by_either_protocol() {
    let world = start("four A 127.0.0.17\nsix AAAA ::1\n");
    let four = other_office(&["four.test"], ip("127.0.0.17"), world.port);
    let six = other_office(&["six.test"], Ipv6Addr::LOCALHOST.into(), world.port);
    world.send("x@four.test");
    world.send("x@six.test");
    wait_for_messages(four.imap, "anna@example.test", "INBOX", 1);
    wait_for_messages(six.imap, "anna@example.test", "INBOX", 1);
}

#[test]
fn a_domain_that_takes_no_mail_is_told_at_once() {
    // RFC 7505; its address is no way round.
    let world = start("null MX 0 .\nnull A 127.0.0.18\n");
    world.send("x@null.test");
    let told = world.bounce();
    assert!(told.contains("null.test takes no mail"), "{told}");
}

#[test]
fn a_domain_that_is_not_there_is_told_at_once() {
    let world = start(TWO);
    world.send("x@nowhere.test");
    let told = world.bounce();
    assert!(told.contains("there is no host or domain nowhere.test"), "{told}");
}

#[test]
fn while_the_name_server_has_trouble_the_message_waits() {
    let world = start(TWO);
    world.send("x@broken.test");
    wait_until("it was tried", Duration::from_secs(20), || {
        world
            .waiting()
            .is_some_and(|r| r.contains("gives no answer for broken.test"))
    });
    assert_eq!(
        Mailbox::open(world.office.imap, "anna@example.test").count("INBOX"),
        0
    );
    // And goes when it has an answer: the same name server, started anew with the domain in it.
    let World {
        names,
        mut office,
        port,
    } = world;
    office.stop();
    drop(names);
    let names = NameServer::start("whole MX 10 mx\nmx A 127.0.0.19\n");
    let there = other_office(&["whole.test"], ip("127.0.0.19"), port);
    let data = std::mem::replace(&mut office.data, Folder::new());
    let options = [
        "--dns",
        &names.address.to_string(),
        "--mx-port",
        &port.to_string(),
        "--allow-private-mx",
    ];
    let world = World {
        office: Server::serve(data, &options),
        names,
        port,
    };
    world.send("x@whole.test");
    wait_for_messages(there.imap, "anna@example.test", "INBOX", 1);
    assert!(
        world.waiting().is_some(),
        "{} does not change that one",
        world.names.address
    );
}
