//! What a caller was granted: the page everything, a program what its token says.

use super::error::GraphError;
use crate::identity::tokens::{AccessClaims, GRAPH_AUDIENCE};
use crate::protocols::http::Credential;
use actix_web::http::StatusCode;

/// What an operation needs. Permissions are Microsoft's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// What is inside is looked at by itself.
    Nothing,
    UserRead,
    MailRead,
    MailWrite,
    MailSend,
}

impl Right {
    /// Any of these gives it.
    fn scopes(self) -> &'static [&'static str] {
        match self {
            Right::Nothing => &[],
            Right::UserRead => &[
                "User.Read",
                "User.ReadWrite",
                "User.Read.All",
                "User.ReadWrite.All",
                "User.ReadBasic.All",
                "Directory.Read.All",
                "profile",
            ],
            Right::MailRead => &[
                "Mail.Read",
                "Mail.ReadWrite",
                "Mail.Read.Shared",
                "Mail.ReadWrite.Shared",
            ],
            Right::MailWrite => &["Mail.ReadWrite", "Mail.ReadWrite.Shared"],
            Right::MailSend => &["Mail.Send", "Mail.Send.Shared"],
        }
    }
}

/// What was granted.
#[derive(Clone, Debug)]
pub enum Granted {
    /// The page of this server, for the person who has signed in there.
    Everything,
    Scopes(Vec<String>),
}

impl Granted {
    /// Errors: 401 for a token that was issued for something else.
    pub fn by(credential: &Credential) -> Result<Granted, GraphError> {
        match credential {
            Credential::Cookie => Ok(Granted::Everything),
            Credential::Token(claims) => of_token(claims),
        }
    }

    /// Errors: 403 that names the permission.
    pub fn require(&self, right: Right) -> Result<(), GraphError> {
        let is_there = match self {
            Granted::Everything => true,
            Granted::Scopes(_) if right == Right::Nothing => true,
            Granted::Scopes(scopes) => right
                .scopes()
                .iter()
                .any(|s| scopes.iter().any(|g| g.eq_ignore_ascii_case(s))),
        };
        if is_there {
            return Ok(());
        }
        Err(GraphError::new(
            StatusCode::FORBIDDEN,
            "ErrorAccessDenied",
            format!(
                "Access is denied: the token lacks the permission {}.",
                right.scopes().first().copied().unwrap_or_default()
            ),
        ))
    }
}

fn of_token(claims: &AccessClaims) -> Result<Granted, GraphError> {
    if claims.aud != GRAPH_AUDIENCE {
        return Err(GraphError::new(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationToken",
            "the access token is for another service",
        ));
    }
    let scopes = claims.scp.split_ascii_whitespace().map(str::to_owned);
    Ok(Granted::Scopes(scopes.collect()))
}
