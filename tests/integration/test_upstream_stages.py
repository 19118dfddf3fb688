"""An upstream that closes, resets, stalls or talks nonsense at each stage of an exchange, over real
sockets: as the arm that serves, and as the one that gets the copy. Each ends once, with the right
reason; a copy never changes what the client gets."""
import threading

import pytest

from support import upstream as up
from support.http import request_bytes
from support.metrics import total
from support.wait import eventually

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
COUNTED = HEAD + b"Content-Length: 100\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"

# What the upstream has said when it happens.
STAGES = {
    "in the request": None,  # its body is on its way
    "before the head": b"",
    "after an informational answer": HINTS,
    "in the head": HEAD + b"Content-Le",
    "after the head": CHUNKED,
    "in a counted body": COUNTED + b"part",
    "in a chunk": CHUNKED + b"8\r\npart",
    "between chunks": CHUNKED + b"4\r\npart\r\n",
    "in the trailers": CHUNKED + b"4\r\npart\r\n0\r\nX-Sum: 1",
}
FAULTS = ("closes", "resets", "stalls", "garbage")
BEFORE = dict(zip(FAULTS, ((502, "upstream_reset"), (502, "upstream_reset"),
                           (504, "response_timeout"), (502, "upstream_malformed"))))
AFTER = dict(zip(FAULTS, ((200, "upstream_cut_off"), (200, "upstream_cut_off"),
                          (200, "idle_timeout"), (200, "upstream_malformed"))))
COPY_BEFORE = dict(zip(FAULTS, ("reset", "reset", "timed_out", "malformed")))
COPY_AFTER = dict(zip(FAULTS, ("cut_off", "cut_off", "timed_out", "malformed")))
AFTER_THE_HEAD = ("after the head", "in a counted body", "in a chunk", "between chunks",
                  "in the trailers")
# Within a counted body every byte is content.
CELLS = [(stage, fault) for stage in STAGES for fault in FAULTS
         if (stage, fault) != ("in a counted body", "garbage")]


ENDS = {"closes": "close", "resets": "reset", "stalls": "hang", "garbage": "hang"}


def breaking(stage, fault, go):
    """Says what belongs to the stage; the fault comes when `go` is set."""
    garbage = b"\x16\x03\x01 no HTTP\r\n\r\n" if fault == "garbage" else b""

    def behave(exchange):
        exchange.send(STAGES[stage] or b"")
        go.wait(20)
        up.raw(garbage, ENDS[fault])(exchange)
    return behave


@pytest.mark.parametrize("stage, fault", CELLS)
def test_the_arm_that_serves(banyan, legacy, stage, fault):
    status, reason = (AFTER if stage in AFTER_THE_HEAD else BEFORE)[fault]
    uploads = stage == "in the request"
    legacy.read_bodies = not uploads
    go = threading.Event()
    legacy.behaviour = breaking(stage, fault, go)
    proxy = banyan(top={"timeouts": {"response": "300ms", "idle": "300ms", "request": "20s"}})
    with proxy.connect() as connection:
        fields = [("Content-Length", 10)] if uploads else []
        connection.send(request_bytes("POST" if uploads else "GET", "/shop/item", fields))
        if uploads:
            connection.send(b"half")
            eventually(lambda: legacy.requests, "the request at the upstream")
            if fault == "stalls":
                connection.send(b" whole")  # else the client would be the late one
        if status == 200:
            assert connection.answer_head().status == 200
        go.set()
        got = connection.everything() if status == 200 or uploads else connection.answer()
    if status == 200:
        assert b"HTTP/1.1" not in got and not got.endswith(b"0\r\n\r\n"), got
    elif uploads:
        assert got.startswith(b"HTTP/1.1 %d " % status) and got.endswith(reason.encode() + b"\n"), got
    else:
        assert (got.status, got.body) == (status, reason.encode() + b"\n")
    eventually(proxy.access_log, "the access log")
    assert [(line["status"], line["error"]) for line in proxy.access_log()] == [(status, reason)]
    metrics = proxy.metrics()
    assert total(metrics, "banyan_local_errors_total") == 1
    assert total(metrics, "banyan_retries_total") == 0
    assert len(legacy.requests) == 1
    eventually(lambda: total(proxy.metrics(), "banyan_upstream_connections") == 0, "none is kept")
    legacy.read_bodies, legacy.behaviour = True, up.answer()
    assert proxy.fetch("/shop/next").status == 200


@pytest.mark.parametrize("stage, fault", CELLS)
def test_the_arm_that_gets_the_copy(banyan, legacy, monolith, stage, fault):
    uploads = stage == "in the request"
    monolith.read_bodies = not uploads
    go = threading.Event()
    go.set()
    monolith.behaviour = breaking(stage, fault, go)
    proxy = banyan(shadow={"timeout": "300ms", "methods": ["GET", "POST"],
                           "budget": {"exchange": "8MiB"}})
    body = b"x" * (4 << 20) if uploads else None  # more than the kernel takes at once
    with proxy.connect() as connection:
        answer = connection.request("POST" if uploads else "GET", "/shop/item", body=body)
        assert (answer.status, answer.served_by, answer.body) == (200, "legacy", b"ok\n")
        eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total") == 1, "the verdict")
        monolith.read_bodies, monolith.behaviour = True, up.answer()
        assert connection.request("GET", "/shop/next").status == 200
    metrics = proxy.metrics()
    assert total(metrics, "banyan_comparisons_total", verdict="mismatch") >= 1
    assert total(metrics, "banyan_local_errors_total") == 0
    found = [difference for endpoint in proxy.report()["endpoints"]
             for difference in endpoint["differences"] if difference["kind"] == "no_answer"]
    expected = (COPY_AFTER if stage in AFTER_THE_HEAD else COPY_BEFORE)[fault]
    assert [(d["count"], d["samples"][0]["right"]) for d in found] == [(1, expected)]
    assert len([r for r in monolith.requests if r.target == "/shop/item"]) == 1


@pytest.mark.parametrize("fault", ("closes", "resets", "garbage"))
def test_between_two_exchanges_the_next_one_takes_another_connection(banyan, legacy, monolith, fault):
    rest = b"\0 unasked\r\n\r\n" if fault == "garbage" else b""
    once = up.raw(HEAD + b"Content-Length: 2\r\n\r\nok" + rest, ENDS[fault])
    legacy.behaviour = monolith.behaviour = once
    proxy = banyan(shadow={})
    for _ in range(2):
        assert proxy.fetch().status == 200
    metrics = proxy.metrics()
    assert total(metrics, "banyan_local_errors_total") == 0
    assert legacy.connections == 2
    eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total", verdict="match") == 2,
               "both pairs match")


def test_an_upstream_that_can_not_be_reached(banyan, config, legacy, monolith, full_backlog):
    top = config(top={"timeouts": {"connect": "200ms"}})
    proxy = banyan()
    legacy.refuse()
    assert (proxy.fetch().status, proxy.fetch().body) == (503, b"connect_refused\n")
    top["upstreams"]["shop-legacy"]["endpoints"] = [full_backlog]
    proxy.reload(top)
    answer = proxy.fetch()
    assert (answer.status, answer.body) == (503, b"connect_timeout\n")
