"""That a slice counts only if the whole work was done."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench"))

from rounds import Faulty  # noqa: E402
from scenarios import SCENARIOS, Contender, Scenario, alone, with_against  # noqa: E402
from slices import Busy, check_work  # noqa: E402

N, UPLOAD = 100, 16
RIGHT = {"ok": N, "errors": 0, "first_error": ""}
NOTHING = {"requests": 0, "shadows": 0, "body_bytes": 0, "bad": 0}
LEGACY = {**NOTHING, "requests": N, "body_bytes": N * UPLOAD}
COPIES = {**NOTHING, "shadows": N, "body_bytes": N * UPLOAD}
PLAIN = Contender("plain", "nginx")
COPIED = Contender("copied", "banyan", copies="all")
SOME = Contender("some copied", "banyan", copies="some")
UPLOADS = Scenario("uploads", "", (), (), upload_bytes=UPLOAD)
SPLIT = Scenario("split", "", (), (), monolith_serves=True)


def check(scenario, contender, result, legacy, monolith):
    check_work(scenario, contender, N, {**RIGHT, **result}, [legacy, monolith])


@pytest.mark.parametrize("scenario, contender, legacy, monolith", [
    (UPLOADS, PLAIN, LEGACY, NOTHING),
    (UPLOADS, COPIED, LEGACY, COPIES),
    (UPLOADS, SOME, LEGACY, {**COPIES, "shadows": 1, "body_bytes": UPLOAD}),
    (SPLIT, PLAIN, {**NOTHING, "requests": 60}, {**NOTHING, "requests": 40}),
    (SPLIT, COPIED, {**NOTHING, "requests": 60, "shadows": 40},
     {**NOTHING, "requests": 40, "shadows": 60}),
])
def test_whole_work_counts(scenario, contender, legacy, monolith):
    check(scenario, contender, {}, legacy, monolith)


@pytest.mark.parametrize("contender, result, legacy, monolith", [
    (PLAIN, {"ok": N - 1, "errors": 1, "first_error": "HTTP/1.1 503"}, {}, {}),
    (PLAIN, {"ok": N - 1}, {}, {}),
    (PLAIN, {"errors": 1}, {}, {}),
    (PLAIN, {}, {"requests": N + 1}, {}),           # a retry
    (PLAIN, {}, {"requests": N - 1}, {}),           # an answer out of a cache
    (PLAIN, {}, {"requests": N - 1}, {"requests": 1}),
    (PLAIN, {}, {"body_bytes": N * UPLOAD - 1}, {}),
    (PLAIN, {}, {"bad": 1}, {}),
    (PLAIN, {}, {}, {"bad": 1}),
    (PLAIN, {}, {}, {"shadows": 1, "body_bytes": UPLOAD}),
    (COPIED, {}, {}, {"shadows": N - 1, "body_bytes": UPLOAD * (N - 1)}),
    (COPIED, {}, {}, {"shadows": N, "body_bytes": 0}),
    (COPIED, {}, {}, {}),
    (SOME, {}, {}, {}),
])
def test_anything_else_is_a_fault(contender, result, legacy, monolith):
    with pytest.raises(Faulty, match=contender.name):
        check(UPLOADS, contender, result, {**LEGACY, **legacy}, {**NOTHING, **monolith})


def test_a_split_where_one_side_serves_nobody_is_a_fault():
    with pytest.raises(Faulty, match="0 requests served by the monolith"):
        check(SPLIT, PLAIN, {}, {**NOTHING, "requests": N}, NOTHING)


def test_what_strangers_had_of_a_cpu():
    assert Busy(3.0, 10.0).strangers(1.0) == pytest.approx(0.2)
    assert Busy(1.0, 10.0).strangers(1.005) == 0.0, "ticks are coarse"


def test_scenarios_name_only_what_they_measure():
    for scenario in (*SCENARIOS, *map(alone, SCENARIOS), *map(with_against, SCENARIOS)):
        names = [contender.name for contender in scenario.contenders]
        assert len(set(names)) == len(names)
        assert {name for ratio in scenario.ratios for name in ratio} <= set(names)
        assert scenario.rate or not scenario.latency_of, "a closed loop hides latencies"
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


def test_alone_leaves_banyan_and_what_it_is_compared_with_itself_by():
    for scenario in map(alone, SCENARIOS):
        assert {contender.proxy for contender in scenario.contenders} == {"banyan"}
        assert scenario.ratios
