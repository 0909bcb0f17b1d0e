//! How somebody wants the page to be, on every device: what Graph has no word for.

use super::settings::{change, get};
use crate::base::{Error, Kind, Result};
use crate::identity::Ctx;
use crate::identity::access::open_mailbox;
use crate::model::AccountId;
use crate::model::access::AccessLevel;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const PREFERENCES: &str = "preferences";
/// A signature with a picture's worth of words; more is a letter.
const MAX_SIGNATURE_BYTES: usize = 10 << 10;
const MAX_SIGNATURES: usize = 50;
const MAX_SEARCHES: usize = 50;
const MAX_SENDERS: usize = 1000;
const MAX_UNDO_SECONDS: u8 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    System,
    Light,
    Dark,
}

/// None: nothing was chosen yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Preferences {
    pub theme: Option<Theme>,
    /// 0 is Sunday, as in browsers.
    pub first_day_of_week: Option<u8>,
    /// How long the page lets a message wait, to be taken back.
    pub undo_seconds: Option<u8>,
    /// Whether new messages begin as plain text instead of formatted.
    pub writes_plain: Option<bool>,
    /// Whether the rest of its conversation is shown with a message.
    pub conversations: Option<bool>,
    /// Whether lists of mail have a row for each conversation instead of each message.
    pub by_conversation: Option<bool>,
    /// Senders whose pictures from elsewhere are shown without asking; lower case.
    pub image_senders: Vec<String>,
    /// In the order in which they are shown.
    pub searches: Vec<SavedSearch>,
    /// By the address that is written from, lower case.
    pub signatures: BTreeMap<String, Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// Plain text, without the line that sets it off.
    pub text: String,
    /// Also below answers and what is forwarded.
    pub in_replies: bool,
}

/// A search that is kept under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedSearch {
    pub name: String,
    /// As it was typed.
    pub text: String,
    /// A folder as the page names it; None: everywhere in one's own mailbox.
    pub folder: Option<String>,
}

/// What is to change; None stays as it is.
#[derive(Clone, Debug, Default)]
pub struct PreferenceChange {
    pub theme: Option<Theme>,
    pub first_day_of_week: Option<u8>,
    pub undo_seconds: Option<u8>,
    pub writes_plain: Option<bool>,
    pub conversations: Option<bool>,
    pub by_conversation: Option<bool>,
    /// All of them.
    pub image_senders: Option<Vec<String>>,
    /// All of them, in their order.
    pub searches: Option<Vec<SavedSearch>>,
    /// An address, and its signature; None takes it away.
    pub signature: Option<(String, Option<Signature>)>,
}

pub async fn preferences(ctx: &Ctx, account: AccountId) -> Result<Preferences> {
    get(ctx, account, PREFERENCES).await
}

/// Errors: Invalid.
fn check_searches(searches: &[SavedSearch]) -> Result<()> {
    if searches.len() > MAX_SEARCHES {
        return Err(Error::invalid(format!(
            "at most {MAX_SEARCHES} searches are kept"
        )));
    }
    let too_long = |s: &SavedSearch| s.name.len() > 100 || s.text.len() > 1000;
    let is_bare = |s: &SavedSearch| s.name.trim().is_empty() || s.text.trim().is_empty();
    match searches.iter().any(|s| too_long(s) || is_bare(s)) {
        true => Err(Error::invalid(
            "a kept search has a name of up to 100 bytes and a text of up to 1000",
        )),
        false => Ok(()),
    }
}

/// One's own addresses, and those of mailboxes in whose name one may send.
async fn may_write_from(ctx: &Ctx, address: &str) -> Result<bool> {
    if ctx.account()?.owns_address(address) {
        return Ok(true);
    }
    match open_mailbox(ctx, address).await {
        Ok((_, level)) => Ok(level == AccessLevel::Full),
        Err(e) if e.kind() == Kind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// Errors: Invalid; NotFound, for a signature of an address that is not one's own.
pub async fn change_preferences(
    ctx: &Ctx,
    account: AccountId,
    wanted: PreferenceChange,
) -> Result<Preferences> {
    if wanted.first_day_of_week.is_some_and(|d| d > 6) {
        return Err(Error::invalid(
            "the first day of the week is a number from 0, Sunday, to 6",
        ));
    }
    if wanted.undo_seconds.is_some_and(|s| s > MAX_UNDO_SECONDS) {
        return Err(Error::invalid(format!(
            "a message waits for {MAX_UNDO_SECONDS} seconds at most"
        )));
    }
    if let Some(senders) = &wanted.image_senders
        && (senders.len() > MAX_SENDERS || senders.iter().any(|s| s.is_empty() || s.len() > 320))
    {
        return Err(Error::invalid(format!(
            "at most {MAX_SENDERS} addresses of senders are kept"
        )));
    }
    if let Some(searches) = &wanted.searches {
        check_searches(searches)?;
    }
    if let Some((address, signature)) = &wanted.signature {
        if signature.is_some() && !may_write_from(ctx, address).await? {
            return Err(Error::not_found(format!(
                "{address} is not one of your addresses"
            )));
        }
        if signature
            .as_ref()
            .is_some_and(|s| s.text.len() > MAX_SIGNATURE_BYTES)
        {
            let most = MAX_SIGNATURE_BYTES >> 10;
            return Err(Error::too_large(format!("a signature has at most {most} kB")));
        }
    }
    change(ctx, account, PREFERENCES, move |p: &mut Preferences| {
        p.theme = wanted.theme.or(p.theme);
        p.first_day_of_week = wanted.first_day_of_week.or(p.first_day_of_week);
        p.undo_seconds = wanted.undo_seconds.or(p.undo_seconds);
        if let Some(senders) = wanted.image_senders {
            p.image_senders = senders.into_iter().map(|s| s.to_lowercase()).collect();
        }
        if let Some(searches) = wanted.searches {
            p.searches = searches;
        }
        p.conversations = wanted.conversations.or(p.conversations);
        p.by_conversation = wanted.by_conversation.or(p.by_conversation);
        p.writes_plain = wanted.writes_plain.or(p.writes_plain);
        if let Some((address, signature)) = wanted.signature {
            let address = address.to_lowercase();
            match signature.filter(|s| !s.text.trim().is_empty()) {
                Some(signature) => drop(p.signatures.insert(address, signature)),
                None => drop(p.signatures.remove(&address)),
            }
        }
        if p.signatures.len() > MAX_SIGNATURES {
            return Err(Error::invalid(format!(
                "at most {MAX_SIGNATURES} signatures are kept"
            )));
        }
        Ok(p.clone())
    })
    .await
}

/// Takes what is not chosen yet from those of another box; what is chosen stays. Returns how much came, and what stays, in
/// words. `is_look`: nothing is changed. Errors: Forbidden.
pub async fn fill_preferences(
    ctx: &Ctx,
    account: AccountId,
    there: Preferences,
    is_look: bool,
) -> Result<(u64, Vec<String>)> {
    let mut all = preferences(ctx, account).await?;
    let filled = fill(&mut all, &there);
    if is_look || filled.0 == 0 {
        return Ok(filled);
    }
    change(ctx, account, PREFERENCES, move |p: &mut Preferences| {
        Ok(fill(p, &there))
    })
    .await
}

fn fill(here: &mut Preferences, there: &Preferences) -> (u64, Vec<String>) {
    let (mut came, mut stays) = (0, Vec::new());
    fill_one(
        &mut here.theme,
        there.theme,
        "the colours of the page",
        (&mut came, &mut stays),
    );
    let day = "the first day of the week";
    fill_one(
        &mut here.first_day_of_week,
        there.first_day_of_week,
        day,
        (&mut came, &mut stays),
    );
    let undo = "how long a message waits";
    fill_one(
        &mut here.undo_seconds,
        there.undo_seconds,
        undo,
        (&mut came, &mut stays),
    );
    let plain = "how messages are written";
    fill_one(
        &mut here.writes_plain,
        there.writes_plain,
        plain,
        (&mut came, &mut stays),
    );
    let whole = "whether conversations are shown";
    fill_one(
        &mut here.conversations,
        there.conversations,
        whole,
        (&mut came, &mut stays),
    );
    fill_one(
        &mut here.by_conversation,
        there.by_conversation,
        "whether lists are by conversation",
        (&mut came, &mut stays),
    );
    for sender in &there.image_senders {
        if !here.image_senders.contains(sender) && here.image_senders.len() < MAX_SENDERS {
            here.image_senders.push(sender.clone());
            came += 1;
        }
    }
    for search in &there.searches {
        match here.searches.iter().find(|s| s.name == search.name) {
            Some(same) if same.text == search.text => {}
            None if here.searches.len() < MAX_SEARCHES => {
                here.searches.push(search.clone());
                came += 1;
            }
            _ => stays.push(format!("the kept search »{}« did not come", search.name)),
        }
    }
    for (address, signature) in &there.signatures {
        match here.signatures.get(address) {
            Some(same) if same == signature => {}
            None if here.signatures.len() < MAX_SIGNATURES => {
                here.signatures.insert(address.clone(), signature.clone());
                came += 1;
            }
            _ => stays.push(format!(
                "the signature of {address} is another here, and stays so"
            )),
        }
    }
    (came, stays)
}

fn fill_one<T: PartialEq>(
    here: &mut Option<T>,
    there: Option<T>,
    what: &str,
    (came, stays): (&mut u64, &mut Vec<String>),
) {
    match (&here, there) {
        (None, Some(there)) => {
            *here = Some(there);
            *came += 1;
        }
        (Some(one), Some(other)) if *one != other => {
            stays.push(format!("{what} is chosen otherwise here, and stays so"));
        }
        _ => {}
    }
}
