//! The mail folders of an account as a tree with paths, as IMAP sees them.

use crate::base::{Error, Result};
use crate::model::folder::{MAX_DEPTH, MAX_NAME_BYTES};
use crate::model::{Folder, FolderId, Role};
use std::collections::HashMap;

/// Between the levels of a path.
pub const SEPARATOR: char = '/';

#[derive(Clone, Debug, Default)]
pub struct FolderTree {
    /// With full paths, sorted by path, the inbox first.
    folders: Vec<(String, Folder)>,
}

impl FolderTree {
    pub fn new(folders: Vec<Folder>) -> Self {
        let by_id: HashMap<FolderId, (Option<FolderId>, String)> = folders
            .iter()
            .map(|f| (f.id, (f.parent_id, f.name.clone())))
            .collect();
        let path_of = |f: &Folder| {
            let mut path = f.name.clone();
            let mut parent = f.parent_id;
            for _ in 0..MAX_DEPTH {
                let Some((next, name)) = parent.and_then(|p| by_id.get(&p)) else {
                    break;
                };
                path = format!("{name}{SEPARATOR}{path}");
                parent = *next;
            }
            path
        };
        let mut folders: Vec<(String, Folder)> = folders.into_iter().map(|f| (path_of(&f), f)).collect();
        folders.sort_by(|(a, x), (b, y)| {
            (x.role != Some(Role::Inbox), a.to_lowercase())
                .cmp(&(y.role != Some(Role::Inbox), b.to_lowercase()))
        });
        FolderTree { folders }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Folder)> {
        self.folders.iter().map(|(p, f)| (p.as_str(), f))
    }

    /// By path; INBOX in any case (RFC 9051 §5.1), also as the first level.
    pub fn find(&self, path: &str) -> Option<&Folder> {
        let path = normalize_inbox(path);
        self.folders.iter().find(|(p, _)| *p == path).map(|(_, f)| f)
    }

    pub fn by_id(&self, id: FolderId) -> Option<(&str, &Folder)> {
        self.iter().find(|(_, f)| f.id == id)
    }

    pub fn by_role(&self, role: Role) -> Option<(&str, &Folder)> {
        self.iter().find(|(_, f)| f.role == Some(role))
    }

    pub fn has_children(&self, id: FolderId) -> bool {
        self.folders.iter().any(|(_, f)| f.parent_id == Some(id))
    }

    /// Splits a path for a new folder into the deepest folder that is there, and the names of those that are missing.
    /// Errors: Invalid; Exists when nothing is missing.
    pub fn split_new(&self, path: &str) -> Result<(Option<FolderId>, Vec<String>)> {
        let path = normalize_inbox(path.trim_end_matches(SEPARATOR));
        let names: Vec<&str> = path.split(SEPARATOR).collect();
        if names.len() > MAX_DEPTH {
            return Err(Error::invalid(format!(
                "folders may be nested {MAX_DEPTH} deep, not deeper"
            )));
        }
        names.iter().try_for_each(|n| check_name(n))?;
        let mut parent = None;
        for (i, name) in names.iter().enumerate() {
            let found = self
                .folders
                .iter()
                .find(|(_, f)| f.parent_id == parent && f.name == *name);
            match found {
                Some((_, f)) => parent = Some(f.id),
                None => return Ok((parent, names[i..].iter().map(|n| (*n).to_owned()).collect())),
            }
        }
        Err(Error::exists(format!("there is already a folder »{path}«")))
    }
}

/// Errors: Invalid, with the reason.
pub fn check_name(name: &str) -> Result<()> {
    let bad = |why: &str| {
        Err(Error::invalid(format!(
            "»{}« cannot be a folder's name: {why}",
            crate::base::text::one_line(name)
        )))
    };
    if name.trim().is_empty() {
        return bad("it is empty");
    }
    if name.len() > MAX_NAME_BYTES {
        return bad("it is longer than 255 bytes");
    }
    if name.contains(SEPARATOR) || name.chars().any(char::is_control) {
        return bad("it contains a slash or a control character");
    }
    Ok(())
}

fn normalize_inbox(path: &str) -> String {
    let (first, rest) = match path.split_once(SEPARATOR) {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    match (first.eq_ignore_ascii_case("INBOX"), rest) {
        (true, None) => "INBOX".to_owned(),
        (true, Some(rest)) => format!("INBOX{SEPARATOR}{rest}"),
        (false, _) => path.to_owned(),
    }
}
