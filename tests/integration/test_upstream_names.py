"""Endpoints by host name: DNS that changes, fails and lies, and no exchange that is lost for it."""
import pytest

from support import dns as dns_said
from support.dns import Dns
from support.load import Load
from support.metrics import total
from support.upstream import Upstream
from support.wait import eventually


@pytest.fixture
def dns():
    with Dns() as server:
        yield server


@pytest.fixture
def named(banyan, config, dns, legacy):
    """A proxy whose legacy is http://shop.test, at the port of `legacy`."""
    def start(**top):
        top = {"resolver": {"servers": [dns.address]}, **top}
        upstreams = config(0)["upstreams"]
        upstreams["shop-legacy"]["endpoints"] = [f"shop.test.:{legacy.port}"]
        return banyan(top={"upstreams": upstreams, **top})
    return start


def at(legacy, host):
    """One more upstream at the port of `legacy`, on another address of the loopback."""
    return Upstream("second", host=host, port=legacy.port)


def name_status(proxy):
    return proxy.api_json("/v1/status")["names"][0]


def test_a_name_is_resolved_before_the_first_request(named, dns):
    dns.zone["shop.test"] = ["127.0.0.1"]
    proxy = named()
    assert proxy.fetch().served_by == "legacy"
    assert name_status(proxy) == {"name": "shop.test.", "addresses": ["127.0.0.1"], "problem": None}
    assert total(proxy.metrics(), "banyan_name_addresses", name="shop.test.") == 1


@pytest.mark.parametrize("said", [dns_said.NO_SUCH_NAME, dns_said.SERVER_FAILED, None, b"rubbish"])
def test_a_name_without_an_answer_is_503_until_it_has_one(named, dns, said):
    dns.zone["shop.test"] = said
    proxy = named()
    answer = proxy.fetch()
    assert (answer.status, answer.body) == (503, b"unresolved\n")
    metrics = proxy.metrics()
    assert total(metrics, "banyan_local_errors_total", reason="unresolved") == 1
    assert total(metrics, "banyan_upstream_healthy", upstream="shop-legacy") == 0
    dns.zone["shop.test"] = ["127.0.0.1"]
    eventually(lambda: proxy.fetch().status == 200, "it is found", timeout_s=30)
    assert total(proxy.metrics(), "banyan_name_lookups_total", result="failure") >= 1


def test_a_truncated_answer_comes_by_tcp(named, dns):
    dns.truncate = True
    dns.zone["shop.test"] = ["127.0.0.1"]
    assert named().fetch().served_by == "legacy"


def test_the_last_good_addresses_stay(named, dns):
    dns.zone["shop.test"] = ["127.0.0.1"]
    proxy = named()
    for said in (dns_said.NO_SUCH_NAME, dns_said.SERVER_FAILED, None):
        asked = dns.asked("shop.test")
        dns.zone["shop.test"] = said
        eventually(lambda: dns.asked("shop.test") > asked, "it is asked for again", timeout_s=30)
        assert proxy.fetch().status == 200
    eventually(lambda: name_status(proxy)["problem"], "the failure is told", timeout_s=30)


def test_addresses_that_change_under_load_lose_no_exchange(named, dns, legacy):
    dns.zone["shop.test"] = ["127.0.0.1"]
    proxy = named()
    with at(legacy, "127.0.0.2") as second, Load(proxy.address, threads=4) as load:
        for turn in range(4):
            going, coming = (legacy, second) if turn % 2 == 0 else (second, legacy)
            dns.zone["shop.test"] = ["127.0.0.2" if coming is second else "127.0.0.1"]
            before = len(coming.requests)
            eventually(lambda: len(coming.requests) > before, "the new address is asked")
            eventually(lambda: going.open_connections == 0, "the old one is left alone")
            assert eventually(load.more(20), "traffic goes on")
    assert load.failures() == []


def test_requests_never_wait_for_dns(named, dns):
    dns.zone["shop.test"] = ["127.0.0.1"]
    proxy = named()
    asked = dns.asked("shop.test")
    dns.zone["shop.test"] = None  # from now on it is silent, and every look is under way for long
    eventually(lambda: dns.asked("shop.test") > asked, "a look is under way", timeout_s=30)
    for _ in range(50):
        assert proxy.fetch().status == 200


def test_a_reload_brings_names_servers_and_takes_them_away(named, dns, config, legacy):
    dns.zone["shop.test"] = ["127.0.0.1"]
    proxy = named()
    with Dns() as other:
        other.zone["moved.test"] = ["127.0.0.1"]
        top = config(0)
        top["resolver"] = {"servers": [other.address]}
        top["upstreams"]["shop-legacy"]["endpoints"] = [f"moved.test.:{legacy.port}"]
        proxy.reload(top)
        assert proxy.fetch().status == 200
        assert name_status(proxy)["name"] == "moved.test."
        proxy.reload(config(0))
        assert proxy.fetch().status == 200
        assert proxy.api_json("/v1/status")["names"] == []
