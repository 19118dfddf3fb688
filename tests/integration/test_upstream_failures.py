"""Upstreams that are down, break or lie: the right status with its reason, and recovery."""
import select
import time

import pytest

from support import upstream as up
from support.http import request_bytes
from support.metrics import total
from support.wait import eventually


def errors(proxy, reason):
    return total(proxy.metrics(), "banyan_local_errors_total", reason=reason)


def assert_local(proxy, answer, status, reason):
    assert (answer.status, reason in answer.body.decode()) == (status, True), answer
    assert answer.body.count(b"\n") <= 1
    assert errors(proxy, reason) >= 1
    eventually(lambda: any(line.get("error") == reason for line in proxy.access_log()),
               f"{reason} in the access log")


def test_refused_is_503_and_recovers_by_itself(banyan, legacy):
    proxy = banyan()
    legacy.refuse()
    assert_local(proxy, proxy.fetch(), 503, "connect_refused")
    for _ in range(10):  # enough to take the endpoint out
        assert proxy.fetch().status == 503
    legacy.recover()
    eventually(lambda: proxy.fetch().status == 200, "recovery", timeout_s=10)


def test_the_other_arm_is_not_touched_by_one_that_is_down(banyan, legacy):
    proxy = banyan(percent=100)
    legacy.refuse()
    for _ in range(20):
        assert proxy.fetch().served_by == "monolith"


@pytest.mark.parametrize("stage", ["on accept", "before the head", "inside the head"])
def test_a_reset_before_an_answer_is_502(banyan, legacy, stage):
    proxy = banyan()
    legacy.behaviour = up.RESETS[stage]
    assert_local(proxy, proxy.fetch(method="POST", body=b"x"), 502, "upstream_reset")
    legacy.behaviour = up.answer()
    eventually(lambda: proxy.fetch().status == 200, "recovery")


@pytest.mark.parametrize("stage", ["after the head", "inside the body", "inside a chunk"])
def test_a_reset_inside_an_answer_cuts_the_client_off(banyan, legacy, stage):
    proxy = banyan()
    legacy.behaviour = up.RESETS[stage]
    with proxy.connect() as connection:
        connection.send(request_bytes("GET", "/shop/item"))
        got = connection.everything()
    assert got.count(b"HTTP/1.1") <= 1
    body = got.partition(b"\r\n\r\n")[2]
    assert not body.endswith(b"0\r\n\r\n"), "a cut-off body must not look whole"
    eventually(lambda: errors(proxy, "upstream_cut_off") == 1, "it is counted")
    legacy.behaviour = up.answer()
    assert proxy.fetch().status == 200


def test_an_upstream_that_hangs_is_504(banyan, legacy):
    legacy.behaviour = up.hang
    proxy = banyan(top={"timeouts": {"response": "300ms"}})
    before = time.monotonic()
    assert_local(proxy, proxy.fetch(), 504, "response_timeout")
    assert 0.25 < time.monotonic() - before < 5


def test_a_pause_in_a_body_ends_the_exchange(banyan, legacy):
    legacy.behaviour = up.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "hang")
    proxy = banyan(top={"timeouts": {"idle": "300ms"}})
    with proxy.connect() as connection:
        connection.send(request_bytes("GET", "/shop/item"))
        assert connection.everything().endswith(b"half")
    assert errors(proxy, "idle_timeout") == 1


def test_a_connect_that_is_never_answered_is_503(banyan, config, full_backlog):
    top = config(0)
    top["upstreams"]["shop-legacy"]["endpoints"] = [full_backlog]
    top["timeouts"] = {"connect": "200ms"}
    proxy = banyan()
    proxy.reload(top)
    before = time.monotonic()
    assert_local(proxy, proxy.fetch(), 503, "connect_timeout")
    assert time.monotonic() - before < 5


def test_a_kept_connection_that_went_stale_is_no_error_for_a_get(banyan, legacy):
    proxy = banyan()
    with proxy.connect() as connection:
        for _ in range(20):
            assert connection.request("GET", "/shop/item").status == 200
            legacy.drop_connections()
    assert errors(proxy, "upstream_reset") == 0


def test_an_answer_before_the_end_of_the_upload_arrives(banyan, legacy):
    legacy.read_bodies = False
    legacy.behaviour = lambda e: (up.answer(status=413, headers=[("Connection", "close")])(e),
                                  e.wait_for_the_end())
    proxy = banyan()
    with proxy.connect() as connection:
        connection.send(request_bytes("POST", "/shop/up", [("Content-Length", 1 << 30)]))
        connection.send(b"x" * 65536)
        assert connection.answer().status == 413


def test_a_slow_request_head_is_408(banyan):
    proxy = banyan(top={"timeouts": {"header": "300ms"}})
    with proxy.connect() as connection:
        connection.send(b"GET /shop/item HTTP/1.1\r\nHost:")
        got = connection.everything()
    assert got.startswith(b"HTTP/1.1 408 ") and b"request_timeout" in got, got


def test_a_pause_in_an_upload_is_408(banyan):
    proxy = banyan(top={"timeouts": {"request": "300ms"}})
    with proxy.connect() as connection:
        connection.send(request_bytes("POST", "/shop/up", [("Content-Length", 10)]) + b"half")
        got = connection.everything()
    assert got.startswith(b"HTTP/1.1 408 "), got


def test_an_idle_connection_is_closed_without_a_word(banyan):
    proxy = banyan(top={"timeouts": {"idle": "300ms"}})
    with proxy.connect() as connection:
        connection.request("GET", "/shop/item")
        assert connection.closed_by_peer()


def test_a_body_over_the_limit_is_413(banyan, legacy):
    proxy = banyan(top={"limits": {"body_bytes": "1KiB"}})
    assert proxy.fetch(method="POST", body=b"x" * 1024).status == 200
    with proxy.connect() as connection:
        connection.send(request_bytes("POST", "/shop/up", [("Content-Length", 1025)]))
        assert connection.answer().status == 413
    with proxy.connect() as connection:
        connection.send(request_bytes("POST", "/shop/up", [("Transfer-Encoding", "chunked")])
                        + b"800\r\n" + b"x" * 2048 + b"\r\n0\r\n\r\n")
        assert connection.everything().startswith(b"HTTP/1.1 413 ")


def test_waiting_exchanges_are_bounded(banyan, legacy):
    """Whatever waits beyond limits.connections is refused, and what is served is served."""
    proxy = banyan(top={"limits": {"connections": 5}})
    held = []
    try:
        for _ in range(5):
            held.append(proxy.connect())
            assert held[-1].request("GET", "/shop/item").status == 200
        with proxy.connect() as one_more:
            one_more.send(request_bytes("GET", "/shop/item"))
            assert b" 200 " not in one_more.everything()[:16]
    finally:
        for connection in held:
            connection.close()
    eventually(lambda: _answers(proxy), "there is room again")


def _answers(proxy):
    try:
        return proxy.fetch().status == 200
    except OSError:
        return False


def test_clients_that_give_up_while_connecting_use_up_nothing(banyan, legacy):
    """The client's end and the connection's beginning arrive in the same turn of the loop."""
    proxy = banyan()
    for _ in range(50):
        with proxy.connect() as connection:
            connection.send(request_bytes("POST", "/shop/up", [("Content-Length", 10)]))
            connection.end_of_requests()
            connection.everything()
    assert proxy.fetch(method="POST", body=b"x").status == 200
    assert errors(proxy, "pending_overflow") == 0


def test_a_client_that_reads_slowly_gets_all_of_it(banyan, legacy):
    """Progress counts, not the end: the answer takes longer than timeouts.idle."""
    size = 12 * 1024 * 1024
    legacy.behaviour = up.large(size)
    proxy = banyan(top={"timeouts": {"idle": "500ms"}})
    with proxy.connect(timeout_s=30) as connection:
        connection.send(request_bytes("GET", "/shop/large", [("Connection", "close")]))
        began, got = time.monotonic(), 0
        while more := connection.sock.recv(256 * 1024):
            got += len(more)
            if time.monotonic() - began < 2:
                select.select([], [], [], 0.05)  # this is the slowness, not a wait
    assert got > size
