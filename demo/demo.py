#!/usr/bin/env python3
"""The main job on real services: a registry in two generations, and npm users that move.

verdaccio 5 plays the small service that is to go, verdaccio 6 the monolith that takes over. Banyan
stands in front of both; npm talks to Banyan and does not know.
"""
import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import packages
from banyan import EXPECTED_DIFFERENCES, Banyan
from narration import Failed, chapter, elapsed, say, show, wait_until
from npm import Crowd, User, publish
from registry import Registry

HERE = Path(__file__).resolve().parent
OUT = HERE / "out"
STEPS = (1, 5, 25, 50, 100)
# Their buckets are spread, so that every step moves somebody: see `banyan route`.
USERS = ("carol", "dana", "ada", "sally", "hedy", "radia")


class Stage:
    """Everything that runs, so that it ends whatever happens."""

    def __init__(self, binary):
        self.work = Path(tempfile.mkdtemp(prefix="banyan-demo-"))
        self.logs = OUT / "logs"
        shutil.rmtree(OUT, ignore_errors=True)
        self.logs.mkdir(parents=True)
        self.binary = binary
        self.legacy = Registry("legacy", self.work, self.logs)
        self.monolith = Registry("monolith", self.work, self.logs)
        self.banyan = None
        self.crowd = None

    def end(self):
        for part in (self.crowd, self.banyan, self.legacy, self.monolith):
            if part:
                part.stop()
        shutil.rmtree(self.work, ignore_errors=True)


def start_registries(stage):
    chapter("Two real services, with the same content")
    for registry in (stage.legacy, stage.monolith):
        registry.start()
    for registry, role in ((stage.legacy, "legacy"), (stage.monolith, "monolith")):
        registry.wait()
        say(f"verdaccio {registry.version} runs as the {role} at {registry.url}")
    workspaces = packages.write_all(stage.work)
    problems = []

    def fill(registry, home):
        try:
            publish(workspaces, registry.url, stage.work / home)
        except Failed as problem:
            problems.append(problem)
    threads = [threading.Thread(target=fill, args=(stage.legacy, "publisher-1")),
               threading.Thread(target=fill, args=(stage.monolith, "publisher-2"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    say(f"npm has published {packages.count()} versions of {len(packages.PACKAGES)} packages to both")


def start_banyan(stage):
    chapter("Banyan in front: everybody stays on legacy, everything is copied to the monolith")
    stage.banyan = Banyan(stage.binary, stage.work, stage.logs, stage.legacy, stage.monolith)
    stage.banyan.write(percent=0)
    stage.banyan.start()
    say(f"Banyan runs at {stage.banyan.url}, its admin side at {stage.banyan.admin}")
    stage.users = [User(name, stage.work / "users", stage.banyan.url) for name in USERS]


def wait_for_comparisons(stage):
    """Until every exchange is compared: no count has moved for a moment."""
    last = [None, time.monotonic()]

    def still():
        now = stage.banyan.verdicts()
        if now != last[0]:
            last[:] = [now, time.monotonic()]
        return time.monotonic() - last[1] > 0.5
    wait_until(still, "all copies are compared")
    return last[0]


def leave_report(stage, name):
    text = stage.banyan.report("text")
    (OUT / f"{name}.txt").write_text(text)
    (OUT / f"{name}.json").write_text(stage.banyan.report("json"))
    return text


def differing_places(stage):
    """{(path, kind): count} of the report."""
    found = {}
    for migration in json.loads(stage.banyan.report("json"))["migrations"]:
        for endpoint in migration["endpoints"]:
            for place in endpoint["differences"]:
                key = place["path"], place["kind"]
                found[key] = found.get(key, 0) + place["count"]
    return found


def first_report(stage):
    say("npm installs, views and searches; each user starts with an empty cache")
    crowd = stage.crowd = Crowd(stage.users, packages.WANTED)
    wait_until(lambda: crowd.finished(0), "every user has installed once", 60)
    crowd.stop()
    assert_installs(crowd)
    for arguments in (["view", packages.WANTED, "--json"], ["search", "shop"], ["ping"],
                      ["dist-tag", "ls", "@shop/money"]):
        done = stage.users[0].run(arguments)
        if done.returncode != 0:
            raise Failed(f"npm {' '.join(arguments)}: {done.stderr}")
    verdicts = wait_for_comparisons(stage)
    if not verdicts.get("mismatch"):
        raise Failed(f"two registries can not agree on every revision, but: {verdicts}")
    text = leave_report(stage, "report-at-0-percent")
    assert_only(stage, "legacy", stage.banyan.served())
    chapter("What differs (banyan report)")
    show(text, 24)
    say(f"compared: {told(verdicts)}; all users were served by legacy and noticed nothing")
    for (path, kind), count in sorted(differing_places(stage).items(), key=lambda x: -x[1])[:8]:
        say(f"  {path} ({kind}), {count} times")


def told(verdicts):
    return ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in
                     sorted(verdicts.items(), key=lambda item: -item[1]) if count)


def ignore_what_is_expected(stage):
    chapter("Times, revisions and the ETags made of them are each registry's own")
    stage.banyan.ignore = EXPECTED_DIFFERENCES
    stage.banyan.write(percent=0)
    stage.banyan.command("reload")
    say(f"compare.ignore is now {', '.join(EXPECTED_DIFFERENCES)}; the count starts afresh")


def ramp(stage):
    chapter("Users move by editing one number, while they install")
    stage.crowd = Crowd(stage.users, packages.WANTED)
    moved = set()
    for percent in STEPS:
        began = time.monotonic()
        stage.banyan.write(percent)
        stage.banyan.wait_for_percent(percent)
        in_force = time.time()
        took = time.monotonic() - began
        here = stage.crowd.new_round()
        wait_until(lambda: stage.crowd.finished(here), f"all have installed at {percent} %", 60)
        arms = {u.name: stage.banyan.route(u.sticky)["arm"] for u in stage.users}
        on_monolith = [name for name, arm in arms.items() if arm == "monolith"]
        if not moved <= set(on_monolith):
            raise Failed(f"somebody went back at {percent} %: {moved - set(on_monolith)}")
        moved = set(on_monolith)
        entries = stage.banyan.served(since=in_force)
        assert_follows_buckets(entries, percent)
        assert_installs(stage.crowd)
        say(f"{percent:3} %, in force {took * 1000:.0f} ms after the file was replaced: "
            f"{', '.join(on_monolith) or 'nobody'} on the monolith; "
            f"{sum(e['arm'] == 'monolith' for e in entries)} of {len(entries)} requests, 0 failed")


def rollback(stage):
    chapter("At 100 %, something is wrong: back")
    seen = stage.monolith.last_request_of_a_user()
    wait_until(lambda: stage.monolith.last_request_of_a_user() != seen,
               "the monolith is being asked right now")
    began = time.time()
    told_by_command = stage.banyan.command("rollback", "registry", "--reason",
                                           "the demo pretends that prices are wrong")
    answered = time.time()
    here = stage.crowd.new_round()
    wait_until(lambda: stage.crowd.finished(here), "all have installed after the rollback", 60)
    show(told_by_command, 5)
    say(f"banyan rollback registry was answered after {(answered - began) * 1000:.0f} ms")
    assert_only(stage, "legacy", stage.banyan.served(since=answered))
    last = stage.monolith.last_request_of_a_user()
    say(f"the last request of a user reached the monolith {abs(last - answered) * 1000:.0f} ms "
        f"{'before' if last <= answered else 'after'} that answer (by the monolith's own log)")
    if last > answered:
        raise Failed("a request reached the monolith after the rollback was answered")
    assert_installs(stage.crowd)
    stage.crowd.stop()
    say("everybody installs from legacy again; the latch holds until `banyan rearm registry`")
    migration = stage.banyan.migration()
    if not migration["latched"]:
        raise Failed(f"the status does not show the latch: {migration}")


def last_report(stage):
    chapter("The report again")
    verdicts = wait_for_comparisons(stage)
    text = leave_report(stage, "report")
    show(text, 20)
    say(f"compared: {told(verdicts)}")
    say("where npm asks again with the ETag that it was given, no copy is sent: only the arm that "
        "gave it can say 304 Not Modified")
    if not verdicts.get("match"):
        raise Failed("nothing matched")
    say(f"the reports are in {OUT.relative_to(HERE.parent)}/: report.txt, report.json, and "
        "report-at-0-percent.* from the beginning")


def assert_installs(crowd):
    for failure in crowd.failures():
        raise Failed(f"npm install of {failure.user} failed: {failure.stderr[-1500:]}")


def assert_only(stage, arm, entries):
    wrong = [e for e in entries if e["arm"] != arm]
    if wrong or not entries:
        raise Failed(f"not everybody was served by {arm}: {wrong[:3]}")
    assert_no_errors(entries)


def assert_no_errors(entries):
    failed = [e for e in entries if e["status"] >= 500 or e["status"] == 0 or e.get("error")]
    if failed:
        raise Failed(f"{len(failed)} failed requests, the first: {failed[0]}")


def assert_follows_buckets(entries, percent):
    assert_no_errors(entries)
    for entry in entries:
        if "bucket" in entry:
            expected = "monolith" if entry["bucket"] < percent * 1000 else "legacy"
            if entry["arm"] != expected:
                raise Failed(f"bucket {entry['bucket']} at {percent} % on {entry['arm']}")


def summary(stage):
    chapter("The result")
    entries = stage.banyan.served()
    assert_no_errors(entries)
    say(f"{len(stage.crowd.done)} installs during the ramp and the rollback, 0 failed; "
        f"{len(entries)} requests in all, 0 failed; {elapsed():.0f} s")


def stay(stage):
    chapter("Everything keeps running; Ctrl-C ends it")
    print(f"""
  npm view storefront --registry {stage.banyan.url}
  {stage.binary} status --admin {stage.banyan.admin}
  {stage.binary} report --admin {stage.banyan.admin}
  {stage.binary} rearm registry --admin {stage.banyan.admin}
  edit {stage.banyan.file} (flags: registry) and watch {stage.logs}/access.jsonl
""", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("ending")


def run(arguments):
    stage = Stage(os.path.abspath(arguments.banyan))
    try:
        start_registries(stage)
        start_banyan(stage)
        first_report(stage)
        ignore_what_is_expected(stage)
        ramp(stage)
        rollback(stage)
        last_report(stage)
        summary(stage)
        if arguments.stay:
            stay(stage)
    finally:
        stage.end()


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--banyan", default=str(HERE.parent / "build/release/banyan"),
                        help="the binary")
    parser.add_argument("--stay", action="store_true", help="keep everything running at the end")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupted)
    try:
        run(arguments)
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    except Exception as problem:  # whatever it is, say where to look
        print(f"\ndemo: FAILED: {type(problem).__name__}: {problem}\n"
              f"demo: logs are in {OUT / 'logs'}", file=sys.stderr)
        return 1
    say("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
