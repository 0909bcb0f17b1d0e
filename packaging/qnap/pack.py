"""Packages for QNAP QTS and QuTS hero 5: a script, an archive with the installer, one with the package, a trailer."""
import hashlib

from shared import release
from shared.archive import Tree, gz

TRAILER = 100
MACHINES = {"x86_64": "x86_64", "arm_64": "aarch64"}
# More than the package unpacked twice, for an upgrade keeps the old one until the new one runs.
NEEDED_KB = 100_000


def data(architecture: str) -> Tree:
    """What lies in <volume>/.qpkg/hauspost."""
    tree = Tree()
    ports = {name: str(port) for name, (port, _) in release.PORTS.items()}
    tree.file("bin/hauspost", release.program(architecture), 0o755)
    tree.file("hauspost.sh", release.template("qnap/hauspost.sh", **ports), 0o755)
    tree.file("share/service.sh", release.template("shared/service.sh"))
    tree.file("share/LICENSE", release.licence())
    tree.file("share/third-party-licences.md", release.third_party_licences())
    # QTS takes PNG files of this name.
    tree.file("icons/hauspost.gif", release.icon(64)).file("icons/hauspost_gray.gif", release.icon(64))
    return tree.file("icons/hauspost_80.gif", release.icon(80))


def header(machine: str, control: bytes, packed: bytes) -> bytes:
    """The script in front. It names its own length, so it is made until that holds."""
    length = 0
    while True:
        made = release.template(
            "qnap/header.sh",
            version=release.version(),
            machine=MACHINES[machine],
            needed_kb=str(NEEDED_KB),
            script_len=str(length),
            offset=str(length + len(control)),
            control_len=str(len(control)),
            data_len=str(len(packed)),
            data_md5=hashlib.md5(packed).hexdigest(),
        )
        if len(made) == length:
            return made
        length = len(made)


def trailer(size: int, machine: str) -> bytes:
    """`size`: of the whole file, with the trailer."""
    version = release.version()
    if len(version) > 10:
        raise release.Unfit(f"QNAP has room for 10 characters of a version, and {version} is longer")
    checksum = str(size * 3589 + 1_000_000_000)[:10]
    fields = [(machine, 10), ("", 30), (checksum, 10), ("", 10), (release.NAME, 20), (version, 10), ("QNAPQPKG", 10)]
    return "".join(f"{text:<{width}}" for text, width in fields).encode()


def pack(architecture: str) -> None:
    machine = release.ARCHITECTURES[architecture]["qnap"]
    values = {"version": release.version(), "maintainer": release.MAINTAINER, "listen": str(release.PORTS["listen"][0])}
    control = Tree().file("install.sh", release.template("qnap/install.sh", **values), 0o755)
    control.file("qpkg.cfg", release.template("qnap/qpkg.cfg.in", **values))
    inner, packed = control.tar(), gz(data(architecture).tar())
    body = header(machine, inner, packed) + inner + packed
    whole = body + trailer(len(body) + TRAILER, machine)
    release.write(f"{release.NAME}-{release.version()}-qnap-{machine}.qpkg", whole)
