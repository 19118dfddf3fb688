"""What rolls back by itself: a worse monolith and a dead one, and nothing that both arms share."""
import itertools
import json
from contextlib import ExitStack

import pytest

from support import upstream as up
from support.buckets import arm_of
from support.http import request_bytes
from support.load import Load
from support.metrics import total
from support.proxy import migration
from support.wait import eventually

USERS = 2_000


def load_on(proxy):
    return Load(proxy.address, threads=4, users=USERS)


def guardrail(proxy, name="shop"):
    return proxy.status(name)["guardrail"]


def is_latched(proxy, name="shop"):
    return lambda: proxy.status(name)["latched"]


def holds(proxy):
    return lambda: guardrail(proxy)["outcome"] == "hold"


def test_errors_of_the_monolith_alone_roll_it_back(banyan, monolith):
    proxy = banyan(percent=50)
    with load_on(proxy) as load:
        eventually(holds(proxy), "it holds")
        monolith.behaviour = up.answer(status=500)
        eventually(is_latched(proxy), "it is rolled back")
        assert guardrail(proxy)["outcome"] == "roll_back"
        monolith.requests.clear()
        eventually(load.more(200), "load goes on")
        assert len(monolith.requests) <= 4, "one of each thread may have been under way"
    latch = proxy.status()["latch"]
    assert latch["cause"] == "guardrail" and latch["who"] == "guardrail"
    assert "shop: failures:" in latch["reason"] and "on legacy" in latch["reason"]
    samples = proxy.metrics()
    assert total(samples, "banyan_rollbacks_total", migration="shop", cause="guardrail") == 1
    assert total(samples, "banyan_guardrail_latched", migration="shop") == 1
    entry = proxy.api_json("/v1/audit")["entries"][-1]
    assert (entry["action"], entry["target"], entry["who"]) == ("rollback", "shop", "guardrail")
    assert entry["evidence"]["cause"] == "errors"
    assert entry["evidence"]["evidence"] >= entry["evidence"]["needed"]
    assert entry["evidence"]["monolith"]["counted"] > 0
    shown = proxy.cli("status").stdout
    assert "roll_back (failures:" in shown
    assert "guardrail" in proxy.cli("status", "--history").stdout
    assert "guardrail: rolls back shop" in proxy.said()


def test_the_rollback_of_a_guardrail_survives_a_kill_and_ends_with_rearm(banyan, monolith):
    proxy = banyan(percent=50)
    with load_on(proxy):
        eventually(holds(proxy), "it holds")
        monolith.behaviour = up.answer(status=500)
        eventually(is_latched(proxy), "it is rolled back")
    proxy.kill()
    proxy.start()
    assert proxy.status()["latch"]["cause"] == "guardrail"
    monolith.behaviour = up.answer()
    assert proxy.cli("rearm", "shop").returncode == 0
    with load_on(proxy) as load:
        eventually(holds(proxy), "it begins afresh and holds")
        eventually(load.more(500), "load goes on")
        assert not proxy.status()["latched"]
        # And it is as watchful as before.
        monolith.behaviour = up.answer(status=500)
        eventually(is_latched(proxy), "it is rolled back again")


def test_a_monolith_that_refuses_is_rolled_back_without_a_failed_exchange(banyan, monolith):
    proxy = banyan(percent=5)
    with load_on(proxy) as load:
        eventually(load.more(100), "traffic")
        monolith.refuse()
        eventually(is_latched(proxy), "it is rolled back")
    assert load.failures() == []
    assert proxy.api_json("/v1/audit")["entries"][-1]["evidence"]["cause"] == "hard_failures"
    monolith.recover()


def test_an_outage_of_both_rolls_nothing_back(banyan, legacy, monolith):
    proxy = banyan(percent=50)
    with load_on(proxy) as load:
        eventually(holds(proxy), "it holds")
        legacy.behaviour = monolith.behaviour = up.answer(status=503)
        eventually(load.more(3_000), "an outage", timeout_s=60)
        assert not proxy.status()["latched"]
        assert guardrail(proxy)["outcome"] == "hold"


def test_one_user_whose_requests_fail_rolls_nothing_back(banyan, monolith):
    def fails_for_one(exchange):
        status = 500 if exchange.request.header("x-user-id") == bad else 200
        up.answer(status=status)(exchange)

    proxy = banyan(percent=50)
    bad = next(user for user in (f"user-{n}" for n in range(USERS))
               if proxy.fetch(headers=[("x-user-id", user)]).served_by == "monolith")
    monolith.behaviour = fails_for_one
    with load_on(proxy) as load:
        eventually(holds(proxy), "it holds")
        for _ in range(200):
            assert proxy.fetch(headers=[("x-user-id", bad)]).status == 500
        eventually(load.more(500), "load goes on")
        assert not proxy.status()["latched"]


def test_it_can_be_turned_off_by_a_reload(banyan, config, monolith):
    proxy = banyan(percent=50)
    proxy.reload(config(50, guardrail="off"))
    assert proxy.status()["guardrail"] is None
    monolith.behaviour = up.answer(status=500)
    with load_on(proxy) as load:
        eventually(load.more(2_000), "errors", timeout_s=60)
        assert not proxy.status()["latched"]


@pytest.mark.parametrize("on_trip, latched", [("flag", True), ("migration", False)])
def test_a_trip_takes_back_what_on_trip_says(banyan, config, monolith, on_trip, latched):
    two = [migration(guardrail={"on_trip": on_trip}),
           migration(name="beside", match=[{"path_prefix": "/beside"}])]
    proxy = banyan(percent=50, top={"migrations": two})
    with load_on(proxy):
        eventually(holds(proxy), "it holds")
        monolith.behaviour = up.answer(status=500)
        eventually(is_latched(proxy), "it is rolled back")
    assert proxy.status("beside")["latched"] is latched


def test_a_slower_monolith_is_rolled_back(banyan, monolith):
    proxy = banyan(percent=50, guardrail={"window": "1s", "min_requests": 50})
    with load_on(proxy) as load:
        eventually(holds(proxy), "it holds")
        eventually(load.more(1_000), "legacy's p99 is known", timeout_s=60)
        monolith.behaviour = up.slow(0.3)
        eventually(is_latched(proxy), "it is rolled back", timeout_s=60)
    entry = proxy.api_json("/v1/audit")["entries"][-1]
    assert entry["evidence"]["cause"] == "latency", json.dumps(entry)
    assert entry["evidence"]["slow_us"] >= 1_000


def hanging_in(seconds):
    """What hangs is counted after a second, and would be answered with 504 after so many."""
    return {"timeouts": {"response": f"{seconds}s"}}


def test_a_monolith_that_hangs_is_rolled_back_before_any_request_has_timed_out(banyan, monolith):
    """One request that hangs, eight that legacy answers, and so on until it trips.

    How many it takes is a question of the ratio alone. Clients that all end up waiting for the
    monolith would leave legacy without traffic to compare with.
    """
    proxy = banyan(percent=50, top=hanging_in(6))
    users = [f"user-{n}" for n in range(USERS)]
    to_legacy = itertools.cycle(u for u in users if arm_of("shop", u, 50) == "legacy")
    to_monolith = (u for u in users if arm_of("shop", u, 50) == "monolith")
    monolith.behaviour = up.hang
    with ExitStack() as hanging, proxy.connect() as served:
        for user in to_monolith:
            waiting = hanging.enter_context(proxy.connect())
            waiting.send(request_bytes("GET", "/shop/item", [("x-user-id", user)]))
            for _ in range(8):
                answer = served.request("GET", "/shop/item", [("x-user-id", next(to_legacy))])
                assert answer.served_by == "legacy"
            if proxy.status()["latched"]:
                break
        timed_out = total(proxy.metrics(), "banyan_local_errors_total", reason="response_timeout")
        monolith.drop_connections()
    assert proxy.status()["latched"]
    assert timed_out == 0, "no request had to time out first"
    evidence = proxy.api_json("/v1/audit")["entries"][-1]["evidence"]
    assert evidence["cause"] == "hard_failures", evidence
    assert evidence["monolith"]["counted"] > 0 and evidence["legacy"]["counted"] == 0


def test_both_arms_hanging_rolls_nothing_back(banyan, legacy, monolith):
    proxy = banyan(percent=50, top=hanging_in(2))
    with Load(proxy.address, threads=32, users=USERS, apart=True) as load:
        eventually(holds(proxy), "it holds")
        legacy.behaviour = monolith.behaviour = up.hang
        eventually(lambda: len(load.failures()) >= 96, "an outage", timeout_s=60)
        assert not proxy.status()["latched"]
        assert guardrail(proxy)["evidence"]["evidence"] < guardrail(proxy)["evidence"]["needed"]
        legacy.behaviour = monolith.behaviour = up.answer()
