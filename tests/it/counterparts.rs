//! Real counterparts from the distribution, each in a folder of its own, on loopback and free ports, stopped by pid:
//! Dovecot as the provider that we collect from, Postfix as the smarthost and as the server that sends to us.

use crate::server::{Folder, free_port, wait_until};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub const PROVIDER_PASSWORD: &str = "provider-secret";

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

fn command(name: &str, arguments: &[&str]) {
    let out = Command::new(name)
        .args(arguments)
        .output()
        .unwrap_or_else(|e| panic!("{name}: {e}; run: make test"));
    assert!(
        out.status.success(),
        "{name} {arguments:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
}

pub fn wait_for_port(port: u16) {
    wait_until("a counterpart listens", Duration::from_secs(20), || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
}

/// A throw-away authority and a certificate of it for localhost: (authority, certificate, key).
pub fn certificate(folder: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let path = |name: &str| folder.join(name);
    let text = |p: &Path| p.to_str().unwrap().to_owned();
    let (ca, ca_key, cert, key) = (path("ca.pem"), path("ca.key"), path("cert.pem"), path("key.pem"));
    let (request, extensions) = (path("cert.csr"), path("cert.ext"));
    let curve = "ec_paramgen_curve:P-256";
    let new = ["-newkey", "ec", "-pkeyopt", curve, "-nodes"];
    let mut make = vec!["req", "-x509", "-days", "30", "-subj", "/CN=Provider CA"];
    make.extend(new);
    let (ca_text, ca_key_text) = (text(&ca), text(&ca_key));
    make.extend(["-keyout", &ca_key_text, "-out", &ca_text]);
    command("openssl", &make);
    let (key_text, request_text, cert_text, extensions_text) =
        (text(&key), text(&request), text(&cert), text(&extensions));
    let mut make = vec!["req", "-subj", "/CN=localhost"];
    make.extend(new);
    make.extend(["-keyout", &key_text, "-out", &request_text]);
    command("openssl", &make);
    write(&extensions, "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    command(
        "openssl",
        &[
            "x509",
            "-req",
            "-days",
            "30",
            "-in",
            &request_text,
            "-CA",
            &ca_text,
            "-CAkey",
            &ca_key_text,
            "-CAcreateserial",
            "-extfile",
            &extensions_text,
            "-out",
            &cert_text,
        ],
    );
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    (ca, cert, key)
}

/// A program that runs in the foreground until it is told to stop.
pub struct Running(Child);

impl Running {
    pub fn start(mut command: Command) -> Running {
        Running(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        for _ in 0..100 {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Dovecot with IMAP and POP3. Users are any name with [`PROVIDER_PASSWORD`].
pub struct Dovecot {
    pub folder: Folder,
    /// Plain.
    pub imap: u16,
    pub imaps: u16,
    /// Plain.
    pub pop3: u16,
    pub pop3s: u16,
    /// The authority of its certificate.
    pub ca: PathBuf,
    _running: Running,
}

impl Dovecot {
    pub fn start() -> Dovecot {
        let folder = Folder::new();
        let d = folder.path();
        // Its processes run as other users.
        fs::set_permissions(d, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let (ca, cert, key) = certificate(d);
        for sub in ["run", "state", "home"] {
            fs::create_dir(d.join(sub)).unwrap();
        }
        command("chown", &["mail:mail", d.join("home").to_str().unwrap()]);
        let (imap, imaps, pop3, pop3s) = (free_port(), free_port(), free_port(), free_port());
        let (d_text, cert, key) = (d.display(), cert.display(), key.display());
        write(
            &d.join("dovecot.conf"),
            &format!(
                "protocols = imap pop3\nlisten = 127.0.0.1\nbase_dir = {d_text}/run\nstate_dir = {d_text}/state\n\
                 log_path = {d_text}/log\nssl = yes\nssl_cert = <{cert}\nssl_key = <{key}\n\
                 disable_plaintext_auth = no\nauth_mechanisms = plain login\nauth_username_format = %u\n\
                 first_valid_uid = 1\nmail_uid = mail\nmail_gid = mail\nmail_home = {d_text}/home/%u\n\
                 mail_location = maildir:~/Maildir\nmail_max_userip_connections = 100\n\
                 passdb {{\n driver = static\n args = password={PROVIDER_PASSWORD}\n}}\n\
                 userdb {{\n driver = static\n args = uid=mail gid=mail home={d_text}/home/%u\n}}\n\
                 namespace inbox {{\n inbox = yes\n}}\n\
                 service imap-login {{\n inet_listener imap {{\n port = {imap}\n }}\n inet_listener imaps {{\n port = {imaps}\n ssl = yes\n }}\n}}\n\
                 service pop3-login {{\n inet_listener pop3 {{\n port = {pop3}\n }}\n inet_listener pop3s {{\n port = {pop3s}\n ssl = yes\n }}\n}}\n\
                 service auth {{\n unix_listener sasl {{\n mode = 0666\n }}\n}}\n"
            ),
        );
        let mut start = Command::new("dovecot");
        start.arg("-F").arg("-c").arg(d.join("dovecot.conf"));
        let running = Running::start(start);
        wait_for_port(imaps);
        wait_for_port(pop3s);
        Dovecot {
            folder,
            imap,
            imaps,
            pop3,
            pop3s,
            ca,
            _running: running,
        }
    }

    /// Puts a message into a user's inbox, as the provider's own delivery would.
    pub fn deliver(&self, user: &str, message: &[u8]) {
        let maildir = self.folder.path().join("home").join(user).join("Maildir");
        for sub in ["new", "cur", "tmp"] {
            fs::create_dir_all(maildir.join(sub)).unwrap();
        }
        // Dovecot gives out UIDs in the order of these numbers.
        static NEXT: AtomicU32 = AtomicU32::new(1_000_000);
        let name = format!("{}.provider", NEXT.fetch_add(1, Ordering::Relaxed));
        let temporary = maildir.join("tmp").join(&name);
        fs::write(&temporary, message).unwrap();
        command(
            "chown",
            &[
                "-R",
                "mail:mail",
                self.folder.path().join("home").join(user).to_str().unwrap(),
            ],
        );
        fs::rename(&temporary, maildir.join("new").join(&name)).unwrap();
    }

    /// How many messages the provider holds for a user.
    pub fn count(&self, user: &str) -> usize {
        let maildir = self.folder.path().join("home").join(user).join("Maildir");
        ["new", "cur"]
            .iter()
            .map(|s| fs::read_dir(maildir.join(s)).map_or(0, Iterator::count))
            .sum()
    }
}

/// Radicale with CalDAV and CardDAV over TLS. One person, `office`, with [`PROVIDER_PASSWORD`].
pub struct Radicale {
    pub port: u16,
    pub ca: PathBuf,
    _running: Running,
    _folder: Folder,
}

impl Radicale {
    pub fn start() -> Radicale {
        let folder = Folder::new();
        let d = folder.path();
        let (ca, cert, key) = certificate(d);
        let port = free_port();
        write(&d.join("users"), &format!("office:{PROVIDER_PASSWORD}\n"));
        let text = |p: &Path| p.to_str().unwrap().to_owned();
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("run/dav-clients/bin/python");
        let mut start = Command::new(program);
        start.args([
            "-m",
            "radicale",
            "--config",
            "",
            "--server-ssl",
            "--logging-level",
            "error",
        ]);
        start.args(["--server-hosts", &format!("127.0.0.1:{port}")]);
        start.args(["--server-certificate", &text(&cert), "--server-key", &text(&key)]);
        start.args(["--auth-type", "htpasswd", "--auth-htpasswd-encryption", "plain"]);
        start.args([
            "--auth-htpasswd-filename",
            &text(&d.join("users")),
            "--auth-delay",
            "0",
        ]);
        start.args(["--storage-filesystem-folder", &text(&d.join("data"))]);
        let running = Running::start(start);
        wait_for_port(port);
        Radicale {
            port,
            ca,
            _running: running,
            _folder: folder,
        }
    }

    /// What its person sees.
    pub fn web(&self) -> crate::web::Web {
        use base64::Engine;
        let packed = base64::engine::general_purpose::STANDARD.encode(format!("office:{PROVIDER_PASSWORD}"));
        let base = format!("https://localhost:{}", self.port);
        crate::web::Web::at(base, self.ca.clone()).with(format!("Authorization: Basic {packed}"))
    }

    /// A collection below its person's home: `kind` is MKCALENDAR, or MKCOL for an address book.
    pub fn make(&self, name: &str, kind: &str, shown: &str) {
        let (root, inner, end) = match kind {
            "MKCALENDAR" => ("C:mkcalendar", "", "</C:mkcalendar>"),
            _ => (
                "D:mkcol",
                "<D:resourcetype><D:collection/><A:addressbook/></D:resourcetype>",
                "</D:mkcol>",
            ),
        };
        let body = format!(
            "<{root} xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" xmlns:A=\"urn:ietf:params:xml:ns:carddav\">\
             <D:set><D:prop>{inner}<D:displayname>{shown}</D:displayname></D:prop></D:set>{end}"
        );
        let header = ["Content-Type: application/xml"];
        self.web()
            .send(kind, &format!("/office/{name}/"), &header, body.as_bytes())
            .expect(201);
    }
}

/// A name server that answers for `test.`, and for `broken.test.` says that it cannot.
pub struct NameServer {
    pub address: SocketAddr,
    _running: Running,
    _folder: Folder,
}

impl NameServer {
    /// `records`: lines of a zone file below `test.`.
    pub fn start(records: &str) -> NameServer {
        let folder = Folder::new();
        let d = folder.path();
        let (d_text, port) = (d.display(), free_port());
        let head = "$TTL 60\n@ SOA ns.test. postmaster.test. 1 60 60 60 60\n@ NS ns.test.\nns A 127.0.0.1\n";
        write(&d.join("test.zone"), &format!("{head}{records}"));
        // Its zone file is missing.
        write(
            &d.join("nsd.conf"),
            &format!(
                "server:\n ip-address: 127.0.0.1@{port}\n username: \"\"\n zonesdir: {d_text}\n pidfile: {d_text}/pid\n \
                 logfile: {d_text}/log\n database: \"\"\n xfrdfile: {d_text}/xfrd\n zonelistfile: {d_text}/zones\n \
                 xfrdir: {d_text}\n server-count: 1\nremote-control:\n control-enable: no\n\
                 zone:\n name: test\n zonefile: test.zone\nzone:\n name: broken.test\n zonefile: missing.zone\n"
            ),
        );
        let mut start = Command::new("nsd");
        start.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        start.arg("-d").arg("-c").arg(d.join("nsd.conf"));
        let running = Running::start(start);
        wait_for_port(port);
        NameServer {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            _running: running,
            _folder: folder,
        }
    }
}

/// A name server for `test.` that takes changes from whoever knows [`Knot::SECRET`], and by [`Knot::set`].
pub struct Knot {
    pub address: SocketAddr,
    running: Running,
    folder: Folder,
    serial: u32,
}

impl Knot {
    pub const KEY: &str = "office";
    pub const SECRET: &str = "0J8vUI4bSz8Zt5rM1oS6KEYtUjvhSlsLoJ7x0x1bH8A=";

    /// `records`: lines of a zone file below `test.`.
    pub fn start(records: &str) -> Knot {
        Knot::start_with(records, &[])
    }

    /// With further zones, which nobody changes.
    pub fn start_with(records: &str, others: &[(&str, &str)]) -> Knot {
        let folder = Folder::new();
        let (d, port) = (folder.path().display(), free_port());
        let secret = Knot::SECRET;
        let mut config = format!(
            "server:\n  rundir: {d}\n  listen: 127.0.0.1@{port}\n  background-workers: 1\n  udp-workers: 1\n  tcp-workers: 1\n\
             database:\n  storage: {d}\nkey:\n  - id: office\n    algorithm: hmac-sha256\n    secret: {secret}\n\
             acl:\n  - id: update\n    key: office\n    action: update\n\
             zone:\n  - domain: test\n    storage: {d}\n    file: test.zone\n    acl: update\n    zonefile-sync: -1\n    \
             zonefile-load: difference\n"
        );
        Knot::write_zone(folder.path(), "test", 1, records);
        for (zone, records) in others {
            config += &format!("  - domain: {zone}\n    storage: {d}\n    file: {zone}.zone\n");
            Knot::write_zone(folder.path(), zone, 1, records);
        }
        write(&folder.path().join("knot.conf"), &config);
        let mut start = Command::new("knotd");
        start.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        start.arg("-c").arg(folder.path().join("knot.conf"));
        let running = Running::start(start);
        wait_for_port(port);
        Knot {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            running,
            folder,
            serial: 1,
        }
    }

    fn write_zone(folder: &Path, zone: &str, serial: u32, records: &str) {
        let head = format!("$TTL 1\n@ SOA ns.test. postmaster.test. {serial} 60 60 60 1\n@ NS ns.test.\n");
        let glue = if zone == "test" { "ns A 127.0.0.1\n" } else { "" };
        write(
            &folder.join(format!("{zone}.zone")),
            &format!("{head}{glue}{records}"),
        );
    }

    /// As somebody does by hand at their provider.
    pub fn set(&mut self, records: &str) {
        self.serial += 1;
        Knot::write_zone(self.folder.path(), "test", self.serial, records);
        command("kill", &["-HUP", &self.running.0.id().to_string()]);
    }
}

/// Postfix: takes mail for everybody into files, with login as at a provider; and relays for example.test to us.
pub struct Postfix {
    folder: Folder,
    /// Plain, from this machine without login.
    pub smtp: u16,
    /// TLS, with login.
    pub smtps: u16,
    _running: Running,
}

impl Postfix {
    /// `office`: our SMTP port, for mail that it sends to example.test.
    pub fn start(dovecot: &Dovecot, office: u16) -> Postfix {
        let folder = Folder::new();
        let d = folder.path();
        fs::set_permissions(d, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        for sub in ["conf", "queue", "data", "mail"] {
            fs::create_dir(d.join(sub)).unwrap();
        }
        command("chown", &["postfix", d.join("data").to_str().unwrap()]);
        command("chown", &["mail:mail", d.join("mail").to_str().unwrap()]);
        let (smtp, smtps) = (free_port(), free_port());
        let dd = d.display();
        let provider = dovecot.folder.path().display();
        write(
            &d.join("conf/main.cf"),
            &format!(
                "compatibility_level = 3.6\nqueue_directory = {dd}/queue\ndata_directory = {dd}/data\n\
                 command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\n\
                 setgid_group = postdrop\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = mx.provider.test\n\
                 mydestination =\nmynetworks = 127.0.0.0/8\nlocal_recipient_maps =\nalias_maps =\nalias_database =\n\
                 virtual_mailbox_domains = provider.test other.test\nvirtual_mailbox_base = {dd}/mail\n\
                 virtual_mailbox_maps = static:all/\nvirtual_uid_maps = static:8\nvirtual_gid_maps = static:8\n\
                 virtual_minimum_uid = 1\nsmtpd_recipient_restrictions = check_recipient_access inline:{{refused@other.test=REJECT}}, permit_mynetworks, permit_sasl_authenticated, reject\n\
                 transport_maps = inline:{{example.test=smtp:[127.0.0.1]:{office}}}\nsmtp_host_lookup = native\n\
                 smtp_tls_security_level = may\nsmtpd_tls_cert_file = {provider}/cert.pem\nsmtpd_tls_key_file = {provider}/key.pem\n\
                 smtpd_tls_security_level = may\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = {provider}/run/sasl\n\
                 message_size_limit = 60000000\nvirtual_mailbox_limit = 0\nmailbox_size_limit = 0\nmaillog_file = {dd}/data/log\nmaillog_file_prefixes = {dd}\n"
            ),
        );
        write(
            &d.join("conf/master.cf"),
            &format!(
                "127.0.0.1:{smtp} inet n - n - - smtpd\n\
                 127.0.0.1:{smtps} inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_tls_wrappermode=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n{SERVICES}"
            ),
        );
        let conf = d.join("conf");
        command("postfix", &["-c", conf.to_str().unwrap(), "check"]);
        let mut start = Command::new("postfix");
        start.arg("-c").arg(conf).arg("start-fg");
        let running = Running::start(start);
        wait_for_port(smtp);
        wait_for_port(smtps);
        Postfix {
            folder,
            smtp,
            smtps,
            _running: running,
        }
    }

    /// Messages that came for people elsewhere.
    pub fn received(&self) -> Vec<String> {
        let mut all: Vec<PathBuf> = fs::read_dir(self.folder.path().join("mail/all/new"))
            .map(|d| d.map(|e| e.unwrap().path()).collect())
            .unwrap_or_default();
        all.sort();
        all.iter()
            .map(|p| String::from_utf8_lossy(&fs::read(p).unwrap()).into_owned())
            .collect()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("data/log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    /// What was started is a wrapper; the process that lives on is named by its pid file.
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.folder.path().join("queue/pid/master.pid")).unwrap_or_default();
        if let Ok(pid) = pid.trim().parse::<u32>() {
            let _ = Command::new("kill").arg(pid.to_string()).status();
            let gone = || !Path::new(&format!("/proc/{pid}")).exists();
            for _ in 0..100 {
                if gone() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

/// Storage that speaks S3, over TLS, behind a gate at which Amazon's own library looks at each signature. One bucket,
/// `office`; [`S3::KEY`] and [`PROVIDER_PASSWORD`] open it.
pub struct S3 {
    pub port: u16,
    pub ca: PathBuf,
    /// Where it keeps what it is given.
    pub folder: Folder,
    _running: [Running; 2],
}

impl S3 {
    pub const KEY: &'static str = "AKIAOFFICE";

    pub fn start() -> S3 {
        let folder = Folder::new();
        let d = folder.path();
        let (ca, cert, key) = certificate(d);
        let (port, behind) = (free_port(), free_port());
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut store = Command::new("node");
        store.arg(root.join("tests/s3/node_modules/s3rver/bin/s3rver.js"));
        store.args([
            "-a",
            "127.0.0.1",
            "-p",
            &behind.to_string(),
            "-s",
            "--no-vhost-buckets",
        ]);
        store
            .args(["--configure-bucket", "office", "-d"])
            .arg(d.join("stored"));
        fs::create_dir(d.join("stored")).unwrap();
        let mut gate = Command::new(root.join("run/dav-clients/bin/python"));
        gate.arg(root.join("tests/s3/gate.py"));
        gate.args([&port.to_string(), &behind.to_string(), S3::KEY, PROVIDER_PASSWORD]);
        gate.arg(cert).arg(key);
        let running = [Running::start(store), Running::start(gate)];
        wait_for_port(behind);
        wait_for_port(port);
        S3 {
            port,
            ca,
            folder,
            _running: running,
        }
    }
}

/// A WebDAV server, plain, as it stands behind many a file share. One person, `office`, with [`PROVIDER_PASSWORD`].
pub struct WebDav {
    pub port: u16,
    pub folder: Folder,
    running: Option<Running>,
}

impl WebDav {
    pub fn start() -> WebDav {
        let folder = Folder::new();
        let d = folder.path();
        let port = free_port();
        let config = serde_json::json!({
            "host": "127.0.0.1", "port": port, "verbose": 1, "server": "cheroot",
            "provider_mapping": {"/": d.join("share")},
            "http_authenticator": {"accept_basic": true, "accept_digest": false, "default_to_digest": false},
            "simple_dc": {"user_mapping": {"*": {"office": {"password": PROVIDER_PASSWORD}}}},
        });
        fs::create_dir(d.join("share")).unwrap();
        write(&d.join("wsgidav.json"), &config.to_string());
        let mut there = WebDav {
            port,
            folder,
            running: None,
        };
        there.go_on();
        there
    }

    pub fn go_on(&mut self) {
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("run/dav-clients/bin/python");
        let mut start = Command::new(program);
        start.args(["-m", "wsgidav.server.server_cli", "--config"]);
        start.arg(self.folder.path().join("wsgidav.json"));
        self.running = Some(Running::start(start));
        wait_for_port(self.port);
    }

    pub fn stop(&mut self) {
        self.running = None;
    }
}

/// Somebody else's server: Python's own, behind a certificate of a throw-away authority, stopped with this.
pub struct HttpsServer {
    pub folder: Folder,
    pub port: u16,
    child: Child,
}

/// Behind the handler, which finds `folder` and `port`.
const SERVE: &str = r#"
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

server = Server(("127.0.0.1", port), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
"#;

impl HttpsServer {
    /// `handler`: a program that defines the class `Handler`; it can read what is put into `folder` before.
    pub fn start(folder: Folder, handler: &str) -> HttpsServer {
        certificate(folder.path());
        let port = free_port();
        let begin = "import http.server, os, ssl, sys\nfolder, port = sys.argv[1], int(sys.argv[2])\n";
        let child = Command::new("python3")
            .args(["-c", &format!("{begin}{handler}{SERVE}")])
            .arg(folder.path())
            .arg(port.to_string())
            .stdin(Stdio::null())
            .spawn()
            .expect("python3 is missing; run: make test");
        wait_until("the other server listens", Duration::from_secs(20), || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        HttpsServer { folder, port, child }
    }

    pub fn ca(&self) -> String {
        self.folder.path().join("ca.pem").to_str().unwrap().to_owned()
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
