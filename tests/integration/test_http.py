"""HTTP/1.1 in front and behind: bytes arrive as they were sent, framing is our own."""
import hashlib
import threading

import pytest

from support import upstream as up
from support.http import Connection, request_bytes
from support.wait import eventually

MIB = 1 << 20
LARGE = 100 * MIB


def downloaded(connection, method="GET", target="/shop/file"):
    digest = hashlib.sha256()
    connection.send(request_bytes(method, target))
    answer = connection.answer(method, on_body=digest.update)
    return answer, digest.hexdigest()


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_download_of_100_mib_is_exact(banyan, legacy, framing):
    legacy.behaviour = {
        "length": up.large(LARGE),
        "chunked": up.chunked(up.pattern(LARGE)),
        "close": lambda e: _large_until_close(e),
    }[framing]
    proxy = banyan()
    with proxy.connect() as connection:
        answer, digest = downloaded(connection)
    assert answer.status == 200
    assert digest == up.pattern_digest(LARGE)


def _large_until_close(exchange):
    exchange.send(up.head_of(exchange, 200, [("Connection", "close")]))
    for piece in up.pattern(LARGE):
        exchange.send(piece)
    raise up.Over


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_upload_of_100_mib_is_exact(banyan, legacy, framing):
    proxy = banyan()
    with proxy.connect(timeout_s=60) as connection:
        if framing == "length":
            connection.send(request_bytes("POST", "/shop/up", [("Content-Length", LARGE)]))
            for piece in up.pattern(LARGE):
                connection.send(piece)
        else:
            connection.send(request_bytes("POST", "/shop/up", [("Transfer-Encoding", "chunked")]))
            for piece in up.pattern(LARGE):
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.send(b"0\r\n\r\n")
        assert connection.answer().status == 200
        assert connection.request("GET", "/shop/next").status == 200
    got = legacy.requests[0]
    assert (got.length, got.digest) == (LARGE, up.pattern_digest(LARGE))


def test_both_directions_stream_at_once(banyan, legacy):
    """The answer begins before the request has ended."""
    def echo(exchange):
        exchange.send(up.head_of(exchange, 200, [("Transfer-Encoding", "chunked")]))
        exchange.send(b"5\r\nfirst\r\n")
        exchange.read_body()
        exchange.send(b"4\r\nlast\r\n0\r\n\r\n")
    legacy.read_bodies = False
    legacy.behaviour = echo
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(request_bytes("POST", "/shop/e", [("Transfer-Encoding", "chunked")]))
        connection.send(b"3\r\none\r\n")
        head = connection.answer_head()
        assert head.status == 200
        eventually(lambda: _has(connection, b"first"), "the first bytes of the answer")
        connection.send(b"3\r\ntwo\r\n0\r\n\r\n")
        eventually(lambda: _has(connection, b"last"), "the last bytes of the answer")
    assert legacy.requests[0].body == b"onetwo"


def _has(connection, word):
    if word not in connection.pending:
        connection._fill()
    return word in connection.pending


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 65535, 65536, 65537, 262143, 262144, 262145])
def test_bodies_around_buffer_sizes(banyan, legacy, size):
    legacy.behaviour = up.answer(body=lambda r: r.body)
    proxy = banyan()
    body = bytes(i % 251 for i in range(size))
    with proxy.connect() as connection:
        for _ in range(3):
            assert connection.request("POST", "/shop/echo", body=body).body == body


def test_head_keeps_the_length_and_has_no_body(banyan, legacy):
    legacy.behaviour = up.answer(body=b"x" * 1000)
    proxy = banyan()
    with proxy.connect() as connection:
        for _ in range(3):
            answer = connection.request("HEAD", "/shop/item")
            assert (answer.status, answer.header("content-length")) == (200, "1000")
            assert len(connection.request("GET", "/shop/item").body) == 1000
    assert legacy.connections == 1


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body(banyan, legacy, status):
    legacy.behaviour = up.answer(status=status, headers=[("ETag", '"abc"')])
    proxy = banyan()
    with proxy.connect() as connection:
        for _ in range(5):
            answer = connection.request("GET", "/shop/item")
            assert (answer.status, answer.header("etag")) == (status, '"abc"')
            assert answer.header("transfer-encoding") is None
    assert legacy.connections == 1


def test_a_304_may_tell_the_length_that_a_200_would_have(banyan, legacy):
    legacy.behaviour = up.raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", "keep")
    proxy = banyan()
    with proxy.connect() as connection:
        for _ in range(3):
            assert connection.request("GET", "/shop/item").status == 304
    assert legacy.connections == 1


def test_expect_100_continue_waits_for_the_upstream(banyan, legacy):
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(request_bytes("POST", "/shop/up", [
            ("Content-Length", 5), ("Expect", "100-continue")]))
        assert connection.answer_head().status == 100
        connection.send(b"hello")
        assert connection.answer().status == 200
        assert connection.request("GET", "/shop/next").status == 200
    assert legacy.requests[0].body == b"hello"


def test_an_upstream_may_refuse_what_is_expected(banyan, legacy):
    legacy.read_bodies = False
    legacy.behaviour = up.answer(status=417)
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(request_bytes("POST", "/shop/up", [
            ("Content-Length", LARGE), ("Expect", "100-continue")]))
        answer = connection.answer()
        assert (answer.status, answer.interim) == (417, [])


def test_pipelined_answers_come_in_order(banyan, legacy):
    def behave(exchange):
        number = int(exchange.request.target.rpartition("/")[2])
        up.slow(0.02 if number % 5 == 0 else 0, up.answer(body=str(number).encode()))(exchange)
    legacy.behaviour = behave
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(b"".join(request_bytes("GET", f"/shop/{i}") for i in range(40)))
        assert [int(connection.answer().body) for _ in range(40)] == list(range(40))


def test_a_pipelined_post_after_a_get(banyan, legacy):
    legacy.behaviour = up.answer(body=lambda r: r.body or b"nothing")
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(request_bytes("GET", "/shop/1") + request_bytes("POST", "/shop/2", body=b"abc")
                        + request_bytes("GET", "/shop/3"))
        assert [connection.answer().body for _ in range(3)] == [b"nothing", b"abc", b"nothing"]


def test_requests_that_arrive_byte_by_byte(banyan, legacy):
    proxy = banyan()
    with proxy.connect() as connection:
        for byte in request_bytes("POST", "/shop/slowly", body=b"body"):
            connection.send(bytes([byte]))
        assert connection.answer().status == 200
    assert legacy.requests[0].body == b"body"


def test_upstream_connections_are_kept(banyan, legacy):
    proxy = banyan()
    for _ in range(10):
        with proxy.connect() as connection:
            for _ in range(100):
                connection.request("GET", "/shop/item")
    assert legacy.connections <= 2


def test_http_1_0_is_answered_and_closed(banyan, legacy):
    legacy.behaviour = up.chunked([b"abc", b"def"])
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(b"GET /shop/old HTTP/1.0\r\nHost: x\r\n\r\n")
        answer = connection.answer()
        assert answer.header("transfer-encoding") is None
        assert answer.body == b"abcdef"
        assert connection.closed_by_peer()


def test_connection_close_is_honoured(banyan):
    proxy = banyan()
    with proxy.connect() as connection:
        answer = connection.request("GET", "/shop/item", [("Connection", "close")])
        assert answer.header("connection").lower() == "close"
        assert connection.closed_by_peer()


def test_a_half_closed_client_still_gets_its_answer(banyan, legacy):
    legacy.behaviour = up.slow(0.1)
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(request_bytes("GET", "/shop/item"))
        connection.end_of_requests()
        assert connection.answer().status == 200


def test_hop_by_hop_fields_stop_here(banyan, legacy):
    legacy.behaviour = up.answer(headers=[
        ("Connection", "X-Private"), ("X-Private", "1"), ("Keep-Alive", "timeout=5"),
        ("Proxy-Authenticate", "Basic"), ("X-Public", "2")])
    proxy = banyan()
    answer = proxy.fetch(headers=[
        ("Connection", "X-Mine, keep-alive"), ("X-Mine", "1"), ("Keep-Alive", "300"),
        ("TE", "trailers"), ("Proxy-Connection", "keep-alive"), ("Upgrade", "h2c"),
        ("X-Yours", "2")])
    got = legacy.requests[0]
    for name in ("x-mine", "keep-alive", "proxy-connection", "upgrade", "te"):
        assert got.header(name) is None, name
    assert got.header("x-yours") == "2"
    for name in ("x-private", "keep-alive"):
        assert answer.header(name) is None, name
    assert answer.header("x-public") == "2"


def test_nothing_is_added_to_an_answer(banyan, legacy):
    legacy.behaviour = up.answer(headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"),
                                          ("X-Empty", "")])
    proxy = banyan()
    with proxy.connect() as connection:
        through = connection.request("GET", "/shop/item")
    with Connection(legacy.address) as connection:
        direct = connection.request("GET", "/shop/item")
    assert [(n.lower(), v) for n, v in through.headers] == [
        (n.lower(), v) for n, v in direct.headers]


def test_the_host_is_kept_and_the_client_is_told_to_the_upstream(banyan, legacy):
    proxy = banyan()
    proxy.fetch(headers=[("Host", "shop.test:8443"), ("X-Forwarded-For", "10.9.8.7")])
    got = legacy.requests[0]
    assert got.header("host") == "shop.test:8443"
    assert got.header("x-forwarded-proto") == "http"
    # The client is no trusted proxy: what it claims does not count.
    assert got.header("x-forwarded-for") == "127.0.0.1"


def test_trailers_do_not_break_framing(banyan, legacy):
    legacy.behaviour = up.chunked([b"abc"], trailers=[("X-Sum", "3")])
    proxy = banyan()
    with proxy.connect() as connection:
        assert connection.request("GET", "/shop/1").body == b"abc"
        connection.send(request_bytes("POST", "/shop/2", [("Transfer-Encoding", "chunked")])
                        + b"1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n")
        assert connection.answer().body == b"abc"
        assert connection.request("GET", "/shop/3").body == b"abc"


def test_many_connections_at_once(banyan):
    proxy = banyan()
    problems = []

    def run(i):
        try:
            with proxy.connect() as connection:
                for k in range(20):
                    assert connection.request("GET", f"/shop/{i}/{k}").status == 200
        except (OSError, AssertionError) as error:
            problems.append(error)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert problems == []


def test_clients_that_leave_at_any_moment_leave_nothing_behind(banyan, legacy):
    from support.metrics import total
    legacy.behaviour = up.slow(0.02, up.answer(body=b"x" * 100_000))
    proxy = banyan()
    request = request_bytes("POST", "/shop/leave", body=b"y" * 5000)
    for cut in (1, 20, 60, len(request) - 1, len(request)):
        for _ in range(5):
            with proxy.connect() as connection:
                connection.send(request[:cut])
    eventually(lambda: total(proxy.metrics(), "banyan_downstream_connections") == 0, "all gone")
    assert proxy.fetch().status == 200
