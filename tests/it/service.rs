//! What service managers, containers and installers rely on: sockets that are passed, READY that is told, root that is
//! given up, a health check without other programs.

use crate::server::{Folder, free_port, run_with, set_up, wait_until};
use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Becomes the server, with what it got as standard input and output passed the way systemd does it.
const ACTIVATE: &str = r#"exec 3<&0 4<&1 </dev/null >/dev/null; export LISTEN_PID=$$; exec "$@""#;

/// `hauspost serve` with two sockets that listen already: nobody can take their ports before it does.
fn activate(sockets: [TcpListener; 2], names: &str, data: &Path) -> Command {
    let [first, second] = sockets.map(OwnedFd::from);
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            ACTIVATE,
            "sh",
            env!("CARGO_BIN_EXE_hauspost"),
            "serve",
            "--data",
        ])
        .arg(data)
        .env("LISTEN_FDS", "2")
        .env("LISTEN_FDNAMES", names)
        .stdin(first)
        .stdout(second);
    command
}

fn listening() -> (TcpListener, u16) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn health(port: u16) -> (i32, String) {
    let listen = format!("[::]:{port}");
    let out = run_with(Path::new("/nonexistent"), &["health", "--listen", &listen], "");
    let said = [out.stdout, out.stderr].concat();
    (out.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn greeting(port: u16) -> String {
    use std::io::Read;
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut said = [0; 64];
    let n = stream.read(&mut said).unwrap();
    String::from_utf8_lossy(&said[..n]).into_owned()
}

#[test]
fn sockets_that_are_passed_are_used_and_readiness_is_told() {
    let data = Folder::new();
    set_up(data.path(), &[]);
    let ((web_socket, web), (smtp_socket, smtp)) = (listening(), listening());
    let manager = data.path().join("notify");
    let told = UnixDatagram::bind(&manager).unwrap();
    told.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let server = activate([web_socket, smtp_socket], "web:smtp", data.path())
        // Would be refused, were it opened.
        .args(["--listen", "192.0.2.1:1"])
        .env("NOTIFY_SOCKET", &manager)
        .spawn()
        .unwrap();
    let server = Running(server);
    let mut message = [0; 256];
    let n = told.recv(&mut message).unwrap();
    assert_eq!(&message[..n], b"READY=1\n");
    assert_eq!(health(web), (0, "ok\n".to_owned()));
    assert!(greeting(smtp).starts_with("220 "));
    let pid = server.0.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    let n = told.recv(&mut message).unwrap();
    assert_eq!(&message[..n], b"STOPPING=1\n");
}

#[test]
fn a_passed_socket_without_a_known_name_is_refused() {
    let data = Folder::new();
    let mut command = activate([listening().0, listening().0], "web:pop3", data.path());
    let out = command
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("»pop3«") && said.contains("web, smtp"), "{said}");
}

#[test]
fn who_is_not_well_is_told_apart_from_who_is_not_there() {
    let (code, said) = health(free_port());
    assert_eq!(code, 1);
    assert!(said.contains("no server answers"), "{said}");
}

/// Needs root, as the feature does; others see the refusal.
#[test]
fn root_is_given_up_once_the_ports_are_open() {
    let place = Folder::new();
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    // Where only root may make it.
    let data = place.path().join("data");
    let port = free_port();
    let log = place.path().join("log");
    let server = Command::new(env!("CARGO_BIN_EXE_hauspost"))
        .args([
            "serve",
            "--run-as",
            "64000:64001",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--data",
        ])
        .arg(&data)
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut server = Running(server);
    if !is_root {
        assert_eq!(server.0.wait().unwrap().code(), Some(5));
        assert!(fs::read_to_string(&log).unwrap().contains("only root"));
        return;
    }
    wait_until("it answers", Duration::from_secs(60), || health(port).0 == 0);
    let status = fs::read_to_string(format!("/proc/{}/status", server.0.id())).unwrap();
    for line in [
        "Uid:\t64000\t64000\t64000\t64000",
        "Gid:\t64001\t64001\t64001\t64001",
        "Groups:\t64001",
    ] {
        assert!(status.contains(line), "{status}");
    }
    let made = fs::metadata(data.join("directory.db")).unwrap();
    assert_eq!((made.uid(), made.gid()), (64_000, 64_001));
}
