//! A program that is called when something changes: Python's own HTTPS server, with a certificate of a throw-away authority.

use super::schema::check_notifications;
use crate::counterparts::HttpsServer;
use crate::server::{Folder, Server, wait_until};
use serde_json::Value;
use std::time::Duration;

/// By path: /ok takes everything, /wrong gives another token back, /html the token as a page, /encoded as it came,
/// /elsewhere points to /ok, /slow says nothing, /gone is 404. What `status` holds is the answer to notifications.
const PROGRAM: &str = r#"
import json, threading, urllib.parse
lock = threading.Lock()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", kind="text/plain; charset=utf-8", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urllib.parse.urlsplit(self.path)
        raw = [p for p in url.query.split("&") if p.startswith("validationToken=")]
        token = urllib.parse.parse_qs(url.query).get("validationToken", [""])[0].encode()
        with lock, open(os.path.join(folder, "calls"), "a") as log:
            call = {"path": self.path, "type": self.headers.get("Content-Type"), "body": body.decode()}
            log.write(json.dumps(call) + "\n")
        if url.path == "/slow":
            threading.Event().wait(60)
        elif url.path == "/gone":
            self.answer(404)
        elif url.path == "/elsewhere":
            self.answer(302, Location="/ok?" + url.query)
        elif not raw:
            self.answer(int(open(os.path.join(folder, "status")).read()))
        elif url.path == "/wrong":
            self.answer(200, b"Validation:another")
        elif url.path == "/html":
            self.answer(200, token, "text/html")
        elif url.path == "/encoded":
            self.answer(200, raw[0].split("=", 1)[1].encode())
        else:
            self.answer(200, token)

    def log_message(self, *_):
        pass

"#;

pub struct Receiver(HttpsServer);

impl Receiver {
    pub fn start() -> Receiver {
        let folder = Folder::new();
        std::fs::write(folder.path().join("status"), "202").unwrap();
        Receiver(HttpsServer::start(folder, PROGRAM))
    }

    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// A server that trusts it and may call it.
    pub fn server(&self, options: &[&str]) -> Server {
        let ca = self.ca();
        let mut all = vec![
            "--extra-ca",
            &ca,
            "--notify-to",
            "localhost",
            "--retry-after",
            "1",
        ];
        all.extend(options);
        Server::start_with(&all)
    }

    pub fn ca(&self) -> String {
        self.0.ca()
    }

    pub fn url(&self, path: &str) -> String {
        self.0.url(path)
    }

    /// What notifications are answered with from now on.
    pub fn answer_with(&self, status: u16) {
        let (new, old) = (
            self.0.folder.path().join("status.new"),
            self.0.folder.path().join("status"),
        );
        std::fs::write(&new, status.to_string()).unwrap();
        std::fs::rename(new, old).unwrap();
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.0.folder.path().join("calls")).unwrap_or_default();
        let lines = text.split_inclusive('\n').filter(|l| l.ends_with('\n'));
        lines.map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    /// Notifications at a path so far, each checked.
    pub fn notices(&self, path: &str) -> Vec<Value> {
        let mut out = Vec::new();
        for call in self.calls().iter().filter(|c| c["path"] == path) {
            assert_eq!(call["type"], "application/json; charset=utf-8");
            let body: Value = serde_json::from_str(call["body"].as_str().unwrap()).unwrap();
            check_notifications(&body);
            out.extend(body["value"].as_array().unwrap().iter().cloned());
        }
        out
    }

    /// The last of them, once there are `count`.
    pub fn wait_for(&self, path: &str, count: usize) -> Value {
        let what = format!("{count} notifications came to {path}");
        wait_until(&what, Duration::from_secs(20), || {
            self.notices(path).len() >= count
        });
        let mut all = self.notices(path);
        assert_eq!(all.len(), count, "{all:#?}");
        all.pop().unwrap()
    }
}
