"""That script/bench computes what it says: a wrong median would make every figure worthless."""
import random
import statistics
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench"))

from rounds import (Faulty, Spread, TooManyFaults, collect, paired_ratios,  # noqa: E402
                    quantile, rotated)


def test_every_contender_stands_at_every_place_equally_often():
    names = ["a", "b", "c"]
    orders = [rotated(names, turn) for turn in range(6)]
    assert orders[:3] == [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]]
    for name in names:
        assert sorted(order.index(name) for order in orders) == [0, 0, 1, 1, 2, 2]


def test_rounds_are_interleaved_and_rotated():
    asked = []

    def measure(name):
        asked.append(name)
        return len(asked)
    rounds, thrown_out = collect(["a", "b"], measure, wanted=3, spare=0)
    assert asked == ["a", "b", "b", "a", "a", "b"]
    assert rounds == [{"a": 1, "b": 2}, {"b": 3, "a": 4}, {"a": 5, "b": 6}]
    assert thrown_out == 0


def test_a_round_with_a_fault_is_thrown_out_whole_said_and_done_again_in_the_same_order():
    asked, said = [], []

    def measure(name):
        asked.append(name)
        if len(asked) == 4:
            raise Faulty("b lost an answer")
        return len(asked)
    rounds, thrown_out = collect(["a", "b", "c"], measure, wanted=2, spare=1, say=said.append)
    assert asked == ["a", "b", "c", "b", "b", "c", "a"]
    assert rounds == [{"a": 1, "b": 2, "c": 3}, {"b": 5, "c": 6, "a": 7}]
    assert thrown_out == 1
    assert len(said) == 1 and "b lost an answer" in said[0]


def test_faults_are_bounded():
    asked = []

    def measure(name):
        asked.append(name)
        raise Faulty("never right")
    with pytest.raises(TooManyFaults, match="3 rounds.*never right"):
        collect(["a", "b"], measure, wanted=8, spare=2)
    assert asked == ["a"] * 3


def test_other_errors_are_not_taken_for_faults():
    def measure(_):
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        collect(["a"], measure, wanted=1, spare=9)


@pytest.mark.parametrize("values, spread", [
    ([3.0], Spread(1, 3.0, 3.0, 3.0, 3.0, 3.0)),
    ([4.0, 1.0], Spread(2, 2.5, 1.0, 4.0, 1.75, 3.25)),
    ([5.0, 1.0, 9.0, 3.0, 7.0], Spread(5, 5.0, 1.0, 9.0, 3.0, 7.0)),
])
def test_spreads(values, spread):
    assert Spread.of(values) == spread


def test_quantiles_are_those_of_the_standard_library():
    seed = random.randrange(1 << 32)
    source = random.Random(seed)
    for count in range(2, 40):
        values = [source.random() for _ in range(count)]
        quarters = statistics.quantiles(values, n=4, method="inclusive")
        assert [quantile(values, q) for q in (0.25, 0.5, 0.75)] == pytest.approx(quarters), seed


def test_ratios_are_paired_within_a_round():
    # A machine that becomes ten times slower in the second round changes no ratio.
    rounds = [{"a": 2.0, "b": 4.0}, {"a": 20.0, "b": 40.0}, {"a": 3.0, "b": 4.0}]
    assert paired_ratios(rounds, lambda cost: cost, "a", "b") == [0.5, 0.5, 0.75]
    assert Spread.of(paired_ratios(rounds, lambda cost: cost, "a", "b")).median == 0.5
