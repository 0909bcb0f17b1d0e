//! `hauspost calendar ...`: publishing a calendar at an address that only those know who are told.

use super::output::print_done;
use super::{DataFolder, Form, with_store};
use crate::base::Result;
use crate::calendar::publish::{path_of, publish, unpublish};
use crate::model::publication::Detail;
use crate::objects::shares::find_collection;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Subcommand)]
pub enum Calendar {
    /// Give a calendar an address at which anybody who knows it reads it; the one before ends
    Publish(Publish),
    /// End its address
    Unpublish(Unpublish),
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
