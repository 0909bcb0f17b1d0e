//! The worker that tells programs what has changed. It hangs on the bell of the store and on the next due time; what is
//! still to be told is what the change log has after a subscription's cursor, so a restart loses nothing.

use super::notice::{of_change, of_event, wanted};
use super::resource::right_of;
use super::sealed::{contents, reader, validation_token};
use crate::base::panic::catch;
use crate::base::{Error, Kind, Result, TimeMs};
use crate::delivery::PostRoom;
use crate::delivery::webhook::parse_url;
use crate::identity::Ctx;
use crate::identity::tenant::tenant_id;
use crate::model::subscription::{ChangeType, Event, Subscription};
use crate::protocols::http::HouseData;
use crate::sync::delta::latest;
use crate::sync::news::{Piece, news_since};
use crate::sync::subscriptions::{
    all_subscriptions, change_subscription, end_subscription, forget_subscription, may_still_read,
    next_subscriptions, note_done, subscription,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Programs that are called side by side.
const AT_ONCE: usize = 16;
/// Of those, at one host: one that keeps us waiting must not keep all others from their news.
const AT_ONCE_OF_A_HOST: usize = 4;
const WITHIN: Duration = Duration::from_secs(30);
/// Notifications in one POST.
const MOST_PIECES: usize = 100;
/// With what has changed in them.
const MOST_SEALED: usize = 20;
/// Before the second attempt; doubles from then on. Never later than mail is tried again.
const FIRST_RETRY: Duration = Duration::from_secs(15);
const LONGEST_RETRY: Duration = Duration::from_secs(30 * 60);
/// An address that fails for so long is not called any more.
const GIVE_UP_MS: TimeMs = 4 * 3600 * 1000;
/// After a trouble of ours with one of them.
const AFTER_DEFECT_MS: TimeMs = 60_000;
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// Subscriptions that are being attended to; true: something has happened meanwhile.
#[derive(Default)]
struct InHand(Mutex<HashMap<String, bool>>);

impl InHand {
    /// Whether nobody had it.
    fn take(&self, id: &str) -> bool {
        let mut all = self.lock();
        match all.get_mut(id) {
            Some(again) => {
                *again = true;
                false
            }
            None => all.insert(id.to_owned(), false).is_none(),
        }
    }

    /// Whether it could be put down; if not, it is to be looked at again.
    fn put_down(&self, id: &str) -> bool {
        let mut all = self.lock();
        match all.get_mut(id) {
            Some(again) if *again => {
                *again = false;
                false
            }
            _ => {
                all.remove(id);
                true
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who may call when.
struct Turns {
    all: Semaphore,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Turns {
    fn new() -> Turns {
        Turns {
            all: Semaphore::new(AT_ONCE),
            hosts: Mutex::default(),
        }
    }

    /// Those who wait for the same host wait for the same semaphore.
    fn of(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = hosts
            .entry(host.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE_OF_A_HOST)));
        turns.clone()
    }

    /// Forgets a host that nobody waits for any more.
    fn leave(&self, host: &str, turns: Arc<Semaphore>) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        drop(turns);
        if hosts.get(host).is_some_and(|t| Arc::strong_count(t) == 1) {
            hosts.remove(host);
        }
    }
}

fn host_of(url: &str) -> String {
    let url = parse_url("url", url).ok();
    let host = url.as_ref().and_then(|u| u.host_str());
    host.unwrap_or_default().to_owned()
}

/// Runs until the program ends.
pub async fn run(house: HouseData) {
    let ctx = house.doorkeeper.system();
    let turns = Arc::new(Turns::new());
    let in_hand = Arc::new(InHand::default());
    let mut looked_at_ms = ctx.now_ms();
    let mut asked = all_subscriptions(&ctx).await;
    loop {
        match asked {
            Ok(ids) => {
                for id in ids.into_iter().filter(|id| in_hand.take(id)) {
                    // On this thread: answers are made by the handlers of the door.
                    actix_rt::spawn(attend(house.clone(), turns.clone(), in_hand.clone(), id));
                }
            }
            Err(e) => {
                tracing::error!(error = ?e, "the subscriptions of programs cannot be read");
                tokio::time::sleep(AFTER_TROUBLE).await;
            }
        }
        asked = next_subscriptions(&ctx, &mut looked_at_ms).await;
    }
}

async fn attend(house: HouseData, turns: Arc<Turns>, in_hand: Arc<InHand>, id: String) {
    let ctx = house.doorkeeper.system();
    let host = match subscription(&ctx, &id).await {
        Ok(s) => s.map_or_else(String::new, |s| host_of(&s.url)),
        Err(_) => String::new(),
    };
    let turns_of_host = turns.of(&host);
    // The narrow door first: who waits there takes no turn from others.
    let (Ok(narrow), Ok(wide)) = (turns_of_host.acquire().await, turns.all.acquire().await) else {
        return;
    };
    loop {
        // Boxed, so that thousands who wait for their turn hold little.
        if let Err(e) = catch(Box::pin(tell(&house, &id))).await {
            tracing::error!(subscription = %id, error = ?e, "a program could not be told of changes");
            // Its turn goes to others meanwhile.
            let at_ms = ctx.now_ms() + AFTER_DEFECT_MS;
            if let Err(e) = change_subscription(&ctx, &id, move |s| s.retry_at_ms = Some(at_ms)).await {
                tracing::error!(subscription = %id, error = ?e, "a subscription cannot be put off");
                tokio::time::sleep(AFTER_TROUBLE).await;
            }
        }
        if in_hand.put_down(&id) {
            break;
        }
    }
    drop((narrow, wide));
    turns.leave(&host, turns_of_host);
    note_done(&ctx);
}

/// Tells one program all there is, or notes when to try again.
async fn tell(house: &HouseData, id: &str) -> Result<()> {
    let room = &house.post_room;
    let ctx = room.ctx();
    let tenant = tenant_id(&ctx).await?;
    while let Some(s) = subscription(&ctx, id).await? {
        let now_ms = ctx.now_ms();
        if !s.is_removed && s.expires_at_ms <= now_ms {
            return forget_subscription(&ctx, id).await;
        }
        if s.retry_at_ms.is_some_and(|at_ms| at_ms > now_ms) {
            return Ok(());
        }
        let is_more = match s.event {
            Some(event) => tell_event(room, &ctx, &s, &tenant, event).await?,
            None => tell_changes(house, &ctx, &s, &tenant).await?,
        };
        if !is_more {
            return Ok(());
        }
    }
    Ok(())
}

/// Returns whether there may be more to tell now.
async fn tell_event(
    room: &PostRoom,
    ctx: &Ctx,
    s: &Subscription,
    tenant: &str,
    event: Event,
) -> Result<bool> {
    let url = s.lifecycle_url.as_deref().unwrap_or(&s.url);
    let told = call(room, url, vec![of_event(s, tenant, event)], Vec::new()).await;
    if s.is_removed && told.is_ok() {
        forget_subscription(ctx, &s.id).await?;
        return Ok(false);
    }
    settle(room, ctx, s, told, move |s| {
        if s.event == Some(event) {
            s.event = None;
        }
    })
    .await
}

async fn tell_changes(house: &HouseData, ctx: &Ctx, s: &Subscription, tenant: &str) -> Result<bool> {
    let room = &house.post_room;
    let permissions = right_of(s.subject).scopes();
    let Some(oid) = may_still_read(ctx, s, permissions).await? else {
        end_subscription(ctx, &s.id).await?;
        return Ok(true);
    };
    if s.remind_at_ms.is_some_and(|at_ms| at_ms <= ctx.now_ms()) {
        let remind = |s: &mut Subscription| {
            s.remind_at_ms = None;
            s.event = Some(Event::Reauthorize);
        };
        change_subscription(ctx, &s.id, remind).await?;
        return Ok(true);
    }
    let most = if s.sealed.is_some() {
        MOST_SEALED
    } else {
        MOST_PIECES
    };
    let news = match news_since(ctx, s.account, (s.subject, s.folder), s.cursor, most).await {
        Ok(news) => news,
        Err(e) if e.kind() == Kind::TooOld => return begin_anew(ctx, s).await,
        Err(e) if e.kind() == Kind::NotFound => {
            forget_subscription(ctx, &s.id).await?;
            return Ok(false);
        }
        Err(e) => return Err(e),
    };
    let notices = notices(house, s, (tenant, &oid), &news.pieces).await?;
    if notices.is_empty() && !news.has_more && !news.is_over {
        if s.retry_at_ms.is_some() {
            // What was to be tried again has gone.
            change_subscription(ctx, &s.id, succeed).await?;
        }
        return Ok(false);
    }
    let told = match notices.is_empty() {
        true => Ok(()),
        false => {
            let tokens = match s.sealed {
                Some(_) => vec![validation_token(house, s, tenant, ctx.now_ms()).await?],
                None => Vec::new(),
            };
            call(room, &s.url, notices, tokens).await
        }
    };
    if told.is_ok() && news.is_over {
        end_subscription(ctx, &s.id).await?;
        return Ok(true);
    }
    settle(room, ctx, s, told, move |s| s.cursor = news.since).await
}

/// What the program wants to hear of.
async fn notices(
    house: &HouseData,
    s: &Subscription,
    (tenant, oid): (&str, &str),
    pieces: &[Piece],
) -> Result<Vec<Value>> {
    let reader = match s.sealed {
        Some(_) => reader(house, s).await?,
        None => None,
    };
    let mut out = Vec::new();
    for piece in pieces {
        let Some(change) = wanted(s, piece) else { continue };
        let mut notice = of_change(s, (tenant, oid), piece, change);
        if let Some(reader) = reader.as_ref().filter(|_| change != ChangeType::Deleted)
            && let Some(contents) = contents(reader, s, oid, piece).await?
        {
            notice["encryptedContent"] = contents;
        }
        out.push(notice);
    }
    Ok(out)
}

/// What is between is lost to the program, and it has to know.
async fn begin_anew(ctx: &Ctx, s: &Subscription) -> Result<bool> {
    let now = latest(ctx, s.account).await?.since;
    let begin = move |s: &mut Subscription| {
        s.cursor = now;
        s.event = s.lifecycle_url.as_ref().map(|_| Event::Missed);
    };
    change_subscription(ctx, &s.id, begin).await?;
    Ok(true)
}

fn succeed(s: &mut Subscription) {
    s.attempts = 0;
    s.failing_since_ms = None;
    s.retry_at_ms = None;
}

/// Notes how it went. Returns whether to go on at once.
async fn settle(
    room: &PostRoom,
    ctx: &Ctx,
    s: &Subscription,
    told: Result<()>,
    done: impl FnOnce(&mut Subscription) + Send + 'static,
) -> Result<bool> {
    let Err(e) = told else {
        let note = move |s: &mut Subscription| {
            succeed(s);
            done(s);
        };
        change_subscription(ctx, &s.id, note).await?;
        return Ok(true);
    };
    let now_ms = ctx.now_ms();
    let since_ms = s.failing_since_ms.unwrap_or(now_ms);
    let host = host_of(&s.url);
    if now_ms - since_ms >= GIVE_UP_MS {
        tracing::warn!(subscription = %s.id, %host, error = ?e, "a program is not told of changes any more");
        end_subscription(ctx, &s.id).await?;
        return Ok(true);
    }
    tracing::info!(subscription = %s.id, %host, error = ?e, "a program could not be told of changes; it is tried again");
    let wait = wait_after(s.attempts + 1, room.options.schedule.first_retry);
    let note = move |s: &mut Subscription| {
        s.attempts += 1;
        s.failing_since_ms = Some(since_ms);
        s.retry_at_ms = Some(now_ms + wait.as_millis() as TimeMs);
    };
    change_subscription(ctx, &s.id, note).await?;
    Ok(false)
}

/// `attempts`: that have failed.
fn wait_after(attempts: u32, mail_retry: Duration) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    FIRST_RETRY
        .min(mail_retry)
        .saturating_mul(1 << doublings)
        .min(LONGEST_RETRY)
}

/// Errors: those of the call; Unavailable for answers that are no success.
async fn call(room: &PostRoom, url: &str, notices: Vec<Value>, tokens: Vec<String>) -> Result<()> {
    let url = parse_url("notificationUrl", url)?;
    let mut body = json!({"value": notices});
    if !tokens.is_empty() {
        body["validationTokens"] = tokens.into();
    }
    let body = body.to_string().into_bytes();
    let reply = room
        .post(&url, "application/json; charset=utf-8", body, WITHIN)
        .await?;
    if reply.status.is_success() {
        return Ok(());
    }
    Err(Error::unavailable(format!("the answer was {}", reply.status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_rarer() {
        let mail = Duration::from_secs(300);
        let waits: Vec<u64> = (1..10).map(|n| wait_after(n, mail).as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 960, 1800, 1800]);
        assert_eq!(wait_after(1, Duration::from_secs(1)), Duration::from_secs(1));
    }

    #[test]
    fn a_host_has_few_turns_and_is_forgotten_without_any() {
        let turns = Turns::new();
        let a = turns.of("a.test");
        let held: Vec<_> = (0..AT_ONCE_OF_A_HOST).map(|_| a.try_acquire().unwrap()).collect();
        assert!(turns.of("a.test").try_acquire().is_err());
        assert!(turns.of("b.test").try_acquire().is_ok());
        drop(held);
        turns.leave("a.test", a.clone());
        assert!(turns.hosts.lock().unwrap().contains_key("a.test"));
        turns.leave("a.test", a);
        assert!(!turns.hosts.lock().unwrap().contains_key("a.test"));
    }

    #[test]
    fn what_happens_meanwhile_is_looked_at_afterwards() {
        let hands = InHand::default();
        assert!(hands.take("a"));
        assert!(!hands.take("a"));
        assert!(!hands.put_down("a"));
        assert!(hands.put_down("a"));
        assert!(hands.take("a"));
    }
}
