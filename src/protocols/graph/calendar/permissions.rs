//! calendarPermissions: who may do what in a calendar, and giving, changing and taking it. What somebody may do in the
//! whole mailbox stands beside it; that the administrator gives.

use crate::base::Error;
use crate::identity::access::list_access;
use crate::identity::deputies::{list_deputies, set_deputy};
use crate::identity::shares::{list_shares, set_share};
use crate::model::share::ShareLevel;
use crate::model::{Account, FolderId, FolderKind};
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{PageOf, collection, entity};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::json;
use crate::protocols::graph::object::edit::{collection_by_id, default_collection};
use crate::protocols::graph::routes::{Row, row};
use crate::protocols::graph::select::{Properties, Select};
use serde_json::{Map, Value, json};

pub const ROWS: &[Row] = &[
    row!(GET "me/calendar/calendarPermissions" CalendarRead [Select, Top, Skip, Count] => list_default),
    row!(GET "me/calendars/{}/calendarPermissions" CalendarRead [Select, Top, Skip, Count] => list_one),
    row!(POST "me/calendar/calendarPermissions" CalendarWrite [] => create_default),
    row!(POST "me/calendars/{}/calendarPermissions" CalendarWrite [] => create_one),
    row!(GET "me/calendar/calendarPermissions/{}" CalendarRead [Select] => get_default),
    row!(GET "me/calendars/{}/calendarPermissions/{}" CalendarRead [Select] => get_one),
    row!(PATCH "me/calendar/calendarPermissions/{}" CalendarWrite [] => change_default),
    row!(PATCH "me/calendars/{}/calendarPermissions/{}" CalendarWrite [] => change_one),
    row!(DELETE "me/calendar/calendarPermissions/{}" CalendarWrite [] => remove_default),
    row!(DELETE "me/calendars/{}/calendarPermissions/{}" CalendarWrite [] => remove_one),
];

pub const PROPERTIES: Properties = Properties {
    resource: "calendarPermission",
    usual: &[
        "id",
        "emailAddress",
        "isRemovable",
        "isInsideOrganization",
        "role",
        "allowedRoles",
    ],
    further: &[],
};

/// Graph's words for our rights, and whether invitations are copied to who has it. Its others (titles without the rest) are
/// none.
const ROLES: [(&str, ShareLevel, bool); 5] = [
    ("freeBusyRead", ShareLevel::FreeBusy, false),
    ("read", ShareLevel::Read, false),
    ("write", ShareLevel::Write, false),
    ("delegateWithoutPrivateEventAccess", ShareLevel::Write, true),
    ("delegateWithPrivateEventAccess", ShareLevel::Manage, true),
];

const EVERYBODY: &str = "everybody";

/// Who may do everything and does not deputize has a right that Graph has no word for.
fn role_of(level: ShareLevel, is_deputy: bool) -> &'static str {
    let found = ROLES.iter().find(|(_, l, d)| (*l, *d) == (level, is_deputy));
    found.map_or("custom", |(name, ..)| name)
}

/// Errors: BadRequest with the words that are known.
fn given_role(body: &Value) -> Result<(ShareLevel, bool)> {
    let word = json::required_text(body, "role")?;
    let found = ROLES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word));
    found
        .map(|(_, level, is_deputy)| (*level, *is_deputy))
        .ok_or_else(|| {
            let known: Vec<&str> = ROLES.iter().map(|(n, ..)| *n).collect();
            GraphError::request(format!(
                "»role« is »{}«; here it can be {}",
                crate::base::text::one_line(word),
                known.join(", ")
            ))
        })
}

/// One line of the list.
struct Permission {
    /// None: everybody in the office.
    who: Option<Account>,
    level: ShareLevel,
    is_deputy: bool,
    is_removable: bool,
}

impl Permission {
    fn id(&self) -> &str {
        self.who.as_ref().map_or(EVERYBODY, |a| &a.oid)
    }

    fn view(&self, select: &Select) -> Map<String, Value> {
        let property = |name: &str| match name {
            "id" => self.id().into(),
            "emailAddress" => match &self.who {
                Some(a) => json!({"name": a.display_name, "address": a.address}),
                None => json!({"name": "My Organization"}),
            },
            "isRemovable" => self.is_removable.into(),
            "isInsideOrganization" => true.into(),
            "role" => role_of(self.level, self.is_deputy).into(),
            _ if self.is_removable => ROLES.iter().map(|(name, ..)| *name).collect(),
            _ => json!([role_of(self.level, self.is_deputy)]),
        };
        select.names().map(|n| (n.to_owned(), property(n))).collect()
    }
}

async fn usual(call: &Call) -> Result<FolderId> {
    Ok(default_collection(call, FolderKind::Calendar).await?.folder.id)
}

async fn named(call: &Call) -> Result<FolderId> {
    let found = collection_by_id(call, FolderKind::Calendar, call.key(0)).await?;
    Ok(found.folder.id)
}

/// Errors: ErrorAccessDenied, for who may not do everything there.
async fn require_manage(call: &Call, folder: FolderId) -> Result<()> {
    match call.level_in(folder).await? {
        ShareLevel::Manage => Ok(()),
        level => Err(Error::forbidden(format!(
            "you have the right »{}« here; only who may manage the calendar sees and changes who may do what",
            level.as_str()
        ))
        .into()),
    }
}

async fn permissions(call: &Call, folder: FolderId) -> Result<Vec<Permission>> {
    require_manage(call, folder).await?;
    // Everybody in the office sees when somebody is busy.
    let mut out = vec![Permission {
        who: None,
        level: ShareLevel::FreeBusy,
        is_deputy: false,
        is_removable: false,
    }];
    let owner = call.owner()?.address.clone();
    for (account, level) in list_access(&call.ctx().as_system(), &owner).await? {
        out.push(Permission {
            who: Some(account),
            level: level.into(),
            is_deputy: false,
            is_removable: false,
        });
    }
    let deputies = list_deputies(call.ctx(), call.account, folder).await?;
    for (account, level) in list_shares(call.ctx(), call.account, folder).await? {
        // Who has both has one line: what can be changed, with what counts.
        let same = out.iter().position(|p| p.id() == account.oid);
        let whole = same.map(|at| out.remove(at).level);
        out.push(Permission {
            is_deputy: deputies.contains(&account.id),
            who: Some(account),
            level: whole.map_or(level, |w| w.max(level)),
            is_removable: true,
        });
    }
    Ok(out)
}

async fn find(call: &Call, folder: FolderId, id: &str) -> Result<Permission> {
    let all = permissions(call, folder).await?;
    let found = all.into_iter().find(|p| p.id() == id);
    found.ok_or_else(|| Error::not_found("there is no such permission").into())
}

/// The address of one that can be changed. Errors: ErrorItemNotFound, ErrorAccessDenied.
async fn changeable(call: &Call, folder: FolderId, id: &str) -> Result<String> {
    let found = find(call, folder, id).await?;
    match found.who.filter(|_| found.is_removable) {
        Some(account) => Ok(account.address),
        None => Err(Error::forbidden(
            "what everybody in the office may, and rights on the whole mailbox, are not changed here; the administrator gives those",
        )
        .into()),
    }
}

async fn list(call: &Call, folder: FolderId) -> Result {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let (skip, top) = call.query.page(100)?;
    let all = permissions(call, folder).await?;
    let total = all.len() as u64;
    let from = usize::try_from(skip).unwrap_or(usize::MAX);
    let shown = all.iter().skip(from).take(top as usize);
    let items = shown.map(|p| p.view(&select).into()).collect();
    collection(
        call,
        &select,
        PageOf::of_all("calendarPermissions".into(), items, skip, total),
    )
}

async fn answer_with(call: &Call, folder: FolderId, id: &str) -> Result<Value> {
    let select = Select::of(&call.query, &PROPERTIES)?;
    let found = find(call, folder, id).await?;
    Ok(entity(call, "calendarPermissions", &select, found.view(&select)))
}

async fn create(call: &Call, folder: FolderId) -> Result {
    require_manage(call, folder).await?;
    let body = call.json()?;
    let (level, is_deputy) = given_role(&body)?;
    let who = json::field(&body, "emailAddress");
    let address = who.and_then(|w| w["address"].as_str()).unwrap_or_default();
    if address.is_empty() {
        return Err(GraphError::request(
            "»emailAddress« needs an »address« of somebody in the office",
        ));
    }
    let place = (call.account, folder);
    let who = set_deputy(call.ctx(), place, address, level, is_deputy).await?;
    let location = format!(
        "{}/{}/{}",
        call.site.base(),
        call.asked_path.trim_matches('/'),
        who.oid
    );
    Ok(Answer::created(
        answer_with(call, folder, &who.oid).await?,
        location,
    ))
}

async fn change(call: &Call, folder: FolderId, id: &str) -> Result {
    let (level, is_deputy) = given_role(&call.json()?)?;
    let address = changeable(call, folder, id).await?;
    set_deputy(call.ctx(), (call.account, folder), &address, level, is_deputy).await?;
    Ok(Answer::json(answer_with(call, folder, id).await?))
}

async fn remove(call: &Call, folder: FolderId, id: &str) -> Result {
    let address = changeable(call, folder, id).await?;
    set_share(call.ctx(), (call.account, folder), &address, None).await?;
    Ok(Answer::no_content())
}

async fn list_default(call: Call) -> Result {
    list(&call, usual(&call).await?).await
}

async fn list_one(call: Call) -> Result {
    list(&call, named(&call).await?).await
}

async fn create_default(call: Call) -> Result {
    create(&call, usual(&call).await?).await
}

async fn create_one(call: Call) -> Result {
    create(&call, named(&call).await?).await
}

async fn get_default(call: Call) -> Result {
    let folder = usual(&call).await?;
    Ok(Answer::json(answer_with(&call, folder, call.key(0)).await?))
}

async fn get_one(call: Call) -> Result {
    let folder = named(&call).await?;
    Ok(Answer::json(answer_with(&call, folder, call.key(1)).await?))
}

async fn change_default(call: Call) -> Result {
    change(&call, usual(&call).await?, call.key(0)).await
}

async fn change_one(call: Call) -> Result {
    change(&call, named(&call).await?, call.key(1)).await
}

async fn remove_default(call: Call) -> Result {
    remove(&call, usual(&call).await?, call.key(0)).await
}

async fn remove_one(call: Call) -> Result {
    remove(&call, named(&call).await?, call.key(1)).await
}
