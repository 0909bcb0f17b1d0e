//! `hauspost calendar ...`: publishing a calendar at an address that only those know who are told, and reading calendars from
//! elsewhere.

use super::output::{print_done, print_list};
use super::{DataFolder, Form, with_store};
use crate::base::Result;
use crate::base::clock::rfc3339;
use crate::calendar::feed;
use crate::calendar::publish::{path_of, publish, unpublish};
use crate::identity::accounts::find_account;
use crate::model::object::CollectionProperties;
use crate::model::publication::Detail;
use crate::objects::shares::find_collection;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum Calendar {
    /// Give a calendar an address at which anybody who knows it reads it; the one before ends
    Publish(Publish),
    /// End its address
    Unpublish(Unpublish),
    /// Read a calendar from an address elsewhere, each hour; a running server begins within seconds
    Subscribe(Subscribe),
    /// The calendars that are read from elsewhere, and what went wrong
    Subscriptions(Subscriptions),
    /// Read all of them now
    Refresh(Subscriptions),
}

#[derive(Args)]
pub struct Subscribe {
    /// Address of the one who is to see it
    owner: String,
    /// https://... or webcal://...
    url: String,
    /// What it is called
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Subscriptions {
    /// Address of the owner
    owner: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct What {
    /// Address of the owner
    owner: String,
    /// calendar for the one that everybody has; or the name of another one
    #[arg(default_value = "calendar")]
    calendar: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Publish {
    #[command(flatten)]
    what: What,
    /// busy (times alone), titles (what and where), or all (but what is private)
    #[arg(long, value_name = "DETAIL", default_value = "busy")]
    detail: String,
}

#[derive(Args)]
pub struct Unpublish {
    #[command(flatten)]
    what: What,
}

impl Calendar {
    pub fn run(self) -> Result<()> {
        match self {
            Calendar::Publish(Publish { what, detail }) => {
                let detail = Detail::parse(&detail)?;
                with_store(&what.data, async |ctx| {
                    let (owner, found) = find_collection(&ctx, &what.owner, &what.calendar).await?;
                    let secret = publish(&ctx, owner.id, found.folder.id, detail).await?;
                    let path = path_of(&secret);
                    let said = format!(
                        "»{}« of {} is published ({}) at this address of the server, which is not shown again: {path}",
                        found.display_name(),
                        owner.address,
                        detail.as_str()
                    );
                    let json = json!({"owner": owner.address, "calendar": found.folder.name, "detail": detail, "path": path});
                    print_done(&what.form, &json, &said)
                })
            }
            Calendar::Subscribe(c) => with_store(&c.data, async |ctx| {
                let owner = find_account(&ctx, &c.owner).await?;
                let properties = CollectionProperties {
                    display_name: c.name.clone(),
                    ..CollectionProperties::default()
                };
                let folder = feed::subscribe(&ctx, owner.id, &c.url, None, properties).await?;
                let said = format!("{} sees this calendar, which is read each hour", owner.address);
                let json = json!({"owner": owner.address, "calendar": folder.0});
                print_done(&c.form, &json, &said)
            }),
            Calendar::Refresh(c) => with_store(&c.data, async |ctx| {
                let owner = find_account(&ctx, &c.owner).await?;
                let count = feed::refresh_feeds(&ctx, owner.id).await?;
                let said = format!(
                    "{count} calendars of {} are read within seconds while the server runs",
                    owner.address
                );
                print_done(
                    &c.form,
                    &json!({"owner": owner.address, "calendars": count}),
                    &said,
                )
            }),
            Calendar::Subscriptions(c) => with_store(&c.data, async |ctx| {
                let owner = find_account(&ctx, &c.owner).await?;
                let all: Vec<Value> = feed::list_feeds(&ctx, owner.id)
                    .await?
                    .into_iter()
                    .map(|(feed, name)| {
                        json!({"name": name, "url": feed.url, "readAt": feed.fetched_at_ms.map(rfc3339), "failure": feed.failure})
                    })
                    .collect();
                let text = |v: &Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
                print_list(&c.form, &["NAME", "READ", "FAILURE", "ADDRESS"], &all, |v| {
                    ["name", "readAt", "failure", "url"]
                        .iter()
                        .map(|n| text(v, n))
                        .collect()
                })
            }),
            Calendar::Unpublish(Unpublish { what }) => with_store(&what.data, async |ctx| {
                let (owner, found) = find_collection(&ctx, &what.owner, &what.calendar).await?;
                unpublish(&ctx, owner.id, found.folder.id).await?;
                let said = format!(
                    "»{}« of {} is not published any more",
                    found.display_name(),
                    owner.address
                );
                let json = json!({"owner": owner.address, "calendar": found.folder.name});
                print_done(&what.form, &json, &said)
            }),
        }
    }
}
