//! GET contacts, of the folder that is named or of the first one.

use super::folders::find_folder;
use super::view::Contact;
use crate::model::FolderId;
use crate::model::object::ObjectOrder;
use crate::protocols::graph::answer::Result;
use crate::protocols::graph::call::Call;
use crate::protocols::graph::object::list::{Lists, count_alone, list};
use crate::protocols::graph::routes::{Row, row};

pub const ROWS: &[Row] = &[
    row!(GET "me/contacts" ContactsRead [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Search, Expand] => list_default),
    row!(GET "me/contactFolders/{}/contacts" ContactsRead [Select, Top, Skip, SkipToken, Filter, OrderBy, Count, Search, Expand] => list_one),
    row!(GET "me/contacts/$count" ContactsRead [Filter, Search] => count_default),
    row!(GET "me/contactFolders/{}/contacts/$count" ContactsRead [Filter, Search] => count_one),
];

const ORDERS: &[(&str, ObjectOrder)] = &[
    ("displayname", ObjectOrder::Title),
    ("createddatetime", ObjectOrder::Arrival),
    ("lastmodifieddatetime", ObjectOrder::Change),
];

fn lists(folder: FolderId, path: String) -> Lists {
    Lists {
        path,
        folder,
        orders: ORDERS,
        usual: ObjectOrder::Title,
        searched: &[
            "displayName",
            "givenName",
            "surname",
            "nickName",
            "companyName",
            "emailAddresses",
            "businessPhones",
            "homePhones",
            "mobilePhone",
        ],
        is_numbered: true,
    }
}

async fn lists_default(call: &Call) -> Result<Lists> {
    let folder = find_folder(call, "contacts").await?;
    Ok(lists(folder.folder.id, "contacts".into()))
}

async fn lists_one(call: &Call) -> Result<Lists> {
    let folder = find_folder(call, call.key(0)).await?;
    let path = format!("contactFolders('{}')/contacts", call.key(0));
    Ok(lists(folder.folder.id, path))
}

async fn list_default(call: Call) -> Result {
    list::<Contact>(&call, lists_default(&call).await?).await
}

async fn list_one(call: Call) -> Result {
    list::<Contact>(&call, lists_one(&call).await?).await
}

async fn count_default(call: Call) -> Result {
    count_alone::<Contact>(&call, lists_default(&call).await?).await
}

async fn count_one(call: Call) -> Result {
    count_alone::<Contact>(&call, lists_one(&call).await?).await
}
