//! What a client finds out before it signs anybody in. OpenID Connect Discovery 1.0 §4.

use super::error::OauthError;
use super::site::Site;
use crate::base::Error;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

fn answer(value: &Value) -> HttpResponse {
    HttpResponse::Ok()
        // Pages of other origins may read it; it is no secret.
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .json(value)
}

pub async fn configuration(request: HttpRequest) -> Result<HttpResponse, OauthError> {
    let site = Site::of_tenant(&request).await?;
    let mut out = json!({
        "issuer": site.issuer(),
        "authorization_endpoint": site.endpoint("oauth2/v2.0/authorize"),
        "token_endpoint": site.endpoint("oauth2/v2.0/token"),
        "jwks_uri": site.endpoint("discovery/v2.0/keys"),
        "end_session_endpoint": site.endpoint("oauth2/v2.0/logout"),
        "revocation_endpoint": site.endpoint("oauth2/v2.0/revoke"),
        "device_authorization_endpoint": site.endpoint("oauth2/v2.0/devicecode"),
        "userinfo_endpoint": format!("{}/oidc/userinfo", site.origin),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "password", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code"
        ],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_post", "client_secret_basic", "private_key_jwt", "none"
        ],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "groups", "offline_access"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "nbf", "nonce", "oid", "tid", "name", "email",
            "preferred_username", "groups", "sid", "auth_time", "ver"
        ],
        "request_uri_parameter_supported": false,
    });
    if site.is_plain {
        out["authorization_response_iss_parameter_supported"] = true.into();
    } else {
        out["tenant_region_scope"] = Value::Null;
        out["cloud_instance_name"] = host_of(&site).into();
        out["msgraph_host"] = host_of(&site).into();
    }
    Ok(answer(&out))
}

fn host_of(site: &Site) -> &str {
    site.origin.split_once("://").map_or("", |(_, host)| host)
}

/// The keys that tokens are signed with (RFC 7517 §5).
pub async fn keys(request: HttpRequest) -> Result<HttpResponse, OauthError> {
    let site = Site::of_tenant(&request).await?;
    let now_ms = site.ctx.now_ms();
    let ring = site.house.doorkeeper.keys.get(now_ms).await?;
    Ok(answer(&ring.jwks(now_ms)))
}

#[derive(Deserialize)]
pub struct Instance {
    authorization_endpoint: Option<String>,
}

/// MSAL asks it whether a host is a sign-in host at all; we vouch for the one that we are asked by.
pub async fn instance(request: HttpRequest, asked: Query<Instance>) -> Result<HttpResponse, OauthError> {
    let site = Site::of_tenant(&request).await?;
    let endpoint = asked.into_inner().authorization_endpoint.unwrap_or_default();
    let host = host_of(&site).to_owned();
    let is_ours = url::Url::parse(&endpoint).is_ok_and(|u| u[..url::Position::BeforePath] == site.origin);
    if !is_ours {
        return Ok(HttpResponse::BadRequest().json(json!({
            "error": "invalid_instance",
            "error_description": "AADSTS50049: Unknown or invalid instance.",
            "error_codes": [50049],
        })));
    }
    Ok(answer(&json!({
        "tenant_discovery_endpoint": site.endpoint("v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    })))
}

/// MSAL asks it before it sends a password: all accounts are managed here, whether they exist or not.
pub async fn user_realm(request: HttpRequest) -> Result<HttpResponse, OauthError> {
    let site = Site::of_tenant(&request).await?;
    let user = request.match_info().get("user").unwrap_or_default();
    let domain = user.rsplit_once('@').map(|(_, d)| d);
    let domain = domain.ok_or_else(|| Error::invalid("this is not an address"))?;
    Ok(answer(&json!({
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": domain,
        "cloud_instance_name": host_of(&site),
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    })))
}
