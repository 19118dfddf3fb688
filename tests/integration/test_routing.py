"""Who is served by which arm: sticky, exact, and growing with the percentage."""
import json
import math
import random

import pytest

from support.buckets import arm_of, bucket_of
from support.metrics import total
from support.proxy import migration
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
