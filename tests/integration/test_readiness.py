"""Readiness and waivers, all the way: traffic in, status, metric, event, report and exit code out."""
import http.client
import json

import pytest

from support import upstream as up
from support.metrics import total
from support.proxy import cli
from support.wait import eventually

COMPARE = {"ignore": ["header:x-served-by"]}
# So that a test needs no thousands of requests: 21 clean pairs show a rate below 20 %.
ASKED_FOR = {"max_mismatch_rate": 20, "min_compared": 10, "min_keys": 3}


def agreeing(legacy, monolith, monolith_price=10):
    for arm, price in ((legacy, 10), (monolith, monolith_price)):
        arm.behaviour = up.answer(body=json.dumps({"price": price}).encode(),
                                  content_type="application/json")


def ask(proxy, count, target="/shop/item", users=3):
    before = total(proxy.metrics(), "banyan_comparisons_total")
    for i in range(count):
        assert proxy.fetch(target, headers=[("x-user-id", f"user-{i % users}")]).status == 200
    eventually(lambda: total(proxy.metrics(), "banyan_comparisons_total") == before + count,
               f"{count} comparisons")


def detail(proxy):
    return proxy.status()["readiness_detail"]


def gauge(proxy):
    return total(proxy.metrics(), "banyan_readiness", migration="shop")


@pytest.fixture
def proxy(banyan, legacy, monolith):
    agreeing(legacy, monolith)
    return banyan(shadow={}, compare=COMPARE, readiness=ASKED_FOR)


def test_clean_traffic_becomes_ready_at_the_stated_count(proxy):
    assert proxy.status()["readiness"] == "inconclusive" and gauge(proxy) == 0
    ask(proxy, 3)
    more = detail(proxy)["more_clean"]
    assert more > 1
    ask(proxy, more - 1)
    assert proxy.status()["readiness"] == "inconclusive" and detail(proxy)["more_clean"] == 1
    assert "inconclusive, 1 more" in proxy.cli("status").stdout
    assert proxy.cli("report", "--fail-on", "inconclusive").returncode == 3
    assert proxy.cli("report", "--fail-on", "mismatch").returncode == 0
    ask(proxy, 1)
    assert proxy.status()["readiness"] == "ready" and gauge(proxy) == 1
    assert proxy.cli("report", "--fail-on", "inconclusive").returncode == 0
    found = detail(proxy)
    assert found["lacks"] == [] and found["coverage"] == 100 and found["keys"] == 3
    assert proxy.cli("report").stdout.count("Readiness, to monolith: ready") == 1


def test_few_users_are_not_enough(proxy):
    ask(proxy, 60, users=2)
    assert proxy.status()["readiness"] == "inconclusive"
    assert detail(proxy)["lacks"] == ["too_few_keys"]


def test_a_monolith_that_differs_is_not_ready(proxy, legacy, monolith):
    agreeing(legacy, monolith, 11)
    ask(proxy, 20)
    assert proxy.status()["readiness"] == "not_ready" and gauge(proxy) == -1
    assert "mismatch_rate" in detail(proxy)["lacks"]
    text = proxy.cli("report").stdout
    assert "Readiness, to monolith: not ready" in text and 'path: "$.price"' in text
    assert proxy.cli("report", "--fail-on", "mismatch").returncode == 3


def test_a_new_epoch_starts_afresh_and_the_old_name_is_not_summed(proxy, config):
    ask(proxy, 60)
    assert proxy.status()["readiness"] == "ready"
    assert proxy.cli("report", "reset", "shop").returncode == 0
    assert proxy.status()["readiness"] == "inconclusive" and detail(proxy)["compared"] == 0
    ask(proxy, 2)
    named = proxy.api_json("/v1/report?format=json&epoch=")["migrations"][0]
    assert named["readiness"]["compared"] == 2


def test_readiness_survives_a_restart(proxy):
    ask(proxy, 60)
    before = detail(proxy)
    assert before["state"] == "ready"
    proxy.stop()
    proxy.start()
    assert detail(proxy) == before
    store = proxy.dir / "state/differences.db"
    done = cli("report", "--store", store, "--fail-on", "inconclusive", "--format", "json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["migrations"][0]["readiness"]["keys"] == 3


def test_what_was_seen_and_not_copied_is_told(proxy):
    ask(proxy, 5)
    assert proxy.fetch("/shop/item", "POST", body=b"x").status == 200
    counts = proxy.report()["directions"]["to_monolith"]
    assert (counts["seen"], counts["eligible"], counts["sampled"], counts["compared"]) == (6, 5, 5, 5)
    assert counts["skipped"] == {"method": 1}


def test_both_arms_latency_is_told_for_the_same_requests(proxy):
    ask(proxy, 7)
    latency = proxy.report()["endpoints"][0]["latency"]
    assert latency["legacy"]["count"] == latency["monolith"]["count"] == 7
    assert latency["legacy"]["p50_us"] > 0
    assert sum(count for _, count in latency["monolith"]["buckets"]) == 7


class Events:
    """Listens to /v1/events."""

    def __init__(self, proxy):
        self.connection = http.client.HTTPConnection(proxy.admin, timeout=30)

    def __enter__(self):
        self.connection.request("GET", "/v1/events")
        self.answer = self.connection.getresponse()
        # The first look, with which later ones are compared.
        self.wait_for("verdicts")
        return self

    def __exit__(self, *_):
        self.connection.close()

    def wait_for(self, name):
        wanted = False
        while True:
            line = self.answer.readline().decode().strip()
            if line.startswith("event:"):
                wanted = line == f"event: {name}"
            elif line.startswith("data:") and wanted:
                return json.loads(line[len("data:"):])


def test_a_change_is_an_event(proxy):
    with Events(proxy) as events:
        ask(proxy, 60)
        assert events.wait_for("readiness") == {"migration": "shop", "from": "inconclusive",
                                                "to": "ready"}


def test_a_waiver_lets_a_difference_pass_until_it_expires(proxy, legacy, monolith, tmp_path):
    agreeing(legacy, monolith, 11)
    ask(proxy, 60)
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text('- path: $.price\n  kind: value\n  reason: agreed\n  until: 2999-01-01\n')
    for fail_on in ("mismatch", "inconclusive"):
        done = proxy.cli("report", "--waivers", waivers, "--fail-on", fail_on)
        assert done.returncode == 0, done.stdout
    assert "waived until 2999-01-01: agreed" in done.stdout
    assert "Readiness, to monolith: ready" in done.stdout
    waivers.write_text('- { path: $.price, kind: value, reason: agreed, until: 2020-01-01 }\n')
    done = proxy.cli("report", "--waivers", waivers, "--fail-on", "mismatch")
    assert done.returncode == 3 and "its waiver has expired" in done.stdout
    waivers.write_text('- { path: $.price, kind: type, reason: agreed }\n')
    assert proxy.cli("report", "--waivers", waivers, "--fail-on", "mismatch").returncode == 3


def test_what_the_report_offers_can_be_pasted(proxy, legacy, monolith, tmp_path):
    agreeing(legacy, monolith, 11)
    ask(proxy, 40)
    text = proxy.cli("report").stdout
    snippet = text[text.index("- path:"):]
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(snippet)
    done = proxy.cli("report", "--waivers", waivers, "--fail-on", "mismatch")
    assert done.returncode == 0, done.stdout + done.stderr


def test_waivers_of_the_configuration_count_everywhere(banyan, legacy, monolith, config, tmp_path):
    agreeing(legacy, monolith, 11)
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text('- { path: $.price, reason: agreed }\n')
    keys = {"shadow": {}, "compare": COMPARE, "readiness": ASKED_FOR}
    proxy = banyan(top={"report": {"waivers": str(waivers)}}, **keys)
    ask(proxy, 60)
    assert proxy.status()["readiness"] == "ready" and detail(proxy)["waived"] == 60
    assert proxy.cli("report", "--fail-on", "inconclusive").returncode == 0
    for kind in ("html", "markdown", "junit", "json", "text"):
        assert "agreed" in proxy.cli("report", "--format", kind).stdout or kind == "junit"
    waivers.write_text('- { pth: $.price, reason: agreed }\n')
    done = proxy.cli("reload")
    assert done.returncode == 1 and "waivers.yaml:1:5: error: [0].pth" in done.stderr + done.stdout
    assert proxy.status()["readiness"] == "ready"


def test_bad_waivers_are_told_with_their_place(proxy, tmp_path):
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text("- path: $.a\n  reasn: typo\n  until: soon\n")
    done = proxy.cli("report", "--waivers", waivers)
    assert done.returncode == 1 and done.stdout == ""
    assert f'{waivers}:2:3: error: [0].reasn: unknown key (did you mean "reason"?)' in done.stderr
    assert f"{waivers}:3:10: error: [0].until: " in done.stderr
    assert proxy.cli("report", "--waivers", tmp_path / "none.yaml").returncode == 1
    assert proxy.cli("report", "--fail-on", "nothing").returncode == 2


def test_the_report_of_several_pods_is_judged_as_one(proxy, tmp_path):
    ask(proxy, 20)
    one = tmp_path / "one.json"
    assert proxy.cli("report", "--format", "json", "-o", one).returncode == 0
    assert json.loads(one.read_text())["migrations"][0]["readiness"]["state"] == "inconclusive"
    merged = json.loads(cli("report", "merge", one, one, one, "--format", "json").stdout)
    found = merged["migrations"][0]["readiness"]
    assert (found["state"], found["compared"], found["keys"]) == ("ready", 60, 3)


def test_the_report_is_exported_whole(banyan, legacy, monolith, tmp_path):
    agreeing(legacy, monolith)
    path = tmp_path / "out/report.json"
    path.parent.mkdir()
    proxy = banyan(shadow={}, compare=COMPARE,
                   top={"report": {"export": {"path": str(path), "every": "1h"}}})
    eventually(path.exists, "the first export")
    ask(proxy, 5)
    proxy.stop()
    report = json.loads(path.read_text())
    assert report["migrations"][0]["directions"]["to_monolith"]["match"] == 5
    assert cli("report", "merge", path).returncode == 0
