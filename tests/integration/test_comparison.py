"""Who compares, how requests are grouped, what is kept of a pair."""
import json
import sqlite3

from support import upstream as up
from support.metrics import total
from support.wait import eventually

USER = [("x-user-id", "user-1")]
COMPARE = {"ignore": ["header:x-served-by"]}


def answered(value):
    return up.answer(body=json.dumps(value).encode(), content_type="application/json")


def compared(proxy, **labels):
    return total(proxy.metrics(), "banyan_comparisons_total", migration="shop", **labels)


def ask(proxy, *targets, headers=USER):
    """One after the other, each with its verdict."""
    for target in targets:
        goal = compared(proxy) + 1
        assert proxy.fetch(target, headers=headers).status == 200
        eventually(lambda n=goal: compared(proxy) == n, "the verdict")


def samples(proxy):
    return [s for e in proxy.report()["endpoints"] for d in e["differences"] for s in d["samples"]]


def test_requests_are_counted_under_the_endpoints_that_are_given(banyan, legacy, monolith):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), answered({"a": 2})
    proxy = banyan(shadow={}, compare={**COMPARE,
                                       "endpoints": ["/shop/{name}/cart", "/shop/me/cart"]})
    ask(proxy, "/shop/anna/cart?x=1", "/shop/bob/cart", "/shop/me/cart", "/shop/anna", "/shop/7")
    assert {e["endpoint"]: e["verdicts"]["mismatch"] for e in proxy.report()["endpoints"]} == {
        "GET /shop/{name}/cart": 2, "GET /shop/me/cart": 1, "GET /shop/anna": 1,
        "GET /shop/{id}": 1}
    eventually(lambda: proxy.api_json("/v1/differences")["differences"], "the store")
    stored = proxy.api_json("/v1/differences?endpoint=GET%20/shop/%7Bname%7D/cart")["differences"]
    assert {d["target"] for d in stored} == {"/shop/anna/cart?x=1", "/shop/bob/cart"}


def test_several_threads_compare_what_one_would_also_after_a_reload(banyan, config, legacy,
                                                                     monolith):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), answered({"a": 2})
    keys = {"shadow": {"max_in_flight": 1000, "max_connections": 1000}}
    proxy = banyan(top={"workers": 2}, compare={**COMPARE, "threads": 3}, **keys)
    for _ in range(40):
        assert proxy.fetch("/shop/a", headers=USER).status == 200
    proxy.reload(config(top={"workers": 2}, compare={**COMPARE, "threads": 5}, **keys))
    for _ in range(40):
        assert proxy.fetch("/shop/a", headers=USER).status == 200
    eventually(lambda: compared(proxy) == 80, "80 verdicts")
    assert compared(proxy, verdict="mismatch") == 80
    [endpoint] = proxy.report()["endpoints"]
    assert {d["path"]: d["count"] for d in endpoint["differences"]} == {"$.a": 80}


def test_over_the_budget_a_pair_that_differs_is_not_comparable(banyan, legacy, monolith):
    legacy.behaviour = monolith.behaviour = answered({"a": 1})
    # The upstreams of these tests differ in one header: no pair is plainly equal.
    proxy = banyan(shadow={}, compare={**COMPARE, "cpu_budget": 0})
    ask(proxy, "/shop/a", "/shop/a")
    assert compared(proxy, verdict="not_comparable") == 2
    assert total(proxy.metrics(), "banyan_shadow_skipped_total", reason="cpu_budget") == 2
    direction = proxy.report()["directions"]["to_monolith"]
    assert direction["not_comparable_by_reason"] == {"cpu_budget": 2}
    assert (direction["sampled"], direction["compared"]) == (2, 0)


def test_what_a_pattern_hides_is_nowhere(banyan, legacy, monolith, tmp_path):
    legacy.behaviour = answered({"by": "ann@shop.test", "n": {"eve@shop.test": 1}})
    monolith.behaviour = answered({"by": "bob@shop.test", "n": {"eve@shop.test": 2}})
    proxy = banyan(shadow={}, compare=COMPARE, top={
        "store": {"bodies": True, "redact": {"patterns": [r"[\w.]+(@|%40)[\w.]+"]}}})
    ask(proxy, "/shop/joe@shop.test/cart?to=amy%40shop.test")
    found = samples(proxy)
    assert {s["target"] for s in found} == {"/shop/(redacted)/cart?to=(redacted)"}
    assert {(s["path"], s["left"]) for s in found} == {
        ("$.by", '"(redacted)"'), ("$.n['(redacted)']", "1")}
    assert {s["left_body"] for s in found if "left_body" in s} == {
        '{"by": "(redacted)", "n": {"(redacted)": 1}}'}
    for form in ("text", "json", "html", "markdown", "junit"):
        assert "shop.test" not in proxy.cli("report", "--format", form).stdout
    proxy.stop()
    with sqlite3.connect(tmp_path / "state" / "differences.db") as database:
        assert "shop.test" not in "\n".join(database.iterdump())


def test_whole_bodies_are_kept_where_asked_and_survive_a_restart(banyan, config, legacy, monolith):
    legacy.behaviour = answered({"a": 1, "b": 1, "password": "hunter2"})
    monolith.behaviour = answered({"a": 2, "b": 2, "password": "hunter2"})
    proxy = banyan(shadow={}, compare=COMPARE)
    ask(proxy, "/shop/a")
    assert not [s for s in samples(proxy) if "left_body" in s]
    proxy.reload(config(shadow={}, compare=COMPARE, top={"store": {"bodies": True}}))
    ask(proxy, "/shop/a")
    kept = ('{"a": 1, "b": 1, "password": (redacted)}', '{"a": 2, "b": 2, "password": (redacted)}')

    def bodies(of):
        return [(d["left_body"], d["right_body"]) for d in of if "left_body" in d]

    assert bodies(samples(proxy)) == [kept]
    eventually(lambda: len(proxy.api_json("/v1/differences")["differences"]) == 4, "the store")
    assert bodies(proxy.api_json("/v1/differences")["differences"]) == [kept]
    proxy.stop()
    proxy.start()
    assert bodies(samples(proxy)) == [kept]


def test_mismatches_that_follow_a_write_of_the_same_user_are_told(banyan, legacy, monolith):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), answered({"a": 2})
    proxy = banyan(shadow={}, compare=COMPARE)
    ask(proxy, "/shop/a")
    assert proxy.fetch("/shop/a", "POST", USER, b"{}").status == 200
    ask(proxy, "/shop/a", "/shop/a")
    ask(proxy, "/shop/a", headers=[("x-user-id", "user-2")])
    direction = proxy.report()["directions"]["to_monolith"]
    assert (direction["mismatch"], direction["mismatch_after_write"]) == (4, 2)
    assert "2 of 4 mismatches to monolith came within a minute of a write" in (
        proxy.cli("report").stdout)
    eventually(lambda: proxy.api_json("/v1/differences")["differences"], "the store")
    proxy.stop()
    proxy.start()
    assert proxy.report()["directions"]["to_monolith"]["mismatch_after_write"] == 2


def test_a_write_whose_copy_was_lost_counts_as_one_that_one_arm_got(banyan, legacy, monolith):
    legacy.behaviour, monolith.behaviour = answered({"a": 1}), answered({"a": 2})
    proxy = banyan(shadow={"methods": ["GET", "POST"], "budget": {"exchange": "4KiB"}}, compare=COMPARE)
    assert proxy.fetch("/shop/a", "POST", USER, b"x" * 8192).status == 200
    ask(proxy, "/shop/a")
    direction = proxy.report()["directions"]["to_monolith"]
    assert (direction["mismatch"], direction["mismatch_after_write"]) == (1, 1)


def test_a_control_is_a_share_of_all_exchanges_and_not_of_those_with_a_shadow(banyan, legacy,
                                                                               monolith):
    legacy.behaviour = monolith.behaviour = answered({"a": 1})
    # Every shadow has a control then: a tenth of all, as `control` says.
    proxy = banyan(shadow={"sample": 10}, compare={**COMPARE, "control": 10})
    with proxy.connect() as connection:
        for _ in range(300):
            assert connection.request("GET", "/shop/a", USER).status == 200

    def asked(role):
        return total(proxy.metrics(), "banyan_requests_total", migration="shop", role=role)

    eventually(lambda: compared(proxy) == asked("shadow") == asked("control"), "the controls")
    assert asked("shadow") >= 5
