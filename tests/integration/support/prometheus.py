"""Debian's Prometheus, which scrapes a running Banyan."""
import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from .nginx import free_port
from .wait import eventually

ATTEMPTS = 5


def need_prometheus():
    """Skips the test, with the reason, where Prometheus can not run."""
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            pytest.skip(f"NOT TESTED with Prometheus: no {program} (script/setup --only test)")


class Prometheus:
    """with Prometheus(tmp_path, proxy.admin) as prometheus: …"""

    def __init__(self, directory, target, rules=None):
        self.dir = directory / "prometheus"
        self.dir.mkdir()
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                  "rule_files": [str(rules)] if rules else [],
                  "scrape_configs": [{"job_name": "banyan", "static_configs": [
                      {"targets": [target], "labels": {"namespace": "shop", "pod": "orders-1"}}]}]}
        (self.dir / "prometheus.yml").write_text(json.dumps(config))

    def __enter__(self):
        # It can not report a port that the kernel picked, so free ones are looked for.
        for _ in range(ATTEMPTS):
            if self._start():
                return self
        raise AssertionError(self._log())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def _start(self):
        self.address = f"127.0.0.1:{free_port()}"
        with open(self.dir / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.dir / 'prometheus.yml'}",
                 f"--storage.tsdb.path={self.dir / 'data'}", f"--web.listen-address={self.address}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        eventually(lambda: self.process.poll() is not None or self._ready(), "prometheus is up", 60)
        return self.process.poll() is None

    def _ready(self):
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _log(self):
        return (self.dir / "log").read_text()[-4000:]

    def ask(self, path, **parameters):
        """The data of /api/v1/{path}; what it refuses is an error with its words."""
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def query(self, expression):
        return self.ask("query", query=expression)["result"]
