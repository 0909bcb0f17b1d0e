//! Trying a provider's servers with somebody's login: for the wizard and the settings.

use super::smtp_client::Trouble;
use super::{PostRoom, collect};
use crate::base::Kind;
use crate::model::collect::{CollectProtocol, CollectServer};
use crate::model::outbound::Smarthost;

/// What was wrong, in the order in which things are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// There is no such host.
    Name(String),
    Connect(String),
    Tls(String),
    Login(String),
    Protocol(String),
}

impl Finding {
    /// One word for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Finding::Name(_) => "name",
            Finding::Connect(_) => "connect",
            Finding::Tls(_) => "tls",
            Finding::Login(_) => "login",
            Finding::Protocol(_) => "protocol",
        }
    }

    pub fn detail(&self) -> &str {
        match self {
            Finding::Name(t)
            | Finding::Connect(t)
            | Finding::Tls(t)
            | Finding::Login(t)
            | Finding::Protocol(t) => t,
        }
    }
}

impl From<Finding> for crate::base::Error {
    fn from(finding: Finding) -> Self {
        use crate::base::Error;
        match finding {
            Finding::Name(t) => Error::not_found(t),
            Finding::Login(t) => Error::not_authenticated(t),
            Finding::Connect(t) | Finding::Tls(t) | Finding::Protocol(t) => Error::unavailable(t),
        }
    }
}

impl From<Trouble> for Finding {
    fn from(t: Trouble) -> Self {
        match t {
            Trouble::Connect(t) => Finding::Connect(t),
            Trouble::Tls(t) => Finding::Tls(t),
            Trouble::Login(t) => Finding::Login(t),
            Trouble::Protocol(t) => Finding::Protocol(t),
        }
    }
}

impl From<crate::base::Error> for Finding {
    fn from(e: crate::base::Error) -> Self {
        match e.kind() {
            Kind::NotFound => Finding::Name(e.message().to_owned()),
            Kind::NotAuthenticated | Kind::Forbidden => Finding::Login(e.message().to_owned()),
            Kind::Unavailable | Kind::Busy => Finding::Connect(e.message().to_owned()),
            _ => Finding::Protocol(e.message().to_owned()),
        }
    }
}

/// Connects and logs in as for sending; sends nothing. Returns what the server is.
pub async fn probe_smarthost(room: &PostRoom, smarthost: &Smarthost) -> Result<String, Finding> {
    let hops = room.smarthost_hops(smarthost).await?;
    let client = room.smtp_client();
    let mut last = Finding::Name(format!("{} has no address", smarthost.host));
    for hop in hops {
        match client.connect(&hop).await {
            Ok(mut connection) => {
                let name = connection.server_info().name().to_owned();
                let _ = tokio::time::timeout(room.options.patience.answer, connection.quit()).await;
                return Ok(name);
            }
            Err(trouble) => last = trouble.into(),
        }
    }
    Err(last)
}

/// Connects and logs in as for collecting; changes nothing there. Returns what is waiting.
pub async fn probe_collect(room: &PostRoom, server: &CollectServer) -> Result<String, Finding> {
    let count = match server.protocol {
        CollectProtocol::Imap => {
            let mut session = collect::imap::sign_in(room, server).await?;
            let mailbox = session
                .examine("INBOX")
                .await
                .map_err(|e| Finding::Protocol(e.to_string()))?;
            let _ = session.logout().await;
            mailbox.exists as usize
        }
        CollectProtocol::Pop3 => {
            let mut session = collect::pop3::Session::sign_in(room, server).await?;
            let count = session.unique_ids().await?.len();
            session.quit().await?;
            count
        }
    };
    Ok(format!("{count} messages"))
}
