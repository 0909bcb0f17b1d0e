//! Under which name the client reaches us: absolute links are built from it.

use crate::protocols::http::host;
use actix_web::HttpRequest;

/// `https://host[:port]` and the version that was asked for.
#[derive(Clone, Debug)]
pub struct Site {
    origin: String,
    version: &'static str,
}

impl Site {
    pub fn of(request: &HttpRequest) -> Site {
        let is_beta = request.path().starts_with("/beta");
        Site {
            origin: host::origin(request),
            version: if is_beta { "beta" } else { "v1.0" },
        }
    }

    /// Under a name that was kept: `https://host[:port]`.
    pub fn at(origin: String) -> Site {
        Site {
            origin,
            version: "v1.0",
        }
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `https://host/v1.0`
    pub fn base(&self) -> String {
        format!("{}/{}", self.origin, self.version)
    }

    pub fn is_beta(&self) -> bool {
        self.version == "beta"
    }
}
