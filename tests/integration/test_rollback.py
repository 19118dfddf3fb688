"""The way back: in force when it is answered, on disk, and without a failed exchange."""
import json
import random
import shutil
import threading
import time

from support import upstream as up
from support.http import request_bytes
from support.load import Load
from support.metrics import total
from support.proxy import migration
from support.wait import eventually

USER = [("x-user-id", "user-1")]


def begun_after(load, upstream, moment, since=0):
    """The requests that clients began after `moment` and that reached the upstream, of those that
    ended after the first `since` ones."""
    began = {asked.id: asked.began for asked in load.asked[since:]}
    return [r for r in list(upstream.requests)
            if began.get(r.header("x-request-number"), 0) > moment]


def test_a_rollback_under_load(banyan, monolith, scale):
    proxy = banyan(percent=100)
    with Load(proxy.address, threads=4) as load:
        for _ in range(100 * scale):
            monolith.requests.clear()
            eventually(lambda: len(monolith.requests) > 30, "the monolith serves")
            ended = len(load.asked)
            proxy.api_json("/v1/migrations/shop/rollback", "POST", {"reason": "a test"})
            answered = time.monotonic()
            eventually(load.more(60), "load goes on")
            assert begun_after(load, monolith, answered, ended) == []
            proxy.api_json("/v1/migrations/shop/rearm", "POST", {})
    assert load.failures() == []
    samples = proxy.metrics()
    assert total(samples, "banyan_rollbacks_total", migration="shop") == 100 * scale


def test_the_latch_survives_kill_9_and_every_reload(banyan, config):
    proxy = banyan(percent=100)
    assert proxy.fetch(headers=USER).served_by == "monolith"
    proxy.api_json("/v1/migrations/shop/rollback", "POST", {"reason": "a test"})
    proxy.kill()
    proxy.start()
    assert proxy.fetch(headers=USER).served_by == "legacy"
    assert proxy.status()["latched"] is True
    assert total(proxy.metrics(), "banyan_guardrail_latched", migration="shop") == 1
    proxy.reload(config(100))
    assert proxy.cli("flag", "set", "shop", "100").returncode == 0
    assert proxy.fetch(headers=USER).served_by == "legacy"


def test_the_latch_is_intact_after_a_kill_at_any_moment(banyan, scale):
    """What was answered is kept, and what was not is one of the two, whole."""
    seed = 20261123
    print(f"seed {seed}")
    draw = random.Random(seed)
    proxy = banyan(percent=100)
    latched = False
    for _ in range(15 * scale):
        answered = threading.Event()

        def switch(act="rearm" if latched else "rollback", answered=answered):
            try:
                if proxy.api(f"/v1/migrations/shop/{act}", "POST", {}).status == 200:
                    answered.set()
            except (OSError, AssertionError, ValueError):
                pass  # it was killed

        thread = threading.Thread(target=switch)
        thread.start()
        thread.join(timeout=draw.uniform(0, 0.02))
        was_answered = answered.is_set()
        proxy.kill()
        thread.join(timeout=10)
        proxy.start()
        found = proxy.status()
        assert found["latch"] is None or found["latch"]["cause"] == "operator", found["latch"]
        if was_answered:
            assert found["latched"] is not latched
        latched = found["latched"]
        assert proxy.fetch(headers=USER).served_by == ("legacy" if latched else "monolith")


def test_rearm_takes_the_latch_off_for_good(banyan):
    proxy = banyan(percent=100)
    assert proxy.cli("rollback", "shop", "--reason", "a test").returncode == 0
    assert proxy.fetch(headers=USER).served_by == "legacy"
    assert proxy.cli("rearm", "shop").returncode == 0
    assert proxy.fetch(headers=USER).served_by == "monolith"
    assert proxy.status()["latched"] is False
    proxy.kill()
    proxy.start()
    assert proxy.fetch(headers=USER).served_by == "monolith"


def test_status_says_who_was_rolled_back_and_why(banyan):
    proxy = banyan(percent=100)
    assert proxy.cli("rollback", "shop", "--reason", "prices were wrong").returncode == 0
    done = proxy.cli("status")
    assert done.returncode == 0
    assert "prices were wrong" in done.stdout
    told = json.loads(proxy.cli("status", "--format", "json").stdout)
    shop = next(m for m in told["migrations"] if m["name"] == "shop")
    assert (shop["latched"], shop["flag"], shop["percent"]) == (True, "shop", 100)


def two_on_one_flag(config):
    return config(top={
        "migrations": [migration(), migration(name="cart", match=[{"path_prefix": "/cart"}])],
        "flags": {"shop": 100}})


def test_a_rollback_by_name_says_which_siblings_stay(banyan, config):
    proxy = banyan()
    proxy.reload(two_on_one_flag(config))
    done = proxy.cli("rollback", "shop")
    assert done.returncode == 0
    assert "cart" in done.stdout + done.stderr
    assert proxy.fetch("/shop/1", headers=USER).served_by == "legacy"
    assert proxy.fetch("/cart/1", headers=USER).served_by == "monolith"


def test_a_rollback_by_flag_and_of_all(banyan, config):
    proxy = banyan()
    proxy.reload(two_on_one_flag(config))
    for arguments in (["--flag", "shop"], ["--all"]):
        assert proxy.cli("rollback", *arguments).returncode == 0
        for path in ("/shop/1", "/cart/1"):
            assert proxy.fetch(path, headers=USER).served_by == "legacy"
        for name in ("shop", "cart"):
            assert proxy.cli("rearm", name).returncode == 0


def test_an_unknown_migration_is_an_error(banyan):
    proxy = banyan(percent=100)
    assert proxy.cli("rollback", "shop", "nobody").returncode == 1
    assert proxy.cli("rearm", "nobody").returncode == 1
    assert proxy.api("/v1/migrations/nobody/rollback", "POST", {}).status == 404


def test_a_rollback_that_can_not_be_written_is_in_force_all_the_same(banyan):
    proxy = banyan(percent=100)
    state = proxy.dir / "state"
    shutil.rmtree(state)
    state.write_text("no directory any more")
    answer = proxy.api("/v1/migrations/shop/rollback", "POST", {})
    told = json.loads(answer.body)
    assert (answer.status, told["in_force"], told["durable"]) == (202, True, False)
    assert proxy.fetch(headers=USER).served_by == "legacy"
    assert proxy.cli("rollback", "shop").returncode == 4


def test_a_latch_file_that_can_not_be_read_latches_everything(banyan):
    proxy = banyan(percent=100)
    proxy.api_json("/v1/migrations/shop/rollback", "POST", {})
    proxy.stop()
    files = [f for f in (proxy.dir / "state").rglob("*") if f.is_file() and f.stat().st_size]
    latches = [f for f in files if b"shop" in f.read_bytes() and "latch" in f.name]
    assert len(latches) == 1, files
    latches[0].write_bytes(b"\x00 not what it was")
    proxy.start()
    assert proxy.fetch(headers=USER).served_by == "legacy"
    assert proxy.status()["latched"] is True


def test_shadows_to_the_monolith_stop_with_the_rollback(banyan, monolith):
    proxy = banyan(percent=0, shadow={})
    with Load(proxy.address, threads=2) as load:
        eventually(lambda: len(monolith.requests) > 20, "shadows arrive")
        proxy.api_json("/v1/migrations/shop/rollback", "POST", {})
        answered = time.monotonic()
        eventually(load.more(100), "load goes on")
        assert begun_after(load, monolith, answered) == []
    assert load.failures() == []


def test_shadows_under_way_are_cut_by_the_rollback(banyan, monolith):
    monolith.behaviour = up.hang
    proxy = banyan(percent=0, shadow={"timeout": "10m"}, top={"workers": 2})
    for i in range(8):
        assert proxy.fetch(f"/shop/{i}", headers=USER).served_by == "legacy"
    eventually(lambda: monolith.open_connections == 8, "the monolith holds them")
    proxy.api_json("/v1/migrations/shop/rollback", "POST", {})
    # Cut when it is answered: what is left is the time that the monolith takes to see it.
    eventually(lambda: monolith.open_connections == 0, "they are cut", timeout_s=2)
    eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total",
                             verdict="not_comparable") == 8, "their pairs are given up")
    assert total(proxy.metrics(), "banyan_upstream_connections", role="shadow") == 0


def test_shadows_under_way_go_on_where_they_are_kept(banyan, monolith):
    monolith.behaviour = up.hang
    proxy = banyan(percent=0, shadow={"timeout": "10m", "after_rollback": "keep"})
    for i in range(4):
        proxy.fetch(f"/shop/{i}", headers=USER)
    eventually(lambda: monolith.open_connections == 4, "the monolith holds them")
    proxy.api_json("/v1/migrations/shop/rollback", "POST", {})
    proxy.fetch("/shop/after", headers=USER)
    eventually(lambda: monolith.open_connections == 5, "the next one comes as well")


def test_what_waits_for_a_dead_monolith_goes_to_legacy(banyan, config, full_backlog):
    """Decided, but not a byte sent: a rollback moves it, also where no connection ever comes."""
    top = config(100)
    top["upstreams"]["shop-monolith"]["endpoints"] = [full_backlog]
    proxy = banyan(percent=100)
    proxy.reload(top)
    with proxy.connect() as connection:
        connection.send(request_bytes("GET", "/shop/item", USER))
        eventually(lambda: total(proxy.metrics(), "banyan_upstream_connections", role="primary",
                                 upstream="shop-monolith") == 1, "it is connecting")
        proxy.api_json("/v1/migrations/shop/rollback", "POST", {"reason": "a test"})
        answer = connection.answer()
    assert (answer.status, answer.served_by) == (200, "legacy"), answer
