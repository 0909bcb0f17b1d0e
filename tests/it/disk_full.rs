//! A full disk: a small tmpfs. Needs root to mount it; elsewhere the test says that it was left out.

use crate::mailbox::Mailbox;
use crate::server::{Folder, Server, run_with, set_up};
use crate::smtp::Talk;
use std::path::Path;
use std::process::Command;

/// A mounted tmpfs.
struct Small(Folder);

impl Small {
    fn mount(size: &str) -> Option<Small> {
        let folder = Folder::new();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .output()
            .ok()?;
        done.status.success().then_some(Small(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Does not compress, and is different each time.
fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = b"Subject: noise\r\n\r\n".to_vec();
    while out.len() < size {
        for _ in 0..9 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            out.extend_from_slice(format!("{x:016x}").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Fills the disk until mail is refused, makes room, and looks whether all is well.
fn fill_and_recover(reserve: &str) {
    let Some(small) = Small::mount("24M") else {
        println!("left out: no tmpfs can be mounted here");
        return;
    };
    let data = Folder(small.path().join("data"));
    std::fs::create_dir(data.path()).unwrap();
    set_up(data.path(), &[]);
    let mut server = Server::serve(data, &["--reserve", reserve]);
    let mut talk = Talk::hello(server.smtp);
    let mut taken = 0;
    let refused = (0..400).find_map(|n| {
        let reply = talk.ask("MAIL FROM:<x@other.test>");
        if !reply.starts_with("250") {
            return Some(reply);
        }
        talk.ask("RCPT TO:<anna@example.test>");
        let reply = talk.ask("DATA");
        if !reply.starts_with("354") {
            return Some(reply);
        }
        talk.send(&noise(n, 200_000));
        let reply = talk.ask(".");
        taken += usize::from(reply.starts_with("250"));
        (!reply.starts_with("250")).then_some(reply)
    });
    let refused = refused.expect("the disk never ran full");
    assert!(refused.starts_with("452 4.3.1 "), "{refused}");
    let mut mailbox = Mailbox::open(server.imap, "anna@example.test");
    assert_eq!(
        mailbox.count("INBOX"),
        taken,
        "what was said to be stored is there"
    );
    assert!(!mailbox.append("INBOX", &noise(9999, 9_000_000)));
    // Room comes back; so does mail.
    let grown = Command::new("mount")
        .args(["-o", "remount,size=60M"])
        .arg(small.path())
        .status()
        .unwrap();
    assert!(grown.success());
    let mut talk = Talk::hello(server.smtp);
    let reply = talk.deliver("x@other.test", &["anna@example.test"], &noise(77, 100_000));
    assert!(reply.starts_with("250"), "{reply}");
    server.stop();
    let doctor = run_with(server.data.path(), &["doctor"], "");
    assert!(
        doctor.status.success(),
        "{}",
        String::from_utf8_lossy(&doctor.stdout)
    );
}

#[test]
fn a_nearly_full_disk_defers_mail_and_recovers() {
    fill_and_recover("6M");
}

#[test]
fn a_disk_that_really_runs_full_damages_nothing_and_recovers() {
    fill_and_recover("0");
}
