"""A stand-in for kubectl: a few processes of Banyan are the pods, a file is the API server.

As a program it is `kubectl`, and refuses whatever the real one would not understand; a test uses
Cluster. State is one JSON file that every call locks.
"""
import argparse
import fcntl
import json
import os
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
                    "late_pods": {}, "conflicts": 0})
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

    def add_pod(self, name, admin, late=False):
        """`admin`: where its Banyan listens, or {"process": ID, "environment": {…}} of its container.
        `late`: it is listed from the second look on."""
        with self.changed() as state:
            state["late_pods" if late else "pods"][name] = admin

    def environment(self, path=""):
        return {**os.environ, "PATH": f"{self.bin}:{path}:/usr/bin:/bin", "STAND_IN": str(self.file),
                "NO_COLOR": "1"}

    def run(self, script, *arguments, path=""):
        return subprocess.run([script, *arguments], capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, env=self.environment(path), check=False)


@contextmanager
def _state():
    with open(os.environ["STAND_IN"], "r+", encoding="utf-8") as file:
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
    assert words.selector and words.output == "name"
    assert words.field_selector == "status.phase=Running"
    with _state() as state:
        names = list(state["pods"])
        state["pods"].update(state.pop("late_pods"))
        state["late_pods"] = {}
    for name in names:
        print(f"pod/{name}")


def get_configmap(words):
    with _state() as state:
        configmap = state["configmap"]
    shown = {"jsonpath={.metadata.resourceVersion}": str(configmap["version"]),
             "jsonpath={.data.rollback\\.json}": configmap["data"].get("rollback.json", "")}
    print(shown[words.output], end="")


def patch_configmap(words):
    assert words.type == "merge" and words.field_manager
    patch = json.loads(words.patch)
    with _state() as state:
        configmap = state["configmap"]
        if state["conflicts"]:
            state["conflicts"] -= 1
            configmap["version"] += 1  # somebody was faster
        if patch["metadata"]["resourceVersion"] != str(configmap["version"]):
            sys.exit("Error from server (Conflict): the object has been modified")
        configmap["data"].update(patch["data"])
        configmap["version"] += 1
    print(f"configmap/{words.name} patched")


def run_in_pod(words, command):
    with _state() as state:
        admin, binary = state["pods"].get(words.pod.removeprefix("pod/")), state["binary"]
    if admin is None:
        sys.exit(f'Error from server (NotFound): pods "{words.pod}" not found')
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
