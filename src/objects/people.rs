//! The office's own address book: a card for everybody who is here, made from the directory, for everybody to read.

use crate::base::Result;
use crate::formats::content_line::print::print_component;
use crate::formats::content_line::{Component, Property};
use crate::identity::Ctx;
use crate::identity::access::colleagues_since;
use crate::model::message::Item;
use crate::model::object::{Collection, CollectionProperties, Object, ObjectKind, Shape};
use crate::model::{
    Account, AccountKind, BodyId, Flags, Folder, FolderId, FolderKind, ItemId, Keywords, Modseq,
};

/// The last part of its address.
pub const NAME: &str = "~people";

/// A card with its bytes.
pub type Card = (Object, Vec<u8>);

/// Whom the book has new or changed, and the names of those who are gone.
#[derive(Clone, Debug)]
pub struct PeopleChanges {
    pub present: Vec<Card>,
    pub gone: Vec<String>,
    /// The number for the next question.
    pub number: Modseq,
}

/// `since`: None for everybody. Errors: NotAuthenticated; TooOld, for a number of a directory that was restored since.
pub async fn people_changes(ctx: &Ctx, since: Option<Modseq>) -> Result<PeopleChanges> {
    ctx.account()?;
    let changes = colleagues_since(ctx, since).await?;
    Ok(PeopleChanges {
        present: changes.present.iter().map(|(n, a)| card_of(*n, a)).collect(),
        gone: changes.gone.iter().map(|oid| format!("{oid}.vcf")).collect(),
        number: changes.number,
    })
}

/// Everybody's card. Errors: NotAuthenticated.
pub async fn people(ctx: &Ctx) -> Result<Vec<Card>> {
    Ok(people_changes(ctx, None).await?.present)
}

/// The book itself. Errors: NotAuthenticated.
pub async fn people_book(ctx: &Ctx) -> Result<Collection> {
    let number = people_changes(ctx, None).await?.number;
    let shown = match ctx.account()?.language.as_str() {
        "de" => "Büro",
        _ => "Office",
    };
    let folder = Folder {
        // No folder of an account has this number.
        id: FolderId(0),
        parent_id: None,
        kind: FolderKind::AddressBook,
        role: None,
        name: NAME.to_owned(),
        uid_validity: 1,
        uid_next: 1,
        total: 0,
        unread: 0,
        deleted: 0,
        size_bytes: 0,
        highest_modseq: number,
        modseq: number,
        created_modseq: 1,
        is_subscribed: false,
    };
    let properties = CollectionProperties {
        display_name: Some(shown.to_owned()),
        ..CollectionProperties::default()
    };
    Ok(Collection {
        folder,
        properties,
        feed: None,
    })
}

fn card_of(number: Modseq, account: &Account) -> Card {
    let mut card = Component::new("VCARD");
    card.set("VERSION", "3.0");
    card.set("UID", account.oid.clone());
    card.set_text("FN", &account.display_name);
    let (family, given) = match (account.kind, account.display_name.rsplit_once(' ')) {
        (AccountKind::Person, Some((given, family))) => (family, given),
        _ => (account.display_name.as_str(), ""),
    };
    let parts = [family, given].map(|part| Property::of_text("N", part).value);
    card.set("N", format!("{};{};;;", parts[0], parts[1]));
    let addresses = std::iter::once(&account.address).chain(&account.aliases);
    let emails = addresses.map(|a| Property::of_text("EMAIL", a).with("TYPE", "INTERNET"));
    card.put_all("EMAIL", emails.collect());
    let category = match account.kind {
        AccountKind::Person => None,
        AccountKind::Shared => Some("Shared mailbox"),
        AccountKind::Room => Some("Room"),
        AccountKind::Equipment => Some("Equipment"),
        AccountKind::Group => Some("Group"),
    };
    card.put_text("CATEGORIES", category);
    let raw = print_component(&card).into_bytes();
    let object = Object {
        // It is in no account's file: only what a list shows of it counts.
        item: Item {
            id: ItemId(account.id.0),
            folder_id: FolderId(0),
            uid: 1,
            created_modseq: number,
            modseq: number,
            flags: Flags::default(),
            keywords: Keywords::default(),
            received_at_ms: account.created_at_ms,
            size_bytes: raw.len() as i64,
            body_id: BodyId(0),
        },
        name: format!("{}.vcf", account.oid),
        uid: Some(account.oid.clone()),
        kind: ObjectKind::Card,
        shape: Shape::default(),
        span: None,
        schedule_tag: None,
    };
    (object, raw)
}
