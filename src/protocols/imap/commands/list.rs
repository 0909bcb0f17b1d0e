//! LIST and LSUB (RFC 9051 §6.3.9, RFC 3501 §6.3.9, RFC 5258, RFC 5819, RFC 6154).

use super::Reply;
use super::list_match::matches;
use super::status::say_status;
use crate::formats::imap::command::List;
use crate::formats::imap::print::list::push_mailbox;
use crate::mail::{FolderTree, list_folders};
use crate::model::Folder;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;
use crate::protocols::imap::view::special_use;
use std::collections::BTreeSet;

pub async fn list(s: &mut Session, list: List) -> Result<Reply, Stop> {
    if list.patterns.iter().all(String::is_empty) && !list.is_extended {
        // RFC 9051 §6.3.9: an empty name asks for the separator.
        s.wire.say("* LIST (\\Noselect) \"/\" \"\"");
        return Reply::ok("done");
    }
    let (ctx, account) = s.me()?;
    let tree = list_folders(&ctx, account).await?;
    for (path, folder) in tree.iter() {
        if !list
            .patterns
            .iter()
            .any(|p| matches(&full(&list.reference, p), path))
        {
            continue;
        }
        let is_chosen = (!list.select_subscribed || folder.is_subscribed)
            && (!list.select_special_use || folder.role.and_then(special_use).is_some());
        let child_info = list.select_recursive_match
            && list.select_subscribed
            && subscribed_below(&tree, folder).next().is_some();
        if !is_chosen && !child_info {
            continue;
        }
        let attributes = attributes(&tree, folder, list.select_subscribed || list.return_subscribed);
        push_line(s, "LIST", &attributes, path, child_info);
        if !list.return_status.is_empty() && is_chosen {
            say_status(s, path, folder, &list.return_status).await?;
        }
        s.wire.flush_if_full().await?;
    }
    Reply::ok("done")
}

pub async fn lsub(s: &mut Session, reference: String, pattern: String) -> Result<Reply, Stop> {
    let (ctx, account) = s.me()?;
    let tree = list_folders(&ctx, account).await?;
    let pattern = full(&reference, &pattern);
    let mut above = BTreeSet::new();
    for (path, folder) in tree.iter().filter(|(_, f)| f.is_subscribed) {
        if matches(&pattern, path) {
            let attributes = attributes(&tree, folder, false);
            push_line(s, "LSUB", &attributes, path, false);
        } else if pattern.ends_with('%') {
            // RFC 3501 §6.3.9: a subscribed folder further down shows as its parent that the pattern fits.
            let mut ends = path.match_indices('/').map(|(i, _)| &path[..i]);
            above.extend(ends.rfind(|p| matches(&pattern, p)).map(str::to_owned));
        }
    }
    for path in above {
        if tree.find(&path).is_none_or(|f| !f.is_subscribed) {
            push_line(s, "LSUB", "\\Noselect", &path, false);
        }
    }
    Reply::ok("done")
}

/// The reference is put before the pattern as it is (RFC 9051 §6.3.9.5 leaves that to the server).
fn full(reference: &str, pattern: &str) -> String {
    let whole = format!("{reference}{pattern}");
    let is_inbox = whole.get(..5).is_some_and(|n| n.eq_ignore_ascii_case("INBOX"));
    match whole.get(5..) {
        Some(rest) if is_inbox && (rest.is_empty() || rest.starts_with('/')) => format!("INBOX{rest}"),
        _ => whole,
    }
}

fn subscribed_below<'t>(tree: &'t FolderTree, folder: &'t Folder) -> impl Iterator<Item = &'t Folder> {
    let path = tree
        .by_id(folder.id)
        .map_or(String::new(), |(path, _)| format!("{path}/"));
    tree.iter()
        .filter(move |(p, f)| f.is_subscribed && p.starts_with(&path))
        .map(|(_, f)| f)
}

fn attributes(tree: &FolderTree, folder: &Folder, with_subscribed: bool) -> String {
    let mut out = match tree.has_children(folder.id) {
        true => "\\HasChildren".to_owned(),
        false => "\\HasNoChildren".to_owned(),
    };
    if with_subscribed && folder.is_subscribed {
        out.push_str(" \\Subscribed");
    }
    if let Some(word) = folder.role.and_then(special_use) {
        out.push(' ');
        out.push_str(word);
    }
    out
}

fn push_line(s: &mut Session, name: &str, attributes: &str, path: &str, child_info: bool) {
    let out = &mut s.wire.out;
    out.extend_from_slice(format!("* {name} ({attributes}) \"/\" ").as_bytes());
    push_mailbox(out, path, s.names);
    // RFC 5258 §3.5.
    out.extend_from_slice(if child_info {
        b" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
    } else {
        b"\r\n"
    });
}
