//! Whether the box is set up well: what the DNS says, whether mail gets out and in, what others think of our address. The same
//! lines stand at the end of the set-up and on the page, are looked at each day, and become a document for whoever looks after
//! the office's network.

mod document;
mod names;
mod reputation;
mod ways;
mod words;

use super::tls::Tls;
use crate::base::{Result, text};
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::identity::domains::list_domains;
use crate::model::check::{CheckHealth, CheckKind, CheckLine, CheckReport};
pub use document::print;
pub use words::tell_difference;

const SETTING: &str = "checks";
/// As the administrators know it from the mails of each day. What somebody looks at on the page in between changes nothing there.
const TOLD: &str = "checks-told";
/// Others' words that are shown and mailed.
const MAX_SAID: usize = 1000;

/// As it was when it was last looked at. Errors: Forbidden.
pub async fn last_report(ctx: &Ctx) -> Result<CheckReport> {
    ctx.require_admin()?;
    let stored = ctx.store.directory().read(|d| d.setting(SETTING)).await?;
    Ok(stored.unwrap_or_default())
}

/// As it was when it was last compared for the administrators; without a time: never. Errors: Forbidden.
pub async fn told_report(ctx: &Ctx) -> Result<CheckReport> {
    ctx.require_admin()?;
    let stored = ctx.store.directory().read(|d| d.setting(TOLD)).await?;
    Ok(stored.unwrap_or_default())
}

/// After they have been told. What cannot be told now counts as it was before. Errors: Forbidden.
pub async fn put_told_report(ctx: &Ctx, before: &CheckReport, now: &CheckReport) -> Result<()> {
    ctx.require_admin()?;
    let kept = carried(before, now);
    let file = ctx.store.directory();
    file.write(move |d| d.put_setting(TOLD, &kept)).await
}

fn carried(before: &CheckReport, now: &CheckReport) -> CheckReport {
    let known = |line: &CheckLine| before.lines.iter().find(|b| b.is_same_thing(line));
    let lines = now.lines.iter().map(|line| match line.health {
        CheckHealth::Unknown => known(line).unwrap_or(line).clone(),
        _ => line.clone(),
    });
    CheckReport {
        at_ms: now.at_ms,
        lines: lines.collect(),
    }
}

/// Looks at everything now, and keeps it. Takes some seconds. Errors: Forbidden.
pub async fn run_checks(ctx: &Ctx, room: &PostRoom, tls: &Tls) -> Result<CheckReport> {
    ctx.require_admin()?;
    room.dialer.resolver.forget();
    let ctx = ctx.as_system();
    let outbound = room.outbound().await?;
    let sources = super::collect::list_sources(&ctx).await?;
    let collects = sources.iter().any(|s| s.is_enabled);
    let domains = list_domains(&ctx).await?;
    let host = host_name(room, domains.first().map(|d| d.name.as_str()));
    let public = reputation::public_addresses(room, &host).await;
    let (mut lines, ways, reputation) = tokio::join!(
        names::check(room, &domains, &host, collects, &public),
        ways::check(room, &host, &outbound, collects, &sources),
        reputation::check(room, &host, &public, &outbound),
    );
    lines.extend(reputation);
    lines.extend(ways);
    lines.push(ways::certificate(tls, &host, ctx.now_ms()));
    for line in &mut lines {
        line.now = line
            .now
            .take()
            .map(|said| text::one_line(text::cut_chars(&said, MAX_SAID)));
    }
    let report = CheckReport {
        at_ms: Some(ctx.now_ms()),
        lines,
    };
    let kept = report.clone();
    let file = ctx.store.directory();
    file.write(move |d| d.put_setting(SETTING, &kept)).await?;
    Ok(report)
}

/// Under which name others know the box. A machine's bare name means nothing to them.
fn host_name(room: &PostRoom, domain: Option<&str>) -> String {
    let own = room.options.host_name.to_ascii_lowercase();
    match (own.contains('.'), domain) {
        (false, Some(domain)) => format!("mail.{domain}"),
        _ => own,
    }
}

/// What has become worse, and what is well again. What cannot be told now has not changed, and what is looked at for the first time
/// has not either. An address that changes by itself is the same thing as the one before it.
pub fn difference<'a>(
    before: &CheckReport,
    now: &'a CheckReport,
) -> (Vec<&'a CheckLine>, Vec<&'a CheckLine>) {
    let is_wrong = |health| matches!(health, CheckHealth::Bad | CheckHealth::Warn);
    let known = |line: &CheckLine| -> Vec<&CheckLine> {
        let is_same = |b: &&CheckLine| match line.kind {
            CheckKind::Reverse | CheckKind::Blocklist => b.kind == line.kind,
            _ => b.is_same_thing(line),
        };
        before.lines.iter().filter(is_same).collect()
    };
    let was_wrong = |line: &CheckLine| known(line).iter().any(|b| is_wrong(b.health));
    let worse = now.lines.iter().filter(|l| {
        let known = known(l);
        is_wrong(l.health) && !known.is_empty() && !known.iter().any(|b| is_wrong(b.health))
    });
    let better = now
        .lines
        .iter()
        .filter(|l| l.health == CheckHealth::Good && was_wrong(l));
    (worse.collect(), better.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::CheckWho;

    fn line(kind: CheckKind, health: CheckHealth) -> CheckLine {
        CheckLine {
            kind,
            about: "example.test".into(),
            health,
            now: None,
            wanted: None,
            record: None,
            who: CheckWho::DnsProvider,
        }
    }

    #[test]
    fn only_what_has_changed_is_a_difference() {
        let report = |lines: &[CheckLine]| CheckReport {
            at_ms: Some(1),
            lines: lines.to_vec(),
        };
        use CheckHealth::{Bad, Good, Unknown, Warn};
        use CheckKind::{Dkim, Mx, Spf};
        let before = report(&[line(Mx, Good), line(Spf, Bad), line(Dkim, Warn)]);
        let now = report(&[line(Mx, Bad), line(Spf, Good), line(Dkim, Bad)]);
        let (worse, better) = difference(&before, &now);
        assert_eq!((worse, better), (vec![&now.lines[0]], vec![&now.lines[1]]));
        let silent = report(&[line(Mx, Unknown), line(Spf, Unknown), line(Dkim, Warn)]);
        assert_eq!(
            difference(&before, &silent),
            (vec![], vec![]),
            "no name server answered"
        );
    }

    #[test]
    fn a_day_without_answers_neither_repeats_a_mail_nor_swallows_one() {
        use CheckHealth::{Bad, Good, Unknown};
        use CheckKind::{Mx, Spf};
        let report = |at_ms, lines: &[CheckLine]| CheckReport {
            at_ms: Some(at_ms),
            lines: lines.to_vec(),
        };
        let first = report(1, &[line(Mx, Bad), line(Spf, Good)]);
        let told = carried(&first, &report(2, &[line(Mx, Unknown), line(Spf, Unknown)]));
        assert_eq!((told.at_ms, &told.lines), (Some(2), &first.lines));
        let third = report(3, &[line(Mx, Bad), line(Spf, Bad)]);
        let (worse, _) = difference(&told, &third);
        assert_eq!(worse, [&third.lines[1]]);
    }

    #[test]
    fn another_address_each_day_and_a_domain_that_is_new_are_no_news() {
        let at = |about: &str, kind, health| CheckLine {
            about: about.into(),
            ..line(kind, health)
        };
        use CheckHealth::{Bad, Good, Warn};
        use CheckKind::{Blocklist, Mx, Reverse};
        let report = |lines: &[CheckLine]| CheckReport {
            at_ms: Some(1),
            lines: lines.to_vec(),
        };
        let before = report(&[at("192.0.2.1", Reverse, Warn), at("192.0.2.1", Blocklist, Good)]);
        let now = report(&[
            at("192.0.2.2", Reverse, Warn),
            at("192.0.2.2", Blocklist, Good),
            at("new.test", Mx, Bad),
        ]);
        assert_eq!(difference(&before, &now), (vec![], vec![]));
        let listed = report(&[at("192.0.2.3", Blocklist, Bad)]);
        assert_eq!(difference(&before, &listed).0, [&listed.lines[0]]);
    }
}
