//! An account for somebody whom another system knows and we do not yet.

use crate::base::Result;
use crate::identity::Ctx;
use crate::identity::accounts::{NewAccount, NewPassword, create_account, list_accounts};
use crate::model::{Account, AccountKind};

/// Without a password here, in the language of the first administrator. Errors: Exists; NotFound (the domain).
pub async fn make_account(
    ctx: &Ctx,
    address: &str,
    kind: AccountKind,
    display_name: &str,
) -> Result<Account> {
    let accounts = list_accounts(ctx).await?;
    let first_admin = accounts.into_iter().filter(|a| a.is_admin).min_by_key(|a| a.id);
    let new = NewAccount {
        address: address.to_owned(),
        kind,
        display_name: display_name.to_owned(),
        language: first_admin.map_or_else(|| "en".to_owned(), |a| a.language),
        is_admin: false,
        password: NewPassword::None,
    };
    create_account(ctx, new).await
}
