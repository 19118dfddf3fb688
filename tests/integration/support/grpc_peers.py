"""gRPC clients and servers of other makers: Python's grpcio and Node.js's @grpc/grpc-js.

The programs and the cases are in ../interop. Each peer is a process of its own.
"""
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .wait import eventually

HERE = Path(__file__).resolve().parents[1] / "interop"
COMMANDS = {"python": [sys.executable, "interop.py"], "node": ["node", "interop.js"]}
SERVICE = "grpc.testing.TestService"
CASES = (
    "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong",
    "empty_stream", "timeout_on_sleeping_server", "cancel_after_begin",
    "cancel_after_first_response", "status_code_and_message", "special_status_message",
    "custom_metadata", "unimplemented_method", "unimplemented_service")
START_S = 60  # of a runtime, on a machine that has other things to do
CALLS_S = 300


def need(*languages):
    """Skips the test, with the reason, where one of them can not run."""
    for language in languages:
        reason = _missing(language)
        if reason is not None:
            pytest.skip(f"NOT TESTED with {language}: {reason} (script/setup --only test)")


def _missing(language):
    if language == "python":
        return None if importlib.util.find_spec("grpc") else "no python3-grpcio"
    if shutil.which("node") is None:
        return "no node"
    there = (HERE / "node_modules/@grpc/grpc-js").is_dir()
    return None if there else f"no npm packages in {HERE.name}/"


class Server:
    """with Server("node", "legacy", tmp_path) as legacy: …"""

    def __init__(self, language, name, directory):
        self.command = [*COMMANDS[language], "serve", name]
        self.name = name
        self.output = directory / f"grpc-{name}.log"

    def __enter__(self):
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(self.command, cwd=HERE, stdin=subprocess.PIPE,
                                            stdout=output, stderr=output)
        eventually(lambda: self.said("listening") or self.process.poll() is not None,
                   f"{self.name} listens", START_S)
        assert self.process.poll() is None, self.output.read_text()
        self.address = "127.0.0.1:" + self.said("listening")[0]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=20)

    def said(self, word):
        """What stands behind `word`, of each line that begins with it."""
        lines = self.output.read_text().splitlines()
        return [line.partition(" ")[2] for line in lines if line.startswith(word + " ")]

    def begun(self):
        return len(self.said("call")) + len(self.said("copy"))

    def is_done(self):
        """Whether every call that began is over, however it ended."""
        return self.begun() == len(self.said("over"))


def run_cases(language, address, cases=CASES):
    """The results, one dict for each case."""
    done = subprocess.run([*COMMANDS[language], "call", address, *cases], cwd=HERE,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=CALLS_S, check=False)
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [r["case"] for r in results] == list(cases), done.stdout + done.stderr
    return results
