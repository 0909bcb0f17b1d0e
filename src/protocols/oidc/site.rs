//! Under which name and tenant we are asked.

use super::error::OauthError;
use crate::base::Result;
use crate::identity::Ctx;
use crate::identity::domains::list_domains;
use crate::identity::tenant::tenant_id;
use crate::protocols::http::HouseData;
use crate::protocols::http::auth::house;
use crate::protocols::http::host;
use actix_web::HttpRequest;

/// Where this sign-in is, as the client sees it.
pub struct Site {
    pub house: HouseData,
    pub ctx: Ctx,
    /// `https://host[:port]`
    pub origin: String,
    /// Of this installation, whatever the client called it.
    pub tenant: String,
    /// For programs that know OpenID Connect and nothing of Microsoft's.
    pub is_plain: bool,
}

/// The name of the tenant whose issuer is the host itself.
const PLAIN: &str = "oidc";

impl Site {
    pub async fn of(request: &HttpRequest) -> Result<Site> {
        let house = house(request)?.clone();
        let ctx = house.doorkeeper.system();
        Ok(Site {
            origin: host::origin(request),
            tenant: tenant_id(&ctx).await?,
            is_plain: false,
            ctx,
            house,
        })
    }

    /// As [`Site::of`], for paths that name a tenant. Errors: AADSTS90002 when it is none of ours.
    pub async fn of_tenant(request: &HttpRequest) -> Result<Site, OauthError> {
        let mut site = Site::of(request).await?;
        let asked = request.match_info().get("tenant").unwrap_or(PLAIN).to_lowercase();
        if asked == PLAIN {
            site.is_plain = true;
            return Ok(site);
        }
        let is_ours = matches!(asked.as_str(), "common" | "organizations" | "consumers")
            || asked == site.tenant
            || list_domains(&site.ctx).await?.iter().any(|d| d.name == asked);
        if is_ours {
            return Ok(site);
        }
        Err(OauthError::new(
            "invalid_request",
            90002,
            format!("Tenant '{}' not found.", crate::base::text::one_line(&asked)),
        ))
    }

    /// The same for every name of the tenant; its host is the one that was asked, because clients compare.
    pub fn issuer(&self) -> String {
        if self.is_plain {
            return self.origin.clone();
        }
        format!("{}/{}/v2.0", self.origin, self.tenant)
    }

    /// The address of an endpoint below the tenant.
    pub fn endpoint(&self, path: &str) -> String {
        let tenant = if self.is_plain { PLAIN } else { &self.tenant };
        format!("{}/{tenant}/{path}", self.origin)
    }
}
