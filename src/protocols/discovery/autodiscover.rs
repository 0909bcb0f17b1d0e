//! `/autodiscover/autodiscover.xml`: Outlook and Windows, in the plain form for IMAP and SMTP.
//! Source: [MS-OXDSCLI] §2.2.3 (request), §2.2.4 (response).

use super::{refused, text, xml};
use crate::base::{Error, Kind, Result};
use crate::protocols::http::HouseData;
use crate::protocols::servers::{Security, Server, Servers};
use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use quick_xml::events::Event;
use quick_xml::{Reader, Writer};

/// Questions are a few hundred bytes long.
const MAX_REQUEST: usize = 16 << 10;
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const OUTLOOK: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

pub async fn answer(house: HouseData, request: HttpRequest, body: Bytes) -> HttpResponse {
    let now_ms = house.doorkeeper.system().now_ms();
    let Some(asked) = Asked::read(&body) else {
        return error(600, "Invalid Request", now_ms);
    };
    if asked.schema.is_some_and(|s| !s.contains("outlook")) {
        // A telephone that wants ActiveSync.
        return error(601, "The requested schema version is not supported", now_ms);
    }
    match Servers::find(&house, &request, Some(&asked.address)).await {
        Ok(servers) => match print(&servers, &asked.address) {
            Ok(body) => xml(body),
            Err(e) => refused(&e),
        },
        Err(e) if matches!(e.kind(), Kind::NotFound | Kind::Invalid) => {
            error(500, "The email address can't be found", now_ms)
        }
        Err(e) => refused(&e),
    }
}

/// A question.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// As it was written.
    pub address: String,
    pub schema: Option<String>,
}

impl Asked {
    /// None when it is no such request.
    pub fn read(body: &[u8]) -> Option<Asked> {
        let text = std::str::from_utf8(body)
            .ok()
            .filter(|t| t.len() <= MAX_REQUEST)?;
        let mut reader = Reader::from_str(text);
        let (mut address, mut schema, mut inside) = (None, None, String::new());
        loop {
            match reader.read_event().ok()? {
                Event::Start(e) => inside = e.local_name().as_ref().to_owned(),
                Event::End(_) => inside.clear(),
                Event::Text(t) => {
                    let text = t.xml10_content().trim().to_owned();
                    match inside.as_str() {
                        "EMailAddress" => address = Some(text),
                        "AcceptableResponseSchema" => schema = Some(text),
                        _ => {}
                    }
                }
                // Nothing that expands is read.
                Event::DocType(_) => return None,
                Event::Eof => break,
                _ => {}
            }
        }
        address.map(|address| Asked { address, schema })
    }
}

fn print(servers: &Servers, address: &str) -> Result<Vec<u8>> {
    let mut out = Writer::new(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_vec());
    let written = response(&mut out, OUTLOOK, |w| {
        w.create_element("User")
            .write_inner_content(|w| text(w, "DisplayName", address))?;
        w.create_element("Account")
            .write_inner_content(|w| {
                text(w, "AccountType", "email")?;
                text(w, "Action", "settings")?;
                protocol(w, "IMAP", &servers.imap, address)?;
                protocol(w, "SMTP", &servers.submission, address)
            })
            .map(drop)
    });
    written.map_err(|e| Error::internal("no answer could be written").caused_by(e))?;
    Ok(out.into_inner())
}

fn error(code: u32, message: &str, now_ms: i64) -> HttpResponse {
    let seconds = now_ms.rem_euclid(24 * 3_600_000) / 1000;
    let time = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    let mut out = Writer::new(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_vec());
    let written = response(&mut out, RESPONSE, |w| {
        w.create_element("Error")
            .with_attribute(("Time", time.as_str()))
            .with_attribute(("Id", "1"))
            .write_inner_content(|w| {
                text(w, "ErrorCode", &code.to_string())?;
                text(w, "Message", message)?;
                text(w, "DebugData", "")
            })
            .map(drop)
    });
    match written {
        Ok(()) => xml(out.into_inner()),
        Err(e) => refused(&Error::internal("no answer could be written").caused_by(e)),
    }
}

fn response(
    out: &mut Writer<Vec<u8>>,
    schema: &str,
    inner: impl FnOnce(&mut Writer<Vec<u8>>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    out.create_element("Autodiscover")
        .with_attribute(("xmlns", RESPONSE))
        .write_inner_content(|w| {
            w.create_element("Response")
                .with_attribute(("xmlns", schema))
                .write_inner_content(inner)
                .map(drop)
        })
        .map(drop)
}

fn protocol(w: &mut Writer<Vec<u8>>, kind: &str, server: &Server, address: &str) -> std::io::Result<()> {
    let encryption = match server.security {
        Security::Tls => "SSL",
        Security::StartTls => "TLS",
    };
    w.create_element("Protocol")
        .write_inner_content(|w| {
            text(w, "Type", kind)?;
            text(w, "Server", &server.host)?;
            text(w, "Port", &server.port.to_string())?;
            text(w, "DomainRequired", "off")?;
            text(w, "LoginName", address)?;
            text(w, "SPA", "off")?;
            text(w, "SSL", "on")?;
            text(w, "Encryption", encryption)?;
            text(w, "AuthRequired", "on")
        })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read() {
        let question = r#"<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="x"><Request>
            <EMailAddress>anna@example.test</EMailAddress>
            <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
            </Request></Autodiscover>"#;
        let asked = Asked::read(question.as_bytes()).unwrap();
        assert_eq!(asked.address, "anna@example.test");
        assert!(asked.schema.unwrap().ends_with("outlook/responseschema/2006a"));
    }

    #[test]
    fn what_is_no_question_is_not_read() {
        let long = format!("<a>{}</a>", "x".repeat(MAX_REQUEST));
        for bad in [
            "",
            "<a>",
            "no xml",
            "<a><b></a>",
            "<!DOCTYPE a [<!ENTITY e 'x'>]><a><EMailAddress>a@b.c</EMailAddress></a>",
            &long,
        ] {
            assert_eq!(Asked::read(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Asked::read(b"\xff\xfe"), None);
    }
}
