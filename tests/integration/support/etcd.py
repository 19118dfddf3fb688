"""Debian's etcd as an upstream, and its client: a gRPC service and streams that nobody here wrote."""
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from .nginx import free_port
from .wait import eventually

ATTEMPTS = 5
COMMAND_S = 60


def need_etcd():
    """Skips the test, with the reason, where etcd can not run."""
    for program, package in (("etcd", "etcd-server"), ("etcdctl", "etcd-client")):
        if shutil.which(program) is None:
            pytest.skip(f"NOT TESTED with etcd: no {package} (script/setup --only test)")


class Etcd:
    """with Etcd("legacy", tmp_path) as legacy: …

    It can not report a port that the kernel picked, so free ones are looked for, and others if
    somebody was faster."""

    def __init__(self, name, directory):
        self.name, self.dir = name, directory / f"etcd-{name}"
        self.dir.mkdir()

    def __enter__(self):
        for attempt in range(ATTEMPTS):
            if self._start(attempt):
                return self
        raise AssertionError((self.dir / "log").read_text()[-2000:])

    def _start(self, attempt):
        self.address, peer = (f"127.0.0.1:{free_port()}" for _ in range(2))
        url, peer_url = f"http://{self.address}", f"http://{peer}"
        with open(self.dir / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["etcd", "--name", self.name, "--data-dir", str(self.dir / f"data-{attempt}"),
                 "--listen-client-urls", url, "--advertise-client-urls", url,
                 "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url,
                 "--initial-cluster", f"{self.name}={peer_url}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        eventually(lambda: self.process.poll() is not None or self._is_healthy(), "etcd is up", 60)
        return self.process.poll() is None

    def _is_healthy(self):
        try:
            with urllib.request.urlopen(f"http://{self.address}/health", timeout=5) as answer:
                return json.load(answer)["health"] == "true"
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(timeout=10)


def _command(address, *arguments):
    return ["etcdctl", f"--endpoints={address}", *arguments]


def _environment():
    return {**os.environ, "ETCDCTL_API": "3"}


def ctl(address, *arguments):
    """One command of etcdctl; its lines."""
    done = subprocess.run(_command(address, *arguments), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=COMMAND_S, env=_environment(),
                          check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class Running:
    """A command of etcdctl that goes on, such as a watch: with Running(…) as watch: …"""

    def __init__(self, directory, address, *arguments):
        self.output = directory / f"etcdctl-{'-'.join(arguments)}.log"
        self.command = _command(address, *arguments)

    def __enter__(self):
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, env=_environment())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(timeout=10)

    def lines(self):
        return self.output.read_text().splitlines()
