"""The server and the clients of script/bench, against each other: they count and check right."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from support.http import fetch
from support.proxy import ROOT, binary

TOOLS = Path(binary()).parent / "bench"
DRIVER = ROOT / "bench" / "bench.py"


class Origin:
    tool = "bench_origin"

    def __init__(self, *options):
        self.process = subprocess.Popen([TOOLS / self.tool, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def counts(self):
        return json.loads(fetch(f"127.0.0.1:{self.port}", "/counts").body)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0, "it ends with its stdin"
        self.process.stdout.close()


def load(port, *options, between=lambda: None, tool="bench_load"):
    """What the clients reported; `between` is called when they are warm."""
    with subprocess.Popen([TOOLS / tool, "--port", str(port), *map(str, options)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "warm\n"
        between()
        process.stdin.write("go\n")
        process.stdin.flush()
        report = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(timeout=10) == 0
        return report


class Http2Origin(Origin):
    tool = "bench_origin_http2"

    def counts(self):
        self.process.stdin.write("counts\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Wrong:
    """A server whose every answer is the same bytes."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with sock:
            try:
                while sock.recv(65536):
                    if not self.answer:
                        return
                    sock.sendall(self.answer)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.mark.parametrize("options, body_bytes, connections", [
    ([], 0, 4),
    (["--rate", 2000], 0, 4),
    (["--answer", 0], 0, 4),
    (["--answer", 300_000], 0, 4),
    (["--upload", 300_000, "--answer", 64], 300_000, 4),
    (["--new-connections"], 0, 500),
])
def test_both_count_the_same(options, body_bytes, connections):
    with Origin("--name", "legacy") as origin:
        before = {}
        report = load(origin.port, "--requests", 500, "--warm-up", 100, "--connections", 4, *options,
                      between=lambda: before.update(origin.counts()))
        after = origin.counts()
    assert (report["ok"], report["errors"], report["first_error"]) == (500, 0, "")
    assert before["requests"] == 100
    assert after["requests"] - before["requests"] == 500
    assert after["body_bytes"] - before["body_bytes"] == 500 * body_bytes
    assert (after["shadows"], after["bad"]) == (0, 0)
    # One more asks for the counts.
    opened = after["connections"] - (before["connections"] if "--new-connections" in options else 0)
    assert opened == connections + (1 if "--new-connections" in options else 2)
    latency = report["latency_us"]
    assert latency["all"]["count"] == latency["legacy"]["count"] == 500
    assert 0 < latency["all"]["p50"] <= latency["all"]["p99"] <= latency["all"]["max"]


@pytest.mark.parametrize("options, body_bytes", [
    ([], 0),
    (["--streams", 25], 0),
    (["--answer", 0], 0),
    (["--grpc", "--upload", 128, "--streams", 25], 128),
    (["--grpc", "--upload", 5, "--answer", 5], 5),
    (["--upload", 300_000, "--answer", 300_000, "--streams", 7], 300_000),
])
def test_both_count_the_same_in_http2(options, body_bytes):
    with Http2Origin() as origin:
        before = {}
        report = load(origin.port, "--requests", 500, "--warm-up", 100, "--connections", 4, *options,
                      between=lambda: before.update(origin.counts()), tool="bench_load_http2")
        after = origin.counts()
    assert (report["ok"], report["errors"], report["first_error"]) == (500, 0, "")
    assert before["requests"] == 100
    assert after["requests"] - before["requests"] == 500
    assert after["body_bytes"] - before["body_bytes"] == 500 * body_bytes
    assert (after["shadows"], after["bad"], after["connections"]) == (0, 0, 4)


def http2_frame(kind, flags, stream, payload=b""):
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
            + payload)


STATUS_200, STATUS_503 = b"\x88", b"\x08\x03503"


@pytest.mark.parametrize("frames, problem", [
    ([(1, 4, 1, STATUS_503), (0, 1, 1, b"  ")], "another status"),
    ([(1, 4, 1, STATUS_200), (0, 1, 1, b"xx")], "another body"),
    ([(1, 4, 1, STATUS_200), (0, 1, 1, b" ")], "another length"),
    ([(1, 4, 1, STATUS_200), (0, 1, 1, b"   ")], "bytes after the body"),
    ([(1, 4, 1, STATUS_200), (3, 0, 1, b"\0\0\0\x08")], "CANCEL"),
    ([(1, 5, 1, STATUS_200)], "another length"),
])
def test_an_answer_in_http2_that_is_not_the_right_one_is_an_error(frames, problem):
    with Wrong(http2_frame(4, 0, 0) + b"".join(http2_frame(*frame) for frame in frames)) as server:
        report = load(server.port, "--requests", 1, "--connections", 1, "--answer", 2,
                      tool="bench_load_http2")
    assert (report["ok"], report["errors"], report["first_error"]) == (0, 1, problem)


def test_a_call_without_its_status_is_an_error():
    message = b"\0\0\0\0\0"
    frames = [(4, 0, 0, b""), (1, 4, 1, STATUS_200), (0, 1, 1, message)]
    with Wrong(b"".join(http2_frame(*frame) for frame in frames)) as server:
        report = load(server.port, "--requests", 1, "--connections", 1, "--answer", len(message),
                      "--grpc", tool="bench_load_http2")
    assert (report["ok"], report["errors"], report["first_error"]) == (0, 1, "no grpc-status 0")


def test_a_connection_that_ends_in_http2_is_an_error():
    with Wrong(b"") as server:
        report = load(server.port, "--requests", 3, "--connections", 1, tool="bench_load_http2")
    assert (report["ok"], report["errors"]) == (0, 3)


def test_bodies_are_json_of_the_asked_size():
    with Origin() as origin:
        for size in (32, 33, 64, 1024, 65536):
            body = fetch(f"127.0.0.1:{origin.port}", f"/bench/{size}").body
            assert len(body) == size
            json.loads(body)


@pytest.mark.parametrize("answer, problem", [
    (b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nxx", "HTTP/1.1 503 Busy"),
    (b"HTTP/1.1 200 \"OK\\\r\nContent-Length: 2\r\n\r\nxx", "another body"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n  ", "another length"),
    (b"HTTP/1.1 200 OK\r\n\r\n  ", "another length"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n   ", "bytes after the body"),
    (b"HTTP/1.1 2\x01\"0 \r\nContent-Length: 2\r\n\r\n  ", "HTTP/1.1 2??0 "),
    (b"", "closed before its answer"),
])
def test_an_answer_that_is_not_the_right_one_is_an_error(answer, problem):
    with Wrong(answer) as server:
        report = load(server.port, "--requests", 20, "--connections", 2, "--answer", 2)
    assert (report["ok"], report["errors"], report["first_error"]) == (0, 20, problem)


def test_an_answer_that_never_comes_is_an_error_and_not_a_wait():
    with Wrong(b" ") as server:  # no answer begins with a space, and none ends there
        report = load(server.port, "--requests", 10, "--connections", 2, "--patience", 1)
    assert (report["ok"], report["errors"], report["first_error"]) == (0, 10, "no answer")


@pytest.mark.parametrize("shadows, answered_after_s", [("answer", 0), ("0.2", 0.2), ("hang", None)])
def test_what_becomes_of_shadows(shadows, answered_after_s):
    with Origin("--shadows", shadows) as origin:
        with socket.create_connection(("127.0.0.1", origin.port), timeout=10) as shadow:
            began = time.monotonic()
            shadow.sendall(b"GET /bench/40 HTTP/1.1\r\nHost: x\r\nX-Banyan-Shadow: shop\r\n\r\n")
            assert fetch(f"127.0.0.1:{origin.port}", "/bench/40").status == 200
            if answered_after_s is None:
                assert origin.counts()["shadows"] == 1
            else:
                assert shadow.recv(65536).startswith(b"HTTP/1.1 200 ")
                assert time.monotonic() - began >= answered_after_s
        assert origin.counts()["requests"] == 1


def test_a_stall_of_the_server_counts_for_every_request_that_was_due():
    """Open loop: requests are due at their time, whatever became of the earlier ones."""
    with Origin() as origin:
        stall_s, rate = 0.3, 1000

        def stall():
            origin.process.send_signal(signal.SIGSTOP)
            threading.Timer(stall_s, origin.process.send_signal, [signal.SIGCONT]).start()
        report = load(origin.port, "--requests", 600, "--rate", rate, "--connections", 2,
                      between=stall)
    latency = report["latency_us"]["all"]
    # Half of them were due during the stall: these waited from a whole one down to none.
    assert report["ok"] == 600
    assert latency["max"] >= 0.5 * stall_s * 1e6
    assert latency["p90"] >= 0.25 * stall_s * 1e6


@pytest.mark.parametrize("tool, options", [
    ("bench_load", []), ("bench_load", ["--port", "1"]), ("bench_load", ["--requests", "x"]),
    ("bench_load", ["--port", "1", "--requests", "1", "--odd"]), ("bench_origin", ["--odd"]),
    ("bench_load", ["--port", "1", "--requests", "1", "--grpc"]),
    ("bench_load_http2", ["--port", "1", "--requests", "1", "--rate", "1"]),
    ("bench_origin_http2", ["--odd"])])
def test_wrong_usage_is_said(tool, options):
    done = subprocess.run([TOOLS / tool, *options], capture_output=True, text=True, timeout=10,
                          stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 2
    assert re.match(f"usage: {tool}", done.stderr)


def drive(*options):
    return subprocess.run(["/usr/bin/python3", "-B", DRIVER, "--tools", TOOLS, *map(str, options)],
                          capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
def test_whole_rounds_of_banyan_alone(tmp_path):
    """Scenarios that need no peer: nothing is left out, nothing is thrown out without a word."""
    out = tmp_path / "samples.json"
    done = drive("--banyan", binary(), "--against", binary(), "--only", "hung-shadow", "--only",
                 "slow-shadow", "--rounds", 1, "--seconds", 0.1, "--json", out)
    assert done.returncode == 0, done.stderr
    scenarios = json.loads(out.read_text())["scenarios"]
    assert set(scenarios) == {"hung-shadow", "slow-shadow"}
    for name, served_by in (("hung-shadow", "monolith"), ("slow-shadow", "all")):
        result = scenarios[name]
        assert len(result["rounds"]) == 1
        assert done.stderr.count("thrown out") == sum(s["thrown_out"] for s in scenarios.values())
        assert f"### {name}:" in done.stdout
        for one in result["rounds"]:
            assert {"shadow off", "shadow off again"} < set(one)
            assert any("the other binary" in contender for contender in one)
            for sample in one.values():
                assert sample["cpu_us"] > 0
                assert sample["latency_us"][served_by]["p50"] > 0


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
def test_whole_rounds_of_http2_and_tls(tmp_path):
    out, names = tmp_path / "samples.json", ("h2-h1", "h2-h2", "h2-h2-crowd", "tls-1k")
    done = drive("--banyan", binary(), "--alone", "--rounds", 1, "--seconds", 0.05, "--json", out,
                 *(option for name in names for option in ("--only", name)))
    assert done.returncode == 0, done.stderr
    scenarios = json.loads(out.read_text())["scenarios"]
    assert tuple(scenarios) == names
    for result in scenarios.values():
        assert [set(one) for one in result["rounds"]] == [{"Banyan", "Banyan again"}]


def test_a_proxy_that_does_not_start_ends_the_measurement():
    done = drive("--banyan", "/bin/false", "--only", "slow-shadow", "--rounds", 1)
    assert done.returncode == 1
    assert "/bin/false does not start" in done.stderr


@pytest.mark.parametrize("options, code, said", [
    (["--only", "nothing-like-it"], 2, "no such scenario: nothing-like-it"),
    (["--banyan", "/nowhere/banyan", "--only", "slow-shadow"], 1, "no banyan at /nowhere/banyan")])
def test_what_can_not_be_measured_is_said_at_once(options, code, said):
    done = drive(*options)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
