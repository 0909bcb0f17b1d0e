//! How places are named: a path, `s3://KEY@host/bucket/prefix?region=eu-central-1`, `webdavs://user@host/folder`. Never with
//! a secret in it.

use crate::base::text::percent_decoded;
use crate::base::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use url::Url;

/// What stays as it is in names of buckets and keys, here and in signatures.
pub(super) const SAFE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
pub(super) const SAFE_PATH: &AsciiSet = &SAFE.remove(b'/');

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Address {
    Folder(PathBuf),
    S3(Bucket),
    WebDav(Share),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    /// Of the server.
    pub endpoint: Url,
    pub access_key: String,
    pub bucket: String,
    /// Without slashes at its ends; may be empty.
    pub prefix: String,
    pub region: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// Ends in a slash.
    pub folder: Url,
    pub user: String,
}

impl Address {
    /// Whether a password or a secret key is needed.
    pub fn wants_secret(&self) -> bool {
        !matches!(self, Address::Folder(_))
    }
}

impl FromStr for Address {
    type Err = Error;

    /// Errors: Invalid, which says how it is written.
    fn from_str(text: &str) -> Result<Address> {
        let Some((scheme, _)) = text.split_once("://") else {
            return Ok(Address::Folder(PathBuf::from(text)));
        };
        let wrong = |what: &str| Error::invalid(format!("»{text}« {what}"));
        let (transport, is_s3) = match scheme {
            "s3" => ("https", true),
            "s3+http" => ("http", true),
            "webdavs" => ("https", false),
            "webdav" => ("http", false),
            _ => {
                return Err(wrong(
                    "is no place for backups: write a folder, s3://KEY@host/bucket/prefix?region=… or webdavs://user@host/folder",
                ));
            }
        };
        let url = Url::parse(&text.replacen(scheme, transport, 1))
            .map_err(|e| wrong(&format!("is no address: {e}")))?;
        if url.password().is_some() {
            return Err(wrong(
                "has a password in it; leave it out and give it with --secret-stdin or in HAUSPOST_BACKUP_SECRET",
            ));
        }
        let user = percent_decoded(url.username());
        if user.is_empty() {
            return Err(wrong(match is_s3 {
                true => "does not say with which access key: s3://KEY@host/bucket",
                false => "does not say whose: webdavs://user@host/folder",
            }));
        }
        match is_s3 {
            true => bucket(&url, user).ok_or_else(|| wrong("names no bucket: s3://KEY@host/bucket")),
            false => Ok(share(&url, user)),
        }
    }
}

fn plain(url: &Url) -> Url {
    let mut out = url.clone();
    // Neither can fail for an address with a host.
    let _ = out.set_username("");
    out.set_query(None);
    out.set_fragment(None);
    out
}

fn bucket(url: &Url, access_key: String) -> Option<Address> {
    let path = url.path().trim_matches('/');
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    let region = url.query_pairs().find(|(n, _)| n == "region");
    let mut endpoint = plain(url);
    endpoint.set_path("/");
    (!bucket.is_empty()).then(|| {
        Address::S3(Bucket {
            endpoint,
            access_key,
            bucket: percent_decoded(bucket),
            prefix: percent_decoded(prefix.trim_end_matches('/')),
            region: region.map_or_else(|| "us-east-1".to_owned(), |(_, v)| v.into_owned()),
        })
    })
}

fn share(url: &Url, user: String) -> Address {
    let mut folder = plain(url);
    let path = format!("{}/", url.path().trim_end_matches('/'));
    folder.set_path(&path);
    Address::WebDav(Share { folder, user })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let behind_scheme = |url: &Url| {
            url.as_str()
                .split_once("://")
                .map_or(String::new(), |(_, r)| r.to_owned())
        };
        match self {
            Address::Folder(path) => write!(f, "{}", path.display()),
            Address::S3(b) => {
                let scheme = if b.endpoint.scheme() == "https" {
                    "s3"
                } else {
                    "s3+http"
                };
                let key = utf8_percent_encode(&b.access_key, NON_ALPHANUMERIC);
                let host = behind_scheme(&b.endpoint);
                write!(
                    f,
                    "{scheme}://{key}@{host}{}",
                    utf8_percent_encode(&b.bucket, SAFE)
                )?;
                if !b.prefix.is_empty() {
                    write!(f, "/{}", utf8_percent_encode(&b.prefix, SAFE_PATH))?;
                }
                write!(f, "?region={}", utf8_percent_encode(&b.region, SAFE))
            }
            Address::WebDav(s) => {
                let scheme = if s.folder.scheme() == "https" {
                    "webdavs"
                } else {
                    "webdav"
                };
                write!(
                    f,
                    "{scheme}://{}@{}",
                    utf8_percent_encode(&s.user, NON_ALPHANUMERIC),
                    behind_scheme(&s.folder)
                )
            }
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.to_string()
    }
}

impl TryFrom<String> for Address {
    type Error = Error;

    fn try_from(text: String) -> Result<Address> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_written_the_same() {
        for text in [
            "/mnt/usb/backup",
            "s3://AKIA1@s3.example.org/bucket/a/b?region=eu-central-1",
            "s3+http://key@127.0.0.1:9000/bucket?region=us-east-1",
            "s3://k@h.test/bucket/100%25%20%3F%20%23/b?region=r%26d",
            "webdavs://anna%40example%2Eorg@cloud.example.org/remote.php/dav/files/anna/backup/",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
        let Ok(Address::S3(b)) = "s3://k@h.test/bucket/a/".parse() else {
            panic!("no bucket");
        };
        assert_eq!((&b.prefix[..], &b.region[..]), ("a", "us-east-1"));
    }

    #[test]
    fn what_is_wrong_is_said_and_no_secret_is_taken() {
        for (text, said) in [
            ("ftp://a/b", "is no place for backups"),
            ("s3://host/bucket", "with which access key"),
            ("s3://k@host", "names no bucket"),
            ("webdavs://u:geheim@host/", "has a password in it"),
            ("webdavs://host/", "does not say whose"),
        ] {
            let e = text.parse::<Address>().unwrap_err();
            assert!(e.message().contains(said), "{text}: {e}");
        }
    }
}
