//! Cloudron's addons. Each may be missing; their values may change with each start.

use super::{Environment, Wishes, port};
use crate::base::{Error, Result};
use crate::directory::presets::Preset;
use crate::model::collect::{CollectProtocol, CollectServer, Security};
use crate::model::directory::{LdapSettings, MatchBy, OidcSettings, Unknown};
use crate::model::outbound::Smarthost;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Variables of the manifest's `tcpPorts`, the option of each, and the port inside of the container.
const PORTS: [(&str, &str, u16); 4] = [
    ("IMAPS_PORT", "--imaps", 20993),
    ("SUBMISSIONS_PORT", "--submissions", 20465),
    ("SUBMISSION_PORT", "--submission", 20587),
    ("SMTP_PORT", "--smtp", 20025),
];
/// Containers of the platform, its proxy among them, where it does not say which address that has.
const ITS_NETWORK: &str = "172.18.0.0/16";
/// Of the addon `tls`.
const CERTIFICATES: &str = "/etc/certs";

pub fn wishes(ask: Environment) -> Result<Wishes> {
    Ok(Wishes {
        domain: ask("CLOUDRON_MAIL_DOMAIN"),
        first: None,
        ldap: ldap(ask)?,
        smarthost: smarthost(ask)?,
        collect: collect(ask)?,
        oidc: oidc(ask),
        serve: serve(ask)?,
    })
}

fn serve(ask: Environment) -> Result<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    let mut add = |option: &str, value: String| out.extend([option.to_owned(), value]);
    // The server reads that name itself.
    if ask("HAUSPOST_LISTEN").is_none() {
        add("--listen", "[::]:8443".to_owned());
    }
    add(
        "--trusted-proxy",
        ask("CLOUDRON_PROXY_IP").unwrap_or_else(|| ITS_NETWORK.to_owned()),
    );
    if let Some(name) = ask("CLOUDRON_APP_DOMAIN") {
        add("--host-name", name.clone());
        add("--public-name", name);
    }
    for (name, option, inside) in PORTS {
        let Some(outside) = port(ask, name)? else { continue };
        add(option, format!("[::]:{inside}"));
        match option {
            "--imaps" => add("--public-imap-port", outside.to_string()),
            "--submissions" => add("--public-submission-port", outside.to_string()),
            _ => {}
        }
    }
    Ok(out)
}

/// Inside of the machine, without TLS: that is how the platform offers it.
fn ldap(ask: Environment) -> Result<Option<LdapSettings>> {
    let Some(host) = ask("CLOUDRON_LDAP_SERVER").or_else(|| ask("CLOUDRON_LDAP_HOST")) else {
        return Ok(None);
    };
    let preset = Preset::find("cloudron")?;
    Ok(Some(LdapSettings {
        host,
        port: port(ask, "CLOUDRON_LDAP_PORT")?.unwrap_or(3002),
        security: Security::None,
        ca_pem: None,
        base: ask("CLOUDRON_LDAP_USERS_BASE_DN").unwrap_or_else(|| "ou=users,dc=cloudron".to_owned()),
        group_base: String::new(),
        bind_dn: ask("CLOUDRON_LDAP_BIND_DN").unwrap_or_default(),
        bind_password: ask("CLOUDRON_LDAP_BIND_PASSWORD").unwrap_or_default(),
        person_filter: preset.person_filter.to_owned(),
        group_filter: preset.group_filter.to_owned(),
        attributes: preset.attributes(),
    }))
}

/// The platform's own users. An address that it does not call verified opens nobody's mailbox.
fn oidc(ask: Environment) -> Option<OidcSettings> {
    Some(OidcSettings {
        issuer: ask("CLOUDRON_OIDC_ISSUER")?,
        client_id: ask("CLOUDRON_OIDC_CLIENT_ID")?,
        client_secret: ask("CLOUDRON_OIDC_CLIENT_SECRET").unwrap_or_default(),
        name: ask("CLOUDRON_OIDC_PROVIDER_NAME").unwrap_or_else(|| "Cloudron".to_owned()),
        ca_pem: None,
        match_by: MatchBy::VerifiedEmail,
        unknown: Unknown::Refuse,
    })
}

/// The addon `sendmail`; also without TLS, for the same reason.
fn smarthost(ask: Environment) -> Result<Option<Smarthost>> {
    let Some(host) = ask("CLOUDRON_MAIL_SMTP_SERVER") else {
        return Ok(None);
    };
    Ok(Some(Smarthost {
        host,
        port: port(ask, "CLOUDRON_MAIL_SMTP_PORT")?.unwrap_or(2525),
        security: Security::None,
        user: ask("CLOUDRON_MAIL_SMTP_USERNAME").unwrap_or_default(),
        password: ask("CLOUDRON_MAIL_SMTP_PASSWORD").unwrap_or_default(),
    }))
}

/// The addon `recvmail`: one mailbox, which can be the catch-all of the domain.
fn collect(ask: Environment) -> Result<Option<CollectServer>> {
    let (Some(host), Some(user)) = (
        ask("CLOUDRON_MAIL_IMAP_SERVER"),
        ask("CLOUDRON_MAIL_IMAP_USERNAME"),
    ) else {
        return Ok(None);
    };
    Ok(Some(CollectServer {
        protocol: CollectProtocol::Imap,
        host,
        port: port(ask, "CLOUDRON_MAIL_IMAP_PORT")?.unwrap_or(9993),
        security: Security::None,
        user,
        password: ask("CLOUDRON_MAIL_IMAP_PASSWORD").unwrap_or_default(),
        keep: false,
        split: true,
    }))
}

/// The certificate of the addon `tls`, copied to where the server, which is not root, may read it. Returns options of
/// `serve`; none, when the addon is missing. `into`: a folder that is made, for nobody else.
pub fn certificate(from: Option<&Path>, into: &Path) -> Result<(Vec<String>, Vec<PathBuf>)> {
    let from = from.unwrap_or(Path::new(CERTIFICATES));
    let files = [("--tls-cert", "tls_cert.pem"), ("--tls-key", "tls_key.pem")];
    if !files.iter().all(|(_, name)| from.join(name).exists()) {
        return Ok((Vec::new(), Vec::new()));
    }
    fs::create_dir_all(into)?;
    fs::set_permissions(into, fs::Permissions::from_mode(0o700))?;
    let (mut options, mut made) = (Vec::new(), vec![into.to_owned()]);
    for (option, name) in files {
        let to = into.join(name);
        fs::copy(from.join(name), &to).map_err(|e| {
            Error::unavailable(format!("the certificate {name} cannot be copied")).caused_by(e)
        })?;
        fs::set_permissions(&to, fs::Permissions::from_mode(0o600))?;
        options.extend([option.to_owned(), to.display().to_string()]);
        made.push(to);
    }
    Ok((options, made))
}

#[cfg(test)]
mod tests {
    use super::super::Environment;
    use super::*;

    fn with<T>(values: &[(&str, &str)], f: impl FnOnce(Environment) -> T) -> T {
        f(&|name| {
            let found = values.iter().find(|(n, v)| *n == name && !v.is_empty());
            found.map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn every_addon_may_be_missing() {
        let all = [
            ("CLOUDRON_APP_DOMAIN", "mail.example.test"),
            ("CLOUDRON_PROXY_IP", "172.18.0.1"),
            ("CLOUDRON_MAIL_DOMAIN", "example.test"),
            ("CLOUDRON_LDAP_SERVER", "172.18.0.1"),
            ("CLOUDRON_LDAP_BIND_DN", "cn=app"),
            ("CLOUDRON_LDAP_BIND_PASSWORD", "x"),
            ("CLOUDRON_MAIL_SMTP_SERVER", "mail"),
            ("CLOUDRON_MAIL_SMTP_PORT", "2525"),
            ("CLOUDRON_MAIL_IMAP_SERVER", "mail"),
            ("CLOUDRON_MAIL_IMAP_USERNAME", "app"),
            ("IMAPS_PORT", "993"),
        ];
        let full = with(&all, wishes).unwrap();
        assert!(full.ldap.is_some() && full.smarthost.is_some());
        assert!(full.collect.is_some_and(|c| c.split));
        let line = full.serve.join(" ");
        assert!(
            line.contains("--imaps [::]:20993 --public-imap-port 993"),
            "{line}"
        );
        assert!(!line.contains("--smtp"), "{line}");
        for missing in 0..all.len() {
            let some: Vec<(&str, &str)> = (0..all.len()).filter(|i| *i != missing).map(|i| all[i]).collect();
            with(&some, wishes).unwrap();
        }
        let none = with(&[], wishes).unwrap();
        assert_eq!((none.ldap, none.smarthost, none.collect), (None, None, None));
        assert!(none.serve.join(" ").contains("--trusted-proxy 172.18.0.0/16"));
        let e = with(
            &[
                ("CLOUDRON_MAIL_SMTP_SERVER", "m"),
                ("CLOUDRON_MAIL_SMTP_PORT", "x"),
            ],
            wishes,
        )
        .unwrap_err();
        assert!(e.message().contains("CLOUDRON_MAIL_SMTP_PORT"), "{e}");
    }
}
