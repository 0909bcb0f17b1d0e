//! Whether the box is set up well: what the DNS says, whether mail gets out and in, what others think of our address. The same
//! lines stand at the end of the set-up and on the page, are looked at each day, and become a document for whoever looks after
//! the office's network.

mod document;
mod names;
mod reputation;
mod ways;
mod words;

use super::tls::Tls;
use crate::base::Result;
use crate::delivery::PostRoom;
use crate::identity::Ctx;
use crate::identity::domains::list_domains;
use crate::model::check::{CheckHealth, CheckLine, CheckReport};
pub use document::print;
pub use words::tell_difference;

const SETTING: &str = "checks";

/// As it was when it was last looked at. Errors: Forbidden.
pub async fn last_report(ctx: &Ctx) -> Result<CheckReport> {
    ctx.require_admin()?;
    let stored = ctx.store.directory().read(|d| d.setting(SETTING)).await?;
    Ok(stored.unwrap_or_default())
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

/// What has become worse, and what is well again. What cannot be told now has not changed.
pub fn difference<'a>(
    before: &CheckReport,
    now: &'a CheckReport,
) -> (Vec<&'a CheckLine>, Vec<&'a CheckLine>) {
    let is_wrong = |health| matches!(health, CheckHealth::Bad | CheckHealth::Warn);
    let was_wrong = |line: &CheckLine| {
        let known = before.lines.iter().find(|b| b.is_same_thing(line));
        known.is_some_and(|b| is_wrong(b.health))
    };
    let worse = now.lines.iter().filter(|l| is_wrong(l.health) && !was_wrong(l));
    let better = now
        .lines
        .iter()
        .filter(|l| l.health == CheckHealth::Good && was_wrong(l));
    (worse.collect(), better.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::{CheckKind, CheckWho};

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
}
