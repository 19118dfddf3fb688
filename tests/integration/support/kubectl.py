"""A stand-in for kubectl: a few processes of Banyan are the pods, a file is the API server.

As a program it is `kubectl`, and refuses whatever the real one would not understand; a test uses
Cluster. State is one JSON file that every call locks. tests/integration/test_workload_kubectl.py holds it
to the real one.
"""
import argparse
import fcntl
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from .container import run_in


class Cluster:
    def __init__(self, directory, binary):
        self.file = directory / "cluster.json"
        self.calls = directory / "kubectl.log"
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.write({"pods": {}, "configmap": {"data": {}, "version": 1}, "binary": binary,
                    "unlisted": 0, "conflicts": 0, "meanwhile": None})
        program = self.bin / "kubectl"
        program.write_text(f'#!/bin/sh\nexport PYTHONPATH="{Path(__file__).resolve().parents[1]}"\n'
                           'exec /usr/bin/python3 -m support.kubectl "$@"\n')
        program.chmod(0o755)

    def write(self, state):
        self.file.write_text(json.dumps(state))

    def read(self):
        return json.loads(self.file.read_text())

    @contextmanager
    def changed(self):
        state = self.read()
        yield state
        self.write(state)

    def add_pod(self, name, admin, **seen):
        """`admin`: where its Banyan listens, or {"process": ID, "environment": {…}} of its container; `seen`:
        what the API server knows of the pod, as in pod_as_json."""
        with self.changed() as state:
            state["pods"][name] = {"admin": admin, **seen}

    @staticmethod
    def pods_of(state, field_selector):
        """What the API server answers to one look at the pods, and what changes until the next."""
        items = [pod_as_json(name, **pod) for name, pod in sorted(state["pods"].items())
                 if not pod.get("listed_after")]
        for pod in state["pods"].values():
            for count in ("listed_after", "runs_after"):
                pod[count] = max(0, pod.get(count, 0) - 1)
        return [one for one in items if fits(field_selector, one)]

    @staticmethod
    def configmap_of(state):
        """The same for the ConfigMap: `meanwhile` is what somebody else writes right after this look."""
        configmap = state["configmap"]
        shown = {"apiVersion": "v1", "kind": "ConfigMap", "data": dict(configmap["data"]),
                 "metadata": {"name": "banyan-flags", "resourceVersion": str(configmap["version"])}}
        if state["meanwhile"]:
            configmap["data"]["rollback.json"] = state.pop("meanwhile")
            configmap["version"] += 1
            state["meanwhile"] = None
        return shown

    @staticmethod
    def patched(state, patch):
        """Whether the patch was taken; else somebody was faster."""
        configmap = state["configmap"]
        if state["conflicts"]:
            state["conflicts"] -= 1
            configmap["version"] += 1
        if patch["metadata"]["resourceVersion"] != str(configmap["version"]):
            return False
        configmap["data"].update(patch["data"])
        configmap["version"] += 1
        return True

    def environment(self, path=""):
        return {**os.environ, "PATH": f"{self.bin}:{path}:/usr/bin:/bin", "STAND_IN": str(self.file),
                "NO_COLOR": "1"}

    def run(self, script, *arguments, path=""):
        return subprocess.run([script, *arguments], capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, env=self.environment(path), check=False)


def fits(field_selector, pod):
    for part in field_selector.split(","):
        differs, value = re.fullmatch(r"status\.phase(!?)=(\w+)", part).groups()
        if (pod["status"]["phase"] == value) == bool(differs):
            return False
    return True


def pod_as_json(name, runs_after=0, phase=None, node="n-1", deleted=False, native=True, **_):
    """`runs_after`: so many looks until its Banyan runs; `native`: as a sidecar, not as a container."""
    metadata = {"name": name, "namespace": "shop"}
    if deleted:
        metadata |= {"deletionTimestamp": "2026-11-23T12:00:00Z", "deletionGracePeriodSeconds": 60}
    runs = {"running": {"startedAt": "2026-11-23T12:00:00Z"}}
    waits = {"waiting": {"reason": "PodInitializing"}}
    status = {"phase": phase or ("Pending" if runs_after or not node else "Running")}
    if node:
        banyan = {"name": "banyan", "state": waits if runs_after else runs}
        app = {"name": "app", "state": waits if status["phase"] == "Pending" else runs}
        status |= ({"initContainerStatuses": [banyan], "containerStatuses": [app]} if native
                   else {"containerStatuses": [banyan]})
    spec = {"nodeName": node} if node else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


_FILTERED = re.compile(r'\[\?\(@\.(\w+)=="([^"]*)"\)\]')


def jsonpath(template, value):
    """The part of kubectl's that is used here: {range .items[*]}, {.a.b\\.c}, [?(@.a=="b")], {"text"}."""
    before, found, rest = template.partition("{range .items[*]}")
    if found:
        body, _, after = rest.partition("{end}")
        return (jsonpath(before, value) + "".join(jsonpath(body, item) for item in value["items"])
                + jsonpath(after, value))
    return re.sub(r'\{("[^"]*"|[^"{}]*(?:"[^"]*"[^"{}]*)*)\}', lambda one: _one_value(one[1], value), template)


def _one_value(expression, value):
    if expression.startswith('"'):
        return json.loads(expression)
    assert expression.startswith("."), expression
    names = _FILTERED.sub(r".\1=\2", expression).replace("\\.", "\0")[1:].split(".")
    for name in (one.replace("\0", ".") for one in names):
        key, _, wanted = name.partition("=")
        if wanted:
            value = next((one for one in value or [] if one.get(key) == wanted), None)
        else:
            value = (value or {}).get(name)
    return "" if value is None else value


@contextmanager
def locked(path):
    with open(path, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        state = json.load(file)
        try:
            yield state
        finally:
            file.seek(0)
            file.truncate()
            json.dump(state, file)


def _parser():
    parser = argparse.ArgumentParser(prog="kubectl", allow_abbrev=False)
    parser.add_argument("--namespace")
    verbs = parser.add_subparsers(dest="verb", required=True)
    get = verbs.add_parser("get", allow_abbrev=False)
    get.add_argument("kind", choices=["pods", "configmap"])
    get.add_argument("name", nargs="?")
    get.add_argument("--selector")
    get.add_argument("--field-selector")
    get.add_argument("--output")
    patch = verbs.add_parser("patch", allow_abbrev=False)
    patch.add_argument("kind", choices=["configmap"])
    patch.add_argument("name")
    for option in ("--type", "--field-manager", "--patch"):
        patch.add_argument(option, required=True)
    run = verbs.add_parser("exec", allow_abbrev=False)
    run.add_argument("pod")
    run.add_argument("--container", required=True)
    return parser


def get_pods(words):
    assert words.selector
    with locked(os.environ["STAND_IN"]) as state:
        if state["unlisted"]:
            state["unlisted"] -= 1
            sys.exit("Unable to connect to the server: net/http: TLS handshake timeout")
        items = Cluster.pods_of(state, words.field_selector)
    if words.output == "name":
        print("".join(f"pod/{item['metadata']['name']}\n" for item in items), end="")
        return
    print(jsonpath(words.output.removeprefix("jsonpath="), {"items": items}), end="")


def get_configmap(words):
    with locked(os.environ["STAND_IN"]) as state:
        shown = Cluster.configmap_of(state)
    print(jsonpath(words.output.removeprefix("jsonpath="), shown), end="")


def patch_configmap(words):
    assert words.type == "merge" and words.field_manager
    with locked(os.environ["STAND_IN"]) as state:
        if not Cluster.patched(state, json.loads(words.patch)):
            sys.exit("Error from server (Conflict): the object has been modified")
    print(f"configmap/{words.name} patched")


def run_in_pod(words, command):
    with locked(os.environ["STAND_IN"]) as state:
        pod, binary = state["pods"].get(words.pod.removeprefix("pod/")), state["binary"]
    if pod is None:
        sys.exit(f'Error from server (NotFound): pods "{words.pod}" not found')
    admin = pod["admin"]
    assert command[0] == "banyan"
    if isinstance(admin, dict):
        done = run_in(admin["process"], command, env={**os.environ, **admin["environment"]})
        print(done.stdout, end="")
        print(done.stderr, end="", file=sys.stderr)
    else:
        done = subprocess.run([binary, *command[1:]], env={**os.environ, "BANYAN_ADMIN": admin},
                              check=False)
    if done.returncode:
        print(f"command terminated with exit code {done.returncode}", file=sys.stderr)
    sys.exit(done.returncode)


def main():
    arguments, command = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, command = arguments[:at], arguments[at + 1:]
    words = _parser().parse_args(arguments)
    if words.verb == "exec":
        run_in_pod(words, command)
    elif words.verb == "patch":
        patch_configmap(words)
    elif words.kind == "pods":
        get_pods(words)
    else:
        get_configmap(words)


if __name__ == "__main__":
    main()
