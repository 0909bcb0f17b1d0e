//! What a caller was granted: the page everything, a program what its token says.

use super::error::GraphError;
use crate::identity::clients::Client;
use crate::identity::tokens::{AccessClaims, GRAPH_AUDIENCE};
use crate::model::access::AccessLevel;
use crate::protocols::http::Credential;
use actix_web::http::StatusCode;

/// What an operation needs. Permissions are Microsoft's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// What is inside is looked at by itself.
    Nothing,
    UserRead,
    /// Who the others are.
    UsersRead,
    UserWrite,
    MailRead,
    MailWrite,
    MailSend,
    SettingsRead,
    SettingsWrite,
    CalendarRead,
    CalendarWrite,
    ContactsRead,
    ContactsWrite,
    TasksRead,
    TasksWrite,
    PlacesRead,
}

impl Right {
    /// Any of these gives it.
    pub fn scopes(self) -> &'static [&'static str] {
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
            Right::UsersRead => &[
                "User.ReadBasic.All",
                "User.Read.All",
                "User.ReadWrite.All",
                "Directory.Read.All",
                "People.Read",
                "GroupMember.Read.All",
                "Group.Read.All",
            ],
            Right::UserWrite => &["User.ReadWrite", "User.ReadWrite.All"],
            Right::SettingsRead => &["MailboxSettings.Read", "MailboxSettings.ReadWrite"],
            Right::SettingsWrite => &["MailboxSettings.ReadWrite"],
            Right::MailRead => &[
                "Mail.Read",
                "Mail.ReadWrite",
                "Mail.Read.Shared",
                "Mail.ReadWrite.Shared",
            ],
            Right::MailWrite => &["Mail.ReadWrite", "Mail.ReadWrite.Shared"],
            Right::MailSend => &["Mail.Send", "Mail.Send.Shared"],
            Right::CalendarRead => &[
                "Calendars.Read",
                "Calendars.ReadWrite",
                "Calendars.Read.Shared",
                "Calendars.ReadWrite.Shared",
            ],
            Right::CalendarWrite => &["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"],
            Right::ContactsRead => &[
                "Contacts.Read",
                "Contacts.ReadWrite",
                "Contacts.Read.Shared",
                "Contacts.ReadWrite.Shared",
            ],
            Right::ContactsWrite => &["Contacts.ReadWrite", "Contacts.ReadWrite.Shared"],
            // Microsoft's names with .All are those of programs by themselves.
            Right::TasksRead => &[
                "Tasks.Read",
                "Tasks.ReadWrite",
                "Tasks.Read.Shared",
                "Tasks.ReadWrite.Shared",
                "Tasks.Read.All",
                "Tasks.ReadWrite.All",
            ],
            Right::TasksWrite => &["Tasks.ReadWrite", "Tasks.ReadWrite.Shared", "Tasks.ReadWrite.All"],
            Right::PlacesRead => &["Place.Read.All", "Place.ReadWrite.All"],
        }
    }
}

impl Right {
    /// Errors: ErrorAccessDenied, when somebody who was let into the mailbox may not do this there.
    pub fn require_access(self, level: AccessLevel) -> Result<(), GraphError> {
        let needed = match self {
            Right::Nothing
            | Right::UserRead
            | Right::UsersRead
            | Right::MailRead
            | Right::SettingsRead
            | Right::CalendarRead
            | Right::ContactsRead
            | Right::TasksRead
            | Right::PlacesRead => AccessLevel::Read,
            Right::MailWrite | Right::CalendarWrite | Right::ContactsWrite | Right::TasksWrite => {
                AccessLevel::Edit
            }
            Right::MailSend | Right::SettingsWrite | Right::UserWrite => AccessLevel::Full,
        };
        if level >= needed {
            return Ok(());
        }
        Err(GraphError::new(
            StatusCode::FORBIDDEN,
            "ErrorAccessDenied",
            format!(
                "Access is denied: in this mailbox you have the access »{}«, and this needs »{}«.",
                level.as_str(),
                needed.as_str()
            ),
        ))
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

    /// What the token says and the registration still allows. Errors: 401 for a token for something else.
    pub fn by_program(client: &Client, claims: &AccessClaims) -> Result<Granted, GraphError> {
        of_token(claims)?;
        let mut roles = claims.roles.clone();
        roles.retain(|r| client.app_permissions.contains(r));
        Ok(Granted::Scopes(roles))
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
