//! Names of folders and files of an export: what a mailbox is called, in letters that a disk takes.

use crate::formats::imap::mailbox_name::{Names, encode};
use std::collections::HashSet;

/// Disks take 255 bytes; some room for what is put behind.
const MAX_NAME: usize = 200;

/// An address as a folder's name.
pub fn account_folder(address: &str) -> String {
    let name: String = address
        .chars()
        .map(|c| if c == '/' || c.is_control() { '_' } else { c })
        .collect();
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

/// `A/B` as Maildir++ names it, `.A.B`; a dot inside of a level, which has no form there, becomes `_`.
pub fn maildir_folder(path: &str) -> String {
    let levels: Vec<String> = path
        .split('/')
        .map(|level| encode(&level.replace('.', "_"), Names::Utf7))
        .collect();
    shorten(format!(".{}", levels.join(".")))
}

/// `A/B` as the name of one file, `A.B`.
pub fn mbox_file(path: &str) -> String {
    let name: String = path
        .chars()
        .map(|c| match c {
            '/' => '.',
            c if c.is_control() || "\\:*?\"<>|".contains(c) => '_',
            c => c,
        })
        .collect();
    let name = name.trim_start_matches('.');
    shorten(if name.is_empty() {
        "_".into()
    } else {
        name.to_owned()
    })
}

fn shorten(name: String) -> String {
    if name.len() <= MAX_NAME {
        return name;
    }
    let hash = &blake3::hash(name.as_bytes()).to_hex()[..16];
    format!("{}-{hash}", crate::base::text::cut(&name, MAX_NAME - 20))
}

/// The name, or one with a number behind that is not `taken`, without regard to case: some disks have none.
pub fn unique(name: String, taken: &mut HashSet<String>) -> String {
    let mut candidate = name.clone();
    for n in 2.. {
        if taken.insert(candidate.to_lowercase()) {
            break;
        }
        candidate = format!("{name}-{n}");
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_on_disks_and_stay_apart() {
        assert_eq!(account_folder("anna@example.test"), "anna@example.test");
        assert_eq!(account_folder("../x@example.test"), "_._x@example.test");
        assert_eq!(maildir_folder("Kunden/Müller v1.2"), ".Kunden.M&APw-ller v1_2");
        assert_eq!(mbox_file("../etc/x"), "etc.x");
        assert!(maildir_folder(&"ü".repeat(200)).len() <= 255);
        let mut taken = HashSet::new();
        assert_eq!(unique("a".into(), &mut taken), "a");
        assert_eq!(unique("A".into(), &mut taken), "A-2");
    }
}
