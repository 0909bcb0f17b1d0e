//! `hauspost certificate ...`

use super::output::{print_done, print_json};
use super::{DataFolder, Form, with_store};
use crate::appliance::acme::{self, LETS_ENCRYPT, get_certificate, renew_at_ms};
use crate::base::clock::rfc3339;
use crate::base::network::name_server;
use crate::base::{Error, Kind, Result};
use crate::identity::Ctx;
use crate::model::certificate::{CertificateProgress, CertificateWish, Proof, ZoneKey};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The secret of the name server's key, which is not to be seen in a process list.
const SECRET: &str = "HAUSPOST_TSIG_SECRET";

#[derive(Subcommand)]
pub enum Certificate {
    /// How it is with the certificate of a public authority, and which records are waited for
    Show(Show),
    /// Get one from a public authority, and the next ones in time; a server has to run
    Request(Box<Request>),
    /// Get a new one now
    Renew(Renew),
    /// Go back to the certificate of the box's own authority
    Remove(Show),
}

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Renew {
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Wait {
    /// Seconds to wait until it has come, or records are to be set
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Way {
    /// The authority asks at port 80, plain
    Http,
    /// The authority shakes hands with port 443
    TlsAlpn,
    /// The authority looks for a TXT record
    Dns,
}

#[derive(Args)]
pub struct Request {
    /// A name that it is for, such as mail.example.org; may be repeated
    #[arg(long = "name", value_name = "NAME", required = true)]
    names: Vec<String>,
    /// How the authority is shown that the names are ours
    #[arg(long, value_enum, default_value_t = Way::Http)]
    proof: Way,
    /// Whom the authority may write to
    #[arg(long, value_name = "ADDRESS")]
    contact: Option<String>,
    /// The authority's directory
    #[arg(long, value_name = "URL", default_value = LETS_ENCRYPT)]
    authority: String,
    /// With --proof dns: a name server that takes changes (RFC 2136); the secret of its key, HMAC-SHA256 in base64, is
    /// read from HAUSPOST_TSIG_SECRET. Without it the records are shown, and waited for
    #[arg(long, value_name = "ADDR[:PORT]", requires_all = ["zone", "key_name"], value_parser = name_server)]
    name_server: Option<SocketAddr>,
    /// The zone in which the records lie
    #[arg(long, value_name = "ZONE", requires = "name_server")]
    zone: Option<String>,
    /// The name of the key
    #[arg(long, value_name = "NAME", requires = "name_server")]
    key_name: Option<String>,
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

impl Certificate {
    pub fn run(self) -> Result<()> {
        match self {
            Certificate::Show(c) => with_store(&c.data, async |ctx| show(&ctx, &c.form).await),
            Certificate::Request(c) => c.run(),
            Certificate::Renew(c) => with_store(&c.data, async |ctx| {
                acme::ask_now(&ctx).await?;
                wait(&ctx, &c.wait).await?;
                show(&ctx, &c.form).await
            }),
            Certificate::Remove(c) => with_store(&c.data, async |ctx| {
                acme::remove_wish(&ctx).await?;
                let text = "the certificate of the box's own authority is in use again";
                print_done(&c.form, &json!({}), text)
            }),
        }
    }
}

impl Request {
    fn run(self) -> Result<()> {
        let wish = CertificateWish {
            authority: self.authority,
            names: self.names,
            proof: match self.proof {
                Way::Http => Proof::Http,
                Way::TlsAlpn => Proof::TlsAlpn,
                Way::Dns => Proof::Dns,
            },
            contact: self.contact,
            zone_key: self.name_server.map(|server| ZoneKey {
                server,
                zone: self.zone.unwrap_or_default(),
                key_name: self.key_name.unwrap_or_default(),
                secret: std::env::var(SECRET).unwrap_or_default(),
            }),
        };
        with_store(&self.data, async |ctx| {
            acme::put_wish(&ctx, wish).await?;
            wait(&ctx, &self.wait).await?;
            show(&ctx, &self.form).await
        })
    }
}

/// Until it has come or somebody has to do something. Errors: Unavailable, with what the authority said, or when it takes longer;
/// Busy, when the authority wants to be asked later.
async fn wait(ctx: &Ctx, wait: &Wait) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(wait.wait);
    if wait.wait == 0 {
        return Ok(());
    }
    loop {
        let all = get_certificate(ctx).await?;
        let now = all.progress;
        if let (false, Some(e)) = (now.is_asked_for, now.last_error) {
            return Err(Error::new(Kind::Unavailable, e));
        }
        let is_by_hand = all.wish.is_some_and(|w| w.zone_key.is_none());
        let waits_for_us = now.order.is_some() && is_by_hand;
        if waits_for_us || !now.is_asked_for {
            return Ok(());
        }
        if let Some(at_ms) = now.next_try_at_ms.filter(|t| *t > ctx.now_ms()) {
            return Err(Error::busy(format!(
                "the authority wants to be asked again from {} on; that is done by itself then",
                rfc3339(at_ms)
            )));
        }
        if Instant::now() > until {
            return Err(Error::unavailable(
                "it has not come yet; is the server running? See: hauspost certificate show",
            ));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn show(ctx: &Ctx, form: &Form) -> Result<()> {
    let all = get_certificate(ctx).await?;
    if form.json {
        return print_json(&json!({
            "wish": all.wish, "progress": all.progress, "public": all.public,
            "renewsAtMs": all.public.as_ref().map(renew_at_ms),
        }));
    }
    match &all.public {
        Some(facts) => println!(
            "{}: from {}, lasts until {}, renewed from {}",
            facts.names.join(", "),
            facts.issuer,
            rfc3339(facts.not_after_ms),
            rfc3339(renew_at_ms(facts))
        ),
        None => println!("There is no certificate of a public authority."),
    }
    show_progress(&all.progress);
    Ok(())
}

fn show_progress(progress: &CertificateProgress) {
    if let Some(order) = &progress.order {
        println!("Please set these TXT records; they are looked for by themselves:");
        for record in &order.records {
            println!("  {}. TXT \"{}\"", record.name, record.value);
        }
    } else if progress.is_asked_for {
        println!("One is asked for; a running server gets it.");
    }
    if let Some(e) = &progress.last_error {
        println!("The last try failed: {e}");
    }
    if let Some(at_ms) = progress.next_try_at_ms {
        println!("It is tried again at {}.", rfc3339(at_ms));
    }
}
