//! How one's own telephone and programs are set up: the profile with a code that a camera reads, and the servers for those
//! who type.

use super::error::ApiError;
use super::qr::squares;
use super::session::at_the_page;
use crate::protocols::http::auth::house;
use crate::protocols::http::base_path;
use crate::protocols::servers::{Security, Server, Servers};
use crate::protocols::web_api::private::private;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

pub async fn show(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let address = ctx.account()?.address.clone();
    let servers = Servers::find(house(&request)?, &request, Some(&address)).await?;
    let home = format!("{}{}", servers.web.origin(), base_path::get());
    let who: String = byte_serialize(address.as_bytes()).collect();
    let profile = format!("{home}/hauspost.mobileconfig?emailaddress={who}");
    let all = json!({
        "profile": profile,
        "squares": squares(&profile)?,
        "imap": server(&servers.imap),
        "submission": server(&servers.submission),
        "dav": format!("{home}/dav/"),
    });
    Ok(private(all))
}

fn server(of: &Server) -> Value {
    let security = match of.security {
        Security::Tls => "tls",
        Security::StartTls => "startTls",
    };
    json!({"host": of.host, "port": of.port, "security": security})
}
