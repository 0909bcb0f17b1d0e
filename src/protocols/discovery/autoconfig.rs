//! `/mail/config-v1.1.xml`: Thunderbird and those that follow it (K-9, Evolution, KMail).
//! Source: wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat.

use super::{refused, text, xml};
use crate::base::{Error, Result};
use crate::protocols::http::HouseData;
use crate::protocols::http::base_path;
use crate::protocols::servers::{Security, Server, Servers};
use actix_web::{HttpRequest, HttpResponse, web::Query};
use quick_xml::Writer;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Asked {
    emailaddress: Option<String>,
}

pub async fn answer(house: HouseData, request: HttpRequest, asked: Query<Asked>) -> HttpResponse {
    match Servers::find(&house, &request, asked.emailaddress.as_deref()).await {
        Ok(servers) => match print(&servers) {
            Ok(body) => xml(body),
            Err(e) => refused(&e),
        },
        Err(e) => refused(&e),
    }
}

fn print(servers: &Servers) -> Result<Vec<u8>> {
    let mut out = Writer::new(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec());
    let written = out
        .create_element("clientConfig")
        .with_attribute(("version", "1.1"))
        .write_inner_content(|w| {
            w.create_element("emailProvider")
                .with_attribute(("id", servers.domain.as_str()))
                .write_inner_content(|w| {
                    text(w, "domain", &servers.domain)?;
                    text(w, "displayName", &servers.office)?;
                    text(w, "displayShortName", &servers.office)?;
                    server(w, "incomingServer", "imap", &servers.imap)?;
                    server(w, "outgoingServer", "smtp", &servers.submission)
                })?;
            dav(w, "addressBook", "carddav", servers)?;
            dav(w, "calendar", "caldav", servers)
        });
    written.map_err(|e| Error::internal("no answer could be written").caused_by(e))?;
    Ok(out.into_inner())
}

fn server(w: &mut Writer<Vec<u8>>, element: &str, kind: &str, server: &Server) -> std::io::Result<()> {
    let socket = match server.security {
        Security::Tls => "SSL",
        Security::StartTls => "STARTTLS",
    };
    w.create_element(element)
        .with_attribute(("type", kind))
        .write_inner_content(|w| {
            text(w, "hostname", &server.host)?;
            text(w, "port", &server.port.to_string())?;
            text(w, "socketType", socket)?;
            // The whole address; the program puts it in.
            text(w, "username", "%EMAILADDRESS%")?;
            text(w, "authentication", "password-cleartext")
        })
        .map(drop)
}

fn dav(w: &mut Writer<Vec<u8>>, element: &str, kind: &str, servers: &Servers) -> std::io::Result<()> {
    w.create_element(element)
        .with_attribute(("type", kind))
        .write_inner_content(|w| {
            text(w, "username", "%EMAILADDRESS%")?;
            text(w, "authentication", "http-basic")?;
            text(
                w,
                "serverURL",
                &format!("{}{}/.well-known/{kind}", servers.web.origin(), base_path::get()),
            )
        })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_names_both_servers() {
        let server = |host: &str, port, security| Server {
            host: host.into(),
            port,
            security,
        };
        let servers = Servers {
            domain: "example.test".into(),
            office: "Müller & Söhne".into(),
            imap: server("mail.example.test", 993, Security::Tls),
            submission: server("mail.example.test", 587, Security::StartTls),
            web: server("mail.example.test", 8443, Security::Tls),
        };
        let text = String::from_utf8(print(&servers).unwrap()).unwrap();
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\
            <emailProvider id=\"example.test\"><domain>example.test</domain><displayName>Müller &amp; Söhne</displayName>\
            <displayShortName>Müller &amp; Söhne</displayShortName>\
            <incomingServer type=\"imap\"><hostname>mail.example.test</hostname><port>993</port><socketType>SSL</socketType>\
            <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication></incomingServer>\
            <outgoingServer type=\"smtp\"><hostname>mail.example.test</hostname><port>587</port><socketType>STARTTLS</socketType>\
            <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication></outgoingServer>\
            </emailProvider>\
            <addressBook type=\"carddav\"><username>%EMAILADDRESS%</username><authentication>http-basic</authentication>\
            <serverURL>https://mail.example.test:8443/.well-known/carddav</serverURL></addressBook>\
            <calendar type=\"caldav\"><username>%EMAILADDRESS%</username><authentication>http-basic</authentication>\
            <serverURL>https://mail.example.test:8443/.well-known/caldav</serverURL></calendar></clientConfig>";
        assert_eq!(text, expected);
    }
}
