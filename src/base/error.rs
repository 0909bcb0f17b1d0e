//! The one error type of the program: a protocol-free kind, a sentence for the person, a cause for the log.
//!
//! Doors translate [`Kind`] with one exhaustive match each; the text says what went wrong, with
//! which thing, and what to do. Causes never reach a client.

use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of thing went wrong, without any protocol's vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The thing is not there, or the actor may not know that it is.
    NotFound,
    /// Something of that name is there already.
    Exists,
    /// The actor is known and may not do this.
    Forbidden,
    /// Nobody is signed in, or the credentials are wrong.
    NotAuthenticated,
    /// The request cannot be understood or breaks a rule.
    Invalid,
    /// The state has moved on since the client looked.
    Conflict,
    /// The account or the disk has no room for it.
    OverQuota,
    /// One thing is larger than allowed.
    TooLarge,
    /// A sync cursor is older than what the change log still knows.
    TooOld,
    /// Too many requests or connections; later it will work.
    Busy,
    /// Something that is needed does not answer: a disk, a peer, a name server.
    Unavailable,
    /// A defect of ours.
    Internal,
}

impl Kind {
    /// Worth trying again without changing anything.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Kind::Busy | Kind::Unavailable | Kind::OverQuota | Kind::Internal
        )
    }
}

/// What went wrong as a code with its values, for doors whose visitors read it in their own language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub code: &'static str,
    pub values: BTreeMap<&'static str, String>,
}

pub struct Error {
    kind: Kind,
    message: String,
    reason: Option<Box<Reason>>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
            reason: None,
            cause: None,
        }
    }

    /// Names the sentence, so that the page can say it in German too: each code has a text in `web-ui/src/i18n`.
    pub fn with_reason(mut self, code: &'static str, values: &[(&'static str, &str)]) -> Self {
        let values = values
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        self.reason = Some(Box::new(Reason { code, values }));
        self
    }

    /// Keeps `cause` for the log.
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence for the person who asked.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn reason(&self) -> Option<&Reason> {
        self.reason.as_deref()
    }

    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.cause.as_deref()
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }
    pub fn exists(message: impl Into<String>) -> Self {
        Self::new(Kind::Exists, message)
    }
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, message)
    }
    pub fn not_authenticated(message: impl Into<String>) -> Self {
        Self::new(Kind::NotAuthenticated, message)
    }
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }
    pub fn over_quota(message: impl Into<String>) -> Self {
        Self::new(Kind::OverQuota, message)
    }
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(Kind::TooLarge, message)
    }
    pub fn too_old(message: impl Into<String>) -> Self {
        Self::new(Kind::TooOld, message)
    }
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(Kind::Busy, message)
    }
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The log's form: kind, sentence and the chain of causes.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)?;
        let mut next = self.cause.as_deref().map(|c| c as &(dyn StdError + 'static));
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|c| c as &(dyn StdError + 'static))
    }
}

/// Files and sockets: a full disk is told apart because mail is then deferred, not refused.
impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        let error = match e.kind() {
            K::StorageFull | K::QuotaExceeded => Error::over_quota("the disk is full"),
            K::NotFound => Error::not_found("a file is missing"),
            K::PermissionDenied => Error::unavailable("a file may not be opened"),
            K::TimedOut => Error::unavailable("the other side did not answer in time"),
            _ => Error::unavailable("reading or writing failed"),
        };
        error.caused_by(e)
    }
}
