"""Packages for Synology's Container Manager (DSM 7.2.1 and newer): the image and a compose file in an SPK, for those who
need the ports below 1024. Container Manager makes, starts and stops the project."""
import hashlib

from oci.pack import docker_archive
from shared import release
from shared.archive import Tree, xz
from synology.pack import BUILD, PRIVILEGE, SCRIPTS, dump

NAME = "hauspost-docker"
RESOURCE = {"docker-project": {"preload-image": "image.tar.gz", "projects": [{"name": "hauspost", "path": "project"}]}}
# DSM wants every script; Container Manager does the work.
SCRIPT = "#!/bin/sh\nexit 0\n"
INFO = {
    "package": NAME,
    "os_min_ver": "7.2.1-69057",
    "install_dep_packages": "ContainerManager>=1432",
    "thirdparty": "yes",
    "startable": "yes",
    "ctl_stop": "yes",
    "support_center": "no",
    "dsmuidir": "ui",
    "dsmappname": "org.hauspost.Docker",
    "adminprotocol": "https",
    "adminport": "8443",
    "adminurl": "/",
}


def pack(architecture: str) -> None:
    machine = release.ARCHITECTURES[architecture]["synology"]
    inner = Tree().file("image.tar.gz", docker_archive(architecture))
    inner.file("project/compose.yaml", release.template("synology/docker-compose.yaml.in", version=release.version()))
    inner.file("ui/config", dump({".url": {"org.hauspost.Docker": {
        "title": release.TITLE, "desc": release.SUMMARY, "icon": "images/icon_{0}.png", "type": "url",
        "protocol": "https", "port": "8443", "url": "/", "allUsers": True,
    }}}))
    for pixels in (16, 24, 32, 48, 64, 72, 256):
        inner.file(f"ui/images/icon_{pixels}.png", release.icon(pixels))
    packed = xz(inner.tar())
    info = INFO | {
        "version": f"{release.version()}-{BUILD}",
        "description": release.DESCRIPTION, "description_ger": release.DESCRIPTION_DE,
        "displayname": f"{release.TITLE} (Docker)", "arch": machine, "maintainer": release.MAINTAINER,
        "extractsize": str(inner.size() // 1024 + 1), "checksum": hashlib.md5(packed).hexdigest(),
    }
    outer = Tree().file("INFO", "".join(f'{key}="{value}"\n' for key, value in sorted(info.items())))
    outer.file("package.tgz", packed)
    outer.file("PACKAGE_ICON.PNG", release.icon(64)).file("PACKAGE_ICON_256.PNG", release.icon(256))
    outer.file("LICENSE", release.licence())
    outer.file("conf/privilege", dump(PRIVILEGE | {"username": NAME, "groupname": NAME})).file("conf/resource", dump(RESOURCE))
    for script in SCRIPTS:
        outer.file(f"scripts/{script}", SCRIPT, 0o755)
    release.write(f"{release.NAME}-{release.version()}-synology-docker-{machine}.spk", outer.tar())
