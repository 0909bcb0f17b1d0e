//! Sign-in for programs: OpenID Connect with the addresses, names and errors of Microsoft's, so that
//! programs written for Microsoft 365 need another host and nothing else.
//! Programs that know OpenID Connect and nothing of Microsoft's find the plain issuer at the host itself; its endpoints
//! are those of the tenant named `oidc`.
//! OpenID Connect Core and Discovery 1.0, RFC 6749, 6750, 7009, 7517, 7523, 7636, 8252, 8628, 9207, 9700.

mod authorize;
mod consent;
mod cors;
mod device;
mod discovery;
mod error;
mod form;
mod issue;
mod logout;
mod page;
mod passkey;
mod redirect;
mod request;
mod revoke;
mod scope;
mod second;
mod site;
mod token;
mod userinfo;
mod words;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

/// `{tenant}` is checked by each: our own id, a domain of ours, one of Microsoft's words for any, or `oidc`.
pub fn configure(config: &mut ServiceConfig) {
    for path in [
        "/.well-known/openid-configuration",
        "/{tenant}/v2.0/.well-known/openid-configuration",
        "/{tenant}/.well-known/openid-configuration",
    ] {
        config.route(path, web::get().to(discovery::configuration));
    }
    config
        .route("/{tenant}/discovery/v2.0/keys", web::get().to(discovery::keys))
        .route("/{tenant}/discovery/instance", web::get().to(discovery::instance))
        .route("/{tenant}/userrealm/{user}", web::get().to(discovery::user_realm))
        .service(
            web::resource("/{tenant}/oauth2/v2.0/authorize")
                .route(web::get().to(authorize::show))
                .route(web::post().to(authorize::sign_in)),
        )
        .route("/{tenant}/oauth2/v2.0/devicecode", web::post().to(device::begin))
        .service(
            web::resource("/{tenant}/oauth2/deviceauth")
                .route(web::get().to(device::show))
                .route(web::post().to(device::sign_in)),
        )
        .service(
            web::resource("/{tenant}/oauth2/v2.0/token")
                .wrap(from_fn(cors::for_registered_pages))
                .route(web::post().to(token::token)),
        )
        .route("/{tenant}/oauth2/v2.0/revoke", web::post().to(revoke::revoke))
        .service(
            web::resource("/{tenant}/oauth2/v2.0/logout")
                .route(web::get().to(logout::logout))
                .route(web::post().to(logout::logout)),
        )
        .route(
            "/{tenant}/oauth2/nativeclient",
            web::get().to(logout::native_client),
        )
        .service(
            web::resource("/oidc/userinfo")
                .route(web::get().to(userinfo::userinfo))
                .route(web::post().to(userinfo::userinfo)),
        );
}
