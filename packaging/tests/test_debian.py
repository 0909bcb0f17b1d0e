"""Packages for Debian: read by dpkg, scripts run on a root folder of their own (DPKG_ROOT)."""
import os
import unittest

from support import ARCHITECTURES, VERSION, PackageTest, check_shell, is_root, run
from shared import release

EXPOSURE_LIMIT = 15  # 1.5 of systemd-analyze


class Debian(PackageTest):
    def packages(self):
        for architecture in ARCHITECTURES:
            debian = release.ARCHITECTURES[architecture]["debian"]
            yield debian, self.package(f"{debian}.deb")

    def test_dpkg_reads_it(self):
        for debian, path in self.packages():
            self.check_size(path)
            fields = self.ok("dpkg-deb", "-f", path, "Package", "Version", "Architecture")
            self.assertEqual(
                fields.splitlines(), ["Package: hauspost", f"Version: {VERSION}", f"Architecture: {debian}"]
            )
            for line in self.ok("dpkg-deb", "-c", path).splitlines():
                mode, owner = line.split()[:2]
                self.assertEqual(owner, "root/root", line)
                self.assertNotIn("s", mode[1:], "nothing runs as somebody else")

    def test_its_sums_are_right(self):
        for _, path in self.packages():
            root = self.folder / path.stem
            self.ok("dpkg-deb", "-R", path, root)
            self.ok("md5sum", "-c", "DEBIAN/md5sums", cwd=root)

    def test_the_service_is_locked_in(self):
        root = self.folder / "root"
        self.ok("dpkg-deb", "-x", next(self.packages())[1], root)
        units = root / "lib/systemd/system"
        done = run("systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_LIMIT}",
                   units / "hauspost.service")
        self.assertEqual(done.returncode, 0, done.stdout[-500:])
        done = run("systemd-analyze", "verify", "--man=no", *sorted(units.iterdir()))
        # It is not installed on this machine.
        missing = "Command /usr/bin/hauspost is not executable"
        complaints = [line for line in done.stderr.splitlines() if "hauspost" in line and missing not in line]
        self.assertEqual(complaints, [])

    def test_scripts(self):
        check_shell(self, [release.PACKAGING / "debian" / s for s in ("preinst", "postinst", "prerm", "postrm")])

    @unittest.skipUnless(is_root(), "makes a user in a root folder, which needs root")
    def test_install_upgrade_remove_purge(self):
        path = next(p for d, p in self.packages() if d == "amd64")
        root = self.folder / "root"
        self.ok("dpkg-deb", "-x", path, root)
        for name in ("passwd", "group", "shadow"):
            (root / "etc" / name).write_text("")
        control = self.folder / "control"
        self.ok("dpkg-deb", "-e", path, control)
        environment = {**os.environ, "DPKG_ROOT": str(root)}
        (root / "var/lib").mkdir(parents=True)

        def script(name: str, *words: str) -> str:
            return self.ok(control / name, *words, env=environment)

        script("preinst", "install")
        said = script("postinst", "configure", "")
        self.assertIn("the set-up code is ", said)
        data = root / "var/lib/hauspost"
        self.assertEqual(data.stat().st_mode & 0o777, 0o700)
        self.assertNotEqual(data.stat().st_uid, 0)
        self.assertEqual((data / "directory.db").stat().st_uid, data.stat().st_uid)
        owner = f"{data.stat().st_uid}:{data.stat().st_gid}"
        # The name is known only inside of that root.
        upgrade = (control / "preinst").read_text().replace("--run-as hauspost", f"--run-as {owner}")
        (control / "preinst").write_text(upgrade)
        script("prerm", "upgrade", VERSION)
        script("preinst", "upgrade", VERSION)
        self.assertEqual(len(list((data / "backups").iterdir())), 1, "a copy was made")
        script("postrm", "upgrade", VERSION)
        said = script("postinst", "configure", VERSION)
        self.assertIn("can work with the data", said)
        script("prerm", "remove")
        script("postrm", "remove")
        said = script("postrm", "purge")
        self.assertIn("all mail stays in", said)
        self.assertTrue((data / "directory.db").exists())


if __name__ == "__main__":
    unittest.main()
