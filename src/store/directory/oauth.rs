//! Registered programs, authorization codes and refresh tokens. Secrets only as hashes.

use super::DirectoryDb;
use super::sessions::TokenHash;
use crate::base::{Error, Result, TimeMs};
use crate::model::AccountId;
use crate::store::{Snapshot, Tx};
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

/// A program that may ask for tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    pub id: String,
    pub name: String,
    /// None: a public client, which proves itself by PKCE.
    #[serde(skip)]
    pub secret_hash: Option<String>,
    pub redirect_uris: Vec<String>,
    pub allow_password_grant: bool,
    /// What it may do without a person.
    pub app_permissions: Vec<String>,
    /// In whose mailboxes; None: in all.
    pub mailboxes: Option<Vec<AccountId>>,
    /// PEM, to prove itself with.
    #[serde(skip)]
    pub certificate: Option<String>,
    pub created_at_ms: TimeMs,
    /// What it may ask people for; None: everything.
    pub permissions: Option<Vec<String>>,
    /// An administrator has agreed for everybody: nobody is asked.
    pub is_trusted: bool,
    /// It may prove itself with the same statement again, until that ends.
    pub repeats_assertions: bool,
}

#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    pub client_id: String,
    pub account_id: AccountId,
    pub redirect_uri: String,
    pub scope: String,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub expires_at_ms: TimeMs,
}

#[derive(Clone, Debug)]
pub struct RefreshToken {
    pub family: String,
    pub client_id: String,
    pub account_id: AccountId,
    pub scope: String,
    pub created_at_ms: TimeMs,
    pub expires_at_ms: TimeMs,
    pub used_at_ms: Option<TimeMs>,
}

fn words(text: String) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

fn read_client(r: &Row<'_>) -> rusqlite::Result<Client> {
    let uris: String = r.get(3)?;
    Ok(Client {
        id: r.get(0)?,
        name: r.get(1)?,
        secret_hash: r.get(2)?,
        redirect_uris: serde_json::from_str(&uris).unwrap_or_default(),
        allow_password_grant: r.get(4)?,
        created_at_ms: r.get(5)?,
        app_permissions: words(r.get(6)?),
        mailboxes: r
            .get::<_, Option<String>>(7)?
            .map(|list| serde_json::from_str(&list).unwrap_or_default()),
        certificate: r.get(8)?,
        permissions: r.get::<_, Option<String>>(9)?.map(words),
        is_trusted: r.get(10)?,
        repeats_assertions: r.get(11)?,
    })
}

const CLIENT: &str = "SELECT id, name, secret_hash, redirect_uris, allow_password_grant, created_at_ms, app_permissions, \
                      mailboxes, certificate, permissions, is_trusted, repeats_assertions FROM client";

impl Snapshot<'_, DirectoryDb> {
    pub fn client(&self, id: &str) -> Result<Option<Client>> {
        Ok(self
            .conn
            .prepare_cached(&format!("{CLIENT} WHERE id = ?1"))?
            .query_row([id], read_client)
            .optional()?)
    }

    pub fn clients(&self) -> Result<Vec<Client>> {
        let mut st = self.conn.prepare_cached(&format!("{CLIENT} ORDER BY name, id"))?;
        let rows = st.query_map([], read_client)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub fn is_spent(&self, hash: &TokenHash) -> Result<bool> {
        let mut st = self.conn.prepare_cached("SELECT 1 FROM spent WHERE hash = ?1")?;
        Ok(st.exists([hash])?)
    }

    pub fn refresh_token(&self, hash: &TokenHash) -> Result<Option<RefreshToken>> {
        let mut st = self.conn.prepare_cached(
            "SELECT family, client_id, account_id, scope, created_at_ms, expires_at_ms, used_at_ms FROM refresh_token WHERE hash = ?1",
        )?;
        Ok(st
            .query_row([hash], |r| {
                Ok(RefreshToken {
                    family: r.get(0)?,
                    client_id: r.get(1)?,
                    account_id: AccountId(r.get(2)?),
                    scope: r.get(3)?,
                    created_at_ms: r.get(4)?,
                    expires_at_ms: r.get(5)?,
                    used_at_ms: r.get(6)?,
                })
            })
            .optional()?)
    }
}

impl Tx<'_, DirectoryDb> {
    /// Adds or replaces a client.
    pub fn put_client(&mut self, c: &Client) -> Result<()> {
        let uris = serde_json::to_string(&c.redirect_uris)
            .map_err(|e| Error::internal("redirect URIs cannot be written").caused_by(e))?;
        let mailboxes = c.mailboxes.as_ref().map(serde_json::to_string).transpose();
        let mailboxes =
            mailboxes.map_err(|e| Error::internal("a list of mailboxes cannot be written").caused_by(e))?;
        self.conn
            .prepare_cached(
                "INSERT INTO client (id, name, secret_hash, redirect_uris, allow_password_grant, created_at_ms, app_permissions,
                 mailboxes, certificate, permissions, is_trusted, repeats_assertions)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (id) DO UPDATE SET name = excluded.name,
                 secret_hash = excluded.secret_hash, redirect_uris = excluded.redirect_uris,
                 allow_password_grant = excluded.allow_password_grant, app_permissions = excluded.app_permissions,
                 mailboxes = excluded.mailboxes, certificate = excluded.certificate, permissions = excluded.permissions,
                 is_trusted = excluded.is_trusted, repeats_assertions = excluded.repeats_assertions",
            )?
            .execute(params![
                c.id,
                c.name,
                c.secret_hash,
                uris,
                c.allow_password_grant,
                c.created_at_ms,
                c.app_permissions.join(" "),
                mailboxes,
                c.certificate,
                c.permissions.as_ref().map(|p| p.join(" ")),
                c.is_trusted,
                c.repeats_assertions,
            ])?;
        Ok(())
    }

    /// Errors: NotFound.
    pub fn remove_client(&mut self, id: &str) -> Result<()> {
        match self.conn.execute("DELETE FROM client WHERE id = ?1", [id])? {
            0 => Err(Error::not_found(format!(
                "there is no app {id}; hauspost app list shows which there are"
            ))),
            _ => Ok(()),
        }
    }

    pub fn insert_code(&mut self, hash: &TokenHash, c: &AuthorizationCode) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO authorization_code (hash, client_id, account_id, redirect_uri, scope, nonce, code_challenge, expires_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                hash,
                c.client_id,
                c.account_id.0,
                c.redirect_uri,
                c.scope,
                c.nonce,
                c.code_challenge,
                c.expires_at_ms
            ])?;
        Ok(())
    }

    /// Takes a code: it can be used once.
    pub fn take_code(&mut self, hash: &TokenHash, now_ms: TimeMs) -> Result<Option<AuthorizationCode>> {
        self.conn
            .prepare_cached("DELETE FROM authorization_code WHERE expires_at_ms <= ?1")?
            .execute([now_ms])?;
        let mut st = self.conn.prepare_cached(
            "DELETE FROM authorization_code WHERE hash = ?1
             RETURNING client_id, account_id, redirect_uri, scope, nonce, code_challenge, expires_at_ms",
        )?;
        Ok(st
            .query_row([hash], |r| {
                Ok(AuthorizationCode {
                    client_id: r.get(0)?,
                    account_id: AccountId(r.get(1)?),
                    redirect_uri: r.get(2)?,
                    scope: r.get(3)?,
                    nonce: r.get(4)?,
                    code_challenge: r.get(5)?,
                    expires_at_ms: r.get(6)?,
                })
            })
            .optional()?)
    }

    pub fn insert_refresh_token(&mut self, hash: &TokenHash, t: &RefreshToken) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO refresh_token (hash, family, client_id, account_id, scope, created_at_ms, expires_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![hash, t.family, t.client_id, t.account_id.0, t.scope, t.created_at_ms, t.expires_at_ms])?;
        Ok(())
    }

    pub fn mark_refresh_token_used(&mut self, hash: &TokenHash, now_ms: TimeMs) -> Result<()> {
        self.conn
            .prepare_cached("UPDATE refresh_token SET used_at_ms = coalesce(used_at_ms, ?2) WHERE hash = ?1")?
            .execute(params![hash, now_ms])?;
        Ok(())
    }

    /// Ends all tokens that descend from one sign-in.
    pub fn end_family(&mut self, family: &str) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM refresh_token WHERE family = ?1")?
            .execute([family])?;
        Ok(())
    }

    /// Notes that something does not count any more, until it would have ended by itself. Returns whether it counted.
    pub fn spend(&mut self, hash: &TokenHash, expires_at_ms: TimeMs, now_ms: TimeMs) -> Result<bool> {
        self.conn
            .prepare_cached("DELETE FROM spent WHERE expires_at_ms <= ?1")?
            .execute([now_ms])?;
        let added = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO spent (hash, expires_at_ms) VALUES (?1, ?2)")?
            .execute(params![hash, expires_at_ms])?;
        Ok(added > 0)
    }

    pub fn prune_refresh_tokens(&mut self, now_ms: TimeMs) -> Result<usize> {
        Ok(self
            .conn
            .execute("DELETE FROM refresh_token WHERE expires_at_ms <= ?1", [now_ms])?)
    }
}
