"""Two lanes to an upstream: what becomes of shadows never reaches the users that it serves."""
import itertools

from support import upstream as up
from support.http import Connection
from support.load import Load
from support.metrics import total
from support.wait import eventually

EXCHANGES = 1_000
CLIENTS = 4
SHADOWS_MAX = 3


def hang_on_shadows(exchange):
    if exchange.request.header("x-banyan-shadow"):
        up.hang(exchange)
    up.answer()(exchange)


def users():
    return (f"user-{n}" for n in itertools.count())


def connections(proxy, upstream, role):
    return total(proxy.metrics(), "banyan_upstream_connections", upstream=upstream, role=role)


def skipped(proxy, reason):
    return total(proxy.metrics(), "banyan_shadow_skipped_total", reason=reason)


def ask(proxy, count):
    """`count` exchanges of as many users over CLIENTS kept connections; {arm: how many}."""
    served = {"legacy": 0, "monolith": 0}
    clients = [Connection(proxy.address) for _ in range(CLIENTS)]
    for client, user in zip(itertools.islice(itertools.cycle(clients), count), users()):
        answer = client.request("GET", "/shop/item", [("x-user-id", user)])
        assert answer.status == 200
        served[answer.served_by] += 1
    for client in clients:
        client.close()
    return served


def test_a_hung_shadow_lane_takes_nothing_from_the_primary_lane(banyan, legacy, monolith):
    """Counted, not timed: every exchange is served by its arm over a handful of connections."""
    legacy.behaviour = monolith.behaviour = hang_on_shadows
    proxy = banyan(percent=50, shadow={"max_connections": SHADOWS_MAX, "timeout": "10m"})
    served = ask(proxy, EXCHANGES)
    assert min(served.values()) > EXCHANGES // 3, served
    for arm in (legacy, monolith):
        primaries = {r.connection for r in arm.requests if not r.header("x-banyan-shadow")}
        shadows = {r.connection for r in arm.requests if r.header("x-banyan-shadow")}
        assert len(primaries) <= CLIENTS, "connections per 1,000 exchanges"
        assert not primaries & shadows, "the lanes share no connection"
    for name in ("shop-legacy", "shop-monolith"):
        assert connections(proxy, name, "shadow") <= SHADOWS_MAX
        assert connections(proxy, name, "primary") <= CLIENTS
    assert skipped(proxy, "connections") > EXCHANGES // 2
    metrics = proxy.metrics()
    assert total(metrics, "banyan_retries_total") == 0
    assert total(metrics, "banyan_fallbacks_total") == 0
    assert total(metrics, "banyan_requests_total", role="primary", code_class="2xx") == EXCHANGES


def test_the_connections_of_a_migrations_shadows_are_bounded(banyan, config, legacy, monolith):
    """Over all workers and both arms, the idle ones as well; nothing closes within this test."""
    legacy.behaviour = monolith.behaviour = up.slow(0.005)
    top = config(50, top={"workers": 2}, shadow={"max_connections": SHADOWS_MAX})
    for upstream in top["upstreams"].values():
        upstream["idle_timeout"] = "60s"
    proxy = banyan()
    proxy.stop()
    proxy.write(top)
    proxy.start()
    with Load(proxy.address, threads=8) as load:
        eventually(lambda: skipped(proxy, "connections") > 100, "there is no room for some")
        eventually(load.more(300), "load goes on")
    assert load.failures() == []
    shadows = {(arm.name, r.connection) for arm in (legacy, monolith) for r in list(arm.requests)
               if r.header("x-banyan-shadow")}
    assert 0 < len(shadows) <= SHADOWS_MAX
    assert len(shadows) == sum(
        connections(proxy, name, "shadow") for name in ("shop-legacy", "shop-monolith"))


def test_a_shadow_lane_that_is_refused_marks_no_endpoint_and_is_not_tried_again(banyan, monolith):
    proxy = banyan(percent=0, shadow={})
    monolith.refuse()
    for user in itertools.islice(users(), 20):
        assert proxy.fetch(headers=[("x-user-id", user)]).served_by == "legacy"
    metrics = proxy.metrics()
    assert total(metrics, "banyan_upstream_healthy", upstream="shop-monolith") == 1
    assert total(metrics, "banyan_retries_total") == 0
    opened = total(metrics, "banyan_upstream_connections_opened_total", upstream="shop-monolith")
    assert 1 <= opened <= 20


def test_shadows_keep_away_from_an_upstream_that_fails_its_users(banyan, monolith):
    proxy = banyan(percent=100, shadow={})
    monolith.refuse()

    def user_of(percent):
        proxy.api_json("/v1/flags/shop", "PUT", {"percent": percent, "reason": "a test"})
        return proxy.fetch(headers=[("x-user-id", "a")])

    def kept_away():
        assert user_of(100).served_by == "legacy"  # the monolith failed, which counts for a second
        assert user_of(0).served_by == "legacy"  # and would get a shadow
        return skipped(proxy, "strained") > 0
    eventually(kept_away, "a shadow keeps away")


def test_shadows_keep_away_from_an_upstream_whose_users_wait(banyan, config, full_backlog):
    top = config(100, top={"timeouts": {"connect": "20s"}}, shadow={})
    top["upstreams"]["shop-monolith"]["endpoints"] = [full_backlog]
    proxy = banyan()
    proxy.reload(top)
    with proxy.connect() as waiting:
        waiting.send(b"GET /shop/item HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: connections(proxy, "shop-monolith", "primary") == 1, "a user waits")
        proxy.api_json("/v1/flags/shop", "PUT", {"percent": 0, "reason": "a test"})
        for n in range(5):
            assert proxy.fetch(f"/shop/{n}").served_by == "legacy"
        assert skipped(proxy, "strained") == 5
    assert connections(proxy, "shop-monolith", "shadow") == 0


def test_legacy_serves_while_the_monolith_is_down_and_the_monolith_afterwards(banyan, monolith):
    proxy = banyan(percent=100)
    monolith.refuse()
    for body in (None, b"a body"):
        answer = proxy.fetch(method="POST" if body else "GET", body=body)
        assert (answer.status, answer.served_by) == (200, "legacy")
    metrics = proxy.metrics()
    assert total(metrics, "banyan_fallbacks_total", migration="shop") == 2
    assert total(metrics, "banyan_requests_total", arm="monolith", code_class="5xx") == 2
    assert total(metrics, "banyan_local_errors_total") == 0
    lines = eventually(lambda: [x for x in proxy.access_log() if x.get("fallback")][1:] and
                       proxy.access_log(), "both are in the log")
    assert [(x["arm"], x["fallback"]) for x in lines] == [("legacy", True)] * 2
    monolith.recover()
    eventually(lambda: proxy.fetch().served_by == "monolith", "the monolith is back")


def test_a_write_that_broke_off_is_not_served_by_both(banyan, legacy, monolith):
    proxy = banyan(percent=100)
    monolith.behaviour = up.RESETS["before the head"]
    for method in ("PUT", "DELETE", "POST"):
        assert proxy.fetch(method=method, body=b"x").status == 502
    assert legacy.requests == []
    assert proxy.fetch().served_by == "legacy"  # a GET may be repeated


def test_exchanges_that_wait_for_a_connection_are_bounded(banyan, config, full_backlog):
    top = config(0, top={"limits": {"pending": 2}, "timeouts": {"connect": "20s"}})
    top["upstreams"]["shop-legacy"]["endpoints"] = [full_backlog]
    proxy = banyan()
    proxy.reload(top)
    waiting = [Connection(proxy.address) for _ in range(2)]
    for client in waiting:
        client.send(b"GET /shop/item HTTP/1.1\r\nHost: a\r\n\r\n")
    eventually(lambda: connections(proxy, "shop-legacy", "primary") == 2, "both wait")
    answer = proxy.fetch()
    assert (answer.status, answer.body) == (503, b"pending_overflow\n")
    for client in waiting:
        client.close()
