//! The place where the next page of a list begins, as `$skiptoken` says it.

use crate::mail::listing::{Next, Position};
use crate::model::ItemId;
use crate::protocols::graph::error::GraphError;

pub fn print(next: &Next) -> String {
    format!("{:x}.{:x}.{:x}", next.after.at, next.after.id.0, next.skip)
}

/// Errors: BadRequest for what was never given out.
pub fn parse(token: &str) -> Result<Next, GraphError> {
    let mut parts = token.split('.');
    let mut part = || u64::from_str_radix(parts.next()?, 16).ok();
    let next = || {
        Some(Next {
            after: Position {
                // Times before 1970 are printed as their bits.
                at: part()? as i64,
                id: ItemId(part()? as i64),
            },
            skip: part()?.min(1 << 40),
        })
    };
    let mut next = next;
    next()
        .ok_or_else(|| GraphError::request("the $skiptoken is not one of this server; begin the list again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back() {
        for at in [-5, 0, 1_795_376_465_999] {
            let next = Next {
                after: Position { at, id: ItemId(77) },
                skip: 3,
            };
            assert_eq!(parse(&print(&next)).unwrap(), next);
        }
        assert!(parse("x").is_err() && parse("1.2").is_err());
    }
}
