"""Banyan in front of both registries: its configuration, its process, its commands."""
import json
import subprocess
from datetime import datetime

from narration import Failed, wait_until

# The places that any two registries fill in on their own: when, which revision, which hash of that.
EXPECTED_DIFFERENCES = ["$.time", "$.modified", "$._rev", "$.objects[*].package.time",
                        "header:etag"]

_CONFIG = """\
state_dir: {dir}/state
admin: {{ bind: "127.0.0.1:0" }}
health: {{ bind: "127.0.0.1:0" }}
log: {{ level: info, access: {{ path: {logs}/access.jsonl, format: json }} }}
drain: {{ delay: 100ms, timeout: 10s }}
reload: {{ watch: true, debounce: 50ms }}
listeners:
  - {{ name: ingress, bind: "127.0.0.1:0" }}
upstreams:
  registry-legacy: {{ endpoints: ["{legacy}"] }}
  registry-monolith: {{ endpoints: ["{monolith}"] }}
migrations:
  - name: registry
    match: [ {{ path_prefix: / }} ]
    legacy: registry-legacy
    monolith: registry-monolith
    sticky: [ {{ header: user-agent }} ]
    shadow: {{ sample: 100 }}
    compare: {{ ignore: {ignore}, reask: {{ rate: 50/s, share: 100 }} }}
flags:
  registry: {percent}
"""


VERDICTS = ("match", "noise", "transient", "mismatch", "not_comparable")


class Banyan:
    def __init__(self, binary, directory, logs, legacy, monolith):
        self.binary, self.dir, self.logs = binary, directory, logs
        self.arms = {"legacy": legacy.address, "monolith": monolith.address}
        self.file = directory / "banyan.yaml"
        self.ignore = []
        self.process = None

    # The configuration: one number of it is edited to move the users.
    def write(self, percent):
        """Replaces the file as a whole, as an editor or a deployment does."""
        new = self.dir / "banyan.yaml.new"
        new.write_text(_CONFIG.format(dir=self.dir, logs=self.logs, percent=percent,
                                      ignore=json.dumps(self.ignore), **self.arms))
        new.rename(self.file)

    def start(self):
        addresses = self.dir / "addresses.json"
        with open(self.logs / "banyan.log", "wb") as output:
            self.process = subprocess.Popen(
                [self.binary, "run", "-c", str(self.file), "--address-file", str(addresses)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        wait_until(lambda: addresses.exists() or self.process.poll() is not None, "Banyan is ready")
        if self.process.poll() is not None:
            raise Failed(f"banyan run ended with exit {self.process.returncode}")
        told = json.loads(addresses.read_text())
        self.url = f"http://{told['listeners']['ingress']}"
        self.admin = f"http://{told['admin']}"

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            if self.process.wait(timeout=30) != 0:
                raise Failed(f"Banyan did not end cleanly: exit {self.process.returncode}")

    # Commands, as an operator types them.
    def command(self, *arguments, accepted=(0,)):
        done = subprocess.run([self.binary, *arguments, "--admin", self.admin],
                              capture_output=True, text=True, timeout=30, check=False,
                              stdin=subprocess.DEVNULL)
        if done.returncode not in accepted:
            raise Failed(f"banyan {' '.join(arguments)}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def route(self, sticky):
        done = subprocess.run(
            [self.binary, "route", "-c", str(self.file), "--method", "GET", "--url",
             "http://registry.test/storefront", "-H", f"user-agent: {sticky}", "--format", "json"],
            capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failed(f"banyan route: {done.stderr}")
        return json.loads(done.stdout)

    def migration(self):
        status = json.loads(self.command("status", "--format", "json"))
        return next(m for m in status["migrations"] if m["name"] == "registry")

    def wait_for_percent(self, percent):
        wait_until(lambda: self.migration()["percent"] == percent, f"{percent} % is in force")

    def report(self, kind):
        return self.command("report", "--format", kind)

    def verdicts(self):
        """{verdict: count} over both directions."""
        sums = {}
        for migration in json.loads(self.report("json"))["migrations"]:
            for counts in migration["directions"].values():
                for verdict in VERDICTS:
                    sums[verdict] = sums.get(verdict, 0) + counts[verdict]
        return sums

    # What it has served, from its access log.
    def served(self, since=0.0):
        """Entries of users' exchanges whose request came at `since` or later."""
        entries = []
        with open(self.logs / "access.jsonl", encoding="utf-8") as log:
            for line in log:
                if not line.endswith("\n"):
                    break  # still being written
                entry = json.loads(line)
                entry["time"] = datetime.fromisoformat(entry["at"]).timestamp()
                if entry["role"] == "primary" and entry["time"] >= since:
                    entries.append(entry)
        return entries
