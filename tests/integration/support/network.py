"""Networks of pods on this machine: a node with a bridge, and pods with an address on it. They end with
their processes; nothing of them is seen outside."""
import itertools
import os
import subprocess
import threading
from contextlib import contextmanager

from .container import NEW_NETWORK, enter
from .wait import eventually

NODE = "10.244.0.1"
_PREFIX = "10.244.0"


class Network:
    """A network namespace, held open by a process that does nothing: what `pause` is in a pod."""

    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"],
                                        stdin=subprocess.DEVNULL)
        own = os.stat("/proc/self/ns/net").st_ino
        eventually(lambda: os.stat(self.path).st_ino != own, "a network of its own")
        self.ip("link", "set", "lo", "up")

    @property
    def path(self):
        return f"/proc/{self.process.pid}/ns/net"

    def ip(self, *words):
        subprocess.run(["nsenter", f"--net={self.path}", "ip", *map(str, words)], check=True,
                       capture_output=True, text=True)

    @contextmanager
    def entered(self):
        """What this thread opens meanwhile is opened here."""
        before = f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"
        with open(before, "rb") as back:
            enter(self.path, NEW_NETWORK)
            try:
                yield
            finally:
                enter(f"/proc/self/fd/{back.fileno()}", NEW_NETWORK)

    def close(self):
        self.process.kill()
        self.process.wait(timeout=10)


class Node(Network):
    def __init__(self):
        super().__init__()
        self._numbers = itertools.count(10)
        self.ip("link", "add", "cni0", "type", "bridge")
        self.ip("addr", "add", f"{NODE}/24", "dev", "cni0")
        self.ip("link", "set", "cni0", "up")

    def pod_network(self):
        """(network, address)"""
        number, pod = next(self._numbers), Network()
        self.ip("link", "add", f"veth{number}", "type", "veth", "peer", "name", "eth0", "netns",
                pod.process.pid)
        self.ip("link", "set", f"veth{number}", "master", "cni0", "up")
        pod.ip("addr", "add", f"{_PREFIX}.{number}/24", "dev", "eth0")
        pod.ip("link", "set", "eth0", "up")
        return pod, f"{_PREFIX}.{number}"
