"""Side by side with nginx and HAProxy; see script/bench --help and docs/performance.md."""
import argparse
import dataclasses
import json
import os
import shutil
import sys
import time
from pathlib import Path

import machine
import slices
import tables
from processes import Cpus, DoesNotStart
from rounds import TooManyFaults, collect
from scenarios import SCENARIOS, with_against

ROUNDS = 8
FULL_ROUNDS = 12
NICE = -10
FULL_LONGER = 3  # a slice of a full run is that much longer
PEERS = {"nginx": "/usr/sbin/nginx", "haproxy": "/usr/sbin/haproxy"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def read_arguments():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--json")
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
    return [with_against(s) for s in wanted] if arguments.against else wanted


def programs(arguments):
    found = {"banyan": arguments.banyan,
             "origin": f"{arguments.tools}/bench_origin", "load": f"{arguments.tools}/bench_load",
             **{name: shutil.which(name) or path for name, path in PEERS.items()}}
    if arguments.against:
        found["against"] = arguments.against
    for name, path in found.items():
        if not shutil.which(path):
            say(f"bench: no {name} at {path} (script/setup --only bench, script/bench)")
            sys.exit(1)
    return found


def go_first():
    """Neighbours that are as important would push a proxy off its CPU and out of its caches."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    except PermissionError:
        say("bench: not allowed to go before other processes; their noise will show")


def run(bench, scenario, rounds, longer):
    contenders = {contender.name: contender for contender in scenario.contenders}
    origins = bench.origins(scenario)
    began = time.monotonic()

    def measure(name):
        return slices.measure(bench, scenario, contenders[name], origins, scenario.seconds * longer)
    try:
        kept, thrown_out = collect(list(contenders), measure, rounds, spare=rounds, say=say)
    finally:
        for origin in origins:
            origin.stop()
    say(f"bench: {scenario.name}: {time.monotonic() - began:.0f} s")
    print(f"### {scenario.name}: {scenario.title}\n")
    print(tables.of(scenario, kept) + "\n")
    print("\n".join([tables.conditions(scenario, kept, thrown_out), *scenario.notes]) + "\n", flush=True)
    return {"thrown_out": thrown_out,
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
    go_first()
    bench = slices.Bench(programs(arguments), cpus)
    rounds = arguments.rounds or (ROUNDS if arguments.quick else FULL_ROUNDS)
    about = machine.facts(bench.binaries)
    print(machine.text(about) + "\n", flush=True)
    results = {}
    try:
        for scenario in chosen(arguments):
            results[scenario.name] = run(bench, scenario, rounds,
                                         1 if arguments.quick else FULL_LONGER)
    except (DoesNotStart, TooManyFaults) as fault:
        say(f"bench: {fault}")
        return 1
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"machine": about, "scenarios": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
