"""The app for Univention's App Center: a folder of the files that its provider portal takes.

Formats: ini and settings as the App Center reads them, join scripts in bash, a compose file for the image of `oci`.
"""
from shared import release

# Univention runs on x86_64.
ARCHITECTURE = "x86_64"
PLAIN = ["settings", "env", "README_EN", "README_DE"]
SCRIPTS = ["inst", "uinst", "configure_host"]


def pack(architectures: list[str]) -> None:
    if ARCHITECTURE not in architectures:
        return
    values = {"version": release.version(), "maintainer": release.MAINTAINER}
    for name in ("hauspost.ini", "compose.yaml"):
        to = "compose" if name == "compose.yaml" else name
        release.write(f"univention/{to}", release.template(f"univention/{name}.in", **values))
    for name in PLAIN + SCRIPTS:
        # The portal's own marks stand between percent signs; nothing of ours is filled in.
        data = (release.PACKAGING / "univention" / name).read_bytes()
        release.write(f"univention/{name}", data, 0o755 if name in SCRIPTS else 0o644)
    release.write("univention/LICENSE_AGREEMENT", release.licence())
    release.write("univention/logo.svg", (release.ROOT / "web-ui/public/favicon.svg").read_bytes())
