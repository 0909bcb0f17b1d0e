//! The place where the next page of a list of objects begins, as `$skiptoken` says it.

use crate::model::ItemId;
use crate::model::object::ObjectPlace;
use crate::protocols::graph::error::GraphError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub fn print(place: &ObjectPlace) -> String {
    match place {
        ObjectPlace::Number(n, id) => format!("n.{n:x}.{:x}", id.0),
        ObjectPlace::Title(t, id) => format!("t.{}.{:x}", URL_SAFE_NO_PAD.encode(t), id.0),
    }
}

/// Errors: BadRequest for what was never given out, also for a list in another order.
pub fn parse(token: &str, is_by_title: bool) -> Result<ObjectPlace, GraphError> {
    let read = || {
        let mut parts = token.split('.');
        let (kind, key, id) = (parts.next()?, parts.next()?, parts.next()?);
        let id = ItemId(i64::from_str_radix(id, 16).ok()?);
        match (kind, is_by_title) {
            // Times before 1970 are printed as their bits.
            ("n", false) => Some(ObjectPlace::Number(u64::from_str_radix(key, 16).ok()? as i64, id)),
            ("t", true) => {
                let text = String::from_utf8(URL_SAFE_NO_PAD.decode(key).ok()?).ok()?;
                Some(ObjectPlace::Title(text, id))
            }
            _ => None,
        }
    };
    read().ok_or_else(|| GraphError::request("the $skiptoken is not one of this list; begin the list again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back() {
        for place in [
            ObjectPlace::Number(-5, ItemId(7)),
            ObjectPlace::Number(1_795_376_465, ItemId(7)),
            ObjectPlace::Title("Jörg. M".into(), ItemId(9)),
        ] {
            let is_by_title = matches!(place, ObjectPlace::Title(..));
            assert_eq!(parse(&print(&place), is_by_title).unwrap(), place);
            assert!(parse(&print(&place), !is_by_title).is_err());
        }
    }
}
