"""The app for Cloudron: its manifest in the platform's own checker, and the program run as the platform runs it."""
import json
import pathlib
import subprocess
import time
import unittest

from namespaces import Namespace
from support import VERSION, PackageTest, can_make_namespaces
from shared import release

CHECKER = release.ROOT / "run" / "cloudron-manifest"
# Of the platform; its containers cannot have them.
RESERVED = {22, 25, 53, 80, 143, 202, 443, 465, 587, 993, 2003, 2004, 2514, 3306, 4190, 5432, 6379, 8417, 27017}


class Cloudron(PackageTest):
    def setUp(self) -> None:
        super().setUp()
        self.app = release.DIST / "cloudron"
        self.assertTrue(self.app.exists(), "dist/cloudron is missing; run: make packages")
        self.manifest = json.loads((self.app / "CloudronManifest.json").read_text())

    def test_the_platforms_checker_takes_the_manifest(self):
        self.assertTrue((CHECKER / "node_modules").exists(), "the checker is missing; run: make test-packages")
        checked = self.ok("node", pathlib.Path(__file__).parent / "cloudron-manifest.mjs", CHECKER,
                          self.app / "CloudronManifest.json")
        self.assertEqual(checked.strip(), VERSION)

    def test_files_that_it_names_are_there(self):
        for value in self.manifest.values():
            if isinstance(value, str) and value.startswith("file://"):
                self.assertTrue((self.app / value.removeprefix("file://")).stat().st_size > 0, value)
        self.assertEqual((self.app / "icon.png").read_bytes()[16:24], bytes([0, 0, 1, 0, 0, 0, 1, 0]))
        self.assertTrue((self.app / "CHANGELOG.md").read_text().startswith(f"[{VERSION}]\n* "))
        self.assertIn("COPY hauspost /app/code/hauspost", (self.app / "Dockerfile").read_text())
        self.assertEqual((self.app / "hauspost").stat().st_mode & 0o777, 0o755)

    def test_ports_are_free_on_the_platform(self):
        for port in self.manifest["tcpPorts"].values():
            for number in (port["defaultValue"], port["containerPort"]):
                self.assertGreater(number, 1023)
                self.assertNotIn(number, RESERVED)

    @unittest.skipUnless(can_make_namespaces(), "a read-only root needs mounts of its own")
    def test_it_runs_as_the_platform_runs_it(self):
        """Started by root, with a root folder that cannot be written, and only three places that can."""
        root = self.folder / "root"
        for folder in ("app/code", "app/data", "run", "tmp", "proc", "etc/certs"):
            (root / folder).mkdir(parents=True)
        (root / "app/code/hauspost").write_bytes((self.app / "hauspost").read_bytes())
        (root / "app/code/hauspost").chmod(0o755)
        key, cert = root / "etc/certs/tls_key.pem", root / "etc/certs/tls_cert.pem"
        self.certificate(cert, key)
        key.chmod(0o600)
        data = self.folder / "data"
        data.mkdir()
        prepare = (
            f"mount --bind {root} {root}; mount --bind {data} {root}/app/data; "
            f"mount -t tmpfs none {root}/run; mount -t tmpfs -o mode=1777 none {root}/tmp; "
            f"mount -t proc proc {root}/proc; mount -o remount,bind,ro {root}"
        )
        environment = {
            "HAUSPOST_DATA": "/app/data", "HAUSPOST_RUN_AS": "1000:1000",
            "CLOUDRON": "1", "CLOUDRON_APP_DOMAIN": "office.example.org", "CLOUDRON_PROXY_IP": "172.18.0.1",
            "IMAPS_PORT": "20993",
        }
        self.round(root, prepare, environment)
        # As restored from a backup: everything is root's. And with other addons.
        for path in [data, *data.rglob("*")]:
            subprocess.run(["chown", "-h", "0:0", path], check=True)
        self.certificate(cert, key)
        del environment["IMAPS_PORT"]
        environment |= {"CLOUDRON_MAIL_DOMAIN": "example.org", "CLOUDRON_MAIL_SMTP_SERVER": "172.18.0.5",
                        "CLOUDRON_LDAP_SERVER": "172.18.0.1", "CLOUDRON_LDAP_BIND_DN": "cn=app",
                        "CLOUDRON_LDAP_BIND_PASSWORD": "x"}
        said = self.round(root, prepare, environment)
        self.assertIn("example.org is a mail domain", said)
        self.assertIn("people come from the directory", said)
        for path in self.manifest["addons"]["localstorage"]["sqlite"]["paths"]:
            file = data / path.removeprefix("/app/data/")
            self.assertEqual(file.read_bytes()[:15], b"SQLite format 3", path)
        self.assertTrue((data / "backups/nightly/directory.db").exists())

    def round(self, root, prepare: str, environment: dict[str, str]) -> str:
        """Starts it, waits until it is well, makes the nightly copy, stops it. Returns what it said."""
        inside = Namespace(root, prepare, environment)
        self.addCleanup(inside.close)
        log = self.folder / "log"
        began = time.monotonic()
        with open(log, "wb") as out:
            server = inside.start("/app/code/hauspost", "hook", "cloudron", "start", log=out)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        while inside.run("/app/code/hauspost", "health").returncode != 0:
            self.assertIsNone(server.poll(), log.read_text())
            self.assertLess(time.monotonic() - began, 10, log.read_text())
            time.sleep(0.1)
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        self.assertIn("Uid:\t1000\t1000\t1000\t1000", status)
        copy = self.manifest["addons"]["scheduler"]["copy"]["command"].split()
        done = inside.run(*copy)
        self.assertEqual(done.returncode, 0, done.stderr)
        server.terminate()
        self.assertEqual(server.wait(30), 0)
        inside.close()
        return log.read_text()

    def certificate(self, cert: pathlib.Path, key: pathlib.Path) -> None:
        self.ok("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                "-subj", "/CN=office.example.org", "-keyout", key, "-out", cert)


if __name__ == "__main__":
    unittest.main()
