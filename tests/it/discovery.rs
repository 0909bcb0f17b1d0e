//! An address and a password are enough: Python reads what mail programs are told, as each kind of them does, and signs
//! in with nothing else.

use crate::server::{Folder, PASSWORD, Server, set_up};
use crate::web::Web;
use std::process::Command;

/// Runs Python with the address, the password, the page's address and the authority's file in `sys.argv`.
fn python(server: &Server, script: &str) -> String {
    let base = format!("https://localhost:{}", server.one.port());
    let out = Command::new("python3")
        .args(["-c", script, "anna@example.test", PASSWORD, &base])
        .arg(server.data.path().join("tls/ca.pem"))
        .output()
        .expect("python3 is missing");
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    said
}

/// Signs in to IMAP and sends a message through what `imap` and `smtp` name: (host, port).
const USE_THEM: &str = r#"
def use_them(imap, smtp):
    import imaplib, smtplib
    box = imaplib.IMAP4_SSL(*imap, ssl_context=trust)
    box.login(address, password)
    print(box.select("INBOX")[0])
    mail = smtplib.SMTP_SSL(*smtp, context=trust)
    mail.login(address, password)
    mail.sendmail(address, [address], "From: %s\r\nSubject: Hallo\r\n\r\nText\r\n" % address)
    mail.quit()
    print("sent")
"#;

/// Follows a DAV address as clients do, by PROPFIND with the password, and tells the status at its end.
const LOOK_AROUND: &str = r#"
def look_around(url):
    import base64, http.client
    from urllib.parse import urlsplit, urljoin
    for _ in range(3):
        at = urlsplit(url)
        link = http.client.HTTPSConnection(at.netloc, context=trust)
        key = base64.b64encode((address + ":" + password).encode()).decode()
        link.request("PROPFIND", at.path, '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>', {"Authorization": "Basic " + key, "Depth": "0", "Content-Type": "text/xml"})
        answer = link.getresponse()
        text = answer.read().decode()
        if answer.status not in (301, 302, 307, 308):
            assert "/dav/principals/" in text, text
            return answer.status
        url = urljoin(url, answer.headers["Location"])
"#;

const BEGIN: &str = r#"
import sys, ssl, urllib.request, xml.etree.ElementTree as ET
address, password, base, ca = sys.argv[1:]
trust = ssl.create_default_context(cafile=ca)
def ask(path, data=None, kind=None):
    headers = {"Content-Type": kind} if kind else {}
    return urllib.request.urlopen(urllib.request.Request(base + path, data, headers), context=trust).read()
"#;

#[test]
fn thunderbird_finds_servers_that_work() {
    let server = Server::start();
    let script = r#"
for path in ["/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"]:
    provider = ET.fromstring(ask(path + "?emailaddress=" + address)).find("emailProvider")
    assert provider.find("domain").text == "example.test"
    def of(element):
        server = provider.find(element)
        assert server.find("socketType").text == "SSL" and server.find("username").text == "%EMAILADDRESS%"
        return server.find("hostname").text, int(server.find("port").text)
    use_them(of("incomingServer"), of("outgoingServer"))
    config = ET.fromstring(ask(path + "?emailaddress=" + address))
    for kind, element in [("caldav", "calendar"), ("carddav", "addressBook")]:
        print(look_around(config.find("%s[@type='%s']/serverURL" % (element, kind)).text))
"#;
    let said = python(&server, &format!("{BEGIN}{USE_THEM}{LOOK_AROUND}{script}"));
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["OK", "sent", "207", "207", "OK", "sent", "207", "207"]
    );
}

#[test]
fn outlook_finds_servers_that_work_and_is_told_what_is_not_there() {
    let server = Server::start();
    let script = r#"
def discover(who, schema="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"):
    question = '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>%s</EMailAddress><AcceptableResponseSchema>%s</AcceptableResponseSchema></Request></Autodiscover>' % (who, schema)
    return ET.fromstring(ask("/autodiscover/autodiscover.xml", question.encode(), "text/xml"))
ns = {"o": "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a", "r": "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"}
found = {}
for p in discover(address).iterfind("o:Response/o:Account/o:Protocol", ns):
    assert p.find("o:LoginName", ns).text == address and p.find("o:Encryption", ns).text == "SSL"
    found[p.find("o:Type", ns).text] = p.find("o:Server", ns).text, int(p.find("o:Port", ns).text)
use_them(found["IMAP"], found["SMTP"])
code = lambda answer: answer.find("r:Response/r:Error/r:ErrorCode", ns).text
print(code(discover("x@other.test")), code(discover("no address")), code(discover(address, "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006")))
print(code(ET.fromstring(ask("/Autodiscover/Autodiscover.xml", b"<a>", "text/xml"))))
"#;
    let said = python(&server, &format!("{BEGIN}{USE_THEM}{LOOK_AROUND}{script}"));
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["OK", "sent", "500 500 601", "600"]
    );
}

#[test]
fn an_iphone_gets_a_profile_with_servers_that_work_and_the_authority_to_trust() {
    let server = Server::start();
    let script = r#"
import plistlib
profile = plistlib.loads(ask("/hauspost.mobileconfig?emailaddress=" + address))
assert profile["PayloadType"] == "Configuration" and profile == plistlib.loads(ask("/hauspost.mobileconfig?emailaddress=" + address)), "the same ids each time"
mail, calendars, contacts, root = profile["PayloadContent"]
for one, kind in [(calendars, "CalDAV"), (contacts, "CardDAV")]:
    assert one["PayloadType"] == "com.apple.%s.account" % kind.lower() and one[kind + "UseSSL"] is True and one[kind + "Username"] == address
    print(look_around("https://%s:%d/.well-known/%s" % (one[kind + "HostName"], one[kind + "Port"], kind.lower())))
assert root["PayloadType"] == "com.apple.security.root"
assert ssl.DER_cert_to_PEM_cert(root["PayloadContent"]).split() == open(ca).read().split()
assert ask("/hauspost-authority.crt") == open(ca, "rb").read()
assert mail["EmailAddress"] == mail["IncomingMailServerUsername"] == address and mail["IncomingMailServerUseSSL"] is True
at = lambda side: (mail[side + "MailServerHostName"], mail[side + "MailServerPortNumber"])
use_them(at("Incoming"), at("Outgoing"))
"#;
    let said = python(&server, &format!("{BEGIN}{USE_THEM}{LOOK_AROUND}{script}"));
    assert_eq!(said.lines().collect::<Vec<_>>(), ["207", "207", "OK", "sent"]);
}

#[test]
fn nobody_learns_who_is_here_and_foreign_domains_get_no_answer() {
    let server = Server::start();
    let web = Web::new(&server);
    let ask = |address: &str| web.get(&format!("/mail/config-v1.1.xml?emailaddress={address}"));
    let (anna, nobody) = (
        ask("anna@example.test").expect(200),
        ask("nobody@example.test").expect(200),
    );
    assert_eq!(anna.text(), nobody.text());
    let foreign = ask("x@other.test").expect(404);
    assert_eq!(foreign.text(), "this server has no mail of that domain\n");
    ask("half@").expect(400);
    web.get("/hauspost.mobileconfig").expect(400);
    web.get("/mail/config-v1.1.xml").expect(200);
}

#[test]
fn what_a_router_forwards_is_what_is_announced() {
    let data = Folder::new();
    set_up(data.path(), &[]);
    let server = Server::serve(
        data,
        &[
            "--public-name",
            "Post.Example.test",
            "--public-imap-port",
            "993",
            "--public-submission-port",
            "465",
        ],
    );
    let text = Web::new(&server).get("/mail/config-v1.1.xml").expect(200).text();
    let at = |port: u16| {
        format!("<hostname>post.example.test</hostname><port>{port}</port><socketType>SSL</socketType>")
    };
    assert!(text.contains(&at(993)) && text.contains(&at(465)), "{text}");
}
