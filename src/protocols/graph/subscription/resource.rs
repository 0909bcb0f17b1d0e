//! What can be subscribed to: a row for each resource.

use crate::base::Error;
use crate::identity::Ctx;
use crate::identity::shares::require_level;
use crate::mail::list_folders;
use crate::model::share::ShareLevel;
use crate::model::subscription::Subject;
use crate::model::{AccountId, FolderId, FolderKind};
use crate::objects::collections::list_collections;
use crate::protocols::graph::call::Caller;
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::folder::names::{Place, place_in};
use crate::protocols::graph::rights::Right;
use crate::protocols::graph::{mailbox, path, routes};
use crate::protocols::http::ids;

struct Resource {
    /// `{}` stands for a folder.
    path: &'static str,
    subject: Subject,
}

const RESOURCES: [Resource; 9] = [
    Resource {
        path: "me/messages",
        subject: Subject::Messages,
    },
    Resource {
        path: "me/mailFolders/{}/messages",
        subject: Subject::Messages,
    },
    Resource {
        path: "me/mailFolders",
        subject: Subject::MailFolders,
    },
    Resource {
        path: "me/events",
        subject: Subject::Events,
    },
    Resource {
        path: "me/calendar/events",
        subject: Subject::Events,
    },
    Resource {
        path: "me/calendars/{}/events",
        subject: Subject::Events,
    },
    Resource {
        path: "me/contacts",
        subject: Subject::Contacts,
    },
    Resource {
        path: "me/contactFolders/{}/contacts",
        subject: Subject::Contacts,
    },
    Resource {
        path: "me/todo/lists/{}/tasks",
        subject: Subject::Tasks,
    },
];

/// What it takes to be told of it.
pub fn right_of(subject: Subject) -> Right {
    match subject {
        Subject::Messages | Subject::MailFolders => Right::MailRead,
        Subject::Events => Right::CalendarRead,
        Subject::Contacts => Right::ContactsRead,
        Subject::Tasks => Right::TasksRead,
    }
}

/// What a resource's text leads to.
pub struct Target {
    pub account: AccountId,
    /// Of its owner.
    pub oid: String,
    pub subject: Subject,
    /// None: the whole mailbox.
    pub folder: Option<FolderId>,
}

/// Errors: 400 that names what is known; those of the mailbox and the folder; 403 without the permission.
pub async fn find(caller: &Caller, text: &str) -> Result<Target, GraphError> {
    let unknown = || {
        let known: Vec<String> = RESOURCES.iter().map(|r| r.path.replace("{}", "{id}")).collect();
        GraphError::request(format!(
            "»resource« is »{}«, and that cannot be subscribed to; known: {}, also with users/{{id}} instead of me",
            crate::base::text::one_line(text),
            known.join(", ")
        ))
    };
    let text = ["v1.0/", "beta/"]
        .iter()
        .find_map(|v| text.trim_start_matches('/').strip_prefix(v))
        .unwrap_or(text);
    let segments = path::segments(text).ok_or_else(unknown)?;
    let is_mailbox = ["me", "users"].iter().any(|w| {
        segments
            .first()
            .is_some_and(|s| !s.is_key && s.text.eq_ignore_ascii_case(w))
    });
    if !is_mailbox || segments.len() < 2 {
        return Err(unknown());
    }
    let whole = segments.clone();
    let (segments, mailbox) = mailbox::enter(caller, segments).await?;
    let segments = path::shorten(segments);
    let found = RESOURCES
        .iter()
        .find_map(|r| routes::fit(r.path, &segments).map(|keys| (r, keys)));
    let (resource, keys) = found.ok_or_else(unknown)?;
    let right = right_of(resource.subject);
    caller.granted.require(right)?;
    let (ctx, account) = (&mailbox.ctx, mailbox.account());
    if !mailbox.is_shared {
        right.require_access(mailbox.access)?;
    } else if keys.is_empty() {
        // Of what is shared, single ones can be named; everything is for who was let into the whole mailbox.
        right.require_access(mailbox::resolve(caller, whole).await?.2)?;
    }
    let folder = match keys.first() {
        None => None,
        Some(name) if let Some((_, kind)) = resource.subject.objects() => {
            let folder = collection(ctx, account, kind, name).await?;
            // When somebody is busy says not what has changed.
            require_level(ctx, account, folder, ShareLevel::Read).await?;
            Some(folder)
        }
        Some(name) => match place_in(&list_folders(ctx, account).await?, name)? {
            Place::Folder(folder) => Some(folder.id),
            Place::Root | Place::Outbox => {
                return Err(GraphError::request(format!(
                    "nothing ever changes in the folder »{name}«"
                )));
            }
        },
    };
    let owner = mailbox.owner.as_ref();
    Ok(Target {
        account,
        oid: owner.map(|o| o.oid.clone()).unwrap_or_default(),
        subject: resource.subject,
        folder,
    })
}

/// A calendar, an address book or a task list by its id, or the first one by its name.
async fn collection(
    ctx: &Ctx,
    account: AccountId,
    kind: FolderKind,
    name: &str,
) -> Result<FolderId, GraphError> {
    let mut all = list_collections(ctx, account, &[kind]).await?;
    all.sort_by_key(|c| c.folder.id);
    let is_first = ["contacts", "tasks", "defaultList"]
        .iter()
        .any(|n| name.eq_ignore_ascii_case(n));
    let found = match is_first {
        true => all.into_iter().next(),
        false => {
            let id = ids::parse_folder(name).map_err(|_| GraphError::bad_id(name))?;
            all.into_iter().find(|c| c.folder.id == id)
        }
    };
    let found = found.ok_or_else(|| Error::not_found("there is no such calendar, folder or list"))?;
    Ok(found.folder.id)
}
