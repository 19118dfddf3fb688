"""What an operator relies on: probes, logs, metrics, the admin side, exit codes, a clean end."""
import json
import signal
import threading

import pytest

from support import upstream as up
from support.http import Connection, fetch, request_bytes
from support.metrics import present, total
from support.proxy import ROOT, cli
from support.wait import eventually

USER = [("x-user-id", "user-1")]


# The log.

def test_every_line_of_the_access_log_is_json_and_tells_the_exchange(banyan):
    proxy = banyan(percent=100, shadow={})
    nasty = "/shop/%22quoted%22%0a?token=secret"
    with proxy.connect() as connection:
        connection.request("GET", "/shop/one", USER)
        connection.request("POST", nasty, [*USER, ("X-A", '"\\')], body=b"12345")
        connection.request("GET", "/elsewhere")
    lines = eventually(lambda: (found := [line for line in proxy.access_log()
                                          if line["role"] == "primary"])
                       and len(found) == 3 and found, "three lines")
    one, post, other = lines
    assert (one["method"], one["path"], one["status"]) == ("GET", "/shop/one", 200)
    assert (one["migration"], one["arm"], one["upstream"]) == ("shop", "monolith", "shop-monolith")
    assert (post["request_bytes"], post["response_bytes"]) == (5, 3)
    assert other["migration"] == "none"
    assert "secret" not in json.dumps(lines)


def test_the_access_log_can_be_off(banyan):
    proxy = banyan(top={"log": {"access": "off"}})
    proxy.fetch()
    proxy.stop()
    assert not (proxy.dir / "access.jsonl").exists()
    assert "/shop/item" not in proxy.said()


def test_the_access_log_goes_to_stdout_unless_told_otherwise(banyan):
    proxy = banyan(top={"log": {}})
    proxy.fetch("/shop/visible")
    eventually(lambda: '"/shop/visible"' in proxy.said(), "the line")


# Probes and metrics.

def test_probes_and_metrics_stand_on_both_addresses(banyan):
    proxy = banyan()
    for address in (proxy.addresses["health"], proxy.admin):
        for path in ("/livez", "/readyz", "/metrics"):
            assert fetch(address, path).status == 200, (address, path)
    assert fetch(proxy.addresses["health"], "/v1/status").status == 404


def test_livez_does_not_depend_on_upstreams(banyan, legacy, monolith):
    proxy = banyan()
    legacy.refuse()
    monolith.refuse()
    proxy.fetch()
    assert proxy.api("/livez").status == 200


def test_requests_are_counted_by_arm_and_role(banyan, legacy):
    proxy = banyan(percent=100, shadow={})
    for _ in range(5):
        proxy.fetch(headers=USER)
    count = lambda **labels: total(  # noqa: E731
        proxy.metrics(), "banyan_requests_total", migration="shop", code_class="2xx", **labels)
    assert count(arm="monolith", role="primary") == 5
    eventually(lambda: count(arm="legacy", role="shadow") == 5, "the shadows are counted")
    samples = proxy.metrics()
    assert total(samples, "banyan_request_duration_seconds_count", migration="shop",
                 arm="monolith", role="primary") == 5
    for name in ("banyan_config_reload_success", "banyan_build_info", "banyan_upstream_connections",
                 "banyan_downstream_connections", "banyan_guardrail_latched",
                 "process_cpu_seconds_total"):
        assert present(samples, name) or present(samples, "banyan_" + name), name


def test_every_metric_that_there_is_stands_in_the_docs(banyan):
    proxy = banyan(percent=50, shadow={})
    proxy.fetch(headers=USER)
    page = (ROOT / "docs/operations.md").read_text()
    names = [line.split()[2] for line in proxy.api("/metrics").body.decode().splitlines()
             if line.startswith("# TYPE ")]
    assert len(names) > 25
    unknown = [n for n in names if f"`{n}`" not in page and not n.startswith("process_")]
    assert unknown == []


def test_labels_do_not_come_from_traffic(banyan):
    proxy = banyan(percent=50, shadow={})
    for i in range(20):
        proxy.fetch(f"/shop/private-{i}", headers=[("x-user-id", f"person-{i}")])
    text = proxy.api("/metrics").body.decode()
    assert "private-" not in text and "person-" not in text


# The admin side.

def test_an_unknown_path_and_method(banyan):
    proxy = banyan()
    assert proxy.api("/v1/nothing").status == 404
    assert proxy.api("/v1/migrations/shop/rollback", "GET").status in (404, 405)
    assert proxy.status()["latched"] is False


def test_errors_are_problem_details(banyan):
    proxy = banyan()
    answer = proxy.api("/v1/flags/shop", "PUT", {"percent": 101})
    assert answer.status in (400, 422)
    assert answer.header("content-type").startswith("application/problem+json")
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status and problem["title"]
    assert proxy.percent() == 0


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:9901"])
def test_another_host_is_refused(banyan, host):
    proxy = banyan(percent=100)
    for method, path in (("GET", "/v1/status"), ("POST", "/v1/rollback")):
        answer = fetch(proxy.admin, path, method, [("Host", host)], b"{}" if method == "POST" else None)
        assert answer.status in (400, 403, 421), (method, answer.status)
    assert proxy.fetch(headers=USER).served_by == "monolith"


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1", "[::1]:99"])
def test_a_forwarded_port_is_no_problem(banyan, host):
    assert fetch(banyan().admin, "/v1/status", headers=[("Host", host)]).status == 200


def test_an_origin_that_disagrees_is_refused(banyan):
    proxy = banyan(percent=100)
    answer = fetch(proxy.admin, "/v1/rollback", "POST",
                   [("Origin", "http://evil.example"), ("Host", proxy.admin)], b"{}")
    assert answer.status == 403
    assert proxy.fetch(headers=USER).served_by == "monolith"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"percent": "5"}', b'{"percent": -1}',
                                  b'{"percent": 5.00001}', b'{"percent": null}', b'{"percnt": 5}',
                                  b"[" * 100_000])
def test_a_bad_flag_body_changes_nothing(banyan, body):
    proxy = banyan(percent=7)
    answer = fetch(proxy.admin, "/v1/flags/shop", "PUT", [("Content-Type", "application/json")], body)
    assert 400 <= answer.status < 500
    assert proxy.percent() == 7


def test_flags_are_listed_and_read(banyan):
    proxy = banyan(percent=12.5)
    assert proxy.cli("flag", "list").returncode == 0
    told = json.loads(proxy.cli("flag", "get", "shop", "--format", "json").stdout)
    assert told["percent"] == 12.5
    assert proxy.cli("flag", "get", "nobody").returncode == 1


# The command line.

@pytest.mark.parametrize("arguments, code", [
    (["--help"], 0), (["version"], 0), ([], 2), (["nothing"], 2), (["run"], 2), (["validate"], 2),
    (["route"], 2), (["rollback"], 2), (["flag", "set", "shop"], 2), (["flag"], 2),
    (["report", "--format", "nothing"], 2), (["flag", "set", "shop", "101"], 2),
    (["status", "--admin", "http://127.0.0.1:1"], 1),
    (["rollback", "shop", "--admin", "http://127.0.0.1:1"], 1),
    (["reload", "--admin", "http://127.0.0.1:1"], 1),
])
def test_exit_codes(arguments, code):
    done = cli(*arguments)
    assert done.returncode == code, (done.stdout, done.stderr)
    if code:
        assert done.stderr and not done.stdout
    else:
        assert done.stdout


@pytest.mark.parametrize("command", ["run", "validate", "route", "status", "flag", "rollback",
                                     "rearm", "report", "reload", "drain"])
def test_help_begins_with_examples(command):
    done = cli(command, "--help")
    assert done.returncode == 0
    assert done.stdout.lstrip().lower().startswith("example"), done.stdout[:200]


def test_several_admins_are_all_tried_and_one_failure_is_1(banyan):
    proxy = banyan(percent=100)
    done = cli("rollback", "shop", "--admin", "http://127.0.0.1:1", "--admin", proxy.admin_url)
    assert done.returncode == 1
    assert proxy.fetch(headers=USER).served_by == "legacy"


# The end.

def test_a_drain_finishes_what_runs_and_exits_0(banyan, legacy):
    legacy.behaviour = up.slow(1.0)
    proxy = banyan(top={"drain": {"delay": "300ms", "timeout": "10s"}})
    with proxy.connect() as running, proxy.connect() as other:
        running.send(request_bytes("GET", "/shop/slow"))
        eventually(lambda: legacy.requests, "it has begun")
        proxy.signal(signal.SIGTERM)
        eventually(lambda: fetch(proxy.addresses["health"], "/readyz").status == 503, "not ready")
        assert fetch(proxy.addresses["health"], "/livez").status == 200
        legacy.behaviour = up.answer()
        late = other.request("GET", "/shop/late")
        assert (late.status, late.header("connection")) == (200, "close")
        answer = running.answer()
        assert answer.status == 200
        assert running.closed_by_peer()
    assert proxy.process.wait(timeout=20) == 0
    with pytest.raises(ConnectionError):
        Connection(proxy.address)


def test_a_reload_is_refused_while_the_process_stops(banyan, config, legacy):
    held = threading.Event()

    def hold(exchange):
        held.wait(20)
        up.answer()(exchange)
    legacy.behaviour = hold
    proxy = banyan(top={"drain": {"delay": "20ms", "timeout": "30s"}, "reload": {"watch": False}})
    with proxy.connect() as running:
        running.send(request_bytes("GET", "/shop/slow"))
        eventually(lambda: legacy.requests, "it has begun")
        proxy.signal(signal.SIGTERM)
        eventually(lambda: "stops listening" in proxy.said(), "it stops")
        proxy.write(config(50))
        answer = proxy.api("/v1/reload", "POST")
        assert answer.status == 422
        assert "the process is ending" in answer.body.decode()
        proxy.signal(signal.SIGHUP)
        eventually(lambda: total(proxy.metrics(), "banyan_config_reloads_total",
                                 result="failure") >= 2, "the signal's is refused as well")
        held.set()
        assert running.answer().status == 200
    assert proxy.process.wait(timeout=20) == 0


def test_what_does_not_finish_is_cut_after_the_timeout(banyan, legacy):
    legacy.behaviour = up.hang
    proxy = banyan(top={"drain": {"delay": "20ms", "timeout": "300ms"}})
    with proxy.connect() as running:
        running.send(request_bytes("GET", "/shop/hang"))
        eventually(lambda: legacy.requests, "it has begun")
        proxy.signal(signal.SIGTERM)
        assert proxy.process.wait(timeout=10) == 0


def test_idle_connections_do_not_hold_a_drain(banyan):
    proxy = banyan(top={"drain": {"delay": "20ms", "timeout": "30s"}})
    with proxy.connect() as idle:
        idle.request("GET", "/shop/item")
        proxy.signal(signal.SIGTERM)
        assert proxy.process.wait(timeout=10) == 0


def test_drain_by_command_keeps_serving_until_sigterm(banyan):
    proxy = banyan()
    assert proxy.cli("drain").returncode == 0
    assert proxy.api("/readyz").status == 503
    answer = proxy.fetch()
    assert (answer.status, answer.header("connection")) == (200, "close")


def test_the_address_file_is_whole(banyan):
    addresses = banyan().addresses
    assert set(addresses) >= {"admin", "health", "listeners"}
    assert not addresses["listeners"]["ingress"].endswith(":0")


def test_sigpipe_does_not_end_it(banyan, legacy):
    legacy.behaviour = up.large(4 << 20)
    proxy = banyan()
    for _ in range(10):
        with proxy.connect() as connection:
            connection.send(request_bytes("GET", "/shop/file"))
            connection.answer_head()
    assert proxy.fetch("/other").status == 200
