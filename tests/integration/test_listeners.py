"""Where clients connect: IPv6, unix sockets, several listeners, and the PROXY protocol."""
import os
import socket
import ssl
import stat
import struct

import pytest

from support import h2
from support.buckets import arm_of
from support.http import Closed, Connection, fetch, request_bytes
from support.metrics import total
from support.proxy import Banyan, cli, configuration, migration
from support.tls import Authority, client_context
from support.wait import eventually

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
CLIENT = "192.0.2.7"
LINE = b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 8080\r\n"
BINARY = (SIGNATURE + b"\x21\x11" + struct.pack(">H", 12 + 5) + bytes([192, 0, 2, 7, 10, 0, 0, 1])
          + struct.pack(">HH", 4711, 8080) + b"\x02\x00\x02ab")
LOCAL = SIGNATURE + b"\x20\x00\x00\x00"


@pytest.fixture
def serving(tmp_path, legacy, monolith):
    """serving([listener, …]) starts a proxy with these listeners."""
    started = []

    def start(listeners, **top):
        config = configuration(tmp_path, legacy, monolith, listeners=listeners, **top)
        started.append(Banyan(tmp_path, config))
        return started[-1].start()

    yield start
    for proxy in started:
        if proxy.process.poll() is None:
            proxy.stop()


def at(proxy, name):
    return proxy.addresses["listeners"][name]


def refused(proxy):
    return total(proxy.metrics(), "banyan_local_errors_total", reason="proxy_header")


# ---- addresses and unix sockets

def test_several_listeners_of_every_kind_serve_side_by_side(serving, legacy, tmp_path):
    path = tmp_path / "in.sock"
    proxy = serving([{"name": "ingress", "bind": "127.0.0.1:0"}, {"name": "six", "bind": "[::1]:0"},
                     {"name": "all-six", "bind": "[::]:0"},
                     {"name": "beside", "bind": f"unix:{path}", "socket_mode": "0660"}], workers=2)
    assert at(proxy, "six").startswith("[::1]:")
    assert at(proxy, "beside") == f"unix:{path}"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    any_six = "[::1]:" + at(proxy, "all-six").rsplit(":", 1)[1]
    for address in (at(proxy, "ingress"), at(proxy, "six"), any_six, at(proxy, "beside")):
        assert fetch(address, "/shop/a", headers=[("X-Forwarded-For", "203.0.113.9")]).status == 200
    said = [r.header("x-forwarded-for") for r in legacy.requests]
    assert said == ["127.0.0.1", "::1", "::1", None]
    records = eventually(lambda: [r for r in proxy.access_log() if len(proxy.access_log()) == 4],
                         "four lines")
    # Each worker writes its own lines, so their order says nothing.
    assert sorted((r["listener"], r["client"]) for r in records) == [
        ("all-six", "::1"), ("beside", ""), ("ingress", "127.0.0.1"), ("six", "::1")]


def test_both_workers_take_connections_of_a_unix_socket(serving, tmp_path):
    proxy = serving([{"name": "ingress", "bind": f"unix:{tmp_path}/s"}], workers=2)
    kept = [Connection(proxy.address) for _ in range(50)]
    assert all(c.request("GET", "/shop/a").status == 200 for c in kept)
    for connection in kept:
        connection.close()


def test_http2_over_a_unix_socket(serving, tmp_path):
    proxy = serving([{"name": "ingress", "bind": f"unix:{tmp_path}/s"}])
    with Connection(proxy.address) as client:
        client.send(h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + h2.headers(1, h2.request_fields()))
        assert client.sock.recv(1)


def test_the_file_of_a_unix_socket_goes_with_its_listener(serving, tmp_path, legacy, monolith):
    path, other = tmp_path / "a.sock", tmp_path / "b.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()  # the file stays, as after a kill
    listeners = [{"name": "ingress", "bind": f"unix:{path}"}]
    proxy = serving(listeners)
    assert fetch(f"unix:{path}", "/shop/a").status == 200
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    listeners[0]["socket_mode"] = "0666"
    proxy.reload(configuration(tmp_path, legacy, monolith, listeners=listeners))
    eventually(lambda: stat.S_IMODE(os.stat(path).st_mode) == 0o666, "the new mode")
    listeners = [{"name": "ingress", "bind": f"unix:{other}"}]
    proxy.reload(configuration(tmp_path, legacy, monolith, listeners=listeners))
    eventually(lambda: not path.exists(), "the old file is gone")
    assert fetch(f"unix:{other}", "/shop/a").status == 200
    proxy.stop()
    assert not other.exists()


def test_a_socket_that_somebody_listens_on_is_not_taken(tmp_path, legacy, monolith):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        listeners = [{"name": "ingress", "bind": f"unix:{path}"}]
        proxy = Banyan(tmp_path, configuration(tmp_path, legacy, monolith, listeners=listeners))
        done = cli("run", "-c", proxy.file)
        assert done.returncode == 1
        assert "another process listens there" in done.stderr
        assert path.exists()


# ---- the PROXY protocol

def proxied(**more):
    return {"name": "ingress", "bind": "127.0.0.1:0", "proxy_protocol": "required",
            "trusted_proxies": ["127.0.0.1"], **more}


@pytest.mark.parametrize("header,client", [
    (LINE, CLIENT), (BINARY, CLIENT), (LOCAL, "127.0.0.1"), (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    (b"PROXY TCP6 2001:db8::9 ::1 1 2\r\n", "2001:db8::9")])
@pytest.mark.parametrize("pieces", [1, None])
def test_the_client_is_who_the_header_names(serving, legacy, header, client, pieces):
    proxy = serving([proxied()])
    with proxy.connect() as connection:
        data = header + request_bytes("GET", "/shop/a", [("X-Forwarded-For", "203.0.113.9")])
        for i in range(0, len(data), pieces or len(data)):
            connection.send(data[i:i + (pieces or len(data))])
        assert connection.answer().status == 200
        assert connection.request("GET", "/shop/b").status == 200  # kept, and nothing twice
    # A client that is named may make up its own X-Forwarded-For; the proxy itself is believed.
    known = ["203.0.113.9, 127.0.0.1"] if client == "127.0.0.1" else [client]
    assert [legacy.requests[0].header("x-forwarded-for")] == known
    record = eventually(lambda: proxy.access_log(), "the line in the log")[0]
    assert record["client"] == ("203.0.113.9" if client == "127.0.0.1" else client)
    assert refused(proxy) == 0


def test_sticky_client_ip_is_the_named_one(serving):
    proxy = serving([proxied()], migrations=[migration(sticky=[{"client_ip": True}])],
                    flags={"shop": 50})
    for last in range(1, 30):
        client = f"192.0.2.{last}"
        with proxy.connect() as connection:
            connection.send(f"PROXY TCP4 {client} 10.0.0.1 1 2\r\n".encode())
            assert connection.request("GET", "/shop/a").served_by == arm_of("shop", client, 50)


@pytest.mark.parametrize("header", [LINE, BINARY])
@pytest.mark.parametrize("pieces", [1, None])
def test_it_stands_before_tls(serving, legacy, tmp_path, header, pieces):
    ca = Authority(tmp_path / "certs")
    certificate, key = ca.issue("server")
    proxy = serving([proxied(tls={"certificate": certificate, "private_key": key})])
    with proxy.connect() as connection:
        for i in range(0, len(header), pieces or len(header)):
            connection.send(header[i:i + (pieces or len(header))])
        connection.sock = client_context(ca).wrap_socket(connection.sock,
                                                         server_hostname="shop.test")
        assert connection.request("GET", "/shop/a").status == 200
    assert legacy.requests[0].header("x-forwarded-for") == CLIENT
    assert legacy.requests[0].header("x-forwarded-proto") == "https"


def test_it_may_come_in_one_piece_with_the_client_hello(serving, legacy, tmp_path):
    ca = Authority(tmp_path / "certs")
    certificate, key = ca.issue("server")
    proxy = serving([proxied(tls={"certificate": certificate, "private_key": key})])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context(ca).wrap_bio(incoming, outgoing, server_hostname="shop.test")
    with proxy.connect() as connection:
        first = BINARY
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.send(first + outgoing.read())
                first = b""
                incoming.write(connection.sock.recv(65536))
        tls.write(request_bytes("GET", "/shop/a"))
        connection.send(outgoing.read())
        got = b""
        while b"HTTP/1.1 200" not in got:
            incoming.write(connection.sock.recv(65536))
            try:
                got += tls.read()
            except ssl.SSLWantReadError:
                pass
    assert legacy.requests[0].header("x-forwarded-for") == CLIENT


@pytest.mark.parametrize("pieces", [1, None])
def test_it_stands_before_the_preface_of_http2(serving, legacy, pieces):
    proxy = serving([proxied()])
    with proxy.connect() as connection:
        data = (BINARY + h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0)
                + h2.headers(1, h2.request_fields()))
        for i in range(0, len(data), pieces or len(data)):
            connection.send(data[i:i + (pieces or len(data))])
        eventually(lambda: legacy.requests, "the request")
    assert legacy.requests[0].header("x-forwarded-for") == CLIENT


@pytest.mark.parametrize("bad", [
    b"GET /shop/a HTTP/1.1\r\nHost: x\r\n\r\n", b"PROXY TCP4 192.0.2.7\r\n", b"\x16\x03\x01",
    h2.PREFACE, SIGNATURE + b"\x11\x11\x00\x00", SIGNATURE + b"\x21\x11\xff\xff",
    SIGNATURE + b"\x21\x11\x00\x0b" + b"x" * 11])
def test_without_a_right_header_the_connection_is_closed(serving, legacy, bad):
    proxy = serving([proxied()])
    with proxy.connect() as connection:
        connection.send(bad)
        assert connection.everything() == b""
    assert refused(proxy) == 1
    assert not legacy.requests


def test_one_header_and_no_second_one(serving, legacy):
    proxy = serving([proxied()])
    with proxy.connect() as connection:
        connection.send(LINE + LINE + request_bytes("GET", "/shop/a"))
        assert connection.answer().status == 400
    assert not legacy.requests


def test_a_header_has_time_until_timeouts_header(serving):
    proxy = serving([proxied()], timeouts={"header": "200ms"})
    for part in (b"", LINE[:20], BINARY[:13]):
        with proxy.connect() as connection:
            connection.send(part)
            assert connection.everything() == b""
    assert refused(proxy) == 3


def test_a_probe_that_says_nothing_is_not_counted(serving):
    proxy = serving([proxied()])
    for part, count in ((b"", 0), (LINE[:5], 1)):
        with proxy.connect() as connection:
            connection.send(part)
            connection.end_of_requests()
            assert connection.everything() == b""
        assert refused(proxy) == count


def test_a_peer_that_is_not_trusted_is_not_heard(serving, legacy):
    proxy = serving([proxied(trusted_proxies=["10.0.0.0/8"])])
    with proxy.connect() as connection:
        try:
            connection.send(LINE)
            assert connection.everything() == b""
        except (ConnectionError, Closed):
            pass
    eventually(lambda: refused(proxy) == 1, "it is counted")


def test_over_a_unix_socket_the_files_mode_says_who_may(serving, legacy, tmp_path):
    proxy = serving([{"name": "ingress", "bind": f"unix:{tmp_path}/s",
                      "proxy_protocol": "required"}])
    with proxy.connect() as connection:
        connection.send(LINE + request_bytes("GET", "/shop/a"))
        assert connection.answer().status == 200
    assert legacy.requests[0].header("x-forwarded-for") == CLIENT
