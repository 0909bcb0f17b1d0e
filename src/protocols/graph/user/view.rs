//! An account as Graph's user.

use crate::base::clock::rfc3339;
use crate::model::Account;
use crate::protocols::graph::select::{Properties, Select};
use serde_json::{Map, Value, json};

/// Of the schema's many, those that programs for mail and calendars ask for.
pub const PROPERTIES: Properties = Properties {
    resource: "user",
    usual: &[
        "businessPhones",
        "displayName",
        "givenName",
        "id",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    ],
    further: &[
        "aboutMe",
        "accountEnabled",
        "birthday",
        "city",
        "companyName",
        "country",
        "createdDateTime",
        "department",
        "employeeId",
        "faxNumber",
        "imAddresses",
        "mailNickname",
        "onPremisesImmutableId",
        "onPremisesSamAccountName",
        "otherMails",
        "postalCode",
        "preferredName",
        "proxyAddresses",
        "state",
        "streetAddress",
        "usageLocation",
        "userType",
    ],
};

pub fn view(account: &Account, select: &Select) -> Map<String, Value> {
    select
        .names()
        .map(|name| (name.to_owned(), property(account, name)))
        .collect()
}

fn property(account: &Account, name: &str) -> Value {
    match name {
        "id" => account.oid.clone().into(),
        "displayName" => account.display_name.clone().into(),
        "givenName" => names(account).0.into(),
        "surname" => names(account).1.into(),
        "mail" | "userPrincipalName" => account.address.clone().into(),
        "mailNickname" => account.address.split('@').next().into(),
        "preferredLanguage" => language(account).into(),
        "accountEnabled" => account.is_active().into(),
        "createdDateTime" => rfc3339(account.created_at_ms).into(),
        "userType" => "Member".into(),
        "otherMails" => account.aliases.clone().into(),
        "imAddresses" => json!([account.address]),
        "proxyAddresses" => proxy_addresses(account).into(),
        "businessPhones" => json!([]),
        // Not nullable in the schema: the year 1 means never.
        "birthday" => "0001-01-01T00:00:00Z".into(),
        _ => Value::Null,
    }
}

/// Given name and surname of `Anna Maria Berger`: the last word is the surname.
fn names(account: &Account) -> (Option<&str>, Option<&str>) {
    match account.display_name.rsplit_once(' ') {
        Some((given, last)) => (Some(given.trim()), Some(last)),
        None => (Some(account.display_name.as_str()), None),
    }
}

fn language(account: &Account) -> &'static str {
    if account.language == "de" {
        "de-DE"
    } else {
        "en-US"
    }
}

/// Exchange's spelling: the primary address in capitals.
fn proxy_addresses(account: &Account) -> Vec<String> {
    let aliases = account.aliases.iter().map(|a| format!("smtp:{a}"));
    std::iter::once(format!("SMTP:{}", account.address))
        .chain(aliases)
        .collect()
}
