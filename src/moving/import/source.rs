//! What a source is: something that lists folders and what is in them, and reads it.

use crate::base::{Error, Result, TimeMs};
use crate::mail::Intake;
use crate::model::object::CollectionProperties;
use crate::model::{Flags, FolderKind, Keywords, Role};
use crate::store::attachment::HeldFile;
use tokio::sync::mpsc::Sender;

/// Of one message; what is larger stays where it is, and is in the report.
pub const MAX_BYTES: u64 = 512 << 20;

/// A folder there.
#[derive(Clone, Debug, Default)]
pub struct SourceFolder {
    /// Levels with `/` between them; for calendars and address books the name that people see.
    pub path: String,
    /// Under another one names stand for other items.
    pub version: String,
    pub kind: FolderKind,
    pub role: Option<Role>,
    pub is_subscribed: bool,
    /// Of calendars, task lists and address books.
    pub properties: CollectionProperties,
    /// Where the source itself finds it.
    pub place: usize,
}

/// Flags and keywords.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    pub flags: Flags,
    pub keywords: Keywords,
}

impl Marks {
    /// As IMAP names them; `\Recent` and what nobody knows is left out.
    pub fn add_name(&mut self, name: &str) {
        let known = [
            ("\\Seen", Flags::SEEN),
            ("\\Answered", Flags::ANSWERED),
            ("\\Flagged", Flags::FLAGGED),
            ("\\Deleted", Flags::DELETED),
            ("\\Draft", Flags::DRAFT),
        ];
        match known.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some((_, flag)) => self.flags = self.flags.with(*flag),
            None if !name.starts_with('\\') => {
                // Two spellings are about.
                let name = if name.eq_ignore_ascii_case("Forwarded") {
                    "$Forwarded"
                } else {
                    name
                };
                self.keywords.add(name);
            }
            None => {}
        }
    }

    pub fn add(&mut self, flag: Flags) {
        self.flags = self.flags.with(flag);
    }
}

/// An item there, unread.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Its name in its folder: stays the same from run to run.
    pub name: String,
    /// 0: not known.
    pub size_bytes: u64,
    /// None: the source tells of flags only with the item.
    pub marks: Option<Marks>,
    pub received_at_ms: Option<TimeMs>,
    /// Of an object: changes with it.
    pub tag: String,
    /// Where the source itself finds it.
    pub place: u64,
}

/// An item that was read, or why it was not.
pub struct Fetched {
    /// Which of those that were wanted.
    pub at: usize,
    pub content: Content,
    /// That an event names, and that come with it.
    pub files: Vec<HeldFile>,
}

pub enum Content {
    Bytes(Box<Intake>),
    /// It is there, and is not what it should be: kept as it is.
    Odd(Box<Intake>, String),
    /// It is there, and cannot be read from where it is.
    Unreadable(String),
}

pub trait Source {
    /// The same for every run: names what has come from here in the ledger. Holds no secret.
    fn name(&self) -> String;

    fn folders(&mut self) -> impl Future<Output = Result<Vec<SourceFolder>>>;

    /// Everything in a folder.
    fn list(&mut self, folder: &SourceFolder) -> impl Future<Output = Result<Vec<Listed>>>;

    /// Reads `wanted` and hands each on; what has gone meanwhile is left out. In any order.
    fn fetch(
        &mut self,
        folder: &SourceFolder,
        wanted: &[Listed],
        out: Sender<Fetched>,
    ) -> impl Future<Output = Result<()>>;
}

/// Hands an item on. Errors: Internal, when nobody takes it any more.
pub async fn hand_on(out: &Sender<Fetched>, at: usize, content: Content) -> Result<()> {
    let fetched = Fetched {
        at,
        content,
        files: Vec::new(),
    };
    hand_on_all(out, fetched).await
}

/// As [`hand_on`], with the files that come with it.
pub async fn hand_on_all(out: &Sender<Fetched>, fetched: Fetched) -> Result<()> {
    out.send(fetched)
        .await
        .map_err(|_| Error::internal("the run has ended"))
}
