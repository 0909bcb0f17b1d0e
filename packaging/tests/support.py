"""What the tests of all packages share."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from shared import release  # noqa: E402

VERSION = release.version()
ARCHITECTURES = [a for a in release.ARCHITECTURES if (release.DIST / f"{release.NAME}-{a}").exists()]
SIZE_LIMIT = 15 << 20


def run(*words, **options) -> subprocess.CompletedProcess:
    """A command with its output as text; the caller looks at the code."""
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=300, **options)


class PackageTest(unittest.TestCase):
    """With a folder that goes at the end, and a packer's word for each file."""

    def setUp(self) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hauspost-package-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def ok(self, *words, **options) -> str:
        done = run(*words, **options)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def package(self, suffix: str) -> pathlib.Path:
        path = release.DIST / f"{release.NAME}-{VERSION}-{suffix}"
        self.assertTrue(path.exists(), f"{path} is missing; run: make packages")
        return path

    def check_size(self, path: pathlib.Path) -> None:
        self.assertLess(path.stat().st_size, SIZE_LIMIT, path)


def check_shell(test: unittest.TestCase, scripts: list[pathlib.Path]) -> None:
    """POSIX shell that BusyBox reads and shellcheck has nothing to say about."""
    for script in scripts:
        done = run("busybox", "sh", "-n", script)
        test.assertEqual(done.returncode, 0, done.stderr)
    done = run("shellcheck", "-s", "sh", "-e", "SC1090,SC1091,SC2154", *scripts)
    test.assertEqual(done.returncode, 0, done.stdout)


def is_root() -> bool:
    return os.geteuid() == 0


def can_make_namespaces() -> bool:
    """Mounts and a network of its own. Some containers do not even let root do that."""
    return is_root() and run("unshare", "-m", "-n", "true").returncode == 0
