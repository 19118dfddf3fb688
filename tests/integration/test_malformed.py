"""Malformed HTTP is refused, never guessed: nothing may hide a second request."""
import pytest

from support import upstream as up
from support.metrics import total

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


def post(*fields, body=b""):
    return b"\r\n".join([b"POST /shop/a HTTP/1.1", b"Host: x", *fields]) + b"\r\n\r\n" + body


def get(*fields, line=b"GET /shop/a HTTP/1.1"):
    return b"\r\n".join([line, *fields]) + b"\r\n\r\n"


# Name: (bytes, statuses that are right). The head alone shows that it is wrong.
REFUSED = {
    "length and chunked": (post(b"Content-Length: 5", b"Transfer-Encoding: chunked",
                                body=b"0\r\n\r\n"), {400}),
    "chunked and length": (post(b"Transfer-Encoding: chunked", b"Content-Length: 5",
                                body=b"0\r\n\r\n"), {400}),
    "two lengths": (post(b"Content-Length: 0", b"Content-Length: 5"), {400}),
    "two lengths in one": (post(b"Content-Length: 0, 5"), {400}),
    "a signed length": (post(b"Content-Length: +5", body=b"hello"), {400}),
    "a negative length": (post(b"Content-Length: -5"), {400}),
    "a hexadecimal length": (post(b"Content-Length: 0x5", body=b"hello"), {400}),
    "an empty length": (post(b"Content-Length: "), {400}),
    "a length with a space": (post(b"Content-Length: 1 0", body=b"x"), {400}),
    "a length beyond 64 bits": (post(b"Content-Length: 18446744073709551616"), {400, 413}),
    "an unknown coding": (post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), {400, 501}),
    "gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), {400, 501}),
    "chunked, identity": (post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
                          {400, 501}),
    "chunked twice": (post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), {400, 501}),
    "chunked in two fields": (post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity",
                                   body=b"0\r\n\r\n"), {400, 501}),
    "quoted coding": (post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"), {400, 501}),
    "space before the colon": (post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"), {400}),
    "tab before the colon": (post(b"Content-Length\t: 5", body=b"hello"), {400}),
    "obs-fold": (get(b"Host: x", b"X-A: b", b" Content-Length: 40"), {400}),
    "folded coding": (post(b"Transfer-Encoding:", b" chunked", body=b"0\r\n\r\n"), {400}),
    "space before the first field": (b"GET /shop/a HTTP/1.1\r\n Host: x\r\n\r\n", {400}),
    "a bare CR hides a field": (post(b"X: \rTransfer-Encoding: chunked", b"Content-Length: 0"),
                                {400}),
    "a bare LF ends a field": (b"GET /shop/a HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n", {400}),
    "NUL in a value": (get(b"Host: x", b"X-A: a\0b"), {400}),
    "control in a value": (get(b"Host: x", b"X-A: a\x01b"), {400}),
    "an empty name": (get(b"Host: x", b": value"), {400}),
    "no colon": (get(b"Host: x", b"nothing"), {400}),
    "a name with a space": (get(b"Host: x", b"X A: b"), {400}),
    "no host": (get(), {400}),
    "two hosts": (get(b"Host: x", b"Host: x"), {400}),
    "an empty and another host": (get(b"Host:", b"Host: x"), {400}),
    "a host with a path": (get(b"Host: x/../y"), {400}),
    "a host with credentials": (get(b"Host: user@x"), {400}),
    "a host list": (get(b"Host: x, y"), {400}),
    "an absolute URL without a host": (get(b"Host: x", line=b"GET http:///shop/a HTTP/1.1"), {400}),
    "a fragment": (get(b"Host: x", line=b"GET /shop/a#b HTTP/1.1"), {400}),
    "no slash": (get(b"Host: x", line=b"GET shop/a HTTP/1.1"), {400}),
    "two spaces": (get(b"Host: x", line=b"GET  /shop/a HTTP/1.1"), {400}),
    "a space in the target": (get(b"Host: x", line=b"GET /shop/a b HTTP/1.1"), {400}),
    "a control in the target": (get(b"Host: x", line=b"GET /shop/\x01 HTTP/1.1"), {400}),
    "bytes over 127 in the target": (get(b"Host: x", line=b"GET /shop/\xff HTTP/1.1"), {400}),
    "HTTP/0.9": (b"GET /shop/a\r\n\r\n", {400}),
    "HTTP/2.0 as text": (get(b"Host: x", line=b"GET /shop/a HTTP/2.0"), {400, 505}),
    "HTTP/1.2": (get(b"Host: x", line=b"GET /shop/a HTTP/1.2"), {400, 505}),
    "nearly the h2 preface": (b"PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n", {400, 405, 505}),
    "http in lower case": (get(b"Host: x", line=b"GET /shop/a http/1.1"), {400}),
    "1.0 with chunked": (b"POST /shop/a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                         b"0\r\n\r\n", {400}),
    "CONNECT": (b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", {400, 405, 501}),
    "an unknown method": (get(b"Host: x", line=b"G\x7fT /shop/a HTTP/1.1"), {400, 405}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
    "a long target": (get(b"Host: x", line=b"GET /shop/" + b"a" * 9000 + b" HTTP/1.1"), {414}),
    "a large head": (get(b"Host: x", *[b"X-%d: %s" % (i, b"a" * 1000) for i in range(80)]), {431}),
    "many fields": (get(b"Host: x", *[b"X-%d: a" % i for i in range(101)]), {431}),
    "a long field": (get(b"Host: x", b"X: " + b"a" * 70_000), {431}),
}

# The head is right, the body is not: the exchange may have begun, but it fails, and nothing after
# it is taken as a request.
CHUNKED = b"Transfer-Encoding: chunked"
BROKEN_BODIES = {
    "a chunk without its CRLF": post(CHUNKED, body=b"3\r\nabcX\r\n0\r\n\r\n"),
    "a chunk size of nothing": post(CHUNKED, body=b"\r\nabc\r\n0\r\n\r\n"),
    "a chunk size that is no number": post(CHUNKED, body=b"xyz\r\nabc\r\n0\r\n\r\n"),
    "a negative chunk size": post(CHUNKED, body=b"-1\r\nabc\r\n0\r\n\r\n"),
    "a chunk size with 0x": post(CHUNKED, body=b"0x3\r\nabc\r\n0\r\n\r\n"),
    "a chunk size beyond 64 bits": post(CHUNKED, body=b"10000000000000003\r\nabc\r\n0\r\n\r\n"),
    "a bare LF after a chunk size": post(CHUNKED, body=b"3\nabc\r\n0\r\n\r\n"),
    "a bare CR in a chunk extension": post(CHUNKED, body=b"3;a\rb\r\nabc\r\n0\r\n\r\n"),
    "a length among the trailers": post(CHUNKED, body=b"0\r\nContent-Length: 5\r\n\r\n"),
    "a coding among the trailers": post(CHUNKED, body=b"0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "a host among the trailers": post(CHUNKED, body=b"0\r\nHost: y\r\n\r\n"),
    "endless chunk extensions": post(CHUNKED, body=b"3;" + b"a" * 100_000 + b"\r\nabc\r\n0\r\n\r\n"),
    "endless trailers": post(CHUNKED, body=b"0\r\n" + b"X-T: a\r\n" * 20_000 + b"\r\n"),
}


def everything_after(proxy, data):
    with proxy.connect(timeout_s=5) as connection:
        try:
            connection.send(data)
        except ConnectionError:
            pass  # refused before all of it was sent
        return connection.everything()


def test_what_is_malformed_is_refused_and_the_connection_closed(banyan, legacy, monolith):
    proxy = banyan()
    wrong = []
    for name, (data, statuses) in REFUSED.items():
        try:
            got = everything_after(proxy, data + HIDDEN)
        except OSError as error:
            got = repr(error).encode()
        status = int(got[9:12]) if got.startswith(b"HTTP/1.") else None
        if status not in statuses or got.count(b"HTTP/1.") != 1:
            wrong.append((name, status, got[:200]))
        if legacy.requests:
            wrong.append((name, "reached the upstream", legacy.requests[0].head))
            legacy.requests.clear()
    assert wrong == []
    assert monolith.requests == []
    assert proxy.fetch().status == 200


def test_a_refusal_has_its_reason_in_body_metric_and_log(banyan):
    proxy = banyan()
    for data, reason in ((REFUSED["two hosts"][0], b"bad_host"),
                         (REFUSED["length and chunked"][0], b"bad_framing"),
                         (REFUSED["a fragment"][0], b"bad_target"),
                         (REFUSED["a long target"][0], b"url_too_long"),
                         (REFUSED["many fields"][0], b"head_too_large")):
        got = everything_after(proxy, data)
        assert reason in got.partition(b"\r\n\r\n")[2], got
        assert b"onnection: close" in got, got
        assert total(proxy.metrics(), "banyan_local_errors_total", reason=reason.decode()) == 1


@pytest.mark.parametrize("path", [b"/shop/../admin", b"/shop/%2e%2E/admin", b"/.."])
def test_dot_segments_are_refused_but_hide_nothing(banyan, legacy, path):
    """The framing is right, so that the connection may go on."""
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(get(b"Host: x", line=b"GET " + path + b" HTTP/1.1"))
        answer = connection.answer()
    assert (answer.status, b"bad_target" in answer.body) == (400, True)
    assert legacy.requests == []


@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_a_broken_body_ends_the_connection(banyan, legacy, name):
    proxy = banyan()
    got = everything_after(proxy, BROKEN_BODIES[name] + HIDDEN)
    assert [r.target for r in legacy.requests if r.target != "/shop/a"] == []
    assert b"HTTP/1.1 200" not in got, got
    assert proxy.fetch().status == 200


# What is unusual but right must pass.
ACCEPTED = {
    "an absolute URL that agrees": get(b"Host: x", line=b"GET http://x/shop/a HTTP/1.1"),
    "an absolute URL and another host": get(b"Host: x", line=b"GET http://y/shop/a HTTP/1.1"),
    "an empty line before": b"\r\n" + get(b"Host: x"),
    "optional white space": get(b"Host:   x  ", b"X-A:\t b \t"),
    "a chunk extension": post(CHUNKED, body=b"3;a=b\r\nabc\r\n0\r\n\r\n"),
    "a trailer": post(CHUNKED, body=b"3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"),
    "upper case chunk sizes": post(CHUNKED, body=b"A\r\n0123456789\r\n0\r\n\r\n"),
    "a query with odd characters": get(b"Host: x", line=b"GET /shop/a?x=[1]&y={2}|%zz HTTP/1.1"),
    "an empty value": get(b"Host: x", b"X-A:"),
    "bytes over 127 in a value": get(b"Host: x", b"X-A: \xc3\xa4"),
    "OPTIONS of everything": get(b"Host: x", line=b"OPTIONS * HTTP/1.1"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_unusual_but_right_passes(banyan, legacy, name):
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(ACCEPTED[name])
        assert connection.answer().status == 200
        assert connection.request("GET", "/shop/next").status == 200


# The same towards the upstream.
UPSTREAM = {
    "no HTTP": up.GARBAGE,
    "HTTP/0.9": b"just a body",
    "length and chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                          b"0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 2\r\n\r\nhello",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "an unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
    "obs-fold": b"HTTP/1.1 200 OK\r\nX-A: b\r\n Content-Length: 5\r\n\r\nhello",
    "a bare CR": b"HTTP/1.1 200 OK\r\nX-A: \rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
    "an empty name": b"HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 0\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of 999": b"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n",
    "101 unasked": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "a large head": b"HTTP/1.1 200 OK\r\n" + b"X-A: %s\r\n" % (b"a" * 1000) * 200 + b"\r\n",
}


@pytest.mark.parametrize("name", UPSTREAM)
def test_a_malformed_answer_is_502_and_the_next_one_is_fine(banyan, legacy, name):
    proxy = banyan()
    legacy.behaviour = up.raw(UPSTREAM[name])
    answer = proxy.fetch()
    # A head that never ends is a connection that broke.
    reason = b"upstream_reset" if name == "HTTP/0.9" else b"upstream_malformed"
    assert (answer.status, reason in answer.body) == (502, True), answer
    legacy.behaviour = up.answer()
    assert proxy.fetch().status == 200


def test_bytes_after_an_answer_are_not_the_next_answer(banyan, legacy):
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    injected = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Injected: 1\r\n\r\ninjected"
    legacy.behaviour = up.raw(first + injected, "keep")
    proxy = banyan()
    with proxy.connect() as connection:
        for _ in range(5):
            answer = connection.request("GET", "/shop/item")
            assert answer.body == b"ok"
