//! Tells mail programs and telephones which servers to use, so that an address and a password are enough:
//! Thunderbird's autoconfig, Outlook's autodiscover, and a profile for iPhone and Mac; also the box's own certificate
//! authority, for those who have to trust it by hand.
//!
//! Nothing here is secret, and every address of a domain of ours gets the same answer: nobody learns who is here.

mod autoconfig;
pub mod autodiscover;
mod profile;

use crate::base::Error;
use crate::protocols::http::HouseData;
use actix_web::web::{ServiceConfig, get, post};
use actix_web::{HttpResponse, http::StatusCode};
use quick_xml::Writer;
use quick_xml::events::BytesText;

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/mail/config-v1.1.xml", get().to(autoconfig::answer))
        .route(
            "/.well-known/autoconfig/mail/config-v1.1.xml",
            get().to(autoconfig::answer),
        )
        .route("/hauspost.mobileconfig", get().to(profile::answer))
        .route("/hauspost-authority.crt", get().to(authority));
    // Outlook has written it both ways.
    for path in ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"] {
        config.route(path, post().to(autodiscover::answer));
    }
}

async fn authority(house: HouseData) -> HttpResponse {
    match house.tls.authority_pem() {
        Some(pem) => HttpResponse::Ok()
            .content_type("application/x-x509-ca-cert")
            .insert_header((
                "Content-Disposition",
                "attachment; filename=\"hauspost-authority.crt\"",
            ))
            .body(pem.to_vec()),
        None => refused(&Error::not_found(
            "this server has no authority of its own: its certificate comes from another one",
        )),
    }
}

/// An element with nothing but text in it.
fn text(w: &mut Writer<Vec<u8>>, name: &str, value: &str) -> std::io::Result<()> {
    w.create_element(name)
        .write_text_content(BytesText::new(value))
        .map(drop)
}

fn refused(e: &Error) -> HttpResponse {
    let status = match e.kind() {
        crate::base::Kind::NotFound => StatusCode::NOT_FOUND,
        crate::base::Kind::Invalid => StatusCode::BAD_REQUEST,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(format!("{}\n", e.message()))
}

fn xml(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/xml; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .body(body)
}
