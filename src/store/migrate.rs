//! Numbered migrations, forward only, each in a transaction of its own; `user_version` counts them. A file that is just being
//! made gets all of them in one: nobody waits for the disk once for each.

use crate::base::{Error, Result};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Brings a file to the newest version. Errors: Unavailable when it is newer than this program.
pub(in crate::store) fn migrate(conn: &mut Connection, migrations: &[&str], path: &Path) -> Result<()> {
    if version(conn)? == migrations.len() {
        return Ok(());
    }
    loop {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = version(&tx)?;
        if done > migrations.len() {
            return Err(Error::unavailable(format!(
                "{} was written by a newer Hauspost (version {done}, this program knows {}); \
                 install the newer program again, or restore a backup made before the upgrade",
                path.display(),
                migrations.len()
            )));
        }
        let now = match done {
            0 => migrations.len(),
            _ => done + 1,
        };
        let Some(next) = migrations.get(done..now).filter(|next| !next.is_empty()) else {
            return Ok(());
        };
        if done > 0 {
            tracing::info!(file = %path.display(), to = now, "migrating");
        }
        for step in next {
            tx.execute_batch(step)?;
        }
        tx.pragma_update(None, "user_version", now as i64)?;
        tx.commit()?;
    }
}

fn version(conn: &Connection) -> Result<usize> {
    let n: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
    usize::try_from(n).map_err(|_| Error::unavailable("a file of the store has a negative version"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tx::Database;

    fn dump(migrations: &[&str]) -> String {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, migrations, Path::new("test")).unwrap();
        let mut st = conn
            .prepare(
                "SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
                 AND name NOT LIKE 'item_text_%' ORDER BY type DESC, name",
            )
            .unwrap();
        let all: Vec<String> = st
            .query_map([], |r| r.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        all.join("\n") + "\n"
    }

    /// `schema.sql` is what a reader looks at; this keeps it true. HAUSPOST_WRITE_SCHEMA=1 writes it.
    fn assert_schema(name: &str, migrations: &[&str]) {
        let path = format!(
            "{}/src/store/schema/{name}/schema.sql",
            env!("CARGO_MANIFEST_DIR")
        );
        let real = dump(migrations);
        if std::env::var_os("HAUSPOST_WRITE_SCHEMA").is_some() {
            std::fs::write(&path, &real).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), real, "{path}");
    }

    #[test]
    fn schema_files_tell_what_the_migrations_make() {
        assert_schema("account", crate::store::account::AccountDb::MIGRATIONS);
        assert_schema("directory", crate::store::directory::DirectoryDb::MIGRATIONS);
        assert_schema("queue", crate::store::queue::QueueDb::MIGRATIONS);
    }

    #[test]
    fn a_newer_file_is_refused_with_a_sentence() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.pragma_update(None, "user_version", 7).unwrap();
        let e = migrate(&mut conn, &["CREATE TABLE t (x)"], Path::new("a.db")).unwrap_err();
        assert!(e.message().contains("newer Hauspost"), "{e}");
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let all = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"];
        for before in 0..=1 {
            let mut conn = Connection::open_in_memory().unwrap();
            migrate(&mut conn, &all[..before], Path::new("a.db")).unwrap();
            assert!(migrate(&mut conn, &all, Path::new("a.db")).is_err());
            assert_eq!(version(&conn).unwrap(), before);
            assert!(conn.prepare("SELECT * FROM b").is_err());
        }
    }
}
