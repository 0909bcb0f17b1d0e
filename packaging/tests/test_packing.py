"""Of all packages: the same bytes each time."""
import hashlib
import os
import sys
import unittest

from support import PackageTest
from shared import release


class Packing(PackageTest):
    def test_two_runs_give_the_same_bytes(self):
        programs = [p for p in release.DIST.iterdir() if p.name in {f"hauspost-{a}" for a in release.ARCHITECTURES}]
        for program in programs:
            (self.folder / program.name).symlink_to(program)
        architectures = [p.name.removeprefix("hauspost-") for p in programs]
        self.ok(sys.executable, "-B", release.PACKAGING / "make.py", *architectures,
                env={**os.environ, "HAUSPOST_DIST": str(self.folder)})
        made = [p for p in self.folder.rglob("*") if p.is_file() and not p.is_symlink()]
        self.assertGreaterEqual(len(made), 6)
        for path in made:
            first, second = (hashlib.sha256(p.read_bytes()).hexdigest() for p in (release.DIST / path.relative_to(self.folder), path))
            self.assertEqual(first, second, path.name)


if __name__ == "__main__":
    unittest.main()
