//! Univention Corporate Server: what the App Center puts into the environment of a container, and the settings of the app
//! (`packaging/univention/env`).

use super::{Environment, First, Wishes, port};
use crate::base::{Error, Result};
use crate::cli::server_url;
use crate::directory::presets::Preset;
use crate::model::collect::Security;
use crate::model::directory::{LdapSettings, MatchBy, OidcSettings, Unknown};
use std::path::PathBuf;

/// The password of the machine account.
const SECRET: &str = "/etc/machine.secret";
/// Of the domain's own authority.
const AUTHORITY: &str = "/etc/univention/ssl/ucsCA/CAcert.pem";
/// The listener leaves a file here for each change.
const HINTS: &str = "/var/lib/univention-appcenter/apps/hauspost/data/listener";
/// Where Docker's bridges are.
const ITS_NETWORK: &str = "172.16.0.0/12";

pub fn wishes(ask: Environment) -> Result<Wishes> {
    let domain = ask("HAUSPOST_DOMAIN");
    let first = domain
        .clone()
        .zip(ask("HAUSPOST_ADMIN"))
        .map(|(domain, admin)| First {
            office: ask("HAUSPOST_OFFICE").unwrap_or_default(),
            language: match ask("HAUSPOST_LANGUAGE").as_deref() {
                Some("en") => "en".into(),
                _ => "de".into(),
            },
            domain,
            admin,
        });
    Ok(Wishes {
        domain,
        first,
        ldap: ldap(ask)?,
        smarthost: ask("HAUSPOST_SMARTHOST")
            .map(|url| server_url::smarthost(&url))
            .transpose()?,
        collect: None,
        oidc: oidc(ask),
        serve: serve(ask),
    })
}

fn serve(ask: Environment) -> Vec<String> {
    let mut out: Vec<String> = vec!["--base-path".into(), "/hauspost".into()];
    for (option, port) in [
        ("--listen", 8443),
        ("--imaps", 20993),
        ("--submissions", 20465),
        ("--submission", 20587),
        ("--smtp", 20025),
    ] {
        // The server reads that name itself.
        if option != "--listen" || ask("HAUSPOST_LISTEN").is_none() {
            out.extend([option.to_owned(), format!("[::]:{port}")]);
        }
    }
    out.extend(["--trusted-proxy".to_owned(), ITS_NETWORK.to_owned()]);
    if let Some(name) = ask("HAUSPOST_HOST_NAME") {
        out.extend(["--host-name".to_owned(), name]);
    }
    let hints = hints(ask);
    if hints.is_dir() {
        out.extend(["--directory-hints".to_owned(), hints.display().to_string()]);
    }
    out
}

/// The folder in which the listener leaves its files, whether or not it is there.
pub fn hints(ask: Environment) -> PathBuf {
    ask("HAUSPOST_DIRECTORY_HINTS")
        .unwrap_or_else(|| HINTS.to_owned())
        .into()
}

/// Keycloak, where the join script has registered this server; it may be absent.
fn oidc(ask: Environment) -> Option<OidcSettings> {
    let file = |name: &str| ask(name).and_then(|path| std::fs::read_to_string(path).ok());
    let authority = ask("HAUSPOST_LDAP_CA").unwrap_or_else(|| AUTHORITY.to_owned());
    Some(OidcSettings {
        issuer: ask("HAUSPOST_OIDC_ISSUER")?,
        client_id: ask("HAUSPOST_OIDC_CLIENT_ID")?,
        client_secret: file("HAUSPOST_OIDC_SECRET_FILE")
            .unwrap_or_default()
            .trim()
            .to_owned(),
        name: "Univention".to_owned(),
        ca_pem: std::fs::read_to_string(authority).ok(),
        // They come from the same directory as our people, and nobody but its administrators gives them.
        match_by: MatchBy::Email,
        unknown: Unknown::Refuse,
    })
}

fn ldap(ask: Environment) -> Result<Option<LdapSettings>> {
    let (Some(host), Some(base)) = (ask("LDAP_SERVER_NAME"), ask("LDAP_BASE")) else {
        return Ok(None);
    };
    let read = |name: &str, usual: &str| {
        let path = ask(name).unwrap_or_else(|| usual.to_owned());
        let text = std::fs::read_to_string(&path);
        text.map_err(|e| Error::invalid(format!("{path} cannot be read: {e}")).caused_by(e))
    };
    let preset = Preset::find("univention")?;
    let port = port(ask, "LDAP_SERVER_PORT")?.unwrap_or(7389);
    Ok(Some(LdapSettings {
        host,
        port,
        security: match port {
            636 | 7636 => Security::Tls,
            _ => Security::Starttls,
        },
        ca_pem: read("HAUSPOST_LDAP_CA", AUTHORITY).ok(),
        base,
        group_base: String::new(),
        bind_dn: ask("LDAP_HOSTDN").unwrap_or_default(),
        bind_password: read("HAUSPOST_MACHINE_SECRET", SECRET)?.trim().to_owned(),
        person_filter: person_filter(
            preset,
            ask("HAUSPOST_ONLY_ACTIVATED").is_none_or(|v| v != "false"),
        ),
        group_filter: preset.group_filter.to_owned(),
        attributes: preset.attributes(),
    }))
}

/// The App Center lets the administrator say who may use the app.
fn person_filter(preset: &Preset, only_activated: bool) -> String {
    match only_activated {
        true => format!("(&{}(hauspostActivated=TRUE))", preset.person_filter),
        false => preset.person_filter.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_directory_and_office() {
        let folder = std::env::temp_dir().join(format!("hauspost-ucs-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let secret = folder.join("machine.secret");
        std::fs::write(&secret, "machine-secret\n").unwrap();
        let secret = secret.to_str().unwrap().to_owned();
        let ask = |name: &str| match name {
            "LDAP_SERVER_NAME" => Some("ucs.example.test".to_owned()),
            "LDAP_BASE" => Some("dc=example,dc=test".to_owned()),
            "LDAP_HOSTDN" => Some("cn=hauspost,cn=memberserver,dc=example,dc=test".to_owned()),
            "HAUSPOST_MACHINE_SECRET" => Some(secret.clone()),
            "HAUSPOST_DOMAIN" => Some("example.test".to_owned()),
            "HAUSPOST_ADMIN" => Some("anna@example.test".to_owned()),
            _ => None,
        };
        let wishes = wishes(&ask).unwrap();
        let ldap = wishes.ldap.unwrap();
        assert_eq!((ldap.port, ldap.security), (7389, Security::Starttls));
        assert_eq!(ldap.bind_password, "machine-secret");
        assert!(ldap.person_filter.contains("hauspostActivated=TRUE"));
        assert_eq!(wishes.first.unwrap().language, "de");
        assert!(wishes.serve.join(" ").starts_with("--base-path /hauspost"));
        // Without a directory it is an office like others.
        let alone = super::wishes(&|_| None).unwrap();
        assert_eq!((alone.ldap, alone.first), (None, None));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
