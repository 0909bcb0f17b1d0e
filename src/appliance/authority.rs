//! The box's own certificate authority, for offices without a public name: made at the first start, kept in `tls/`.

use crate::base::{Error, Result};
use crate::store::disk;
use crate::store::layout::Layout;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use std::fs;
use std::path::PathBuf;

/// Apple's systems refuse certificates that live longer (support.apple.com/103769, for own authorities 825 days).
const LEAF_DAYS: i64 = 820;
const RENEW_BEFORE_DAYS: i64 = 60;
const AUTHORITY_DAYS: i64 = 20 * 365;
const DAY_S: i64 = 24 * 3600;

/// Where the files are.
#[derive(Clone, Debug)]
pub struct Files {
    pub authority: PathBuf,
    authority_key: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// What the certificate was made for: names and the last day.
    note: PathBuf,
}

impl Files {
    pub fn of(layout: &Layout) -> Files {
        let tls = layout.tls();
        Files {
            authority: tls.join("ca.pem"),
            authority_key: tls.join("ca.key"),
            certificate: tls.join("own.pem"),
            key: tls.join("own.key"),
            note: tls.join("own.txt"),
        }
    }
}

fn failed(e: rcgen::Error) -> Error {
    Error::internal("a certificate could not be made").caused_by(e)
}

fn time(unix_s: i64) -> Result<time::OffsetDateTime> {
    time::OffsetDateTime::from_unix_timestamp(unix_s)
        .map_err(|e| Error::internal("a time out of range").caused_by(e))
}

/// Makes what is missing, and a new certificate when the names have changed or the old one nears its end.
pub fn prepare(layout: &Layout, names: &[String], now_ms: i64) -> Result<Files> {
    let files = Files::of(layout);
    let now_s = now_ms / 1000;
    if !files.authority.exists() || !files.authority_key.exists() {
        make_authority(&files, now_s)?;
    }
    let wanted = format!("{}\n", names.join(" "));
    let note = fs::read_to_string(&files.note).unwrap_or_default();
    let is_current = note.split_once('\n').is_some_and(|(names, end)| {
        format!("{names}\n") == wanted
            && end
                .trim()
                .parse::<i64>()
                .is_ok_and(|end| end - now_s > RENEW_BEFORE_DAYS * DAY_S)
    });
    if !is_current || !files.certificate.exists() || !files.key.exists() {
        make_certificate(&files, names, now_s)?;
        let end = now_s + LEAF_DAYS * DAY_S;
        disk::write_file(&files.note, format!("{wanted}{end}\n").as_bytes())?;
    }
    Ok(files)
}

fn make_authority(files: &Files, now_s: i64) -> Result<()> {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(
        DnType::CommonName,
        format!("Hauspost ({})", crate::base::random::short_id()),
    );
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = time(now_s - DAY_S)?;
    params.not_after = time(now_s + AUTHORITY_DAYS * DAY_S)?;
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.self_signed(&key).map_err(failed)?;
    disk::write_file(&files.authority_key, key.serialize_pem().as_bytes())?;
    disk::write_file(&files.authority, certificate.pem().as_bytes())
}

fn make_certificate(files: &Files, names: &[String], now_s: i64) -> Result<()> {
    let authority_pem = fs::read_to_string(&files.authority)?;
    let authority_key = KeyPair::from_pem(&fs::read_to_string(&files.authority_key)?).map_err(failed)?;
    let issuer = Issuer::from_ca_cert_pem(&authority_pem, authority_key).map_err(failed)?;
    let mut params = CertificateParams::new(names.to_vec()).map_err(failed)?;
    let mut name = DistinguishedName::new();
    name.push(
        DnType::CommonName,
        names.first().cloned().unwrap_or_else(|| "hauspost".to_owned()),
    );
    params.distinguished_name = name;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = time(now_s - DAY_S)?;
    params.not_after = time(now_s + LEAF_DAYS * DAY_S)?;
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
    disk::write_file(&files.key, key.serialize_pem().as_bytes())?;
    disk::write_file(
        &files.certificate,
        format!("{}{authority_pem}", certificate.pem()).as_bytes(),
    )
}
