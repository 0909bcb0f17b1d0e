//! Requests of Microsoft Graph to one server: with a token, again when the server asks for patience, page by page. The token goes to
//! the server that was named, and nowhere else.

use super::sign_in::Access;
use crate::base::{Error, Result};
use crate::delivery::PostRoom;
use crate::delivery::http_client::{Ask, Content, HttpClient, place, refusal};
use crate::identity::Ctx;
use crate::mail::Intake;
use hyper::header::RETRY_AFTER;
use hyper::{Response, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Of a page of a list.
const MAX_PAGE: usize = 64 << 20;
/// Of one request that does not come through.
const TRIES: u32 = 8;
/// Of the token, for one request; another one may have renewed it meanwhile.
const MOST_RENEWALS: u32 = 2;
const PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Whoever reads much is asked to wait again and again; no longer than that for one and the same request.
const LONGEST_WAIT: Duration = Duration::from_secs(1800);

pub struct Client {
    http: HttpClient,
    access: Arc<Access>,
    base: Url,
}

/// Where a good answer goes.
enum Into<'a> {
    Memory,
    Intake(&'a Ctx, u64),
}

impl Client {
    /// `base`: up to and with the version, as in `https://graph.microsoft.com/v1.0`.
    pub fn new(room: &PostRoom, access: Arc<Access>, base: Url) -> Client {
        Client {
            http: HttpClient::new(room.dialer.clone(), MAX_PAGE),
            access,
            base,
        }
    }

    /// An address below the base. `query`: as it is.
    pub fn url(&self, path: &[&str], query: &str) -> Result<Url> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::invalid("an address that nothing can be below"))?
            .pop_if_empty()
            .extend(path);
        url.set_query((!query.is_empty()).then_some(query));
        Ok(url)
    }

    /// Errors: NotFound, Forbidden, NotAuthenticated, Invalid, Busy, Unavailable.
    pub async fn get(&mut self, url: &Url) -> Result<Value> {
        let (answer, _) = self.ask(url, &Into::Memory).await?;
        serde_json::from_slice(answer.body())
            .map_err(|e| Error::unavailable(format!("{} does not answer in JSON", place(url))).caused_by(e))
    }

    /// Every entry of a list, over all its pages. Errors: as [`Client::get`]; Invalid, when it leads to another server.
    pub async fn each(&mut self, url: Url, mut take: impl FnMut(Value)) -> Result<()> {
        let mut next = Some(url);
        while let Some(url) = next.take() {
            let mut page = self.get(&url).await?;
            if let Some(Value::Array(entries)) = page.get_mut("value").map(Value::take) {
                entries.into_iter().for_each(&mut take);
            }
            if let Some(link) = page["@odata.nextLink"].as_str() {
                let link = url.join(link).ok().filter(|l| l.origin() == self.base.origin());
                next =
                    Some(link.ok_or_else(|| {
                        Error::invalid(format!("{}: a list goes on elsewhere", place(&url)))
                    })?);
            }
        }
        Ok(())
    }

    /// Bytes as they are there, up to `most`. Errors: as [`Client::get`]; OverQuota, when there are more.
    pub async fn read(&mut self, url: &Url, ctx: &Ctx, most: u64) -> Result<Intake> {
        let (_, intake) = self.ask(url, &Into::Intake(ctx, most)).await?;
        intake.ok_or_else(|| Error::internal("an answer without its bytes"))
    }

    async fn ask(&mut self, url: &Url, into: &Into<'_>) -> Result<(Response<Vec<u8>>, Option<Intake>)> {
        let (mut refused, mut renewals, mut failures, mut waited) = (None, 0, 0, Duration::ZERO);
        loop {
            let token = self.access.token(refused.as_deref()).await?;
            let ask = Ask {
                method: "GET",
                url: url.clone(),
                headers: vec![
                    ("authorization", format!("Bearer {token}")),
                    ("prefer", "IdType=\"ImmutableId\"".to_owned()),
                ],
                content: Content::None,
            };
            let mut intake = None;
            let answer = match into {
                Into::Memory => self.http.send(&ask).await,
                Into::Intake(ctx, most) => {
                    let taken = intake.insert(Intake::new(ctx, *most));
                    self.http.read(&ask, &mut |piece| taken.write(piece)).await
                }
            };
            let may_fail = failures + 1 < TRIES;
            let pause = match answer {
                Ok(answer) => match answer.status() {
                    status if status.is_success() => return Ok((answer, intake)),
                    StatusCode::UNAUTHORIZED if renewals < MOST_RENEWALS => {
                        renewals += 1;
                        refused = Some(token);
                        continue;
                    }
                    // Nothing more is to be had: one message that cannot be read is something else.
                    StatusCode::UNAUTHORIZED => {
                        return Err(Error::not_authenticated(
                            "the other server takes the sign-in no more; begin the run again, it goes on where it was",
                        ));
                    }
                    StatusCode::TOO_MANY_REQUESTS if waited < LONGEST_WAIT => {
                        told_pause(&answer).unwrap_or(PAUSE)
                    }
                    status if status.is_server_error() && may_fail => {
                        failures += 1;
                        told_pause(&answer).unwrap_or(usual_pause(failures))
                    }
                    status => return Err(refusal("reading", url, status, answer.body())),
                },
                Err(e) if e.kind().is_transient() && may_fail => {
                    failures += 1;
                    usual_pause(failures)
                }
                Err(e) => return Err(e),
            };
            tracing::debug!(
                place = place(url),
                seconds = pause.as_secs(),
                "the other server asks for patience"
            );
            tokio::time::sleep(pause).await;
            waited += pause;
        }
    }
}

fn usual_pause(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.min(6))
}

fn told_pause(answer: &Response<Vec<u8>>) -> Option<Duration> {
    let told: u64 = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(told.max(1)).min(LONGEST_PAUSE))
}
