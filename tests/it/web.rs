//! HTTP as programs speak it to the server: curl, over TLS, trusting the server's own authority.

use crate::server::{PASSWORD, Server};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Somebody at the one port, with or without a token or a cookie.
pub struct Web {
    pub base: String,
    ca: PathBuf,
    headers: Vec<String>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, v)| v)
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

impl Web {
    pub fn new(server: &Server) -> Web {
        Web {
            base: format!("https://localhost:{}", server.one.port()),
            ca: server.data.path().join("tls/ca.pem"),
            headers: Vec::new(),
        }
    }

    /// Another server than ours.
    pub fn at(base: String, ca: PathBuf) -> Web {
        Web {
            base,
            ca,
            headers: Vec::new(),
        }
    }

    pub fn with(mut self, header: impl Into<String>) -> Web {
        self.headers.push(header.into());
        self
    }

    /// As the page: with its cookie.
    pub fn page(server: &Server, address: &str) -> Web {
        let web = Web::new(server);
        let web = Web {
            headers: vec![format!("Origin: {}", web.base)],
            ..web
        };
        let sign_in = json!({"address": address, "password": PASSWORD});
        let reply = web.post("/api/session", &sign_in).expect(200);
        let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
        web.with(format!("Cookie: {cookie}"))
    }

    /// As a program with a token for these scopes.
    pub fn program(server: &Server, address: &str, scope: &str) -> Web {
        let web = Web::new(server);
        let reply = web
            .form(
                "/common/oauth2/v2.0/token",
                &[
                    ("grant_type", "password"),
                    ("client_id", "test-app"),
                    ("username", address),
                    ("password", PASSWORD),
                    ("scope", scope),
                ],
            )
            .expect(200);
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        web.with(format!("Authorization: Bearer {token}"))
    }

    /// The header line that shows its token.
    pub fn authorization(&self) -> &str {
        self.headers
            .iter()
            .find(|h| h.starts_with("Authorization:"))
            .unwrap()
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(
            "POST",
            path,
            &["Content-Type: application/json"],
            body.to_string().as_bytes(),
        )
    }

    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(
            "PATCH",
            path,
            &["Content-Type: application/json"],
            body.to_string().as_bytes(),
        )
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], b"")
    }

    pub fn form(&self, path: &str, values: &[(&str, &str)]) -> Reply {
        let body: Vec<String> = values.iter().map(|(n, v)| format!("{n}={}", encode(v))).collect();
        self.send(
            "POST",
            path,
            &["Content-Type: application/x-www-form-urlencoded"],
            body.join("&").as_bytes(),
        )
    }

    /// An answer that goes on: the running curl, whose output is the body.
    pub fn follow(&self, path: &str) -> Child {
        let mut command = Command::new("curl");
        command.args(["-s", "-N", "--http1.1", "--cacert"]).arg(&self.ca);
        self.headers.iter().for_each(|h| {
            command.args(["-H", h]);
        });
        command
            .arg(format!("{}{path}", self.base))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("curl is missing; run: make test")
    }

    /// `path`: below the server, or a whole address.
    pub fn send(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Reply {
        let url = if path.starts_with("https://") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let mut command = Command::new("curl");
        command
            .args([
                "-s",
                "-S",
                "-i",
                "--http1.1",
                "--path-as-is",
                "-m",
                "30",
                "-X",
                method,
                "--cacert",
            ])
            .arg(&self.ca);
        for header in self
            .headers
            .iter()
            .map(String::as_str)
            .chain(headers.iter().copied())
        {
            command.args(["-H", header]);
        }
        // curl would ask for a 100 first.
        command.args(["-H", "Expect:"]);
        if !body.is_empty() {
            command.args(["--data-binary", "@-"]);
        }
        let mut child = command
            .arg(&url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("curl is missing; run: make test");
        child.stdin.take().unwrap().write_all(body).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(
            out.status.success(),
            "{method} {url}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        let reply = parse(&out.stdout);
        let is_graph = url.contains("/v1.0") || url.contains("/beta");
        if is_graph && reply.header("content-type").starts_with("application/json") && !reply.body.is_empty()
        {
            crate::graph::schema::check(&format!("{method} {url}"), reply.status, &reply.json());
        }
        reply
    }
}

fn parse(raw: &[u8]) -> Reply {
    let end = raw
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("no end of the header");
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()))
        .collect();
    Reply {
        status,
        headers,
        body: raw[end + 4..].to_vec(),
    }
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() {
                (b as char).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// Registers the program that [`Web::program`] is.
pub fn register(server: &Server) {
    server.cli(&[
        "app",
        "add",
        "--client-id",
        "test-app",
        "--name",
        "Test & Co",
        "--redirect",
        "http://localhost",
        "--allow-password-grant",
    ]);
}
