//! `/api/personal-data`: everything about oneself as a zip, put together and fetched.

use super::error::ApiError;
use super::private::private;
use super::session::at_the_page;
use crate::base::Error;
use crate::moving::bundles::Progress;
use crate::protocols::http::auth::house;
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde_json::json;
use tokio::io::AsyncReadExt;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("")
                .route(web::get().to(look))
                .route(web::post().to(begin)),
        )
        .route("/file", web::get().to(fetch));
}

const PIECE: usize = 256 << 10;

async fn begin(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    house(&request)?.bundles.begin(&ctx).await?;
    Ok(HttpResponse::Accepted().json(json!({})))
}

async fn look(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let told = match house(&request)?.bundles.look(&ctx)? {
        None => json!({"state": "none"}),
        Some(Progress::Running) => json!({"state": "running"}),
        Some(Progress::Failed(why)) => json!({"state": "failed", "why": why}),
        Some(Progress::Ready(g)) => json!({
            "state": "ready", "messages": g.messages, "objects": g.objects, "sizeBytes": g.size_bytes, "problems": g.problems,
        }),
    };
    Ok(private(told))
}

/// Piece by piece: it may be as large as the mailbox.
async fn fetch(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let ctx = at_the_page(&request).await?;
    let (file, size) = house(&request)?.bundles.open(&ctx)?;
    let pieces = stream::try_unfold(tokio::fs::File::from_std(file), async |mut file| {
        let mut piece = vec![0; PIECE];
        let n = file.read(&mut piece).await?;
        piece.truncate(n);
        Ok::<_, Error>((n > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((
            "Content-Disposition",
            "attachment; filename=\"personal-data.zip\"",
        ))
        .insert_header(("Content-Length", size.to_string()))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cache-Control", "no-store"))
        .no_chunking(size)
        .streaming(Box::pin(pieces)))
}
