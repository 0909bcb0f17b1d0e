//! Signing out: of the page, and of the program that sends somebody here; and the page where embedded browsers end up. OpenID Connect RP-Initiated Logout 1.0.

use super::form::Form;
use super::page::message;
use super::words;
use crate::identity::clients::list_clients;
use crate::protocols::http::auth::{SESSION_COOKIE, cookie, house, read_cookie};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

/// Ends the page's session, if the browser has one, and the sign-in that `id_token_hint` comes from with all its tokens;
/// then goes back to where a registered program wants.
pub async fn logout(request: HttpRequest, body: Bytes) -> HttpResponse {
    let words = words::of(&request);
    let form = Form::parse(request.query_string().as_bytes()).or(Form::parse(&body));
    let Ok(house) = house(&request) else {
        return HttpResponse::InternalServerError().finish();
    };
    if let Some(token) = form.get("id_token_hint")
        && let Err(e) = house.doorkeeper.end_sign_in_of(token).await
    {
        tracing::error!(error = ?e, "a sign-in could not be ended");
    }
    let mut response = match form.get("post_logout_redirect_uri") {
        Some(uri) if is_known(house, uri).await => {
            let state = form.get("state").map(|s| {
                let mut out = url::form_urlencoded::Serializer::new(String::new());
                out.append_pair("state", s);
                format!("{}{}", if uri.contains('?') { '&' } else { '?' }, out.finish())
            });
            HttpResponse::SeeOther()
                .insert_header(("Location", format!("{uri}{}", state.unwrap_or_default())))
                .finish()
        }
        _ => message(StatusCode::OK, words, words.signed_out, words.done),
    };
    if let Some(session) = read_cookie(&request, SESSION_COOKIE) {
        if let Err(e) = house.doorkeeper.end_session(session.value()).await {
            tracing::error!(error = ?e, "a session could not be ended");
        }
        // A cookie that cannot be taken away stands for no session any more.
        let _ = response.add_cookie(&cookie(SESSION_COOKIE, String::new(), 0));
    }
    response
}

/// Otherwise anybody could use our address to send people elsewhere.
async fn is_known(house: &crate::protocols::http::HouseData, uri: &str) -> bool {
    let clients = list_clients(&house.doorkeeper.system()).await.unwrap_or_default();
    clients.iter().any(|c| c.redirect_uris.iter().any(|r| r == uri))
}

/// `…/nativeclient`: the program reads the code from the address and closes the window.
pub async fn native_client(request: HttpRequest) -> HttpResponse {
    let words = words::of(&request);
    message(StatusCode::OK, words, words.title, words.done)
}
