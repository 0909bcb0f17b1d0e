//! CREATE, with a special use (RFC 9051 §6.3.4, RFC 6154 §3).

use super::Reply;
use crate::base::Kind;
use crate::mail::{create_folder, list_folders};
use crate::protocols::imap::error::{Stop, plain_text};
use crate::protocols::imap::session::Session;
use crate::protocols::imap::view::role_of_special_use;

pub async fn create(s: &mut Session, mailbox: String, special_use: Vec<String>) -> Result<Reply, Stop> {
    let (ctx, account) = s.me()?;
    let role = match &special_use[..] {
        [] => None,
        [word] => match role_of_special_use(word) {
            Some(role) => Some(role),
            None => return Reply::no(format!("[USEATTR] there is no special use {word} here")),
        },
        _ => return Reply::no("[USEATTR] a folder can have one special use"),
    };
    match create_folder(&ctx, account, &mailbox, role).await {
        Ok(_) => Reply::ok("created"),
        Err(e) if e.kind() == Kind::Exists && role.is_some() => {
            let is_there = list_folders(&ctx, account).await?.find(&mailbox).is_some();
            match is_there {
                true => Err(e.into()),
                false => Reply::no(format!("[USEATTR] {}", plain_text(e.message()))),
            }
        }
        Err(e) => Err(e.into()),
    }
}
