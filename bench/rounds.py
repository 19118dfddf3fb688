"""The arithmetic of a measurement: interleaved rounds, pairs, medians. No processes, no clock."""
from dataclasses import dataclass


class Faulty(Exception):
    """A slice that can not be used: an answer was wrong, work was missing, a process died."""


class TooManyFaults(Exception):
    """More rounds were thrown out than a measurement may have."""


def rotated(items, turn):
    """The items, beginning with another one each turn, so that no place in a round is anybody's."""
    start = turn % len(items)
    return [*items[start:], *items[:start]]


def collect(names, measure, wanted, spare, say=lambda _: None):
    """`wanted` whole rounds, each {name: measure(name)}, and how many were thrown out.

    A round in which one slice is Faulty is thrown out as a whole, since only slices of the same
    round are compared, and done again in the same order. At most `spare` times: then
    TooManyFaults.
    """
    rounds, thrown_out = [], 0
    while len(rounds) < wanted:
        try:
            rounds.append({name: measure(name) for name in rotated(names, len(rounds))})
        except Faulty as fault:
            thrown_out += 1
            say(f"a round is thrown out: {fault}")
            if thrown_out > spare:
                raise TooManyFaults(f"{thrown_out} rounds were thrown out, the last one because: "
                                    f"{fault}") from fault
    return rounds, thrown_out


def quantile(values, share):
    """Linear between the two nearest ranks."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True)
class Spread:
    """What a list of figures comes to."""
    count: int
    median: float
    low: float
    high: float
    quarter: float
    three_quarters: float

    @classmethod
    def of(cls, values):
        values = list(values)
        return cls(len(values), quantile(values, 0.5), min(values), max(values),
                   quantile(values, 0.25), quantile(values, 0.75))


def paired_ratios(rounds, figure, over, under):
    """figure(over) / figure(under) within each round: what slowed both of a pair falls out."""
    return [figure(one[over]) / figure(one[under]) for one in rounds]
