"""The release that is packed: version, programs, icons, licence."""
import os
import pathlib
import re
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
DIST = pathlib.Path(os.environ.get("HAUSPOST_DIST", ROOT / "dist"))

NAME = "hauspost"
TITLE = "Hauspost"
SUMMARY = "Mail, calendars, contacts and tasks of a small office"
SUMMARY_DE = "E-Mail, Kalender, Kontakte und Aufgaben eines kleinen Büros"
DESCRIPTION = (
    "Mail, calendars, contacts and tasks of a small office, on the office's own device. "
    "Set up in the browser; works with phones, Outlook, Thunderbird and programs for Microsoft Graph."
)
DESCRIPTION_DE = (
    "E-Mail, Kalender, Kontakte und Aufgaben eines kleinen Büros, auf dem eigenen Gerät. "
    "Im Browser eingerichtet; arbeitet mit Telefonen, Outlook, Thunderbird und Programmen für Microsoft Graph."
)
MAINTAINER = "The Hauspost project"
LICENCE = "AGPL-3.0-or-later"

# The machines in the words of `make release`, ELF, Debian, containers, Synology and QNAP.
ARCHITECTURES = {
    "x86_64": {"elf": 62, "debian": "amd64", "oci": "amd64", "synology": "x86_64", "qnap": "x86_64"},
    "aarch64": {"elf": 183, "debian": "arm64", "oci": "arm64", "synology": "armv8", "qnap": "arm_64"},
}

# What the server listens on without privileges: the usual port and 20000, but for the page.
PORTS = {
    "listen": (8443, "The page, Graph, calendars; mail programs that can use one port for all"),
    "smtp": (20025, "Mail from other servers (25)"),
    "submissions": (20465, "Mail programs, sending (465)"),
    "submission": (20587, "Mail programs, sending with STARTTLS (587)"),
    "imaps": (20993, "Mail programs, reading (993)"),
}


class Unfit(Exception):
    """Something that must not be packed."""


def version() -> str:
    """As Cargo.toml has it, such as 1.2.3."""
    text = (ROOT / "Cargo.toml").read_text()
    return re.search(r'(?m)^version = "([^"]+)"', text).group(1)


def program(architecture: str) -> bytes:
    """The static program. Unfit when it is missing, for another machine, of another version or needs a loader."""
    path = DIST / f"{NAME}-{architecture}"
    if not path.exists():
        raise Unfit(f"{path} is missing; run: make release")
    data = path.read_bytes()
    if data[:4] != b"\x7fELF" or struct.unpack_from("<H", data, 18)[0] != ARCHITECTURES[architecture]["elf"]:
        raise Unfit(f"{path} is no program for {architecture}")
    if needs_loader(data):
        raise Unfit(f"{path} is not static")
    if architecture == os.uname().machine:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        if said != f"{NAME} {version()}":
            raise Unfit(f"{path} says »{said}«, but version {version()} is packed; run: make release")
    return data


def needs_loader(elf: bytes) -> bool:
    """Whether a 64-bit ELF has a PT_INTERP header."""
    offset, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    return any(struct.unpack_from("<I", elf, offset + i * size)[0] == 3 for i in range(count))


def icon(pixels: int) -> bytes:
    return (PACKAGING / "icons" / f"icon-{pixels}.png").read_bytes()


def licence() -> bytes:
    return (ROOT / "LICENSE").read_bytes()


def third_party_licences() -> bytes:
    return (ROOT / "docs" / "third-party-licences.md").read_bytes()


def template(path: str, **values: str) -> bytes:
    """A file of this folder with `@NAME@` filled in. Unfit when a name is unknown."""
    text = (PACKAGING / path).read_text()

    def fill(match: re.Match) -> str:
        name = match.group(1)
        if name.lower() not in values:
            raise Unfit(f"{path}: nothing is known for @{name}@")
        return values[name.lower()]

    return re.sub(r"@([A-Z][A-Z0-9_]*)@", fill, text).encode()


def write(name: str, data: bytes, mode: int = 0o644) -> pathlib.Path:
    """Puts a finished package, or a file of one that is a folder, into dist/, whole or not at all."""
    path = DIST / name
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(data)
    unfinished.chmod(mode)
    unfinished.replace(path)
    print(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}: {len(data) // 1024} kB")
    return path
