"""gRPC's interoperability cases through Banyan: clients and servers that nobody here wrote."""
import itertools

import pytest

from support.grpc_peers import SERVICE, need, run_cases
from support.metrics import total
from support.proxy import Banyan, configuration, migration
from support.wait import eventually

LANGUAGES = ("python", "node")
COPIED = ("EmptyCall", "UnaryCall", "StreamingInputCall", "StreamingOutputCall")
# Calls of all cases that may be copied: UnaryCall of four cases, StreamingInputCall of two, and one
# of each other method. Not copied is a call that ends before its client has said all: one is given
# up, and @grpc/grpc-js says the end in a frame of its own, which a quick server does not wait for.
COPIED_CALLS = 8
# What the two servers say differently of the same outcome.
MAKERS = ["header:content-type", "header:grpc-accept-encoding", "header:x-served-by"]
# How often each grpc-status ends a call. Three more are given up: by a client, which is 1 (or 0 where
# its server was done by then), or by a deadline, which is 4 or 1, whichever side is first.
STATUSES = {2: 3, 12: 2}
SUCCESSES, GIVEN_UP = 8, 3
CALLS = SUCCESSES + sum(STATUSES.values()) + GIVEN_UP


def settings(directory, legacy, monolith, percent, services=(SERVICE,), **keys):
    made = configuration(
        directory, legacy, monolith, flags={"shop": percent},
        migrations=[migration(match=[{"grpc_service": service} for service in services], **keys)])
    del made["default"]
    for upstream in made["upstreams"].values():
        upstream["protocol"] = "http2"
    return made


def calls(metrics, **labels):
    return total(metrics, "banyan_grpc_requests_total", **labels)


@pytest.mark.parametrize("client", LANGUAGES)
@pytest.mark.parametrize("percent", [0, 100])
@pytest.mark.parametrize("languages", list(itertools.permutations(LANGUAGES)), ids="-".join)
def test_every_case_passes_and_both_arms_agree(tmp_path, grpc_arms, languages, percent, client):
    legacy, monolith = grpc_arms(*languages)
    shadow = {"grpc_methods": [f"{SERVICE}/{method}" for method in COPIED],
              "budget": {"exchange": "1MiB"}}
    services = (SERVICE, "grpc.testing.UnimplementedService")
    config = settings(tmp_path, legacy, monolith, percent, services, shadow=shadow,
                      compare={"ignore": MAKERS})
    arm = "monolith" if percent else "legacy"
    with Banyan(tmp_path, config) as proxy:
        results = run_cases(client, proxy.address)
        assert [r for r in results if r["failure"]] == []
        assert set().union(*(r["served_by"] for r in results)) == {arm}

        def compared(**labels):
            return total(proxy.metrics(), "banyan_comparisons_total", **labels)

        def not_sent():
            return total(proxy.metrics(), "banyan_shadow_skipped_total", reason="not_sent")
        eventually(lambda: compared() + not_sent() == COPIED_CALLS, "every copy is compared", 60)
        found = [d for e in proxy.report()["endpoints"] for d in e["differences"]]
        assert compared(verdict="mismatch") == 0, found
        assert compared(verdict="match") > 0
        # No call hangs: what the client gave up, and what ran into its deadline, was cancelled.
        eventually(lambda: legacy.is_done() and monolith.is_done(), "no call goes on", 60)

        metrics = proxy.metrics()
        for status, count in STATUSES.items():
            assert calls(metrics, arm=arm, role="primary", grpc_status=str(status)) == count, status
        ended_well = calls(metrics, arm=arm, role="primary", grpc_status="0")
        assert SUCCESSES <= ended_well <= SUCCESSES + GIVEN_UP
        assert calls(metrics, role="primary") == CALLS
        assert calls(metrics, role="shadow") == COPIED_CALLS - not_sent()
        logged = [line["grpc_status"] for line in proxy.access_log()]
        assert len(logged) == CALLS and logged.count(2) == STATUSES[2]


@pytest.mark.parametrize("client", LANGUAGES)
def test_what_has_no_route_is_unimplemented(tmp_path, grpc_arms, client):
    need(client)
    legacy, monolith = grpc_arms("python", "python")
    with Banyan(tmp_path, settings(tmp_path, legacy, monolith, 0)) as proxy:
        results = run_cases(client, proxy.address, ("unimplemented_service", "empty_unary"))
        assert [r for r in results if r["failure"]] == []
        metrics = proxy.metrics()
        assert total(metrics, "banyan_local_errors_total", reason="no_route") == 1
        assert calls(metrics, migration="none", grpc_status="12") == 1


def test_after_a_rollback_every_case_is_legacys(tmp_path, grpc_arms):
    legacy, monolith = grpc_arms("python", "python")
    with Banyan(tmp_path, settings(tmp_path, legacy, monolith, 100)) as proxy:
        assert run_cases("python", proxy.address, ("ping_pong",))[0]["served_by"] == ["monolith"]
        proxy.api_json("/v1/migrations/shop/rollback", "POST", {})
        results = run_cases("python", proxy.address)
        assert [r for r in results if r["failure"]] == []
        assert set().union(*(r["served_by"] for r in results)) == {"legacy"}
