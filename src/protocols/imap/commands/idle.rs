//! IDLE (RFC 2177, RFC 9051 §6.3.13): news as it happens. A waiting connection costs its socket and little more.

use super::Reply;
use crate::base::Error;
use crate::protocols::imap::error::{Lost, Stop};
use crate::protocols::imap::news::{self, After};
use crate::protocols::imap::session::Session;
use crate::protocols::imap::wire::AUTOLOGOUT;
use crate::sync::listen::settle;
use tokio::time::{Instant, timeout_at};

const MAX_DONE: usize = 1000;

pub async fn idle(s: &mut Session) -> Result<Reply, Stop> {
    s.wire.say("+ idling");
    news::tell(s, After::Look).await?;
    s.wire.flush().await?;
    if s.selected.is_some() {
        let (ctx, account) = s.me()?;
        settle(&ctx, account)?;
    }
    let until = Instant::now() + AUTOLOGOUT;
    loop {
        let has_input = match timeout_at(until, wait(s)).await {
            Ok(came) => came?,
            Err(_) => {
                s.wire.say("* BYE [UNAVAILABLE] 30 minutes have passed");
                return Err(Lost(Error::unavailable("idle for too long")).into());
            }
        };
        if has_input {
            break;
        }
        news::tell(s, After::Look).await?;
        s.wire.flush().await?;
    }
    s.wire.begin();
    match s.wire.line(MAX_DONE).await? {
        Some(Ok(line)) if line.eq_ignore_ascii_case(b"DONE") => Reply::ok("done"),
        Some(_) => Err(Stop::Bad("expected DONE")),
        None => Err(Lost(Error::unavailable("the other side has hung up")).into()),
    }
}

/// True: the client has said something, or has hung up. False: there are news.
async fn wait(s: &mut Session) -> Result<bool, Lost> {
    if s.wire.has_input() {
        return Ok(true);
    }
    let Some(selected) = &mut s.selected else {
        return s.wire.fill().await.map(|_| true);
    };
    tokio::select! {
        filled = s.wire.fill() => filled.map(|_| true),
        () = selected.listener.hear(selected.folder, selected.modseq) => Ok(false),
    }
}
