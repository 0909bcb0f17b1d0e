"""The program on kernels as old as a NAS has: every system call that came after Linux 3.10 is answered ENOSYS."""
import imaplib
import platform
import socket
import ssl
import subprocess
import sys
import time
import unittest

from support import PackageTest, run
from shared import release

# x86_64: finit_module (3.8) is the last number of Linux 3.10; the next is sched_setattr (3.14).
LAST_NUMBER = 313
LAUNCHER = f"""
import ctypes, os, struct, sys
ENOSYS, ALLOW = 0x00050000 | 38, 0x7FFF0000
instructions = [
    (0x20, 0, 0, 0),                   # the number of the call
    (0x25, 0, 1, {LAST_NUMBER}),       # greater than the last one?
    (0x06, 0, 0, ENOSYS),
    (0x06, 0, 0, ALLOW),
]
code = b"".join(struct.pack("<HBBI", *i) for i in instructions)
buffer = ctypes.create_string_buffer(code)
program = struct.pack("<HxxxxxxQ", len(instructions), ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0       # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, program, 0, 0) == 0 # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
os.execv(sys.argv[1], sys.argv[1:])
"""


@unittest.skipUnless(platform.machine() == "x86_64", "the numbers are those of x86_64")
class OldKernel(PackageTest):
    def words(self, *words) -> list[str]:
        program = release.DIST / "hauspost-x86_64"
        return [sys.executable, "-c", LAUNCHER, str(program), *map(str, words), "--data", str(self.folder / "data")]

    def test_the_filter_answers(self):
        code = "import os; os.getrandom(1)"
        done = run(sys.executable, "-c", LAUNCHER, sys.executable, "-c", code)
        self.assertIn("Function not implemented", done.stderr)

    def test_set_up_serve_store_and_check(self):
        done = run(*self.words("setup", "--domain", "example.test", "--admin", "anna@example.test", "--password-stdin"),
                   input="geheim-geheim\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        log = self.folder / "log"
        with open(log, "wb") as out:
            server = subprocess.Popen(self.words("serve", "--listen", f"127.0.0.1:{port}"), stdout=out, stderr=out)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        until = time.monotonic() + 60
        while run(release.DIST / "hauspost-x86_64", "health", "--listen", f"127.0.0.1:{port}").returncode != 0:
            self.assertLess(time.monotonic(), until, log.read_text())
            time.sleep(0.1)
        self.store_a_large_message(port)
        server.terminate()
        self.assertEqual(server.wait(30), 0, log.read_text())
        done = run(*self.words("doctor"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def store_a_large_message(self, port: int) -> None:
        """Large enough for a file of its own, which is linked into its place."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["imap"])
        with imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=context) as imap:
            imap.login("anna@example.test", "geheim-geheim")
            text = b"Subject: large\r\n\r\n" + b"".join(b"%d\r\n" % n for n in range(100_000))
            self.assertEqual(imap.append("INBOX", None, None, text)[0], "OK")
            imap.select("INBOX")
            self.assertEqual(imap.fetch("1", "BODY.PEEK[]")[1][0][1], text)


if __name__ == "__main__":
    unittest.main()
