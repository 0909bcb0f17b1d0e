//! Somebody else's server with pictures: Python's own HTTPS server, with a certificate of a throw-away authority.

use crate::counterparts::HttpsServer;
use crate::server::Folder;

/// /ok.png is a picture, whatever type it says; /to points there, /inside into a private network, /around to itself; /page is
/// no picture, /drawing one that is not shown, /large is 6 MB.
const PROGRAM: &str = r#"
import base64
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==")

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with open(os.path.join(folder, "calls"), "a") as log:
            log.write(self.path + " " + " ".join(sorted(k.lower() for k in self.headers)) + "\n")
        path = self.path.split("?")[0]
        to = {"/to": "/ok.png", "/inside": "https://127.1.2.3/x.png", "/around": "/around"}.get(path)
        body = {"/ok.png": PNG, "/large": PNG + bytes(6 << 20), "/drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}.get(path, b"<p>page</p>")
        self.send_response(302 if to else 200)
        self.send_header("Content-Type", "text/html" if path == "/ok.png" else "image/png")
        if to:
            self.send_header("Location", to)
        self.send_header("Set-Cookie", "who=you")
        self.send_header("Content-Length", str(0 if to else len(body)))
        self.end_headers()
        if not to:
            self.wfile.write(body)

    def log_message(self, *_):
        pass

"#;

pub struct Pictures(HttpsServer);

impl Pictures {
    pub fn start() -> Pictures {
        Pictures(HttpsServer::start(Folder::new(), PROGRAM))
    }

    pub fn ca(&self) -> String {
        self.0.ca()
    }

    pub fn url(&self, path: &str) -> String {
        self.0.url(path)
    }

    /// The path of each call, and the names of what it said of itself.
    pub fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.0.folder.path().join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
