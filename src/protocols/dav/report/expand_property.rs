//! expand-property (RFC 3253 §3.8): properties, and those of what they point to, in one question.

use crate::protocols::dav::door::{Answer, Call};
use crate::protocols::dav::error::DavError;
use crate::protocols::dav::look::look;
use crate::protocols::dav::multistatus::{status_only, whole};
use crate::protocols::dav::place::{Place, path_of};
use crate::protocols::dav::props::{Wanted, find, name_only, print_response};
use crate::protocols::dav::xml::{DAV, Element};
use futures_util::future::{FutureExt, LocalBoxFuture};

/// Things that one question may lead to.
const MOST: usize = 500;
const MAX_DEPTH: usize = 5;
const MAX_PROPERTIES: usize = 100;

pub async fn answer(call: &Call, root: &Element) -> Answer {
    let mut left = MOST;
    let wish = Wish::read(root, 0)?;
    let out = follow(call, call.place.clone(), &wish, &mut left).await?;
    Ok(whole(&out, ""))
}

/// Properties, each with what is wished of the things that it names.
struct Wish(Vec<(Element, Option<Wish>)>);

impl Wish {
    /// Errors: 400.
    fn read(e: &Element, depth: usize) -> Result<Wish, DavError> {
        if depth > MAX_DEPTH || e.children.len() > MAX_PROPERTIES {
            return Err(DavError::bad_request("the question is too deep or too long"));
        }
        let mut out = Vec::new();
        for child in e.children.iter().filter(|c| c.is(DAV, "property")) {
            let name = child.attribute("name").filter(|n| is_name(n));
            let name =
                name.ok_or_else(|| DavError::bad_request("a DAV:property has no name that could be one"))?;
            let property = Element {
                ns: child.attribute("namespace").unwrap_or(DAV).to_owned(),
                name: name.to_owned(),
                ..Element::default()
            };
            let inner = match child.children.is_empty() {
                true => None,
                false => Some(Wish::read(child, depth + 1)?),
            };
            out.push((property, inner));
        }
        Ok(Wish(out))
    }

    fn wanted(&self) -> Wanted {
        Wanted::Some(self.0.iter().map(|(e, _)| e.clone()).collect())
    }
}

/// It is written into the answer.
fn is_name(text: &str) -> bool {
    let is_fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(is_fine)
}

/// The response about one thing. Errors: 400, when the question leads to too much.
fn follow<'a>(
    call: &'a Call,
    place: Place,
    wish: &'a Wish,
    left: &'a mut usize,
) -> LocalBoxFuture<'a, Result<String, DavError>> {
    async move {
        *left = left
            .checked_sub(1)
            .ok_or_else(|| DavError::bad_request("the question leads to more than is told at once"))?;
        let seen = look(call, &place, &wish.wanted()).await?;
        let (mut found, mut missing) = (String::new(), String::new());
        for (property, inner) in &wish.0 {
            match (find(&seen.view(&call.account), property), inner) {
                (None, _) => missing.push_str(&name_only(property)),
                (Some(value), None) => found.push_str(&value),
                (Some(value), Some(inner)) => found.push_str(&unfold(call, &value, inner, left).await?),
            }
        }
        Ok(print_response(&seen.href, &found, &missing))
    }
    .boxed_local()
}

/// The value with a response in the place of each address that is one of ours.
async fn unfold(call: &Call, value: &str, wish: &Wish, left: &mut usize) -> Result<String, DavError> {
    const OPEN: &str = "<D:href>";
    const CLOSE: &str = "</D:href>";
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((address, after)) = after.split_once(CLOSE) else {
            break;
        };
        out.push_str(before);
        rest = after;
        match Place::parse(path_of(address)) {
            Err(_) => out.push_str(&format!("{OPEN}{address}{CLOSE}")),
            Ok(place) => match follow(call, place, wish, left).await {
                Ok(response) => out.push_str(&response),
                Err(e) if e.status.is_client_error() && e.status.as_u16() != 400 => {
                    out.push_str(&status_only(address, e.status));
                }
                Err(e) => return Err(e),
            },
        }
    }
    out.push_str(rest);
    Ok(out)
}
