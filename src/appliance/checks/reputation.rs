//! What others think of the address from which our mail comes: its name, and lists of senders of spam.

use crate::base::{Kind, Result};
use crate::delivery::PostRoom;
use crate::delivery::records::in_time;
use crate::model::check::{CheckHealth, CheckKind, CheckLine, CheckWho};
use crate::model::outbound::Outbound;
use futures_util::future::join_all;
use std::net::{IpAddr, Ipv4Addr};

/// Lists that many servers ask; each answers in the DNS (RFC 5782), and is asked about our own address alone.
const LISTS: [&str; 3] = ["zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com"];

/// A box has one of each kind, or two.
const MOST_ADDRESSES: usize = 4;

/// Where the box's name leads, which with a router in between is the router's address.
pub async fn public_addresses(room: &PostRoom, host: &str) -> Result<Vec<IpAddr>> {
    in_time(room.dialer.resolver.addresses(host)).await
}

/// Only whoever sends directly is looked at by others; a provider's servers have names of their own.
pub async fn check(
    room: &PostRoom,
    host: &str,
    public: &Result<Vec<IpAddr>>,
    outbound: &Outbound,
) -> Vec<CheckLine> {
    let Ok(public) = public else { return Vec::new() };
    if *outbound != Outbound::Direct {
        return Vec::new();
    }
    let ours = public.iter().copied().filter(|ip| room.may_connect(*ip));
    let of_one =
        async |ip| -> [CheckLine; 2] { tokio::join!(reverse(room, host, ip), blocklists(room, ip)).into() };
    join_all(ours.take(MOST_ADDRESSES).map(of_one)).await.concat()
}

async fn reverse(room: &PostRoom, host: &str, ip: IpAddr) -> CheckLine {
    let found = in_time(room.dialer.resolver.names(ip)).await;
    let health = match &found {
        Ok(names) if names.iter().any(|n| n.eq_ignore_ascii_case(host)) => CheckHealth::Good,
        Err(e) if e.kind() != Kind::NotFound => CheckHealth::Unknown,
        // Large servers refuse mail from addresses without a name, and trust those with another one less.
        Ok(names) if !names.is_empty() => CheckHealth::Warn,
        _ => CheckHealth::Bad,
    };
    CheckLine {
        kind: CheckKind::Reverse,
        about: ip.to_string(),
        health,
        now: found.ok().filter(|all| !all.is_empty()).map(|all| all.join(", ")),
        wanted: Some(host.to_owned()),
        record: None,
        who: CheckWho::LineProvider,
    }
}

async fn blocklists(room: &PostRoom, ip: IpAddr) -> CheckLine {
    let (mut listed, mut answered) = (Vec::new(), 0);
    let ask = async |list| {
        let question = question(ip, list);
        (list, in_time(room.dialer.resolver.addresses(&question)).await)
    };
    for (list, found) in join_all(LISTS.map(ask)).await {
        match found {
            // 127.255.255.x: it does not answer whoever asks through a public name server.
            Ok(found) if found.iter().all(is_listing) => {
                answered += 1;
                listed.push(list);
            }
            Err(e) if e.kind() == Kind::NotFound => answered += 1,
            _ => {}
        }
    }
    CheckLine {
        kind: CheckKind::Blocklist,
        about: ip.to_string(),
        health: match (listed.is_empty(), answered) {
            (false, _) => CheckHealth::Bad,
            (true, 0) => CheckHealth::Unknown,
            (true, _) => CheckHealth::Good,
        },
        now: (!listed.is_empty()).then(|| listed.join(", ")),
        wanted: None,
        record: None,
        who: CheckWho::LineProvider,
    }
}

/// RFC 5782 §2.1; 127.0.0.1 is never a listing (§2.3).
fn is_listing(answer: &IpAddr) -> bool {
    match answer {
        IpAddr::V4(v4) => v4.is_loopback() && v4.octets()[1] != 255 && *v4 != Ipv4Addr::LOCALHOST,
        IpAddr::V6(_) => false,
    }
}

/// The address backwards, below the list's name (RFC 5782 §2.1, §2.4).
fn question(ip: IpAddr, list: &str) -> String {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.{list}")
        }
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().rev().flat_map(|o| [o & 15, o >> 4]);
            let text: Vec<String> = nibbles.map(|n| format!("{n:x}")).collect();
            format!("{}.{list}", text.join("."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_asked_backwards_and_their_refusals_are_no_answer() {
        assert_eq!(
            question("192.0.2.7".parse().unwrap(), "l.test"),
            "7.2.0.192.l.test"
        );
        let v6 = question("2001:db8::1".parse().unwrap(), "l.test");
        assert!(
            v6.starts_with("1.0.0.0.") && v6.ends_with("8.b.d.0.1.0.0.2.l.test"),
            "{v6}"
        );
        let is = |ip: &str| is_listing(&ip.parse().unwrap());
        assert!(is("127.0.0.2") && !is("127.255.255.254") && !is("127.0.0.1") && !is("192.0.2.1"));
    }
}
