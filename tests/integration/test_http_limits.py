"""Each key of `timeouts` and `limits`, at its limit: the answer and its reason word."""
import pytest

from support import upstream as up
from support.http import request_bytes
from support.metrics import total
from support.wait import eventually

POST = [("Transfer-Encoding", "chunked")]
HEAD = b"GET /shop/a HTTP/1.1\r\nHost: x\r\n"


def timeouts(**keys):
    return {"top": {"timeouts": keys}}


def limits(**keys):
    return {"top": {"limits": keys}}


# Key: (configuration, what the client sends, behaviour of the upstream, status, reason)
CASES = {
    "timeouts.header": (timeouts(header="100ms"), HEAD, None, 408, "request_timeout"),
    "timeouts.request": (timeouts(request="100ms"), request_bytes("POST", "/shop/a", POST) + b"3\r\nab",
                         None, 408, "request_timeout"),
    "timeouts.response": (timeouts(response="100ms"), request_bytes("GET", "/shop/a"), up.hang, 504,
                          "response_timeout"),
    "limits.header_bytes": (limits(header_bytes="1KiB"), HEAD + b"A: " + b"b" * 1024, None, 431,
                            "head_too_large"),
    "limits.header_count": (limits(header_count=5), HEAD + b"A: b\r\n" * 5, None, 431,
                            "head_too_large"),
    "limits.url_bytes": (limits(url_bytes="256B"), request_bytes("GET", "/shop/" + "a" * 251), None,
                         414, "url_too_long"),
    "limits.body_bytes, told": (limits(body_bytes="4B"), request_bytes("POST", "/shop/a", body=b"12345"),
                                None, 413, "body_too_large"),
    "limits.body_bytes, not told": (limits(body_bytes="4B"), request_bytes("POST", "/shop/a", POST)
                                    + b"5\r\n12345\r\n0\r\n\r\n", None, 413, "body_too_large"),
    "limits.header_bytes of an answer": (
        limits(header_bytes="1KiB"), request_bytes("GET", "/shop/a"),
        up.answer(headers=[("A", "b" * 1024)]), 502, "upstream_malformed"),
    "limits.header_count of an answer": (
        limits(header_count=5), request_bytes("GET", "/shop/a"),
        up.answer(headers=[("A", "b")] * 5), 502, "upstream_malformed"),
}


@pytest.mark.parametrize("name", CASES)
def test_at_the_limit_the_answer_has_its_reason(banyan, legacy, name):
    config, data, behaviour, status, reason = CASES[name]
    legacy.behaviour = behaviour or legacy.behaviour
    proxy = banyan(**config)
    with proxy.connect() as connection:
        connection.send(data)
        answer = connection.answer()
    assert (answer.status, answer.body.decode()) == (status, reason + "\n")
    assert total(proxy.metrics(), "banyan_local_errors_total", reason=reason) == 1
    eventually(lambda: [line.get("error") for line in proxy.access_log()] == [reason], "the log")


def test_just_below_the_limits_everything_passes(banyan):
    proxy = banyan(**limits(header_bytes="1KiB", header_count=5, url_bytes="256B", body_bytes="4B"))
    target = "/shop/" + "a" * 250
    with proxy.connect() as connection:
        fields = [("A", "b")] * 3
        assert connection.request("POST", target, fields, body=b"1234").status == 200


def test_timeouts_connect(banyan, full_backlog):
    proxy = banyan(top={"timeouts": {"connect": "100ms"},
                        "upstreams": {"shop-legacy": {"endpoints": [full_backlog]},
                                      "shop-monolith": {"endpoints": [full_backlog]}}})
    answer = proxy.fetch()
    assert (answer.status, answer.body) == (503, b"connect_timeout\n")


def test_limits_pending(banyan, full_backlog):
    proxy = banyan(top={"timeouts": {"connect": "5s"}, "limits": {"pending": 1},
                        "upstreams": {"shop-legacy": {"endpoints": [full_backlog]},
                                      "shop-monolith": {"endpoints": [full_backlog]}}})
    with proxy.connect() as waiting:
        waiting.send(request_bytes("GET", "/shop/a"))
        eventually(lambda: total(proxy.metrics(), "banyan_upstream_connections",
                                 upstream="shop-legacy", role="primary") == 1, "one that waits")
        answer = proxy.fetch()
        assert (answer.status, answer.body) == (503, b"pending_overflow\n")


def test_limits_connections(banyan):
    proxy = banyan(**limits(connections=1))
    with proxy.connect() as first:
        assert first.request("GET", "/shop/a").status == 200
        answer = proxy.fetch()
        assert (answer.status, answer.body) == (503, b"too_many_connections\n")
        assert first.request("GET", "/shop/a").status == 200


def test_timeouts_idle_closes_a_kept_connection_without_a_word(banyan):
    proxy = banyan(**timeouts(idle="100ms"))
    with proxy.connect() as connection:
        assert connection.request("GET", "/shop/a").status == 200
        assert connection.closed_by_peer()
    assert total(proxy.metrics(), "banyan_local_errors_total") == 0


def test_timeouts_idle_cuts_an_answer_that_pauses(banyan, legacy):
    legacy.behaviour = up.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart", "hang")
    proxy = banyan(**timeouts(idle="100ms"))
    with proxy.connect() as connection:
        connection.send(request_bytes("GET", "/shop/a"))
        assert connection.everything().endswith(b"\r\n\r\npart")
    eventually(lambda: [(line["status"], line.get("error")) for line in proxy.access_log()]
               == [(200, "idle_timeout")], "the log")
