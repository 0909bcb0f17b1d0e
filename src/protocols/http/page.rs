//! The page's files, embedded at build time: the larger ones in their packed forms only.

use super::base_path;
use actix_web::http::header::{self, ContentEncoding};
use actix_web::web::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, web};
use flate2::read::GzDecoder;
use rust_embed::RustEmbed;
use std::io::Read;

#[derive(RustEmbed)]
#[folder = "web-ui/packed"]
#[allow_missing = true]
struct Files;

/// What the page may do: only its own origin, no script but its own files, no HTML from strings.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
    img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; frame-src 'self'; worker-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types svelte-trusted-html dompurify hauspost-worker";

pub fn configure(config: &mut ServiceConfig) {
    config.default_service(web::to(serve));
}

/// A file, or for every other path that is no file the page itself, which then shows what the path means.
async fn serve(request: HttpRequest) -> HttpResponse {
    if !matches!(
        *request.method(),
        actix_web::http::Method::GET | actix_web::http::Method::HEAD
    ) {
        return HttpResponse::MethodNotAllowed().finish();
    }
    if let Some(there) = base_path::page_is_at(&request) {
        return HttpResponse::TemporaryRedirect()
            .insert_header((header::LOCATION, there))
            .finish();
    }
    let path = request.path().trim_start_matches('/');
    let looks_like_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let name = if is_there(path) {
        path
    } else if looks_like_file {
        return HttpResponse::NotFound().finish();
    } else {
        "index.html"
    };
    file(&request, name)
}

fn is_there(name: &str) -> bool {
    Files::get(name).is_some() || Files::get(&format!("{name}.gz")).is_some()
}

/// A file as it is sent, with the hash of what is embedded of it.
struct Found {
    data: Vec<u8>,
    hash: [u8; 32],
    encoding: ContentEncoding,
}

/// In the best form that is accepted. None: there is no such file.
fn find(name: &str, accepts: impl Fn(&str) -> bool) -> Option<Found> {
    let found = |file: rust_embed::EmbeddedFile, encoding| Found {
        hash: file.metadata.sha256_hash(),
        data: file.data.into_owned(),
        encoding,
    };
    let packed = || Files::get(&format!("{name}.gz"));
    accepts("gzip")
        .then(packed)
        .flatten()
        .map(|file| found(file, ContentEncoding::Gzip))
        .or_else(|| Files::get(name).map(|file| found(file, ContentEncoding::Identity)))
        .or_else(|| {
            let file = packed()?;
            let mut data = Vec::new();
            // Our own file: it is as long as it was when it was packed.
            GzDecoder::new(&*file.data).read_to_end(&mut data).ok()?;
            let mut hash = file.metadata.sha256_hash();
            // Another form, another validator.
            hash[0] ^= 1;
            Some(Found {
                data,
                hash,
                encoding: ContentEncoding::Identity,
            })
        })
}

fn file(request: &HttpRequest, name: &str) -> HttpResponse {
    let accepts = |word: &str| {
        let value = request
            .headers()
            .get(header::ACCEPT_ENCODING)
            .and_then(|v| v.to_str().ok());
        value.is_some_and(|v| v.split(',').any(|e| e.trim().split(';').next() == Some(word)))
    };
    let Some(found) = find(name, accepts) else {
        return HttpResponse::NotFound()
            .content_type("text/plain; charset=utf-8")
            .body("This program was built without the page. Build it with: make build\n");
    };
    let etag = format!("\"{}\"", crate::base::text::hex(&found.hash[..12]));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, content_type(name)))
        .insert_header((header::ETAG, etag.clone()))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header(("Content-Security-Policy", CSP))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
        .insert_header(("X-Hauspost-Version", env!("CARGO_PKG_VERSION")));
    // Names of assets contain a hash of their content.
    let cache = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response.insert_header((header::CACHE_CONTROL, cache));
    if request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        == Some(etag.as_str())
    {
        return response
            .status(actix_web::http::StatusCode::NOT_MODIFIED)
            .finish();
    }
    response.insert_header(found.encoding);
    response.body(with_base(name, found.data))
}

/// The page names its files, and the place of everything else, from the root of the host.
fn with_base(name: &str, data: Vec<u8>) -> Vec<u8> {
    let base = base_path::get();
    if base.is_empty() || name != "index.html" {
        return data;
    }
    let text = String::from_utf8_lossy(&data);
    text.replace("=\"/", &format!("=\"{base}/")).into_bytes()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
