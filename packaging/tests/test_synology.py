"""Packages for Synology: their form by an own reader, and their life in an imitation of DSM 7: its order of scripts, its
environment, its folders, BusyBox as the shell, and a user without privileges."""
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tarfile
import time
import unittest

from support import ARCHITECTURES, VERSION, PackageTest, check_shell, is_root
from shared import release

USER = 64_123 if is_root() else os.geteuid()
# DSM's own: its pages, mail server, WebDAV, calendars.
TAKEN_BY_DSM = {80, 443, 5000, 5001, 5005, 5006, 8008, 25, 110, 143, 465, 587, 993, 995}
REQUIRED = ["package", "version", "os_min_ver", "description", "arch", "maintainer"]
SCRIPTS = ["preinst", "postinst", "preuninst", "postuninst", "preupgrade", "postupgrade", "start-stop-status"]


def png_size(data: bytes) -> tuple[int, int]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", data[16:24])


class Package:
    def __init__(self, path: pathlib.Path, folder: pathlib.Path) -> None:
        self.path = path
        with tarfile.open(path, "r:") as tar:  # "r:": DSM takes no compressed one
            self.members = tar.getmembers()
            tar.extractall(folder, filter="data")
        self.folder = folder
        self.info = dict(re.findall(r'(?m)^(\w+)="(.*)"$', (folder / "INFO").read_text()))


class Form(PackageTest):
    def packages(self):
        for architecture in ARCHITECTURES:
            machine = release.ARCHITECTURES[architecture]["synology"]
            yield architecture, Package(self.package(f"synology-{machine}.spk"), self.folder / machine)

    def test_info(self):
        for architecture, package in self.packages():
            self.check_size(package.path)
            for key in REQUIRED:
                self.assertTrue(package.info.get(key), key)
            self.assertRegex(package.info["version"], rf"^{re.escape(VERSION)}-\d{{4}}$")
            self.assertEqual(package.info["arch"], release.ARCHITECTURES[architecture]["synology"])
            self.assertGreaterEqual(package.info["os_min_ver"], "7.0-40000")
            inner = (package.folder / "package.tgz").read_bytes()
            self.assertEqual(package.info["checksum"], hashlib.md5(inner).hexdigest())
            self.assertTrue(all(m.uid == 0 and m.mtime == package.members[0].mtime for m in package.members))

    def test_it_asks_for_no_privilege(self):
        for _, package in self.packages():
            privilege = (package.folder / "conf/privilege").read_text()
            self.assertEqual(json.loads(privilege)["defaults"], {"run-as": "package"})
            self.assertNotIn("root", privilege)

    def test_icons(self):
        for _, package in self.packages():
            for name, pixels in (("PACKAGE_ICON.PNG", 64), ("PACKAGE_ICON_256.PNG", 256)):
                self.assertEqual(png_size((package.folder / name).read_bytes()), (pixels, pixels))
            with tarfile.open(package.folder / "package.tgz") as tar:
                for name in tar.getnames():
                    if match := re.search(r"icon_(\d+)\.png$", name):
                        pixels = int(match.group(1))
                        self.assertEqual(png_size(tar.extractfile(name).read()), (pixels, pixels))

    def test_ports_are_free_on_dsm_and_those_of_the_scripts(self):
        _, package = next(self.packages())
        with tarfile.open(package.folder / "package.tgz") as tar:
            told = tar.extractfile("share/hauspost.sc").read().decode()
        ports = {int(p) for p in re.findall(r'dst\.ports="(\d+)/tcp"', told)}
        used = {int(p) for p in re.findall(r"\[::\]:(\d+)", (package.folder / "scripts/common.sh").read_text())}
        self.assertEqual(ports, used)
        self.assertTrue(all(p > 1023 for p in ports) and not ports & TAKEN_BY_DSM)
        self.assertIn(int(package.info["adminport"]), ports)

    def test_dialogs_ask_what_scripts_use(self):
        _, package = next(self.packages())
        for name in ("install", "uninstall"):
            keys = []
            for language in ("", "_ger"):
                steps = json.loads((package.folder / f"WIZARD_UIFILES/{name}_uifile{language}").read_text())
                keys.append({s["key"] for step in steps for item in step["items"] for s in item["subitems"]})
            self.assertEqual(keys[0], keys[1])
            scripts = "".join(p.read_text() for p in (package.folder / "scripts").iterdir())
            for key in keys[0]:
                self.assertIn(f"${key}", scripts)

    def test_scripts(self):
        _, package = next(self.packages())
        scripts = [package.folder / "scripts" / s for s in [*SCRIPTS, "common.sh"]]
        for script in scripts:
            self.assertTrue(os.access(script, os.X_OK), script)
        with tarfile.open(package.folder / "package.tgz") as tar:
            tar.extract("share/service.sh", self.folder, filter="data")
        check_shell(self, [*scripts, self.folder / "share/service.sh"])


class Docker(PackageTest):
    """The form for Container Manager, which does the work itself."""

    def test_it_brings_its_image_and_names_it(self):
        for architecture in ARCHITECTURES:
            machine = release.ARCHITECTURES[architecture]["synology"]
            path = self.package(f"synology-docker-{machine}.spk")
            self.check_size(path)
            package = Package(path, self.folder / machine)
            self.assertEqual(package.info["install_dep_packages"], "ContainerManager>=1432")
            self.assertGreaterEqual(package.info["os_min_ver"], "7.2.1")
            for key in REQUIRED:
                self.assertTrue(package.info.get(key), key)
            for script in SCRIPTS:
                self.assertTrue(os.access(package.folder / "scripts" / script, os.X_OK), script)
            self.assertEqual(json.loads((package.folder / "conf/privilege").read_text())["defaults"], {"run-as": "package"})
            worker = json.loads((package.folder / "conf/resource").read_text())["docker-project"]
            inner = package.folder / "inner"
            with tarfile.open(package.folder / "package.tgz") as tar:
                tar.extractall(inner, filter="data")
            compose = (inner / worker["projects"][0]["path"] / "compose.yaml").read_text()
            # `docker load` unpacks it; skopeo wants it unpacked.
            image = self.folder / f"{machine}.tar"
            image.write_bytes(gzip.decompress((inner / worker["preload-image"]).read_bytes()))
            seen = json.loads(self.ok("skopeo", "inspect", f"docker-archive:{image}"))
            self.assertEqual(seen["Architecture"], release.ARCHITECTURES[architecture]["oci"])
            with tarfile.open(image) as tar:
                tags = json.load(tar.extractfile("manifest.json"))[0]["RepoTags"]
            self.assertEqual(tags, [f"hauspost:{VERSION}"])
            self.assertIn(f"image: {tags[0]}\n", compose)


@unittest.skipUnless("x86_64" in ARCHITECTURES and os.uname().machine == "x86_64", "needs the program of this machine")
class Life(PackageTest):
    """DSM, imitated."""

    def setUp(self) -> None:
        super().setUp()
        self.package_file = Package(self.package("synology-x86_64.spk"), self.folder / "spk")
        self.target, self.var = self.folder / "target", self.folder / "var"
        self.var.mkdir()
        for path in (self.folder, self.var):
            shutil.chown(path, USER) if is_root() else None
        self.message = self.folder / "message"
        self.addCleanup(self.script, "start-stop-status", "stop", status="STOP")

    def script(self, name: str, *words: str, status: str = "INSTALL", **wizard: str) -> int:
        """As DSM calls it. What it tells the user is in `self.told`."""
        self.message.unlink(missing_ok=True)
        environment = {
            "PATH": os.environ["PATH"], "SYNOPKG_PKGNAME": "hauspost", "SYNOPKG_PKGDEST": str(self.target),
            "SYNOPKG_PKGVAR": str(self.var), "SYNOPKG_TEMP_LOGFILE": str(self.message),
            "PACKAGES": str(self.folder / "packages"), "SYNOPKG_PKG_STATUS": status, "SYNOPKG_PKGVER": self.package_file.info["version"], **wizard,
        }
        self.as_user("touch", self.message)
        script = self.package_file.folder / "scripts" / name
        with open(self.folder / "out", "w+") as out:
            done = subprocess.run(["busybox", "sh", script, *words], env=environment, stdout=out, stderr=out,
                                  timeout=120, **self.user())
            out.seek(0)
            self.said = out.read()
        self.told = self.message.read_text()
        return done.returncode

    def user(self) -> dict:
        return {"user": USER, "group": USER, "extra_groups": []} if is_root() else {}

    def as_user(self, *words) -> None:
        subprocess.run([str(w) for w in words], check=True, **self.user())

    def unpack(self) -> None:
        shutil.rmtree(self.target, ignore_errors=True)
        self.target.mkdir()
        with tarfile.open(self.package_file.folder / "package.tgz") as tar:
            tar.extractall(self.target, filter="data")

    def install(self, **wizard: str) -> None:
        self.assertEqual(self.script("preinst"), 0, self.said)
        self.unpack()
        self.assertEqual(self.script("postinst", **wizard), 0, self.said)

    def start(self) -> None:
        self.assertEqual(self.script("start-stop-status", "start", status="START"), 0, self.said)
        self.assertEqual(self.script("start-stop-status", "status"), 0)

    def stop(self) -> None:
        self.assertEqual(self.script("start-stop-status", "stop", status="STOP"), 0, self.said)
        self.assertEqual(self.script("start-stop-status", "status"), 3)

    def hauspost(self, *words: str) -> str:
        return self.ok(self.target / "bin/hauspost", *words, "--data", self.var / "data", **self.user())

    def test_install_start_stop_upgrade_uninstall(self):
        self.install(wizard_admin="anna@example.test", wizard_password="geheim-geheim")
        self.assertIn("Sign in as anna@example.test", self.told)
        self.start()
        self.assertIn("anna@example.test", self.hauspost("account", "list"))
        health = self.ok(self.target / "bin/hauspost", "health", "--listen", "[::]:8443")
        self.assertEqual(health, "ok\n")
        self.stop()
        # DSM's order in an upgrade.
        for name in ("preupgrade", "preuninst", "postuninst"):
            self.assertEqual(self.script(name, status="UPGRADE"), 0, self.said)
        self.assertEqual(len(list((self.var / "data/backups").iterdir())), 1)
        self.unpack()
        for name in ("preinst", "postinst", "postupgrade"):
            self.assertEqual(self.script(name, status="UPGRADE"), 0, self.said)
        self.start()
        self.assertIn("anna@example.test", self.hauspost("account", "list"))
        self.stop()
        for name in ("preuninst", "postuninst"):
            self.assertEqual(self.script(name, status="UNINSTALL", wizard_delete="false"), 0, self.said)
        self.assertTrue((self.var / "data/directory.db").exists(), "the mail stays")
        self.assertEqual(self.script("postuninst", status="UNINSTALL", wizard_delete="true"), 0)
        self.assertEqual(list(self.var.iterdir()), [], "unless the owner says otherwise")

    def test_a_copy_of_each_night_lies_in_the_shared_folder(self):
        share = self.folder / "packages/hauspost/shares/hauspost"
        self.as_user("mkdir", "-p", share)
        self.install(wizard_admin="anna@example.test", wizard_password="geheim-geheim")
        self.start()
        # The first one is made at once.
        copy = share / "copy"
        for _ in range(100):
            if copy.exists():
                break
            time.sleep(0.1)
        self.stop()
        said = self.ok(self.target / "bin/hauspost", "account", "list", "--data", copy, **self.user())
        self.assertIn("anna@example.test", said)

    def test_without_an_administrator_a_code_is_shown(self):
        self.install(wizard_admin="", wizard_password="")
        self.assertIn("the set-up code is ", self.told)

    def test_a_password_that_is_too_short_is_told(self):
        self.script("preinst")
        self.unpack()
        self.assertNotEqual(self.script("postinst", wizard_admin="anna@example.test", wizard_password="kurz"), 0)
        self.assertIn("the password is too short", self.told)

    def test_who_was_killed_is_dead_and_starts_again(self):
        self.install()
        self.start()
        pid = int((self.var / "hauspost.pid").read_text())
        os.kill(pid, 9)
        while os.path.exists(f"/proc/{pid}/exe"):
            pass
        self.assertEqual(self.script("start-stop-status", "status"), 1)
        self.start()

    def test_a_port_that_is_taken_is_told(self):
        self.install()
        with socket.create_server(("::", 20025), family=socket.AF_INET6):
            self.assertEqual(self.script("start-stop-status", "start", status="START"), 1)
        self.assertIn("20025", self.told)
        self.assertIn("another program uses it", self.told)


if __name__ == "__main__":
    unittest.main()
