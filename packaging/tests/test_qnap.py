"""Packages for QNAP: their form by an own reader, and their life in an imitation of QTS 5: its folders, its commands for
settings, BusyBox, root."""
import hashlib
import io
import os
import pathlib
import re
import shutil
import struct
import tarfile
import unittest

from namespaces import Namespace
from support import ARCHITECTURES, VERSION, PackageTest, can_make_namespaces, check_shell
from shared import release

VOLUME = "share/CACHEDEV1_DATA"
GETCFG = r"""#!/bin/sh
# getcfg SECTION KEY [-u] [-d DEFAULT] -f FILE
section=$1 key=$2; shift 2; default= file= upper=
while [ $# -gt 0 ]; do case $1 in -d) default=$2; shift ;; -f) file=$2; shift ;; -u) upper=1 ;; esac; shift; done
value=$(awk -F ' *= *' -v s="[$section]" -v k="$key" '/^\[/ { on = $0 == s } on && $1 == k { print $2; exit }' "$file" 2> /dev/null)
value=${value:-$default}
[ -n "$upper" ] && value=$(echo "$value" | tr a-z A-Z)
echo "$value"
"""
SETCFG = r"""#!/bin/sh
# setcfg SECTION KEY VALUE -f FILE
file=$5
grep -qxF "[$1]" "$file" 2> /dev/null || echo "[$1]" >> "$file"
awk -v s="[$1]" -v k="$2" -v v="$3" '
    /^\[/ { if (on && !done) { print k " = " v; done = 1 } on = $0 == s }
    on && $1 == k && $2 == "=" { if (!done) print k " = " v; done = 1; next }
    { print }
    END { if (on && !done) print k " = " v }' "$file" > "$file.new" && mv "$file.new" "$file"
"""
LOG_TOOL = '#!/bin/sh\necho "$@" >> /tmp/log_tool\n'


class Qpkg:
    """Reads a package by what its header and trailer say, and by nothing that the packer knows."""

    def __init__(self, data: bytes) -> None:
        def number(name: str) -> int:
            return int(re.search(rf"(?m)^{name}=(\d+)$".encode(), data).group(1))

        self.data = data
        self.script_len, self.offset = number("script_len"), number("offset")
        self.script = data[: self.script_len]
        self.control = tarfile.open(fileobj=io.BytesIO(data[self.script_len : self.offset]))
        packed = data[self.offset : self.offset + number("data_len")]
        assert hashlib.md5(packed).hexdigest().encode() in self.script
        self.inner = tarfile.open(fileobj=io.BytesIO(packed))
        tail = data[-100:]
        self.trailer = [tail[a:b].decode().rstrip() for a, b in ((0, 10), (40, 50), (60, 80), (80, 90), (90, 100))]


class Form(PackageTest):
    def packages(self):
        for architecture in ARCHITECTURES:
            machine = release.ARCHITECTURES[architecture]["qnap"]
            path = self.package(f"qnap-{machine}.qpkg")
            self.check_size(path)
            yield architecture, machine, Qpkg(path.read_bytes())

    def test_header_and_trailer(self):
        for _, machine, package in self.packages():
            self.assertTrue(package.script.rstrip().endswith(b"exit 1"))
            checksum = str(len(package.data) * 3589 + 1_000_000_000)[:10]
            self.assertEqual(package.trailer, [machine, checksum, "hauspost", VERSION, "QNAPQPKG"])

    def test_content(self):
        for architecture, _, package in self.packages():
            program = package.inner.extractfile("bin/hauspost").read()
            self.assertEqual(struct.unpack_from("<H", program, 18)[0], release.ARCHITECTURES[architecture]["elf"])
            for archive in (package.control, package.inner):
                for member in archive.getmembers():
                    self.assertEqual((member.uid, member.gid), (0, 0))
                    self.assertFalse(member.mode & 0o7000, member.name)

    def test_scripts(self):
        _, _, package = next(self.packages())
        (self.folder / "header.sh").write_bytes(package.script)
        package.control.extract("install.sh", self.folder, filter="data")
        package.inner.extract("hauspost.sh", self.folder, filter="data")
        package.inner.extract("share/service.sh", self.folder, filter="data")
        check_shell(self, [self.folder / s for s in ("header.sh", "install.sh", "hauspost.sh", "share/service.sh")])


@unittest.skipUnless(can_make_namespaces() and "x86_64" in ARCHITECTURES, "an imitation of QTS needs mounts of its own")
class Life(PackageTest):
    """QTS, imitated."""

    def setUp(self) -> None:
        super().setUp()
        self.root = self.folder / "qts"
        self.file = self.package("qnap-x86_64.qpkg")
        for name in ("bin", "sbin", "usr/bin", "usr/sbin", "etc/config", "etc/init.d", "etc/rcS.d", "etc/rcK.d", "tmp",
                     "proc", "dev", "mnt/HDA_ROOT", f"{VOLUME}/Public", "home/httpd/RSS/images"):
            (self.root / name).mkdir(parents=True)
        self.copy_busybox()
        for name, text in (("getcfg", GETCFG), ("setcfg", SETCFG), ("log_tool", LOG_TOOL)):
            path = self.root / "sbin" / name
            path.write_text(text)
            path.chmod(0o755)
        (self.root / "etc/config/smb.conf").write_text(f"[Public]\npath = /{VOLUME}/Public\n")
        (self.root / "etc/config/qpkg.conf").write_text("")
        (self.root / "etc/passwd").write_text("admin:x:0:0::/:/bin/sh\n")
        shutil.copy(self.file, self.root / "package.qpkg")
        volume = self.root / VOLUME
        prepare = f"mount --bind {volume} {volume}; mount -t proc none {self.root}/proc; mount -t tmpfs none {self.root}/mnt/HDA_ROOT; touch {self.root}/dev/null"
        self.qts = Namespace(self.root, prepare)
        self.addCleanup(self.qts.close)
        self.addCleanup(self.qts.run, "sh", "/etc/init.d/hauspost.sh", "stop")

    def copy_busybox(self) -> None:
        """With the libraries it needs, and a name for each of its commands."""
        program = shutil.which("busybox")
        shutil.copy(program, self.root / "bin/busybox")
        for library in re.findall(r"(/\S+)", self.ok("sh", "-c", f"ldd {program} || true")):
            if os.path.isfile(library):
                target = self.root / library.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, target)
        for command in self.ok(program, "--list").split():
            if command != "busybox":
                (self.root / "bin" / command).symlink_to("busybox")

    def install(self) -> None:
        done = self.qts.run("sh", "/package.qpkg")
        self.assertEqual(done.returncode, 10, done.stdout + done.stderr + self.log())
        self.assertEqual((self.root / "tmp/update_process").read_text(), "3\n")

    def log(self) -> str:
        path = self.root / VOLUME / ".hauspost-state/hauspost.log"
        return path.read_text() if path.exists() else ""

    def service(self, word: str) -> int:
        return self.qts.run("sh", "/etc/init.d/hauspost.sh", word).returncode

    def setting(self, key: str) -> str:
        return self.qts.run("/sbin/getcfg", "hauspost", key, "-f", "/etc/config/qpkg.conf").stdout.strip()

    def healthy(self) -> bool:
        program = f"/{VOLUME}/.qpkg/hauspost/bin/hauspost"
        return self.qts.run(program, "health", "--listen", "[::]:8443").returncode == 0

    def test_install_start_stop_upgrade_uninstall(self):
        self.install()
        self.assertEqual((self.setting("Version"), self.setting("Enable")), (VERSION, "TRUE"))
        self.assertTrue(self.healthy())
        pid = (self.root / VOLUME / ".hauspost-state/hauspost.pid").read_text().strip()
        self.assertIn("Uid:\t64993\t64993", pathlib.Path(f"/proc/{pid}/status").read_text(), "root was given up")
        data = self.root / VOLUME / "hauspost-data"
        self.assertEqual((data.stat().st_uid, data.stat().st_mode & 0o777), (64993, 0o700))
        self.assertIn("the set-up code is ", (self.root / "tmp/log_tool").read_text())
        self.assertEqual(self.service("stop"), 0)
        self.assertEqual(self.service("status"), 3)
        self.assertEqual(self.service("start"), 0)
        self.install()
        self.assertTrue(self.healthy(), "after the upgrade")
        self.assertEqual(len(list((data / "backups").iterdir())), 1)
        self.assertFalse((self.root / VOLUME / ".qpkg/hauspost.old").exists())
        done = self.qts.run("sh", f"/{VOLUME}/.qpkg/hauspost/.uninstall.sh")
        self.assertEqual(done.returncode, 0, done.stderr)
        shutil.rmtree(self.root / VOLUME / ".qpkg/hauspost")
        left = [str(p.relative_to(self.root)) for p in self.root.rglob("*hauspost*") if "hauspost-data" not in str(p)]
        self.assertEqual(sorted(left), [f"{VOLUME}/.hauspost-state", f"{VOLUME}/.hauspost-state/hauspost.log"])
        self.assertTrue((data / "directory.db").exists(), "the mail stays")

    def test_what_cannot_start_makes_room_for_what_could(self):
        self.install()
        # Stands for a new version that does not start on this NAS.
        conf = self.root / VOLUME / "hauspost-data.conf"
        conf.write_text('OPTIONS="--no-such-option"\n')
        done = self.qts.run("sh", "/package.qpkg")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the old one is back", done.stderr)
        self.assertIn("the data is again what it was", done.stderr)
        self.assertEqual((self.root / "tmp/update_process").read_text(), "-1\n")
        conf.unlink()
        self.assertEqual(self.service("start"), 0)
        self.assertTrue(self.healthy())

    def test_switched_off_stays_off(self):
        self.install()
        self.qts.run("/sbin/setcfg", "hauspost", "Enable", "FALSE", "-f", "/etc/config/qpkg.conf")
        self.service("stop")
        self.assertEqual(self.service("start"), 1)
        self.assertFalse(self.healthy())

    def test_the_same_files_come_out_every_time(self):
        expected = None
        unpack = self.root / "unpack.sh"
        lines = self.file.read_bytes()[:8000].split(b"\nVOLUME=")[0]
        unpack.write_bytes(lines.replace(b'"$0"', b"/package.qpkg") + b"\n")
        for _ in range(100):
            done = self.qts.run("sh", "/unpack.sh")
            self.assertEqual(done.returncode, 0, done.stderr)
            found = {
                p.name: hashlib.sha256(p.read_bytes()).hexdigest()
                for p in (self.root / VOLUME / ".qpkg/.tmp-hauspost").iterdir()
            }
            expected = expected or found
            self.assertEqual(found, expected)

    def test_another_machine_is_refused(self):
        (self.root / "bin/uname").unlink()
        (self.root / "bin/uname").write_text("#!/bin/sh\necho armv7l\n")
        (self.root / "bin/uname").chmod(0o755)
        done = self.qts.run("sh", "/package.qpkg")
        self.assertEqual(done.returncode, 1)
        self.assertIn("this NAS is armv7l", done.stderr)

    def test_a_damaged_file_is_refused(self):
        data = bytearray(self.file.read_bytes())
        data[-5000] ^= 1
        (self.root / "package.qpkg").write_bytes(data)
        done = self.qts.run("sh", "/package.qpkg")
        self.assertEqual(done.returncode, 1)
        self.assertIn("damaged", done.stderr)
        self.assertFalse((self.root / VOLUME / ".qpkg/hauspost").exists())


if __name__ == "__main__":
    unittest.main()
