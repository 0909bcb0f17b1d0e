//! AUTH PLAIN and LOGIN (RFC 4954, RFC 4616).

use super::lines::{Line, Lines};
use crate::base::Result;
use crate::identity::{Doorkeeper, Stay, Via};
use crate::model::Account;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN};
use std::net::IpAddr;
use std::sync::Arc;

/// Leads the exchange. Ok(Err(reply)): it failed.
pub async fn authenticate(
    doorkeeper: &Doorkeeper,
    lines: &mut Lines,
    peer: IpAddr,
    mechanism: u64,
    initial: &str,
) -> Result<std::result::Result<(Arc<Account>, Stay), String>> {
    let given = match mechanism {
        AUTH_PLAIN => plain(lines, initial).await?,
        AUTH_LOGIN => login(lines, initial).await?,
        _ => return Ok(Err("504 5.5.4 this server knows AUTH PLAIN and LOGIN".into())),
    };
    let Some((name, password)) = given else {
        return Ok(Err("501 5.5.2 this cannot be decoded".into()));
    };
    let via = Via {
        peer,
        door: "submission",
        takes_app_passwords: true,
    };
    let signed_in = async {
        let account = doorkeeper.sign_in(&name, &password, via).await?;
        let stay = doorkeeper.stay(&account).await?;
        Ok((account, stay))
    };
    Ok(signed_in.await.map_err(|e| super::error::reply(&e)))
}

async fn plain(lines: &mut Lines, initial: &str) -> Result<Option<(String, String)>> {
    let answer = match initial {
        "" => ask(lines, "334 \r\n").await?,
        "=" => Some(Vec::new()),
        given => STANDARD.decode(given).ok(),
    };
    let text = answer.and_then(|a| String::from_utf8(a).ok());
    Ok(text.and_then(|t| {
        let mut fields = t.split('\0');
        let (acting_as, name, password) = (fields.next()?, fields.next()?, fields.next()?);
        // To act as somebody else is another right; only oneself can be named.
        let is_self = acting_as.is_empty() || acting_as.eq_ignore_ascii_case(name);
        (fields.next().is_none() && is_self).then(|| (name.to_owned(), password.to_owned()))
    }))
}

async fn login(lines: &mut Lines, initial: &str) -> Result<Option<(String, String)>> {
    let name = if initial.is_empty() {
        ask(lines, "334 VXNlcm5hbWU6\r\n").await?
    } else {
        STANDARD.decode(initial).ok()
    };
    let Some(name) = name.and_then(|n| String::from_utf8(n).ok()) else {
        return Ok(None);
    };
    let password = ask(lines, "334 UGFzc3dvcmQ6\r\n").await?;
    Ok(password
        .and_then(|p| String::from_utf8(p).ok())
        .map(|p| (name, p)))
}

/// None: the client gave up (`*`) or sent something else than base64.
async fn ask(lines: &mut Lines, question: &str) -> Result<Option<Vec<u8>>> {
    lines.write(question);
    lines.flush().await?;
    Ok(match lines.next_line().await? {
        Line::Text(text) => STANDARD.decode(text).ok(),
        Line::TooLong | Line::Malformed | Line::End => None,
    })
}
