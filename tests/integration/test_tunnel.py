"""Tunnels: upgrades of HTTP/1.1 and extended CONNECT, with raw sockets and with npm's `ws`."""
import hashlib
import json
import shutil
import socket
import subprocess
import threading
from base64 import b64encode
from pathlib import Path

import pytest

from support import h2
from support import http2_upstream as up2
from support.http import request_bytes, reset
from support.http2_upstream import Http2Upstream
from support.metrics import total
from support.proxy import Banyan, configuration, migration
from support.tls import Authority, TlsConnection, client_context
from support.upstream import Over
from support.wait import eventually

INTEROP = Path(__file__).parent / "interop"
WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("x-user-id", "u"),
           ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
MIB = 1 << 20


def accept_of(key):
    return b64encode(hashlib.sha1(key.encode() + WEBSOCKET_GUID).digest()).decode()


def agree(exchange):
    request = exchange.request
    accept = accept_of(request.header("sec-websocket-key") or "")
    exchange.sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())


def echo(exchange):
    """Agrees to the upgrade, and says back what it hears until it has heard all."""
    agree(exchange)
    while data := exchange.sock.recv(65536):
        exchange.sock.sendall(data)
    exchange.sock.shutdown(socket.SHUT_WR)
    raise Over


def upgraded(connection, target="/shop/chat"):
    connection.send(request_bytes("GET", target, UPGRADE))
    answer = connection.answer_head()
    assert answer.status == 101, answer
    assert answer.header("upgrade") == "websocket"
    assert answer.header("connection").lower() == "upgrade"
    assert answer.header("sec-websocket-accept") == accept_of("dGhlIHNhbXBsZSBub25jZQ==")
    return connection


def received(connection, size):
    return b"".join(connection._exactly(size))  # pylint: disable=protected-access


def tunnels(proxy):
    return total(proxy.metrics(), "banyan_tunnels")


# ---- HTTP/1.1

def test_bytes_pass_both_ways_and_each_side_ends_by_itself(banyan, legacy):
    legacy.behaviour = echo
    proxy = banyan(shadow={})
    with proxy.connect() as connection:
        upgraded(connection)
        assert tunnels(proxy) == 1
        sent = bytes(range(256)) * (4 * MIB // 256)
        writer = threading.Thread(
            target=lambda: (connection.send(sent), connection.end_of_requests()))
        writer.start()
        assert received(connection, len(sent)) == sent
        writer.join()
        assert connection.everything() == b""
    eventually(lambda: tunnels(proxy) == 0, "no tunnel is left")
    record = eventually(lambda: proxy.access_log(), "its line in the log")[0]
    assert (record["status"], record["request_bytes"], record["response_bytes"]) == (
        101, len(sent), len(sent))
    assert "error" not in record or record["error"] is None
    samples = proxy.metrics()
    assert total(samples, "banyan_shadow_skipped_total", reason="upgrade") == 1
    assert total(samples, "banyan_requests_total", code_class="1xx") == 1


def test_it_follows_the_flag(banyan, legacy, monolith):
    legacy.behaviour = monolith.behaviour = echo
    proxy = banyan(percent=100)
    with proxy.connect() as connection:
        upgraded(connection).send(b"hello")
        assert received(connection, 5) == b"hello"
    assert len(monolith.requests) == 1 and not legacy.requests
    assert monolith.requests[0].header("upgrade") == "websocket"


def test_where_the_monolith_refuses_legacy_takes_the_tunnel(banyan, legacy, monolith):
    legacy.behaviour = echo
    monolith.refuse()
    proxy = banyan(percent=100)
    with proxy.connect() as connection:
        upgraded(connection).send(b"hello")
        assert received(connection, 5) == b"hello"
    assert total(proxy.metrics(), "banyan_fallbacks_total") == 1


def test_early_bytes_reach_the_tunnel_and_are_no_request(banyan, legacy):
    legacy.behaviour = echo
    proxy = banyan()
    smuggled = request_bytes("GET", "/shop/smuggled")
    with proxy.connect() as connection:
        connection.send(request_bytes("GET", "/shop/chat", UPGRADE) + smuggled)
        assert connection.answer_head().status == 101
        assert received(connection, len(smuggled)) == smuggled
    assert [r.target for r in legacy.requests] == ["/shop/chat"]


def test_early_bytes_of_a_refused_upgrade_are_no_request_either(banyan, legacy):
    proxy = banyan()  # answers 200
    with proxy.connect() as connection:
        connection.send(request_bytes("GET", "/shop/chat", UPGRADE)
                        + request_bytes("GET", "/shop/smuggled"))
        answer = connection.answer()
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert connection.everything() == b""
    assert [r.target for r in legacy.requests] == ["/shop/chat"]


@pytest.mark.parametrize("fields", [
    [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMA")],
    [("Connection", "upgrade"), ("Upgrade", "TLS/1.2, HTTP/2.0")],
    [("Connection", "keep-alive"), ("Upgrade", "websocket")]])
def test_what_is_no_upgrade_is_a_request_like_any_other(banyan, legacy, fields):
    proxy = banyan()
    with proxy.connect() as connection:
        for _ in range(2):
            assert connection.request("GET", "/shop/a", fields).status == 200
    assert [r.header("upgrade") for r in legacy.requests] == [None, None]
    assert [r.header("http2-settings") for r in legacy.requests] == [None, None]


@pytest.mark.parametrize("who", ["client", "upstream"])
def test_a_reset_on_one_side_is_one_on_the_other(banyan, legacy, who):
    opened = []

    def agree(exchange):
        opened.append(exchange.sock)
        echo(exchange)

    legacy.behaviour = agree
    proxy = banyan()
    connection = upgraded(proxy.connect())
    if who == "client":
        reset(connection)
        eventually(lambda: legacy.open_connections == 0, "the upstream's end")
        assert total(proxy.metrics(), "banyan_local_errors_total", reason="client_closed") == 1
    else:
        legacy.drop_connections()
        assert connection.everything() == b""
        connection.close()
    eventually(lambda: tunnels(proxy) == 0, "no tunnel is left")


def test_a_silent_tunnel_is_cut(banyan, legacy):
    legacy.behaviour = echo
    proxy = banyan(top={"timeouts": {"idle": "300ms"}})
    with upgraded(proxy.connect()) as connection:
        assert connection.everything() == b""
    assert total(proxy.metrics(), "banyan_local_errors_total", reason="idle_timeout") == 1


def test_a_drain_cuts_tunnels_at_its_timeout(tmp_path, banyan, legacy):
    legacy.behaviour = echo
    proxy = banyan(top={"drain": {"delay": "1ms", "timeout": "500ms"}})
    with upgraded(proxy.connect()) as connection:
        proxy.stop()
        assert connection.everything() == b""
    assert "1" in next(line for line in proxy.said().splitlines() if "cut" in line)
    assert [r["error"] for r in proxy.access_log()] == ["draining"]


def test_through_tls(tmp_path, legacy, monolith):
    legacy.behaviour = echo
    ca = Authority(tmp_path / "certs")
    certificate, key = ca.issue("server")
    config = configuration(tmp_path, legacy, monolith, listeners=[{
        "name": "ingress", "bind": "127.0.0.1:0",
        "tls": {"certificate": certificate, "private_key": key}}])
    with Banyan(tmp_path, config) as proxy:
        with TlsConnection(proxy.address, client_context(ca)) as connection:
            upgraded(connection)
            for _ in range(20):
                connection.send(b"x" * 60_000)
                assert received(connection, 60_000) == b"x" * 60_000


# ---- extended CONNECT (RFC 8441)

def connect_fields(path="/shop/chat", protocol="websocket", more=()):
    return [(":method", "CONNECT"), (":protocol", protocol), (":scheme", "http"), (":path", path),
            (":authority", "x"), ("sec-websocket-version", "13"), ("x-user-id", "u"), *more]


class Frames:
    """A client's connection, and the frames that come on it."""

    def __init__(self, proxy):
        self.connection = proxy.connect()
        self.ended = False  # data() has seen END_STREAM
        self.connection.send(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, data):
        self.connection.send(data)

    def next(self, *kinds):
        """The next frame of these kinds: (kind, flags, stream, payload)."""
        while True:
            head = received(self.connection, 9)
            payload = received(self.connection, int.from_bytes(head[:3], "big"))
            if head[3] in kinds:
                return head[3], head[4], int.from_bytes(head[5:9], "big"), payload

    def data(self, size):
        got = b""
        while len(got) < size:
            kind, flags, _, payload = self.next(h2.DATA, h2.RST_STREAM, h2.GOAWAY)
            assert kind == h2.DATA and not self.ended, (kind, payload)
            got += payload
            self.ended = bool(flags & h2.END_STREAM)
        return got


def status(payload):
    return h2._status(payload)  # pylint: disable=protected-access


def test_extended_connect_is_announced_and_becomes_an_upgrade(banyan, legacy):
    legacy.behaviour = echo
    proxy = banyan()
    with Frames(proxy) as client:
        _, _, _, settings = client.next(h2.SETTINGS)
        entries = {settings[i:i + 6] for i in range(0, len(settings), 6)}
        assert b"\x00\x08\x00\x00\x00\x01" in entries
        client.send(h2.headers(1, connect_fields(more=[("sec-websocket-key", "mine")]), flags=0))
        client.send(h2.frame(h2.DATA, 0, 1, b"early"))
        kind, flags, _, head = client.next(h2.HEADERS, h2.RST_STREAM)
        assert (kind, flags & h2.END_STREAM, status(head)) == (h2.HEADERS, 0, 200)
        assert b"sec-websocket-accept" not in head and b"upgrade" not in head
        assert client.data(5) == b"early"
        client.send(h2.frame(h2.DATA, 0, 1, b"more"))
        assert client.data(4) == b"more"
        assert tunnels(proxy) == 1
        client.send(h2.frame(h2.DATA, h2.END_STREAM, 1, b"end"))
        assert client.data(3) == b"end"
        assert client.ended or client.next(h2.DATA, h2.RST_STREAM)[1] & h2.END_STREAM
    asked = legacy.requests[0]
    assert (asked.method, asked.target) == ("GET", "/shop/chat")
    assert asked.header("upgrade") == "websocket"
    assert asked.header("sec-websocket-key") not in (None, "mine")
    record = eventually(lambda: proxy.access_log(), "its line in the log")[0]
    assert (record["status"], record["request_bytes"]) == (101, 12)


def test_an_upstream_that_ends_first_leaves_the_client_its_side(banyan, legacy):
    heard = []

    def end_first(exchange):
        accept = accept_of(exchange.request.header("sec-websocket-key"))
        exchange.sock.sendall(
            b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\nbye".encode())
        exchange.sock.shutdown(socket.SHUT_WR)
        while data := exchange.sock.recv(65536):
            heard.append(data)
        raise Over

    legacy.behaviour = end_first
    proxy = banyan()
    with Frames(proxy) as client:
        client.send(h2.headers(1, connect_fields(), flags=0))
        assert client.data(3) == b"bye"
        client.send(h2.frame(h2.DATA, 0, 1, b"still "))
        client.send(h2.frame(h2.DATA, h2.END_STREAM, 1, b"here"))
        eventually(lambda: b"".join(heard) == b"still here", "the client's bytes")
    eventually(lambda: tunnels(proxy) == 0, "no tunnel is left")


@pytest.mark.parametrize("accept", ["", "Sec-WebSocket-Accept: wrong\r\n"])
def test_an_answer_that_does_not_prove_itself_is_refused(banyan, legacy, accept):
    legacy.behaviour = lambda exchange: exchange.sock.sendall(
        b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + accept.encode() + b"\r\n")
    with Frames(banyan()) as client:
        client.send(h2.headers(1, connect_fields(), flags=0))
        assert status(client.next(h2.HEADERS)[3]) == 502


def test_another_answer_is_an_answer(banyan, legacy):
    proxy = banyan()  # answers 200, which over HTTP/1.1 is no agreement
    with Frames(proxy) as client:
        client.send(h2.headers(1, connect_fields(), flags=0))
        assert status(client.next(h2.HEADERS)[3]) == 200
        assert client.next(h2.RST_STREAM)[3] == b"\0\0\0\0"
    assert tunnels(proxy) == 0


@pytest.mark.parametrize("fields,expected", [
    (connect_fields(protocol="connect-udp"), 501),
    ([(":method", "GET"), *connect_fields()[1:]], 400),
    (connect_fields(more=[("content-length", "5")]), 400),
    ([f for f in connect_fields() if f[0] != ":path"], 400),
    ([f for f in connect_fields() if f[0] != ":scheme"], 400),
    ([f for f in connect_fields() if f[0] != ":protocol"], 400),
    ([(":method", "CONNECT"), (":authority", "x:1")], 405)])
def test_what_is_no_extended_connect_to_websocket(banyan, legacy, fields, expected):
    with Frames(banyan()) as client:
        client.send(h2.headers(1, fields, flags=0))
        assert status(client.next(h2.HEADERS)[3]) == expected
    assert not legacy.requests


@pytest.mark.parametrize("who", ["client", "upstream"])
def test_a_reset_stream_and_a_reset_connection(banyan, legacy, who):
    def reset_once_asked(exchange):
        agree(exchange)
        exchange.sock.recv(65536)
        exchange.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        exchange.sock.close()
        raise Over

    legacy.behaviour = echo if who == "client" else reset_once_asked
    proxy = banyan()
    with Frames(proxy) as client:
        client.send(h2.headers(1, connect_fields(), flags=0))
        assert status(client.next(h2.HEADERS)[3]) == 200
        if who == "client":
            client.send(h2.frame(h2.RST_STREAM, 0, 1, b"\0\0\0\x08"))
            eventually(lambda: legacy.open_connections == 0, "the upstream's end")
        else:
            client.send(h2.frame(h2.DATA, 0, 1, b"x"))
            assert client.next(h2.RST_STREAM)[2] == 1
        eventually(lambda: tunnels(proxy) == 0, "it ends")


# ---- upstreams of HTTP/2

@pytest.fixture
def proxy_to(banyan):
    def start(upstream):
        return banyan(top={"upstreams": {
            "shop-legacy": {"endpoints": [upstream.address], "protocol": "http2"},
            "shop-monolith": {"endpoints": ["127.0.0.1:9"]}}})
    return start


def test_an_upgrade_becomes_an_extended_connect(proxy_to):
    with Http2Upstream("legacy", up2.echo, extended_connect=True) as upstream:
        proxy = proxy_to(upstream)
        with proxy.connect() as connection:
            upgraded(connection)  # with the answer to its key
            sent = bytes(range(256)) * (MIB // 256)
            writer = threading.Thread(
                target=lambda: (connection.send(sent), connection.end_of_requests()))
            writer.start()
            assert received(connection, len(sent)) == sent
            writer.join()
            assert connection.everything() == b""
        asked = upstream.requests[0]
        assert (asked.method, asked.header(":protocol")) == ("CONNECT", "websocket")
        assert asked.target == "/shop/chat"
        assert asked.header("sec-websocket-version") == "13"
        assert asked.header("sec-websocket-key") is None
        eventually(lambda: tunnels(proxy) == 0, "no tunnel is left")


def test_an_extended_connect_goes_on_as_one(proxy_to):
    with Http2Upstream("legacy", up2.echo, extended_connect=True) as upstream:
        proxy = proxy_to(upstream)
        with Frames(proxy) as client:
            client.send(h2.headers(1, connect_fields(), flags=0))
            assert status(client.next(h2.HEADERS)[3]) == 200
            client.send(h2.frame(h2.DATA, 0, 1, b"hello"))
            assert client.data(5) == b"hello"
            client.send(h2.frame(h2.DATA, h2.END_STREAM, 1, b"end"))
            assert client.data(3) == b"end"
        assert upstream.requests[0].header(":protocol") == "websocket"


@pytest.mark.parametrize("extended,protocol", [(False, "websocket"), (True, "tcp")])
def test_what_it_does_not_take_is_said(proxy_to, extended, protocol):
    with Http2Upstream("legacy", extended_connect=extended) as upstream:
        proxy = proxy_to(upstream)
        with proxy.connect() as connection:
            fields = [(n, protocol if n == "Upgrade" else v) for n, v in UPGRADE]
            answer = connection.request("GET", "/shop/a", fields)
            assert (answer.status, answer.body) == (501, b"upgrade_unsupported\n")
        assert not upstream.requests
        assert proxy.fetch("/shop/b").status == 200


def test_another_answer_of_an_http2_upstream_is_an_answer(proxy_to):
    def refuse(stream):
        stream.head(403)
        stream.send(b"no", end=True)

    with Http2Upstream("legacy", refuse, extended_connect=True) as upstream:
        proxy = proxy_to(upstream)
        with proxy.connect() as connection:
            answer = connection.request("GET", "/shop/a", UPGRADE)
            assert (answer.status, answer.body) == (403, b"no")
            assert connection.everything() == b""
        eventually(upstream.requests[0].was_reset.is_set, "the stream's end")


# ---- npm's ws

@pytest.fixture
def ws():
    if not shutil.which("node") or not (INTEROP / "node_modules/ws").is_dir():
        pytest.skip("no node or no npm packages (script/setup)")
    servers = []

    def serve():
        # pylint: disable-next=consider-using-with
        server = subprocess.Popen(["node", "websocket.js", "serve"], cwd=INTEROP, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        servers.append(server)
        return json.loads(server.stdout.readline())["port"]

    yield serve
    for server in servers:
        server.kill()
        server.wait(timeout=10)
        server.stdout.close()


def ws_ask(*urls):
    done = subprocess.run(["node", "websocket.js", "ask", *urls], cwd=INTEROP, timeout=120,
                          capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_ws_client_talks_to_the_ws_server(tmp_path, banyan, ws):
    port = ws()
    proxy = banyan(percent=50, top={
        "upstreams": {"shop-legacy": {"endpoints": [f"127.0.0.1:{port}"]},
                      "shop-monolith": {"endpoints": [f"127.0.0.1:{ws()}"]}},
        "migrations": [migration(sticky=[{"query": "user"}])]})
    urls = [f"ws://{proxy.address}/shop/chat?user={n}" for n in range(10)]
    said = {one["url"]: one for one in ws_ask(*urls)}
    assert set(said) == set(urls)
    for url, one in said.items():
        assert one.get("error") is None, one
        assert one["hello"]["path"] == url.partition(proxy.address)[2]
        assert one["hello"]["client"] == "127.0.0.1"
        assert (one["protocol"], one["pong"], one["echoed"]) == ("echo", "p", 20)
        assert (one["code"], one["reason"]) == (4001, "as asked")
    eventually(lambda: tunnels(proxy) == 0, "no tunnel is left")
    arms = {record["arm"] for record in eventually(
        lambda: proxy.access_log() if len(proxy.access_log()) == 10 else None, "ten lines")}
    assert arms == {"legacy", "monolith"}


def test_the_ws_client_hears_a_refusal(banyan, ws, legacy):
    ws()
    proxy = banyan()
    assert ws_ask(f"ws://{proxy.address}/shop/chat")[0]["status"] == 200
    assert len(legacy.requests) == 1
