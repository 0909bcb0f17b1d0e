//! `hauspost share ...`: who may do what with one calendar, address book or task list.

use super::output::{print_done, print_list};
use super::{DataFolder, Form, with_store};
use crate::base::{Error, Result};
use crate::identity::deputies::{list_deputies, set_deputy};
use crate::identity::shares::{list_shares, set_share};
use crate::model::share::ShareLevel;
use crate::objects::shares::find_collection;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum Share {
    /// Give somebody a right, or change it
    Add(Add),
    /// Take somebody's right away
    Remove(Remove),
    /// Who has which right
    List(List),
}

#[derive(Args)]
pub struct What {
    /// Address of the owner
    owner: String,
    /// calendar, contacts or tasks for those that everybody has; or the name of another one
    collection: String,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    form: Form,
}

#[derive(Args)]
pub struct Add {
    #[command(flatten)]
    what: What,
    /// Address of a person, or of a group for all of its members
    who: String,
    /// freebusy, read, write, or manage (also what is private, its name, and who else may do what)
    #[arg(long, value_name = "LEVEL", default_value = "read")]
    level: String,
    /// With write or manage: as the owner's deputy, who gets copies of invitations to the owner
    #[arg(long)]
    deputy: bool,
}

#[derive(Args)]
pub struct Remove {
    #[command(flatten)]
    what: What,
    /// Address of the one who has it
    who: String,
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    what: What,
}

impl Share {
    pub fn run(self) -> Result<()> {
        match self {
            Share::Add(c) => {
                let level = ShareLevel::parse(&c.level)?;
                if c.deputy && level < ShareLevel::Write {
                    return Err(Error::invalid("a deputy needs --level write or --level manage"));
                }
                set(&c.what, &c.who, Some((level, c.deputy)))
            }
            Share::Remove(c) => set(&c.what, &c.who, None),
            Share::List(List { what }) => with_store(&what.data, async |ctx| {
                let (owner, found) = find_collection(&ctx, &what.owner, &what.collection).await?;
                let deputies = list_deputies(&ctx, owner.id, found.folder.id).await?;
                let all: Vec<Value> = list_shares(&ctx, owner.id, found.folder.id)
                    .await?
                    .into_iter()
                    .map(|(a, level)| {
                        json!({"address": a.address, "level": level, "isDeputy": deputies.contains(&a.id)})
                    })
                    .collect();
                let text = |v: &Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
                print_list(&what.form, &["WHO", "RIGHT", "DEPUTY"], &all, |v| {
                    let deputy = if v["isDeputy"] == true { "yes" } else { "" };
                    vec![text(v, "address"), text(v, "level"), deputy.to_owned()]
                })
            }),
        }
    }
}

fn set(what: &What, who: &str, given: Option<(ShareLevel, bool)>) -> Result<()> {
    with_store(&what.data, async |ctx| {
        let (owner, found) = find_collection(&ctx, &what.owner, &what.collection).await?;
        let place = (owner.id, found.folder.id);
        let who = match given {
            Some((level, is_deputy)) => set_deputy(&ctx, place, who, level, is_deputy).await?,
            None => set_share(&ctx, place, who, None).await?,
        };
        let who = who.address;
        let name = found.display_name();
        let said = match given {
            Some((level, is_deputy)) => format!(
                "{who} has the right »{}« on »{name}« of {}{}",
                level.as_str(),
                owner.address,
                if is_deputy { ", and deputizes for them" } else { "" }
            ),
            None => format!("{who} has no right on »{name}« of {} any more", owner.address),
        };
        let json = json!({"owner": owner.address, "collection": found.folder.name, "who": who, "level": given.map(|g| g.0),
                "isDeputy": given.is_some_and(|g| g.1)});
        print_done(&what.form, &json, &said)
    })
}
