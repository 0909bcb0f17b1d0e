//! Under which names and ports the office's mail is reached.

use crate::appliance::setup::office;
use crate::base::{Error, Result};
use crate::identity::domains::{find_domain, list_domains};
use crate::model::EmailAddress;
use crate::protocols::House;
use crate::protocols::http::{base_path, host};
use actix_web::HttpRequest;

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// From the first byte.
    Tls,
    StartTls,
}

/// One of our services, as it is reached from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub port: u16,
    pub security: Security,
    /// On the one port, where the name that the client asks for tells which service it wants.
    pub is_one_port: bool,
}

/// What is announced to mail programs.
#[derive(Clone, Debug)]
pub struct Announced {
    /// None: the name under which the question came.
    pub host: Option<String>,
    pub imap: Endpoint,
    pub submission: Endpoint,
}

/// The servers for one mail domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers {
    pub domain: String,
    /// What the office calls itself.
    pub office: String,
    pub imap: Server,
    pub submission: Server,
    /// Where DAV and the page are, always with TLS.
    pub web: Server,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
}

impl Server {
    /// `https://host[:port]`
    pub fn origin(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match self.port {
            443 => format!("https://{host}"),
            port => format!("https://{host}:{port}"),
        }
    }
}

impl Servers {
    /// For the domain of `address`; without one for the domain that the request's host names
    /// (`autoconfig.example.org`), or the first one. Errors: Invalid (the address), NotFound (a domain of others).
    pub async fn find(house: &House, request: &HttpRequest, address: Option<&str>) -> Result<Servers> {
        let ctx = house.doorkeeper.system();
        let named = host::of_request(request).unwrap_or_else(|| house.options.host_name.clone());
        let reached = host::without_port(&named).to_owned();
        let web = Server {
            port: named
                .rsplit_once(':')
                .and_then(|(_, p)| p.parse().ok())
                .unwrap_or(443),
            host: house
                .options
                .announced
                .host
                .clone()
                .unwrap_or_else(|| reached.clone()),
            security: Security::Tls,
        };
        let domain = match address.filter(|a| !a.is_empty()) {
            Some(address) => {
                let address = EmailAddress::parse(address)?;
                find_domain(&ctx, address.domain()).await?
            }
            None => {
                let named = reached.split_once('.').map_or("", |(_, rest)| rest);
                match find_domain(&ctx, named).await? {
                    Some(domain) => Some(domain),
                    None => list_domains(&ctx).await?.into_iter().next(),
                }
            }
        };
        let domain = domain.ok_or_else(|| Error::not_found("this server has no mail of that domain"))?;
        let announced = &house.options.announced;
        let host = announced.host.clone().unwrap_or(reached);
        let server = |endpoint: Endpoint, service: &str| Server {
            host: match endpoint.is_one_port && service == "smtp" {
                true => format!("smtp.{}", domain.name),
                false => host.clone(),
            },
            port: endpoint.port,
            security: endpoint.security,
        };
        Ok(Servers {
            office: office(&ctx)
                .await?
                .map_or_else(|| domain.name.clone(), |o| o.name),
            imap: server(announced.imap, "imap"),
            submission: server(announced.submission, "smtp"),
            web,
            domain: domain.name,
        })
    }
}

/// Where programs get descriptions of time zones (RFC 7808).
pub fn time_zones() -> String {
    format!("{}/timezones", base_path::get())
}
