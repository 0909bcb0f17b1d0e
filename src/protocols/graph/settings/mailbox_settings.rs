//! `mailboxSettings`: how the owner wants to see times and texts.

use super::automatic_replies;
use super::working_hours::{self, as_availability, hours_of, usual_hours};
use crate::calendar::availability::put_availability;
use crate::mail::list_folders;
use crate::mail::settings::{DeputyDelivery, MailboxSettings, change_mailbox_settings, mailbox_settings};
use crate::model::{AccountKind, Role};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::zones::NamedZone;
use crate::protocols::http::ids;
use serde_json::{Map, Value, json};

pub const ROWS: &[Row] = &[
    row!(GET "me/mailboxSettings" SettingsRead [Select] => get),
    row!(GET "me/mailboxSettings/{}" SettingsRead [] => get_one),
    row!(PATCH "me/mailboxSettings" SettingsWrite [] => change),
];

async fn get(call: Call) -> Result {
    let mut all = view(&call).await?;
    if let Some(wanted) = call.query.get(Opt::Select).filter(|s| !s.is_empty() && *s != "*") {
        let wanted: Vec<&str> = wanted.split(',').map(str::trim).collect();
        if let Some(unknown) = wanted
            .iter()
            .find(|w| !all.keys().any(|k| k.eq_ignore_ascii_case(w)))
        {
            return Err(GraphError::bad(
                "RequestBroker--ParseUri",
                format!(
                    "Could not find a property named '{unknown}' on type 'microsoft.graph.mailboxSettings'."
                ),
            ));
        }
        all.retain(|k, _| wanted.iter().any(|w| k.eq_ignore_ascii_case(w)));
    }
    all.insert("@odata.context".into(), context(&call, ""));
    Ok(Answer::json(all.into()))
}

/// One of them: a value by itself, an object with its own properties.
async fn get_one(call: Call) -> Result {
    let wanted = call.key(0).to_owned();
    let all = view(&call).await?;
    let found = all.into_iter().find(|(k, _)| k.eq_ignore_ascii_case(&wanted));
    let (name, value) = found.ok_or_else(|| {
        GraphError::new(
            actix_web::http::StatusCode::NOT_FOUND,
            "ResourceNotFound",
            format!(
                "Resource not found for the segment '{}'.",
                crate::base::text::one_line(&wanted)
            ),
        )
    })?;
    let context = context(&call, &format!("/{name}"));
    Ok(Answer::json(match value {
        Value::Object(mut object) => {
            object.insert("@odata.context".into(), context);
            object.into()
        }
        value => json!({"@odata.context": context, "value": value}),
    }))
}

fn context(call: &Call, suffix: &str) -> Value {
    format!(
        "{}/$metadata#users('{}')/mailboxSettings{suffix}",
        call.site.base(),
        call.oid()
    )
    .into()
}

async fn view(call: &Call) -> Result<Map<String, Value>, GraphError> {
    let settings = mailbox_settings(call.ctx(), call.account).await?;
    let account = call.ctx().account()?;
    let is_german = account.language == "de";
    let zone = settings
        .time_zone
        .clone()
        .unwrap_or_else(|| default_zone(is_german));
    let locale = settings.locale.clone();
    let locale = locale.unwrap_or_else(|| if is_german { "de-DE" } else { "en-US" }.into());
    let hours = hours_of(call.ctx(), call.account, settings.working_hours.clone()).await?;
    let hours = hours.unwrap_or_else(|| usual_hours(zone.clone()));
    let tree = list_folders(call.ctx(), call.account).await?;
    let archive = tree.by_role(Role::Archive).map(|(_, f)| ids::print_folder(f.id));
    let replies = settings.automatic_replies.clone().unwrap_or_default();
    let all = json!({
        "archiveFolder": archive,
        "timeZone": zone,
        "delegateMeetingMessageDeliveryOptions":
            settings.deputy_delivery.unwrap_or(DeputyDelivery::SendToDelegateAndPrincipal),
        "dateFormat": settings.date_format.unwrap_or_else(|| if is_german { "dd.MM.yyyy" } else { "M/d/yyyy" }.into()),
        "timeFormat": settings.time_format.unwrap_or_else(|| if is_german { "HH:mm" } else { "h:mm tt" }.into()),
        "userPurpose": match account.kind {
            AccountKind::Person | AccountKind::Group => "user",
            AccountKind::Shared => "shared",
            AccountKind::Room => "room",
            AccountKind::Equipment => "equipment",
        },
        "automaticRepliesSetting": automatic_replies::print(&replies, &NamedZone::preferred(call)?),
        "language": {"locale": locale, "displayName": language_name(&locale)},
        "workingHours": working_hours::print(&hours),
    });
    match all {
        Value::Object(all) => Ok(all),
        _ => Ok(Map::new()),
    }
}

pub(super) fn default_zone(is_german: bool) -> String {
    if is_german {
        "W. Europe Standard Time"
    } else {
        "UTC"
    }
    .into()
}

fn language_name(locale: &str) -> &str {
    match locale.to_ascii_lowercase().as_str() {
        "de-de" => "Deutsch (Deutschland)",
        "de-at" => "Deutsch (Österreich)",
        "de-ch" => "Deutsch (Schweiz)",
        "en-us" => "English (United States)",
        "en-gb" => "English (United Kingdom)",
        _ => locale,
    }
}

async fn change(call: Call) -> Result {
    let body = call.json()?;
    let automatic_replies = match json::object(&body, "automaticRepliesSetting")? {
        Some(given) => {
            let before = mailbox_settings(call.ctx(), call.account)
                .await?
                .automatic_replies;
            Some(automatic_replies::read(given, before)?)
        }
        None => None,
    };
    let locale = match json::object(&body, "language")? {
        Some(language) => json::text(language, "locale")?.map(str::to_owned),
        None => None,
    };
    let new = MailboxSettings {
        time_zone: json::text(&body, "timeZone")?.map(zone).transpose()?,
        locale: locale.map(|l| short_text("locale", l)).transpose()?,
        date_format: format_of(&body, "dateFormat")?,
        time_format: format_of(&body, "timeFormat")?,
        working_hours: working_hours::read(&call, &body).await?,
        automatic_replies,
        deputy_delivery: deputy_delivery(&body)?,
    };
    // Everything is read before anything is stored.
    let hours = match &new.working_hours {
        Some(hours) => as_availability(call.ctx(), call.account, hours).await?,
        None => None,
    };
    change_mailbox_settings(call.ctx(), call.account, new).await?;
    if hours.is_some() {
        put_availability(call.ctx(), call.account, hours).await?;
    }
    get(call).await
}

fn deputy_delivery(body: &Value) -> Result<Option<DeputyDelivery>, GraphError> {
    let name = "delegateMeetingMessageDeliveryOptions";
    let Some(word) = json::text(body, name)? else {
        return Ok(None);
    };
    serde_json::from_value(word.into()).map(Some).map_err(|_| {
        GraphError::request(format!(
            "»{name}« is sendToDelegateAndInformationToPrincipal, sendToDelegateAndPrincipal or sendToDelegateOnly"
        ))
    })
}

fn format_of(body: &Value, name: &str) -> Result<Option<String>, GraphError> {
    let text = json::text(body, name)?.map(str::to_owned);
    text.map(|t| short_text(name, t)).transpose()
}

fn short_text(name: &str, text: String) -> Result<String, GraphError> {
    match text.is_empty() || text.len() > 100 || text.chars().any(char::is_control) {
        true => Err(GraphError::request(format!(
            "»{name}« is to be a text of 1 to 100 characters"
        ))),
        false => Ok(text),
    }
}

/// A name of Windows or of the IANA. Errors: ErrorInvalidTimeZone.
pub(super) fn zone(name: &str) -> Result<String, GraphError> {
    let is_windows = name.len() <= 64 && (name.ends_with(" Standard Time") || name.starts_with("UTC"));
    if is_windows && !name.chars().any(char::is_control) || jiff::tz::TimeZone::get(name).is_ok() {
        return Ok(name.to_owned());
    }
    Err(GraphError::bad(
        "ErrorInvalidTimeZone",
        format!(
            "»{}« is no time zone; write W. Europe Standard Time or Europe/Berlin",
            crate::base::text::one_line(name)
        ),
    ))
}
