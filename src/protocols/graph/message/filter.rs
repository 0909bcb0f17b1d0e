//! `$filter` and `$orderby` of messages: which properties there are, and what each means to the mail room.

use super::view::{COMPLETE, PROPERTIES};
use crate::base::TimeMs;
use crate::mail::FolderTree;
use crate::mail::category::to_keyword;
use crate::mail::listing::{Column, Condition, Matching, Order};
use crate::model::{Flags, FolderId};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::extended::parse_id;
use crate::protocols::graph::folder::names::{Place, place_in};
use crate::protocols::graph::odata::{Call, Expr, Literal, Op, Path, time};
use crate::protocols::http::ids;

/// The properties that messages can be filtered by.
const FILTERABLE: &str = "isRead, isDraft, hasAttachments, importance, flag/flagStatus, receivedDateTime, createdDateTime, \
     sentDateTime, lastModifiedDateTime, subject, from/emailAddress/address, from/emailAddress/name, sender/emailAddress/address, \
     internetMessageId, conversationId, parentFolderId, id, categories/any";

fn unsupported(what: impl std::fmt::Display) -> GraphError {
    GraphError::bad(
        "ErrorInvalidUrlQueryFilter",
        format!(
            "the filter »{what}« is not supported; messages can be filtered by {FILTERABLE}; words in them are found by $search"
        ),
    )
}

/// Errors: ErrorInvalidUrlQueryFilter that names what is not supported.
pub fn condition(expr: &Expr, tree: &FolderTree) -> Result<Condition, GraphError> {
    match expr {
        Expr::And(all) => Ok(Condition::And(each(all, tree)?)),
        Expr::Or(all) => {
            let mut all = each(all, tree)?.into_iter();
            let first = all.next().unwrap_or(Condition::All);
            Ok(all.fold(first, |a, b| Condition::Or(Box::new(a), Box::new(b))))
        }
        Expr::Not(inner) => Ok(not(condition(inner, tree)?)),
        Expr::Is(path) => compare(path, Op::Eq, &Literal::Bool(true), tree),
        Expr::Compare(path, op, literal) => compare(path, *op, literal, tree),
        Expr::In(path, all) => {
            let mut any = Condition::Not(Box::new(Condition::All));
            for literal in all {
                let one = compare(path, Op::Eq, literal, tree)?;
                any = Condition::Or(Box::new(any), Box::new(one));
            }
            Ok(any)
        }
        Expr::Call(call, path, text) => {
            let (column, how) = (column(path), matching(*call));
            let column = column.ok_or_else(|| unsupported(format!("{}({path}, ...)", call.word())))?;
            Ok(Condition::Compare {
                column,
                how,
                text: text.clone(),
            })
        }
        Expr::Any(path, Some(inner)) if path.key() == "categories" => category(inner),
        Expr::Any(path, Some(inner))
            if matches!(
                path.key().as_str(),
                "singlevalueextendedproperties" | "multivalueextendedproperties"
            ) =>
        {
            extended_property(inner)
        }
        Expr::Any(path, _) => Err(unsupported(format!("{path}/any(...)"))),
    }
}

fn each(all: &[Expr], tree: &FolderTree) -> Result<Vec<Condition>, GraphError> {
    all.iter().map(|e| condition(e, tree)).collect()
}

fn not(c: Condition) -> Condition {
    Condition::Not(Box::new(c))
}

fn matching(call: Call) -> Matching {
    match call {
        Call::Contains => Matching::Contains,
        Call::StartsWith => Matching::StartsWith,
        Call::EndsWith => Matching::EndsWith,
    }
}

fn column(path: &Path) -> Option<Column> {
    Some(match path.key().as_str() {
        "subject" => Column::Subject,
        "from/emailaddress/address" => Column::FromAddress,
        "from/emailaddress/name" => Column::FromName,
        "sender/emailaddress/address" => Column::SenderAddress,
        _ => return None,
    })
}

/// `c eq 'x'` of `categories/any(c:c eq 'x')`, also several joined by or.
fn category(inner: &Expr) -> Result<Condition, GraphError> {
    let word = |literal: &Literal| {
        let keyword = literal.text().and_then(to_keyword);
        keyword
            .map(Condition::Keyword)
            .ok_or_else(|| unsupported(literal))
    };
    match inner {
        Expr::Compare(path, Op::Eq, literal) if path.0.is_empty() => word(literal),
        Expr::Or(all) => {
            let mut all = all
                .iter()
                .map(category)
                .collect::<Result<Vec<_>, _>>()?
                .into_iter();
            let first = all.next().unwrap_or(Condition::All);
            Ok(all.fold(first, |a, b| Condition::Or(Box::new(a), Box::new(b))))
        }
        _ => Err(unsupported("categories/any(...) with anything but c eq '...'")),
    }
}

/// `ep/id eq 'String {guid} Name x' and ep/value eq 'y'`: of those that programs keep, and some that are columns of ours.
fn extended_property(inner: &Expr) -> Result<Condition, GraphError> {
    let wrong = || {
        unsupported(
            "singleValueExtendedProperties/any(...) with anything but ep/id eq '...' and a comparison of ep/value",
        )
    };
    let Expr::And(both) = inner else {
        return Err(wrong());
    };
    let (mut id, mut wanted) = (None, None);
    for side in both {
        match side {
            Expr::Compare(path, Op::Eq, literal) if path.key() == "id" => {
                id = Some(parse_id(literal.text().unwrap_or_default())?);
            }
            Expr::Compare(path, Op::Eq, literal) if path.key() == "value" => {
                wanted = literal.text().map(|t| (Matching::Is, t.to_owned()));
            }
            Expr::Call(call, path, text) if path.key() == "value" => {
                wanted = Some((matching(*call), text.clone()))
            }
            _ => return Err(wrong()),
        }
    }
    let (Some(id), Some((how, value))) = (id, wanted) else {
        return Err(wrong());
    };
    Ok(match (id.key.as_str(), how) {
        ("0x1035", Matching::Is) => Condition::MessageIdIs(value.trim().trim_matches(['<', '>']).to_owned()),
        ("0x37", how) => Condition::Compare {
            column: Column::Subject,
            how,
            text: value,
        },
        _ => Condition::Property {
            name: id.key,
            how,
            value,
        },
    })
}

fn compare(path: &Path, op: Op, literal: &Literal, tree: &FolderTree) -> Result<Condition, GraphError> {
    let wrong = || unsupported(format!("{path} {} {literal}", op.word()));
    if let Some(times) = times(path) {
        let ms = literal.text().and_then(time::parse).ok_or_else(wrong)?;
        return Ok(of_time(&times, op, ms));
    }
    let equal = equal(path, literal, tree)?.ok_or_else(wrong)?;
    match op {
        Op::Eq => Ok(equal),
        Op::Ne => Ok(not(equal)),
        _ => Err(wrong()),
    }
}

/// None: the property or the value is not one.
fn equal(path: &Path, literal: &Literal, tree: &FolderTree) -> Result<Option<Condition>, GraphError> {
    let switch = |c: Condition| literal.boolean().map(|wanted| if wanted { c } else { not(c) });
    if let Some(column) = column(path) {
        return Ok(literal.text().map(|text| Condition::Compare {
            column,
            how: Matching::Is,
            text: text.to_owned(),
        }));
    }
    Ok(match path.key().as_str() {
        "isread" => switch(Condition::Has(Flags::SEEN)),
        "isdraft" => switch(Condition::Has(Flags::DRAFT)),
        "hasattachments" => switch(Condition::HasAttachments),
        "importance" => {
            let names = ["low", "normal", "high"];
            let at = |text: &str| names.iter().position(|n| n.eq_ignore_ascii_case(text));
            literal
                .text()
                .and_then(at)
                .map(|n| Condition::Importance(n as u8))
        }
        "flag/flagstatus" => literal.text().and_then(flag_status),
        "internetmessageid" => literal
            .text()
            .map(|id| Condition::MessageIdIs(id.trim().trim_matches(['<', '>']).to_owned())),
        "conversationid" => literal.text().map(conversation),
        "id" => literal
            .text()
            .map(|id| Condition::Items(ids::parse_item(id).into_iter().collect())),
        "parentfolderid" => literal.text().map(|f| folder(tree, f)).transpose()?,
        _ => None,
    })
}

fn flag_status(word: &str) -> Option<Condition> {
    let (flagged, complete) = (
        Condition::Has(Flags::FLAGGED),
        Condition::Keyword(COMPLETE.to_owned()),
    );
    Some(match word.to_ascii_lowercase().as_str() {
        "flagged" => Condition::And(vec![flagged, not(complete)]),
        "complete" => complete,
        "notflagged" => Condition::And(vec![not(flagged), not(complete)]),
        _ => return None,
    })
}

/// A conversation's id as [`super::view`] prints it; others fit nothing.
fn conversation(id: &str) -> Condition {
    let digits = id.strip_prefix('C').unwrap_or_default();
    match u128::from_str_radix(digits, 16) {
        // That of a message without any id is made of its own number.
        Ok(n) if digits.len() == 32 && n <= i64::MAX as u128 => {
            Condition::Items(vec![crate::model::ItemId(n as i64)])
        }
        Ok(n) if digits.len() == 32 => Condition::Conversation(n.to_be_bytes()),
        _ => Condition::Items(Vec::new()),
    }
}

fn folder(tree: &FolderTree, name: &str) -> Result<Condition, GraphError> {
    Ok(match place_in(tree, name)? {
        Place::Folder(folder) => Condition::Folder(folder.id),
        Place::Root | Place::Outbox => Condition::Items(Vec::new()),
    })
}

/// What a property that is a time can be compared by.
struct Times {
    since: fn(TimeMs) -> Condition,
    before: fn(TimeMs) -> Condition,
    /// Compared to the millisecond: who asks for what was changed after the last one that was shown may get that one again,
    /// and never misses what was changed within the same second.
    is_exact: bool,
}

fn times(path: &Path) -> Option<Times> {
    let times = |since, before| Times {
        since,
        before,
        is_exact: false,
    };
    match path.key().as_str() {
        "receiveddatetime" | "createddatetime" => {
            Some(times(Condition::ReceivedSince, Condition::ReceivedBefore))
        }
        "sentdatetime" => Some(times(Condition::SentSince, Condition::SentBefore)),
        "lastmodifieddatetime" => Some(Times {
            is_exact: true,
            ..times(Condition::ChangedSince, Condition::ChangedBefore)
        }),
        _ => None,
    }
}

/// Times are shown in whole seconds, and compared as they are shown: who asks for what came after the last one that was
/// shown does not get that one again.
fn of_time(times: &Times, op: Op, ms: TimeMs) -> Condition {
    let (since, before) = (times.since, times.before);
    let floor = ms.div_euclid(1000) * 1000;
    let ceiling = if floor == ms { ms } else { floor + 1000 };
    let is_second = Condition::And(vec![since(ceiling), before(floor + 1000)]);
    let (at, behind) = match times.is_exact {
        true => (ms, ms + 1),
        false => (ceiling, floor + 1000),
    };
    match op {
        Op::Ge => since(at),
        Op::Gt => since(behind),
        Op::Lt => before(at),
        Op::Le => before(behind),
        Op::Eq => is_second,
        Op::Ne => not(is_second),
    }
}

/// The folder that a filter names beside its other conditions, so that its own index is used.
pub fn folder_of(condition: &Condition) -> Option<FolderId> {
    match condition {
        Condition::Folder(id) => Some(*id),
        Condition::And(all) => all.iter().find_map(folder_of),
        _ => None,
    }
}

/// The order and whether it ascends. What the filter fixes to one value orders nothing and may be named before it.
/// Errors: ErrorInvalidUrlQuery that names what messages cannot be ordered by.
pub fn order(text: Option<&str>, filter: Option<&Expr>) -> Result<(Order, bool), GraphError> {
    let mut fixed = Vec::new();
    if let Some(filter) = filter {
        fixed_by(filter, &mut fixed);
    }
    let wrong = |key: &str| {
        GraphError::bad(
            "ErrorInvalidUrlQuery",
            format!(
                "the order »{key}« is not supported; messages can be ordered by receivedDateTime and, in one folder, \
                 by sentDateTime and lastModifiedDateTime, each asc or desc"
            ),
        )
    };
    let mut found = None;
    for key in text
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|k| !k.is_empty())
    {
        let mut words = key.split_ascii_whitespace();
        let name = words.next().unwrap_or_default().to_ascii_lowercase();
        let is_ascending = match words.next().map(str::to_ascii_lowercase).as_deref() {
            None | Some("asc") => true,
            Some("desc") => false,
            Some(_) => return Err(wrong(key)),
        };
        let first = name.split('/').next().unwrap_or_default();
        let is_known = PROPERTIES.usual.iter().any(|p| p.eq_ignore_ascii_case(first));
        match name.as_str() {
            _ if words.next().is_some() || !is_known => return Err(wrong(key)),
            // Two messages hardly ever come at the same moment, so what is named behind it orders nothing.
            _ if found.is_some() || fixed.contains(&name) => {}
            "receiveddatetime" | "createddatetime" => found = Some((Order::Received, is_ascending)),
            "sentdatetime" => found = Some((Order::Sent, is_ascending)),
            "lastmodifieddatetime" => found = Some((Order::Changed, is_ascending)),
            _ => return Err(wrong(key)),
        }
    }
    Ok(found.unwrap_or((Order::Received, false)))
}

fn fixed_by(expr: &Expr, out: &mut Vec<String>) {
    match expr {
        Expr::And(all) => all.iter().for_each(|e| fixed_by(e, out)),
        Expr::Compare(path, Op::Eq, _) | Expr::Is(path) => out.push(path.key()),
        Expr::Not(inner) if matches!(**inner, Expr::Is(_)) => fixed_by(inner, out),
        _ => {}
    }
}
