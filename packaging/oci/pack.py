"""Container images: one OCI image for both architectures, and one archive for `docker load` each.

Formats: OCI Image Format Specification 1.0 (image-layout, manifest, config), and the archive of `docker save`.
"""
import datetime
import hashlib
import json

from shared import release
from shared.archive import DATE, Tree, gz

CREATED = datetime.datetime.fromtimestamp(DATE, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
OWNER = 1000
LISTENERS = {"listen": 8443, "smtp": 2525, "submission": 2587, "submissions": 2465, "imap": 2143, "imaps": 2993}


def layer(architecture: str) -> bytes:
    """The root file system: the program, and folders that it may write to."""
    tree = Tree()
    tree.file("usr/bin/hauspost", release.program(architecture), 0o755)
    tree.folder("data", 0o700, (OWNER, OWNER))
    tree.folder("tmp", 0o1777)
    tree.file("etc/passwd", f"hauspost:x:{OWNER}:{OWNER}::/data:/nonexistent\n")
    tree.file("etc/group", f"hauspost:x:{OWNER}:\n")
    tree.file("usr/share/doc/hauspost/LICENSE", release.licence())
    tree.file("usr/share/doc/hauspost/third-party-licences.md", release.third_party_licences())
    return tree.tar()


def command() -> list[str]:
    """Every door is open inside; which of them can be reached, the owner says when he publishes ports."""
    words = ["serve"]
    for option, port in LISTENERS.items():
        words += [f"--{option}", f"[::]:{port}"]
    return words


def config(architecture: str, tar: bytes) -> bytes:
    """The image's configuration; also what both forms share."""
    second = 1_000_000_000
    return dump({
        "created": CREATED,
        "architecture": release.ARCHITECTURES[architecture]["oci"],
        "os": "linux",
        "config": {
            "User": f"{OWNER}:{OWNER}",
            "Entrypoint": ["/usr/bin/hauspost"],
            "Cmd": command(),
            "Env": ["HAUSPOST_DATA=/data"],
            "WorkingDir": "/data",
            "Volumes": {"/data": {}},
            "ExposedPorts": {f"{port}/tcp": {} for port in LISTENERS.values()},
            "StopSignal": "SIGTERM",
            "Healthcheck": {
                "Test": ["CMD", "/usr/bin/hauspost", "health"],
                "Interval": 60 * second, "Timeout": 10 * second, "StartPeriod": 120 * second, "Retries": 3,
            },
            "Labels": labels(),
        },
        "rootfs": {"type": "layers", "diff_ids": [digest(tar)]},
        "history": [{"created": CREATED, "created_by": f"{release.NAME} {release.version()}"}],
    })


def labels() -> dict[str, str]:
    prefix = "org.opencontainers.image"
    return {
        f"{prefix}.title": release.TITLE,
        f"{prefix}.description": release.SUMMARY,
        f"{prefix}.version": release.version(),
        f"{prefix}.licenses": release.LICENCE,
    }


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def dump(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


class Layout:
    """A folder of blobs named by their digests (image-layout.md)."""

    def __init__(self) -> None:
        self.tree = Tree().file("oci-layout", dump({"imageLayoutVersion": "1.0.0"}))

    def put(self, kind: str, data: bytes) -> dict:
        found = digest(data)
        self.tree.file(f"blobs/{found.replace(':', '/')}", data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": found, "size": len(data)}

    def put_image(self, architecture: str, tar: bytes) -> dict:
        manifest = self.put("manifest.v1+json", dump({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self.put("config.v1+json", config(architecture, tar)),
            "layers": [self.put("layer.v1.tar+gzip", gz(tar))],
        }))
        manifest["platform"] = {"os": "linux", "architecture": release.ARCHITECTURES[architecture]["oci"]}
        return manifest

    def finish(self, manifests: list[dict]) -> bytes:
        index = self.put("index.v1+json", dump({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests,
        }))
        index["annotations"] = {"org.opencontainers.image.ref.name": release.version()}
        self.tree.file("index.json", dump({"schemaVersion": 2, "manifests": [index]}))
        return self.tree.tar()


def docker_archive(architecture: str) -> bytes:
    """For `docker load`, and for packages that bring their image along."""
    tar = layer(architecture)
    described = config(architecture, tar)
    name, inner = hashlib.sha256(described).hexdigest(), hashlib.sha256(tar).hexdigest()
    tree = Tree().file(f"{name}.json", described).file(f"{inner}/layer.tar", tar)
    tree.file("manifest.json", dump([{
        "Config": f"{name}.json",
        "RepoTags": [f"{release.NAME}:{release.version()}"],
        "Layers": [f"{inner}/layer.tar"],
    }]))
    return gz(tree.tar())


def pack(architectures: list[str]) -> None:
    layout = Layout()
    manifests = [layout.put_image(a, layer(a)) for a in architectures]
    release.write(f"{release.NAME}-{release.version()}-oci.tar", layout.finish(manifests))
    values = {"version": release.version(), "summary": release.SUMMARY, "description": release.DESCRIPTION}
    release.write("compose.yaml", release.template("oci/compose.yaml", **values))
    release.write("truenas-hauspost.yaml", release.template("oci/truenas.yaml", **values))
    release.write("unraid-hauspost.xml", release.template("oci/unraid.xml", **values))
