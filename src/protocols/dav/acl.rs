//! Who may do what (RFC 3744), as far as it is told; it is changed where things are shared, not by DAV.

use super::door::Call;
use super::error::DavError;
use super::place;
use super::props::{Wanted, element, href};
use super::xml::DAV;
use crate::identity::shares::{groups_of, list_members, list_shares};
use crate::model::share::ShareLevel;
use crate::model::{Account, AccountKind};
use crate::objects::shares::Reached;

/// Privileges by what they are within (RFC 3744 §5.3), the same everywhere.
pub fn supported_privileges() -> String {
    let leaf = |name: &str, what: &str, inner: &str| {
        format!(
            "<D:supported-privilege><D:privilege><{name}/></D:privilege><D:description xml:lang=\"en\">{what}</D:description>\
             {inner}</D:supported-privilege>"
        )
    };
    let read = [
        leaf("D:read-current-user-privilege-set", "See what one may do", ""),
        leaf("C:read-free-busy", "See when somebody is busy", ""),
    ];
    let write = [
        leaf("D:write-content", "Change what is there", ""),
        leaf("D:bind", "Add", ""),
        leaf("D:unbind", "Remove", ""),
        leaf("D:write-properties", "Change names and colours", ""),
    ];
    let all = [
        leaf("D:read", "Read", &read.concat()),
        leaf("D:read-acl", "See who may do what", ""),
        leaf("D:write", "Change", &write.concat()),
        leaf("C:schedule-deliver", "Receive invitations", ""),
        leaf("C:schedule-send", "Send invitations", ""),
    ];
    leaf("D:all", "Everything", &all.concat())
}

/// RFC 3744 §5.4: what is within what. Programs take a collection for one that may be written when they find `write` or
/// `write-content` here.
pub fn privileges(level: ShareLevel) -> String {
    let mut all = vec!["D:read-current-user-privilege-set", "C:read-free-busy"];
    if level >= ShareLevel::Read {
        all.push("D:read");
    }
    if level >= ShareLevel::Write {
        all.extend(["D:write-content", "D:bind", "D:unbind"]);
    }
    if level == ShareLevel::Manage {
        all.extend([
            "D:all",
            "D:write",
            "D:write-properties",
            "D:read-acl",
            "C:schedule-deliver",
            "C:schedule-deliver-invite",
            "C:schedule-deliver-reply",
            "C:schedule-query-freebusy",
            "C:schedule-send",
            "C:schedule-send-invite",
            "C:schedule-send-reply",
            "C:schedule-send-freebusy",
        ]);
    }
    let one = |name: &&str| format!("<D:privilege><{name}/></D:privilege>");
    all.iter().map(one).collect()
}

/// Those who may do something in a collection besides its owner. Errors: Forbidden, unless the caller may do everything.
pub async fn people_of(call: &Call, within: &Reached) -> Result<Vec<(Account, ShareLevel)>, DavError> {
    Ok(list_shares(&call.ctx, within.account(), within.folder()).await?)
}

fn named(name: &str, value: &str) -> (String, String) {
    (format!("{{{DAV}}}{name}"), element(DAV, name, value))
}

/// DAV:acl (RFC 3744 §5.5), as a property in words of its own: it is read only when it is asked for.
pub async fn of_collection(call: &Call, within: &Reached) -> Result<(String, String), DavError> {
    let entry = |who: &str, level: ShareLevel| {
        format!(
            "<D:ace><D:principal>{who}</D:principal><D:grant>{}</D:grant><D:protected/></D:ace>",
            privileges(level)
        )
    };
    let mut all = entry("<D:property><D:owner/></D:property>", ShareLevel::Manage);
    for (account, level) in people_of(call, within).await? {
        all.push_str(&entry(&href(&place::principal(&account.address)), level));
    }
    Ok(named("acl", &all))
}

/// The groups that somebody is in, and who is in a group (RFC 3744 §4.3, §4.4), where they are asked for.
pub async fn memberships(
    call: &Call,
    owner: &Account,
    wanted: &Wanted,
) -> Result<Vec<(String, String)>, DavError> {
    let list =
        |all: Vec<Account>| -> String { all.iter().map(|a| href(&place::principal(&a.address))).collect() };
    let mut out = Vec::new();
    if wanted.names(DAV, "group-membership") {
        let all = groups_of(&call.ctx, owner.id).await?;
        out.push(named("group-membership", &list(all)));
    }
    if wanted.names(DAV, "group-member-set") {
        let all = match owner.kind {
            AccountKind::Group => list_members(&call.ctx, owner).await?,
            _ => Vec::new(),
        };
        out.push(named("group-member-set", &list(all)));
    }
    Ok(out)
}
