"""Packages for Synology DSM 7: an uncompressed tar with INFO, scripts, dialogs, and package.tgz."""
import hashlib
import json

from shared import release
from shared.archive import Tree, xz

SCRIPTS = ["preinst", "postinst", "preuninst", "postuninst", "preupgrade", "postupgrade", "start-stop-status"]
# DSM compares versions as feature-build; the build grows where a package is made again for the same version.
BUILD = "0001"
PRIVILEGE = {"defaults": {"run-as": "package"}, "username": "hauspost", "groupname": "hauspost"}
RESOURCE = {
    "port-config": {"protocol-file": "share/hauspost.sc"},
    "usr-local-linker": {"bin": ["bin/hauspost"]},
    # The backups of DSM see shared folders, not the packages' own: here lies a copy of each night.
    "data-share": {"shares": [{"name": "hauspost", "permission": {"rw": ["hauspost"]}}]},
}


def ports() -> dict[str, str]:
    return {name: str(port) for name, (port, _) in release.PORTS.items()}


def dump(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def target(architecture: str) -> Tree:
    """What lies in /var/packages/hauspost/target."""
    tree = Tree()
    tree.file("bin/hauspost", release.program(architecture), 0o755)
    tree.file("share/service.sh", release.template("shared/service.sh"))
    tree.file("share/hauspost.sc", "\n".join(
        release.template("synology/hauspost.sc.in", name=name, title=title, port=str(port)).decode()
        for name, (port, title) in release.PORTS.items()
    ))
    tree.file("share/third-party-licences.md", release.third_party_licences())
    tree.file("ui/config", dump({".url": {"org.hauspost.Hauspost": {
        "title": release.TITLE, "desc": release.SUMMARY, "icon": "images/icon_{0}.png", "type": "url",
        "protocol": "https", "port": ports()["listen"], "url": "/", "allUsers": True,
    }}}))
    for pixels in (16, 24, 32, 48, 64, 72, 256):
        tree.file(f"ui/images/icon_{pixels}.png", release.icon(pixels))
    return tree


def install_dialog(t: dict[str, str]) -> list:
    address = {"regex": {"expr": r"/^([^\s@]+@[^\s@]+\.[^\s@]+)?$/", "errorText": t["admin_wrong"]}}
    return [{"step_title": t["install_title"], "items": [
        {"type": "textfield", "desc": t["install_text"],
         "subitems": [{"key": "wizard_admin", "desc": t["admin"], "validator": address}]},
        {"type": "password", "subitems": [{"key": "wizard_password", "desc": t["password"]}]},
    ]}]


def uninstall_dialog(t: dict[str, str]) -> list:
    return [{"step_title": t["uninstall_title"], "items": [
        {"type": "multiselect", "desc": t["uninstall_text"],
         "subitems": [{"key": "wizard_delete", "desc": t["delete"], "defaultValue": False}]},
    ]}]


def dialogs(tree: Tree) -> None:
    texts = json.loads((release.PACKAGING / "synology/wizard/texts.json").read_text())
    for name, dialog in (("install", install_dialog), ("uninstall", uninstall_dialog)):
        tree.file(f"WIZARD_UIFILES/{name}_uifile", dump(dialog(texts["enu"])))
        tree.file(f"WIZARD_UIFILES/{name}_uifile_ger", dump(dialog(texts["ger"])))


def pack(architecture: str) -> None:
    inner = target(architecture)
    packed = xz(inner.tar())
    outer = Tree()
    outer.file("INFO", release.template(
        "synology/INFO.in",
        version=release.version(),
        build=BUILD,
        description=release.DESCRIPTION,
        description_de=release.DESCRIPTION_DE,
        architecture=release.ARCHITECTURES[architecture]["synology"],
        maintainer=release.MAINTAINER,
        port=ports()["listen"],
        extract_size=str(inner.size() // 1024 + 1),
        checksum=hashlib.md5(packed).hexdigest(),
    ))
    outer.file("package.tgz", packed)
    outer.file("PACKAGE_ICON.PNG", release.icon(64)).file("PACKAGE_ICON_256.PNG", release.icon(256))
    outer.file("LICENSE", release.licence())
    outer.file("conf/privilege", dump(PRIVILEGE)).file("conf/resource", dump(RESOURCE))
    for script in SCRIPTS + ["common.sh"]:
        data = release.template(f"synology/scripts/{script}", **ports())
        outer.file(f"scripts/{script}", data, 0o755)
    dialogs(outer)
    machine = release.ARCHITECTURES[architecture]["synology"]
    release.write(f"{release.NAME}-{release.version()}-synology-{machine}.spk", outer.tar())
