//! `/api/admin/accounts/{group}/members`: who is in a group.

use super::{Answer, no_content};
use crate::identity::shares::set_member;
use crate::protocols::web_api::session::administrator;
use actix_web::HttpRequest;
use actix_web::web::{self, Path, ServiceConfig};

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/{group}/members/{who}")
            .route(web::put().to(put))
            .route(web::delete().to(remove)),
    );
}

async fn put(request: HttpRequest, path: Path<(String, String)>) -> Answer {
    set(&request, &path, true).await
}

async fn remove(request: HttpRequest, path: Path<(String, String)>) -> Answer {
    set(&request, &path, false).await
}

async fn set(request: &HttpRequest, (group, who): &(String, String), is_in: bool) -> Answer {
    let ctx = administrator(request).await?;
    set_member(&ctx, group, who, is_in).await?;
    no_content()
}
