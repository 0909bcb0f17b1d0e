//! Events, tasks, journal entries and cards, and the collections that hold them.

use super::message::Item;
use super::share::ShareLevel;
use super::{Folder, FolderKind, ItemId, Modseq};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Card = 0,
    Event = 1,
    Task = 2,
    Journal = 3,
    FreeBusy = 4,
    Availability = 5,
}

impl ObjectKind {
    pub fn from_stored(n: i64) -> Self {
        match n {
            1 => ObjectKind::Event,
            2 => ObjectKind::Task,
            3 => ObjectKind::Journal,
            4 => ObjectKind::FreeBusy,
            5 => ObjectKind::Availability,
            _ => ObjectKind::Card,
        }
    }

    fn bit(self) -> i64 {
        1 << self as i64
    }
}

/// What a collection may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Components(pub i64);

impl Components {
    pub fn of(kinds: &[ObjectKind]) -> Components {
        Components(kinds.iter().fold(0, |all, k| all | k.bit()))
    }

    pub fn contains(self, kind: ObjectKind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// Where nobody says anything else.
    pub fn default_of(kind: FolderKind) -> Components {
        use ObjectKind::{Availability, Card, Event, FreeBusy, Journal, Task};
        match kind {
            FolderKind::TaskList => Components::of(&[Task]),
            FolderKind::AddressBook => Components::of(&[Card]),
            _ => Components::of(&[Event, Task, Journal, FreeBusy, Availability]),
        }
    }
}

/// What is known of an object without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape(pub i64);

impl Shape {
    pub const RECURRING: Shape = Shape(1);
    pub const ALL_DAY: Shape = Shape(2);
    /// Its time depends on where the reader is.
    pub const FLOATING: Shape = Shape(4);
    /// Does not make anybody busy.
    pub const TRANSPARENT: Shape = Shape(8);
    /// Whether it makes somebody busy stands in what each of those who take part has said.
    pub const HAS_PEOPLE: Shape = Shape(16);
    pub const CANCELLED: Shape = Shape(32);
    pub const TENTATIVE: Shape = Shape(64);

    pub fn contains(self, other: Shape) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn with(self, other: Shape, is_so: bool) -> Shape {
        if is_so { Shape(self.0 | other.0) } else { self }
    }
}

/// What is derived from an object's bytes and kept beside them.
#[derive(Clone, Debug)]
pub struct ObjectColumns {
    pub uid: Option<String>,
    pub kind: ObjectKind,
    pub shape: Shape,
    /// Seconds since 1970: everything of it lies between these. None for cards.
    pub span: Option<(i64, i64)>,
    pub title: String,
    pub status: Option<String>,
    pub organizer: Option<String>,
    /// Attendees, or a card's addresses, in lower case.
    pub people: Vec<String>,
    pub phones: Vec<String>,
    pub company: Option<String>,
    /// Where a list by time has it; None: it has no start.
    pub start_s: Option<i64>,
    pub due_s: Option<i64>,
    pub priority: Option<i64>,
    /// Managed ids of the files that it names (RFC 8607).
    pub files: Vec<String>,
}

/// A stored object without its bytes.
#[derive(Clone, Debug)]
pub struct Object {
    pub item: Item,
    pub name: String,
    pub uid: Option<String>,
    pub kind: ObjectKind,
    pub shape: Shape,
    pub span: Option<(i64, i64)>,
    /// The number of the last change that people who take part have to look at (RFC 6638 §3.2.10); None: nobody does.
    pub schedule_tag: Option<Modseq>,
}

/// What a collection says of itself. None: nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionProperties {
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub colour: Option<String>,
    pub order: Option<i64>,
    /// A VTIMEZONE as it was given.
    pub time_zone: Option<String>,
    pub components: Option<Components>,
    /// Its events do not make anybody busy.
    pub is_transparent: bool,
}

/// A calendar, an address book or a task list.
#[derive(Clone, Debug)]
pub struct Collection {
    pub folder: Folder,
    pub properties: CollectionProperties,
    /// It is read from this address elsewhere, and nobody writes into it.
    pub feed: Option<String>,
}

impl Collection {
    pub fn components(&self) -> Components {
        let own = self.properties.components;
        own.unwrap_or_else(|| Components::default_of(self.folder.kind))
    }

    /// What somebody may do with what is in it who may do this with the collection.
    pub fn level_within(&self, level: ShareLevel) -> ShareLevel {
        match self.feed {
            Some(_) => level.min(ShareLevel::Read),
            None => level,
        }
    }

    pub fn display_name(&self) -> &str {
        self.properties
            .display_name
            .as_deref()
            .unwrap_or(&self.folder.name)
    }
}

/// In which order a list of objects comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectOrder {
    /// As they came.
    Arrival,
    /// As they last changed.
    Change,
    /// Those without a start are left out.
    Start,
    /// By summary or name, case of ASCII letters aside.
    Title,
}

/// The place of an object in a list: what it is ordered by, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectPlace {
    Number(i64, ItemId),
    Title(String, ItemId),
}

/// A piece of a list.
#[derive(Clone, Debug)]
pub struct ObjectWalk {
    pub order: ObjectOrder,
    pub is_descending: bool,
    pub after: Option<ObjectPlace>,
    /// Of the number that it is ordered by: the least and the most.
    pub range: (Option<i64>, Option<i64>),
    pub skip: u64,
    pub limit: u64,
}
