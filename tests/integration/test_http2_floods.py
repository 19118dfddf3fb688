"""Floods of HTTP/2 (RFC 9113 §10.5), from a client and from an upstream: the connection that floods
ends, memory and CPU stay small, and who shares the worker does not notice."""
import select
import socket
import struct
import threading
import time

import pytest

from support import h2
from support.metrics import total
from support.proxy import Banyan
from support.streams import Frames
from support.wait import eventually

PRIORITY = 2
CONNECTIONS = 3                # that flood, one after the other
FLOOD_BYTES_MAX = 64 << 20     # of one connection, long before which it has ended
# Of a release build, for one connection; what the kernel's buffers hold is read and dropped too.
CPU_MAX_S = 0.5
GROWTH_MAX = 16 << 20
OTHERS_WAIT_MAX_S = 5


def endless(one, first=b""):
    """`first`, then `one` again and again, in pieces worth a write."""
    yield first
    piece = one * max(1, 16384 // len(one))
    while True:
        yield piece


def on_streams(frames):
    """`frames(stream)` for each stream that a client may open."""
    for stream in range(1, 2**31, 2):
        yield frames(stream)


def open_head(stream, flags, pairs):
    return h2.frame(h2.HEADERS, flags, stream, h2.fields(pairs))


GET = h2.fields(h2.request_fields())
POST = h2.headers(1, h2.request_fields("POST"), 0)
CANCEL = struct.pack(">I", 8)
# An entry of the dynamic table, then references to it, a byte each.
HPACK_BOMB = GET + b"\x40\x01x\x7f\xb9\x16" + b"x" * 3000 + b"\xbe" * 10_000

OF_A_CLIENT = {
    "rapid reset": lambda: on_streams(
        lambda s: h2.headers(s, h2.request_fields()) + h2.frame(h2.RST_STREAM, 0, s, CANCEL)),
    "resets that the server is made to send": lambda: on_streams(
        lambda s: h2.headers(s, h2.request_fields("POST"), 0)
        + h2.frame(h2.WINDOW_UPDATE, 0, s, struct.pack(">I", 2**31 - 1))),
    "continuation": lambda: endless(h2.frame(h2.CONTINUATION, 0, 1, h2.fields([("a", "b")])),
                                    open_head(1, h2.END_STREAM, h2.request_fields())),
    "settings": lambda: endless(h2.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 3, 100))),
    "many settings in one frame": lambda: endless(
        h2.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 3, 100) * 1000)),
    "ping": lambda: endless(h2.frame(h2.PING, 0, 0, b"12345678")),
    "empty data": lambda: endless(h2.frame(h2.DATA, 0, 1), POST),
    "padding for data": lambda: endless(h2.frame(h2.DATA, 8, 1, b"\x05" + b"\0" * 5), POST),
    "priority": lambda: endless(h2.frame(PRIORITY, 0, 1, b"\0\0\0\0\x10")),
    "window updates": lambda: endless(h2.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1))),
    "an HPACK bomb": lambda: on_streams(lambda s: h2.frame(
        h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, s, HPACK_BOMB)),
    "many fields": lambda: on_streams(lambda s: h2.headers(
        s, h2.request_fields(more=[(f"x-{i}", "") for i in range(1200)]))),
    "a field without end": lambda: endless(
        h2.frame(h2.CONTINUATION, 0, 1, b"x" * 16384),
        h2.frame(h2.HEADERS, h2.END_STREAM, 1, GET + b"\0\x01x\x7f\xff\xff\xff\x07")),
}


def flood(sock, pieces):
    """Sends until the other end has closed; how many bytes went out. What comes is read."""
    sock.setblocking(False)
    sent, left, closed_by = 0, b"", time.monotonic() + 60
    try:
        while sent < FLOOD_BYTES_MAX:
            assert time.monotonic() < closed_by, "neither ended nor read for a minute"
            left = left or next(pieces)
            can_read, can_write, _ = select.select([sock], [sock], [], 1)
            if can_read and not sock.recv(1 << 16):
                return sent
            if can_write:
                done = sock.send(left)
                sent, left = sent + done, left[done:]
    except ConnectionError:
        return sent
    raise AssertionError(f"open after {sent} bytes")


class Neighbour:
    """A client that asks again and again on a thread of its own."""

    def __init__(self, proxy):
        self.client = h2.Client(proxy.address)
        self.asked, self.longest, self.problem = 0, 0.0, None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(timeout=30)
        self.client.sock.close()

    def _ask(self):
        number = 1
        while not self._stop.is_set() and self.problem is None:
            began = time.monotonic()
            try:
                self.client.request(number, path="/other")
                answer = self.client.answer(number)
                if answer.status != 200 or not answer.ended:
                    self.problem = f"{answer.status} {answer.body!r}, reset {answer.reset}"
            except (AssertionError, OSError) as error:
                self.problem = repr(error)
            self.longest = max(self.longest, time.monotonic() - began)
            self.client.streams.clear()
            self.asked, number = self.asked + 1, number + 2

    def goes_on(self):
        asked = self.asked
        eventually(lambda: self.problem or self.asked > asked + 1, "the neighbour's next exchanges")
        assert self.problem is None, self.problem


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.fixture(params=["sanitized", "release"])
def binary_path(request):
    return None if request.param == "sanitized" else request.getfixturevalue("release")


class Watch:
    """What the floods of one kind cost a release build. A sanitizer has costs of its own."""

    def __init__(self, proxy, kind, is_release):
        self.proxy, self.kind, self.is_release = proxy, kind, is_release

    def __enter__(self):
        self.proxy.forget_peak()
        self.memory, self.cpu = self.proxy.resident_bytes(), cpu_seconds(self.proxy.process)

    def __exit__(self, failed, *_):
        grown = self.proxy.peak_bytes() - self.memory
        spent = cpu_seconds(self.proxy.process) - self.cpu
        print(f"{self.kind}: {grown >> 10} KiB more, {spent * 1e3:.0f} ms of CPU")
        if self.is_release and not failed:
            assert grown < GROWTH_MAX, self.kind
            assert spent < CPU_MAX_S * CONNECTIONS, self.kind


def nothing_is_left(proxy, but):
    eventually(lambda: total(proxy.metrics(), "banyan_downstream_connections") == but,
               "connections that flooded are gone")


def test_a_client_that_floods_is_ended_and_hurts_nobody(tmp_path, config, binary_path):
    # The neighbour has an upstream of its own: a reset costs the flooded one a connection.
    configured = config(top={"default": "shop-monolith"})
    with Banyan(tmp_path, configured, binary_path) as proxy, Neighbour(proxy) as neighbour:
        neighbour.goes_on()
        for kind, pieces in OF_A_CLIENT.items():
            with Watch(proxy, kind, binary_path is not None):
                for _ in range(CONNECTIONS):
                    with h2.Client(proxy.address) as client:
                        sent = flood(client.sock, pieces())
                        print(f"{kind}: ended after at most {sent} bytes")
                neighbour.goes_on()
        assert neighbour.longest < OTHERS_WAIT_MAX_S
        nothing_is_left(proxy, 1)


# ---- from an upstream -------------------------------------------------------------------------

STATUS_200 = h2.frame(h2.HEADERS, h2.END_HEADERS, 1, b"\x88")
STATUS_103 = h2.frame(h2.HEADERS, h2.END_HEADERS, 1, b"\x08\x03103")

OF_AN_UPSTREAM = {
    "continuation": lambda: endless(h2.frame(h2.CONTINUATION, 0, 1, h2.fields([("a", "b")])),
                                    h2.frame(h2.HEADERS, 0, 1, b"\x88")),
    "settings": lambda: endless(h2.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 3, 100))),
    "ping": lambda: endless(h2.frame(h2.PING, 0, 0, b"12345678")),
    "empty data": lambda: endless(h2.frame(h2.DATA, 0, 1), STATUS_200),
    "priority": lambda: endless(h2.frame(PRIORITY, 0, 1, b"\0\0\0\0\x10")),
    "window updates": lambda: endless(h2.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1))),
    "interim answers": lambda: endless(STATUS_103),
}


class FloodingUpstream:
    """Waits for a request on each connection, then floods it."""

    def __init__(self):
        self.pieces, self.sent, self.problem = None, 0, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock:
                sock.sendall(h2.frame(h2.SETTINGS, 0, 0))
                frames, kinds = Frames(), set()
                sock.recv(len(h2.PREFACE), socket.MSG_WAITALL)
                while h2.HEADERS not in kinds and (data := sock.recv(65536)):
                    kinds.update(kind for kind, *_ in frames.of(data))
                try:
                    self.sent = flood(sock, self.pieces())
                except AssertionError as error:
                    self.problem = str(error)


def test_an_upstream_that_floods_is_left_and_hurts_nobody(tmp_path, config, binary_path):
    with FloodingUpstream() as upstream:
        configured = config(100)
        configured["upstreams"]["shop-monolith"] = {"endpoints": [upstream.address],
                                                    "protocol": "http2"}
        configured["timeouts"] = {"response": "20s"}
        with Banyan(tmp_path, configured, binary_path) as proxy, Neighbour(proxy) as neighbour:
            neighbour.goes_on()
            for kind, pieces in OF_AN_UPSTREAM.items():
                upstream.pieces = pieces
                with Watch(proxy, kind, binary_path is not None):
                    for _ in range(CONNECTIONS):
                        with proxy.connect() as client:
                            client.send(b"GET /shop/flood HTTP/1.1\r\nHost: x\r\n"
                                        b"Connection: close\r\nx-user-id: u\r\n\r\n")
                            told = client.everything()
                            assert b"HTTP/1.1 200" not in told or not told.endswith(b"0\r\n\r\n"), kind
                    neighbour.goes_on()
                assert upstream.problem is None, f"{kind}: {upstream.problem}"
            assert neighbour.longest < OTHERS_WAIT_MAX_S
            nothing_is_left(proxy, 1)
