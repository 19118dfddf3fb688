"""What is noise and what is not: both arms are asked again, and legacy now and then by itself."""
import itertools
import json

import pytest

from support import upstream as up
from support.metrics import total
from support.wait import eventually

USER = [("x-user-id", "user-1")]
SERVED_BY = {"ignore": ["header:x-served-by"]}  # what the two upstreams of these tests differ in
ALWAYS = {**SERVED_BY, "control": 0, "reask": {"rate": "1000/s", "share": 100}}


def answered(value):
    return up.answer(body=json.dumps(value).encode(), content_type="application/json")


def answering(make):
    """Every answer is made anew; `make` gets the request."""
    return lambda exchange: answered(make(exchange.request))(exchange)


def in_turn(*values):
    """One value after the other; the last one stays."""
    left = list(values)
    return answering(lambda _: left.pop(0) if len(left) > 1 else left[0])


def compared(proxy, **labels):
    return total(proxy.metrics(), "banyan_comparisons_total", migration="shop", **labels)


def asked(proxy, arm, role):
    return total(proxy.metrics(), "banyan_requests_total", migration="shop", arm=arm, role=role)


def differences(proxy):
    report = proxy.report()
    return {(d["path"], d["kind"], d["verdict"]): d["count"]
            for e in report["endpoints"] for d in e["differences"]}


def test_a_value_in_which_legacy_disagrees_with_itself_is_noise(banyan, legacy, monolith):
    ticks = itertools.count(1_000_000)
    legacy.behaviour = monolith.behaviour = answering(lambda _: {"id": 7, "at": next(ticks)})
    proxy = banyan(shadow={}, compare=ALWAYS)
    for i in range(12):
        assert proxy.fetch("/shop/orders/7", headers=USER).status == 200
        eventually(lambda n=i: compared(proxy) == n + 1, "the verdict")
    assert compared(proxy, verdict="noise") == 12
    assert differences(proxy) == {("$.at", "value", "noise"): 12}
    text = proxy.cli("report").stdout
    assert "$.at (noise)" in text
    assert proxy.cli("report", "--fail-on", "mismatch").returncode == 0
    assert asked(proxy, "legacy", "reask") == asked(proxy, "monolith", "reask") >= 2


def test_a_second_asking_is_marked_as_banyans_own_and_goes_no_further(banyan, legacy, monolith):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), answered({"a": 2})
    proxy = banyan(shadow={}, compare=ALWAYS)
    proxy.fetch("/shop/orders/7?page=2", headers=[*USER, ("X-Trace", "abc"), ("Baggage", "k=v")])
    eventually(lambda: compared(proxy) == 1, "the verdict")
    assert compared(proxy, verdict="mismatch") == 1
    assert differences(proxy) == {("$.a", "value", "mismatch"): 1}
    assert (len(legacy.requests), len(monolith.requests)) == (2, 2)
    first, again = legacy.requests
    assert first.header("x-banyan-shadow") is None
    for request in (again, *monolith.requests):
        assert (request.method, request.target) == ("GET", "/shop/orders/7?page=2")
        assert request.header("x-banyan-shadow") == "shop"
        assert "banyan-shadow=1" in request.header("baggage")
        assert (request.header("x-trace"), request.header("host")) == ("abc", first.header("host"))
    assert asked(proxy, "legacy", "primary") == asked(proxy, "legacy", "reask") == 1
    assert asked(proxy, "monolith", "shadow") == asked(proxy, "monolith", "reask") == 1


def test_a_monolith_that_is_wrong_now_and_then_is_flaky(banyan, legacy, monolith):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), in_turn({"a": 2}, {"a": 1})
    proxy = banyan(shadow={}, compare=ALWAYS)
    proxy.fetch("/shop/orders/7", headers=USER)
    eventually(lambda: compared(proxy, verdict="mismatch") == 1, "the verdict")
    assert differences(proxy) == {("$.a", "flaky", "mismatch"): 1}
    eventually(lambda: proxy.api_json("/v1/differences")["differences"], "the store")
    [stored] = proxy.api_json("/v1/differences")["differences"]
    assert (stored["kind"], stored["verdict"]) == ("flaky", "mismatch")
    assert (stored["left"], stored["right"]) == ("1", "2")
    assert stored["skew_us"] >= 0
    assert stored["asked_first"] == "legacy"
    assert proxy.cli("report", "--fail-on", "mismatch").returncode == 3


def test_an_answer_that_changed_in_between_is_transient(banyan, legacy, monolith):
    legacy.behaviour, monolith.behaviour = in_turn({"a": 1}, {"a": 2}), answered({"a": 2})
    proxy = banyan(shadow={}, compare=ALWAYS)
    proxy.fetch("/shop/orders/7", headers=USER)
    eventually(lambda: compared(proxy, verdict="transient") == 1, "the verdict")
    assert differences(proxy) == {("$.a", "value", "transient"): 1}


@pytest.mark.parametrize("percent", [0, 100])
def test_each_arm_is_asked_again_in_its_own_form(banyan, legacy, monolith, percent):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), answered({"a": 2})
    proxy = banyan(percent, shadow={}, compare=ALWAYS, rewrite={
        "monolith": {"path_prefix": "/api", "headers": {"set": {"x-arm": "new"}}}})
    proxy.fetch("/shop/orders/7", headers=USER)
    eventually(lambda: compared(proxy, verdict="mismatch") == 1, "the verdict")
    assert [r.target for r in legacy.requests] == ["/shop/orders/7"] * 2
    assert [r.target for r in monolith.requests] == ["/api/orders/7"] * 2
    assert [r.header("x-arm") for r in legacy.requests] == [None] * 2
    assert [r.header("x-arm") for r in monolith.requests] == ["new"] * 2


def test_a_request_that_may_not_be_repeated_is_not(banyan, legacy, monolith):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), answered({"a": 2})
    proxy = banyan(shadow={"methods": ["POST"]}, compare={**ALWAYS, "control": 100})
    for i in range(3):
        proxy.fetch("/shop/orders", "POST", USER, b"{}")
        eventually(lambda n=i: compared(proxy, verdict="mismatch") == n + 1, "the verdict")
    assert len(legacy.requests) == len(monolith.requests) == 3


def test_what_is_excluded_is_not_asked_again(banyan, legacy, monolith):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), answered({"a": 2})
    proxy = banyan(shadow={"exclude": [{"path_prefix": "/shop/once"}]},
                   compare={**ALWAYS, "control": 100})
    proxy.fetch("/shop/once", headers=USER)
    proxy.fetch("/shop/other", headers=USER)
    eventually(lambda: compared(proxy, verdict="mismatch") == 1, "the verdict of the other")
    eventually(lambda: asked(proxy, "legacy", "control") == 1, "its control")
    assert [r.target for r in legacy.requests].count("/shop/once") == 1
    assert all(r.target == "/shop/other" for r in monolith.requests)


def test_a_control_asks_legacy_alone_and_teaches_its_noise(banyan, legacy, monolith):
    ticks = itertools.count(1_000_000)
    legacy.behaviour = monolith.behaviour = answering(lambda _: {"at": next(ticks)})
    proxy = banyan(shadow={}, compare={**SERVED_BY, "control": 100, "reask": {"rate": "0/s"}})
    for i in range(8):
        proxy.fetch("/shop/orders/7", headers=USER)
        eventually(lambda n=i: compared(proxy) == n + 1, "the verdict")
        eventually(lambda n=i: asked(proxy, "legacy", "control") == n + 1, "the control")
    assert asked(proxy, "monolith", "control") == asked(proxy, "monolith", "reask") == 0
    assert (len(legacy.requests), len(monolith.requests)) == (16, 8)
    assert sum(r.header("x-banyan-shadow") == "shop" for r in legacy.requests) == 8
    # Nobody was asked again: until it is known what differs counts.
    assert compared(proxy, verdict="noise") >= 4
    assert compared(proxy, verdict="noise") + compared(proxy, verdict="mismatch") == 8


def test_without_a_budget_what_is_not_known_can_not_be_said(banyan, legacy, monolith):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), answered({"a": 2})
    proxy = banyan(shadow={}, compare={**ALWAYS, "reask": {"rate": "1/h", "share": 100}})
    for i, path in enumerate(["one", "two", "three"]):
        proxy.fetch("/shop/" + path, headers=USER)
        eventually(lambda n=i: compared(proxy) == n + 1, "the verdict")
    assert compared(proxy, verdict="mismatch") == 1
    assert compared(proxy, verdict="not_comparable") == 2
    assert total(proxy.metrics(), "banyan_shadow_skipped_total", migration="shop",
                 reason="reask_budget") == 2
    assert differences(proxy) == {("$.a", "value", "mismatch"): 1}


def test_a_place_where_legacy_never_disagrees_with_itself_stays_a_mismatch(banyan, legacy,
                                                                           monolith):
    ticks = itertools.count(1_000_000)
    legacy.behaviour = answering(lambda _: {"at": next(ticks), "price": 10})
    monolith.behaviour = answering(lambda _: {"at": next(ticks), "price": 11})
    proxy = banyan(shadow={}, compare=ALWAYS)
    for i in range(10):
        proxy.fetch("/shop/orders/7", headers=USER)
        eventually(lambda n=i: compared(proxy) == n + 1, "the verdict")
    assert compared(proxy, verdict="mismatch") == 10
    assert differences(proxy) == {("$.price", "value", "mismatch"): 10,
                                  ("$.at", "value", "noise"): 10}


def test_a_client_does_not_wait_for_a_second_asking(banyan, legacy, monolith):
    def slow(exchange):
        if exchange.request.header("x-banyan-shadow") and len(legacy.requests) > 1:
            return exchange.wait_for_the_end()
        return answered({"a": exchange.upstream.name})(exchange)
    legacy.behaviour = monolith.behaviour = slow
    proxy = banyan(shadow={"timeout": "300ms"}, compare=ALWAYS)
    proxy.fetch("/shop/orders/7", headers=USER)
    eventually(lambda: len(legacy.requests) == 2, "legacy is asked again, and hangs")
    assert proxy.fetch("/shop/orders/8", headers=USER).status == 200
    # Legacy's second answer did not come: nothing can be said.
    eventually(lambda: compared(proxy, verdict="not_comparable") >= 1, "the verdict")
