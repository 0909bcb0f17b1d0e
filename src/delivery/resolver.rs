//! Names to addresses, without the system's resolver library: hickory only.

use crate::base::{Error, Result};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{GOOGLE, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a service is (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    pub host: String,
}

pub struct Resolver {
    inner: Option<TokioResolver>,
}

impl Resolver {
    /// Asks these name servers; without any, those of /etc/resolv.conf, and where there are none, a public one.
    pub fn new(servers: &[SocketAddr]) -> Resolver {
        if !servers.is_empty() {
            let config = ResolverConfig::from_name_servers(servers.iter().map(name_server).collect());
            let inner = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build();
            return Resolver { inner: inner.ok() };
        }
        let inner = match TokioResolver::builder_tokio().and_then(|b| b.build()) {
            Ok(r) => Some(r),
            Err(e) => {
                tracing::warn!(error = %e, "the system names no name server; asking a public one");
                let config = ResolverConfig::udp_and_tcp(&GOOGLE);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
                    .build()
                    .ok()
            }
        };
        Resolver { inner }
    }

    /// Addresses of a host; a literal address is its own. Errors: NotFound (no such name), Unavailable (no answer).
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>> {
        if let Ok(ip) = host.trim_start_matches('[').trim_end_matches(']').parse() {
            return Ok(vec![ip]);
        }
        if host.eq_ignore_ascii_case("localhost") {
            return Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
        }
        let found = self
            .inner()?
            .lookup_ip(absolute(host))
            .await
            .map_err(|e| unanswered(host, e))?;
        let addresses: Vec<IpAddr> = found.iter().collect();
        if addresses.is_empty() {
            return Err(Error::not_found(format!("the name {host} has no address")));
        }
        Ok(addresses)
    }

    /// The mail hosts of a domain, the preferred one first; the domain itself when it names none (RFC 5321 §5.1).
    /// Errors: NotFound (no such domain, or it takes no mail, RFC 7505), Unavailable (no answer).
    pub async fn mail_hosts(&self, domain: &str) -> Result<Vec<String>> {
        let found = match self.inner()?.mx_lookup(absolute(domain)).await {
            Ok(found) => found,
            Err(e) if e.is_no_records_found() => return Ok(vec![domain.to_owned()]),
            Err(e) => return Err(unanswered(domain, e)),
        };
        let mut hosts: Vec<(u16, String)> = found
            .answers()
            .iter()
            .filter_map(|r| match &r.data {
                RData::MX(mx) => Some((
                    mx.preference,
                    mx.exchange.to_utf8().trim_end_matches('.').to_owned(),
                )),
                _ => None,
            })
            .collect();
        hosts.sort();
        if hosts.iter().any(|(_, host)| host.is_empty()) {
            return Err(Error::not_found(format!("the domain {domain} takes no mail")));
        }
        if hosts.is_empty() {
            hosts.push((0, domain.to_owned()));
        }
        Ok(hosts.into_iter().map(|(_, host)| host).collect())
    }

    /// The TXT records of a name, each put together; none where the name has none.
    /// Errors: NotFound (no such name), Unavailable (no answer).
    pub async fn texts(&self, name: &str) -> Result<Vec<String>> {
        let found = match self.inner()?.txt_lookup(absolute(name)).await {
            Ok(found) => found,
            Err(e) if e.is_no_records_found() => return Ok(Vec::new()),
            Err(e) => return Err(unanswered(name, e)),
        };
        let text = |data: &RData| match data {
            RData::TXT(txt) => {
                let bytes: Vec<u8> = txt
                    .txt_data
                    .iter()
                    .flat_map(|part| part.iter().copied())
                    .collect();
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => None,
        };
        Ok(found.answers().iter().filter_map(|r| text(&r.data)).collect())
    }

    /// As [`Resolver::texts`], whatever was found a moment ago. For who waits for a record.
    pub async fn texts_anew(&self, name: &str) -> Result<Vec<String>> {
        self.forget();
        self.texts(name).await
    }

    /// What was found a moment ago is asked for again.
    pub fn forget(&self) {
        if let Some(inner) = &self.inner {
            inner.clear_cache();
        }
    }

    /// The names of an address (PTR); none where it has none. Errors: Unavailable (no answer).
    pub async fn names(&self, ip: IpAddr) -> Result<Vec<String>> {
        let found = match self.inner()?.reverse_lookup(ip).await {
            Ok(found) => found,
            Err(e) if e.is_no_records_found() || e.is_nx_domain() => return Ok(Vec::new()),
            Err(e) => return Err(unanswered(&ip.to_string(), e)),
        };
        let name = |data: &RData| match data {
            RData::PTR(name) => Some(name.0.to_utf8().trim_end_matches('.').to_owned()),
            _ => None,
        };
        Ok(found.answers().iter().filter_map(|r| name(&r.data)).collect())
    }

    /// The SRV records of a service, in their order (RFC 2782); none where there are none.
    /// Errors: NotFound (no such name), Unavailable (no answer).
    pub async fn services(&self, name: &str) -> Result<Vec<Service>> {
        let found = match self.inner()?.srv_lookup(absolute(name)).await {
            Ok(found) => found,
            Err(e) if e.is_no_records_found() => return Ok(Vec::new()),
            Err(e) => return Err(unanswered(name, e)),
        };
        let service = |data: &RData| match data {
            RData::SRV(srv) => Some(Service {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                host: srv.target.to_utf8().trim_end_matches('.').to_owned(),
            }),
            _ => None,
        };
        let mut all: Vec<Service> = found.answers().iter().filter_map(|r| service(&r.data)).collect();
        all.sort_by_key(|s| s.priority);
        Ok(all)
    }

    /// For those who ask in their own way; None: there is nobody to be asked.
    pub fn shared(&self) -> Option<TokioResolver> {
        self.inner.clone()
    }

    fn inner(&self) -> Result<&TokioResolver> {
        self.inner
            .as_ref()
            .ok_or_else(|| Error::unavailable("no name server can be asked"))
    }
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(address.ip());
    config
        .connections
        .iter_mut()
        .for_each(|c| c.port = address.port());
    config
}

/// A name with a dot in it is meant as it is: the machine's search list must not lead mail into another domain.
fn absolute(name: &str) -> String {
    if name.contains('.') && !name.ends_with('.') {
        format!("{name}.")
    } else {
        name.to_owned()
    }
}

fn unanswered(name: &str, e: hickory_resolver::net::NetError) -> Error {
    if e.is_nx_domain() || e.is_no_records_found() {
        return Error::not_found(format!("there is no host or domain {name}")).caused_by(e);
    }
    Error::unavailable(format!("the name server gives no answer for {name}")).caused_by(e)
}

/// Whether an address is inside somebody's own network: what a stranger's DNS says must not lead us there.
pub fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || is_special(v4)
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || (v6.segments()[0] & 0xffc0) == 0xfec0
                || embedded(v6).is_some_and(|v4| is_private(IpAddr::V4(v4)))
        }
    }
}

/// Blocks that lead nowhere on the Internet (RFC 6890): this network, carriers' networks, protocol assignments,
/// benchmarks, reserved.
fn is_special(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
}

/// The IPv4 address that a gateway would make of it: NAT64 (RFC 6052), 6to4 (RFC 3056), IPv4-compatible.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = v6.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0, 0, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn addresses_inside_of_networks_are_private_in_every_spelling() {
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.1.2.3",
            "198.18.0.1",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "fec0::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:c0a8:101::1",
            "::127.0.0.1",
        ] {
            assert!(is_private(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "8.8.8.8",
            "100.128.0.1",
            "2001:4860:4860::8888",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(!is_private(ip.parse().unwrap()), "{ip}");
        }
    }
}
