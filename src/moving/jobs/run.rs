//! One run, whatever its kind.

use super::wanted::{Kind, Wanted};
use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::identity::accounts::find_account;
use crate::moving::dav::collections::Service;
use crate::moving::import::dav::Dav;
use crate::moving::import::imap::Imap;
use crate::moving::import::{self, Report, Watch, import_account};
use crate::moving::outward;
use crate::moving::outward::dav::send_objects;
use crate::moving::outward::imap::send_mail;
use std::sync::Arc;

pub(super) async fn run(
    ctx: &Ctx,
    room: &Arc<PostRoom>,
    wanted: &Wanted,
    password: String,
    watch: Arc<Watch>,
) -> Result<Report> {
    let account = find_account(ctx, &wanted.account).await?;
    let inward = import::Options {
        is_dry_run: wanted.is_dry_run,
        into: wanted.into.clone(),
        follow_deletions: wanted.follow_deletions,
        verify: wanted.verify && !wanted.is_dry_run,
        watch: Some(watch),
        ..import::Options::default()
    };
    let outward = outward::Options {
        is_dry_run: wanted.is_dry_run,
        follow_deletions: wanted.follow_deletions,
        verify: wanted.verify && !wanted.is_dry_run,
        ..outward::Options::default()
    };
    let mailbox = || {
        let mut server = wanted
            .server
            .clone()
            .ok_or_else(|| Error::invalid("no server is named"))?;
        server.password = password.clone();
        Ok::<_, Error>(server)
    };
    let collections = || Ok::<_, Error>((wanted.address()?, wanted.user.as_deref().unwrap_or_default()));
    let service = match wanted.kind {
        Kind::ImportCarddav | Kind::ExportCarddav => Service::Contacts,
        _ => Service::Calendars,
    };
    match wanted.kind {
        Kind::ImportImap => {
            let mut source = Imap::open(ctx, room, mailbox()?).await?;
            import_account(ctx, &account, &mut source, &inward).await
        }
        Kind::ImportCaldav | Kind::ImportCarddav => {
            let (url, user) = collections()?;
            let mut source = Dav::new(ctx, room, (url, user, &password), service);
            import_account(ctx, &account, &mut source, &inward).await
        }
        Kind::ExportImap => send_mail(ctx, &account, (room, &mailbox()?), &outward).await,
        Kind::ExportCaldav | Kind::ExportCarddav => {
            let (url, user) = collections()?;
            send_objects(ctx, &account, (room, &url, user, &password), service, &outward).await
        }
    }
}
