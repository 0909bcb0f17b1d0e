//! A filter asked of one resource as JSON: for short lists that are in memory anyway.

use super::time;
use super::tree::{Call, Expr, Literal, Op, Path};
use crate::protocols::graph::error::GraphError;
use serde_json::Value;
use std::cmp::Ordering;

/// Errors: BadRequest for properties that the resource does not have.
pub fn fits(expr: &Expr, resource: &Value) -> Result<bool, GraphError> {
    let get = |path: &Path| property(resource, path);
    match expr {
        Expr::And(all) => all.iter().try_fold(true, |is, e| Ok(fits(e, resource)? && is)),
        Expr::Or(all) => all.iter().try_fold(false, |is, e| Ok(fits(e, resource)? || is)),
        Expr::Not(e) => Ok(!fits(e, resource)?),
        Expr::Is(path) => Ok(get(path)? == &Value::Bool(true)),
        Expr::Compare(path, op, literal) => Ok(compare(get(path)?, *op, literal)),
        Expr::In(path, all) => {
            let value = get(path)?;
            Ok(all.iter().any(|l| compare(value, Op::Eq, l)))
        }
        Expr::Call(call, path, text) => {
            let value = get(path)?.as_str().unwrap_or_default().to_lowercase();
            let text = text.to_lowercase();
            Ok(match call {
                Call::Contains => value.contains(&text),
                Call::StartsWith => value.starts_with(&text),
                Call::EndsWith => value.ends_with(&text),
            })
        }
        Expr::Any(path, inner) => {
            let members = get(path)?.as_array().map(Vec::as_slice).unwrap_or_default();
            match inner {
                None => Ok(!members.is_empty()),
                Some(inner) => members.iter().try_fold(false, |is, m| Ok(fits(inner, m)? || is)),
            }
        }
    }
}

fn property<'v>(resource: &'v Value, path: &Path) -> Result<&'v Value, GraphError> {
    let mut at = resource;
    for step in &path.0 {
        if at.is_null() {
            return Ok(at);
        }
        let found = at
            .as_object()
            .and_then(|o| o.iter().find(|(k, _)| k.eq_ignore_ascii_case(step)));
        at = found.map(|(_, v)| v).ok_or_else(|| {
            GraphError::request(format!("Could not find a property named '{path}' to filter by."))
        })?;
    }
    Ok(at)
}

fn compare(value: &Value, op: Op, literal: &Literal) -> bool {
    let order = match (value, literal) {
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        (Value::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Value::Number(a), Literal::Word(b)) => match (a.as_f64(), b.parse::<f64>()) {
            (Some(a), Ok(b)) => a.partial_cmp(&b),
            _ => None,
        },
        (Value::String(a), _) => literal.text().map(|b| match (time::parse(a), time::parse(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.to_lowercase().cmp(&b.to_lowercase()),
        }),
        _ => None,
    };
    match (op, order) {
        (Op::Eq, o) => o == Some(Ordering::Equal),
        (Op::Ne, o) => o != Some(Ordering::Equal),
        (_, None) => false,
        (Op::Gt, Some(o)) => o.is_gt(),
        (Op::Ge, Some(o)) => o.is_ge(),
        (Op::Lt, Some(o)) => o.is_lt(),
        (Op::Le, Some(o)) => o.is_le(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::graph::odata::parse;
    use serde_json::json;

    #[test]
    fn a_resource_fits_or_not() {
        let user = json!({"displayName": "Anna", "mail": null, "n": 3, "is": true, "created": "2024-01-01T00:00:00Z",
            "addresses": ["SMTP:a@b.de"], "a": {"b": "c"}});
        for (filter, want) in [
            ("displayName eq 'anna'", true),
            ("startsWith(DISPLAYNAME,'an') and is", true),
            ("mail eq null", true),
            ("mail ne 'x'", true),
            ("n gt 2 and n le 3", true),
            ("created lt 2024-01-01T01:00:00+01:00", false),
            ("addresses/any(a:startswith(a,'smtp:'))", true),
            ("a/b in ('x','C')", true),
            ("not (a/b eq 'c')", false),
            ("mail/x eq 'y'", false),
        ] {
            assert_eq!(fits(&parse(filter).unwrap(), &user).unwrap(), want, "{filter}");
        }
        assert!(fits(&parse("foo eq 1").unwrap(), &user).is_err());
    }
}
