"""deploy/monitoring: rules and dashboard, against promtool and a Prometheus that scrapes Banyan."""
import json
import re
import subprocess

import pytest

from support import manifests as m
from support.prometheus import Prometheus, need_prometheus
from support.proxy import ROOT, migration
from support.upstream import answer
from support.wait import eventually

FOLDER = m.DEPLOY / "monitoring"
USER = [("x-user-id", "ada")]
# What stands for Grafana's variables: everything, and a range that has two scrapes.
VARIABLES = {"$__rate_interval": "10s", "$namespace": ".*", "$migration": ".*"}


def rules():
    (document,) = m.documents(FOLDER / "alerts.yaml")
    return [rule for group in document["groups"] for rule in group["rules"]]


def alerts_of_tests(firing):
    (document,) = m.documents(FOLDER / "alerts_test.yaml")
    cases = [case for test in document["tests"] for case in test["alert_rule_test"]]
    return {case["alertname"] for case in cases if bool(case["exp_alerts"]) == firing}


def dashboard():
    return json.loads((FOLDER / "dashboard.json").read_text())


def dashboard_expressions():
    board = dashboard()
    found = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    return found + [annotation["expr"] for annotation in board["annotations"]["list"]]


def evidence():
    """What docs/kubernetes.md asks before the legacy service goes; here of the test's migration."""
    text = (ROOT / "docs/kubernetes.md").read_text()
    found = re.findall(r"```promql\n(.*?)\n```", text, re.S)
    assert len(found) >= 6
    # Two weeks are not to be had here.
    return [expression.replace('"orders"', '"shop"').replace("[14d:5m]", "[1m:1s]")
            for expression in found]


def filled_in(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


@pytest.mark.parametrize("words", [["check", "rules", "alerts.yaml"],
                                   ["test", "rules", "alerts_test.yaml"]], ids=" ".join)
def test_promtool_is_content(words):
    need_prometheus()
    done = subprocess.run(["promtool", *words], cwd=FOLDER, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not():
    names = {rule["alert"] for rule in rules()}
    assert alerts_of_tests(firing=True) == names
    assert alerts_of_tests(firing=False) == names


def test_every_alert_says_what_to_do():
    text = (ROOT / "docs/operations.md").read_text()
    headings = {line.lstrip("# ") for line in text.splitlines() if line.startswith("#")}
    for rule in rules():
        assert rule["alert"] in headings
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("critical", "warning")


def test_panels_have_their_own_ids_and_do_not_overlap():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_the_dashboard_shows_a_migration_whole():
    text = " ".join(dashboard_expressions())
    for name in ("banyan_flag_percent", "banyan_requests_total", "banyan_request_duration_seconds",
                 "banyan_comparisons_total", "banyan_readiness", "banyan_guardrail_latched",
                 "banyan_flag_source_age_seconds", "banyan_shadow_skipped_total",
                 "process_cpu_seconds_total", "process_resident_memory_bytes"):
        assert name in text, name


_SELECTOR = re.compile(r"\b((?:banyan|process)_\w+)\s*(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!=|=)\s*"([^"]*)"')


def selectors(expression):
    """[(metric, [(label, operator, value)])] of what a PromQL expression asks for."""
    return [(name, _MATCHER.findall(matchers or ""))
            for name, matchers in _SELECTOR.findall(expression)]


@pytest.fixture
def scraped(tmp_path, banyan):
    """A Prometheus that has seen a Banyan with flags, copies, differences and a ramp."""
    need_prometheus()
    (tmp_path / "flags.json").write_text('{"flags": {}}')
    ramped = migration(name="cart", flag="cart", match=[{"path_prefix": "/cart"}], shadow={},
                       ramp={"steps": [1, 100], "hold": "1h"})
    proxy = banyan(50, top={"flag_sources": [{"file": str(tmp_path / "flags.json")}],
                            "migrations": [migration(shadow={}), ramped]})
    with Prometheus(tmp_path, proxy.admin, FOLDER / "alerts.yaml") as prometheus:
        for _ in range(3):
            before = samples(prometheus)
            for number in range(20):
                proxy.fetch(headers=[("x-user-id", f"user-{number}")])
            eventually(lambda before=before: samples(prometheus) > before, "it was scraped", 30)
        yield prometheus, proxy


def samples(prometheus):
    found = prometheus.query('count_over_time(banyan_build_info[5m])')
    return int(found[0]["value"][1]) if found else 0


def test_every_expression_asks_for_what_banyan_exports(scraped):
    prometheus, _ = scraped
    expressions = [rule["expr"] for rule in rules()] + dashboard_expressions()
    expressions += evidence()
    asked = [(expression, *one) for expression in map(filled_in, expressions)
             for one in selectors(expression)]
    assert len(asked) > 40
    for expression, name, matchers in asked:
        series = prometheus.ask("series", **{"match[]": name})
        assert series, f"{name} is not exported: {expression}"
        for label, operator, value in matchers:
            values = {one.get(label) for one in series}
            assert values != {None}, f"{name} has no label {label}: {expression}"
            # Each alternative that is asked for is one that Banyan knows.
            if operator == "=~" and value != ".*":
                assert set(value.split("|")) <= values, expression
            elif operator == "=":
                assert value in values, expression


def test_prometheus_evaluates_every_expression(scraped):
    prometheus, _ = scraped
    nothing = [expression for expression in map(filled_in, dashboard_expressions())
               if not prometheus.query(expression) and "> 0" not in expression]
    assert nothing == []
    assert all(prometheus.query(expression) for expression in evidence())
    loaded = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in loaded} == {rule["alert"] for rule in rules()}
    eventually(lambda: all(rule["health"] == "ok" for group in prometheus.ask("rules")["groups"]
                           for rule in group["rules"]), "all rules were evaluated")


def over_goal(prometheus):
    (rule,) = [rule for rule in rules() if rule["alert"] == "BanyanMismatchRateOverGoal"]
    return [one["metric"]["migration"] for one in prometheus.query(rule["expr"])]


def test_a_waiver_ends_what_the_alert_of_the_mismatch_rate_sees(tmp_path, banyan, legacy, monolith):
    need_prometheus()
    legacy.behaviour, monolith.behaviour = (
        answer(body=b'{"price": %d}' % price, content_type="application/json")
        for price in (10, 11))
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text("[]\n")
    proxy = banyan(0, shadow={}, compare={"ignore": ["header:x-served-by"]},
                   top={"report": {"waivers": str(waivers)}})
    with Prometheus(tmp_path, proxy.admin, FOLDER / "alerts.yaml") as prometheus:
        for number in range(40):
            proxy.fetch(headers=[("x-user-id", f"user-{number}")])
        eventually(lambda: over_goal(prometheus) == ["shop"], "the rate is over the goal", 30)
        waivers.write_text("- { path: $.price, kind: value, reason: agreed }\n")
        assert proxy.cli("reload").returncode == 0
        eventually(lambda: over_goal(prometheus) == [], "it is not any more", 30)


def test_a_banyan_that_is_gone_is_seen(scraped):
    prometheus, proxy = scraped
    (rule,) = [rule for rule in rules() if rule["alert"] == "BanyanNotScraped"]
    assert prometheus.query(rule["expr"]) == []
    proxy.stop()
    eventually(lambda: prometheus.query(rule["expr"]), "its target is down", 30)


def test_a_rollback_fires_its_alert(scraped):
    prometheus, proxy = scraped
    assert proxy.cli("rollback", "shop").returncode == 0
    eventually(lambda: [one["metric"] for one in prometheus.query(
        'ALERTS{alertname="BanyanGuardrailLatched", alertstate="firing"}')
        if one["metric"]["migration"] == "shop"], "the alert fires", 30)
