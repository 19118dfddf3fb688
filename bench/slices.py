"""One slice: a proxy is started, warmed up, given a fixed number of requests, and stopped. What it
cost counts only if everybody did the whole work."""
import tempfile
from dataclasses import dataclass
from pathlib import Path

from processes import Banyan, Haproxy, Http2Origin, Load, Nghttpx, Nginx, Origin
from rounds import Faulty

KINDS = {"banyan": Banyan, "against": Banyan, "nginx": Nginx, "haproxy": Haproxy,
         "nghttpx": Nghttpx}
ORIGINS = {"origin": Origin, "origin_http2": Http2Origin}
WARM_UP_S = 0.2
WARM_UP_CLOSED = 2_000     # requests, where there is no rate


@dataclass(frozen=True)
class Sample:
    cpu_us: float          # of the proxy, per request
    latency_us: dict       # {"all": {"p50": …}, …}
    late_us: dict          # how late the clients sent, of their own doing or for want of a connection
    connections: float     # that it made to the origins, per 1000 requests
    strangers: float       # share of the proxy's CPU that somebody else had


@dataclass(frozen=True)
class Bench:
    """What all slices share: programs and CPUs."""
    binaries: dict         # by kind; also those of the origins and the clients
    cpus: object
    keys: Path             # the folder of the certificate that the proxies show

    def origins(self, scenario):
        return [ORIGINS[scenario.origin](self.binaries[scenario.origin], *options)
                for options in scenario.origins]


def measure(bench, scenario, contender, origins, seconds):
    legacy, monolith = origins
    values = {"LEGACY": legacy.port, "MONOLITH": monolith.port, "KEYDIR": bench.keys,
              **contender.values}
    with tempfile.TemporaryDirectory(prefix="banyan-bench-") as directory:
        proxy = KINDS[contender.proxy](bench.binaries[contender.proxy], Path(directory) / "proxy",
                                       bench.cpus, values)
        try:
            return _measured(bench, scenario, contender, origins, seconds, proxy.start())
        finally:
            if proxy.process:
                proxy.stop()


def _measured(bench, scenario, contender, origins, seconds, proxy):
    per_second = scenario.rate or scenario.closed_per_s
    requests = int(per_second * seconds)
    warm_up = int(scenario.rate * WARM_UP_S) or WARM_UP_CLOSED
    options = ["--requests", requests, "--warm-up", warm_up, *scenario.request]
    if scenario.rate:
        options += ["--rate", scenario.rate]
    if scenario.upload_bytes:
        options += ["--upload", scenario.upload_bytes]
    load = Load(bench.binaries[scenario.load], proxy.port, options)
    try:
        cpu_before, before = proxy.settle(), [one.counts() for one in origins]
        machine_before = Busy.read(bench.cpus.proxy)
        result = load.go()
        cpu_after = proxy.settle()
        machine = Busy.read(bench.cpus.proxy) - machine_before
        after = [one.counts() for one in origins]
    finally:
        load.stop()
    arrived = [{key: b[key] - a[key] for key in a} for a, b in zip(before, after)]
    check_work(scenario, contender, requests, result, arrived)
    if contender.compared:
        check_compared(proxy, requests + warm_up)
    cpu_s = cpu_after - cpu_before
    connections = sum(one["connections"] - origin.ASKING_TAKES
                      for one, origin in zip(arrived, origins))
    return Sample(cpu_s / requests * 1e6, result["latency_us"], result["late_us"],
                  connections / requests * 1000, machine.strangers(cpu_s))


def check_work(scenario, contender, requests, result, arrived):
    """Equal work for everybody, or the slice is Faulty."""
    legacy, monolith = arrived
    primaries = legacy["requests"] + monolith["requests"]
    body_bytes = legacy["body_bytes"] + monolith["body_bytes"]
    copies = legacy["shadows"] + monolith["shadows"]
    facts = [
        (result["ok"] == requests, f"{result['ok']} right answers"),
        (result["errors"] == 0, f"{result['errors']} errors, the first: {result['first_error']}"),
        (primaries == requests, f"{primaries} requests at the origins"),
        (bool(monolith["requests"]) == scenario.monolith_serves,
         f"{monolith['requests']} requests served by the monolith"),
        (body_bytes == (requests + copies) * scenario.upload_bytes,
         f"uploads of {body_bytes} bytes at the origins"),
        (legacy["bad"] + monolith["bad"] == 0, "bad requests at the origins"),
        (copies == {"none": 0, "all": requests}.get(contender.copies, copies) and
         (copies > 0 or contender.copies == "none"), f"{copies} copies"),
    ]
    for is_so, what in facts:
        if not is_so:
            raise Faulty(f"{contender.name}: {what}, with {requests} requests sent")


def check_compared(proxy, pairs):
    equal = sum(proxy.metric("banyan_comparisons_total", 'verdict="match"').values())
    if equal != pairs:
        others = {**proxy.metric("banyan_comparisons_total"),
                  **proxy.metric("banyan_shadow_skipped_total")}
        raise Faulty(f"{equal:.0f} of {pairs} pairs were found equal: " + ", ".join(
            f"{series} {value:.0f}" for series, value in others.items() if value))


@dataclass(frozen=True)
class Busy:
    """Time that one CPU was not idle, and its share that a hypervisor took, from /proc/stat."""
    busy_s: float
    whole_s: float

    TICKS = 100

    @classmethod
    def read(cls, cpu):
        for line in Path("/proc/stat").read_text().splitlines():
            if line.startswith(f"cpu{cpu} "):
                ticks = [int(field) for field in line.split()[1:9]]
                idle = ticks[3] + ticks[4]
                return cls((sum(ticks) - idle) / cls.TICKS, sum(ticks) / cls.TICKS)
        raise Faulty(f"no cpu{cpu} in /proc/stat")

    def __sub__(self, other):
        return Busy(self.busy_s - other.busy_s, self.whole_s - other.whole_s)

    def strangers(self, own_s):
        return max(0.0, self.busy_s - own_s) / max(self.whole_s, 1e-9)
