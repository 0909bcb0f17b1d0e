//! `/hauspost.mobileconfig`: a profile that sets up mail, calendars and contacts on iPhone, iPad and Mac, with the box's own authority when it
//! has one, so that the telephone trusts it. Source: Apple's Device Management, com.apple.mail.managed,
//! com.apple.caldav.account, com.apple.carddav.account and com.apple.security.root.

use super::refused;
use crate::base::{Error, Result};
use crate::protocols::http::HouseData;
use crate::protocols::http::base_path;
use crate::protocols::servers::{Server, Servers};
use actix_web::{HttpRequest, HttpResponse, web::Query};
use plist::{Dictionary, Value};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Asked {
    emailaddress: Option<String>,
}

pub async fn answer(house: HouseData, request: HttpRequest, asked: Query<Asked>) -> HttpResponse {
    let made = async {
        let address = asked
            .emailaddress
            .as_deref()
            .filter(|a| !a.is_empty())
            .ok_or_else(|| Error::invalid("say whose profile: ?emailaddress=anna@example.org"))?;
        let servers = Servers::find(&house, &request, Some(address)).await?;
        print(&servers, address, house.tls.authority_pem())
    };
    match made.await {
        Ok(body) => HttpResponse::Ok()
            .content_type("application/x-apple-aspen-config")
            .insert_header((
                "Content-Disposition",
                "attachment; filename=\"hauspost.mobileconfig\"",
            ))
            .insert_header(("Cache-Control", "no-store"))
            .body(body),
        Err(e) => refused(&e),
    }
}

/// `authority_pem`: the box's own certificate authority, where its certificate is signed by it.
fn print(servers: &Servers, address: &str, authority_pem: Option<&[u8]>) -> Result<Vec<u8>> {
    let failed = |e: plist::Error| Error::internal("no profile could be written").caused_by(e);
    let mut payloads = vec![
        mail(servers, address),
        dav("CalDAV", servers, address),
        dav("CardDAV", servers, address),
    ];
    if let Some(pem) = authority_pem {
        let der = CertificateDer::from_pem_slice(pem)
            .map_err(|e| Error::internal("the box's own authority cannot be read").caused_by(e))?;
        let mut root = payload(
            "com.apple.security.root",
            &servers.domain,
            "authority",
            &servers.office,
        );
        root.insert("PayloadContent".into(), Value::Data(der.to_vec()));
        payloads.push(root);
    }
    let mut profile = payload("Configuration", &servers.domain, "profile", &servers.office);
    profile.insert(
        "PayloadContent".into(),
        Value::Array(payloads.into_iter().map(Value::Dictionary).collect()),
    );
    profile.insert("PayloadOrganization".into(), servers.office.as_str().into());
    profile.insert("PayloadRemovalDisallowed".into(), false.into());
    let mut out = Vec::new();
    Value::Dictionary(profile)
        .to_writer_xml(&mut out)
        .map_err(failed)?;
    Ok(out)
}

/// What every payload says of itself. The ids follow from the domain: a newer profile takes the place of an older one.
fn payload(kind: &str, domain: &str, part: &str, name: &str) -> Dictionary {
    let identifier = format!("{}.hauspost.{part}", reversed(domain));
    let mut out = Dictionary::new();
    out.insert("PayloadType".into(), kind.into());
    out.insert("PayloadVersion".into(), 1.into());
    out.insert("PayloadUUID".into(), uuid_of(&identifier).into());
    out.insert("PayloadIdentifier".into(), identifier.into());
    out.insert("PayloadDisplayName".into(), name.into());
    out
}

fn mail(servers: &Servers, address: &str) -> Dictionary {
    let part = format!("mail.{address}");
    let mut out = payload("com.apple.mail.managed", &servers.domain, &part, &servers.office);
    let mut set = |key: &str, value: Value| out.insert(key.to_owned(), value);
    set("EmailAccountType", "EmailTypeIMAP".into());
    set("EmailAccountDescription", servers.office.as_str().into());
    set("EmailAddress", address.into());
    for (side, server) in [("Incoming", &servers.imap), ("Outgoing", &servers.submission)] {
        let Server { host, port, .. } = server;
        set(
            &format!("{side}MailServerAuthentication"),
            "EmailAuthPassword".into(),
        );
        set(&format!("{side}MailServerHostName"), host.as_str().into());
        set(&format!("{side}MailServerPortNumber"), i64::from(*port).into());
        // Apple's programs find out for themselves whether it is TLS or STARTTLS.
        set(&format!("{side}MailServerUseSSL"), true.into());
        set(&format!("{side}MailServerUsername"), address.into());
    }
    set("OutgoingPasswordSameAsIncomingPassword", true.into());
    out
}

/// `service`: CalDAV or CardDAV; the keys begin with it.
fn dav(service: &str, servers: &Servers, address: &str) -> Dictionary {
    let kind = format!("com.apple.{}.account", service.to_lowercase());
    let part = format!("{}.{address}", service.to_lowercase());
    let mut out = payload(&kind, &servers.domain, &part, &servers.office);
    let mut set = |key: &str, value: Value| out.insert(format!("{service}{key}"), value);
    set("AccountDescription", servers.office.as_str().into());
    set("HostName", servers.web.host.as_str().into());
    set("Port", i64::from(servers.web.port).into());
    set("UseSSL", true.into());
    set("Username", address.into());
    if !base_path::get().is_empty() {
        // What lies at the root of the host, and there its discovery, is not ours.
        let who = percent_encoding::utf8_percent_encode(address, percent_encoding::NON_ALPHANUMERIC);
        let url = format!("{}/dav/principals/{who}/", base_path::get());
        set("PrincipalURL", url.into());
    }
    out
}

fn reversed(domain: &str) -> String {
    domain.rsplit('.').collect::<Vec<_>>().join(".")
}

/// A name-based UUID (RFC 9562 §5.8, version 8).
fn uuid_of(name: &str) -> String {
    let hash = blake3::hash(name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = crate::base::text::hex(&bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
    .to_uppercase()
}
