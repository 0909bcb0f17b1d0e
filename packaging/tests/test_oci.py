"""Container images: read by skopeo, and the program run as the image says."""
import json
import pathlib
import tarfile
import time
import unittest

from namespaces import Namespace
from support import ARCHITECTURES, VERSION, PackageTest, can_make_namespaces
from shared import release


class Oci(PackageTest):
    def setUp(self) -> None:
        super().setUp()
        self.path = self.package("oci.tar")
        self.layout = self.folder / "layout"
        with tarfile.open(self.path) as tar:
            tar.extractall(self.layout, filter="data")

    def blob(self, digest: str) -> bytes:
        return (self.layout / "blobs" / digest.replace(":", "/")).read_bytes()

    def image(self, architecture: str) -> tuple[dict, dict]:
        index = json.loads(self.blob(json.loads((self.layout / "index.json").read_text())["manifests"][0]["digest"]))
        word = release.ARCHITECTURES[architecture]["oci"]
        found = next(m for m in index["manifests"] if m["platform"]["architecture"] == word)
        manifest = json.loads(self.blob(found["digest"]))
        return manifest, json.loads(self.blob(manifest["config"]["digest"]))

    def test_skopeo_reads_every_architecture(self):
        for architecture in ARCHITECTURES:
            word = release.ARCHITECTURES[architecture]["oci"]
            seen = json.loads(self.ok("skopeo", "inspect", "--override-arch", word, f"oci:{self.layout}"))
            self.assertEqual((seen["Architecture"], seen["Os"]), (word, "linux"))
            self.assertEqual(seen["Labels"]["org.opencontainers.image.version"], VERSION)
            copy = self.folder / f"{word}.tar"
            self.ok("skopeo", "copy", "--insecure-policy", "--override-arch", word, f"oci:{self.layout}",
                    f"docker-archive:{copy}:hauspost:{VERSION}")
            self.assertGreater(copy.stat().st_size, 1 << 20)

    def test_nobody_is_root_in_it(self):
        for architecture in ARCHITECTURES:
            _, config = self.image(architecture)
            self.assertEqual(config["config"]["User"], "1000:1000")
            self.assertEqual(config["config"]["StopSignal"], "SIGTERM")

    def test_compose_file_names_this_image_and_its_ports(self):
        _, config = self.image("x86_64")
        for name in ("compose.yaml", "truenas-hauspost.yaml"):
            text = (release.DIST / name).read_text()
            self.assertIn(f"image: hauspost:{VERSION}", text)
            self.assertIn("read_only: true", text)
            for port in config["config"]["ExposedPorts"]:
                self.assertIn(f":{port.split('/')[0]}\"", text)

    @unittest.skipUnless(can_make_namespaces(), "a read-only root needs mounts of its own")
    def test_it_runs_with_a_root_that_cannot_be_written(self):
        manifest, config = self.image("x86_64")
        root = self.folder / "root"
        layer = self.layout / "blobs" / manifest["layers"][0]["digest"].replace(":", "/")
        root.mkdir()
        self.ok("tar", "xzpf", layer, "-C", root)
        image = config["config"]
        # Own mounts and network: the root read-only, as user 1000 without any privilege, ports of the image.
        prepare = (
            f"mount --bind {root} {root}; mount -t tmpfs -o uid=1000,gid=1000,mode=700 none {root}/data; "
            f"mount -o remount,bind,ro {root}"
        )
        inside = Namespace(root, prepare, dict(pair.split("=", 1) for pair in image["Env"]))
        self.addCleanup(inside.close)
        with open(self.folder / "log", "wb") as log:
            server = inside.start(*image["Entrypoint"], *image["Cmd"], user=image["User"], log=log)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        for _ in range(300):
            answer = inside.run(*image["Healthcheck"]["Test"][1:], user=image["User"])
            if answer.returncode == 0:
                break
            self.assertIsNone(server.poll(), (self.folder / "log").read_text())
            time.sleep(0.1)
        self.assertEqual(answer.stdout, "ok\n", answer.stderr + (self.folder / "log").read_text())
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        self.assertIn("Uid:\t1000\t1000\t1000\t1000", status)
        server.terminate()
        self.assertEqual(server.wait(30), 0)


if __name__ == "__main__":
    unittest.main()
