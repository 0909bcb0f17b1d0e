//! An account for somebody whom another system knows and we do not yet.

use crate::base::Result;
use crate::identity::Ctx;
use crate::identity::accounts::{NewAccount, NewPassword, create_account, list_accounts};
use crate::model::{Account, AccountKind};

/// In which language somebody begins whom nobody has asked: that of the first administrator.
pub async fn usual_language(ctx: &Ctx) -> Result<String> {
    let admins = list_accounts(ctx).await?.into_iter().filter(|a| a.is_admin);
    let first = admins.min_by_key(|a| a.id);
    Ok(first.map_or_else(|| "en".to_owned(), |a| a.language))
}

/// Without a password here. Errors: Exists; NotFound (the domain).
pub async fn make_account(
    ctx: &Ctx,
    language: &str,
    (address, kind): (&str, AccountKind),
    display_name: &str,
) -> Result<Account> {
    let new = NewAccount {
        address: address.to_owned(),
        kind,
        display_name: display_name.to_owned(),
        language: language.to_owned(),
        is_admin: false,
        password: NewPassword::None,
    };
    create_account(ctx, new).await
}
