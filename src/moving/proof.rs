//! Signed reports: what was moved, compared or erased, as a file of JSON with a signature beside it, so that somebody who was
//! not there can see that the box said so and nobody has changed it since.
//!
//! `FILE` is the report, `FILE.sig` its Ed25519 signature (RFC 8032; 64 bytes), `FILE.pem` the public key (RFC 8410). The key
//! is the box's own, `keys/report.key`, made with the first report. By hand:
//! `openssl pkeyutl -verify -pubin -inkey FILE.pem -rawin -in FILE -sigfile FILE.sig`

use crate::base::clock::rfc3339;
use crate::base::text::{hex, unhex};
use crate::base::{Error, Result, TimeMs, random};
use crate::store::disk;
use crate::store::layout::Layout;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Rises when an older program could not read it.
const FORMAT: u32 = 1;
/// SubjectPublicKeyInfo of an Ed25519 key, up to its 32 bytes (RFC 8410 §4).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// Longer ones are no reports.
const LONGEST: u64 = 256 << 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signed<'a, T: ?Sized> {
    format: u32,
    program: String,
    /// import, export, export-to, erasure.
    kind: &'a str,
    written_at: String,
    result: &'a T,
}

/// The key that reports of this box are signed with; it is made when there is none.
pub fn report_key(layout: &Layout) -> Result<SigningKey> {
    let path = layout.keys().join("report.key");
    let broken = || Error::unavailable(format!("{} is no key for reports", path.display()));
    match fs::read_to_string(&path) {
        Ok(text) => {
            let bytes = unhex(text.trim()).ok_or_else(broken)?;
            let secret: [u8; 32] = bytes.try_into().map_err(|_| broken())?;
            Ok(SigningKey::from_bytes(&secret))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let secret: [u8; 32] = random::bytes();
            let new = path.with_extension(random::short_id());
            disk::write_file(&new, format!("{}\n", hex(&secret)).as_bytes())?;
            // Whoever is first has made it.
            let linked = fs::hard_link(&new, &path);
            fs::remove_file(&new)?;
            match linked {
                Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e.into()),
                _ => report_key(layout),
            }
        }
        Err(e) => Err(e.into()),
    }
}

/// As other programs read it.
pub fn public_pem(key: &VerifyingKey) -> String {
    let bytes = [&SPKI[..], key.as_bytes()].concat();
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(bytes)
    )
}

/// Errors: Invalid.
pub fn parse_pem(text: &str) -> Result<VerifyingKey> {
    let wrong = || Error::invalid("this is no public key for reports (PEM, Ed25519)");
    let inner: String = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("-----"))
        .collect();
    let bytes = STANDARD.decode(inner).map_err(|e| wrong().caused_by(e))?;
    let key = bytes.strip_prefix(&SPKI[..]).ok_or_else(wrong)?;
    let key: [u8; 32] = key.try_into().map_err(|_| wrong())?;
    VerifyingKey::from_bytes(&key).map_err(|e| wrong().caused_by(e))
}

/// Writes a report, its signature and the key beside it. Errors: what the disk says.
pub fn write_report<T: Serialize + ?Sized>(
    layout: &Layout,
    file: &Path,
    kind: &str,
    now_ms: TimeMs,
    result: &T,
) -> Result<()> {
    let text = report_text(kind, now_ms, result)?;
    let key = report_key(layout)?;
    let write = |path: PathBuf, bytes: &[u8]| {
        disk::write_file(&path, bytes).map_err(|e| {
            Error::unavailable(format!(
                "the report {} cannot be written: {}",
                path.display(),
                e.message()
            ))
            .caused_by(e)
        })
    };
    // Broken off between the two, it is a report without a signature, not one that somebody seems to have changed.
    remove(&beside(file, "sig"))?;
    write(file.to_owned(), &text)?;
    write(beside(file, "sig"), &key.sign(&text).to_bytes())?;
    write(beside(file, "pem"), public_pem(&key.verifying_key()).as_bytes())
}

/// With what lies beside it.
pub fn remove_report(file: &Path) -> Result<()> {
    remove(&beside(file, "sig"))?;
    remove(&beside(file, "pem"))?;
    remove(file)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

/// The bytes that are signed.
pub fn report_text<T: Serialize + ?Sized>(kind: &str, now_ms: TimeMs, result: &T) -> Result<Vec<u8>> {
    let report = Signed {
        format: FORMAT,
        program: format!("Hauspost {}", env!("CARGO_PKG_VERSION")),
        kind,
        written_at: rfc3339(now_ms),
        result,
    };
    let mut text = serde_json::to_vec_pretty(&report)
        .map_err(|e| Error::internal("no JSON of a report").caused_by(e))?;
    text.push(b'\n');
    Ok(text)
}

/// Whether a report is what this key has signed. Errors: NotFound (the report, its signature); Unavailable, when it is not.
pub fn verify_report(file: &Path, key: &VerifyingKey) -> Result<()> {
    let read = |path: PathBuf| {
        let size = fs::metadata(&path).map(|m| m.len());
        if size.is_ok_and(|size| size > LONGEST) {
            return Err(Error::invalid(format!(
                "{} is too long to be a report",
                path.display()
            )));
        }
        fs::read(&path)
            .map_err(|e| Error::not_found(format!("{} cannot be read: {e}", path.display())).caused_by(e))
    };
    let text = read(file.to_owned())?;
    let signature = Signature::from_slice(&read(beside(file, "sig"))?)
        .map_err(|e| Error::unavailable("what lies beside the report is no signature").caused_by(e))?;
    key.verify_strict(&text, &signature).map_err(|e| {
        Error::unavailable(format!(
            "{} is not what this key has signed: it was changed, or another box has written it",
            file.display()
        ))
        .caused_by(e)
    })
}

/// `FILE.end`.
pub fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::ScratchFolder;

    #[test]
    fn a_report_is_believed_as_it_was_signed_and_not_otherwise() {
        let folder = ScratchFolder::make_in(&std::env::temp_dir()).unwrap();
        let layout = Layout::prepare(folder.path(), true).unwrap();
        let file = folder.path().join("report.json");
        write_report(
            &layout,
            &file,
            "import",
            0,
            &serde_json::json!({"differences": []}),
        )
        .unwrap();
        let pem = fs::read_to_string(beside(&file, "pem")).unwrap();
        let key = parse_pem(&pem).unwrap();
        assert_eq!(key, report_key(&layout).unwrap().verifying_key(), "the key stays");
        verify_report(&file, &key).unwrap();
        let other = SigningKey::from_bytes(&[7; 32]).verifying_key();
        assert!(verify_report(&file, &other).is_err());
        let text = fs::read_to_string(&file).unwrap().replace("[]", "[1]");
        fs::write(&file, text).unwrap();
        let why = verify_report(&file, &key).unwrap_err();
        assert!(why.message().contains("was changed"), "{why}");
    }

    #[test]
    fn a_key_is_printed_as_rfc_8410_has_it() {
        // The example of RFC 8410 §10.1.
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        assert_eq!(public_pem(&parse_pem(pem).unwrap()), pem);
        assert!(parse_pem("nothing").is_err());
    }
}
