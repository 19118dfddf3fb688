"""One verdaccio: a real npm registry that nobody here wrote."""
import json
import subprocess
from pathlib import Path

from narration import Failed, wait_until

HERE = Path(__file__).resolve().parent

_CONFIG = """\
storage: {dir}/storage
auth: {{ htpasswd: {{ file: {dir}/htpasswd, max_users: -1 }} }}
uplinks: {{}}
packages: {{ '**': {{ access: $all, publish: $all, unpublish: $all }} }}
web: {{ enable: false }}
logs: {{ type: file, path: {log}, format: json, level: info }}
"""


class Registry:
    def __init__(self, arm, directory, logs):
        self.package = f"verdaccio-{arm}"
        self.version = json.loads(
            (HERE / "node_modules" / self.package / "package.json").read_text())["version"]
        self.log = logs / f"{arm}.log"
        self.output = logs / f"{arm}.output"
        self.dir = directory / arm
        self.dir.mkdir(parents=True)
        (self.dir / "config.yaml").write_text(_CONFIG.format(dir=self.dir, log=self.log))
        self.process = None

    def start(self):
        port_file = self.dir / "port"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                ["node", str(HERE / "serve.js"), self.package, str(self.dir / "config.yaml"),
                 str(port_file)], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output)
        self._port_file = port_file

    def wait(self):
        wait_until(lambda: self._port_file.exists() or self.process.poll() is not None,
                   f"{self.package} listens")
        if self.process.poll() is not None:
            raise Failed(f"{self.package} ended by itself, see {self.output}")
        self.address = f"127.0.0.1:{int(self._port_file.read_text())}"
        self.url = f"http://{self.address}"

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=10)

    def last_request_of_a_user(self):
        """Seconds since 1970, from the registry's own log; shadows carry Banyan's mark."""
        last = None
        with open(self.log, encoding="utf-8", errors="replace") as log:
            for line in log:
                entry = json.loads(line) if line.startswith("{") else {}
                headers = entry.get("req", {}).get("headers")
                if headers is not None and "x-banyan-shadow" not in headers:
                    last = entry["time"] / 1000
        return last
