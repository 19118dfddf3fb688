"""Copies of live traffic: the client never notices, the report tells what differs."""
import itertools
import json
import threading
import time

import pytest

from support import upstream as up
from support.http import Connection, fetch, reset
from support.metrics import total
from support.proxy import Banyan
from support.wait import eventually

MIB = 1 << 20
USER = [("x-user-id", "user-1")]


def shadow_of(upstream):
    return [r for r in list(upstream.requests) if r.header("x-banyan-shadow")]


def compared(proxy, **labels):
    return total(proxy.metrics(), "banyan_comparisons_total", migration="shop", **labels)


def json_answer(value, headers=()):
    return up.answer(body=json.dumps(value).encode(), headers=headers,
                     content_type="application/json")


# What is copied.

@pytest.mark.parametrize("percent, primary, copied_to", [
    (0, "legacy", "monolith"), (100, "monolith", "legacy")])
def test_a_get_is_copied_to_the_other_arm_and_marked(banyan, legacy, monolith, percent, primary,
                                                     copied_to):
    arms = {"legacy": legacy, "monolith": monolith}
    proxy = banyan(percent=percent, shadow={})
    answer = proxy.fetch("/shop/item?id=7", headers=[*USER, ("X-Trace", "abc")])
    assert answer.served_by == primary
    eventually(lambda: shadow_of(arms[copied_to]), "the shadow")
    copy, original = arms[copied_to].requests[0], arms[primary].requests[0]
    assert (copy.method, copy.target) == ("GET", "/shop/item?id=7")
    assert copy.header("x-banyan-shadow") == "shop"
    assert "banyan-shadow=1" in copy.header("baggage")
    assert (copy.header("x-trace"), copy.header("host")) == ("abc", original.header("host"))
    assert original.header("x-banyan-shadow") is None
    assert original.header("baggage") is None
    eventually(lambda: compared(proxy) == 1, "the comparison")
    assert len(arms[copied_to].requests) == len(arms[primary].requests) == 1


def test_what_is_not_safe_is_not_copied(banyan, legacy, monolith):
    proxy = banyan(percent=0, shadow={})
    for method, body in (("POST", b"x"), ("PUT", b"x"), ("DELETE", None), ("PATCH", b"x")):
        assert proxy.fetch("/shop/item", method, USER, body).status == 200
    proxy.fetch("/shop/last", headers=USER)
    eventually(lambda: shadow_of(monolith), "the shadow of the last one")
    assert [r.target for r in monolith.requests] == ["/shop/last"]
    assert total(proxy.metrics(), "banyan_shadow_skipped_total", migration="shop") == 4


def test_a_trusted_shadow_passes_uncopied_and_does_not_write(tmp_path, config, legacy, monolith):
    def listener(name, **keys):
        return {"name": name, "bind": "127.0.0.1:0", "trusted_proxies": ["127.0.0.1"], **keys}
    top = {"listeners": [listener("ingress", shadow_marker="trust"),
                         listener("strip"),
                         listener("far", shadow_marker="trust", trusted_proxies=["10.0.0.0/8"]),
                         listener("writes", shadow_marker="trust", shadow_writes="forward")]}
    marks = [[("X-Banyan-Shadow", "other")], [("Baggage", "a=b, banyan-shadow=1")]]
    with Banyan(tmp_path, config(0, top=top, shadow={})) as proxy:
        addresses = proxy.addresses["listeners"]
        for mark in marks:
            assert fetch(addresses["ingress"], "/shop/item", "GET", mark).status == 200
            refused = fetch(addresses["ingress"], "/shop/item", "POST", mark, b"x")
            assert (refused.status, refused.body) == (405, b"shadow_write\n")
            assert fetch(addresses["writes"], "/shop/item", "POST", mark, b"x").status == 200
        assert [r.method for r in legacy.requests] == ["GET", "POST"] * 2
        assert legacy.requests[0].header("x-banyan-shadow") == "other"
        assert legacy.requests[2].header("baggage") == "a=b, banyan-shadow=1"
        assert total(proxy.metrics(), "banyan_shadow_skipped_total", reason="marked") == 4
        assert total(proxy.metrics(), "banyan_requests_total", role="primary",
                     migration="shop") == 0
        for place, mark in itertools.product(("strip", "far"), marks):
            assert fetch(addresses[place], "/shop/item", "POST", mark, b"x").status == 200
            assert fetch(addresses[place], "/shop/item", "GET", mark).status == 200
        eventually(lambda: len(shadow_of(monolith)) == 4, "the shadows of those not trusted")
        assert not any(r.header("x-banyan-shadow") for r in legacy.requests[4:])
        assert not any("banyan" in (r.header("baggage") or "") for r in legacy.requests[4:])


def test_an_upload_that_is_asked_for_is_copied_whole_and_once(banyan, legacy, monolith):
    proxy = banyan(percent=0, shadow={"methods": ["POST"], "budget": {"exchange": "1MiB"}})
    body = bytes(range(256)) * 2000
    assert proxy.fetch("/shop/item", "POST", USER, body).status == 200
    copy = eventually(lambda: [r for r in shadow_of(monolith) if r.digest], "the whole shadow")[0]
    original = legacy.requests[0]
    assert (copy.method, copy.length, copy.digest) == ("POST", len(body), original.digest)
    too_large = bytes(2 * MIB)
    assert proxy.fetch("/shop/large", "POST", USER, too_large).status == 200
    eventually(lambda: total(proxy.metrics(), "banyan_shadow_skipped_total",
                             reason="body_budget") == 1, "the skip")
    assert len(monolith.requests) == 1


def test_the_sample_has_nothing_to_do_with_the_bucket(banyan, monolith):
    proxy = banyan(percent=50, guardrail="off", shadow={"sample": 50, "direction": "to_monolith"})
    users = [f"user-{i}" for i in range(3000)]
    with proxy.connect() as connection:
        on_legacy = [u for u in users if connection.request(
            "GET", "/shop/item", [("x-user-id", u)]).served_by == "legacy"]
    eventually(lambda: compared(proxy) + total(proxy.metrics(), "banyan_shadow_skipped_total",
                                               reason="sample") >= len(on_legacy), "all drawn")
    copies = len(shadow_of(monolith))
    assert abs(copies - len(on_legacy) / 2) < 5 * (len(on_legacy) / 4) ** 0.5
    # Of the same user one request is copied and another is not.
    before = len(shadow_of(monolith))
    with proxy.connect() as connection:
        for _ in range(40):
            connection.request("GET", "/shop/item", [("x-user-id", on_legacy[0])])
    eventually(lambda: len(shadow_of(monolith)) > before, "one of 40")
    assert len(shadow_of(monolith)) < before + 40


def test_head_and_options_are_copied(banyan, monolith):
    proxy = banyan(percent=0, shadow={})
    for method in ("HEAD", "OPTIONS"):
        proxy.fetch("/shop/item", method, USER)
    eventually(lambda: len(monolith.requests) == 2, "both copies")
    eventually(lambda: compared(proxy) == 2, "both comparisons")


def test_nothing_is_copied_without_a_shadow_block_or_for_the_default(banyan, monolith):
    proxy = banyan(percent=0)
    proxy.fetch(headers=USER)
    proxy.fetch("/elsewhere", headers=USER)
    proxy.stop()
    assert monolith.requests == []


def test_a_sample_is_a_share(banyan, monolith):
    proxy = banyan(percent=0, shadow={"sample": 20})
    with proxy.connect() as connection:
        for _ in range(1000):
            connection.request("GET", "/shop/item", USER)
    skipped = total(proxy.metrics(), "banyan_shadow_skipped_total", migration="shop",
                    reason="sample")
    assert 730 <= skipped <= 870  # 800 ± 5.5 standard deviations
    eventually(lambda: len(monolith.requests) + total(
        proxy.metrics(), "banyan_shadow_skipped_total", migration="shop") == 1000,
        "every exchange is copied or counted as skipped")


def test_a_client_can_not_mark_its_request_as_a_shadow(banyan, legacy, monolith):
    proxy = banyan(percent=0, shadow={})
    proxy.fetch(headers=[*USER, ("X-Banyan-Shadow", "shop"),
                         ("Baggage", "a=1,banyan-shadow=1,b=2")])
    eventually(lambda: shadow_of(monolith), "it is shadowed as any other")
    original = legacy.requests[0]
    assert original.header("x-banyan-shadow") is None
    assert "banyan-shadow" not in original.header("baggage")
    assert "a=1" in original.header("baggage") and "b=2" in original.header("baggage")


# What the client sees: the same bytes, whatever the shadow does.

HOSTILE = {
    "refusing": None,
    "hanging": up.hang,
    "slow": up.slow(0.5),
    "speaking no HTTP": up.raw(up.GARBAGE),
    "sending 100 MiB": up.large(100 * MIB),
    "sending without an end": lambda exchange: _without_end(exchange),
    **{f"resetting {stage}": behaviour for stage, behaviour in up.RESETS.items()},
}


def _without_end(exchange):
    exchange.send(up.head_of(exchange, 200, [("Transfer-Encoding", "chunked")]))
    for _ in itertools.count():
        if exchange.upstream.stopping.is_set():
            raise up.Over
        exchange.send(b"10000\r\n" + bytes(65536) + b"\r\n")


def primary_answers(proxy):
    """Every byte that a client gets for a mixture of requests on two connections."""
    out = []
    with proxy.connect() as one, proxy.connect() as other:
        for i in range(30):
            connection = (one, other)[i % 2]
            answer = connection.request(("GET", "HEAD", "OPTIONS")[i % 3], f"/shop/{i}", USER)
            out.append(answer.head + answer.body)
        one.send(b"".join(b"GET /shop/p%d HTTP/1.1\r\nHost: x\r\n\r\n" % i for i in range(5)))
        for _ in range(5):
            answer = one.answer()
            out.append(answer.head + answer.body)
    return out


def misbehave(upstream, how):
    if HOSTILE[how] is None:
        upstream.refuse()
    else:
        upstream.behaviour = HOSTILE[how]


@pytest.mark.parametrize("how", HOSTILE)
def test_the_primary_is_unchanged_byte_for_byte_with_a_shadow(banyan, config, legacy, monolith, how):
    legacy.behaviour = up.answer(body=lambda r: (r.method + r.target).encode() * 500,
                                 headers=[("ETag", '"1"'), ("Set-Cookie", "a=1"),
                                          ("Set-Cookie", "b=2")])
    proxy = banyan(percent=0)
    without = primary_answers(proxy)
    misbehave(monolith, how)
    proxy.reload(config(0, shadow={"timeout": "1s"}))
    before = time.monotonic()
    assert primary_answers(proxy) == without
    assert time.monotonic() - before < 10
    settled = lambda: compared(proxy) + total(  # noqa: E731
        proxy.metrics(), "banyan_shadow_skipped_total", migration="shop") >= 35
    eventually(settled, "every shadow came to an end, one way or another", timeout_s=30)


@pytest.mark.parametrize("how", ["sending 100 MiB", "sending without an end", "hanging"])
def test_memory_stays_bounded_whatever_the_shadow_does(tmp_path, config, legacy, monolith,
                                                       release, how):
    misbehave(monolith, how)
    keys = {"shadow": {"timeout": "2s"}}
    with Banyan(tmp_path, config(0, **keys), release) as proxy:
        with proxy.connect() as connection:
            for i in range(300):
                assert connection.request("GET", f"/shop/{i}", USER).status == 200
        eventually(lambda: total(proxy.metrics(), "banyan_upstream_connections",
                                 upstream="shop-monolith", role="shadow") == 0,
                   "the shadows are over", timeout_s=60)
        assert proxy.peak_bytes() < 64 * MIB
        monolith.stopping.set()


def test_a_primary_body_larger_than_the_budget_passes_whole(banyan, legacy, monolith):
    size = 20 * MIB
    legacy.behaviour = monolith.behaviour = up.large(size)
    proxy = banyan(percent=0, shadow={})
    for _ in range(3):
        assert len(proxy.fetch(headers=USER).body) == size
    eventually(lambda: compared(proxy, verdict="not_comparable") + total(
        proxy.metrics(), "banyan_shadow_skipped_total", migration="shop") == 3, "all counted")


# Where in the primary's answer the client leaves: what legacy has said by then.
LEAVES = {"before the head": b"",
          "in the head": b"HTTP/1.1 200 OK\r\nContent-Le",
          "in the body": b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nan"}
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer"


@pytest.mark.parametrize("says, verdict", [(WHOLE, "match"), (WHOLE[:-1] + b"!", "mismatch")])
@pytest.mark.parametrize("where", LEAVES)
def test_a_client_that_leaves_does_not_change_what_is_compared(banyan, legacy, monolith, where,
                                                               says, verdict):
    left = threading.Event()

    def answers_late(exchange):
        exchange.send(LEAVES[where])
        left.wait(10)
        exchange.send(WHOLE[len(LEAVES[where]):])
    legacy.behaviour = answers_late
    monolith.behaviour = up.raw(says, "keep")
    proxy = banyan(percent=0, shadow={})
    connection = proxy.connect()
    connection.send(b"GET /shop/left HTTP/1.1\r\nHost: x\r\n\r\n")
    eventually(lambda: legacy.requests and shadow_of(monolith), "both arms were asked")
    if where == "in the body":
        connection.answer_head()
    reset(connection)
    eventually(lambda: total(proxy.metrics(), "banyan_local_errors_total",
                             reason="client_closed") == 1, "it left")
    left.set()
    eventually(lambda: compared(proxy, verdict=verdict) == 1, "the pair is settled")
    assert compared(proxy) == 1
    line = eventually(lambda: proxy.access_log(), "the exchange is logged")[0]
    assert line["error"] == "client_closed"
    assert line["status"] == (200 if where == "in the body" else 0)
    # The connection gave all of its answer and serves the next one.
    proxy.fetch("/shop/next", headers=USER)
    assert legacy.connections == 1


def test_without_a_shadow_a_client_that_leaves_takes_its_upstream_along(banyan, legacy):
    legacy.behaviour = up.hang
    proxy = banyan(percent=0)
    connection = proxy.connect()
    connection.send(b"GET /shop/left HTTP/1.1\r\nHost: x\r\n\r\n")
    eventually(lambda: legacy.requests, "the exchange has begun")
    reset(connection)
    eventually(lambda: legacy.open_connections == 0, "the upstream is let go")


def test_a_client_that_leaves_in_its_upload_leaves_no_shadow(banyan, legacy, monolith):
    proxy = banyan(percent=0, shadow={"methods": ["POST"]})
    connection = proxy.connect()
    connection.send(b"POST /shop/left HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
    eventually(lambda: legacy.requests, "the exchange has begun")
    reset(connection)
    eventually(lambda: legacy.open_connections == 0, "the upstream is let go")
    eventually(lambda: total(proxy.metrics(), "banyan_shadow_skipped_total",
                             reason="not_sent") == 1, "it is counted")
    assert monolith.requests == []


def test_a_process_that_ends_does_not_wait_for_answers_without_a_client(banyan, legacy, monolith):
    legacy.behaviour = up.hang
    proxy = banyan(percent=0, shadow={"timeout": "10m"})
    connection = proxy.connect()
    connection.send(b"GET /shop/left HTTP/1.1\r\nHost: x\r\n\r\n")
    eventually(lambda: legacy.requests and shadow_of(monolith), "both arms were asked")
    reset(connection)
    eventually(lambda: total(proxy.metrics(), "banyan_downstream_connections") == 0, "it left")
    assert legacy.open_connections == 1
    before = time.monotonic()
    proxy.stop()
    assert time.monotonic() - before < 10


def test_the_shadow_has_its_own_connections_and_limit(banyan, monolith):
    monolith.behaviour = up.slow(0.05)
    proxy = banyan(percent=0, shadow={"max_connections": 2})
    with proxy.connect() as connection:
        for i in range(40):
            connection.request("GET", f"/shop/{i}", USER)
    eventually(lambda: len(monolith.requests) + total(
        proxy.metrics(), "banyan_shadow_skipped_total", migration="shop") == 40, "all accounted")
    assert monolith.connections <= 2


# What the report tells.

LEFT = {"id": 1, "total": 10, "items": [{"price": 1}, {"price": 5}], "only_left": True,
        "password": "hunter2", "meta": {"generated_at": "2026-01-01"}, "kind": 5}
RIGHT = {"id": 1, "total": 10.0, "items": [{"price": 1}, {"price": 6}], "only_right": None,
         "password": "hunter3", "meta": {"generated_at": "2026-02-02"}, "kind": "5"}


def differences(report):
    return {(d["path"], d["kind"]): d for e in report["endpoints"] for d in e["differences"]}


@pytest.fixture
def differing(banyan, legacy, monolith):
    legacy.behaviour = json_answer(LEFT, [("X-Revision", "1"), ("X-Left", "1")])
    monolith.behaviour = json_answer(RIGHT, [("X-Revision", "2")])

    def make(percent=0):
        proxy = banyan(percent=percent, shadow={}, compare={
            "ignore": ["$.meta.generated_at", "header:x-served-by"]})
        for number in (17, 18):
            proxy.fetch(f"/shop/orders/{number}?token=abcdef", headers=[
                *USER, ("Authorization", "Bearer verysecret")])
        eventually(lambda: compared(proxy, verdict="mismatch") == 2, "both were compared")
        return proxy
    return make


@pytest.mark.parametrize("percent", (0, 100))
def test_a_difference_is_reported_at_its_path_with_legacy_on_the_left(differing, percent):
    report = differing(percent).report()
    found = differences(report)
    assert set(found) == {
        ("$.items[*].price", "value"), ("$.only_left", "missing"), ("$.only_right", "extra"),
        ("$.password", "value"), ("$.kind", "type"), ("header:x-revision", "value"),
        ("header:x-left", "missing")}
    price = found["$.items[*].price", "value"]
    assert price["count"] == 2
    sample = price["samples"][0]
    assert (sample["path"], sample["left"], sample["right"]) == ("$.items[1].price", "5", "6")
    assert sample["method"] == "GET"
    assert [e["endpoint"] for e in report["endpoints"]] == ["GET /shop/orders/{id}"]
    direction = "to_monolith" if percent == 0 else "to_legacy"
    assert report["directions"][direction]["mismatch"] == 2


def test_trailers_are_copied_compared_and_kept(banyan, legacy, monolith):
    for arm, total_, token in ((legacy, "1", "hunter2"), (monolith, "2", "hunter3")):
        arm.behaviour = up.chunked([b"same"], trailers=[("X-Total", total_), ("X-Token", token),
                                                        ("X-Noise", token)])
    proxy = banyan(percent=0, shadow={"methods": ["POST"]},
                   compare={"ignore": ["header:x-served-by", "trailer:x-noise"]})
    with proxy.connect() as connection:
        connection.send(b"POST /shop/item HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n")
        assert connection.answer().status == 200
    eventually(lambda: compared(proxy, verdict="mismatch") == 1, "the comparison")
    copy, original = shadow_of(monolith)[0], legacy.requests[0]
    assert copy.trailers == original.trailers == ["X-Sum: 6"]
    proxy.stop()
    proxy.start()  # from the store
    found = differences(proxy.report())
    assert set(found) == {("trailer:x-total", "value"), ("trailer:x-token", "value")}
    sample = found["trailer:x-total", "value"]["samples"][0]
    assert (sample["left"], sample["right"]) == ("1", "2")
    text = proxy.cli("report").stdout
    assert "trailer:x-total" in text and "hunter" not in text


def test_secrets_do_not_reach_a_report_or_a_log(differing):
    proxy = differing()
    outputs = [proxy.api("/v1/report?format=json").body.decode(),
               proxy.api("/v1/report?format=text").body.decode(),
               proxy.cli("report").stdout, proxy.said(),
               (proxy.dir / "access.jsonl").read_text()]
    for secret in ("hunter2", "hunter3", "verysecret", "abcdef"):
        assert not any(secret in output for output in outputs), secret


def test_banyan_report_prints_text_and_json(differing, tmp_path):
    proxy = differing()
    text = proxy.cli("report")
    assert text.returncode == 0
    for part in ("shop", "$.items[*].price", "/shop/orders/{id}", "mismatch"):
        assert part in text.stdout, part
    out = tmp_path / "report.json"
    assert proxy.cli("report", "shop", "--format", "json", "-o", out).returncode == 0
    assert [m["name"] for m in json.loads(out.read_text())["migrations"]] == ["shop"]


def test_banyan_report_can_fail_on_a_mismatch(differing):
    assert differing().cli("report", "--fail-on", "mismatch").returncode == 3


def test_equal_answers_match(banyan):
    proxy = banyan(percent=0, shadow={}, compare={"ignore": ["header:x-served-by"]})
    with proxy.connect() as connection:
        for i in range(50):
            connection.request("GET", f"/shop/{i}", USER)
    eventually(lambda: compared(proxy, verdict="match", direction="to_monolith") == 50, "matches")
    assert proxy.report()["directions"]["to_monolith"]["match"] == 50
    assert proxy.cli("report", "--fail-on", "mismatch").returncode == 0


def test_json_that_means_the_same_matches(banyan, legacy, monolith):
    legacy.behaviour = up.answer(body=b'{"a":1.0,"b":[1,2]}', content_type="application/json")
    monolith.behaviour = up.answer(body=b'{ "b": [1, 2], "a": 1 }', content_type="application/json")
    proxy = banyan(percent=0, shadow={}, compare={"ignore": ["header:x-served-by"]})
    proxy.fetch(headers=USER)
    eventually(lambda: compared(proxy) == 1, "the comparison")
    assert compared(proxy, verdict="match") == 1, proxy.report()


def test_a_status_is_compared(banyan, monolith):
    monolith.behaviour = up.answer(status=500)
    proxy = banyan(percent=0, shadow={}, compare={"ignore": ["header:x-served-by"]})
    proxy.fetch(headers=USER)
    eventually(lambda: compared(proxy, verdict="mismatch") == 1, "the comparison")
    status = differences(proxy.report())["status", "value"]
    assert (status["samples"][0]["left"], status["samples"][0]["right"]) == ("200", "500")


def test_an_answer_that_does_not_come_is_a_mismatch(banyan, monolith):
    monolith.refuse()
    proxy = banyan(percent=0, shadow={})
    proxy.fetch(headers=USER)
    eventually(lambda: compared(proxy, verdict="mismatch") == 1, "the comparison")
    assert {kind for _, kind in differences(proxy.report())} == {"no_answer"}


def test_control_characters_do_not_reach_a_terminal(banyan, legacy, monolith):
    legacy.behaviour = json_answer({"name": "plain"})
    monolith.behaviour = json_answer({"name": "\x1b[31mred\x07", "\x1b]0;title\x07": 1})
    proxy = banyan(percent=0, shadow={})
    proxy.fetch(headers=USER)
    eventually(lambda: compared(proxy, verdict="mismatch") == 1, "the comparison")
    assert not set(proxy.cli("report").stdout) & {"\x1b", "\x07"}


def test_endless_new_paths_do_not_grow_the_report(banyan, legacy, monolith):
    legacy.behaviour = up.answer(body=lambda r: b'{"%s": 1}' % r.target.encode(),
                                 content_type="application/json")
    monolith.behaviour = json_answer({})
    proxy = banyan(percent=0, shadow={"max_connections": 4})
    with Connection(proxy.address) as connection:
        for i in range(1500):
            word = "".join(chr(97 + i // 26 ** k % 26) for k in range(4))
            connection.request("GET", f"/shop/{word}/{word}", USER)
    eventually(lambda: compared(proxy) + total(
        proxy.metrics(), "banyan_shadow_skipped_total", migration="shop") == 1500, "all done")
    assert len(proxy.report()["endpoints"]) <= 201
