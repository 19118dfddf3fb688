"""TLS on listeners and towards upstreams, with real clients and servers."""
import re
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from support.load import Load
from support.metrics import total
from support.proxy import Banyan, cli, configuration
from support.tls import (Authority, TlsConnection, TlsUpstream, client_context, openssl, serial_of)
from support.upstream import answer
from support.wait import eventually


@pytest.fixture
def ca(tmp_path):
    return Authority(tmp_path / "certs")


def listener(identity, **tls):
    return {"name": "ingress", "bind": "127.0.0.1:0",
            "tls": {"certificate": identity[0], "private_key": identity[1], **tls}}


@pytest.fixture
def serving(tmp_path, legacy, monolith, ca):
    """serving(client_ca=…) starts a proxy with TLS on its listener."""
    started = []

    def start(certificates=None, top=None, **tls):
        first = listener(ca.issue("server"), **tls)
        if certificates:
            first["tls"]["certificates"] = [
                {"certificate": c, "private_key": k} for c, k in certificates]
        config = configuration(tmp_path, legacy, monolith, listeners=[first], **(top or {}))
        started.append(Banyan(tmp_path, config))
        return started[-1].start()

    yield start
    for proxy in started:
        if proxy.process.poll() is None:
            proxy.stop()


def s_client(proxy, *arguments, stdin=b"Q"):
    done = openssl("s_client", "-connect", proxy.address, "-servername", "shop.test", *arguments,
                   stdin=stdin, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


# ---- listeners

@pytest.mark.parametrize("version", ["--tls-max 1.2", "--tlsv1.3"])
def test_curl_is_served(serving, legacy, ca, version):
    proxy = serving()
    host, port = proxy.address.rsplit(":", 1)
    done = subprocess.run(
        ["curl", "-sS", "--cacert", str(ca.file), *version.split(), "--resolve",
         f"shop.test:{port}:{host}", f"https://shop.test:{port}/shop/item"],
        capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert legacy.requests[0].header("x-forwarded-proto") == "https"
    record = eventually(lambda: proxy.access_log(), "the line in the log")[0]
    assert record["tls"] == ("1.2" if "max" in version else "1.3")
    assert "client_san" not in record


@pytest.mark.parametrize("asked,spoken", [("--http2", "2"), ("--http1.1", "1.1")])
def test_the_client_chooses_the_protocol_by_alpn(serving, legacy, ca, asked, spoken):
    proxy = serving()
    host, port = proxy.address.rsplit(":", 1)
    urls = [f"https://shop.test:{port}/shop/{n}" for n in range(3)]
    done = subprocess.run(
        ["curl", "-sS", "--cacert", str(ca.file), asked, "--resolve", f"shop.test:{port}:{host}",
         "-d", "x" * 100_000, "-w", "%{http_version} %{http_code} %{num_connects}\\n",
         *(word for url in urls for word in ("-o", "/dev/null", url))],
        capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.split("\n")[:3] == [f"{spoken} 200 {n}" for n in (1, 0, 0)], done.stderr
    assert [len(r.body) for r in legacy.requests] == [100_000] * 3


def test_the_certificate_is_that_of_the_asked_name(serving, ca):
    api = ca.issue("api", "DNS:api.test,DNS:*.api.test")
    proxy = serving(certificates=[api])
    own = serial_of(ca.dir / "server.crt")
    for name, expected in (("shop.test", own), ("api.test", serial_of(api[0])),
                           ("a.api.test", serial_of(api[0]))):
        with TlsConnection(proxy.address, client_context(ca), name) as connection:
            assert connection.serial == expected
            assert connection.request("GET", "/shop/item").status == 200


def test_tls_1_1_is_refused(serving):
    proxy = serving()
    said = s_client(proxy, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert re.search(r"alert protocol version|no protocols available", said), said
    assert "Cipher is (NONE)" in said


def test_min_version_1_3_refuses_1_2(serving):
    proxy = serving(min_version="1.3")
    assert "alert protocol version" in s_client(proxy, "-tls1_2")
    assert "TLSv1.3" in s_client(proxy, "-tls1_3")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_are_resumed_by_every_worker(serving, tmp_path, version):
    proxy = serving(top={"workers": 2})
    ticket = tmp_path / "session.pem"
    request = b"GET /shop/item HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"
    first = s_client(proxy, version, "-sess_out", ticket, "-ign_eof", stdin=request)
    assert "\nNew, " in first
    for _ in range(6):  # the kernel spreads them over the workers
        assert "\nReused, " in s_client(proxy, version, "-sess_in", ticket, "-ign_eof",
                                        stdin=request)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_resumed_session_keeps_the_names_of_its_client(serving, tmp_path, version):
    users = Authority(tmp_path / "users")
    proxy = serving(client_ca=str(users.file))
    certificate, key = users.issue("cart", "URI:spiffe://shop/cart")
    ticket = tmp_path / "session.pem"
    request = b"GET /shop/item HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"
    first = s_client(proxy, version, "-cert", certificate, "-key", key, "-sess_out", ticket,
                     "-ign_eof", stdin=request)
    assert "\nNew, " in first and "HTTP/1.1 200" in first
    # It shows no certificate again: the session vouches for it, and for nobody without one.
    again = s_client(proxy, version, "-sess_in", ticket, "-ign_eof", stdin=request)
    assert "\nReused, " in again and "HTTP/1.1 200" in again
    assert "HTTP/1.1 200" not in s_client(proxy, version, "-ign_eof", stdin=request)
    eventually(lambda: len(proxy.access_log()) == 2, "the lines in the log")
    assert [line["client_san"] for line in proxy.access_log()] == ["URI:spiffe://shop/cart"] * 2


def test_plain_http_is_told_so_and_counted(serving):
    proxy = serving()
    with socket.create_connection(proxy.address.rsplit(":", 1)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        said = b""
        while piece := sock.recv(4096):
            said += piece
    assert said.startswith(b"HTTP/1.1 400 ") and said.endswith(b"\r\n\r\nplain_http\n"), said
    assert total(proxy.metrics(), "banyan_local_errors_total", reason="plain_http") == 1


def test_a_client_certificate_is_needed_verified_and_logged(serving, ca, tmp_path):
    users = Authority(tmp_path / "users")
    proxy = serving(client_ca=str(users.file))
    cart = users.issue("cart", "URI:spiffe://shop/cart")
    with TlsConnection(proxy.address, client_context(ca, cart)) as connection:
        assert connection.request("GET", "/shop/item").status == 200
    record = eventually(lambda: proxy.access_log(), "the line in the log")[0]
    assert record["client_san"] == "URI:spiffe://shop/cart"
    for identity in (None, ca.issue("stranger")):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            with TlsConnection(proxy.address, client_context(ca, identity)) as connection:
                connection.request("GET", "/shop/item")
    assert total(proxy.metrics(), "banyan_local_errors_total", reason="tls_handshake") == 2


def test_an_optional_client_certificate_is_verified_where_there_is_one(serving, ca, tmp_path):
    users = Authority(tmp_path / "users")
    proxy = serving(client_ca=str(users.file), client_auth="optional")
    for identity in (None, users.issue("cart")):
        with TlsConnection(proxy.address, client_context(ca, identity)) as connection:
            assert connection.request("GET", "/shop/item").status == 200
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with TlsConnection(proxy.address, client_context(ca, ca.issue("stranger"))) as connection:
            connection.request("GET", "/shop/item")


def test_a_silent_client_is_let_go_after_timeouts_header(serving):
    proxy = serving(top={"timeouts": {"header": "200ms"}})
    with socket.create_connection(proxy.address.rsplit(":", 1), timeout=10) as sock:
        sock.sendall(b"\x16")
        assert sock.recv(4096) in (b"",)  # closed
    eventually(lambda: total(proxy.metrics(), "banyan_local_errors_total",
                             reason="tls_handshake") == 1, "it is counted")


def test_large_bodies_pass_both_ways(serving, legacy, ca):
    proxy = serving()
    body = bytes(range(256)) * 4096 * 4
    legacy.behaviour = answer(body=body)
    with TlsConnection(proxy.address, client_context(ca)) as connection:
        for _ in range(3):
            got = connection.request("POST", "/shop/item", body=body)
            assert got.status == 200 and got.body == body
    assert legacy.requests[0].length == len(body)


def test_a_drain_ends_connections_orderly(serving, ca):
    proxy = serving()
    with TlsConnection(proxy.address, client_context(ca)) as connection:
        assert connection.request("GET", "/shop/item").status == 200
        proxy.stop()
        assert connection.sock.recv(1) == b""  # close_notify: anything else raises


# ---- upstreams

@pytest.fixture
def behind(tmp_path, monolith, ca):
    """behind(upstream, ca=…): a proxy whose default upstream speaks TLS."""
    started = []

    def start(upstream, host="127.0.0.1", **tls):
        config = configuration(tmp_path, upstream, monolith)
        config["upstreams"]["shop-legacy"] = {
            "endpoints": [f"{host}:{upstream.port}"], "tls": {"ca": str(ca.file), **tls}}
        started.append(Banyan(tmp_path, config))
        return started[-1].start()

    yield start
    for proxy in started:
        if proxy.process.poll() is None:
            proxy.stop()


def test_an_upstream_is_spoken_to_over_tls(behind, ca):
    with TlsUpstream("legacy", ca.issue("up")) as up:
        proxy = behind(up, server_name="shop.test")
        for _ in range(3):
            assert proxy.fetch().served_by == "legacy"
        assert up.names_asked[0] == "shop.test"
        assert up.requests[0].header("x-forwarded-proto") == "http"


def test_an_address_is_verified_as_an_address(behind, ca):
    with TlsUpstream("legacy", ca.issue("up")) as up:
        assert behind(up).fetch().status == 200
        assert up.names_asked[0] is None


@pytest.mark.parametrize("why, names, days, said", [
    ("wrong name", "DNS:other.test", 2, "hostname mismatch"),
    ("expired", "DNS:shop.test", -1, "certificate has expired"),
    ("wrong CA", "DNS:shop.test", 2, "unable to get local issuer certificate"),
])
def test_an_upstream_that_can_not_be_verified_gets_nothing(behind, tmp_path, ca, why, names, days,
                                                           said):
    issuer = Authority(tmp_path / "strangers") if why == "wrong CA" else ca
    with TlsUpstream("legacy", issuer.issue("up", names, days)) as up:
        proxy = behind(up, server_name="shop.test")
        got = proxy.fetch()
        assert got.status == 502 and got.body == b"upstream_tls\n"
        assert up.requests == []
        assert said in proxy.said()
        # One other try, and no more.
        assert total(proxy.metrics(), "banyan_retries_total", upstream="shop-legacy") == 1


def test_plaintext_is_never_the_way_out(behind, legacy):
    proxy = behind(legacy)  # which waits for a head that is one
    assert proxy.fetch().body == b"connect_timeout\n"
    assert legacy.connections > 0 and legacy.requests == []


def test_an_upstream_gets_our_certificate(behind, ca, tmp_path):
    proxies = Authority(tmp_path / "proxies")
    own = proxies.issue("own", "DNS:proxy.test")
    with TlsUpstream("legacy", ca.issue("up"), client_ca=proxies) as up:
        proxy = behind(up, certificate=own[0], private_key=own[1])
        assert proxy.fetch().status == 200
        assert up.peers[0]["subjectAltName"] == (("DNS", "proxy.test"),)


def test_an_upstream_that_misses_our_certificate_is_a_tls_failure(behind, ca):
    with TlsUpstream("legacy", ca.issue("up"), client_ca=ca) as up:
        proxy = behind(up)
        assert proxy.fetch().body == b"upstream_tls\n"
        eventually(lambda: "certificate required" in proxy.said(), "the reason in the log")


def test_new_connections_resume_sessions(behind, ca):
    def closing(exchange):
        answer(headers=(("Connection", "close"),))(exchange)
    with TlsUpstream("legacy", ca.issue("up"), closing) as up:
        proxy = behind(up)
        for _ in range(5):
            assert proxy.fetch().status == 200
        assert up.resumed == 4


def test_a_body_that_only_tcp_ends_is_cut_off(behind, ca):
    def endless(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of i")
        raise ConnectionError  # closed without close_notify
    with TlsUpstream("legacy", ca.issue("up"), endless) as up:
        proxy = behind(up)
        with pytest.raises((ConnectionError, AssertionError)):
            proxy.fetch()
        eventually(lambda: total(proxy.metrics(), "banyan_local_errors_total",
                                 reason="upstream_cut_off") == 1, "it is counted")


# ---- files

def certificate_expiry(proxy, side):
    return [v for n, labels, v in proxy.metrics()
            if n == "banyan_tls_certificate_expiry_seconds" and labels["side"] == side]


def test_a_certificate_changes_under_load_and_no_exchange_is_lost(serving, ca):
    proxy = serving(top={"reload": {"watch": True, "poll": "1h", "debounce": "20ms"}})
    context = client_context(ca)
    fresh = client_context(ca)

    def serial():
        with TlsConnection(proxy.address, fresh) as connection:
            return connection.serial
    with Load(proxy.address, threads=3,
              connect=lambda at: TlsConnection(at, context)) as load, \
            TlsConnection(proxy.address, context) as kept:
        eventually(load.more(20), "load")
        assert kept.request("GET", "/shop/item").status == 200
        for _ in range(5):
            expected = serial_of(ca.issue("server", days=3)[0])
            eventually(lambda: serial() == expected, "the new certificate is shown")
        assert kept.request("GET", "/shop/item").status == 200
        eventually(load.more(20), "load goes on")
    assert load.failures() == []
    samples = proxy.metrics()
    assert total(samples, "banyan_tls_reload_success") == 1
    assert total(samples, "banyan_tls_reloads_total", result="success") >= 5
    left = certificate_expiry(proxy, "listener")[0] - time.time()
    assert abs(left - 3 * 24 * 3600) < 3600


def test_a_bad_new_certificate_leaves_the_old_one_and_says_so_everywhere(serving, ca):
    proxy = serving(top={"reload": {"watch": True, "poll": "1h", "debounce": "20ms"}})
    before = serial_of(ca.dir / "server.crt")
    good = (ca.dir / "server.key").read_bytes()
    (ca.dir / "server.key").write_text("garbage\n")
    eventually(lambda: total(proxy.metrics(), "banyan_tls_reload_success") == 0, "it is noticed")
    problem = "server.key: holds no private key in PEM form"
    assert f"listeners[0].tls.private_key: {ca.dir}/{problem}" in proxy.said()
    assert problem in proxy.api_json("/v1/status")["tls"]["problems"][0]
    assert problem in proxy.cli("status").stdout
    with TlsConnection(proxy.address, client_context(ca)) as connection:
        assert connection.serial == before
    refused = proxy.cli("reload")
    assert refused.returncode == 1 and problem in refused.stderr
    (ca.dir / "server.key").write_bytes(good)
    eventually(lambda: total(proxy.metrics(), "banyan_tls_reload_success") == 1, "it is healed")


def test_sighup_takes_changed_certificates_without_a_watch(serving, ca):
    proxy = serving(top={"reload": {"watch": False, "poll": "1h", "debounce": "1s"}})
    expected = serial_of(ca.issue("server")[0])
    proxy.signal(1)

    def serial():
        with TlsConnection(proxy.address, client_context(ca)) as connection:
            return connection.serial
    eventually(lambda: serial() == expected, "the new certificate is shown")


def test_a_changed_ca_of_an_upstream_counts_for_new_connections(behind, ca, tmp_path):
    file = tmp_path / "believed.crt"
    shutil.copy(ca.file, file)
    strangers = Authority(tmp_path / "strangers")
    with TlsUpstream("legacy", ca.issue("up")) as up:
        proxy = behind(up, ca=str(file))
        assert proxy.fetch().status == 200
        shutil.copy(strangers.file, file)
        eventually(lambda: proxy.fetch().body == b"upstream_tls\n", "it is not believed any more")


@pytest.mark.parametrize("fault, said", [
    ("key", "is not the key of"),
    ("expired", "the certificate expired at"),
    ("garbage", "holds no certificate in PEM form"),
    ("missing", "can not be read: No such file or directory"),
])
def test_validate_and_start_say_what_is_wrong_and_where(tmp_path, legacy, monolith, ca, fault,
                                                        said):
    identity = ca.issue("server", days=-1 if fault == "expired" else 2)
    if fault == "key":
        identity = (identity[0], ca.issue("other")[1])
    if fault == "garbage":
        (ca.dir / "server.crt").write_text("garbage\n")
    if fault == "missing":
        (ca.dir / "server.crt").unlink()
    proxy = Banyan(tmp_path, configuration(tmp_path, legacy, monolith,
                                           listeners=[listener(identity)]))
    key = "private_key" if fault == "key" else "certificate"
    for command in (("validate", proxy.file), ("run", "-c", proxy.file)):
        done = cli(*command)
        assert done.returncode == 1
        assert re.search(rf"banyan\.yaml:\d+:\d+: error: listeners\[0\]\.tls\.{key}: .*{said}",
                         done.stderr), done.stderr
        assert "^" in done.stderr
    assert cli("validate", "--no-files", proxy.file).returncode == 0
