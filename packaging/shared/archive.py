"""Archives that come out the same to the byte: sorted, owned by root, dated alike."""
import gzip
import io
import lzma
import tarfile

# 2024-01-01. Of no meaning but to be the same each time.
DATE = 1704067200


class Tree:
    """Files to be packed, by their path."""

    def __init__(self) -> None:
        self.entries: dict[str, tarfile.TarInfo] = {}
        self.contents: dict[str, bytes] = {}

    def folder(self, path: str, mode: int = 0o755, owner: tuple[int, int] = (0, 0)) -> "Tree":
        path = path.rstrip("/")
        self._parents(path)
        self._add(path, tarfile.DIRTYPE, mode, owner)
        return self

    def file(self, path: str, data: bytes | str, mode: int = 0o644) -> "Tree":
        data = data.encode() if isinstance(data, str) else data
        self._parents(path)
        self._add(path, tarfile.REGTYPE, mode, (0, 0)).size = len(data)
        self.contents[path] = data
        return self

    def link(self, path: str, target: str) -> "Tree":
        self._parents(path)
        self._add(path, tarfile.SYMTYPE, 0o777, (0, 0)).linkname = target
        return self

    def _parents(self, path: str) -> None:
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            parent = "/".join(parts[:depth])
            if parent not in (".", "") and parent not in self.entries:
                self._add(parent, tarfile.DIRTYPE, 0o755, (0, 0))

    def _add(self, path: str, kind: bytes, mode: int, owner: tuple[int, int]) -> tarfile.TarInfo:
        info = tarfile.TarInfo(path)
        info.type, info.mode, info.mtime = kind, mode, DATE
        info.uid, info.gid = owner
        info.uname = info.gname = "root" if owner == (0, 0) else ""
        self.entries[path] = info
        return info

    def size(self) -> int:
        """Bytes when unpacked."""
        return sum(len(c) for c in self.contents.values())

    def tar(self) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for path in sorted(self.entries):
                content = self.contents.get(path)
                tar.addfile(self.entries[path], io.BytesIO(content) if content is not None else None)
        return out.getvalue()


def gz(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=9, mtime=0)


def xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=9, check=lzma.CHECK_CRC32)


def ar(members: list[tuple[str, bytes]]) -> bytes:
    """The outer form of a .deb (deb(5))."""
    out = [b"!<arch>\n"]
    for name, data in members:
        out.append(f"{name:<16}{DATE:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode())
        out.append(data)
        if len(data) % 2:
            out.append(b"\n")
    return b"".join(out)
