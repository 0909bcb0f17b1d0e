//! How commands name the place of backups: an address, its secret, and the way there.

use super::super::outside::Lines;
use super::super::read_password;
use crate::backup::{Address, Destination, Key, Place, box_key};
use crate::base::{Error, Result};
use crate::identity::Ctx;
use clap::Args;
use std::path::{Path, PathBuf};

/// Environment variable with the password or secret key of a place on the network.
const SECRET: &str = "HAUSPOST_BACKUP_SECRET";
pub const PLACE: &str = "FOLDER|ADDRESS";

/// What a place on the network wants.
#[derive(Args, Clone)]
pub struct Reach {
    /// Read the secret key (s3) or password (webdavs) of the place from standard input, one line; else it is taken from
    /// HAUSPOST_BACKUP_SECRET, or the one that is known
    #[arg(long)]
    secret_stdin: bool,
    #[command(flatten)]
    lines: Lines,
}

impl Reach {
    /// The one that is given.
    pub fn secret(&self) -> Result<Option<String>> {
        match self.secret_stdin {
            true => read_password().map(Some),
            false => Ok(std::env::var(SECRET).ok().filter(|s| !s.is_empty())),
        }
    }

    pub fn dialer(&self) -> Result<std::sync::Arc<crate::delivery::Dialer>> {
        self.lines.dialer()
    }

    /// With the secret that the box knows, when none is given.
    pub async fn with_box(&self, ctx: &Ctx, place: &Address) -> Result<Destination> {
        let known = Destination::known(ctx, place, &self.dialer()?).await?;
        let given = self.secret()?;
        Ok(Destination {
            secret: given.or(known.secret),
            ..known
        })
    }

    pub fn open(&self, place: &Address) -> Result<Box<dyn Place>> {
        let destination = Destination {
            place: place.clone(),
            secret: self.secret()?,
            dialer: self.dialer()?,
        };
        destination.open()
    }
}

/// Backups that are read without a box: place and key are enough.
#[derive(Args)]
pub struct Source {
    /// Where the backups are
    #[arg(long, value_name = PLACE)]
    from: Address,
    #[command(flatten)]
    reach: Reach,
    /// File with the recovery key; without it, the key of the box in --data is taken
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long = "data", value_name = "DIR", env = "HAUSPOST_DATA")]
    data: Option<PathBuf>,
}

impl Source {
    pub fn open(&self) -> Result<(Box<dyn Place>, Key)> {
        let key = match (&self.key, &self.data) {
            (Some(file), _) => Key::parse(&read(file)?)?,
            (None, Some(data)) => Key::parse(&read(&data.join("keys/backup.key"))?)?,
            (None, None) => {
                return Err(Error::invalid(
                    "the backups are encrypted: give the recovery key with --key FILE",
                ));
            }
        };
        Ok((self.reach.open(&self.from)?, key))
    }
}

/// The key in the file, or the box's.
pub fn key_of(file: Option<&Path>, ctx: &Ctx) -> Result<Key> {
    match file {
        Some(file) => Key::parse(&read(file)?),
        None => box_key(ctx.store.layout()),
    }
}

pub fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file)
        .map_err(|e| Error::not_found(format!("{} cannot be read: {e}", file.display())).caused_by(e))
}
