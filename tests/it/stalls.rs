//! Peers that fall silent or trickle: each is cut off in time, what it held is free again, nothing is lost, and nobody
//! else waits for it.

use crate::counterparts::{Dovecot, PROVIDER_PASSWORD};
use crate::imap::client::Client;
use crate::mailbox::{Mailbox, wait_for_messages};
use crate::server::{Folder, Server, set_up, wait_until};
use crate::smtp::Talk;
use crate::web::{Web, register};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What the servers of these tests grant, and how long the tests wait for the end.
const SHORT: [&str; 6] = [
    "--handshake-timeout",
    "1",
    "--command-timeout",
    "1",
    "--answer-timeout",
    "1",
];
const CUT_OFF: Duration = Duration::from_secs(5);

fn start(more: &[&str]) -> Server {
    Server::start_with(&[&SHORT[..], more].concat())
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(CUT_OFF)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads to the end of the connection; fails when the other side does not end it in time.
fn assert_cut_off(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(e) => panic!("not cut off: {e}"),
    }
}

/// Sends a byte now and then, each well within the limit for silence, until the other side has had enough.
fn trickle(stream: &mut TcpStream) {
    let began = Instant::now();
    let mut reading = stream.try_clone().unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let writer = thread::spawn({
        let (mut stream, done) = (stream.try_clone().unwrap(), done.clone());
        move || {
            while !done.load(Ordering::Relaxed) && stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        }
    });
    assert_cut_off(&mut reading);
    done.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(began.elapsed() < CUT_OFF);
}

/// Open sockets and files in tmp/: what a connection holds.
fn held(server: &Server) -> usize {
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let sockets = descriptors
        .filter_map(|d| std::fs::read_link(d.ok()?.path()).ok())
        .filter(|l| l.to_string_lossy().starts_with("socket:"))
        .count();
    sockets + std::fs::read_dir(server.data.path().join("tmp")).unwrap().count()
}

fn assert_free_again(server: &Server, before: usize) {
    wait_until("what was held is free", CUT_OFF, || held(server) <= before);
}

/// Mail still comes in while others hold their connections.
fn assert_others_go_on(server: &Server) {
    let mut talk = Talk::hello(server.smtp);
    let reply = talk.deliver("x@other.test", &["anna@example.test"], b"Subject: quick\r\n\r\n");
    assert!(reply.starts_with("250 "), "{reply}");
}

fn into_data(server: &Server) -> TcpStream {
    let mut stream = connect(server.smtp);
    let commands = "EHLO x\r\nMAIL FROM:<x@other.test>\r\nRCPT TO:<ben@example.test>\r\nDATA\r\n";
    stream.write_all(commands.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    assert!(lines.any(|l| l.unwrap().starts_with("354 ")));
    stream
}

#[test]
fn a_server_that_falls_silent_in_data_or_in_a_command_is_cut_off() {
    let server = start(&[]);
    let before = held(&server);
    let mut silent = into_data(&server);
    // Large enough to be in a file.
    silent.write_all(b"Subject: half\r\n\r\n").unwrap();
    silent.write_all(&b"0123456789\r\n".repeat(40_000)).unwrap();
    let mut slow = into_data(&server);
    let mut in_command = connect(server.smtp);
    in_command.write_all(b"EHLO x\r\nMAIL FR").unwrap();
    let mut slow_command = connect(server.smtp);
    assert_others_go_on(&server);
    trickle(&mut slow);
    trickle(&mut slow_command);
    assert_cut_off(&mut silent);
    assert_cut_off(&mut in_command);
    assert_free_again(&server, before);
    assert_eq!(Mailbox::open(server.imap, "ben@example.test").count("INBOX"), 0);
    assert_eq!(Mailbox::open(server.imap, "anna@example.test").count("INBOX"), 1);
}

#[test]
fn a_chunk_that_trickles_is_cut_off() {
    let server = start(&[]);
    let mut stream = connect(server.smtp);
    stream
        .write_all(b"EHLO x\r\nMAIL FROM:<x@other.test>\r\nRCPT TO:<ben@example.test>\r\nBDAT 5000 LAST\r\n")
        .unwrap();
    trickle(&mut stream);
    assert_eq!(Mailbox::open(server.imap, "ben@example.test").count("INBOX"), 0);
}

#[test]
fn a_large_message_may_take_its_time() {
    // At 20 kB/s for 60 kB it is longer on its way than the second that a command has.
    let server = start(&["--slowest-line", "8000"]);
    let mut stream = into_data(&server);
    for _ in 0..30 {
        stream.write_all(&b"012345678901234567\r\n".repeat(100)).unwrap();
        thread::sleep(Duration::from_millis(100));
    }
    stream.write_all(b".\r\n").unwrap();
    let mut answer = String::new();
    BufReader::new(&stream).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("250 "), "{answer}");
}

#[test]
fn a_mail_program_that_stalls_in_a_literal_or_a_command_is_cut_off() {
    let server = start(&[]);
    let before = held(&server);
    let sign_in = |more: &str| {
        let mut stream = connect(server.imap);
        let login = format!("a LOGIN ben@example.test geheim-geheim\r\n{more}");
        stream.write_all(login.as_bytes()).unwrap();
        stream
    };
    let mut silent = sign_in("b APPEND INBOX {100+}\r\nSubject: half");
    let mut slow = sign_in("b APPEND INBOX {5000+}\r\n");
    let mut slow_search = sign_in("b SEARCH SUBJECT {5000+}\r\n");
    let mut slow_command = sign_in("b SELE");
    let mut slow_done = sign_in("b IDLE\r\n");
    // Who has said nothing of a command yet may be silent for long.
    let mut patient = Client::sign_in_as(server.imap, "anna@example.test");
    trickle(&mut slow);
    trickle(&mut slow_search);
    trickle(&mut slow_command);
    trickle(&mut slow_done);
    assert_cut_off(&mut silent);
    assert_eq!(patient.ask("NOOP"), ["OK done"]);
    drop(patient);
    assert_free_again(&server, before);
    assert_eq!(Mailbox::open(server.imap, "ben@example.test").count("INBOX"), 0);
}

#[test]
fn a_handshake_that_never_ends_is_cut_off_at_every_door() {
    let server = start(&[]);
    let before = held(&server);
    let mut silent: Vec<TcpStream> = [server.one, server.submissions, server.imaps]
        .into_iter()
        .flat_map(|door| {
            let (nothing, mut half) = (connect(door), connect(door));
            // The beginning of a ClientHello.
            half.write_all(&[22, 3, 1, 2, 0, 1, 0, 1, 252]).unwrap();
            [nothing, half]
        })
        .collect();
    let mut starttls = connect(server.submission);
    starttls.write_all(b"EHLO x\r\nSTARTTLS\r\n").unwrap();
    silent.push(starttls);
    let mut starttls = connect(server.imap);
    starttls.write_all(b"a STARTTLS\r\n").unwrap();
    silent.push(starttls);
    assert_others_go_on(&server);
    silent.iter_mut().for_each(assert_cut_off);
    assert_free_again(&server, before);
}

#[test]
fn a_request_whose_head_or_body_trickles_is_cut_off() {
    let server = start(&["--trusted-proxy", "127.0.0.1/32"]);
    let before = held(&server);
    let post = |length: &str| {
        format!(
            "POST /api/session HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\nX-Forwarded-Proto: https\r\n\
             Content-Type: application/json\r\n{length}\r\n\r\n"
        )
    };
    let mut slow = connect(server.one);
    slow.write_all(post("Content-Length: 5000").as_bytes()).unwrap();
    let mut silent = connect(server.one);
    silent.write_all(post("Content-Length: 5000").as_bytes()).unwrap();
    silent.write_all(b"{\"addr").unwrap();
    let mut chunked = connect(server.one);
    chunked
        .write_all(post("Transfer-Encoding: chunked").as_bytes())
        .unwrap();
    chunked.write_all(b"5\r\n{\"add\r\n").unwrap();
    let mut slow_head = connect(server.one);
    slow_head.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    let web = Web::new(&server);
    web.get("/healthz").expect(200);
    trickle(&mut slow);
    trickle(&mut slow_head);
    assert_cut_off(&mut silent);
    assert_cut_off(&mut chunked);
    web.get("/healthz").expect(200);
    assert_free_again(&server, before);
}

#[test]
fn a_browser_that_does_not_read_its_answer_is_cut_off() {
    let server = start(&["--trusted-proxy", "127.0.0.1/32"]);
    register(&server);
    let large = [
        b"Subject: large\r\n\r\n".to_vec(),
        b"0123456789\r\n".repeat(2_000_000),
    ]
    .concat();
    assert!(Mailbox::open(server.imap, "ben@example.test").append("INBOX", &large));
    let web = Web::program(
        &server,
        "ben@example.test",
        "https://graph.microsoft.com/Mail.Read",
    );
    let list = web.get("/v1.0/me/messages?$select=id").expect(200).json();
    let id = list["value"][0]["id"].as_str().unwrap().to_owned();
    let before = held(&server);
    let mut deaf = connect(server.one);
    let request = format!(
        "GET /v1.0/me/messages/{id}/$value HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n{}\r\n\r\n",
        web.authorization()
    );
    deaf.write_all(request.as_bytes()).unwrap();
    deaf.read_exact(&mut [0; 8]).expect("it begins");
    assert_free_again(&server, before);
}

/// A server that says what it is told to, and then nothing more.
fn silent_server(says: &'static [&'static str]) -> (u16, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for answer in says {
            (&stream).write_all(answer.as_bytes()).unwrap();
            lines.next();
        }
        // Until it is given up.
        while matches!(lines.next(), Some(Ok(_))) {}
    });
    (port, serving)
}

fn submit_through(port: u16) -> Server {
    let data = Folder::new();
    set_up(
        data.path(),
        &["--smarthost", &format!("smtp://127.0.0.1:{port}?security=none")],
    );
    let server = Server::serve(data, &SHORT);
    let mut talk = Talk::hello(server.submission);
    talk.ask(crate::outgoing::AUTH_ANNA);
    let reply = talk.deliver(
        "anna@example.test",
        &["x@other.test", "ben@example.test"],
        b"From: anna@example.test\r\nSubject: both\r\n\r\n",
    );
    assert!(reply.starts_with("250 "), "{reply}");
    server
}

fn assert_waits_in_queue(server: &Server, because: &str) {
    // Who is here has it at once.
    wait_for_messages(server.imap, "ben@example.test", "INBOX", 1);
    wait_until("the attempt is given up", Duration::from_secs(15), || {
        server.cli(&["queue", "list"]).contains(because)
    });
    assert_others_go_on(server);
}

#[test]
fn a_smarthost_that_accepts_and_never_answers_is_given_up_and_the_message_waits() {
    let (port, serving) = silent_server(&[]);
    let server = submit_through(port);
    assert_waits_in_queue(&server, "falls silent");
    serving.join().unwrap();
}

#[test]
fn a_smarthost_that_falls_silent_after_the_message_is_given_up_and_the_message_waits() {
    let (port, serving) = silent_server(&[
        "220 slow.test\r\n",
        "250 slow.test\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "354 go\r\n",
    ]);
    let server = submit_through(port);
    assert_waits_in_queue(&server, "is too slow");
    serving.join().unwrap();
}

#[test]
fn a_smarthost_that_never_answers_holds_up_the_queue_once_and_not_with_each_message() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Accepts, and that is all.
    thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    let data = Folder::new();
    set_up(
        data.path(),
        &["--smarthost", &format!("smtp://127.0.0.1:{port}?security=none")],
    );
    let server = Server::serve(data, &["--answer-timeout", "4"]);
    let mut talk = Talk::hello(server.submission);
    talk.ask(crate::outgoing::AUTH_ANNA);
    for n in 0..40 {
        let message = format!("From: anna@example.test\r\nSubject: {n}\r\n\r\n");
        let reply = talk.deliver("anna@example.test", &["x@other.test"], message.as_bytes());
        assert!(reply.starts_with("250 "), "{reply}");
    }
    // Eight at a time and four seconds each would be twenty.
    wait_until("all have been tried", Duration::from_secs(14), || {
        let all = crate::outgoing::queue(&server);
        let tried = |q: &&serde_json::Value| q["recipients"][0]["lastReply"].is_string();
        all.len() == 40 && all.iter().filter(tried).count() == 40
    });
}

/// In front of a real provider: stands still in the middle of the next message while it is told to.
struct Stalling {
    port: u16,
    stalls: Arc<AtomicBool>,
}

impl Stalling {
    /// `from`: the words of the provider at which it begins to stall.
    fn before(provider: u16, from: &'static [u8]) -> Stalling {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stalls = Arc::new(AtomicBool::new(true));
        let told = stalls.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, told) = (client.unwrap(), told.clone());
                let server = TcpStream::connect(("127.0.0.1", provider)).unwrap();
                let (mut from_client, mut to_server) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
                thread::spawn(move || pass(server, client, from, &told));
            }
        });
        Stalling { port, stalls }
    }
}

fn pass(mut server: TcpStream, mut client: TcpStream, from: &[u8], stalls: &AtomicBool) {
    let mut buf = [0; 4096];
    while let Ok(n @ 1..) = server.read(&mut buf) {
        let piece = &buf[..n];
        if stalls.load(Ordering::Relaxed)
            && let Some(at) = piece.windows(from.len()).position(|w| w == from)
        {
            // A byte now and then from here on.
            for byte in &piece[..piece.len().min(at + 60)] {
                if client.write_all(&[*byte]).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(50));
            }
            return;
        }
        if client.write_all(piece).is_err() {
            return;
        }
    }
    let _ = client.shutdown(std::net::Shutdown::Both);
}

fn stalling_provider_loses_nothing(port: impl Fn(&Dovecot) -> u16, scheme: &str, from: &'static [u8]) {
    let dovecot = Dovecot::start();
    let provider = Stalling::before(port(&dovecot), from);
    for n in 0..3 {
        dovecot.deliver("office", format!("Subject: number {n}\r\n\r\n{n}\r\n").as_bytes());
    }
    let data = Folder::new();
    let url = format!(
        "{scheme}://office:{PROVIDER_PASSWORD}@127.0.0.1:{}/?security=none",
        provider.port
    );
    set_up(data.path(), &["--collect", &url]);
    let server = Server::serve(data, &SHORT);
    wait_until("it is given up", Duration::from_secs(20), || {
        server.cli(&["collect", "list"]).contains("does not answer")
    });
    assert_others_go_on(&server);
    provider.stalls.store(false, Ordering::Relaxed);
    server.cli(&["collect", "run"]);
    // With the one that came directly.
    wait_for_messages(server.imap, "anna@example.test", "INBOX", 4);
    assert_eq!(dovecot.count("office"), 0);
}

#[test]
fn a_provider_that_stalls_in_a_message_by_imap_is_given_up_and_nothing_is_lost_or_doubled() {
    stalling_provider_loses_nothing(|d| d.imap, "imap", b"BODY[]");
}

#[test]
fn a_provider_that_stalls_in_a_message_by_pop3_is_given_up_and_nothing_is_lost_or_doubled() {
    stalling_provider_loses_nothing(|d| d.pop3, "pop3", b"Subject: number");
}
