//! The state of a delta query: a token that says everything, so that it is enough by itself.

use super::answer::Answer;
use super::call::Call;
use super::envelope::context;
use super::error::GraphError;
use super::query::{MAX_TOP, Opt};
use super::select::Select;
use crate::base::Error;
use crate::sync::delta::Cursor;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What the first request said, and how far it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// What it is about: the printed id of a folder, or nothing for all folders.
    #[serde(rename = "f")]
    pub scope: String,
    #[serde(rename = "m")]
    since: i64,
    #[serde(rename = "b")]
    begun_at: i64,
    #[serde(rename = "s")]
    pub select: Option<String>,
    #[serde(rename = "x")]
    pub expand: Option<String>,
    #[serde(rename = "q")]
    pub filter: Option<String>,
    #[serde(rename = "n")]
    page_size: Option<u64>,
    /// Seconds since 1970 that all of it lies between.
    #[serde(rename = "w", skip_serializing_if = "Option::is_none")]
    pub window: Option<(i64, i64)>,
}

/// Where a request stands.
pub enum Begun {
    /// Everything is to be told.
    New,
    /// Nothing is to be told, only what changes from now on.
    Latest,
    At(Cursor),
}

impl State {
    /// From the token, or from the options of a first request. Errors: SyncStateNotFound for tokens of something else.
    pub fn of(call: &Call, scope: &str) -> Result<(State, Begun), GraphError> {
        let token = call.query.get(Opt::DeltaToken).or(call.query.get(Opt::SkipToken));
        let option = |o| call.query.get(o).filter(|t| !t.is_empty()).map(str::to_owned);
        let first = || -> Result<State, GraphError> {
            let (_, top) = call.query.page(0)?;
            Ok(State {
                scope: scope.to_owned(),
                select: option(Opt::Select),
                expand: option(Opt::Expand),
                filter: option(Opt::Filter),
                page_size: Some(top).filter(|t| *t > 0),
                ..State::default()
            })
        };
        match token {
            None => Ok((first()?, Begun::New)),
            Some(token) if token.eq_ignore_ascii_case("latest") => Ok((first()?, Begun::Latest)),
            Some(token) => {
                let state = parse(token).filter(|s| s.scope == scope).ok_or_else(|| {
                    Error::too_old(
                        "the token of this delta query is not one of this folder; begin again without it",
                    )
                })?;
                let cursor = Cursor {
                    since: state.since,
                    begun_at: state.begun_at,
                };
                Ok((state, Begun::At(cursor)))
            }
        }
    }

    /// The page size: of this request, else of the first one, else `usual`.
    pub fn page_size(&self, call: &Call, usual: u64) -> u64 {
        let asked = call.prefer.max_page_size.or(self.page_size);
        asked.unwrap_or(usual).clamp(1, MAX_TOP)
    }

    /// The envelope, with exactly one link: to the next page, or for the next time.
    pub fn answer(
        mut self,
        call: &Call,
        path: &str,
        select: &Select,
        items: Vec<Value>,
        (cursor, has_more): (Cursor, bool),
    ) -> Answer {
        (self.since, self.begun_at) = (cursor.since, cursor.begun_at);
        self.page_size = call.prefer.max_page_size.or(self.page_size);
        let (name, option) = match has_more {
            true => ("@odata.nextLink", "$skiptoken"),
            false => ("@odata.deltaLink", "$deltatoken"),
        };
        let link = format!(
            "{}/{}?{option}={}",
            call.site.base(),
            call.asked_path.trim_matches('/'),
            print(&self)
        );
        let mut out = Map::new();
        out.insert("@odata.context".into(), context(call, path, &select.context()));
        out.insert(name.into(), link.into());
        out.insert("value".into(), items.into());
        let answer = Answer::json(out.into());
        match call.prefer.max_page_size {
            Some(n) => answer.with(
                "Preference-Applied",
                format!("odata.maxpagesize={n}, odata.track-changes"),
            ),
            None => answer.with("Preference-Applied", "odata.track-changes"),
        }
    }
}

/// What is not there any more.
pub fn removed(id: String) -> Value {
    json!({"id": id, "@removed": {"reason": "deleted"}})
}

fn print(state: &State) -> String {
    URL_SAFE_NO_PAD.encode(json!(state).to_string())
}

fn parse(token: &str) -> Option<State> {
    let json = URL_SAFE_NO_PAD.decode(token).ok()?;
    serde_json::from_slice(&json).ok()
}
