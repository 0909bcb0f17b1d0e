//! A program gives back what it was given: the sign-in behind the token ends. RFC 7009.

use super::error::OauthError;
use super::form::Form;
use super::site::Site;
use super::token::authenticate;
use crate::protocols::http::auth::require_secure;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

pub async fn revoke(request: HttpRequest, body: Bytes) -> Result<HttpResponse, OauthError> {
    require_secure(&request)?;
    let site = Site::of_tenant(&request).await?;
    let form = Form::parse(&body);
    let client = authenticate(&site, &request, &form).await?;
    let token = form.get("token").ok_or_else(|| OauthError::missing("token"))?;
    // What is no token is as good as revoked (RFC 7009 §2.2).
    site.house.doorkeeper.revoke(token, &client.id).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .finish())
}
