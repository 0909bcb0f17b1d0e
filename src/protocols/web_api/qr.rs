//! Codes for cameras, as the page draws them.

use crate::base::{Error, Result};
use qrcodegen::{QrCode, QrCodeEcc};

/// Rows of a code that a camera reads; `1` is dark.
pub fn squares(text: &str) -> Result<Vec<String>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|e| Error::internal("the code cannot be drawn").caused_by(e.to_string()))?;
    let row = |y| (0..code.size()).map(move |x| (x, y));
    let print = |y| {
        row(y)
            .map(|(x, y)| if code.get_module(x, y) { '1' } else { '0' })
            .collect()
    };
    Ok((0..code.size()).map(print).collect())
}
