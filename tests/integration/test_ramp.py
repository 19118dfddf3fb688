"""A flag that goes up by itself, step by step, and back where the monolith gets worse."""
import json
import socket
from collections import defaultdict

import pytest

from support import upstream as up
from support.load import Load
from support.metrics import total
from support.proxy import Banyan, cli, configuration, migration
from support.wait import eventually

STEPS = [1, 5, 25, 50, 100]
WAITS = 120
# Time is compressed by these alone: 21 clean pairs show a rate below 20 %.
QUICK = {
    "shadow": {},
    "compare": {"ignore": ["header:x-served-by"]},
    "readiness": {"max_mismatch_rate": 20, "min_compared": 10, "min_keys": 3},
    "guardrail": {"window": "5s", "min_requests": 10},
}


def quick(steps=STEPS, hold="200ms", **keys):
    return {**QUICK, "ramp": {"steps": steps, "hold": hold}, **keys}


def load_on(proxy, **keys):
    return Load(proxy.address, **{"threads": 4, "users": 2_000, **keys})


def ramp(proxy, name="shop"):
    return proxy.status(name)["ramp"]


def is_at(proxy, percent):
    return lambda: proxy.percent() == percent


def waits_for(proxy, word):
    return lambda: ramp(proxy)["waits_for"] == word


def history(proxy):
    return proxy.api_json("/v1/audit")["entries"]


def steps_of(proxy):
    return [(e["from"], e["to"]) for e in history(proxy) if e["action"] == "ramp_step"]


def all_steps(steps=STEPS):
    return list(zip([0, *steps], steps))


def assert_nobody_went_back(asked):
    """Whoever was served by the monolith is served by it in all that begins afterwards."""
    by_user = defaultdict(list)
    for one in asked:
        by_user[one.user].append(one)
    moved = 0
    for exchanges in by_user.values():
        there_at = min((e.ended for e in exchanges if e.served_by == "monolith"), default=None)
        if there_at is None:
            continue
        moved += 1
        assert {e.served_by for e in exchanges if e.began > there_at} <= {"monolith"}
    return moved


@pytest.fixture
def same_answers(legacy, monolith):
    for arm in (legacy, monolith):
        arm.behaviour = up.answer(body=b'{"price": 10}', content_type="application/json")


def test_from_1_to_100_and_back_with_nginx_on_both_arms(tmp_path, nginx):
    legacy, monolith = nginx("legacy"), nginx("monolith")
    keys = quick()
    config = configuration(tmp_path, legacy, monolith, migrations=[migration(**keys)], flags={})
    with Banyan(tmp_path, config) as proxy:
        assert proxy.percent() == 0
        with load_on(proxy, target="/shop/kilobyte", users=200) as load:
            eventually(is_at(proxy, 100), "the ramp is through", WAITS)
            there = list(load.asked)
            assert steps_of(proxy) == all_steps()
            eventually(waits_for(proxy, "finished"), "it has nothing to wait for")
            eventually(load.more(300), "all are on the monolith")
            assert {a.served_by for a in load.asked[-100:]} == {"monolith"}
            # The regression: it is gone.
            monolith.process.terminate()
            eventually(lambda: proxy.status()["latched"], "it is rolled back", WAITS)
            eventually(is_at(proxy, 0), "the ramp is back at the start")
            eventually(load.more(200), "load goes on")
            assert {a.served_by for a in load.asked[-100:]} == {"legacy"}
        assert load.failures() == []
        assert assert_nobody_went_back(there) > 20
        for entry in history(proxy)[:5]:
            gate = entry["evidence"]["gates"]["shop"]
            assert gate["readiness"]["state"] == "ready"
            assert entry["who"] == "ramp" and entry["target"] == "shop"
            if entry["from"] > 0:
                assert entry["evidence"]["held_s"] >= 0.2
                assert gate["guardrail"]["compared"] >= 10
        back = [e for e in history(proxy) if e["action"] in ("rollback", "ramp_back")]
        assert [(e["action"], e["who"]) for e in back] == [("rollback", "guardrail"),
                                                           ("ramp_back", "guardrail")]
        assert (back[1]["from"], back[1]["to"]) == (100, 0)
        assert back[0]["reason"] == back[1]["reason"]
        text = proxy.cli("status", "--history").stdout
        assert "ramp_step" in text and "ramp_back" in text and "pairs compared" in text


def test_a_regression_stops_it_in_the_middle_and_it_begins_again_after_rearm(
        banyan, monolith, same_answers):
    proxy = banyan(**quick(steps=[5, 50, 100], hold="2s"))
    with load_on(proxy) as load:
        eventually(is_at(proxy, 50), "it is half way", WAITS)
        good, monolith.behaviour = monolith.behaviour, up.answer(status=500)
        eventually(lambda: proxy.status()["latched"], "it is rolled back", WAITS)
        eventually(is_at(proxy, 0), "the ramp is back at the start")
        assert (ramp(proxy)["step"], ramp(proxy)["waits_for"]) == (0, "latched")
        assert "`banyan rearm` of shop" in proxy.cli("status").stdout
        assert proxy.api("/v1/migrations/shop/ramp/skip", "POST").status == 409
        proxy.kill()
        proxy.start()
        assert (proxy.percent(), proxy.status()["latched"]) == (0, True)
        monolith.behaviour = good
    with load_on(proxy) as load:
        eventually(load.more(200), "load goes on")
        assert proxy.percent() == 0
        assert proxy.cli("rearm", "shop").returncode == 0
        eventually(is_at(proxy, 100), "it goes the whole way", WAITS)
    assert steps_of(proxy) == [(0, 5), (5, 50), (0, 5), (5, 50), (50, 100)]
    assert load.failures() == []


def test_it_waits_while_it_is_inconclusive(banyan, same_answers):
    proxy = banyan(**quick(readiness={**QUICK["readiness"], "min_keys": 30}))
    assert (proxy.percent(), ramp(proxy)["waits_for"]) == (0, "readiness")
    with load_on(proxy, users=20) as load:
        eventually(load.more(500), "traffic of few users")
    assert proxy.percent() == 0
    shown = proxy.cli("status").stdout
    assert "readiness of shop (inconclusive: too few keys" in shown
    samples = proxy.metrics()
    assert total(samples, "banyan_ramp_step", flag="shop") == 0
    assert total(samples, "banyan_ramp_steps", flag="shop") == 5
    assert total(samples, "banyan_ramp_waits_for", flag="shop", what="readiness") == 1
    assert total(samples, "banyan_ramp_waits_for", flag="shop") == 1


def test_a_restart_asks_for_new_evidence_in_the_same_step(banyan, same_answers):
    proxy = banyan(**quick(steps=[50, 100], hold="5s"))
    with load_on(proxy):
        eventually(is_at(proxy, 50), "the first step", WAITS)
        assert proxy.cli("ramp", "pause", "shop").returncode == 0
    proxy.stop()
    proxy.start()
    assert proxy.percent() == 50
    assert proxy.cli("ramp", "resume", "shop").returncode == 0
    eventually(waits_for(proxy, "guardrail"), "without traffic nothing is known of the step")
    assert "(0 of 10 requests of the monolith beside legacy)" in proxy.cli("status").stdout
    gate = ramp(proxy)["gate"]
    assert gate["readiness"]["compared"] == 0 and gate["guardrail"]["compared"] == 0
    assert proxy.status()["readiness_detail"]["compared"] > 0
    with load_on(proxy):
        eventually(is_at(proxy, 100), "the last step", WAITS)


def test_only_what_came_since_the_step_began_counts(banyan, legacy, monolith, same_answers):
    proxy = banyan(**quick(steps=[50, 100], hold="1s"))
    monolith.behaviour = up.answer(body=b'{"price": 11}', content_type="application/json")
    with load_on(proxy) as load:
        eventually(lambda: proxy.status()["readiness"] == "not_ready", "it is not ready", WAITS)
        eventually(load.more(500), "load goes on")
        assert (proxy.percent(), ramp(proxy)["waits_for"]) == (0, "readiness")
        assert "readiness of shop (not ready: mismatch rate" in proxy.cli("status").stdout
    monolith.behaviour = legacy.behaviour
    assert proxy.cli("ramp", "skip", "shop").returncode == 0
    with load_on(proxy):
        eventually(is_at(proxy, 100), "the last step", WAITS)
    assert proxy.status()["readiness"] == "not_ready", "of all that came in the epoch"


def test_by_hand(banyan):
    proxy = banyan(**quick(steps=[1, 50, 100], hold="1h"))
    skipped = proxy.cli("ramp", "skip", "shop", "--reason", "a test")
    assert skipped.returncode == 0 and "shop: 1 %, step 1 of 3, goes on" in skipped.stdout
    assert proxy.percent() == 1
    paused = proxy.cli("ramp", "pause", "shop", "--reason", "until Monday")
    assert paused.returncode == 0 and "paused" in paused.stdout
    assert ramp(proxy)["paused"]["reason"] == "until Monday"
    proxy.kill()
    proxy.start()
    assert (proxy.percent(), ramp(proxy)["waits_for"]) == (1, "paused")
    assert "until Monday" in proxy.cli("status").stdout
    assert proxy.cli("flag", "set", "shop", "30").returncode == 0
    assert proxy.percent() == 30
    assert ramp(proxy)["waits_for"] == "overridden"
    assert proxy.api("/v1/migrations/shop/ramp/skip", "POST").status == 409
    assert proxy.cli("ramp", "resume", "shop").returncode == 0
    assert (proxy.percent(), ramp(proxy)["paused"]) == (1, None)
    assert proxy.cli("flag", "set", "shop", "2").returncode == 0
    assert ramp(proxy)["paused"] is not None
    assert [e["action"] for e in history(proxy)] == [
        "ramp_step", "ramp_pause", "flag_set", "flag_clear", "ramp_resume", "ramp_pause",
        "flag_set"]
    assert proxy.cli("ramp", "skip", "nobody").returncode == 1
    assert proxy.cli("ramp", "jump", "shop").returncode == 2
    assert proxy.cli("ramp").returncode == 2
    told = proxy.cli("ramp", "resume", "shop", "--format", "json")
    assert json.loads(told.stdout)["ramp"]["percent"] == 1


def test_without_a_ramp_there_is_nothing_to_move(banyan):
    proxy = banyan()
    for act in ("pause", "resume", "skip"):
        assert proxy.api(f"/v1/migrations/shop/ramp/{act}", "POST").status == 409
    assert ramp(proxy) is None
    assert "RAMP" not in proxy.cli("status").stdout
    assert not (proxy.dir / "state/ramps.json").exists()
    assert not [s for s in proxy.metrics() if s[0].startswith("banyan_ramp_")]
    assert not [e for e in history(proxy) if e["action"].startswith("ramp_")]


def test_a_reload_brings_other_steps_and_takes_the_ramp_away(banyan, config):
    proxy = banyan(**quick(steps=[10, 20, 30], hold="1h"))
    for _ in range(2):
        assert proxy.cli("ramp", "skip", "shop").returncode == 0
    proxy.reload(config(**quick(steps=[15, 30], hold="1h")), 20)
    assert (ramp(proxy)["step"], ramp(proxy)["next"]) == (1, 30)
    proxy.reload(config(**quick(steps=[5, 15], hold="1h")), 15)
    entry = [e for e in history(proxy) if e["action"] == "ramp_back"][-1]
    assert (entry["from"], entry["to"], entry["reason"]) == (20, 15, "its last step is lower now")
    proxy.reload(config(percent=7, **QUICK), 7)
    assert ramp(proxy) is None
    proxy.reload(config(percent=7, **quick()), 0)
    assert "the 7 % of `flags` counts for nothing" in proxy.said()


def test_a_list_that_can_not_be_read_puts_everybody_on_legacy(banyan):
    proxy = banyan(**quick(steps=[50, 100], hold="1h"))
    assert proxy.cli("ramp", "skip", "shop").returncode == 0
    proxy.stop()
    file = proxy.dir / "state/ramps.json"
    file.write_text(file.read_text()[:-5])
    proxy.start()
    assert "every ramp is at 0 % and paused until it is resumed" in proxy.said()
    assert (proxy.percent(), ramp(proxy)["waits_for"]) == (0, "paused")
    assert (proxy.dir / "state/ramps.json.unreadable.1").exists()
    proxy.kill()
    proxy.start()
    assert (proxy.percent(), ramp(proxy)["waits_for"]) == (0, "paused")
    assert proxy.cli("ramp", "resume", "shop").returncode == 0
    assert ramp(proxy)["waits_for"] == "readiness"


def test_a_kill_at_any_moment_leaves_it_in_a_step_it_was_in(banyan):
    steps = [i * 5 for i in range(1, 21)]
    proxy = banyan(**quick(steps=steps, hold="1h"))
    reached = 0
    while reached < 100:
        assert proxy.cli("ramp", "skip", "shop").returncode == 0
        answered = proxy.percent()
        proxy.kill()
        proxy.start()
        reached = proxy.percent()
        assert reached == answered
    assert reached == 100


def test_all_gates_count(banyan, legacy, monolith, same_answers):
    other = migration(name="beside", match=[{"path_prefix": "/beside"}], **QUICK)
    proxy = banyan(**quick(steps=[50, 100]), top={"migrations": [
        migration(**quick(steps=[50, 100])), other]})
    with load_on(proxy) as load:
        eventually(load.more(500), "traffic of one of the two")
        eventually(lambda: proxy.status()["readiness"] == "ready", "it is ready", WAITS)
        assert proxy.percent() == 0
        assert ramp(proxy, "beside")["why"].startswith("readiness of beside (inconclusive")
        with load_on(proxy, target="/beside/item"):
            eventually(is_at(proxy, 100), "both are ready", WAITS)


def test_what_keeps_it_from_beginning_is_said(tmp_path, config, banyan):
    file = tmp_path / "plain.yaml"
    file.write_text(json.dumps(config(percent=5, ramp={"steps": [1]})))
    done = cli("validate", file)
    assert done.returncode == 0
    assert "warning: migration shop: has no shadow" in done.stderr
    assert "warning: flag shop: has a ramp, so the 5 % of `flags` counts for nothing" in done.stderr
    told = cli("route", "-c", file, "--method", "GET", "--url", "/shop/item", "-H",
               "x-user-id: 1", "--format", "json")
    assert json.loads(told.stdout)["flag"] == {"name": "shop", "origin": "ramp"}
    assert json.loads(told.stdout)["arm"] == "legacy"
    proxy = banyan(percent=5, ramp={"steps": [1]})
    assert "migration shop: has no shadow" in proxy.said()


def flag_file(path, state, default="new"):
    path.write_text(json.dumps({"flags": {"shop": {
        "state": state, "variants": {"old": "legacy", "new": "monolith"},
        "defaultVariant": default}}}))


def test_a_flag_that_a_file_disables_is_held_at_0_and_begins_anew(tmp_path, banyan, same_answers):
    flags = tmp_path / "flags.json"
    flag_file(flags, "ENABLED", "old")
    proxy = banyan(**quick(steps=[50, 100], hold="1h"), top={"flag_sources": [{"file": str(flags)}]})
    assert "the 0 % of " in proxy.said(), "what the file says counts for nothing"
    with load_on(proxy) as load:
        eventually(is_at(proxy, 50), "the first step", WAITS)
        flag_file(flags, "DISABLED")
        assert proxy.cli("reload").returncode == 0
        assert proxy.percent() == 0, "from then on"
        eventually(waits_for(proxy, "disabled"), "the ramp went back")
        eventually(load.more(200), "load goes on")
        assert {a.served_by for a in load.asked[-50:]} == {"legacy"}
    assert ramp(proxy)["step"] == 0
    assert ramp(proxy)["why"] == f"the flag is DISABLED in {flags}"
    assert total(proxy.metrics(), "banyan_ramp_waits_for", flag="shop", what="disabled") == 1
    assert "is DISABLED in" in proxy.said()
    back = [e for e in history(proxy) if e["action"] == "ramp_back"]
    assert [(e["from"], e["to"], e["who"]) for e in back] == [(50, 0, "banyan")]
    assert proxy.cli("ramp", "skip", "shop").returncode == 1
    proxy.kill()
    proxy.start()
    assert (proxy.percent(), ramp(proxy)["waits_for"]) == (0, "disabled")
    flag_file(flags, "ENABLED", "old")
    assert proxy.cli("reload").returncode == 0
    eventually(waits_for(proxy, "readiness"), "what came before counts no more")
    assert ramp(proxy)["gate"]["readiness"]["compared"] == 0
    proxy.kill()
    proxy.start()
    eventually(waits_for(proxy, "readiness"), "nor after a restart")
    assert (proxy.percent(), ramp(proxy)["gate"]["readiness"]["compared"]) == (0, 0)
    with load_on(proxy):
        eventually(is_at(proxy, 50), "it begins at the first step", WAITS)


def test_validate_says_that_a_ramp_outranks_a_flag_file(tmp_path, config):
    flags, file = tmp_path / "flags.json", tmp_path / "plain.yaml"
    file.write_text(json.dumps(config(**quick(), top={"flag_sources": [{"file": str(flags)}]})))
    for state, default, warning in [
            ("ENABLED", "old", f"has a ramp, so the 0 % of {flags} counts for nothing"),
            ("ENABLED", "new", f"has a ramp, so the 100 % of {flags} counts for nothing"),
            ("DISABLED", "new", f"is DISABLED in {flags}, so its ramp stays at 0 %")]:
        flag_file(flags, state, default)
        done = cli("validate", file)
        assert done.returncode == 0
        assert f"warning: flag shop: {warning}" in done.stderr


@pytest.mark.parametrize("other", [{"epoch": "new"}, {"compare": {"ignore": ["header:x-served-by", "$.none"]}}])
@pytest.mark.parametrize("by", ["restart", "reload"])
def test_another_epoch_or_rule_needs_evidence_of_its_own(banyan, config, same_answers, other, by):
    proxy = banyan(**QUICK)
    with load_on(proxy):
        eventually(lambda: proxy.status()["readiness"] == "ready", "it is ready", WAITS)
    assert proxy.status()["readiness_detail"]["compared"] > 0
    changed = config(**quick(steps=[5], **other))
    if by == "reload":
        proxy.reload(changed, 0)
    else:
        proxy.stop()
        proxy.write(changed)
        proxy.start()
    eventually(waits_for(proxy, "readiness"), "nobody asked for anything yet")
    assert proxy.status()["readiness_detail"]["compared"] == 0
    assert proxy.percent() == 0
    with load_on(proxy):
        eventually(is_at(proxy, 5), "there is evidence of it", WAITS)


def test_what_came_before_a_rearming_counts_no_more_after_a_restart(banyan, monolith, same_answers):
    proxy = banyan(**quick(steps=[50, 100], hold="1h"))
    with load_on(proxy):
        eventually(is_at(proxy, 50), "the first step", WAITS)
        good, monolith.behaviour = monolith.behaviour, up.answer(status=500)
        eventually(lambda: proxy.status()["latched"], "it is rolled back", WAITS)
        eventually(is_at(proxy, 0), "the ramp is back at the start")
    monolith.behaviour = good
    assert proxy.cli("rearm", "shop").returncode == 0
    for _ in range(2):
        eventually(waits_for(proxy, "readiness"), "nobody asked for anything since")
        assert (proxy.percent(), ramp(proxy)["gate"]["readiness"]["compared"]) == (0, 0)
        proxy.kill()
        proxy.start()
    with load_on(proxy):
        eventually(is_at(proxy, 50), "it goes on with what came since", WAITS)


def test_a_start_that_fails_does_not_forget_where_it_is(banyan, config):
    proxy = banyan(**quick(steps=[5, 50], hold="1h"))
    assert proxy.cli("ramp", "skip", "shop").returncode == 0
    proxy.stop()
    good = config(**quick(steps=[5, 50], hold="1h"))
    without = config(percent=5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        without["listeners"][0]["bind"] = "127.0.0.1:%d" % taken.getsockname()[1]
        proxy.write(without)
        assert cli("run", "-c", proxy.file).returncode == 1
    proxy.write(good)
    proxy.start()
    assert proxy.percent() == 5


def test_a_trip_of_one_gate_alone_leaves_the_others_in_their_step(banyan, monolith, same_answers):
    alone = {**QUICK["guardrail"], "on_trip": "migration"}
    beside = migration(name="beside", flag="shop", match=[{"path_prefix": "/beside"}],
                       **{**QUICK, "guardrail": alone})
    keys = quick(steps=[50, 100], hold="1h")
    proxy = banyan(top={"migrations": [migration(**keys), beside]})
    assert proxy.cli("ramp", "skip", "shop").returncode == 0
    with load_on(proxy):
        with load_on(proxy, target="/beside/item"):
            good = monolith.behaviour
            failing = up.answer(status=500)
            monolith.behaviour = lambda exchange: (
                failing if exchange.request.target.startswith("/beside") else good)(exchange)
            eventually(lambda: proxy.status("beside")["latched"], "it is rolled back", WAITS)
            eventually(waits_for(proxy, "latched"), "the ramp is stopped")
    assert (proxy.percent(), proxy.status("shop")["latched"]) == (50, False)
    assert not [e for e in history(proxy) if e["action"] == "ramp_back"]
