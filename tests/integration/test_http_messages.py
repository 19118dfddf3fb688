"""The corners of HTTP/1.1, end to end: trailers, informational answers, HTTP/1.0, targets."""
import pytest

from support import upstream as up
from support.http import request_bytes

CHUNKED = [("Transfer-Encoding", "chunked")]


def test_trailers_pass_in_both_directions(banyan, legacy):
    legacy.behaviour = up.chunked([b"abc"], headers=[("Trailer", "X-Sum")],
                                  trailers=[("X-Sum", "3"), ("Set-Cookie", "a=b")])
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(request_bytes("POST", "/shop/a", [*CHUNKED, ("TE", "trailers"),
                                                          ("Connection", "TE")])
                        + b"3;x=y\r\nabc\r\n0\r\nX-Sum: 6\r\nAuthorization: a\r\n\r\n")
        head = connection.answer_head()
        assert head.header("trailer") == "X-Sum"
        assert connection._until(b"\r\n\r\n") == b"3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n"
    request = legacy.requests[0]
    assert (request.body, request.trailers) == (b"abc", ["X-Sum: 6"])
    assert (request.header("te"), request.header("connection")) == ("trailers", "TE")


def test_http_1_0_gets_no_trailers(banyan, legacy):
    legacy.behaviour = up.chunked([b"abc"], trailers=[("X-Sum", "3")])
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(b"GET /shop/a HTTP/1.0\r\nHost: x\r\n\r\n")
        assert connection.everything().endswith(b"\r\n\r\nabc")


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
FINAL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_several_informational_answers_pass(banyan, legacy):
    legacy.behaviour = up.raw(b"HTTP/1.1 100 Go\r\n\r\n" + HINTS * 3 + FINAL, "keep")
    proxy = banyan()
    with proxy.connect() as connection:
        for _ in range(3):
            answer = connection.request("GET", "/shop/a")
            assert (answer.interim, answer.body) == ([100, 103, 103, 103], b"ok")
    assert legacy.connections == 1


def test_http_1_0_gets_no_informational_answers(banyan, legacy):
    legacy.behaviour = up.raw(HINTS + FINAL, "keep")
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(b"GET /shop/a HTTP/1.0\r\nHost: x\r\n\r\n")
        assert connection.everything().startswith(b"HTTP/1.1 200 ")


def test_endless_informational_answers_are_malformed(banyan, legacy):
    legacy.behaviour = up.raw(HINTS * 33 + FINAL)
    proxy = banyan()
    with proxy.connect() as connection:
        answer = connection.request("GET", "/shop/a")
    assert (answer.status, answer.body) == (502, b"upstream_malformed\n")


@pytest.mark.parametrize("head, body, connections", [
    (b"HTTP/1.0 200 OK\r\n\r\n", b"until the end", 3),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok", 3),
    (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n", b"ok", 1),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", b"ok", 3)])
def test_an_upstream_of_http_1_0(banyan, legacy, head, body, connections):
    closes = connections > 1
    legacy.behaviour = up.raw(head + body, "close" if closes else "keep")
    proxy = banyan()
    with proxy.connect() as connection:
        for _ in range(3):
            answer = connection.request("GET", "/shop/a")
            assert (answer.status, answer.body) == (200, body)
    assert legacy.connections == connections


def test_http_1_0_keeps_its_connection_where_it_asks_to(banyan, legacy):
    proxy = banyan()
    with proxy.connect() as connection:
        for _ in range(3):
            connection.send(b"GET /shop/a HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
            answer = connection.answer()
            assert (answer.status, answer.header("connection")) == (200, "keep-alive")
    assert all(b" HTTP/1.1\r\n" in request.head for request in legacy.requests)


@pytest.mark.parametrize("sent, seen, host", [
    (b"GET http://y:81/shop/a?b HTTP/1.1", "/shop/a?b", "y:81"),
    (b"GET http://y HTTP/1.1", "/", "y"),
    (b"OPTIONS http://y HTTP/1.1", "*", "y"),
    (b"OPTIONS * HTTP/1.1", "*", "x"),
    (b"GET /shop/@scope%2fname HTTP/1.1", "/shop/@scope%2fname", "x"),
    (b"GET /shop//%61/?q=/../%5C HTTP/1.1", "/shop//%61/?q=/../%5C", "x")])
def test_a_target_is_forwarded_as_it_came(banyan, legacy, sent, seen, host):
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(sent + b"\r\nHost: x\r\n\r\n")
        assert connection.answer().status == 200
    assert (legacy.requests[0].target, legacy.requests[0].header("host")) == (seen, host)


@pytest.mark.parametrize("path", ["/shop/%5Ca", "/shop\\a", "/shop/./a", "/shop/%2e/a", "/shop/.%2E",
                                  "/shop/%2e%2e%2fa", "/shop/..;x/a", "/shop/%00", "/shop/%zz"])
def test_a_path_that_servers_read_differently_is_refused(banyan, legacy, path):
    proxy = banyan()
    answer = proxy.fetch(path)
    assert (answer.status, answer.body) == (400, b"bad_target\n")
    assert legacy.requests == []


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW"])
def test_methods_that_are_refused(banyan, legacy, method):
    proxy = banyan()
    answer = proxy.fetch("x:80" if method == "CONNECT" else "/shop/a", method)
    assert (answer.status, answer.body) == (405, b"method_not_allowed\n")
    assert "GET" in answer.header("allow")
    assert legacy.requests == []


def test_max_forwards_of_options_is_counted_down(banyan, legacy):
    proxy = banyan()
    assert proxy.fetch("/shop/a", "OPTIONS", [("Max-Forwards", "2")]).status == 200
    assert legacy.requests[0].header("max-forwards") == "1"
    answer = proxy.fetch("/shop/a", "OPTIONS", [("Max-Forwards", "0")])
    assert (answer.status, answer.body, "GET" in answer.header("allow")) == (200, b"", True)
    assert len(legacy.requests) == 1


def test_the_trace_context_passes_untouched(banyan, legacy):
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    proxy = banyan()
    proxy.fetch(headers=[("traceparent", parent), ("tracestate", "a=b")])
    assert legacy.requests[0].header("traceparent") == parent
    assert legacy.requests[0].header("tracestate") == "a=b"


def test_an_early_answer_is_read_by_a_client_in_the_middle_of_its_upload(banyan, legacy):
    """The upstream answers 413 to the head and closes, while the client goes on sending."""
    legacy.read_bodies = False
    legacy.behaviour = up.raw(b"HTTP/1.1 413 Too Much\r\nContent-Length: 3\r\n\r\nno\n")
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(request_bytes("POST", "/shop/up", [("Content-Length", 600_000)]))
        for _ in range(50):
            connection.send(b"x" * 10_000)
        answer = connection.answer()
        assert (answer.status, answer.body) == (413, b"no\n")
        assert answer.header("connection") == "close"
        assert connection.closed_by_peer()


def test_a_cut_off_upload_is_no_whole_one(banyan, legacy):
    proxy = banyan()
    for framing, part in (([("Content-Length", 10)], b"half"), (CHUNKED, b"4\r\nhalf\r\n"),
                          (CHUNKED, b"4\r\nhalf\r\n0\r\n")):
        with proxy.connect() as connection:
            connection.send(request_bytes("POST", "/shop/up", framing) + part)
            connection.end_of_requests()
            assert connection.everything() == b""
    assert legacy.requests == [] or all(r.digest == "" for r in legacy.requests)
