"""10,000 HTTP/2 streams over 100 connections at a time: slow readers, and resets at every stage."""
import resource

import pytest

from support import h2
from support.metrics import total
from support.proxy import Banyan
from support.streams import LARGE, Clients, HoldingHttp1, HoldingHttp2
from support.wait import eventually

CONNECTIONS, STREAMS = 100, 100       # of each connection
WINDOW = 1024                         # of a stream: every /large stops in its body
# Half of the streams have an answer of LARGE bytes that waits here but for the window; a stream, its
# exchange, and its connection to an HTTP/1.1 upstream have the rest. (Release binary.)
BYTES_PER_STREAM_MAX = LARGE // 2 + 24 * 1024
DESCRIPTORS = 12_000

UPLOAD, HOLD, CUT, READ = range(4)    # what becomes of a stream, by its place in its connection


@pytest.fixture(params=["http1", "http2"])
def upstream(request):
    with (HoldingHttp2 if request.param == "http2" else HoldingHttp1)() as one:
        one.protocol = request.param
        yield one


@pytest.fixture(params=["sanitized", "release"])
def binary_path(request):
    return None if request.param == "sanitized" else request.getfixturevalue("release")


@pytest.fixture
def proxy(tmp_path, config, upstream, binary_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS:
        pytest.skip(f"a process needs {DESCRIPTORS} descriptors here (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, DESCRIPTORS), hard))
    configured = config(top={"timeouts": {"connect": "60s", "response": "10m", "request": "10m",
                                          "idle": "10m"}})
    configured["upstreams"]["shop-legacy"] = {"endpoints": [upstream.address],
                                              "protocol": upstream.protocol}
    configured["listeners"][0]["http2"] = {"reset_burst": 100_000}
    with Banyan(tmp_path, configured, binary_path) as one:
        yield one


def open_all(clients, upstream, waves):
    """Every stream is under way and stuck; {(connection, number): what becomes of it}."""
    plan = {}
    for done, connection in enumerate(clients.connections, 1):
        for place in range(STREAMS):
            what = place % 4
            if what == UPLOAD:
                number = connection.ask("POST", "/up", 0, lambda n: h2.frame(h2.DATA, 0, n, b"part"))
            else:
                number = connection.ask("GET", "/hold" if what == HOLD else "/large")
            plan[connection, number] = what
        if done % 10 == 0:  # so that connects to the upstream do not overflow its queue
            each = (done + waves * CONNECTIONS) * STREAMS // 4
            clients.until(lambda: all(upstream.seen[path] == each * by for path, by in
                                      (("/up", 1), ("/hold", 1), ("/large", 2))),
                          f"the requests of {done} connections")
    return plan


def stuck_in_body(stream):
    return stream.status == 200 and stream.size == WINDOW


def resolve(clients, plan):
    """Half of the uploads and everybody who reads goes on to the end; the others reset."""
    whole = []
    for (connection, number), what in plan.items():
        if what == READ or what == UPLOAD and number % 16 == 1:
            whole.append((connection, number))
            if what == UPLOAD:
                connection.send(h2.frame(h2.DATA, h2.END_STREAM, number, b"rest"))
        else:
            connection.reset(number)
    for part in range(2, LARGE // 4096 + 2):  # slowly
        for connection, number in whole:
            if plan[connection, number] == READ:
                connection.open_window(number, 4096)
        clients.until(lambda: all(connection.streams[number].size >= min(WINDOW + (part - 1) * 4096, LARGE)
                                  for connection, number in whole if plan[connection, number] == READ),
                      f"part {part} of every answer")
    clients.until(lambda: all(connection.streams[number].ended for connection, number in whole),
                  "the end of every answer")
    for connection, number in whole:
        stream = connection.streams[number]
        assert (stream.status, stream.reset) == (200, None)
        assert stream.size == (LARGE if plan[connection, number] == READ else len("ok"))
        connection.reset(number)  # after its end
    for connection in clients.connections:
        connection.streams.clear()


def reset_at_once(clients):
    """Before the proxy has done anything with them."""
    for connection in clients.connections:
        for _ in range(STREAMS):
            connection.ask("GET", "/hold-not", more=lambda n: h2.frame(h2.RST_STREAM, 0, n, b"\0\0\0\x08"))
        connection.streams.clear()


def everybody_is_served(clients):
    asked = [(connection, connection.ask("GET", "/ok")) for connection in clients.connections]
    clients.until(lambda: all(c.streams[n].ended for c, n in asked), "an answer on each connection")
    assert all(c.streams[n].status == 200 and c.streams[n].size == 2 for c, n in asked)


def test_ten_thousand_streams_at_once(proxy, upstream, binary_path, scale):
    with Clients(proxy.address, CONNECTIONS, WINDOW) as clients:
        everybody_is_served(clients)
        for wave in range(scale):
            before = proxy.resident_bytes()
            plan = open_all(clients, upstream, wave)
            clients.until(lambda: all(stuck_in_body(c.streams[n]) for (c, n), what in plan.items()
                                      if what in (CUT, READ)), "a part of each large answer")
            grown = proxy.resident_bytes() - before
            print(f"{len(plan)} streams: {grown / len(plan):.0f} bytes each")
            assert len(plan) == 10_000
            if binary_path is not None and wave == 0:
                assert grown < BYTES_PER_STREAM_MAX * len(plan)
            resolve(clients, plan)
            reset_at_once(clients)
            everybody_is_served(clients)
            eventually(lambda: upstream.open == 0, "nothing is left at the upstream", timeout_s=60)
        assert not [c for c in clients.connections if c.goaways]
    asked = CONNECTIONS * (STREAMS * 2 * scale + scale + 1)
    eventually(lambda: total(proxy.metrics(), "banyan_requests_total") == asked, "each counts once")
    eventually(lambda: total(proxy.metrics(), "banyan_downstream_connections") == 0, "no client")
