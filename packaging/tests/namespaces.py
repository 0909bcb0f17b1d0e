"""A root folder with mounts and a network of its own, in which commands run one after the other. Needs root."""
import os
import subprocess

from support import run


class Namespace:
    def __init__(self, root, prepare: str, environment: dict[str, str] | None = None) -> None:
        """`prepare`: shell commands run outside of the root folder, inside of the new mounts and network."""
        self.root = root
        self.environment = {"PATH": "/sbin:/bin:/usr/bin:/usr/sbin", **(environment or {})}
        self.holder = subprocess.Popen(
            ["unshare", "-m", "-n", "sh", "-ec", f"{prepare}\nbusybox ip link set lo up\necho ready\nexec sleep 1000"],
            stdout=subprocess.PIPE, text=True,
        )
        if self.holder.stdout.readline() != "ready\n":
            raise AssertionError("the namespaces could not be made")

    def words(self, *words, user: str | None = None) -> list[str]:
        chroot = ["chroot", *([f"--userspec={user}"] if user else []), str(self.root)]
        return ["nsenter", "-t", str(self.holder.pid), "-m", "-n", *chroot, *map(str, words)]

    def run(self, *words, user: str | None = None) -> subprocess.CompletedProcess:
        return run(*self.words(*words, user=user), env=self.outside())

    def start(self, *words, log, user: str | None = None) -> subprocess.Popen:
        return subprocess.Popen(self.words(*words, user=user), stdout=log, stderr=log, env=self.outside())

    def outside(self) -> dict[str, str]:
        """nsenter and chroot are found by this path too."""
        return {**self.environment, "PATH": f"{self.environment['PATH']}:{os.environ['PATH']}"}

    def close(self) -> None:
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


