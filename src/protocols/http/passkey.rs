//! Passkeys as browsers speak of them: for which place they count, and what a device answers, as base64url.

use super::host;
use crate::base::{Error, Result};
use crate::identity::passkeys::{Place, Shown};
use actix_web::HttpRequest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use url::{Host, Url};

/// Where the browser says that it is, if that is one of our names. Errors: Invalid.
pub fn place(request: &HttpRequest) -> Result<Place> {
    place_of(&host::origin(request))
}

/// `origin`: as links have it, a path behind it does not count. Errors: Invalid.
pub fn place_of(origin: &str) -> Result<Place> {
    let url = Url::parse(origin).map_err(|e| Error::invalid("this name cannot be used").caused_by(e))?;
    Ok(Place {
        name: url.host_str().unwrap_or_default().to_owned(),
        origin: url.origin().ascii_serialization(),
    })
}

/// Passkeys count for names, never for addresses.
pub fn is_possible(place: &Place) -> bool {
    matches!(Host::parse(&place.name), Ok(Host::Domain(_)))
}

/// Errors: Invalid.
pub fn bytes(text: &str) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|e| Error::invalid("the device's answer is not in base64url").caused_by(e))
}

/// What a device answers to somebody who signs in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Given {
    credential: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
}

impl Given {
    /// Errors: Invalid.
    pub fn read(&self) -> Result<Shown> {
        Ok(Shown {
            credential: bytes(&self.credential)?,
            client_data: bytes(&self.client_data)?,
            authenticator_data: bytes(&self.authenticator_data)?,
            signature: bytes(&self.signature)?,
        })
    }
}
