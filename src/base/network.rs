//! Addresses and ranges of them, as administrators write them.

use super::{Error, Result};

/// An address range in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: std::net::IpAddr,
    prefix: u8,
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("»{text}« is no network; write 192.168.1.0/24, fd00::/8 or one address");
        let (address, prefix) = match text.split_once('/') {
            Some((a, p)) => (a, Some(p)),
            None => (text, None),
        };
        let address: std::net::IpAddr = address.parse().map_err(|_| bad())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), |p| p.parse().map_err(|_| bad()))?;
        if prefix > bits {
            Err(bad())
        } else {
            Ok(Network { address, prefix })
        }
    }
}

/// An address with or without its port. Errors: Invalid.
pub fn name_server(text: &str) -> Result<std::net::SocketAddr> {
    let typed = text.trim();
    let bare = || typed.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let address = typed.parse().or_else(|_| bare().map(|ip| (ip, 53).into()));
    address.map_err(|_| {
        Error::invalid(format!(
            "»{typed}« is no address of a name server; write 192.168.1.1, 192.168.1.1:53 or [fd00::1]:53"
        ))
        .with_reason("NameServerWrong", &[("address", typed)])
    })
}

impl Network {
    pub fn contains(&self, ip: std::net::IpAddr) -> bool {
        use std::net::IpAddr::{V4, V6};
        match (self.address.to_canonical(), ip.to_canonical()) {
            (V4(a), V4(b)) => {
                let shift = 32 - u32::from(self.prefix.min(32));
                shift == 32 || u32::from(a) >> shift == u32::from(b) >> shift
            }
            (V6(a), V6(b)) => {
                let shift = 128 - u32::from(self.prefix);
                shift == 128 || u128::from(a) >> shift == u128::from(b) >> shift
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn networks_contain_what_they_say() {
        let n: Network = "192.168.0.0/16".parse().unwrap();
        assert!(n.contains("192.168.7.1".parse().unwrap()));
        assert!(n.contains("::ffff:192.168.7.1".parse().unwrap()));
        assert!(!n.contains("192.169.0.1".parse().unwrap()));
        assert!("::1".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
        assert!(
            "0.0.0.0/0"
                .parse::<Network>()
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }
}
