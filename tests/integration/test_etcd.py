"""etcdctl through Banyan to two real etcds, one as legacy and one as the monolith."""
import pytest

from support.etcd import Etcd, Running, ctl, need_etcd
from support.metrics import total
from support.proxy import Banyan, configuration, migration
from support.wait import eventually

COPIED = "etcdserverpb.KV/Range"


@pytest.fixture(scope="module")
def etcds(tmp_path_factory):
    need_etcd()
    directory = tmp_path_factory.mktemp("etcds")
    with Etcd("legacy", directory) as legacy, Etcd("monolith", directory) as monolith:
        yield legacy, monolith


@pytest.fixture
def proxy_at(tmp_path, etcds):
    """proxy_at(percent, …): a proxy in front of both; it ends with the test."""
    started = []

    def start(percent, **keys):
        config = configuration(tmp_path, *etcds, flags={"shop": percent}, migrations=[
            migration(match=[{"path_prefix": "/"}], sticky=[], **keys)])
        for upstream in config["upstreams"].values():
            upstream["protocol"] = "http2"
        started.append(Banyan(tmp_path, config))
        return started[-1].start()

    yield start
    for proxy in started:
        proxy.stop()


@pytest.mark.parametrize("percent", [0, 100])
def test_what_is_put_is_got_from_the_arm_that_serves(proxy_at, etcds, percent):
    legacy, monolith = etcds
    proxy, key = proxy_at(percent), f"put-{percent}"
    served, other = (monolith, legacy) if percent else (legacy, monolith)
    assert ctl(proxy.address, "put", key, "a value") == ["OK"]
    assert ctl(proxy.address, "get", key) == [key, "a value"]
    assert ctl(served.address, "get", key) == [key, "a value"]
    assert ctl(other.address, "get", key) == []
    assert ctl(proxy.address, "del", key) == ["1"]
    arm = "monolith" if percent else "legacy"
    metrics = proxy.metrics()
    assert total(metrics, "banyan_grpc_requests_total", arm=arm, grpc_status="0") == 3
    assert total(metrics, "banyan_grpc_requests_total") == 3


@pytest.mark.parametrize("percent", [0, 100])
def test_a_lease_is_kept_alive(proxy_at, tmp_path, percent):
    proxy = proxy_at(percent)
    lease = ctl(proxy.address, "lease", "grant", "9")[0].split()[1]
    ctl(proxy.address, "put", f"leased-{percent}", "a value", f"--lease={lease}")
    with Running(tmp_path, proxy.address, "lease", "keep-alive", lease) as alive:
        # One now and one after three seconds: the stream goes on.
        eventually(lambda: sum("keepalived" in line for line in alive.lines()) >= 2, "kept alive", 60)
    assert "remaining" in ctl(proxy.address, "lease", "timetolive", lease)[0]
    assert "revoked" in ctl(proxy.address, "lease", "revoke", lease)[0]
    assert ctl(proxy.address, "get", f"leased-{percent}") == []


def test_a_watch_outlives_a_rollback_on_the_arm_that_it_began_with(proxy_at, etcds, tmp_path):
    legacy, monolith = etcds
    proxy = proxy_at(100)

    def put_until_seen(address, watch, value):
        """When a watch has begun is known by what it sees."""
        def is_seen():
            ctl(address, "put", "watched", value)
            return value in watch.lines()
        eventually(is_seen, f"{value} is seen", 60)

    with Running(tmp_path, proxy.address, "watch", "watched") as watch:
        put_until_seen(proxy.address, watch, "by-monolith")
        assert ctl(monolith.address, "get", "watched") == ["watched", "by-monolith"]
        proxy.api_json("/v1/migrations/shop/rollback", "POST", {})

        # What comes now is legacy's, and the watch is still the monolith's.
        assert ctl(proxy.address, "put", "watched", "by-legacy") == ["OK"]
        assert ctl(legacy.address, "get", "watched") == ["watched", "by-legacy"]
        assert ctl(monolith.address, "get", "watched") == ["watched", "by-monolith"]
        put_until_seen(monolith.address, watch, "still-seen")
        assert "by-legacy" not in watch.lines()

        with Running(tmp_path, proxy.address, "watch", "watched", "--prefix") as next_watch:
            put_until_seen(legacy.address, next_watch, "by-the-next")
            assert "by-the-next" not in watch.lines()
    assert total(proxy.metrics(), "banyan_local_errors_total", reason="idle_timeout") == 0


def test_calls_that_are_named_are_compared_and_streams_are_left_alone(proxy_at, etcds, tmp_path):
    legacy, monolith = etcds
    proxy = proxy_at(0, shadow={"grpc_methods": [COPIED], "sample": 100})
    ctl(proxy.address, "put", "copied", "a value")
    assert ctl(proxy.address, "get", "copied") == ["copied", "a value"]
    # Two clusters with names and revisions of their own: the first message differs.
    eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total", verdict="mismatch") == 1,
               "the pair is compared")
    paths = {d["path"] for e in proxy.report()["endpoints"] for d in e["differences"]}
    assert paths and all(path.startswith("$[*]['#") for path in paths), paths  # no descriptors
    metrics = proxy.metrics()
    assert total(metrics, "banyan_grpc_requests_total", role="shadow", grpc_status="0") == 1
    assert total(metrics, "banyan_shadow_skipped_total", reason="method") == 1
    assert ctl(monolith.address, "get", "copied") == []
