//! From SQLite's errors to ours.

use crate::base::Error;
use rusqlite::ErrorCode as Code;

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        let error = match &e {
            rusqlite::Error::QueryReturnedNoRows => Error::not_found("there is no such thing"),
            rusqlite::Error::SqliteFailure(f, _) => match f.code {
                Code::DiskFull => Error::over_quota("the disk of the mail server is full"),
                Code::DatabaseBusy | Code::DatabaseLocked => Error::busy("the store is busy; try again"),
                Code::DatabaseCorrupt | Code::NotADatabase => {
                    Error::unavailable("a file of the store is damaged; run: hauspost doctor")
                }
                Code::ConstraintViolation => Error::conflict("this contradicts something that is stored"),
                Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen | Code::SystemIoFailure => {
                    Error::unavailable("the store cannot be read or written")
                }
                _ => Error::internal("the store failed"),
            },
            _ => Error::internal("the store failed"),
        };
        error.caused_by(e)
    }
}

impl From<r2d2::Error> for Error {
    fn from(e: r2d2::Error) -> Self {
        Error::busy("the store has no free connection; try again").caused_by(e)
    }
}
