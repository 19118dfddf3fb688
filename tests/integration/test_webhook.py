"""A rollback that is told to a webhook, and a webhook that does not want to hear of it."""
import json
import time

import pytest

from support import upstream as up
from support.dns import Dns
from support.load import Load
from support.metrics import total
from support.proxy import migration
from support.tls import Authority, TlsUpstream
from support.upstream import Upstream
from support.wait import eventually

SECRET_PATH = "/services/T000/s3cret?to=team"


@pytest.fixture
def receiver():
    with Upstream("receiver") as upstream:
        yield upstream


@pytest.fixture
def told(banyan):
    """told(receiver, timeout="1s", …) starts a proxy that posts there; the monolith serves."""
    def start(to, scheme="http", host=None, **keys):
        address = f"{host}:{to.port}" if host else to.address
        top = keys.pop("top", None)
        webhook = {"url": f"{scheme}://{address}{SECRET_PATH}", **keys}
        return banyan(percent=50, guardrail={"webhook": webhook}, top=top)
    return start


def documents(receiver):
    return [json.loads(request.body) for request in list(receiver.requests) if request.body]


def posted(receiver, count=1):
    """All of them, as soon as there are so many."""
    return eventually(lambda: len(documents(receiver)) >= count and documents(receiver),
                      f"{count} documents")


def webhooks(proxy, result):
    return total(proxy.metrics(), "banyan_webhooks_total", result=result)


def trip(proxy, monolith):
    with Load(proxy.address, threads=4, users=2_000) as load:
        eventually(load.more(100), "traffic")
        monolith.refuse()
        eventually(lambda: proxy.status()["latched"], "the guardrail trips")
    monolith.recover()
    assert load.failures() == []


def test_a_trip_is_posted_once_with_its_evidence(told, monolith, receiver):
    proxy = told(receiver)
    trip(proxy, monolith)
    document = posted(receiver)[0]
    entry = proxy.api_json("/v1/audit")["entries"][-1]
    assert {key: document[key] for key in entry} == entry
    assert (document["event"], document["migration"]) == ("rollback", "shop")
    assert (document["cause"], document["who"]) == ("guardrail", "guardrail")
    assert document["evidence"]["cause"] == "hard_failures"
    assert document["host"] and document["id"] and "shop" in document["text"]
    eventually(lambda: webhooks(proxy, "sent") == 1, "it is counted")
    request = receiver.requests[0]
    assert (request.method, request.target) == ("POST", SECRET_PATH)
    assert request.header("host") == receiver.address
    assert request.header("content-type") == "application/json"
    assert request.header("authorization") is None
    assert len(receiver.requests) == 1
    assert "s3cret" not in proxy.said()


def test_an_operators_rollback_is_posted_and_the_same_again_is_not(told, receiver):
    proxy = told(receiver)
    assert proxy.cli("rollback", "shop", "--reason", "prices were wrong").returncode == 0
    document = posted(receiver)[0]
    assert (document["cause"], document["reason"]) == ("operator", "prices were wrong")
    assert proxy.cli("rollback", "shop").returncode == 0  # it is rolled back already
    assert proxy.cli("rearm", "shop").returncode == 0
    assert proxy.cli("rollback", "shop", "--reason", "again").returncode == 0
    assert [d["reason"] for d in posted(receiver, 2)] == ["prices were wrong", "again"]


def test_what_a_trip_takes_back_beside_is_posted_to_its_own_webhook(
        banyan, monolith, receiver):
    url = f"http://{receiver.address}"
    proxy = banyan(percent=50, top={"migrations": [
        migration(guardrail={"webhook": f"{url}/shop"}),
        migration(name="beside", match=[{"path_prefix": "/beside"}],
                  guardrail={"webhook": f"{url}/beside"})]})
    trip(proxy, monolith)
    posted(receiver, 2)
    assert {(r.target, json.loads(r.body)["migration"]) for r in receiver.requests} == {
        ("/shop", "shop"), ("/beside", "beside")}


BROKEN = {"hangs": up.hang, "fails": up.answer(status=500), "resets": up.raw(b"", "reset"),
          "no HTTP": up.raw(up.GARBAGE)}


@pytest.mark.parametrize("behaviour", BROKEN.values(), ids=BROKEN.keys())
def test_a_receiver_that_is_broken_is_asked_again_and_the_trip_does_not_wait(
        told, monolith, receiver, behaviour):
    receiver.behaviour = behaviour
    proxy = told(receiver, timeout="300ms")
    trip(proxy, monolith)
    assert proxy.fetch(headers=[("x-user-id", "user-1")]).served_by == "legacy"
    eventually(lambda: len(receiver.requests) >= 2, "it is asked again")
    receiver.behaviour = up.answer(status=204)
    eventually(lambda: webhooks(proxy, "sent") == 1, "it is delivered")
    assert len({d["id"] for d in documents(receiver)}) == 1
    assert webhooks(proxy, "failed") == 0


def test_a_receiver_that_refuses_is_given_up_and_logged(told, monolith, receiver):
    proxy = told(receiver, give_up_after="2s")
    receiver.refuse()
    trip(proxy, monolith)
    eventually(lambda: webhooks(proxy, "failed") == 1, "it is given up")
    line = next(line for line in proxy.said().splitlines() if "given up" in line)
    assert f"webhook of shop (http://{receiver.address}): given up after" in line
    assert "s3cret" not in proxy.said()
    assert proxy.status()["latched"]


def test_a_rollback_is_answered_while_the_receiver_hangs(told, receiver):
    receiver.behaviour = up.hang
    proxy = told(receiver, timeout="60s")
    answer = proxy.api_json("/v1/rollback", "POST", {"reason": "a test"})
    assert answer["durable"] is True
    eventually(lambda: len(receiver.requests) == 1, "it hangs")
    assert proxy.cli("status").returncode == 0


def test_the_end_of_the_process_does_not_wait_for_a_receiver_that_hangs(told, receiver):
    receiver.behaviour = up.hang
    proxy = told(receiver, timeout="60s")
    proxy.api_json("/v1/rollback", "POST", {})
    eventually(lambda: len(receiver.requests) == 1, "it hangs")
    began = time.monotonic()
    proxy.stop()
    assert time.monotonic() - began < 10
    assert "not delivered, the process ends" in proxy.said()


def test_too_many_at_a_time_are_dropped_and_counted(told, receiver):
    receiver.behaviour = up.hang
    proxy = told(receiver, timeout="60s")
    for _ in range(66):
        proxy.api_json("/v1/migrations/shop/rollback", "POST", {})
        proxy.api_json("/v1/migrations/shop/rearm", "POST", {})
    assert webhooks(proxy, "dropped") == 2
    eventually(lambda: len(receiver.requests) == 64, "all others are under way")


def test_https_with_an_own_ca_and_credentials(told, tmp_path):
    ca = Authority(tmp_path / "certs")
    secret = tmp_path / "authorization"
    secret.write_text("Bearer s3cret\n")
    with TlsUpstream("receiver", ca.issue("receiver")) as receiver:
        proxy = told(receiver, scheme="https", ca=str(ca.file), authorization_file=str(secret))
        proxy.api_json("/v1/rollback", "POST", {"reason": "a test"})
        assert posted(receiver)[0]["reason"] == "a test"
        assert receiver.requests[0].header("authorization") == "Bearer s3cret"
        eventually(lambda: webhooks(proxy, "sent") == 1, "it is counted")
    assert "s3cret" not in proxy.said()


def test_who_shows_another_certificate_is_told_nothing(told, tmp_path):
    ca, other = Authority(tmp_path / "certs"), Authority(tmp_path / "others", "other")
    with TlsUpstream("receiver", other.issue("receiver")) as receiver:
        proxy = told(receiver, scheme="https", ca=str(ca.file), give_up_after="1s")
        proxy.api_json("/v1/rollback", "POST", {})
        eventually(lambda: webhooks(proxy, "failed") == 1, "it is given up")
        assert receiver.requests == []


def test_a_host_name_is_known_before_the_trip(told, receiver):
    with Dns() as dns:
        dns.zone["pager.test"] = ["127.0.0.1"]
        proxy = told(receiver, host="pager.test",
                     top={"resolver": {"servers": [dns.address]}})
        dns.zone["pager.test"] = None  # no answer any more
        proxy.api_json("/v1/rollback", "POST", {})
        posted(receiver)
        assert receiver.requests[0].header("host") == f"pager.test:{receiver.port}"


def test_a_reload_changes_it(told, config, receiver):
    proxy = told(receiver)
    with Upstream("another") as another:
        proxy.reload(config(50, guardrail={"webhook": f"http://{another.address}/"}))
        proxy.api_json("/v1/rollback", "POST", {"reason": "a test"})
        posted(another)
    assert receiver.requests == []
