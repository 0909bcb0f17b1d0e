//! The real program under test: a data folder of its own, free ports, stopped by its pid.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub const PASSWORD: &str = "geheim-geheim";

/// A folder that is removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "hauspost-it-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port that was free a moment ago. Each is given out once, and none from the range out of which the kernel
/// serves clients: one of those could take it before the server does.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97);
    loop {
        let n = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 12_000 + (n % 18_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Waits until `done`; fails the test when it takes too long. For what another program does in its own time.
pub fn wait_until(what: &str, longest: Duration, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + longest;
    while !done() {
        assert!(Instant::now() < until, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs the program once with a data folder. Panics unless it succeeds.
pub fn run(data: &Path, arguments: &[&str]) -> String {
    let out = run_with(data, arguments, "");
    assert!(
        out.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap()
}

pub fn run_with(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hauspost"))
        .args(arguments)
        .env("HAUSPOST_DATA", data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// A running server.
pub struct Server {
    pub data: Folder,
    child: Option<Child>,
    /// The one port.
    pub one: SocketAddr,
    pub smtp: SocketAddr,
    pub submission: SocketAddr,
    pub submissions: SocketAddr,
    pub imap: SocketAddr,
    pub imaps: SocketAddr,
    /// What it said at its start.
    pub said: Vec<String>,
    options: Vec<String>,
}

impl Server {
    /// With the domain example.test, the administrator anna@ and the person ben@, all with [`PASSWORD`].
    pub fn start() -> Server {
        Self::start_with(&[])
    }

    pub fn start_with(options: &[&str]) -> Server {
        let data = Folder::new();
        set_up(data.path(), &[]);
        Self::serve(data, options)
    }

    /// On a data folder as it is.
    pub fn serve(data: Folder, options: &[&str]) -> Server {
        let address = || SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut server = Server {
            data,
            child: None,
            one: address(),
            smtp: address(),
            submission: address(),
            submissions: address(),
            imap: address(),
            imaps: address(),
            said: Vec::new(),
            options: options.iter().map(|o| (*o).to_owned()).collect(),
        };
        server.boot();
        server
    }

    fn boot(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hauspost"));
        command.arg("serve").arg("--data").arg(self.data.path());
        for (option, address) in [
            ("--listen", self.one),
            ("--smtp", self.smtp),
            ("--submission", self.submission),
            ("--submissions", self.submissions),
            ("--imap", self.imap),
            ("--imaps", self.imaps),
        ] {
            command.arg(option).arg(address.to_string());
        }
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .unwrap();
        command
            .args(["--host-name", "mail.example.test", "--allow-plain-login"])
            .args(&self.options);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        self.said.clear();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while let Some(Ok(line)) = lines.next() {
            let is_ready = line.contains("is ready");
            self.said.push(line);
            if is_ready {
                break;
            }
        }
        assert!(!self.said.is_empty(), "the server did not start: {}", self.log());
        // The set-up code follows the ready line; reading on in the background keeps the pipe open.
        std::thread::spawn(move || for _ in lines {});
        self.child = Some(child);
    }

    fn log_file(&self) -> PathBuf {
        self.data.path().with_extension("log")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// As a power cut does, as far as a program can notice.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Asks it to end and waits. Panics unless it ends well.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let done = Command::new("kill").arg(child.id().to_string()).status().unwrap();
            assert!(done.success());
            assert!(child.wait().unwrap().success(), "{}", self.log());
        }
    }

    /// Starts it again on the same folder and ports.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "it still runs");
        self.boot();
    }

    /// Runs a command of the program on the server's folder.
    pub fn cli(&self, arguments: &[&str]) -> String {
        run(self.data.path(), arguments)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- the server's log\n{}", self.log());
        }
        let _ = std::fs::remove_file(self.log_file());
    }
}

/// Sets an office up: example.test with anna (administrator) and ben.
pub fn set_up(data: &Path, more: &[&str]) {
    let mut arguments = vec![
        "setup",
        "--domain",
        "example.test",
        "--admin",
        "anna@example.test",
        "--password-stdin",
    ];
    arguments.extend(more);
    let out = run_with(data, &arguments, &format!("{PASSWORD}\n"));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let out = run_with(
        data,
        &["account", "add", "ben@example.test", "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}
