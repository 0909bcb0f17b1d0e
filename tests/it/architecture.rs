//! The house rules that the compiler does not check: who may import whom, how long files and functions are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn source_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Path relative to src/, and text.
fn sources() -> BTreeMap<String, String> {
    let src = root().join("src");
    let mut files = Vec::new();
    source_files(&src, &mut files);
    files
        .into_iter()
        .map(|f| {
            (
                f.strip_prefix(&src).unwrap().to_str().unwrap().to_owned(),
                fs::read_to_string(&f).unwrap(),
            )
        })
        .collect()
}

/// Module of a file: its first folder, or its name.
fn module(path: &str) -> &str {
    path.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Every `crate::x::...` that stands in a file.
fn imports(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.lines().filter(|l| !l.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let path: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':')
                .collect();
            if let Some(group) = rest.strip_prefix('{') {
                out.extend(group.split([',', '}']).map(|p| p.trim().to_owned()));
            } else {
                out.push(path);
            }
        }
    }
    out.retain(|p| !p.is_empty());
    out
}

const FOUNDATION: [&str; 3] = ["base", "formats", "model"];
const ROOMS: [&str; 5] = ["mail", "calendar", "contacts", "tasks", "sync"];

fn allowed(module: &str) -> Option<Vec<&'static str>> {
    let mut all: Vec<&'static str> = match module {
        "base" => vec![],
        "formats" | "model" => vec!["base"],
        "store" => vec!["base", "model"],
        "identity" => vec!["base", "formats", "model", "store"],
        "objects" => vec!["base", "formats", "model", "store", "identity"],
        "mail" | "sync" => vec!["base", "formats", "model", "store", "identity"],
        "calendar" | "contacts" | "tasks" => {
            vec!["base", "formats", "model", "store", "identity", "objects"]
        }
        "delivery" => vec![
            "base", "formats", "model", "store", "identity", "mail", "calendar", "contacts", "sync",
        ],
        // The connections of the post room lead to the office's own directory too.
        "directory" => vec!["base", "formats", "model", "store", "identity", "delivery"],
        "backup" | "moving" => vec![
            "base", "formats", "model", "store", "identity", "objects", "mail", "calendar", "contacts",
            "delivery",
        ],
        // Public authorities are asked over the connections of the post room.
        "appliance" => vec!["base", "formats", "model", "store", "identity", "delivery"],
        "jobs" => vec![
            "base",
            "formats",
            "model",
            "store",
            "identity",
            "delivery",
            "appliance",
            "moving",
        ],
        "protocols" => vec![
            "base",
            "formats",
            "model",
            "identity",
            "delivery",
            "appliance",
            "jobs",
        ],
        _ => return None,
    };
    if matches!(module, "jobs" | "protocols") {
        all.extend(["objects", "backup", "directory", "moving"]);
        all.extend(ROOMS);
    }
    Some(all)
}

#[test]
fn doors_do_not_reach_through_others_into_the_cellar() {
    for (path, text) in sources().iter().filter(|(p, _)| module(p) == "protocols") {
        let reaching = text
            .lines()
            .find(|l| l.contains(".store") && !l.trim_start().starts_with("//"));
        assert_eq!(reaching, None, "{path}: ask a room");
    }
}

#[test]
fn layers_import_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = module(&path);
        let Some(allowed) = allowed(own) else { continue };
        for import in imports(&text) {
            let target = import.split("::").next().unwrap().to_owned();
            let is_known = allowed.contains(&target.as_str()) || target == own;
            if !is_known
                && (FOUNDATION.contains(&target.as_str()) || root().join("src").join(&target).is_dir())
            {
                wrong.push(format!("{path}: crate::{import}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports against docs/architecture.md:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn no_door_imports_another_door() {
    let mut wrong = Vec::new();
    for (path, text) in sources().into_iter().filter(|(p, _)| p.starts_with("protocols/")) {
        let own = path.split('/').nth(1).unwrap().trim_end_matches(".rs").to_owned();
        for import in imports(&text) {
            let Some(door) = import
                .strip_prefix("protocols::")
                .and_then(|r| r.split("::").next())
            else {
                continue;
            };
            let is_door = root().join("src/protocols").join(door).is_dir();
            if !door.is_empty() && is_door && door != "http" && door != own {
                wrong.push(format!("{path}: crate::{import}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "doors that know other doors:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn sql_stays_in_the_cellar() {
    let wrong: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| !path.starts_with("store") && text.contains("rusqlite"))
        .map(|(path, _)| path)
        .collect();
    assert!(wrong.is_empty(), "rusqlite outside of store: {wrong:?}");
}

/// Tables may be longer; each with its reason.
const LONG_FILES: [(&str, &str); 0] = [];

#[test]
fn files_open_with_what_they_answer_for_and_stay_short() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{path} does not open with //!"));
        }
        let lines = text.lines().count();
        if lines > 600 && !LONG_FILES.iter().any(|(f, _)| *f == path) {
            wrong.push(format!("{path} has {lines} lines"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn functions_stay_short() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        // rustfmt puts the end of a function at the indentation of its beginning.
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_function = ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub(crate) fn "]
                .iter()
                .any(|f| line.trim_start().starts_with(f));
            if !is_function {
                continue;
            }
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines[i..].iter().position(|l| *l == end).unwrap_or(0);
            if length > 100 {
                wrong.push(format!("{path}:{} is a function of {length} lines", i + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_resolves_names_through_the_system_library() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for word in ["to_socket_addrs", "ToSocketAddrs", "lookup_host"] {
            if text.contains(word) {
                wrong.push(format!("{path}: {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// What the program says by code, the page says in each of its languages.
#[test]
fn every_reason_has_its_words() {
    let mut codes = std::collections::BTreeSet::new();
    for text in sources().values() {
        codes.extend(text.split("with_reason(").skip(1).filter_map(|rest| {
            let code = rest.trim_start().strip_prefix('"')?.split('"').next()?;
            Some(format!("reason.{code}"))
        }));
    }
    assert!(codes.len() > 10, "{codes:?}");
    for language in ["de", "en"] {
        let file = root().join(format!("web-ui/src/i18n/{language}/common.json"));
        let words: BTreeMap<String, String> =
            serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let said = words.into_keys().filter(|k| k.starts_with("reason.")).collect();
        assert_eq!(codes, said, "{language}");
    }
}
