//! Moving in: from files and from other servers, killed and repeated, with the comparison of every item as the proof.

mod archives;
mod dav;
mod files;
mod gmail;
mod graph;
mod imap;
mod outlook;
mod outward;
mod page;
mod personal;

use crate::server::{Server, run_with};
use serde_json::Value;

/// Runs `hauspost import` and reads its report; also one that says that something is not whole.
pub fn import(server: &Server, arguments: &[&str]) -> Value {
    let out = run_with(
        server.data.path(),
        &[&["import"], arguments, &["--json"]].concat(),
        "",
    );
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| {
        panic!("{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    })
}

/// A count over all folders of a report.
pub fn sum(report: &Value, what: &str) -> i64 {
    let folders = report["imported"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|r| r["folders"].as_array().unwrap());
    folders.map(|f| f[what].as_i64().unwrap()).sum()
}

/// Nothing is missing, nothing is different, all of `count` were compared.
pub fn assert_proven(report: &Value, count: usize) {
    let all = report["imported"].as_array().unwrap();
    for r in all {
        assert_eq!(r["problems"], serde_json::json!([]));
        assert_eq!(r["differences"], serde_json::json!([]));
    }
    let compared: i64 = all.iter().map(|r| r["compared"].as_i64().unwrap()).sum();
    assert_eq!(compared, count as i64);
}
