"""The app for Cloudron: a folder from which `cloudron build` makes the image.

Formats: CloudronManifest.json, manifestVersion 2; a Dockerfile. The platform runs on x86_64.
"""
import re

from shared import release

ARCHITECTURE = "x86_64"


def changelog() -> str:
    """In Cloudron's form, from the project's own: the newest entries, one line each."""
    text = (release.ROOT / "CHANGELOG.md").read_text()
    newest = text.split("\n## ")[1]
    entries = re.split(r"\n- ", newest.split("\n", 1)[1])[1:]
    lines = [" ".join(entry.split()) for entry in entries]
    return f"[{release.version()}]\n" + "\n".join(f"* {line}" for line in lines) + "\n"


def pack(architectures: list[str]) -> None:
    if ARCHITECTURE not in architectures:
        return
    values = {
        "version": release.version(), "summary": release.SUMMARY, "title": release.TITLE,
        "maintainer": release.MAINTAINER, "licence": release.LICENCE,
    }
    for name in ("CloudronManifest.json", "Dockerfile"):
        release.write(f"cloudron/{name}", release.template(f"cloudron/{name}.in", **values))
    for name in ("DESCRIPTION.md", "POSTINSTALL.md", "README.md"):
        release.write(f"cloudron/{name}", (release.PACKAGING / "cloudron" / name).read_bytes())
    release.write("cloudron/CHANGELOG.md", changelog().encode())
    release.write("cloudron/icon.png", release.icon(256))
    release.write("cloudron/LICENSE", release.licence())
    release.write("cloudron/hauspost", release.program(ARCHITECTURE), 0o755)
