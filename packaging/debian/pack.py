"""Packages for Debian and Ubuntu (deb(5), Debian Policy)."""
import hashlib

from shared import release
from shared.archive import Tree, ar, gz, xz

UNITS = ["hauspost.service"] + [
    f"hauspost{door}.socket" for door in ("", "-smtp", "-submission", "-submissions", "-imap", "-imaps")
]
SCRIPTS = ["preinst", "postinst", "prerm", "postrm"]
COPYRIGHT = f"""Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: {release.TITLE}

Files: *
Copyright: {release.MAINTAINER}
License: {release.LICENCE}
 The whole text is in LICENSE.gz beside this file; what other projects have contributed to the
 program stands with its licences in third-party-licences.md.gz.
"""


def pack(architecture: str) -> None:
    data = Tree()
    data.file("./usr/bin/hauspost", release.program(architecture), 0o755)
    data.file("./etc/default/hauspost", (release.PACKAGING / "debian/default").read_bytes())
    for unit in UNITS:
        data.file(f"./lib/systemd/system/{unit}", (release.ROOT / "systemd" / unit).read_bytes())
    data.file("./usr/lib/sysusers.d/hauspost.conf", (release.ROOT / "systemd/hauspost.sysusers").read_bytes())
    doc = "./usr/share/doc/hauspost"
    data.file(f"{doc}/copyright", COPYRIGHT)
    data.file(f"{doc}/LICENSE.gz", gz(release.licence()))
    data.file(f"{doc}/third-party-licences.md.gz", gz(release.third_party_licences()))
    data.file(f"{doc}/changelog.gz", gz((release.ROOT / "CHANGELOG.md").read_bytes()))
    control = Tree()
    control.file("./control", release.template(
        "debian/control.in",
        version=release.version(),
        architecture=release.ARCHITECTURES[architecture]["debian"],
        maintainer=release.MAINTAINER,
        installed_size=str(data.size() // 1024 + 1),
        summary=release.SUMMARY,
    ))
    control.file("./conffiles", "/etc/default/hauspost\n")
    control.file("./md5sums", "".join(
        f"{hashlib.md5(content).hexdigest()}  {path[2:]}\n"
        for path, content in sorted(data.contents.items())
        if not path.startswith("./etc/")
    ))
    for script in SCRIPTS:
        control.file(f"./{script}", (release.PACKAGING / "debian" / script).read_bytes(), 0o755)
    name = f"{release.NAME}-{release.version()}-{release.ARCHITECTURES[architecture]['debian']}.deb"
    release.write(name, ar([
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", xz(control.tar())),
        ("data.tar.xz", xz(data.tar())),
    ]))
