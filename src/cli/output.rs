//! Results as JSON for programs or as a table for people.

use super::Form;
use crate::base::{Error, Result};
use serde::Serialize;

/// One JSON document and a line's end.
pub fn print_json<T: Serialize>(value: &T) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::internal("no JSON").caused_by(e))?;
    println!("{text}");
    Ok(())
}

/// A list: JSON, or a table with the columns that `row` gives.
pub fn print_list<T: Serialize>(
    form: &Form,
    head: &[&str],
    items: &[T],
    row: impl Fn(&T) -> Vec<String>,
) -> Result<()> {
    if form.json {
        return print_json(&items);
    }
    let rows: Vec<Vec<String>> = items.iter().map(row).collect();
    let mut widths: Vec<usize> = head.iter().map(|h| h.chars().count()).collect();
    for r in &rows {
        for (w, cell) in widths.iter_mut().zip(r) {
            *w = (*w).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let text: Vec<String> = cells.zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
        println!("{}", text.join("  ").trim_end());
    };
    line(&mut head.iter().copied());
    for r in &rows {
        line(&mut r.iter().map(String::as_str));
    }
    Ok(())
}

/// One thing: JSON, or a sentence.
pub fn print_done<T: Serialize>(form: &Form, value: &T, sentence: &str) -> Result<()> {
    if form.json {
        print_json(value)
    } else {
        println!("{sentence}");
        Ok(())
    }
}
