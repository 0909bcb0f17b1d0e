//! `photo`: the picture of whose mailbox it is, one size for all sizes.

use crate::base::text::hex;
use crate::mail::settings::{photo, set_photo};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::routes::{Row, row};
use actix_web::http::StatusCode;
use serde_json::json;

pub const ROWS: &[Row] = &[
    row!(GET "me/photo" UserRead [Select] => describe),
    row!(GET "me/photo/$value" UserRead [] => value),
    row!(GET "me/photos/{}" UserRead [Select] => describe),
    row!(GET "me/photos/{}/$value" UserRead [] => value),
    row!(PUT "me/photo/$value" UserWrite [] => put),
    row!(PATCH "me/photo/$value" UserWrite [] => put),
    row!(DELETE "me/photo/$value" UserWrite [] => remove),
];

async fn picture(call: &Call) -> Result<Vec<u8>, GraphError> {
    photo(call.ctx(), call.account).await?.ok_or_else(no_picture)
}

pub fn no_picture() -> GraphError {
    GraphError::new(
        StatusCode::NOT_FOUND,
        "ImageNotFound",
        "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown: there is no picture.",
    )
}

async fn describe(call: Call) -> Result {
    let bytes = picture(&call).await?;
    let kind = kind(&bytes)?;
    let (width, height) = dimensions(&bytes).unwrap_or((0, 0));
    let etag = hex(&blake3::hash(&bytes).as_bytes()[..12]);
    Ok(Answer::json(json!({
        "@odata.context": format!("{}/$metadata#users('{}')/photo/$entity", call.site.base(), call.oid()),
        "@odata.mediaContentType": kind,
        "@odata.mediaEtag": format!("\"{etag}\""),
        "id": format!("{width}X{height}"),
        "height": height,
        "width": width,
    })))
}

async fn value(call: Call) -> Result {
    let bytes = picture(&call).await?;
    Ok(Answer::bytes(kind(&bytes)?, bytes))
}

async fn put(call: Call) -> Result {
    kind(&call.body)?;
    set_photo(call.ctx(), call.account, Some(call.body.to_vec())).await?;
    Ok(Answer::empty(StatusCode::OK))
}

async fn remove(call: Call) -> Result {
    set_photo(call.ctx(), call.account, None).await?;
    Ok(Answer::no_content())
}

/// By its first bytes, whatever the sender called it. Errors: BadRequest for what is no picture.
pub fn kind(bytes: &[u8]) -> Result<&'static str, GraphError> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Ok("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Ok("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Ok("image/gif"),
        _ => Err(GraphError::bad(
            "ErrorInvalidImage",
            "the picture is to be a JPEG, PNG or GIF file",
        )),
    }
}

/// Width and height as the file's own header tells them.
pub fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let two = |at: usize| {
        Some(u32::from(u16::from_be_bytes([
            *bytes.get(at)?,
            *bytes.get(at + 1)?,
        ])))
    };
    match kind(bytes).ok()? {
        "image/png" => {
            let four = |at: usize| Some(two(at)? << 16 | two(at + 2)?);
            Some((four(16)?, four(20)?))
        }
        "image/gif" => {
            let little = |at: usize| {
                Some(u32::from(u16::from_le_bytes([
                    *bytes.get(at)?,
                    *bytes.get(at + 1)?,
                ])))
            };
            Some((little(6)?, little(8)?))
        }
        _ => {
            // Segments until the frame header (ITU T.81 §B.2.2).
            let mut at = 2;
            while *bytes.get(at)? == 0xff {
                let marker = *bytes.get(at + 1)?;
                if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                    return Some((two(at + 7)?, two(at + 5)?));
                }
                at += 2 + two(at + 2)? as usize;
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_tell_their_size() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03".to_vec();
        assert_eq!(dimensions(&png), Some((2, 3)));
        let jpeg = [
            &b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\0\x05\0\x06"[..],
            &[0; 8],
        ]
        .concat();
        assert_eq!(dimensions(&jpeg), Some((6, 5)));
        assert_eq!(dimensions(b"GIF89a\x07\0\x08\0"), Some((7, 8)));
        assert_eq!((dimensions(b"x"), dimensions(b"\xff\xd8\xff")), (None, None));
    }
}
