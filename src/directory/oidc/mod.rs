//! Signing in at the page by another issuer (OpenID Connect Core 1.0, authorization code with PKCE): Keycloak, Cloudron,
//! Synology's SSO server, another Hauspost. The issuer is one that an administrator has named.

pub mod issuer;
pub mod settings;
pub mod sign_in;
