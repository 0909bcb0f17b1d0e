//! LOGIN and AUTHENTICATE PLAIN, LOGIN (RFC 9051 §6.2.2, §6.2.3, RFC 4616, RFC 4959).

use super::Reply;
use crate::identity::Via;
use crate::protocols::imap::error::{Lost, Stop};
use crate::protocols::imap::session::Session;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const MAX_RESPONSE: usize = 12 << 10;
const PRIVACY: &str = "[PRIVACYREQUIRED] say STARTTLS first: passwords travel protected only";

pub async fn login(s: &mut Session, user: String, password: String) -> Result<Reply, Stop> {
    if !s.may_sign_in() {
        return Reply::no(PRIVACY);
    }
    let via = Via {
        peer: s.peer.ip(),
        door: "imap",
        takes_app_passwords: true,
    };
    let account = s.house.doorkeeper.sign_in(&user, &password, via).await?;
    s.sign_in(account).await?;
    Reply::ok(format!("[CAPABILITY {}] welcome", s.capabilities()))
}

pub async fn authenticate(
    s: &mut Session,
    mechanism: String,
    initial: Option<Vec<u8>>,
) -> Result<Reply, Stop> {
    if !s.may_sign_in() {
        return Reply::no(PRIVACY);
    }
    let given = match &mechanism[..] {
        "PLAIN" => plain(s, initial).await?,
        "LOGIN" => by_parts(s, initial).await?,
        _ => return Reply::no("[CANNOT] this server knows AUTHENTICATE PLAIN and LOGIN"),
    };
    match given {
        Some((user, password)) => login(s, user, password).await,
        None => Err(Stop::Bad("this is no answer to that")),
    }
}

async fn plain(s: &mut Session, initial: Option<Vec<u8>>) -> Result<Option<(String, String)>, Stop> {
    let answer = match initial {
        Some(given) => Some(given),
        None => ask(s, "+ ").await?,
    };
    let text = answer.and_then(|a| String::from_utf8(a).ok());
    Ok(text.and_then(|text| {
        let mut fields = text.split('\0');
        let (acting_as, name, password) = (fields.next()?, fields.next()?, fields.next()?);
        // To act as somebody else is another right; only oneself can be named.
        let is_self = acting_as.is_empty() || acting_as.eq_ignore_ascii_case(name);
        (fields.next().is_none() && is_self).then(|| (name.to_owned(), password.to_owned()))
    }))
}

async fn by_parts(s: &mut Session, initial: Option<Vec<u8>>) -> Result<Option<(String, String)>, Stop> {
    let name = match initial {
        Some(given) => Some(given),
        None => ask(s, "+ VXNlcm5hbWU6").await?,
    };
    let Some(name) = name.and_then(|n| String::from_utf8(n).ok()) else {
        return Ok(None);
    };
    let password = ask(s, "+ UGFzc3dvcmQ6").await?;
    Ok(password
        .and_then(|p| String::from_utf8(p).ok())
        .map(|p| (name, p)))
}

/// None: the client gave up (`*`) or sent something else than base64.
async fn ask(s: &mut Session, challenge: &str) -> Result<Option<Vec<u8>>, Stop> {
    s.wire.say(challenge);
    match s.wire.line(MAX_RESPONSE).await? {
        Some(Ok(line)) => Ok(STANDARD.decode(line).ok()),
        Some(Err(())) => Ok(None),
        None => Err(Lost(crate::base::Error::unavailable("the other side has hung up")).into()),
    }
}
