"""HTTP/2 from clients (h2c, prior knowledge) to HTTP/1.1 upstreams: real clients, and frames by hand."""
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from support import h2
from support import upstream as up
from support.metrics import total
from support.proxy import Banyan
from support.strict import StrictUpstream
from support.wait import eventually


def run(*arguments, data=None):
    done = subprocess.run([*map(str, arguments)], input=data, capture_output=True, timeout=60,
                          check=False)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def curl(proxy, path, *arguments, data=None):
    """Body and headers of one request."""
    code, out, err = run("curl", "-sS", "--http2-prior-knowledge", "-D", "/dev/stderr", *arguments,
                         f"http://{proxy.address}{path}", data=data)
    assert code == 0, err
    return out, err


# ---- real clients -----------------------------------------------------------------------------

def test_curl_gets_and_posts(banyan, legacy):
    legacy.behaviour = up.answer(headers=[("X-Some", "Thing")], body=lambda r: r.body[::-1] or b"got")
    proxy = banyan()
    body, head = curl(proxy, "/shop/a?b=c")
    assert body == b"got"
    assert head.startswith("HTTP/2 200") and "x-some: Thing" in head
    assert "content-length: 3" in head and "connection" not in head
    body, _ = curl(proxy, "/shop/a", "-d", "hello")
    assert body == b"olleh"
    first, second = legacy.requests
    assert (first.method, first.target) == ("GET", "/shop/a?b=c")
    assert first.header("host") == proxy.address and first.header("transfer-encoding") is None
    assert second.header("content-length") == "5"


def test_curl_sends_a_body_of_unknown_length(banyan, legacy):
    proxy = banyan()
    curl(proxy, "/shop/a", "-T", "-", data=b"x" * 300_000)
    assert legacy.requests[0].length == 300_000
    assert legacy.requests[0].header("transfer-encoding") == "chunked"


def test_large_bodies_pass_whole_both_ways(banyan, legacy, tmp_path):
    size = 20 * 1024 * 1024
    legacy.behaviour = up.large(size)
    proxy = banyan()
    target = tmp_path / "got"
    curl(proxy, "/shop/a", "-o", target)
    assert target.stat().st_size == size
    legacy.behaviour = up.answer()
    curl(proxy, "/shop/a", "-X", "POST", "--data-binary", f"@{target}")
    assert legacy.requests[1].length == size
    assert legacy.requests[1].digest == up.pattern_digest(size)


def test_head_has_a_length_and_no_body(banyan, legacy):
    legacy.behaviour = up.answer(body=b"12345")
    proxy = banyan()
    _, head = curl(proxy, "/shop/a", "-I")
    assert "content-length: 5" in head


def test_no_content_and_not_modified(banyan, legacy):
    proxy = banyan()
    for status in (204, 304):
        legacy.behaviour = up.answer(status)
        body, head = curl(proxy, "/shop/a")
        assert body == b"" and head.startswith(f"HTTP/2 {status}")


def test_informational_answers_and_trailers_pass(banyan, legacy):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    legacy.behaviour = up.raw(
        hints + b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n",
        "keep")
    proxy = banyan()
    code, out, err = run("nghttp", "-v", f"http://{proxy.address}/shop/a")
    assert code == 0, err
    text = out.decode()
    assert ":status: 103" in text and ":status: 200" in text and "x-sum: 3" in text


def test_trailers_of_a_request_pass(banyan, legacy, tmp_path):
    (tmp_path / "body").write_bytes(b"hello")
    proxy = banyan()
    code, _, err = run("nghttp", "--no-content-length", "--trailer", "x-sum: 5", "-H", "te: trailers",
                       "-d", tmp_path / "body", f"http://{proxy.address}/shop/a")
    assert code == 0, err
    request = legacy.requests[0]
    assert (request.body, request.trailers) == (b"hello", ["x-sum: 5"])
    assert (request.header("te"), request.header("connection")) == ("trailers", "TE")


def test_cookie_crumbs_are_one_cookie(banyan, legacy):
    proxy = banyan()
    code, _, err = run("nghttp", "-H", "cookie: a=b", "-H", "cookie: c=d", f"http://{proxy.address}/shop/a")
    assert code == 0, err
    assert [v for n, v in legacy.requests[0].headers if n.lower() == "cookie"] == ["a=b; c=d"]


def test_many_streams_share_few_upstream_connections(banyan, legacy):
    proxy = banyan()
    code, out, err = run("h2load", "-n", "2000", "-c", "4", "-m", "20", f"http://{proxy.address}/shop/a")
    assert code == 0, err
    assert re.search(rb"2000 succeeded, 0 failed, 0 errored", out), out.decode()
    assert len(legacy.requests) == 2000
    assert legacy.connections <= 90
    assert total(proxy.metrics(), "banyan_requests_total", migration="shop") == 2000


def test_http1_and_http2_share_a_port(banyan, legacy):
    proxy = banyan()
    assert proxy.fetch("/shop/a").status == 200
    curl(proxy, "/shop/a")
    assert proxy.fetch("/shop/a").status == 200


# ---- which protocol it is ---------------------------------------------------------------------

def test_the_preface_may_come_byte_by_byte(banyan, legacy):
    proxy = banyan()
    with h2.Client(proxy.address, start=False) as client:
        for byte in h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) + h2.headers(1, h2.request_fields()):
            client.send(bytes([byte]))
        assert client.answer(1).status == 200


def was_read(sock):
    """Whether the other end, of this machine, has taken from its kernel all that was sent."""
    def of_proc(address):
        host, port = address
        return "%08X:%04X" % (int.from_bytes(socket.inet_aton(host), "little"), port)
    own, peer = of_proc(sock.getsockname()), of_proc(sock.getpeername())
    queues = {}  # (from, to): bytes that are not acknowledged, bytes that are not read
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        queues[words[1], words[2]] = tuple(int(size, 16) for size in words[4].split(":"))
    return queues[own, peer][0] == 0 and queues[peer, own][1] == 0


def test_a_slow_post_is_no_preface(banyan, legacy):
    proxy = banyan()
    for cut in (1, 2, 5):
        with proxy.connect() as connection:
            request = b"POST /shop/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
            connection.send(request[:cut])
            eventually(lambda: was_read(connection.sock), "a read of its own")
            connection.send(request[cut:])
            assert connection.answer_head().status == 200


@pytest.mark.parametrize("first", [
    b"PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX", b"PRI * HTTP/2.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\nHost: x\r\n\r\n", b"PRI /shop/a HTTP/1.1\r\nHost: x\r\n\r\n", b"PRI  "])
def test_what_only_begins_like_the_preface_is_http1s(banyan, legacy, first):
    proxy = banyan()
    for pieces in ([first], [first[i:i + 1] for i in range(len(first))]):
        with proxy.connect() as connection:
            for piece in pieces:
                connection.send(piece)
            if first.endswith(b"  "):
                connection.send(b"\r\n\r\n")
            assert connection.everything().split(b" ")[1] in (b"400", b"405")
    assert not legacy.requests


def test_a_preface_without_end_times_out(banyan, legacy):
    proxy = banyan(top={"timeouts": {"header": "200ms"}})
    with proxy.connect() as connection:
        connection.send(b"PRI * HTTP/2")
        assert connection.everything().startswith(b"HTTP/1.1 408 ")


# ---- what is refused --------------------------------------------------------------------------

def with_field(name, value, method="POST"):
    return [*h2.request_fields(method), (name, value)]


def replaced(name, value):
    return [(n, value if n == name else v) for n, v in h2.request_fields("POST")]


def without(name):
    return [(n, v) for n, v in h2.request_fields("POST") if n != name]


SMUGGLED = b"\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

# Fields of a request with the body "0\r\n\r\nGET /smuggled HTTP/1.1\r\n…"
DOWNGRADES = {
    "CRLF in a value": with_field("x-a", b"b" + SMUGGLED),
    "CR in a value": with_field("x-a", b"b\rTransfer-Encoding: chunked"),
    "LF in a value": with_field("x-a", b"b\nTransfer-Encoding: chunked"),
    "NUL in a value": with_field("x-a", b"b\0c"),
    "a space before a value": with_field("x-a", b" b"),
    "a tab behind a value": with_field("x-a", b"b\t"),
    "CRLF in a name": with_field(b"x-a: b\r\ntransfer-encoding", b"chunked"),
    "LF in a name": with_field(b"x-a\n", b"b"),
    "NUL in a name": with_field(b"x\0a", b"b"),
    "a colon in a name": with_field("transfer-encoding:chunked", "x"),
    "a space in a name": with_field("transfer-encoding ", "chunked"),
    "a capital in a name": with_field("Transfer-Encoding", "chunked"),
    "no name": with_field("", "x"),
    "CRLF in the path": replaced(":path", b"/shop/a HTTP/1.1\r\nHost: x" + SMUGGLED),
    "a space in the path": replaced(":path", "/shop/a HTTP/1.1"),
    "LF in the path": replaced(":path", "/shop/a\n"),
    "NUL in the path": replaced(":path", "/shop/\0"),
    "a URL as path": replaced(":path", "http://other/shop/a"),
    "a path without a slash": replaced(":path", "shop/a"),
    "an empty path": replaced(":path", ""),
    "a fragment": replaced(":path", "/shop/a#b"),
    "CRLF in the method": replaced(":method", b"GET /x HTTP/1.1\r\nHost: x" + SMUGGLED + b"POST"),
    "a space in the method": replaced(":method", "GET /x"),
    "NUL in the method": replaced(":method", "GE\0T"),
    "an empty method": replaced(":method", ""),
    "CRLF in the authority": replaced(":authority", b"x\r\nTransfer-Encoding: chunked"),
    "a space in the authority": replaced(":authority", "x y"),
    "a path in the authority": replaced(":authority", "x/../y"),
    "credentials in the authority": replaced(":authority", "u@x"),
    "CRLF in the scheme": replaced(":scheme", b"http://x/ HTTP/1.1\r\nHost: x" + SMUGGLED),
    "another scheme": replaced(":scheme", "ftp"),
    "another host": with_field("host", "y"),
    "two hosts": [*h2.request_fields("POST"), ("host", "x"), ("host", "x")],
    "chunked": with_field("transfer-encoding", "chunked"),
    "identity": with_field("transfer-encoding", "identity"),
    "connection": with_field("connection", "content-length"),
    "keep-alive": with_field("keep-alive", "1"),
    "proxy-connection": with_field("proxy-connection", "keep-alive"),
    "upgrade": with_field("upgrade", "h2c"),
    "te": with_field("te", "chunked"),
    "a length that is too short": with_field("content-length", "1"),
    "a length that is too long": with_field("content-length", "9999"),
    "no length": with_field("content-length", "0"),
    "a negative length": with_field("content-length", "-1"),
    "two lengths": [*h2.request_fields("POST"), ("content-length", "5"), ("content-length", "6")],
    "a list of lengths": with_field("content-length", "5, 5"),
    "a cookie with CRLF": with_field("cookie", b"a=b\r\nx: y"),
    "no method": without(":method"),
    "no scheme": without(":scheme"),
    "no path": without(":path"),
    "no authority": without(":authority"),
    "two methods": with_field(":method", "POST"),
    "two paths": with_field(":path", "/shop/b"),
    "two authorities": with_field(":authority", "x"),
    "an unknown pseudo-header": with_field(":version", "HTTP/1.1"),
    "a status": with_field(":status", "200"),
    "extended CONNECT": with_field(":protocol", "websocket"),
    "a pseudo-header behind a field": [("x-a", "b"), *h2.request_fields("POST")],
}


@pytest.mark.parametrize("name", DOWNGRADES)
def test_nothing_is_smuggled_into_http1(banyan, config, tmp_path, name):
    body = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    with StrictUpstream() as strict:
        settings = config()
        settings["upstreams"]["shop-legacy"]["endpoints"] = [strict.address]
        proxy = banyan(top={"upstreams": settings["upstreams"]})
        with h2.Client(proxy.address) as client:
            client.send(h2.headers(1, DOWNGRADES[name], 0) + h2.frame(h2.DATA, h2.END_STREAM, 1, body))
            refused = client.answer(1)
            assert refused.status in (400, 405) or refused.reset is not None
            client.request(3, path="/shop/next")
            assert client.answer(3).body == b"/shop/next"
        assert [target for _, target, _ in strict.seen] == [b"/shop/next"]
        # What was begun and not ended is cut off; nothing else may be amiss.
        assert all("end" in what or "cut" in what or "clos" in what for what, _ in strict.breaches), \
            strict.breaches


def test_what_is_refused_is_answered_and_counted(banyan, legacy):
    proxy = banyan()
    with h2.Client(proxy.address) as client:
        client.send(h2.headers(1, with_field("connection", "close", "GET")))
        answer = client.answer(1)
        assert (answer.status, answer.body) == (400, b"malformed_request\n")
        client.request(3, path="/shop/" + "x" * 9000)
        assert client.answer(3).status == 414
        client.send(h2.headers(5, h2.request_fields("CONNECT")[0:1] + [(":authority", "x:1")]))
        assert client.answer(5).status == 405
        client.send(h2.headers(7, [*h2.request_fields(), *((f"x-{i}", "a") for i in range(101))]))
        assert client.answer(7).status == 431
    eventually(lambda: len(proxy.access_log()) == 4, "the lines of the log")
    assert [line["error"] for line in proxy.access_log()] == [
        "malformed_request", "url_too_long", "method_not_allowed", "head_too_large"]
    assert total(proxy.metrics(), "banyan_local_errors_total") == 4


# ---- streams ----------------------------------------------------------------------------------

def test_a_slow_reader_holds_up_only_its_own_stream(banyan, legacy):
    size = 64 * 1024 * 1024
    sent = []

    def behave(exchange):
        if exchange.request.target == "/shop/large":
            exchange.send(up.head_of(exchange, 200, [("Content-Length", size)]))
            for data in up.pattern(size):
                exchange.send(data)
                sent.append(len(data))
        else:
            up.answer()(exchange)
    legacy.behaviour = behave
    proxy = banyan()
    with h2.Client(proxy.address, window=0) as client:
        client.request(1, path="/shop/large")
        client.until(lambda: client.stream(1).status == 200, "the head")
        eventually(lambda: sent, "the upstream to begin")
        for number in range(3, 43, 2):
            client.request(number)
            client.open_window(number, 100)
            assert client.answer(number).body == b"ok\n"
        # What was taken from the upstream is what both kernels' buffers and ours hold.
        assert sum(sent) < 16 * 1024 * 1024
        assert not client.stream(1).body


def test_a_client_that_reads_nothing_at_all_bounds_what_is_held(banyan, legacy):
    size, sent = 64 * 1024 * 1024, []

    def behave(exchange):
        exchange.send(up.head_of(exchange, 200, [("Content-Length", size)]))
        for data in up.pattern(size):
            exchange.send(data)
            sent.append(len(data))
    legacy.behaviour = behave
    proxy = banyan(top={"timeouts": {"idle": "500ms"}})
    with h2.Client(proxy.address, window=2**31 - 1) as client:
        client.open_window(0, 2**31 - 1 - 65_535)
        client.request(1)  # and not a byte is read any more
        eventually(lambda: proxy.access_log(), "the end of the exchange")
        assert proxy.access_log()[0]["error"] == "idle_timeout"
        assert sum(sent) < 32 * 1024 * 1024
        assert proxy.resident_bytes() < 400 * 1024 * 1024


def test_a_reset_of_the_client_reaches_the_upstream(banyan, legacy):
    gone = threading.Event()

    def behave(exchange):
        try:
            exchange.wait_for_the_end()
        finally:
            gone.set()
    legacy.behaviour = behave
    proxy = banyan()
    with h2.Client(proxy.address) as client:
        client.request(1)
        eventually(lambda: legacy.requests, "the request")
        client.send(h2.frame(h2.RST_STREAM, 0, 1, (8).to_bytes(4, "big")))
        assert gone.wait(15)
    eventually(lambda: proxy.access_log(), "its line")
    assert proxy.access_log()[0]["error"] == "client_closed"


@pytest.mark.parametrize("break_", ["close", "reset"])
def test_a_body_that_the_upstream_cuts_off_is_reset(banyan, legacy, break_):
    legacy.behaviour = up.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", break_)
    proxy = banyan()
    with h2.Client(proxy.address) as client:
        client.request(1)
        cut = client.answer(1)
        assert (cut.ended, cut.reset) == (False, 2)
        legacy.behaviour = up.answer()
        client.request(3)
        assert client.answer(3).body == b"ok\n"


def test_a_slow_head_is_answered_and_the_connection_ends(banyan, legacy):
    proxy = banyan(top={"timeouts": {"header": "200ms"}})
    with h2.Client(proxy.address) as client:
        client.request(1)
        client.answer(1)
        client.send(h2.frame(h2.HEADERS, h2.END_STREAM, 3, h2.fields(h2.request_fields())))
        client.everything()
        assert client.stream(3).status == 408
        assert client.goaways


def test_an_idle_connection_ends_with_goaway(banyan, legacy):
    proxy = banyan(top={"timeouts": {"idle": "300ms"}})
    with h2.Client(proxy.address) as client:
        client.request(1)
        assert client.answer(1).status == 200
        client.everything()
        assert client.goaways == [(1, 0)]


def test_a_client_that_never_reads_its_answer_is_reset(banyan, legacy):
    legacy.behaviour = up.answer(body=b"x" * 1000)
    proxy = banyan(top={"timeouts": {"idle": "200ms"}})
    with h2.Client(proxy.address, window=0) as client:
        client.request(1)
        assert client.answer(1).reset is not None


# ---- drain and reload -------------------------------------------------------------------------

def test_drain_names_the_last_stream_and_finishes_it(banyan, legacy):
    release = threading.Event()

    def behave(exchange):
        release.wait(15)
        up.answer()(exchange)
    legacy.behaviour = behave
    proxy = banyan(top={"drain": {"delay": "1s", "timeout": "10s"}})
    with h2.Client(proxy.address) as client:
        client.request(1)
        eventually(lambda: legacy.requests, "the request")
        proxy.signal(signal.SIGTERM)
        client.until(lambda: client.goaways, "the first GOAWAY")
        assert client.goaways[0] == (2**31 - 1, 0)
        client.request(3)
        client.until(lambda: len(client.goaways) == 2, "the second GOAWAY")
        assert client.goaways[1] in ((1, 0), (3, 0))
        release.set()
        assert client.answer(1).body == b"ok\n"
        client.everything()
    assert proxy.process.wait(timeout=15) == 0


def test_no_request_is_lost_by_reloads(banyan, legacy, config):
    proxy = banyan()
    load = subprocess.Popen(["h2load", "-n", "6000", "-c", "4", "-m", "10", f"http://{proxy.address}/shop/a"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    eventually(lambda: legacy.requests, "the first request")
    for percent in (1, 2, 3):
        proxy.reload(config(percent), percent)
    out, _ = load.communicate(timeout=120)
    assert b"6000 succeeded, 0 failed, 0 errored" in out, out.decode()


def test_drain_under_load_cuts_nothing(banyan, legacy):
    proxy = banyan(top={"drain": {"delay": "300ms", "timeout": "20s"}})
    load = subprocess.Popen(["h2load", "-n", "200000", "-c", "4", "-m", "10", f"http://{proxy.address}/shop/a"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    eventually(lambda: len(legacy.requests) > 100, "some requests")
    proxy.stop()  # exit 0: nothing was cut
    out, _ = load.communicate(timeout=60)
    done = re.search(rb"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", out)
    assert done and done.group(3) == done.group(4) == b"0", out.decode()
    statuses = {line["status"] for line in proxy.access_log()}
    assert statuses == {200}


# ---- gRPC -------------------------------------------------------------------------------------

def call(proxy, tmp_path, *fields, path="/shop.Orders/Get", size=5):
    """What nghttp tells of one gRPC call."""
    body = tmp_path / "message"
    body.write_bytes(b"\0" * size)
    arguments = [a for f in ("content-type: application/grpc+proto", "te: trailers", *fields)
                 for a in ("-H", f)]
    code, out, err = run("nghttp", "-v", "--no-content-length", *arguments, "-d", body,
                         f"http://{proxy.address}{path}")
    assert code == 0, err
    return re.sub(r"\x1b\[[0-9;]*m", "", out.decode())


def assert_trailers_only(told, status, reason):
    assert ":status: 200" in told
    assert f"grpc-status: {status}\n" in told and f"grpc-message: {reason}\n" in told, told
    assert "recv DATA" not in told


def test_errors_of_a_grpc_call_are_trailers_only(banyan, legacy, tmp_path):
    proxy = banyan(top={"limits": {"body_bytes": "1KiB"}})
    assert_trailers_only(call(proxy, tmp_path, size=2000), 8, "body_too_large")
    assert_trailers_only(call(proxy, tmp_path, path="/a%2fb/%2e%2e/c%zz"), 13, "bad_target")
    assert_trailers_only(call(proxy, tmp_path, "connection: close"), 13, "malformed_request")
    legacy.refuse()
    assert_trailers_only(call(proxy, tmp_path), 14, "connect_refused")


def test_a_grpc_call_without_a_route_is_unimplemented(config, legacy, tmp_path):
    settings = config()
    del settings["default"]
    with Banyan(tmp_path, settings) as proxy:
        assert_trailers_only(call(proxy, tmp_path), 12, "no_route")


def test_grpc_timeout_is_the_deadline_of_the_exchange(banyan, legacy, tmp_path):
    legacy.behaviour = up.hang
    proxy = banyan()
    begun = time.monotonic()
    assert_trailers_only(call(proxy, tmp_path, "grpc-timeout: 300m"), 4, "response_timeout")
    assert 0.25 < time.monotonic() - begun < 10


def test_timeouts_of_requests_do_not_count_for_grpc(banyan, legacy, tmp_path):
    legacy.behaviour = up.slow(0.5)
    proxy = banyan(top={"timeouts": {"response": "100ms", "request": "100ms"}})
    assert "grpc-status" not in call(proxy, tmp_path)
    assert proxy.fetch("/shop/a").status == 504


def test_grpc_trailers_pass(banyan, legacy, tmp_path):
    legacy.behaviour = up.chunked([b"\0\0\0\0\1x"], headers=[("Content-Type", "application/grpc")],
                                  trailers=[("grpc-status", "5"), ("grpc-message", "no such order")])
    proxy = banyan()
    told = call(proxy, tmp_path)
    assert "recv DATA" in told and "grpc-status: 5\n" in told and "grpc-message: no such order" in told
    assert legacy.requests[0].header("te") == "trailers"
