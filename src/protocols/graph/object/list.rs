//! Lists of objects: a walk along the index of the order, what the filter leaves of it, page by page. A request looks at a
//! bounded number of objects; a page that is shorter for that has a link to the next one.

use super::place;
use super::{Expansion, Look, Resource};
use crate::model::FolderId;
use crate::model::object::{Object, ObjectOrder, ObjectWalk};
use crate::model::property::PropertyValue;
use crate::objects::get::{count_objects, find_by_uid, walk_objects};
use crate::objects::properties::object_properties;
use crate::protocols::graph::answer::{Answer, Result};
use crate::protocols::graph::call::Call;
use crate::protocols::graph::envelope::{Link, PageOf, collection};
use crate::protocols::graph::error::GraphError;
use crate::protocols::graph::extended::parse_id;
use crate::protocols::graph::odata::{Expr, Literal, Op, Path, fits, parse, time};
use crate::protocols::graph::query::Opt;
use crate::protocols::graph::select::Select;
use serde_json::{Value, json};

/// Microsoft's 10 makes programs that do not page (Thunderbird) miss events.
const PAGE: u64 = 250;
/// Objects that one request looks at under a filter.
const MOST_LOOKED_AT: u64 = 2_000;
/// Objects that a count under a filter looks at.
const MOST_COUNTED: u64 = 10_000;

/// What can be asked of one list.
pub struct Lists {
    /// For the context.
    pub path: String,
    pub folder: FolderId,
    /// Properties that it can be ordered by, in lower case, with the index of each.
    pub orders: &'static [(&'static str, ObjectOrder)],
    pub usual: ObjectOrder,
    /// `$search`: the properties whose words are looked at.
    pub searched: &'static [&'static str],
    /// Links to the next page count instead of naming a place: some programs read the number.
    pub is_numbered: bool,
}

/// `$filter` and `$search`, asked of what an object shows in UTC.
struct Wanted {
    filter: Option<Expr>,
    /// The filter asks for what programs keep with things.
    needs_kept: bool,
    words: Vec<String>,
    searched: &'static [&'static str],
}

impl Wanted {
    fn of(call: &Call, lists: &Lists) -> std::result::Result<Wanted, GraphError> {
        let words = call.query.get(Opt::Search).unwrap_or_default().to_lowercase();
        let words = words.split(|c: char| c.is_whitespace() || c == '"');
        let mut filter = call.query.get(Opt::Filter).map(parse).transpose()?;
        let needs_kept = match &mut filter {
            Some(filter) => name_kept(filter)?,
            None => false,
        };
        Ok(Wanted {
            filter,
            needs_kept,
            words: words
                .map(|w| w.rsplit_once(':').map_or(w, |(_, text)| text))
                .filter(|w| !w.is_empty() && !matches!(*w, "or" | "and"))
                .map(str::to_owned)
                .collect(),
            searched: lists.searched,
        })
    }

    fn is_everything(&self) -> bool {
        self.filter.is_none() && self.words.is_empty()
    }

    /// What is asked of a thing: all that it shows, and what programs keep with it when that matters.
    async fn takes_object<R: Resource>(
        &self,
        call: &Call,
        look: &Look,
        (object, raw): (&Object, &[u8]),
    ) -> std::result::Result<bool, GraphError> {
        let Ok(mut shown) = R::view(look, object, raw, &Select::whole(R::properties())) else {
            return Ok(false);
        };
        if self.needs_kept {
            let kept = object_properties(call.ctx(), call.account, object.item.id).await?;
            let kept: Vec<Value> = kept
                .into_iter()
                .map(|p| match p.value {
                    PropertyValue::One(value) => json!({"id": p.name, "value": value}),
                    PropertyValue::List(values) => json!({"id": p.name, "value": values}),
                    PropertyValue::Gone => Value::Null,
                })
                .collect();
            for name in KEPT {
                shown.insert(name.to_owned(), kept.clone().into());
            }
        }
        self.takes(&shown.into())
    }

    fn takes(&self, shown: &Value) -> std::result::Result<bool, GraphError> {
        let text = |name: &&str| shown[*name].to_string().to_lowercase();
        let has_words = self.words.is_empty() || {
            let all: Vec<String> = self.searched.iter().map(text).collect();
            self.words.iter().all(|w| all.iter().any(|t| t.contains(w)))
        };
        match &self.filter {
            Some(filter) if has_words => fits(filter, shown),
            _ => Ok(has_words),
        }
    }

    /// The UID that a filter insists on.
    fn uid(&self) -> Option<&str> {
        self.compared()
            .find(|(path, op, _)| matches!(path.key().as_str(), "icaluid" | "uid") && *op == Op::Eq)
            .and_then(|(_, _, literal)| literal.text())
    }

    /// The seconds that a start has to lie between.
    fn starts(&self) -> (Option<i64>, Option<i64>) {
        let (mut from, mut to): (Option<i64>, Option<i64>) = (None, None);
        for (path, op, literal) in self.compared() {
            let seconds = literal.text().and_then(time::parse).map(|ms| ms.div_euclid(1000));
            let Some(s) = seconds.filter(|_| path.key() == "start/datetime") else {
                continue;
            };
            if matches!(op, Op::Ge | Op::Gt | Op::Eq) {
                from = Some(from.map_or(s, |f| f.max(s)));
            }
            if matches!(op, Op::Le | Op::Lt | Op::Eq) {
                to = Some(to.map_or(s + 1, |t| t.min(s + 1)));
            }
        }
        (from, to)
    }

    /// The comparisons that all have to hold.
    fn compared(&self) -> impl Iterator<Item = (&Path, Op, &crate::protocols::graph::odata::Literal)> {
        let all: Vec<&Expr> = match &self.filter {
            Some(Expr::And(all)) => all.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        all.into_iter().filter_map(|e| match e {
            Expr::Compare(path, op, literal) => Some((path, *op, literal)),
            _ => None,
        })
    }
}

const KEPT: [&str; 2] = ["singleValueExtendedProperties", "multiValueExtendedProperties"];

/// Brings the ids of extended properties in a filter to the spelling that they are kept in; whether there are any.
/// Errors: ErrorInvalidProperty.
fn name_kept(expr: &mut Expr) -> std::result::Result<bool, GraphError> {
    fn ids(expr: &mut Expr) -> std::result::Result<(), GraphError> {
        match expr {
            Expr::And(all) | Expr::Or(all) => all.iter_mut().try_for_each(ids),
            Expr::Not(inner) => ids(inner),
            Expr::Compare(path, _, literal) if path.key() == "id" => {
                let id = parse_id(literal.text().unwrap_or_default())?;
                *literal = Literal::Text(id.key);
                Ok(())
            }
            _ => Ok(()),
        }
    }
    match expr {
        Expr::And(all) | Expr::Or(all) => {
            let mut found = false;
            for one in all {
                found |= name_kept(one)?;
            }
            Ok(found)
        }
        Expr::Not(inner) => name_kept(inner),
        Expr::Any(path, Some(inner)) if KEPT.iter().any(|k| k.to_ascii_lowercase() == path.key()) => {
            ids(inner)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Errors: ErrorInvalidUrlQuery for orders that no index has.
fn walk_of(call: &Call, lists: &Lists, wanted: &Wanted) -> std::result::Result<ObjectWalk, GraphError> {
    let starts = wanted.starts();
    let asked = call
        .query
        .get(Opt::OrderBy)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let mut words = asked.split_ascii_whitespace();
    let (name, way) = (words.next().unwrap_or_default(), words.next().unwrap_or("asc"));
    let found = lists.orders.iter().find(|(n, _)| *n == name).map(|(_, o)| *o);
    let has_start = lists.orders.iter().any(|(_, o)| *o == ObjectOrder::Start);
    let order = match (name, found) {
        ("", _) if has_start && starts != (None, None) => ObjectOrder::Start,
        ("", _) => lists.usual,
        (_, Some(order)) if matches!(way, "asc" | "desc") && words.next().is_none() => order,
        _ => {
            let known: Vec<&str> = lists.orders.iter().map(|(n, _)| *n).collect();
            return Err(GraphError::bad(
                "ErrorInvalidUrlQuery",
                format!(
                    "the order »{asked}« is not supported; known: {}",
                    known.join(", ")
                ),
            ));
        }
    };
    let range = if order == ObjectOrder::Start {
        starts
    } else {
        (None, None)
    };
    Ok(ObjectWalk {
        order,
        is_descending: way == "desc",
        after: None,
        range,
        skip: 0,
        limit: 0,
    })
}

pub async fn list<R: Resource>(call: &Call, lists: Lists) -> Result {
    let (look, select) = (Look::of(call)?, Select::of(&call.query, R::properties())?);
    let expansion = Expansion::of::<R>(call.query.get(Opt::Expand))?;
    let wanted = Wanted::of(call, &lists)?;
    let mut walk = walk_of(call, &lists, &wanted)?;
    let (skip, top) = call.query.page(call.prefer.max_page_size.unwrap_or(PAGE))?;
    let total = match call.query.wants_count()? {
        true => Some(count::<R>(call, &lists, &wanted, &look).await?),
        false => None,
    };
    if let Some(uid) = wanted.uid() {
        return by_uid::<R>(call, &lists, uid, (&wanted, &select, &expansion)).await;
    }
    let token = call.query.get(Opt::SkipToken).filter(|t| !t.is_empty());
    if let Some(token) = token {
        walk.after = Some(place::parse(token, walk.order == ObjectOrder::Title)?);
    }
    let is_whole = wanted.is_everything();
    let mut left = skip;
    if is_whole && token.is_none() {
        (walk.skip, left) = (skip, 0);
    }
    let in_utc = look.in_utc();
    let (mut items, mut looked_at, mut next) = (Vec::new(), 0, None);
    'pages: loop {
        walk.limit = if is_whole { top + 1 } else { 100 };
        let (piece, goes_on) =
            walk_objects(call.ctx(), call.account, lists.folder, R::KIND, walk.clone()).await?;
        for (object, raw, place) in piece {
            if items.len() as u64 == top {
                next = walk.after.clone();
                break 'pages;
            }
            looked_at += 1;
            walk.after = Some(place);
            let is_wanted = is_whole || wanted.takes_object::<R>(call, &in_utc, (&object, &raw)).await?;
            if !is_wanted {
                continue;
            }
            if left > 0 {
                left -= 1;
                continue;
            }
            let mut shown = R::view(&look, &object, &raw, &select)?;
            expansion
                .add::<R>(call, &look, (&object, &raw), &mut shown)
                .await?;
            items.push(shown.into());
        }
        walk.skip = 0;
        if !goes_on {
            break;
        }
        if looked_at >= MOST_LOOKED_AT {
            next = walk.after.clone();
            break;
        }
    }
    let is_numbered = lists.is_numbered && is_whole && token.is_none();
    let end = skip + items.len() as u64;
    let next = next.map(|place| match is_numbered {
        true => Link::Skip(end),
        false => Link::Token(place::print(&place)),
    });
    let page = PageOf {
        path: lists.path,
        items,
        total,
        next,
    };
    Ok(preferred(&look, collection(call, &select, page)?))
}

async fn by_uid<R: Resource>(
    call: &Call,
    lists: &Lists,
    uid: &str,
    (wanted, select, expansion): (&Wanted, &Select, &Expansion),
) -> Result {
    let look = Look::of(call)?;
    let mut items = Vec::new();
    let found = find_by_uid(call.ctx(), call.account, lists.folder, uid).await?;
    let in_utc = look.in_utc();
    if let Some((object, raw)) = found.filter(|(o, _)| o.kind == R::KIND)
        && wanted.takes_object::<R>(call, &in_utc, (&object, &raw)).await?
    {
        let mut shown = R::view(&look, &object, &raw, select)?;
        expansion
            .add::<R>(call, &look, (&object, &raw), &mut shown)
            .await?;
        items.push(shown.into());
    }
    let total = items.len() as u64;
    collection(call, select, PageOf::of_all(lists.path.clone(), items, 0, total))
}

/// The number alone, as text.
pub async fn count_alone<R: Resource>(call: &Call, lists: Lists) -> Result {
    let (wanted, look) = (Wanted::of(call, &lists)?, Look::of(call)?);
    Ok(Answer::text(
        count::<R>(call, &lists, &wanted, &look).await?.to_string(),
    ))
}

/// Errors: InefficientFilter, when more would have to be looked at than is sensible.
async fn count<R: Resource>(
    call: &Call,
    lists: &Lists,
    wanted: &Wanted,
    look: &Look,
) -> std::result::Result<u64, GraphError> {
    let all = count_objects(call.ctx(), call.account, lists.folder, R::KIND).await?;
    if wanted.is_everything() {
        return Ok(all);
    }
    if all > MOST_COUNTED {
        return Err(GraphError::bad(
            "InefficientFilter",
            "under this filter so many cannot be counted; leave $count out",
        ));
    }
    let look = look.in_utc();
    let mut walk = walk_of(call, lists, wanted)?;
    walk.limit = 200;
    let mut out = 0;
    loop {
        let (piece, goes_on) =
            walk_objects(call.ctx(), call.account, lists.folder, R::KIND, walk.clone()).await?;
        for (object, raw, place) in piece {
            walk.after = Some(place);
            if wanted.takes_object::<R>(call, &look, (&object, &raw)).await? {
                out += 1;
            }
        }
        if !goes_on {
            return Ok(out);
        }
    }
}

/// Says which preferences were followed.
pub fn preferred(look: &Look, answer: Answer) -> Answer {
    let mut followed = Vec::new();
    if let Some(zone) = &look.prefer.time_zone {
        followed.push(format!(
            "outlook.timezone=\"{}\"",
            crate::base::text::one_line(zone)
        ));
    }
    if look.prefer.is_text_body {
        followed.push("outlook.body-content-type=\"text\"".to_owned());
    }
    match followed.is_empty() || !followed.iter().all(|f| f.is_ascii()) {
        true => answer,
        false => answer.with("Preference-Applied", followed.join(", ")),
    }
}
