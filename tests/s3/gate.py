"""The gate before the storage: lets through what is signed as Amazon's own library signs it, refuses all else.

gate.py PORT STORE_PORT KEY SECRET CERTIFICATE PRIVATE_KEY
"""
import hashlib
import hmac
import http.client
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

port, store, key, secret, certificate, private_key = sys.argv[1:]


def signature(handler, scope, signed):
    """What Amazon's library signs such a request with."""
    _, _, region, service, _ = scope
    auth = S3SigV4Auth(Credentials(key, secret), service, region)
    host = handler.headers["host"]
    request = AWSRequest(handler.command, f"https://{host}{handler.path}")
    for name in signed:
        request.headers[name] = handler.headers[name]
    request.context["timestamp"] = handler.headers["x-amz-date"]
    canonical = auth.canonical_request(request)
    return auth.signature(auth.string_to_sign(request, canonical), request)


class Gate(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def refuse(self, why):
        body = f"<Error><Code>{why}</Code></Error>".encode()
        self.send_response(403)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        given = self.headers.get("authorization") or ""
        scheme, _, rest = given.partition(" ")
        said = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        scope = said.get("Credential", "").split("/")
        signed = said.get("SignedHeaders", "").split(";")
        if scheme != "AWS4-HMAC-SHA256" or len(scope) != 5 or scope[0] != key or "host" not in signed:
            return self.refuse("InvalidAccessKeyId")
        if hashlib.sha256(body).hexdigest() != self.headers.get("x-amz-content-sha256"):
            return self.refuse("XAmzContentSHA256Mismatch")
        if not hmac.compare_digest(signature(self, scope, signed), said.get("Signature", "")):
            return self.refuse("SignatureDoesNotMatch")
        # The storage behind knows old signatures only and takes what is not signed.
        behind = http.client.HTTPConnection("127.0.0.1", int(store))
        behind.request(self.command, self.path, body, {"content-length": str(len(body)), "host": "127.0.0.1"})
        answer = behind.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name in ("content-type", "etag"):
            if answer.getheader(name):
                self.send_header(name, answer.getheader(name))
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_DELETE = do_POST = do_HEAD = handle_any

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(port)), Gate)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, private_key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
