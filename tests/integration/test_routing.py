"""Who is served by which arm: sticky, exact, and growing with the percentage."""
import json
import math
import random

import pytest

from support import upstream as up
from support.buckets import arm_of, bucket_of
from support.http import fetch
from support.metrics import total
from support.proxy import Banyan, migration
from support.wait import eventually

USERS = [f"user-{i}" for i in range(2000)]
STEPS = (0, 1, 5, 25, 50, 100)
SIGMAS = 5


def served(proxy, users, header="x-user-id"):
    with proxy.connect() as connection:
        return {user: connection.request("GET", "/shop/item", [(header, user)]).served_by
                for user in users}


def on_monolith(arms):
    return {user for user, arm in arms.items() if arm == "monolith"}


def assert_share(count, of, percent):
    p = percent / 100
    room = SIGMAS * math.sqrt(of * p * (1 - p))
    assert abs(count - of * p) <= room, f"{count} of {of} at {percent} %"


def test_every_user_is_where_the_bucket_says_and_stays(banyan):
    proxy = banyan(percent=25)
    asked = USERS[:500] * 3
    seed = 20261122
    random.Random(seed).shuffle(asked)
    print(f"seed {seed}")
    with proxy.connect() as one, proxy.connect() as other:
        for i, user in enumerate(asked):
            answer = (one, other)[i % 2].request("GET", f"/shop/{i}", [("x-user-id", user)])
            assert answer.served_by == arm_of("shop", user, 25), user


def test_a_growing_percentage_only_moves_users_to_the_monolith(banyan, config):
    proxy = banyan(percent=0)
    before = set()
    for percent in STEPS:
        proxy.reload(config(percent), percent)
        now = on_monolith(served(proxy, USERS))
        assert before <= now
        assert_share(len(now), len(USERS), percent)
        before = now
    assert before == set(USERS)


def test_going_back_moves_the_same_users_back(banyan):
    proxy = banyan(percent=10)
    at_ten = on_monolith(served(proxy, USERS))
    for percent in (60, 10):
        assert proxy.cli("flag", "set", "shop", percent).returncode == 0
    assert on_monolith(served(proxy, USERS)) == at_ten


def test_a_thousandth_of_a_percent_counts(banyan):
    lucky = next(f"u{i}" for i in range(10_000_000) if bucket_of("shop", f"u{i}") == 0)
    proxy = banyan(percent=0.001)
    assert served(proxy, [lucky, "user-1"]) == {lucky: "monolith", "user-1": "legacy"}


def test_a_flag_set_at_run_time_is_in_force_when_it_is_answered(banyan):
    proxy = banyan(percent=0)
    for percent in (25, 3, 100, 0, 50):
        proxy.api_json("/v1/flags/shop", "PUT", {"percent": percent, "reason": "a test"})
        arms = served(proxy, USERS[:200])
        assert arms == {user: arm_of("shop", user, percent) for user in USERS[:200]}


def test_a_run_time_value_outranks_the_file_until_it_is_cleared(banyan, config):
    proxy = banyan(percent=10)
    assert proxy.cli("flag", "set", "shop", "5", "--reason", "careful").returncode == 0
    proxy.reload(config(90))
    assert proxy.percent() == 5
    assert total(proxy.metrics(), "banyan_flag_overridden", flag="shop") == 1
    assert proxy.cli("flag", "clear", "shop").returncode == 0
    assert proxy.percent() == 90
    assert total(proxy.metrics(), "banyan_flag_overridden", flag="shop") == 0


def test_a_run_time_value_survives_kill_9(banyan):
    proxy = banyan(percent=0)
    assert proxy.cli("flag", "set", "shop", "100").returncode == 0
    proxy.kill()
    proxy.start()
    assert proxy.fetch(headers=[("x-user-id", "user-1")]).served_by == "monolith"


def test_the_first_sticky_source_that_is_not_empty_counts(banyan):
    proxy = banyan(percent=50, sticky=[{"header": "x-user-id"}, {"cookie": "session"}])
    for user in USERS[:50]:
        cookie = ("Cookie", f"a=b; session={user}; c=d")
        for headers in ([cookie], [("x-user-id", ""), cookie],
                        [("x-user-id", user), ("Cookie", "session=somebody")]):
            assert proxy.fetch(headers=headers).served_by == arm_of("shop", user, 50), headers


def test_without_a_key_legacy_serves_and_it_is_counted(banyan):
    proxy = banyan(percent=99.9)
    assert proxy.fetch().served_by == "legacy"
    assert total(proxy.metrics(), "banyan_sticky_missing_total", migration="shop") == 1


def test_at_100_percent_everyone_goes_also_without_a_key(banyan):
    assert banyan(percent=100).fetch().served_by == "monolith"


def test_without_sticky_each_request_is_drawn(banyan):
    proxy = banyan(percent=30, sticky=[])
    with proxy.connect() as connection:
        arms = [connection.request("GET", "/shop/item").served_by for _ in range(3000)]
    assert_share(arms.count("monolith"), len(arms), 30)


def test_whole_segments_are_matched_and_the_default_serves_the_rest(banyan, legacy):
    proxy = banyan(percent=100)
    assert proxy.fetch("/shop").served_by == "monolith"
    assert proxy.fetch("/shop/").served_by == "monolith"
    assert proxy.fetch("/shopping").served_by == "legacy"
    assert proxy.fetch("/").served_by == "legacy"


def test_without_a_default_the_rest_is_404_with_its_reason(banyan, config, tmp_path):
    without = config(100)
    del without["default"]
    proxy = banyan(percent=0)
    proxy.reload(without)
    answer = proxy.fetch("/elsewhere")
    assert (answer.status, b"no_route" in answer.body) == (404, True)
    assert total(proxy.metrics(), "banyan_local_errors_total", reason="no_route") == 1


def test_a_host_is_more_specific_than_a_path(banyan, config):
    both = config(top={
        "migrations": [migration(), migration(name="eu", flag="eu",
                                              match=[{"host": "eu.shop.test"}])],
        "flags": {"shop": 0, "eu": 100}})
    proxy = banyan()
    proxy.reload(both)
    user = ("x-user-id", "user-1")
    assert proxy.fetch("/shop/1", headers=[user]).served_by == "legacy"
    for host in ("eu.shop.test", "EU.shop.test:8080"):
        assert proxy.fetch("/shop/1", headers=[user, ("Host", host)]).served_by == "monolith"


def two_listeners(config):
    """Migrations told apart by method, header and listener, all on one path."""
    flags = {"shop": 0, "get": 100, "eu": 100, "inner": 100}
    prefix = {"path_prefix": "/shop"}
    return config(top={
        "listeners": [{"name": "ingress", "bind": "127.0.0.1:0"},
                      {"name": "inner", "bind": "127.0.0.1:0", "default": "shop-monolith"}],
        "migrations": [migration(), migration(name="get", flag="get",
                                              match=[{**prefix, "method": "PUT"}]),
                       migration(name="eu", flag="eu",
                                 match=[{**prefix, "headers": {"x-region": "eu"}}]),
                       migration(name="inner", flag="inner",
                                 match=[{**prefix, "listener": "inner"}])],
        "flags": flags})


def test_method_headers_and_listener_tell_requests_apart(banyan, config):
    proxy = banyan()
    proxy.reload(two_listeners(config))
    inner = proxy.addresses["listeners"].get("inner")
    assert proxy.fetch("/shop/1").served_by == "legacy"
    assert proxy.fetch("/shop/1", "PUT").served_by == "monolith"
    assert proxy.fetch("/shop/1", headers=[("X-Region", "eu")]).served_by == "monolith"
    assert proxy.fetch("/shop/1", headers=[("X-Region", "EU")]).served_by == "legacy"
    assert proxy.fetch("/shop/1", headers=[("X-Region", "eu")] * 2).served_by == "legacy"
    assert proxy.fetch("/other").served_by == "legacy"
    assert inner is None  # told at the start only; `banyan route` says what it would do
    for listener, url, method, header, name, upstream in (
            ("ingress", "/shop/1", "GET", "a: b", "shop", "shop-legacy"),
            ("inner", "/shop/1", "GET", "a: b", "inner", "shop-monolith"),
            ("inner", "/shop/1", "GET", "x-region: eu", "eu", "shop-monolith"),
            ("inner", "/other", "GET", "a: b", "none", "shop-monolith"),
            ("ingress", "/other", "GET", "a: b", "none", "shop-legacy")):
        done = proxy.cli("route", "-c", proxy.file, "--method", method, "--url", url, "-H", header,
                         "--listener", listener, "--format", "json")
        told = json.loads(done.stdout)
        assert (told["migration"], told["upstream"]) == (name, upstream)
        assert done.returncode == (1 if name == "none" else 0)
        assert (told["rule"] is None) == (name == "none")
    done = proxy.cli("route", "-c", proxy.file, "--method", "GET", "--url", "/shop/1", "-H",
                     "x-region: eu")
    assert '{"headers":{"x-region":"eu"},"path_prefix":"/shop"}' in done.stdout
    done = proxy.cli("route", "-c", proxy.file, "--method", "GET", "--url", "/", "--listener", "x")
    assert (done.returncode, done.stdout) == (1, "")


def test_a_listener_has_a_default_of_its_own(tmp_path, config, legacy, monolith):
    with Banyan(tmp_path, two_listeners(config)) as proxy:
        addresses = proxy.addresses["listeners"]
        assert fetch(addresses["ingress"], "/other").served_by == "legacy"
        assert fetch(addresses["inner"], "/other").served_by == "monolith"
        assert fetch(addresses["ingress"], "/shop/1").served_by == "legacy"
        assert fetch(addresses["inner"], "/shop/1").served_by == "monolith"


def test_a_parameter_or_the_clients_address_keeps_a_user(banyan):
    proxy = banyan(percent=50, sticky=[{"query": "user"}])
    for user in USERS[:20]:
        arm = arm_of("shop", user, 50)
        assert proxy.fetch(f"/shop/item?a=b&user={user}").served_by == arm
        assert proxy.fetch(f"/shop/item?user=&us%65r={user.replace('-', '%2D')}").served_by == arm
    proxy.stop()
    by_address = banyan(percent=50, sticky=[{"query": "user"}, {"client_ip": True}])
    assert by_address.fetch("/shop/item").served_by == arm_of("shop", "127.0.0.1", 50)


def test_a_rewrite_goes_there_and_back(banyan, monolith):
    proxy = banyan(percent=100, sticky=[], rewrite={"monolith": {
        "path_prefix": "/api/v2/shop", "host": "monolith.internal",
        "headers": {"set": {"x-from": "sidecar"}, "remove": ["x-legacy-only"]}}})
    monolith.behaviour = up.answer(status=201, headers=[
        ("Location", f"http://{monolith.address}/api/v2/shop/9?x=%2F"),
        ("Content-Location", "http://monolith.internal/api/v2/shop/9"),
        ("Link", '</api/v2/shop?page=2>; rel="next"'), ("Refresh", "5; url=/api/v2/shop"),
        ("Set-Cookie", "a=b; Path=/api/v2/shop"), ("X-Other", "/api/v2/shop")])
    answer = proxy.fetch("/%73hop/it%2Fem?q=%20", headers=[("Host", "shop.test"),
                                                          ("X-Legacy-Only", "1")])
    request = monolith.requests[0]
    assert request.target == "/api/v2/shop/it%2Fem?q=%20"
    assert request.header("host") == "monolith.internal"
    assert (request.header("x-from"), request.header("x-legacy-only")) == ("sidecar", None)
    assert request.header("x-forwarded-host") == "shop.test"
    assert answer.header("location") == "http://shop.test/shop/9?x=%2F"
    assert answer.header("content-location") == "http://shop.test/shop/9"
    assert answer.header("link") == '</shop?page=2>; rel="next"'
    assert answer.header("refresh") == "5; url=/shop"
    assert answer.header("set-cookie") == "a=b; Path=/shop"
    assert answer.header("x-other") == "/api/v2/shop"


def test_an_exposed_arm_is_the_true_one(banyan, legacy, config):
    legacy.behaviour = up.answer(headers=[("X-Banyan-Arm", "monolith")])
    proxy = banyan(percent=0)
    assert proxy.fetch().header("x-banyan-arm") == "monolith"  # not ours to change
    listener = {"name": "ingress", "bind": "127.0.0.1:0", "expose_arm": True}
    proxy.reload(config(0, top={"listeners": [listener]}))
    assert proxy.fetch().header("x-banyan-arm") == "legacy"
    assert proxy.fetch("/elsewhere").header("x-banyan-arm") == "monolith"


def forcing(config, secret_file, from_=("127.0.0.0/8",), **top):
    listener = {"name": "ingress", "bind": "127.0.0.1:0",
                "force_arm": {"header": "x-arm", "secret_file": str(secret_file),
                              "from": list(from_)}}
    return config(0, top={"listeners": [listener], **top})


def test_a_tester_chooses_the_arm_and_a_reload_reads_the_secret_again(tmp_path, config, legacy,
                                                                      monolith):
    secret = tmp_path / "secret"
    secret.write_text("first-secret\n")
    with Banyan(tmp_path, forcing(config, secret)) as proxy, proxy.connect() as kept:
        def arm(value):
            return kept.request("GET", "/shop/item", [("X-Arm", value)]).served_by
        assert arm("monolith:first-secret") == "monolith"
        assert arm("legacy:first-secret") == "legacy"
        assert arm("monolith:wrong-secret") == "legacy"
        assert arm("monolith") == "legacy"
        assert kept.request("GET", "/elsewhere", [("X-Arm", "monolith:first-secret")])
        secret.write_text("second-secret\n")
        assert proxy.cli("reload").returncode == 0
        assert arm("monolith:first-secret") == "legacy"
        assert arm("monolith:second-secret") == "monolith"
        assert proxy.cli("rollback", "shop").returncode == 0
        assert arm("monolith:second-secret") == "legacy"
        log = eventually(lambda: len(proxy.access_log()) == 8 and proxy.access_log(), "the log")
        assert [line["reason"] for line in log[:2]] == ["forced", "forced"]
        assert log[-1]["reason"] == "latched"
        secret.unlink()
        assert proxy.cli("reload").returncode == 1
    seen = legacy.requests + monolith.requests
    assert len(seen) == 8 and not any(r.header("x-arm") for r in seen)
    assert "secret" not in (tmp_path / "access.jsonl").read_text()


def test_a_tester_from_elsewhere_is_a_client_like_any_other(tmp_path, config, legacy):
    secret = tmp_path / "secret"
    secret.write_text("a-secret")
    with Banyan(tmp_path, forcing(config, secret, ["10.0.0.0/8"])) as proxy:
        assert proxy.fetch(headers=[("X-Arm", "monolith:a-secret")]).served_by == "legacy"
        assert legacy.requests[0].header("x-arm") is None


@pytest.mark.parametrize("percent", (0, 25, 100))
def test_banyan_route_agrees_with_what_is_served(banyan, percent):
    proxy = banyan(percent=percent)
    arms = served(proxy, USERS[:15])
    for user, arm in arms.items():
        done = proxy.cli("route", "-c", proxy.file, "--method", "GET", "--url",
                         "http://shop.test/shop/item", "-H", f"x-user-id: {user}",
                         "--format", "json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["migration"], told["arm"]) == ("shop", arm)
        assert told["upstream"] == f"shop-{arm}"
        assert told["reason"]
        if 0 < percent < 100:
            assert told["bucket"] == bucket_of("shop", user)


def test_banyan_route_exits_1_where_no_migration_matches(banyan):
    proxy = banyan()
    done = proxy.cli("route", "-c", proxy.file, "--method", "GET", "--url", "http://x/other",
                     "--format", "json")
    assert done.returncode == 1


def test_the_access_log_gives_the_bucket_and_never_the_key(banyan):
    proxy = banyan(percent=50)
    user = "a-very-private-user-name"
    proxy.fetch("/shop/item?secret=query", headers=[("x-user-id", user)])
    line = eventually(proxy.access_log, "a line in the access log")[0]
    assert line["bucket"] == bucket_of("shop", user)
    text = (proxy.dir / "access.jsonl").read_text()
    assert user not in text and "query" not in text
