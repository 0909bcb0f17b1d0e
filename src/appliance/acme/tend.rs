//! One look after the certificate: gets one when it is due, and puts it into use.

use super::due::{LONGEST_REST, is_to_be_told, look_again, note_failure, rest_until_due};
use super::kept::{ORDER_LASTS_MS, forget_order};
use super::order::{Step, advance};
use super::tries::PutOff;
use super::{public_facts, read, write_progress};
use crate::appliance::tls::{Tls, public_file};
use crate::base::{Error, Result, TimeMs};
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::model::certificate::{
    CertificateFacts, CertificateProgress, CertificateSource, CertificateWish, OpenOrder,
};
use crate::store::disk;
use std::sync::Arc;
use std::time::Duration;

/// How a look went.
pub struct Tended {
    /// When to look again.
    pub rest: Duration,
    /// What the administrators are to hear of.
    pub news: Option<News>,
}

/// `ends_ms`: of the certificate in use, if it is a public authority's.
pub enum News {
    Failed {
        why: Error,
        ends_ms: Option<TimeMs>,
    },
    /// For records that somebody has to set.
    Waits {
        order: OpenOrder,
        ends_ms: Option<TimeMs>,
    },
}

/// Gets a certificate when one is due. Errors: Internal, when the settings cannot be read or written.
pub async fn tend(room: &PostRoom, tls: &Tls) -> Result<Tended> {
    let ctx = room.ctx();
    let (wish, mut progress) = read(&ctx).await?;
    let rests = |rest| Ok(Tended { rest, news: None });
    let Some(wish) = wish else {
        return rests(LONGEST_REST);
    };
    // One that nobody would see is not asked for.
    if tls.facts().1 == CertificateSource::Files {
        return refuse_beside_files(&ctx, progress).await;
    }
    let (now_ms, facts) = (ctx.now_ms(), public_facts(ctx.store.layout()));
    if let Some(rest) = rest_until_due(&wish, &progress, facts.as_ref(), now_ms) {
        return rests(rest);
    }
    if progress
        .order
        .as_ref()
        .is_some_and(|o| (now_ms - o.since_ms).abs() > ORDER_LASTS_MS)
    {
        progress.order = None;
    }
    let put_off = Arc::new(PutOff::default());
    let step = advance(room, &tls.answers, &wish, progress.order.clone(), &put_off).await;
    // Somebody may have changed the wish in the meantime; then this is about nothing.
    if read(&ctx).await?.0.as_ref() != Some(&wish) {
        tracing::info!(names = ?wish.names, "what was asked of the authority is wanted no more");
        return rests(Duration::ZERO);
    }
    let ends_ms = facts.map(|f: CertificateFacts| f.not_after_ms);
    match step {
        Ok(Step::Waits(order)) => wait(&ctx, &wish, progress, order, ends_ms).await,
        Ok(Step::Done(both)) => match disk::write_file(&public_file(ctx.store.layout()), both.as_bytes()) {
            Ok(()) => install(&ctx, tls).await,
            Err(e) => fail(&ctx, &wish, progress, e, (None, ends_ms)).await,
        },
        Err(e) => fail(&ctx, &wish, progress, e, (put_off.until_ms(), ends_ms)).await,
    }
}

/// The file is there. Nothing that goes wrong from here on may lead to another order.
async fn install(ctx: &Ctx, tls: &Tls) -> Result<Tended> {
    let progress = CertificateProgress {
        last_try_at_ms: Some(ctx.now_ms()),
        ..CertificateProgress::default()
    };
    write_progress(ctx, progress).await?;
    forget_order(ctx.store.layout());
    // It was given up while the file was written.
    if read(ctx).await?.0.is_none() {
        let _ = std::fs::remove_file(public_file(ctx.store.layout()));
    }
    if let Err(e) = tls.reload() {
        tracing::error!(error = ?e, "the new certificate cannot be used; the old one stays");
    }
    Ok(Tended {
        rest: Duration::ZERO,
        news: None,
    })
}

async fn wait(
    ctx: &Ctx,
    wish: &CertificateWish,
    mut progress: CertificateProgress,
    order: OpenOrder,
    ends_ms: Option<TimeMs>,
) -> Result<Tended> {
    let now_ms = ctx.now_ms();
    let rest = look_again(now_ms - order.since_ms);
    // Nothing is written while nothing happens: that would keep a disk awake for days.
    if progress.order.as_ref() == Some(&order) && progress.last_error.is_none() {
        return Ok(Tended { rest, news: None });
    }
    let is_unseen = is_unseen(wish, &progress, &order);
    progress.order = Some(order.clone());
    progress.last_try_at_ms = Some(now_ms);
    progress.last_error = None;
    progress.next_try_at_ms = None;
    write_progress(ctx, progress).await?;
    Ok(Tended {
        rest,
        news: is_unseen.then_some(News::Waits { order, ends_ms }),
    })
}

/// Whether nobody knows yet that there are records to set. Who has just asked sees them where they asked.
fn is_unseen(wish: &CertificateWish, progress: &CertificateProgress, order: &OpenOrder) -> bool {
    wish.zone_key.is_none() && !progress.is_asked_for && progress.order.as_ref() != Some(order)
}

async fn fail(
    ctx: &Ctx,
    wish: &CertificateWish,
    mut progress: CertificateProgress,
    e: Error,
    (put_off_until_ms, ends_ms): (Option<TimeMs>, Option<TimeMs>),
) -> Result<Tended> {
    let now_ms = ctx.now_ms();
    tracing::error!(error = ?e, names = ?wish.names, "no certificate came");
    if !e.kind().is_transient() {
        forget_order(ctx.store.layout());
    }
    progress.last_try_at_ms = Some(now_ms);
    note_failure(&mut progress, &e, put_off_until_ms, now_ms);
    let is_told = is_to_be_told(&progress, e.kind(), ends_ms, now_ms);
    if is_told {
        progress.told_at_ms = Some(now_ms);
    }
    write_progress(ctx, progress).await?;
    Ok(Tended {
        rest: Duration::ZERO,
        news: is_told.then_some(News::Failed { why: e, ends_ms }),
    })
}

async fn refuse_beside_files(ctx: &Ctx, mut progress: CertificateProgress) -> Result<Tended> {
    if progress.is_asked_for {
        let e = Error::conflict(
            "a certificate was named in files when the server was started (--tls-cert), and goes before all others; \
             start it without them to have one of a public authority",
        );
        note_failure(&mut progress, &e, None, ctx.now_ms());
        progress.next_try_at_ms = None;
        write_progress(ctx, progress).await?;
    }
    Ok(Tended {
        rest: LONGEST_REST,
        news: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::certificate::{Proof, ZoneKey};

    #[test]
    fn records_of_a_renewal_are_told_once_and_only_to_whoever_has_to_set_them() {
        let order = |url: &str| OpenOrder {
            url: url.into(),
            records: vec![],
            since_ms: 0,
        };
        let mut wish = CertificateWish {
            authority: "https://ca.example.test/".into(),
            names: vec!["mail.example.test".into()],
            proof: Proof::Dns,
            contact: None,
            zone_key: None,
        };
        let mut progress = CertificateProgress::default();
        assert!(is_unseen(&wish, &progress, &order("a")), "a renewal");
        progress.is_asked_for = true;
        assert!(!is_unseen(&wish, &progress, &order("a")), "somebody is looking");
        progress.is_asked_for = false;
        progress.order = Some(order("a"));
        assert!(!is_unseen(&wish, &progress, &order("a")) && is_unseen(&wish, &progress, &order("b")));
        wish.zone_key = Some(ZoneKey {
            server: ([192, 0, 2, 1], 53).into(),
            zone: "test".into(),
            key_name: "k".into(),
            secret: String::new(),
        });
        assert!(
            !is_unseen(&wish, &progress, &order("b")),
            "the server sets them itself"
        );
    }
}
