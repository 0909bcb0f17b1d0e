"""Packs what `make release` has built: make.py [kind ...] [architecture ...]; without one, all of them."""
import importlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from shared import release  # noqa: E402

# Each has a pack(): called once for each architecture, or once with all of them.
KINDS = {
    "debian": ("debian.pack", True),
    "oci": ("oci.pack", False),
    "cloudron": ("cloudron.pack", False),
    "univention": ("univention.pack", False),
    "synology": ("synology.pack", True),
    "synology-docker": ("synology.docker_pack", True),
    "qnap": ("qnap.pack", True),
}


def main(wanted: list[str]) -> None:
    unknown = [word for word in wanted if word not in KINDS and word not in release.ARCHITECTURES]
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join([*KINDS, *release.ARCHITECTURES])}")
    architectures = [a for a in release.ARCHITECTURES if a in wanted] or list(release.ARCHITECTURES)
    for kind in [k for k in KINDS if k in wanted] or KINDS:
        module, is_for_one = KINDS[kind]
        pack = importlib.import_module(module).pack
        if is_for_one:
            for architecture in architectures:
                pack(architecture)
        else:
            pack(architectures)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except release.Unfit as unfit:
        sys.exit(str(unfit))
