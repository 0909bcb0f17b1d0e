//! GETQUOTA and GETQUOTAROOT (RFC 9208): one root, the account.

use super::Reply;
use super::delete::no_such_folder;
use crate::base::Error;
use crate::formats::imap::print::list::push_mailbox;
use crate::mail::list_folders;
use crate::mail::quota::get_usage;
use crate::protocols::imap::error::Stop;
use crate::protocols::imap::session::Session;

pub async fn get_quota(s: &mut Session, root: String) -> Result<Reply, Stop> {
    if !root.is_empty() {
        return Err(Error::not_found("there is no such quota root").into());
    }
    say_quota(s).await?;
    Reply::ok("done")
}

pub async fn get_quota_root(s: &mut Session, mailbox: String) -> Result<Reply, Stop> {
    let (ctx, account) = s.me()?;
    if list_folders(&ctx, account).await?.find(&mailbox).is_none() {
        return Err(no_such_folder().into());
    }
    let out = &mut s.wire.out;
    out.extend_from_slice(b"* QUOTAROOT ");
    push_mailbox(out, &mailbox, s.names);
    out.extend_from_slice(b" \"\"\r\n");
    say_quota(s).await?;
    Reply::ok("done")
}

/// STORAGE counts units of 1024 octets (RFC 9208 §5.1).
async fn say_quota(s: &mut Session) -> Result<(), Stop> {
    let (ctx, account) = s.me()?;
    let usage = get_usage(&ctx, account).await?;
    let kib = |bytes: i64| (bytes.max(0) as u64).div_ceil(1024);
    match usage.limit_bytes {
        Some(limit) => {
            let line = format!("* QUOTA \"\" (STORAGE {} {})", kib(usage.used_bytes), kib(limit));
            s.wire.say(&line);
        }
        None => s.wire.say("* QUOTA \"\" ()"),
    }
    Ok(())
}
