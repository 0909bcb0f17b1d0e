//! Handing a message to another server, over lettre's connection, with an answer for each recipient.
//!
//! lettre's own transport gives one answer for all recipients; with several of them some may be taken
//! and others refused, so the dialogue is led here, command by command.

use super::route::{Hop, Protection};
use crate::base::Patience;
use crate::base::text::{cut, one_line};
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Answers that a dialogue may take the whole time for: a server may scan a message before the last one.
const SLOW_ANSWERS: u32 = 5;

/// How it went for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next server has it.
    Taken(String),
    /// May work later.
    Later(String),
    /// Will not work.
    Refused(String),
}

/// Why there was no dialogue at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answers there.
    Connect(String),
    Tls(String),
    /// Name or password is wrong, or the server offers no login that we know.
    Login(String),
    /// The server said something else than SMTP, or not now.
    Protocol(String),
}

impl Trouble {
    pub fn text(&self) -> &str {
        match self {
            Trouble::Connect(t) | Trouble::Tls(t) | Trouble::Login(t) | Trouble::Protocol(t) => t,
        }
    }
}

pub struct Letter<'a> {
    pub sender: &'a str,
    pub recipients: &'a [String],
    pub raw: &'a [u8],
}

/// How we present ourselves and whom we trust.
pub struct Client<'a> {
    pub host_name: &'a str,
    pub extra_ca_pem: Option<&'a [u8]>,
    pub patience: Patience,
}

impl Client<'_> {
    /// Connects, with TLS and login as the hop wants it.
    pub async fn connect(&self, hop: &Hop) -> Result<AsyncSmtpConnection, Trouble> {
        // Greeting, STARTTLS and login together. lettre waits for them without an end, and a server that falls
        // silent there would hold its turn in the queue for good.
        tokio::time::timeout(self.patience.answer, self.sign_in(hop))
            .await
            .unwrap_or_else(|_| {
                Err(Trouble::Connect(format!(
                    "{} ({}) falls silent",
                    hop.host, hop.address
                )))
            })
    }

    async fn sign_in(&self, hop: &Hop) -> Result<AsyncSmtpConnection, Trouble> {
        let hello = ClientId::Domain(self.host_name.to_owned());
        let tls = self.tls(hop)?;
        let wrap = if hop.protection == Protection::Tls {
            tls.clone()
        } else {
            None
        };
        let connected =
            AsyncSmtpConnection::connect_tokio1(hop.address, Some(CONNECT_TIMEOUT), &hello, wrap, None);
        let mut conn = tokio::time::timeout(CONNECT_TIMEOUT, connected)
            .await
            .map_err(|_| Trouble::Connect(format!("{} ({}) does not answer", hop.host, hop.address)))?
            .map_err(|e| trouble(hop, &e))?;
        let wants_tls = matches!(hop.protection, Protection::Starttls | Protection::Opportunistic);
        if let Some(tls) = tls.filter(|_| wants_tls) {
            if conn.can_starttls() {
                let begun = conn.starttls(tls, &hello).await;
                begun.map_err(|e| tls_trouble(hop, &e))?;
            } else if hop.protection == Protection::Starttls {
                return Err(Trouble::Tls(format!("{} does not offer STARTTLS", hop.host)));
            }
        }
        if let Some((user, password)) = &hop.login {
            let credentials = Credentials::new(user.clone(), password.clone());
            conn.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await
                .map_err(|e| login_trouble(hop, &e))?;
        }
        Ok(conn)
    }

    /// Hands a letter over. One outcome for each recipient, in their order.
    pub async fn send(&self, hop: &Hop, letter: &Letter<'_>) -> Result<Vec<Outcome>, Trouble> {
        let mut conn = self.connect(hop).await?;
        let sending = self.patience.on_the_way(letter.raw.len() as u64);
        let longest = self.patience.answer * SLOW_ANSWERS + sending;
        let dialogue = tokio::time::timeout(longest, talk(&mut conn, letter)).await;
        let outcomes = match dialogue {
            Ok(Ok(outcomes)) => outcomes,
            // The answer to the whole message may be what was lost: to try again is right, the letter may come twice.
            Ok(Err(e)) => vec![Outcome::Later(one_line(&e.to_string())); letter.recipients.len()],
            Err(_) => vec![Outcome::Later(format!("{} is too slow", hop.host)); letter.recipients.len()],
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), conn.quit()).await;
        Ok(outcomes)
    }

    fn tls(&self, hop: &Hop) -> Result<Option<TlsParameters>, Trouble> {
        if hop.protection == Protection::Plain {
            return Ok(None);
        }
        let bad = |e: lettre::transport::smtp::Error| Trouble::Tls(format!("TLS cannot be set up: {e}"));
        let mut builder = TlsParameters::builder(hop.host.clone());
        if hop.protection == Protection::Opportunistic {
            builder = builder
                .dangerous_accept_invalid_certs(true)
                .dangerous_accept_invalid_hostnames(true);
        }
        if let Some(pem) = self.extra_ca_pem {
            builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(bad)?);
        }
        builder.build().map(Some).map_err(bad)
    }
}

async fn talk(
    conn: &mut AsyncSmtpConnection,
    letter: &Letter<'_>,
) -> Result<Vec<Outcome>, lettre::transport::smtp::Error> {
    let address = |a: &str| a.parse::<Address>();
    let count = letter.recipients.len();
    let sender = match (letter.sender, address(letter.sender)) {
        ("", _) => None,
        (_, Ok(a)) => Some(a),
        (_, Err(e)) => {
            return Ok(vec![
                Outcome::Refused(format!(
                    "the sender's address is not one: {e}"
                ));
                count
            ]);
        }
    };
    let info = conn.server_info();
    let mut parameters = Vec::new();
    if info.supports_feature(Extension::EightBitMime) && !letter.raw.is_ascii() {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let is_international = !letter.sender.is_ascii() || letter.recipients.iter().any(|r| !r.is_ascii());
    if is_international {
        if !info.supports_feature(Extension::SmtpUtfEight) {
            return Ok(vec![
                Outcome::Refused(
                    "550 5.6.7 the next server takes no international addresses".into()
                );
                count
            ]);
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let answer = said(conn.command(Mail::new(sender, parameters)).await)?;
    if !matches!(answer, Outcome::Taken(_)) {
        return Ok(vec![answer; count]);
    }
    let mut outcomes = Vec::with_capacity(count);
    for recipient in letter.recipients {
        outcomes.push(match address(recipient) {
            Ok(a) => said(conn.command(Rcpt::new(a, vec![])).await)?,
            Err(e) => Outcome::Refused(format!("553 5.1.3 the address is not one: {e}")),
        });
    }
    if !outcomes.iter().any(|o| matches!(o, Outcome::Taken(_))) {
        return Ok(outcomes);
    }
    let mut answer = said(conn.command(Data).await)?;
    if matches!(answer, Outcome::Taken(_)) {
        answer = said(conn.message(letter.raw).await)?;
    }
    for outcome in outcomes.iter_mut().filter(|o| matches!(o, Outcome::Taken(_))) {
        *outcome = answer.clone();
    }
    Ok(outcomes)
}

/// An answer with a code is one, whatever it says; only a broken connection is an error.
fn said(
    answer: Result<Response, lettre::transport::smtp::Error>,
) -> Result<Outcome, lettre::transport::smtp::Error> {
    match answer {
        Ok(r)
            if matches!(
                r.code().severity,
                Severity::PositiveCompletion | Severity::PositiveIntermediate
            ) =>
        {
            Ok(Outcome::Taken(text_of(&r)))
        }
        Ok(r) if r.code().severity == Severity::TransientNegativeCompletion => {
            Ok(Outcome::Later(text_of(&r)))
        }
        Ok(r) => Ok(Outcome::Refused(text_of(&r))),
        Err(e) if e.is_permanent() => Ok(Outcome::Refused(short(&e))),
        Err(e) if e.is_transient() => Ok(Outcome::Later(short(&e))),
        Err(e) => Err(e),
    }
}

fn text_of(r: &Response) -> String {
    let lines: Vec<&str> = r.message().collect();
    one_line(cut(&format!("{} {}", r.code(), lines.join(" ")), 500))
}

/// lettre puts the kind before the code in parentheses and the text behind: `permanent error (550): 5.1.1 ...`.
fn short(e: &lettre::transport::smtp::Error) -> String {
    let text = e.to_string();
    let said = text.split_once("): ").map_or(text.as_str(), |(_, said)| said);
    match e.status() {
        Some(code) => one_line(cut(&format!("{code} {said}"), 500)),
        None => one_line(cut(&text, 500)),
    }
}

fn trouble(hop: &Hop, e: &lettre::transport::smtp::Error) -> Trouble {
    let at = format!("{} ({})", hop.host, hop.address);
    if e.is_tls() || e.to_string().contains("certificate") {
        Trouble::Tls(format!("no safe connection to {at}: {}", short(e)))
    } else if e.status().is_some() {
        Trouble::Protocol(format!("{at} said: {}", short(e)))
    } else {
        Trouble::Connect(format!("no connection to {at}: {}", short(e)))
    }
}

/// Whatever goes wrong from STARTTLS on.
fn tls_trouble(hop: &Hop, e: &lettre::transport::smtp::Error) -> Trouble {
    Trouble::Tls(format!(
        "no safe connection to {} ({}): {}",
        hop.host,
        hop.address,
        short(e)
    ))
}

fn login_trouble(hop: &Hop, e: &lettre::transport::smtp::Error) -> Trouble {
    match e.status() {
        Some(_) if e.is_transient() => Trouble::Protocol(format!("{} said: {}", hop.host, short(e))),
        _ => Trouble::Login(format!("{} does not accept the login: {}", hop.host, short(e))),
    }
}
