//! Encryption to the recovery key, by age (age-encryption.org/v1, X25519): what lies at a backup's place is read by whoever
//! has the key, and by nobody else.

use crate::base::{Error, Kind, Result};
use crate::store::disk;
use age::secrecy::ExposeSecret;
use age::stream::{StreamReader, StreamWriter};
use age::x25519::{Identity, Recipient};
use std::fs;
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;

/// The recovery key: both halves.
#[derive(Clone)]
pub struct Key(Identity);

impl Key {
    /// Reads `AGE-SECRET-KEY-1...`, alone or in a file of age with comments. Errors: Invalid.
    pub fn parse(text: &str) -> Result<Key> {
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with('#'))
            .unwrap_or_default();
        line.to_uppercase().parse().map(Key).map_err(|why: &str| {
            Error::invalid(format!(
                "this is not a recovery key ({why}); it begins with AGE-SECRET-KEY-1 and has 74 characters"
            ))
        })
    }

    /// The key in `path`, which is made when there is none: from then on the box has a recovery key.
    pub fn of_box(path: &Path) -> Result<Key> {
        match fs::read_to_string(path) {
            Ok(text) => Key::parse(&text)
                .map_err(|e| Error::new(Kind::Unavailable, format!("{}: {}", path.display(), e.message()))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let key = Key(Identity::generate());
                disk::write_file(path, format!("{}\n", key.secret()).as_bytes())?;
                Ok(key)
            }
            Err(e) => Err(e.into()),
        }
    }

    /// `AGE-SECRET-KEY-1...`, as people keep it.
    pub fn secret(&self) -> String {
        self.0.to_string().expose_secret().to_owned()
    }

    /// `age1...`: encrypts, and cannot read.
    pub fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }

    pub(super) fn sealer<W: Write>(&self, out: W) -> Result<StreamWriter<W>> {
        let recipient: Recipient = self.0.to_public();
        let recipients = [&recipient as &dyn age::Recipient];
        let encryptor = age::Encryptor::with_recipients(recipients.into_iter())
            .map_err(|e| Error::internal("nothing can be encrypted").caused_by(e))?;
        Ok(encryptor.wrap_output(out)?)
    }

    /// Errors: Unavailable, when it is damaged or was encrypted for another key.
    pub(super) fn opener<R: Read + Seek>(&self, input: R) -> Result<StreamReader<BufReader<R>>> {
        let broken = |e: age::DecryptError| match e {
            age::DecryptError::NoMatchingKeys => {
                Error::unavailable("this backup was made with another recovery key").caused_by(e)
            }
            _ => Error::unavailable("a file of the backup is damaged").caused_by(e),
        };
        let decryptor = age::Decryptor::new_buffered(BufReader::new(input)).map_err(broken)?;
        let identity = &self.0 as &dyn age::Identity;
        decryptor.decrypt(std::iter::once(identity)).map_err(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, SeekFrom};

    fn sealed(key: &Key, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut sealer = key.sealer(&mut out).unwrap();
        sealer.write_all(text).unwrap();
        sealer.finish().unwrap();
        out
    }

    #[test]
    fn what_is_sealed_is_opened_by_its_key_alone_and_from_the_middle() {
        let (key, other) = (Key(Identity::generate()), Key(Identity::generate()));
        let text: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        let stored = sealed(&key, &text);
        let mut opener = key.opener(Cursor::new(&stored)).unwrap();
        opener.seek(SeekFrom::Start(150_000)).unwrap();
        let mut some = [0; 10];
        opener.read_exact(&mut some).unwrap();
        assert_eq!(some, text[150_000..150_010]);
        let why = other.opener(Cursor::new(&stored)).err().unwrap();
        assert!(why.message().contains("another recovery key"), "{why}");
    }

    #[test]
    fn a_key_survives_paper() {
        let key = Key(Identity::generate());
        let typed = format!("# recovery key\n\n  {}  \n", key.secret().to_lowercase());
        assert_eq!(Key::parse(&typed).unwrap().recipient(), key.recipient());
        assert!(Key::parse("AGE-SECRET-KEY-1QQ").is_err());
    }
}
