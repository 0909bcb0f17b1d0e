//! OpenLDAP's server with people and groups as Univention keeps them, below dc=office,dc=test.

use crate::counterparts::{Running, certificate, wait_for_port};
use crate::server::{Folder, free_port};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const BASE: &str = "dc=office,dc=test";
/// Who may change everything.
const ROOT: (&str, &str) = ("cn=admin,dc=office,dc=test", "root-secret");
/// Who may read everything, as Univention's machine account.
pub const MACHINE: (&str, &str) = ("cn=hauspost,dc=office,dc=test", "machine-secret");
/// Of everybody in it.
pub const PASSWORD: &str = "ldap-secret";

pub struct Slapd {
    folder: Folder,
    /// Plain, and with STARTTLS.
    pub ldap: u16,
    pub ldaps: u16,
    pub ca: PathBuf,
    running: Option<Running>,
}

impl Slapd {
    /// Empty but for the machine account.
    pub fn start() -> Slapd {
        let folder = Folder::new();
        let d = folder.path();
        let (ca, cert, key) = certificate(d);
        fs::create_dir(d.join("data")).unwrap();
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ldap/");
        let (d_text, cert, key) = (d.display(), cert.display(), key.display());
        let own = own.display();
        let (root, root_password) = ROOT;
        let schemas: String = ["core", "cosine", "inetorgperson"]
            .map(|s| format!("include /etc/ldap/schema/{s}.schema\n"))
            .concat();
        let text = format!(
            "{schemas}include {own}univention.schema\ninclude {own}cloudron.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\nTLSCertificateFile {cert}\n\
             TLSCertificateKeyFile {key}\npidfile {d_text}/pid\nsizelimit 3\ndatabase mdb\nsuffix {BASE}\nrootdn {root}\n\
             rootpw {root_password}\ndirectory {d_text}/data\nmaxsize 33554432\n\
             limits dn.exact=\"{}\" size=unlimited size.prtotal=unlimited\n\
             access to attrs=userPassword by anonymous auth by * none\n\
             access to * by dn.exact=\"{}\" read by * none\n",
            MACHINE.0, MACHINE.0,
        );
        fs::write(d.join("slapd.conf"), text).unwrap();
        let mut slapd = Slapd {
            folder,
            ldap: free_port(),
            ldaps: free_port(),
            ca,
            running: None,
        };
        slapd.start_again();
        slapd.add(&format!(
            "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Office\n"
        ));
        slapd.add(&format!(
            "dn: {}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\nuserPassword: {}\n",
            MACHINE.0, MACHINE.1
        ));
        slapd
    }

    pub fn start_again(&mut self) {
        let mut command = Command::new("/usr/sbin/slapd");
        let urls = format!("ldap://127.0.0.1:{} ldaps://127.0.0.1:{}", self.ldap, self.ldaps);
        command.arg("-d").arg("0").arg("-h").arg(urls).arg("-f");
        command.arg(self.folder.path().join("slapd.conf"));
        self.running = Some(Running::start(command));
        wait_for_port(self.ldap);
        wait_for_port(self.ldaps);
    }

    pub fn stop(&mut self) {
        self.running = None;
    }

    fn change(&self, program: &str, more: &[&str], ldif: &str) {
        let mut child = Command::new(program)
            .args([
                "-x",
                "-H",
                &format!("ldap://127.0.0.1:{}", self.ldap),
                "-D",
                ROOT.0,
                "-w",
                ROOT.1,
            ])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{program}: {e}; run: make test"));
        child.stdin.take().unwrap().write_all(ldif.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{program}: {ldif}");
    }

    pub fn add(&self, ldif: &str) {
        self.change("ldapadd", &[], ldif);
    }

    pub fn modify(&self, ldif: &str) {
        self.change("ldapmodify", &[], ldif);
    }

    pub fn delete(&self, dn: &str) {
        self.change("ldapdelete", &[dn], "");
    }

    /// `uid=<name>`, with the address `<name>@example.test`.
    pub fn add_person(&self, name: &str, shown: &str, more: &str) {
        self.add(&format!(
            "dn: {}\nobjectClass: inetOrgPerson\nobjectClass: univentionObject\nobjectClass: univentionMail\n\
             univentionObjectType: users/user\ncn: {shown}\nsn: {shown}\ndisplayName: {shown}\n\
             userPassword: {PASSWORD}\nmailPrimaryAddress: {name}@example.test\nsambaAcctFlags: [U          ]\n{more}",
            dn(name)
        ));
    }

    /// As Cloudron shows its people.
    pub fn add_cloudron_person(&self, id: &str, mail: &str) {
        self.add(&format!(
            "dn: cn={id},{BASE}\nobjectClass: inetOrgPerson\nobjectClass: user\ncn: {id}\nuid: {id}\nsn: X\n\
             displayName: Somebody\nusername: {id}\nmail: {mail}\nuserPassword: {PASSWORD}\n"
        ));
    }

    pub fn add_group(&self, name: &str, members: &[&str]) {
        let members: String = members.iter().map(|m| format!("uniqueMember: {m}\n")).collect();
        self.add(&format!(
            "dn: cn={name},{BASE}\nobjectClass: groupOfUniqueNames\nobjectClass: univentionObject\n\
             objectClass: univentionMail\nuniventionObjectType: groups/group\n\
             mailPrimaryAddress: {name}@example.test\n{members}"
        ));
    }

    pub fn replace(&self, name: &str, attribute: &str, value: &str) {
        let dn = dn(name);
        self.modify(&format!(
            "dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        ));
    }
}

pub fn dn(name: &str) -> String {
    format!("uid={name},{BASE}")
}
