"""Side by side with nginx, HAProxy and nghttpx; see script/bench --help and docs/performance.md."""
import argparse
import contextlib
import dataclasses
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import machine
import slices
import tables
from processes import Cpus, DoesNotStart, make_certificate
from rounds import TooManyFaults, collect
from scenarios import SCENARIOS, alone, with_against

ROUNDS = 12
FULL_ROUNDS = 16
NICE = -10
FULL_LONGER = 4  # a slice of a full run is that much longer
PEERS = {name: f"/usr/sbin/{name}" for name in ("nginx", "haproxy", "nghttpx")}
TOOLS = ("origin", "origin_http2", "load", "load_http2")


def say(text):
    print(text, file=sys.stderr, flush=True)


def read_arguments():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--json")
    parser.add_argument("--into")
    parser.add_argument("--banyan", default="build/release/banyan")
    parser.add_argument("--against")
    parser.add_argument("--tools", default="build/release/bench")
    return parser.parse_args()


def chosen(arguments):
    unknown = set(arguments.only) - {scenario.name for scenario in SCENARIOS}
    if unknown:
        say(f"bench: no such scenario: {', '.join(sorted(unknown))} (--list)")
        sys.exit(2)
    wanted = [s for s in SCENARIOS if
              (s.name in arguments.only if arguments.only else not (arguments.quick and s.full_only))]
    if arguments.alone:
        wanted = [alone(s) for s in wanted]
    return [with_against(s) for s in wanted] if arguments.against else wanted


def programs(arguments, scenarios):
    """The binaries that are needed, by kind."""
    found = {"banyan": arguments.banyan, "against": arguments.against,
             **{name: f"{arguments.tools}/bench_{name}" for name in TOOLS},
             **{name: shutil.which(name) or path for name, path in PEERS.items()}}
    needed = {name for s in scenarios for name in (s.origin, s.load, *(c.proxy for c in s.contenders))}
    for name in sorted(needed):
        if not shutil.which(found[name]):
            say(f"bench: no {name} at {found[name]} (script/bench builds and installs what it needs)")
            sys.exit(1)
    return {name: found[name] for name in needed}


@contextlib.contextmanager
def before_others(scenario):
    """Whoever else runs would push a proxy off its CPU and out of its caches. For latencies not even
    a tick of the scheduler may pass until a proxy is back. Not for CPU time: there a CPU can be
    saturated, and a thread that compares would starve behind the one that serves, since real-time
    threads of one priority do not share."""
    try:
        if scenario.latency_of:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        else:
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
    except PermissionError:
        say("bench: not allowed to go before other processes; their noise will show")
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def run(bench, scenario, rounds, seconds):
    contenders = {contender.name: contender for contender in scenario.contenders}
    origins = bench.origins(scenario)
    began = time.monotonic()

    def measure(name):
        return slices.measure(bench, scenario, contenders[name], origins, seconds)
    try:
        kept, thrown_out = collect(list(contenders), measure, rounds, spare=rounds, say=say)
    finally:
        for origin in origins:
            origin.stop()
    say(f"bench: {scenario.name}: {time.monotonic() - began:.0f} s")
    text = tables.section(scenario, kept, thrown_out)
    print(text, flush=True)
    return {"text": text, "thrown_out": thrown_out,
            "rounds": [{name: dataclasses.asdict(sample) for name, sample in one.items()}
                       for one in kept]}


def main():
    arguments = read_arguments()
    if arguments.list:
        for scenario in SCENARIOS:
            print(f"{scenario.name:16} {scenario.title}" + (" (not in --quick)" if scenario.full_only
                                                            else ""))
        return 0
    cpus = Cpus()
    if len(cpus.allowed) < 2:
        say("bench: needs two CPUs, one for the proxy alone")
        return 1
    cpus.pin_here()
    scenarios = chosen(arguments)
    if arguments.into and tables.FIGURES not in Path(arguments.into).read_text():
        say(f"bench: {arguments.into} has no line {tables.FIGURES.strip()!r}")
        return 2
    with tempfile.TemporaryDirectory(prefix="banyan-bench-keys-") as keys:
        make_certificate(Path(keys))
        return measure_all(slices.Bench(programs(arguments, scenarios), cpus, Path(keys)), scenarios,
                           arguments)


def measure_all(bench, scenarios, arguments):
    rounds = arguments.rounds or (ROUNDS if arguments.quick else FULL_ROUNDS)
    about = machine.facts(bench.binaries)
    print(machine.text(about), flush=True)
    results = {}
    try:
        for scenario in scenarios:
            seconds = scenario.seconds * (1 if arguments.quick else FULL_LONGER)
            with before_others(scenario):
                results[scenario.name] = run(bench, scenario, rounds, arguments.seconds or seconds)
    except (DoesNotStart, TooManyFaults) as fault:
        say(f"bench: {fault}")
        return 1
    if arguments.into:
        page = Path(arguments.into)
        page.write_text(tables.with_figures(page.read_text(), "\n".join(
            [machine.text(about), *(result["text"] for result in results.values())])))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"machine": about, "scenarios": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
