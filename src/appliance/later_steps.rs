//! The second half of the wizard, once the office is there and its administrator signed in: certificate, rooms, backup, a message
//! that shows whether mail gets out and back. Where they stand is kept here, so that any browser can go on.

use crate::base::{Error, Result};
use crate::identity::Ctx;
use crate::model::EmailAddress;
use serde::{Deserialize, Serialize};

/// In their order; any of them can be left out.
pub const LATER_STEPS: [&str; 5] = ["certificate", "rooms", "backup", "mail", "done"];

/// The setting `setup-later`: where an administrator stands who came by the wizard. Not there: nothing is asked any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaterSteps {
    /// One of [`LATER_STEPS`].
    pub step: String,
    /// The furthest one that was opened.
    pub reached: String,
    /// It does not open by itself any more.
    #[serde(default)]
    pub is_put_off: bool,
    /// The message that shows whether mail gets out and back.
    #[serde(default)]
    pub trial: Option<Trial>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    pub to: String,
    /// Stands in its subject, and in that of whoever answers.
    pub code: String,
}

const LATER: &str = "setup-later";

/// The wizard goes on when the office is there.
pub async fn begin_later_steps(ctx: &Ctx) -> Result<()> {
    let first = LaterSteps {
        step: LATER_STEPS[0].to_owned(),
        reached: LATER_STEPS[0].to_owned(),
        is_put_off: false,
        trial: None,
    };
    let file = ctx.store.directory();
    file.write(move |d| d.put_setting(LATER, &first)).await
}

/// Errors: Forbidden.
pub async fn later_steps(ctx: &Ctx) -> Result<Option<LaterSteps>> {
    ctx.require_admin()?;
    ctx.store.directory().read(|d| d.setting(LATER)).await
}

/// Where the wizard stands now; None: it is over. Errors: Forbidden, Invalid, NotFound (it is over already).
pub async fn put_later_steps(ctx: &Ctx, now: Option<LaterSteps>) -> Result<Option<LaterSteps>> {
    ctx.require_admin()?;
    let at = |step: &str| LATER_STEPS.iter().position(|s| *s == step);
    let place = now.as_ref().map(|n| at(&n.step));
    if place == Some(None) {
        return Err(Error::invalid(format!(
            "the steps are {}",
            LATER_STEPS.join(", ")
        )));
    }
    if let Some(Trial { to, code }) = now.as_ref().and_then(|n| n.trial.as_ref()) {
        EmailAddress::parse(to)?;
        if code.is_empty() || code.len() > 40 || !code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        {
            return Err(Error::invalid(
                "the code of the trial has 1 to 40 letters, digits and hyphens",
            ));
        }
    }
    ctx.store
        .directory()
        .write(move |d| {
            let before: LaterSteps = d.setting(LATER)?.ok_or_else(|| {
                Error::not_found("the set-up is over; everything can be changed in the administration")
            })?;
            let Some(mut now) = now else {
                d.remove_setting(LATER)?;
                return Ok(None);
            };
            now.reached = match at(&before.reached) > at(&now.step) {
                true => before.reached,
                false => now.step.clone(),
            };
            d.put_setting(LATER, &now)?;
            Ok(Some(now))
        })
        .await
}
