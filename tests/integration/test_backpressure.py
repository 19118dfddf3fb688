"""A slow side slows the other one down: memory does not fill the gap. (Release binary.)"""
import hashlib
import threading

import pytest

from support import h2
from support import http2_upstream as up2
from support import upstream as up
from support.http import request_bytes
from support.proxy import Banyan
from support.wait import eventually

MIB = 1 << 20
SIZE = 100 * MIB
# Kernel buffers of two loopback sockets, and what the proxy may hold.
IN_FLIGHT_MAX = 32 * MIB
GROWTH_MAX = 16 * MIB


@pytest.fixture
def proxy(tmp_path, config, release):
    with Banyan(tmp_path, config(0), release) as one:
        one.fetch()
        yield one


class Sent:
    """Counts what a peer could send, and tells when it stands still."""

    def __init__(self):
        self.bytes = 0
        self._last = -1
        self._since = 0

    def stands_still(self):
        self._since = self._since + 1 if self.bytes == self._last else 0
        self._last = self.bytes
        return self._since > 30  # looks of eventually(), 10 ms apart


def test_a_client_that_does_not_read_holds_the_upstream_back(proxy, legacy):
    sent = Sent()

    def endless(exchange):
        exchange.send(up.head_of(exchange, 200, [("Content-Length", SIZE)]))
        for piece in up.pattern(SIZE):
            exchange.send(piece)
            sent.bytes += len(piece)
    legacy.behaviour = endless
    before = proxy.resident_bytes()
    with proxy.connect(receive_buffer=64 * 1024) as connection:
        connection.send(request_bytes("GET", "/shop/file"))
        eventually(sent.stands_still, "the upstream is held back", timeout_s=30)
        assert 0 < sent.bytes < IN_FLIGHT_MAX
        assert proxy.resident_bytes() - before < GROWTH_MAX
        digest = hashlib.sha256()
        connection.answer(on_body=digest.update)
    assert digest.hexdigest() == up.pattern_digest(SIZE)
    assert proxy.peak_bytes() - before < GROWTH_MAX


def test_an_upstream_that_does_not_read_holds_the_client_back(proxy, legacy):
    go = threading.Event()
    legacy.read_bodies = False

    def late(exchange):
        go.wait(60)
        exchange.read_body()
        up.answer()(exchange)
    legacy.behaviour = late
    sent = Sent()
    before = proxy.resident_bytes()
    with proxy.connect(timeout_s=60) as connection:
        def upload():
            connection.send(request_bytes("POST", "/shop/up", [("Content-Length", SIZE)]))
            for piece in up.pattern(SIZE):
                connection.send(piece)
                sent.bytes += len(piece)
        sender = threading.Thread(target=upload, daemon=True)
        sender.start()
        eventually(lambda: sent.bytes > 0 and sent.stands_still(), "the client is held back",
                   timeout_s=30)
        assert sent.bytes < IN_FLIGHT_MAX
        assert proxy.resident_bytes() - before < GROWTH_MAX
        go.set()
        assert connection.answer().status == 200
        sender.join(timeout=60)
    assert legacy.requests[-1].digest == up.pattern_digest(SIZE)
    assert proxy.peak_bytes() - before < GROWTH_MAX


def upload_held_back(proxy, size, in_flight_max, go):
    """By an upstream that reads when `go` is set: the answer to a whole upload of HTTP/2."""
    sent = Sent()
    before = proxy.resident_bytes()

    def count(size_of_frame):
        sent.bytes += size_of_frame
    with h2.Client(proxy.address, timeout_s=120) as client:
        sender = threading.Thread(target=client.upload, args=(1, up.pattern(size), count),
                                  daemon=True)
        sender.start()
        eventually(lambda: sent.bytes > 0 and sent.stands_still(), "the client is held back",
                   timeout_s=30)
        assert sent.bytes < in_flight_max
        assert proxy.resident_bytes() - before < GROWTH_MAX
        go.set()
        sender.join(timeout=120)
        answer = client.answer(1)
    assert sent.bytes == size
    assert proxy.peak_bytes() - before < GROWTH_MAX
    return answer


def test_an_http1_upstream_that_does_not_read_holds_an_http2_client_back(proxy, legacy):
    go = threading.Event()
    legacy.read_bodies = False

    def late(exchange):
        go.wait(60)
        exchange.read_body()
        up.answer()(exchange)
    legacy.behaviour = late
    assert upload_held_back(proxy, SIZE, IN_FLIGHT_MAX, go).status == 200
    assert legacy.requests[-1].digest == up.pattern_digest(SIZE)


def test_an_http2_upstream_that_opens_no_window_holds_an_http2_client_back(tmp_path, config, release):
    go, size = threading.Event(), 8 * MIB

    def late(stream):
        go.wait(60)
        with stream.connection.changed:
            upstream.reads = True
            unread = len(stream.body)
            stream.connection.do(lambda h: h.acknowledge_received_data(unread, stream.number))
        up2.answer()(stream)
    with up2.Http2Upstream("legacy", late) as upstream:
        upstream.reads = False
        configured = config(0)
        configured["upstreams"]["shop-legacy"] = {"endpoints": [upstream.address],
                                                  "protocol": "http2"}
        with Banyan(tmp_path, configured, release) as proxy:
            # The windows of both sides, and what waits between them: no kernel's buffer fills.
            assert upload_held_back(proxy, size, MIB, go).status == 200
        body = upstream.requests[0].body
    assert len(body) == size
    assert hashlib.sha256(body).hexdigest() == up.pattern_digest(size)


def test_a_client_that_pipelines_without_reading_is_held_back(proxy, legacy):
    legacy.behaviour = up.answer(body=b"x" * 100_000)
    sent = Sent()
    before = proxy.resident_bytes()
    request = request_bytes("GET", "/shop/item")
    with proxy.connect(receive_buffer=64 * 1024) as connection:
        connection.sock.setblocking(False)

        def push():
            try:
                sent.bytes += connection.sock.send(request * 200)
            except BlockingIOError:
                pass
            return sent.stands_still()
        eventually(push, "the client is held back", timeout_s=60)
        assert proxy.resident_bytes() - before < GROWTH_MAX
    assert len(legacy.requests) < 2000


def test_many_slow_downloads_at_once_stay_small(proxy, legacy):
    legacy.behaviour = up.large(8 * MIB)
    before = proxy.resident_bytes()
    held = [proxy.connect(receive_buffer=64 * 1024) for _ in range(50)]
    try:
        for connection in held:
            connection.send(request_bytes("GET", "/shop/file"))
        eventually(lambda: len(legacy.requests) >= 51, "all have begun")
        for connection in held:
            connection.answer_head()
        assert proxy.resident_bytes() - before < 50 * MIB
    finally:
        for connection in held:
            connection.close()
