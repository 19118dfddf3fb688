"""The proxy as a process: a configuration, a start that waits for its address file, a clean end."""
import json
import os
import re
import signal
import subprocess
from pathlib import Path

from .http import Connection, fetch
from .metrics import parsed
from .wait import eventually

ROOT = Path(__file__).resolve().parents[3]
START_S = 30
STOP_S = 40
_SANITIZER = re.compile(r"(ERROR|WARNING): (Address|Leak|Thread)Sanitizer|runtime error:")


def binary():
    return os.environ.get("BANYAN_BIN") or str(ROOT / "build/asan/banyan")


def release_binary():
    return os.environ.get("BANYAN_RELEASE_BIN") or str(ROOT / "build/release/banyan")


def environment():
    env = dict(os.environ)
    for name in ("BANYAN_ADMIN", "BANYAN_TOKEN_FILE"):
        env.pop(name, None)
    env["NO_COLOR"] = "1"
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    return env


def cli(*arguments, binary_path=None, timeout_s=60, **environ):
    """Runs one command to its end; a sanitizer report is an error whatever the exit code."""
    done = subprocess.run([binary_path or binary(), *map(str, arguments)], capture_output=True,
                          text=True, timeout=timeout_s, env={**environment(), **environ},
                          stdin=subprocess.DEVNULL, check=False)
    assert not _SANITIZER.search(done.stderr), done.stderr
    return done


def configuration(directory, legacy, monolith, **top):
    """A small whole configuration (a dict; JSON is YAML). `top` replaces keys of the top level."""
    config = {
        "workers": 1,
        "state_dir": str(directory / "state"),
        "admin": {"bind": "127.0.0.1:0"},
        "health": {"bind": "127.0.0.1:0"},
        "log": {"level": "info", "access": {"path": str(directory / "access.jsonl"),
                                            "format": "json"}},
        "drain": {"delay": "50ms", "timeout": "10s"},
        "reload": {"watch": True, "poll": "1s", "debounce": "20ms"},
        "listeners": [{"name": "ingress", "bind": "127.0.0.1:0"}],
        "upstreams": {"shop-legacy": {"endpoints": [legacy.address]},
                      "shop-monolith": {"endpoints": [monolith.address]}},
        "default": "shop-legacy",
        "migrations": [migration()],
        "flags": {"shop": 0},
    }
    config.update(top)
    return config


def migration(**keys):
    one = {"name": "shop", "match": [{"path_prefix": "/shop"}], "legacy": "shop-legacy",
           "monolith": "shop-monolith", "flag": "shop", "sticky": [{"header": "x-user-id"}]}
    one.update(keys)
    # Who wants both arms to be asked again says so: a request then comes once to each.
    # A sanitizer makes comparing slow: who wants a budget says so as well.
    one["compare"] = {"control": 0, "reask": {"rate": "0/s"}, "cpu_budget": 100,
                      **one.get("compare", {})}
    return one


class Banyan:
    """with Banyan(tmp_path, config) as proxy: …   (the end checks: exit 0, no sanitizer report)"""

    def __init__(self, directory, config, binary_path=None, wrapper=(), file=None):
        self.dir = directory
        self.binary = binary_path or binary()
        self.wrapper = list(wrapper)
        self.file = Path(file) if file else directory / "banyan.yaml"
        if config is not None:
            self.write(config)
        self.addresses = None
        self.process = None
        self.runs = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process is None:
            return
        if kind is not None:
            self.process.kill()
            self.process.wait(timeout=10)
            print(f"--- the proxy said:\n{self.said()[-8000:]}")
            return
        self.stop()

    def write(self, config):
        """Replaces the configuration file as a whole."""
        text = config if isinstance(config, str) else json.dumps(config, indent=1) + "\n"
        new = self.file.with_name(self.file.name + ".new")
        new.write_text(text)
        new.rename(self.file)

    def start(self):
        self.runs += 1
        address_file = self.dir / f"addresses-{self.runs}.json"
        address_file.unlink(missing_ok=True)
        self.output = self.dir / f"output-{self.runs}.log"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [*self.wrapper, self.binary, "run", "-c", str(self.file),
                 "--address-file", str(address_file)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment())
        eventually(lambda: address_file.exists() or self._ended(), "the address file",
                   START_S * (4 if self.wrapper else 1))  # strace and valgrind are slow
        assert self.process.poll() is None, f"exit {self.process.returncode}: {self.said()}"
        self.addresses = json.loads(address_file.read_text())
        return self

    def _ended(self):
        return self.process.poll() is not None

    def stop(self):
        """SIGTERM, and everything that a clean end means."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=STOP_S)
        self.assert_sane()
        assert code == 0, f"exit {code}: {self.said()[-4000:]}"

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=10)

    def signal(self, number):
        self.process.send_signal(number)

    def assert_sane(self):
        assert not _SANITIZER.search(self.said()), self.said()[-20000:]

    def said(self):
        return self.output.read_text(errors="replace")

    # Addresses and the admin side.
    @property
    def address(self):
        return self.addresses["listeners"]["ingress"]

    @property
    def admin(self):
        return self.addresses["admin"]

    @property
    def admin_url(self):
        return f"http://{self.admin}"

    def connect(self, **keys):
        return Connection(self.address, **keys)

    def fetch(self, target="/shop/item", method="GET", headers=(), body=None):
        return fetch(self.address, target, method, headers, body)

    def api(self, path, method="GET", body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = [("Content-Type", "application/json")] if data is not None else []
        return fetch(self.admin, path, method, headers, data)

    def api_json(self, path, method="GET", body=None, status=200):
        answer = self.api(path, method, body)
        assert answer.status == status, f"{method} {path}: {answer.status} {answer.body[:500]!r}"
        return json.loads(answer.body)

    def metrics(self):
        answer = self.api("/metrics")
        assert answer.status == 200
        return parsed(answer.body.decode())

    def status(self, name="shop"):
        migrations = self.api_json("/v1/status")["migrations"]
        return next(m for m in migrations if m["name"] == name)

    def report(self, name="shop"):
        for one in self.api_json("/v1/report?format=json")["migrations"]:
            if one["name"] == name:
                return one
        return None

    def cli(self, *arguments, **keys):
        return cli(*arguments, BANYAN_ADMIN=self.admin_url, **keys)

    def reload(self, config, percent=None, flag="shop"):
        """Writes and loads `config`; returns when it is in force."""
        self.write(config)
        done = self.cli("reload")
        assert done.returncode == 0, done.stderr
        if percent is not None:
            eventually(lambda: self.percent(flag) == percent, f"{flag} at {percent} %")

    def percent(self, flag="shop"):
        values = [v for n, labels, v in self.metrics()
                  if n == "banyan_flag_percent" and labels.get("flag") == flag]
        return values[0] if values else None

    # Its logs and its size.
    def access_log(self):
        path = self.dir / "access.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def resident_bytes(self, kind="VmRSS"):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(kind + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {kind}")

    def forget_peak(self):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_bytes(self):
        return self.resident_bytes("VmHWM")
