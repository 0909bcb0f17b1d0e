//! Where backups lie: a place of files with names, each written whole or not at all. A folder, or a server that speaks S3 or
//! WebDAV; each kind implements the same five verbs.

mod address;
mod folder;
mod remote;
mod s3;
mod webdav;

use crate::base::{Error, Result};
use crate::delivery::Dialer;
pub use address::Address;
pub use folder::Folder;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub trait Stream: Read + Seek + Send {}
impl<T: Read + Seek + Send> Stream for T {}

/// Names are relative, of lower-case letters, digits, `-`, `.` and `/`.
pub trait Place: Send + Sync {
    /// Where files that are to come here are written first; a folder on this machine.
    fn waiting_room(&self) -> PathBuf;
    /// Takes a finished file under a name; when this returns, it is there to stay. One that has the name is replaced.
    fn put(&self, file: &Path, name: &str) -> Result<()>;
    /// Errors: NotFound.
    fn open(&self, name: &str) -> Result<Box<dyn Stream>>;
    /// Names and sizes of all files below a folder, in no order.
    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>>;
    /// One that is not there is no error.
    fn remove(&self, name: &str) -> Result<()>;
    /// For people.
    fn name(&self) -> String;
}

/// Opens a place. `secret`: of those that want one. Errors: NotFound, when a folder is not there; Invalid, when the secret
/// is missing.
pub fn open(address: &Address, secret: Option<&str>, dialer: &Arc<Dialer>) -> Result<Box<dyn Place>> {
    let secret = || {
        secret.map(str::to_owned).ok_or_else(|| {
            Error::invalid(format!(
                "{address} wants a password or a secret key: give it with --secret-stdin or in HAUSPOST_BACKUP_SECRET"
            ))
        })
    };
    Ok(match address {
        Address::Folder(path) => Box::new(Folder::open(path)?),
        Address::S3(bucket) => {
            let store = s3::S3::new(bucket.clone(), secret()?);
            Box::new(remote::Remote::start(address.to_string(), dialer.clone(), store)?)
        }
        Address::WebDav(share) => {
            let store = webdav::WebDav::new(share.clone(), secret()?);
            Box::new(remote::Remote::start(address.to_string(), dialer.clone(), store)?)
        }
    })
}
