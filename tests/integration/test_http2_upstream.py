"""HTTP/2 towards upstreams: shared connections, what was not processed, backpressure, shadows."""
import hashlib
import threading

import hpack
import pytest

from support import h2
from support import http2_upstream as up2
from support.http import Connection
from support.http2_upstream import Http2Upstream
from support.load import Load
from support.metrics import total
from support.wait import eventually

MIB = 1 << 20


@pytest.fixture
def monolith2():
    with Http2Upstream("monolith") as upstream:
        yield upstream


@pytest.fixture
def proxy_to(banyan, config):
    """proxy_to(upstream, percent=100, …): a proxy whose monolith speaks HTTP/2 there."""
    def make(upstream, percent=100, top=None, legacy=None, **keys):
        proxy = banyan()
        proxy.stop()
        configured = config(percent, top, **keys)
        ups = configured["upstreams"]
        ups["shop-monolith"] = {"endpoints": [upstream.address], "protocol": "http2"}
        if legacy is not None:
            ups["shop-legacy"] = {"endpoints": [legacy.address], "protocol": "http2"}
        proxy.write(configured)
        return proxy.start()
    return make


def ask_all(proxy, count, method="GET", body=b""):
    """`count` requests at once, each over a connection of its own: the connections."""
    clients = [Connection(proxy.address) for _ in range(count)]
    for client in clients:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        client.sock.sendall(f"{method} /shop/a HTTP/1.1\r\nHost: a\r\nx-user-id: u\r\n{length}\r\n"
                            .encode() + body)
    return clients


def answers(clients, method="GET"):
    made = [client.answer(method) for client in clients]
    for client in clients:
        client.close()
    return made


def test_requests_at_once_share_one_connection(proxy_to, monolith2):
    go = threading.Event()
    monolith2.behaviour = up2.hold(go)
    proxy = proxy_to(monolith2)
    clients = ask_all(proxy, 20)
    eventually(lambda: len(monolith2.requests) == 20, "all are asked at once")
    go.set()
    assert [(a.status, a.served_by, a.body) for a in answers(clients)] == \
        [(200, "monolith", b"ok")] * 20
    assert len(monolith2.connections) == 1
    metrics = proxy.metrics()
    assert total(metrics, "banyan_upstream_connections", upstream="shop-monolith") == 1
    assert total(metrics, "banyan_retries_total") == 0


def test_a_request_arrives_as_it_was_sent(proxy_to, monolith2):
    proxy = proxy_to(monolith2)
    monolith2.behaviour = up2.answer(201, b"made", [("x-a", "1")])
    with Connection(proxy.address) as client:
        answer = client.request("POST", "/shop/a?b=c", [("X-User-ID", "7"), ("X-B", "2")], b"body")
    assert (answer.status, answer.body, answer.header("x-a")) == (201, b"made", "1")
    request = monolith2.requests[0]
    assert (request.method, request.target, request.body) == ("POST", "/shop/a?b=c", b"body")
    assert request.header(":scheme") == "http"
    assert request.header("x-b") == "2"
    assert request.header("content-length") == "4"
    assert request.header("x-forwarded-for") == "127.0.0.1"
    assert request.header("connection") is None
    assert all(name == name.lower() for name, _ in request.headers)


def test_trailers_pass(proxy_to, monolith2):
    proxy = proxy_to(monolith2)
    monolith2.behaviour = up2.answer(body=b"counted", trailers=[("x-checksum", "9")])
    with Connection(proxy.address) as client:
        client.sock.sendall(b"GET /shop/a HTTP/1.1\r\nHost: a\r\n\r\n")
        seen = b""
        while not seen.endswith(b"\r\n\r\n") or b"\r\n0\r\n" not in seen:
            seen += client.sock.recv(65536)
    assert b"7\r\ncounted\r\n0\r\nx-checksum: 9\r\n\r\n" in seen


def test_large_bodies_are_exact_both_ways(proxy_to, monolith2):
    body = bytes(range(256)) * (8 * MIB // 256)

    def echo(stream):
        assert stream.ended.wait(30)
        stream.head(200, [("x-digest", hashlib.sha256(stream.body).hexdigest())])
        stream.send(stream.body, end=True)
    monolith2.behaviour = echo
    proxy = proxy_to(monolith2)
    with Connection(proxy.address) as client:
        answer = client.request("POST", "/shop/a", [], body)
    assert answer.header("x-digest") == hashlib.sha256(body).hexdigest()
    assert answer.body == body


def test_max_concurrent_streams_of_one_opens_more_connections(proxy_to, banyan):
    go = threading.Event()
    with Http2Upstream("monolith", up2.hold(go), max_streams=1) as one:
        proxy = proxy_to(one)
        clients = ask_all(proxy, 8)
        eventually(lambda: len(one.requests) == 8, "all are asked")
        assert len(one.connections) == 8
        go.set()
        assert all(a.served_by == "monolith" for a in answers(clients))
        assert total(proxy.metrics(), "banyan_fallbacks_total") == 0


def test_a_refused_stream_is_asked_again_whatever_its_method(proxy_to, monolith2):
    refused = []

    def refuse_first(stream):
        if not refused:
            refused.append(stream)
            return stream.reset(up2.REFUSED)
        return up2.answer()(stream)
    monolith2.behaviour = refuse_first
    proxy = proxy_to(monolith2)
    with Connection(proxy.address) as client:
        answer = client.request("DELETE", "/shop/a")
    assert (answer.status, answer.served_by) == (200, "monolith")
    assert [r.method for r in monolith2.requests] == ["DELETE", "DELETE"]
    assert total(proxy.metrics(), "banyan_retries_total", upstream="shop-monolith") == 1


def test_another_reset_is_not_asked_again(proxy_to, monolith2):
    monolith2.behaviour = lambda stream: stream.reset(up2.INTERNAL)
    proxy = proxy_to(monolith2)
    with Connection(proxy.address) as client:
        answer = client.request("DELETE", "/shop/a")
    assert (answer.status, answer.body) == (502, b"upstream_reset\n")
    assert len(monolith2.requests) == 1
    # What may be repeated goes to legacy, as with HTTP/1.1.
    with Connection(proxy.address) as client:
        assert client.request("GET", "/shop/a").served_by == "legacy"


def test_goaways_in_the_middle_of_load_fail_nobody(proxy_to, monolith2, scale):
    proxy = proxy_to(monolith2)
    with Load(proxy.address, threads=8) as load:
        for _ in range(10 * scale):
            eventually(load.more(50), "load goes on")
            for connection in monolith2.open_connections:
                connection.goaway()
    assert load.failures() == []
    assert {a.served_by for a in load.asked} == {"monolith"}
    assert len(monolith2.connections) > 5 * scale
    assert total(proxy.metrics(), "banyan_fallbacks_total") == 0
    eventually(lambda: len(monolith2.open_connections) <= 1, "who said goodbye is closed")


def test_connections_that_are_cut_in_the_middle_of_load_fail_nobody(proxy_to, monolith2, scale):
    """A GET that is caught is sent again, or goes to legacy. An answer is one frame, so that none
    is cut behind its head."""
    monolith2.behaviour = up2.answer(body=b"")
    proxy = proxy_to(monolith2)
    with Load(proxy.address, threads=8) as load:
        for _ in range(10 * scale):
            eventually(load.more(50), "load goes on")
            for connection in monolith2.open_connections:
                connection.cut()
    assert load.failures() == []


def test_an_upstream_that_dies_in_the_middle_of_an_answer_is_seen(proxy_to, monolith2):
    def die(stream):
        stream.head(200, [("content-length", "1000")])
        stream.send(b"half")
        stream.connection.cut()
    monolith2.behaviour = die
    proxy = proxy_to(monolith2)
    with Connection(proxy.address) as client:
        client.sock.sendall(b"GET /shop/a HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises(ConnectionError):
            client.answer("GET")
    assert total(proxy.metrics(), "banyan_local_errors_total", reason="upstream_cut_off") == 1


def test_an_upstream_that_speaks_http_1_refuses(proxy_to, monolith):
    """Not a byte of a request was sent: legacy serves."""
    proxy = proxy_to(monolith)
    with Connection(proxy.address) as client:
        answer = client.request("POST", "/shop/a", [], b"body")
    assert answer.served_by == "legacy"
    assert total(proxy.metrics(), "banyan_fallbacks_total") == 1


def test_a_slow_client_pauses_its_stream_alone(proxy_to, monolith2):
    size = 32 * MIB
    sent = []

    def much(stream):
        stream.head(200, [("content-length", str(size))])
        for _ in range(size // MIB):
            stream.send(b"x" * MIB)
            sent.append(stream)
        stream.send(b"", end=True)

    def behave(stream):
        (much if stream.target.endswith("/much") else up2.answer())(stream)
    monolith2.behaviour = behave
    proxy = proxy_to(monolith2)
    with Connection(proxy.address, receive_buffer=64 * 1024) as slow:
        slow.sock.sendall(b"GET /shop/much HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: any(r.target == "/shop/much" for r in monolith2.requests), "asked")
        before = -1

        def stalled():
            nonlocal before
            now = monolith2.connections[0].h2.local_flow_control_window(1)
            same, before = now == before == 0, now
            return same
        eventually(stalled, "its window is used up")
        # The kernel's buffers and one window, not the body.
        assert len(sent) < 16
        for _ in range(20):
            with Connection(proxy.address) as other:
                assert other.request("GET", "/shop/a").served_by == "monolith"
        assert len(monolith2.connections) == 1
        answer = slow.answer("GET")
        assert len(answer.body) == size


def test_a_slow_upstream_pauses_the_upload(proxy_to, monolith2):
    monolith2.reads = False
    monolith2.behaviour = lambda stream: None
    proxy = proxy_to(monolith2)
    with Connection(proxy.address) as client:
        client.sock.sendall(b"POST /shop/a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
                            % (64 * MIB))
        client.sock.settimeout(1)
        taken = 0
        with pytest.raises(TimeoutError):
            while taken < 64 * MIB:
                taken += client.sock.send(b"x" * 65536)
        assert taken < 16 * MIB
        monolith2.reads = True


def test_shadows_go_over_connections_of_their_own(proxy_to, monolith2):
    monolith2.behaviour = up2.answer(body=b"{}", headers=[("content-type", "application/json")])
    with Http2Upstream("legacy", monolith2.behaviour) as legacy2:
        proxy = proxy_to(monolith2, percent=50, legacy=legacy2, shadow={"max_connections": 2},
                         compare={"ignore": ["header:x-served-by"]})
        for user in range(40):
            with Connection(proxy.address) as client:
                assert client.request("GET", "/shop/a", [("x-user-id", f"u{user}")]).status == 200
        eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total") == 40,
                   "all pairs are compared")
        for upstream in (monolith2, legacy2):
            shadows = {r.connection.number for r in upstream.requests
                       if r.header("x-banyan-shadow")}
            primaries = {r.connection.number for r in upstream.requests
                         if not r.header("x-banyan-shadow")}
            assert len(shadows) == len(primaries) == 1
            assert not shadows & primaries
        assert total(proxy.metrics(), "banyan_comparisons_total", verdict="match") == 40


def test_trailers_of_both_arms_are_compared(proxy_to, monolith2):
    monolith2.behaviour = up2.answer(trailers=[("x-total", "2")])
    with Http2Upstream("legacy", up2.answer(trailers=[("x-total", "1")])) as legacy2:
        proxy = proxy_to(monolith2, percent=0, legacy=legacy2, shadow={})
        with Connection(proxy.address) as client:
            assert client.request("GET", "/shop/a", [("x-user-id", "a")]).status == 200
        eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total",
                                 verdict="mismatch") == 1, "the pair is compared")


def test_a_drain_lets_streams_finish_and_says_goodbye(proxy_to, monolith2):
    go = threading.Event()
    monolith2.behaviour = up2.hold(go)
    proxy = proxy_to(monolith2)
    clients = ask_all(proxy, 3)
    eventually(lambda: len(monolith2.requests) == 3, "all are asked")
    proxy.process.terminate()
    go.set()
    assert all(a.status == 200 for a in answers(clients))
    assert proxy.process.wait(timeout=20) == 0


def test_rfc7541_6_2_3_what_is_never_indexed_stays_so_both_ways(proxy_to):
    def secretive(stream):
        stream.ended.wait(30)
        stream.head(200, [hpack.NeverIndexedHeaderTuple("x-set-token", "s"), ("x-plain", "p")],
                    end=True)
    with Http2Upstream("monolith", secretive) as upstream:
        proxy = proxy_to(upstream)
        with h2.Client(proxy.address) as client:
            block = (h2.fields(h2.request_fields(more=[("x-plain", "p")])) +
                     h2.never_indexed("x-token", "s") + h2.never_indexed("cookie", "a=" + "b" * 40))
            client.send(h2.frame(h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, 1, block))
            answered = client.answer(1)
        assert upstream.requests[0].never_indexed == {"x-token", "cookie"}
        marked = {field[0] for field in hpack.Decoder().decode(answered.blocks[0])
                  if not field.indexable}
        assert marked == {"x-set-token"}


def test_fields_that_are_new_each_time_take_no_place_in_the_table(proxy_to):
    with Http2Upstream("monolith") as upstream:
        proxy = proxy_to(upstream)
        with h2.Client(proxy.address) as client:
            for i in range(20):
                client.request(2 * i + 1, more=[("x-request-id", f"request-{i}"), ("x-plain", "p")])
                assert client.answer(2 * i + 1).status == 200
        assert [(r.header("x-request-id"), r.header("x-plain")) for r in upstream.requests] == \
            [(f"request-{i}", "p") for i in range(20)]
        assert upstream.requests[0].never_indexed == set()
        assert "x-request-id" in upstream.requests[-1].never_indexed
        assert "x-plain" not in upstream.requests[-1].never_indexed
