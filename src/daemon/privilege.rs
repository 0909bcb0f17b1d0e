//! Giving up root, where low ports need it at the start and nothing else does.

use crate::base::{Error, Result};
use nix::unistd::{Gid, Uid, getuid, setgid, setgroups, setuid};
use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::str::FromStr;

/// Whom to become: `UID:GID`, or a name of /etc/passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAs {
    uid: u32,
    gid: u32,
}

impl FromStr for RunAs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let run_as = match text.split_once(':') {
            Some((uid, gid)) => uid.parse().ok().zip(gid.parse().ok()),
            None => find(&users, text),
        };
        match run_as {
            Some((0, _)) => Err("this is root; name somebody without privileges".into()),
            Some((uid, gid)) => Ok(RunAs { uid, gid }),
            None => Err(format!(
                "»{text}« is no user of this machine; write a name or UID:GID"
            )),
        }
    }
}

/// The static program has no name service; users of a directory are named by their numbers.
fn find(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [user, _, uid, gid, ..] = fields[..] else {
            return None;
        };
        (user == name).then_some(())?;
        uid.parse().ok().zip(gid.parse().ok())
    })
}

pub fn is_root() -> bool {
    getuid().is_root()
}

/// For good. Does nothing for who is that already. A data folder that is missing is made for them first, where only root
/// could make it. Call it while there is one thread. Errors: Forbidden, when the program was not started by root.
pub fn become_user(to: &RunAs, data: &Path) -> Result<()> {
    let (uid, gid) = (Uid::from_raw(to.uid), Gid::from_raw(to.gid));
    if getuid() == uid {
        return Ok(());
    }
    if getuid().is_root() && DirBuilder::new().mode(0o700).create(data).is_ok() {
        std::os::unix::fs::chown(data, Some(to.uid), Some(to.gid))?;
    }
    let changed = setgroups(&[gid])
        .and_then(|()| setgid(gid))
        .and_then(|()| setuid(uid));
    changed.map_err(|e| {
        Error::forbidden(format!("only root can start the server as user {uid}")).caused_by(e)
    })?;
    if setuid(Uid::from_raw(0)).is_ok() {
        return Err(Error::internal("root could be had again after it was given up"));
    }
    Ok(())
}

impl RunAs {
    /// Gives them a folder and everything in it; a platform that has brought files back from a backup says nothing of
    /// owners. Links are not followed. Only root can.
    pub fn own(&self, folder: &Path) -> Result<()> {
        let mut open = vec![folder.to_owned()];
        while let Some(path) = open.pop() {
            let meta = std::fs::symlink_metadata(&path)?;
            if (meta.uid(), meta.gid()) != (self.uid, self.gid) {
                std::os::unix::fs::lchown(&path, Some(self.uid), Some(self.gid))?;
            }
            if meta.is_dir() {
                for entry in std::fs::read_dir(&path)? {
                    open.push(entry?.path());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_numbers_or_names() {
        assert_eq!("1000:100".parse(), Ok(RunAs { uid: 1000, gid: 100 }));
        assert!("0:0".parse::<RunAs>().unwrap_err().contains("root"));
        assert!("root".parse::<RunAs>().unwrap_err().contains("root"));
        assert!("nobody-of-this-name".parse::<RunAs>().is_err());
        assert!("x:y".parse::<RunAs>().is_err());
        let users = "root:x:0:0::/root:/bin/sh\nbroken\nhauspost:x:977:976::/:/bin/false\n";
        assert_eq!(find(users, "hauspost"), Some((977, 976)));
        assert_eq!(find(users, "haus"), None);
    }
}
