//! What belongs to a mailbox beside its items: settings, automatic reply, signatures, kept searches, categories, rules, the times
//! when its owner can be met, the picture. An export has it in `settings.json`; coming in, it fills what is not set yet.

use crate::base::{Error, Kind, Result};
use crate::calendar::availability::{get_availability, put_availability};
use crate::identity::Ctx;
use crate::mail::preferences::{Preferences, fill_preferences, preferences};
use crate::mail::rules::book::{RuleChange, create_rule, list_rules};
use crate::mail::settings::{
    Category, MailboxSettings, add_category, categories, change_mailbox_settings, mailbox_settings, photo,
    set_photo,
};
use crate::mail::{FolderTree, create_folder, list_folders};
use crate::model::rule::RuleText;
use crate::model::{Account, FolderId, Role};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

pub const FILE: &str = "settings.json";
/// Rises when an older program could not read it.
const FORMAT: u32 = 1;
/// A picture of four megabytes in base64, and more rules than anybody has.
const LONGEST: u64 = 32 << 20;

/// All of it, as a file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personal {
    pub format: u32,
    /// Times, hours, the automatic reply.
    pub mailbox: MailboxSettings,
    /// Of the page: signatures, kept searches, colours.
    pub preferences: Preferences,
    pub categories: Vec<Category>,
    /// iCalendar (RFC 7953).
    pub availability: Option<String>,
    /// In the order in which they are carried out.
    pub rules: Vec<ExportedRule>,
    /// base64.
    pub photo: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedRule {
    pub sequence: i32,
    pub is_enabled: bool,
    pub text: RuleText,
    /// The folders that it names, by their numbers in `text`.
    pub folders: BTreeMap<i64, NamedFolder>,
}

/// A folder, in another account as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedFolder {
    pub path: String,
    /// `trash`, `archive`, ...
    pub role: Option<String>,
}

/// What an account has. Errors: Forbidden, NotFound.
pub async fn read_personal(ctx: &Ctx, account: &Account) -> Result<Personal> {
    let folders = list_folders(ctx, account.id).await?;
    let named = |id: FolderId| {
        let (path, folder) = folders.iter().find(|(_, f)| f.id == id)?;
        let role = folder.role.map(|r| r.as_str().to_owned());
        Some((
            id.0,
            NamedFolder {
                path: path.to_owned(),
                role,
            },
        ))
    };
    let rules = list_rules(ctx, account.id)
        .await?
        .into_iter()
        .map(|listed| ExportedRule {
            sequence: listed.rule.sequence,
            is_enabled: listed.rule.is_enabled,
            folders: listed.rule.text.actions.folders().filter_map(named).collect(),
            text: listed.rule.text,
        });
    let picture = photo(ctx, account.id).await?;
    Ok(Personal {
        format: FORMAT,
        mailbox: mailbox_settings(ctx, account.id).await?,
        preferences: preferences(ctx, account.id).await?,
        categories: categories(ctx, account.id).await?,
        availability: get_availability(ctx, account.id).await?,
        rules: rules.collect(),
        photo: picture.map(|bytes| STANDARD.encode(bytes)),
    })
}

/// Of an export. None: it was made by a program that did not write settings yet. Errors: Invalid; Unavailable.
pub fn load_personal(home: &Path) -> Result<Option<Personal>> {
    let path = home.join(FILE);
    let size = match std::fs::metadata(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other?.len(),
    };
    let wrong = |why: String| Error::invalid(format!("{}: {why}", path.display()));
    if size > LONGEST {
        return Err(wrong("it is too long to be settings of a mailbox".to_owned()));
    }
    let personal: Personal = serde_json::from_slice(&std::fs::read(&path)?)
        .map_err(|e| wrong(format!("it cannot be read: {e}")))?;
    match personal.format <= FORMAT {
        true => Ok(Some(personal)),
        false => Err(wrong("it was written by a newer Hauspost".to_owned())),
    }
}

/// How bringing in went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// How much came, or would come.
    pub came: u64,
    /// What is set otherwise here and stays so, in words.
    pub stays: Vec<String>,
}

/// Brings it into an account: what is set here stays, what is missing comes. `was`: the address that it was exported under.
/// `is_look`: nothing is changed, only counted. Errors: Invalid, Forbidden.
pub async fn bring_personal(
    ctx: &Ctx,
    account: &Account,
    was: &str,
    personal: &Personal,
    is_look: bool,
) -> Result<Filled> {
    ctx.require_owner(account.id)?;
    let mut filled = Filled::default();
    let mut work = Work {
        ctx,
        account,
        is_look,
        filled: &mut filled,
    };
    work.mailbox(&personal.mailbox).await?;
    work.preferences(was, &personal.preferences).await?;
    work.categories(&personal.categories).await?;
    work.availability(personal.availability.as_deref()).await?;
    work.photo(personal.photo.as_deref()).await?;
    work.rules(&personal.rules).await?;
    Ok(filled)
}

struct Work<'a> {
    ctx: &'a Ctx,
    account: &'a Account,
    is_look: bool,
    filled: &'a mut Filled,
}

impl Work<'_> {
    /// Counts what of one kind comes, and notes what stays. Returns what is to be set.
    fn choose<T: PartialEq + Clone>(&mut self, what: &str, here: Option<&T>, there: Option<&T>) -> Option<T> {
        match (here, there) {
            (None, Some(there)) => {
                self.filled.came += 1;
                Some(there.clone())
            }
            (Some(here), Some(there)) if here != there => {
                self.filled
                    .stays
                    .push(format!("{what} is set otherwise here, and stays so"));
                None
            }
            _ => None,
        }
    }

    async fn mailbox(&mut self, there: &MailboxSettings) -> Result<()> {
        let here = mailbox_settings(self.ctx, self.account.id).await?;
        let new = MailboxSettings {
            time_zone: self.choose("the time zone", here.time_zone.as_ref(), there.time_zone.as_ref()),
            locale: self.choose(
                "the language of times",
                here.locale.as_ref(),
                there.locale.as_ref(),
            ),
            date_format: self.choose(
                "the form of dates",
                here.date_format.as_ref(),
                there.date_format.as_ref(),
            ),
            time_format: self.choose(
                "the form of times",
                here.time_format.as_ref(),
                there.time_format.as_ref(),
            ),
            working_hours: self.choose(
                "the working hours",
                here.working_hours.as_ref(),
                there.working_hours.as_ref(),
            ),
            automatic_replies: self.choose(
                "the automatic reply",
                here.automatic_replies.as_ref(),
                there.automatic_replies.as_ref(),
            ),
            deputy_delivery: self.choose(
                "what happens with mail about events",
                here.deputy_delivery.as_ref(),
                there.deputy_delivery.as_ref(),
            ),
        };
        match self.is_look || new == MailboxSettings::default() {
            true => Ok(()),
            false => change_mailbox_settings(self.ctx, self.account.id, new).await,
        }
    }

    async fn preferences(&mut self, was: &str, there: &Preferences) -> Result<()> {
        let mut there = there.clone();
        // What was written from the mailbox's own address is so again.
        if let Some(own) = there.signatures.remove(&was.to_lowercase()) {
            there.signatures.insert(self.account.address.clone(), own);
        }
        // Numbers of folders say nothing here.
        there.searches.iter_mut().for_each(|search| search.folder = None);
        let (came, stays) = fill_preferences(self.ctx, self.account.id, there, self.is_look).await?;
        self.filled.came += came;
        self.filled.stays.extend(stays);
        Ok(())
    }

    async fn categories(&mut self, there: &[Category]) -> Result<()> {
        let here = categories(self.ctx, self.account.id).await?;
        for category in there {
            let same = here.iter().find(|c| c.name.eq_ignore_ascii_case(&category.name));
            let what = format!("the colour of »{}«", category.name);
            let wanted = self.choose(&what, same.map(|c| &c.color), Some(&category.color));
            if let (Some(color), false) = (wanted, self.is_look) {
                add_category(self.ctx, self.account.id, category.name.clone(), color).await?;
            }
        }
        Ok(())
    }

    async fn availability(&mut self, there: Option<&str>) -> Result<()> {
        let here = get_availability(self.ctx, self.account.id).await?;
        let there = there.map(str::to_owned);
        let wanted = self.choose("when somebody can be met", here.as_ref(), there.as_ref());
        match (wanted, self.is_look) {
            (Some(text), false) => put_availability(self.ctx, self.account.id, Some(text)).await,
            _ => Ok(()),
        }
    }

    async fn photo(&mut self, there: Option<&str>) -> Result<()> {
        let Some(there) = there else { return Ok(()) };
        let there = STANDARD
            .decode(there)
            .map_err(|e| Error::invalid(format!("{FILE}: the picture cannot be read")).caused_by(e))?;
        let here = photo(self.ctx, self.account.id).await?;
        let wanted = self.choose("the picture", here.as_ref(), Some(&there));
        match (wanted, self.is_look) {
            (Some(bytes), false) => set_photo(self.ctx, self.account.id, Some(bytes)).await,
            _ => Ok(()),
        }
    }

    async fn rules(&mut self, there: &[ExportedRule]) -> Result<()> {
        let here = list_rules(self.ctx, self.account.id).await?;
        let mut folders = list_folders(self.ctx, self.account.id).await?;
        for rule in there {
            let mut text = rule.text.clone();
            let mut is_missing = false;
            for folder in [&mut text.actions.move_to, &mut text.actions.copy_to] {
                let Some(id) = *folder else { continue };
                let named = rule.folders.get(&id.0);
                *folder = named.and_then(|named| place_of(&folders, named));
                if let (None, Some(named), false) = (*folder, named, self.is_look) {
                    *folder = Some(create_folder(self.ctx, self.account.id, &named.path, None).await?);
                    folders = list_folders(self.ctx, self.account.id).await?;
                }
                // Looking only, it would be made.
                is_missing |= folder.is_none() && !(self.is_look && named.is_some());
            }
            let is_known = here.iter().any(|h| h.rule.text == text);
            if is_known {
                continue;
            }
            self.filled.came += 1;
            if is_missing {
                self.filled.stays.push(format!(
                    "the rule »{}« names a folder that was gone there; it comes switched off",
                    text.name
                ));
            }
            if !self.is_look {
                let new = RuleChange {
                    sequence: Some(rule.sequence),
                    is_enabled: Some(rule.is_enabled && !is_missing),
                    text: Some(text),
                };
                match create_rule(self.ctx, self.account, new).await {
                    Err(e) if e.kind() == Kind::Invalid => {
                        let why = format!("the rule »{}« did not come: {}", rule.text.name, e.message());
                        self.filled.stays.push(why);
                    }
                    other => drop(other?),
                }
            }
        }
        Ok(())
    }
}

/// By its task where it has one, for it may have another name here; else by its path.
fn place_of(folders: &FolderTree, named: &NamedFolder) -> Option<FolderId> {
    let role = named.role.as_deref().and_then(Role::from_stored);
    let by_role = role.and_then(|role| folders.by_role(role)).map(|(_, f)| f.id);
    by_role.or_else(|| folders.find(&named.path).map(|f| f.id))
}
