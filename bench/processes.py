"""The processes of a measurement: origins, clients, and the proxies, each on its CPU."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from rounds import Faulty

CONFIGS = Path(__file__).resolve().parent / "configs"
START_S = 10
STOP_S = 10
START_ATTEMPTS = 5
POLL_S = 0.01
STILL_S = 0.05     # a proxy whose CPU clock stands for so long has nothing left to do
SETTLE_MAX_S = 10


class DoesNotStart(Exception):
    """A proxy refuses its configuration: trying again would not help."""


class Cpus:
    """One for the proxy alone, another one for everything else."""

    def __init__(self):
        self.allowed = sorted(os.sched_getaffinity(0))
        self.proxy, self.others = self.allowed[0], self.allowed[-1]

    def pin_here(self):
        os.sched_setaffinity(0, {self.others})

    def pin_proxy(self):
        os.sched_setaffinity(0, {self.proxy})


def eventually(fact, what, within_s):
    end = time.monotonic() + within_s
    while not (value := fact()):
        if time.monotonic() > end:
            raise Faulty(f"not within {within_s} s: {what}")
        time.sleep(POLL_S)
    return value


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(directory):
    """crt.pem, key.pem and both.pem, of a curve that all proxies have: P-256."""
    crt, key = directory / "crt.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=shop.test", "-keyout", key, "-out", crt],
                   check=True, capture_output=True)
    (directory / "both.pem").write_text(crt.read_text() + key.read_text())
    for file in directory.iterdir():
        file.chmod(0o644)  # a proxy may have changed its user before it reads


def fetch(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


class Origin:
    """The server behind all proxies; ends with this process."""
    ASKING_TAKES = 1  # connections, for each look at the counts

    def __init__(self, binary, *options):
        self.process = subprocess.Popen([binary, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def counts(self):
        return json.loads(fetch(self.port, "/counts"))

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=STOP_S)


class Http2Origin(Origin):
    ASKING_TAKES = 0

    def counts(self):
        self.process.stdin.write("counts\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Load:
    """The clients: warm when made, measured by go(), their connections stay until stop()."""

    def __init__(self, binary, port, options):
        self.process = subprocess.Popen([binary, "--port", str(port), *map(str, options)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "warm\n":
            raise Faulty(f"the warm-up failed: {self.process.communicate()[1].strip()}")

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Faulty(f"the clients ended: {self.process.communicate()[1].strip()}")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=STOP_S)
        self.process.stdout.close()
        self.process.stderr.close()


class Proxy:
    """A proxy with a configuration made from a template, alone on its CPU."""
    template = ""
    plain = {}  # values of the template where a contender says nothing else

    def __init__(self, binary, directory, cpus, values):
        self.binary, self.dir, self.cpus, self.values = binary, Path(directory), cpus, values
        self.process = None
        self.port = 0

    def start(self):
        for _ in range(START_ATTEMPTS):  # a free port may be somebody else's a moment later
            self.port = free_port()
            self.dir.mkdir(parents=True, exist_ok=True)
            self.dir.chmod(0o755)
            self._write()
            with open(self.dir / "output.log", "wb") as output:
                self.process = subprocess.Popen(
                    self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                    preexec_fn=self.cpus.pin_proxy, env=self.environment())
            eventually(lambda: self.process.poll() is not None or self.is_up(),
                       f"{self.binary} is up", START_S)
            if self.process.poll() is None:
                return self
        raise DoesNotStart(f"{self.binary} does not start: {self.said()}")

    def _write(self):
        text = (CONFIGS / self.template).read_text()
        values = {"DIR": self.dir, "PORT": self.port,
                  "USER": "user root;" if os.geteuid() == 0 else "", **self.plain,
                  **self.values}
        while (place := re.search(r"@([A-Z]+)@", text)):  # a value may have places of its own
            text = text.replace(place[0], str(values[place[1]]))
        self.file.write_text(text)

    @property
    def file(self):
        return self.dir / self.template

    @staticmethod
    def environment():
        return {name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")}

    def command(self):
        raise NotImplementedError

    def is_up(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def said(self):
        return (self.dir / "output.log").read_text(errors="replace")[-1000:].strip()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=STOP_S)
        shutil.rmtree(self.dir, ignore_errors=True)

    def pids(self):
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def cpu_s(self):
        """User and system time of all its threads, also of those that ended. To the nanosecond:
        the clock that clock_getcpuclockid(3) names, not the ticks of /proc/PID/stat."""
        if self.process.poll() is not None:
            raise Faulty(f"{self.binary} ended: {self.said()}")
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in self.pids())

    def settle(self):
        """Until it does nothing any more; what it does after its last answer counts too."""
        end = time.monotonic() + SETTLE_MAX_S
        before = -1.0
        while (now := self.cpu_s()) != before:
            if time.monotonic() > end:
                raise Faulty(f"{self.binary} does not come to rest")
            before = now
            time.sleep(STILL_S)
        return now


class Nginx(Proxy):
    template = "nginx.conf"
    plain = {"LISTEN": "", "MIRROR": "", "PASS": "proxy_pass http://legacy"}

    def command(self):
        return [self.binary, "-p", str(self.dir), "-e", str(self.dir / "error.log"),
                "-c", str(self.file)]


class Haproxy(Proxy):
    template = "haproxy.cfg"
    plain = {"BIND": "", "SERVER": ""}

    def command(self):
        return [self.binary, "-db", "-f", str(self.file)]


class Nghttpx(Proxy):
    template = "nghttpx.conf"
    plain = {"BACKEND": "http/1.1", "KEYS": ""}

    def command(self):
        return [self.binary, f"--conf={self.file}"]


class Banyan(Proxy):
    template = "banyan.yaml"
    plain = {"SHADOW": "off", "PERCENT": 0, "PROTOCOL": "http1", "TLS": ""}

    def command(self):
        self._addresses.unlink(missing_ok=True)
        return [self.binary, "run", "-c", str(self.file), "--address-file", str(self._addresses)]

    @property
    def _addresses(self):
        return self.dir / "addresses.json"

    def is_up(self):
        if not self._addresses.exists():
            return False
        found = json.loads(self._addresses.read_text())
        self.port = int(found["listeners"]["bench"].rpartition(":")[2])
        self.admin_port = int(found["admin"].rpartition(":")[2])
        return True

    def metric(self, name, *labels):
        """The samples of that name that carry all these `key="value"`: {line's beginning: value}."""
        found = {}
        for line in fetch(self.admin_port, "/metrics").splitlines():
            series, _, value = line.rpartition(" ")
            if re.match(r"\w*", series)[0] == name and all(label in series for label in labels):
                found[series] = float(value)
        return found
