"""What script/bench prints."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench"))

from scenarios import Contender, Scenario  # noqa: E402
from slices import Sample  # noqa: E402
from tables import section, with_figures  # noqa: E402

A, B = Contender("A", "nginx"), Contender("B", "haproxy")


def sample(cpu_us, p50=1.0):
    return Sample(cpu_us, {"all": {"p50": p50, "p99": 10.0, "p999": 100.0}}, {"p50": 2.0}, 3.0, 0.25)


def test_costs_and_ratios_are_medians_of_the_rounds():
    scenario = Scenario("one", "a title", (A, B), (("A", "B"),), notes=("A note.",))
    rounds = [{"A": sample(10.0), "B": sample(20.0)}, {"A": sample(30.0), "B": sample(20.0)},
              {"A": sample(11.0), "B": sample(10.0)}]
    lines = section(scenario, rounds, 4).splitlines()
    assert "### one: a title" in lines
    assert "| A | 11.0 | 10.5 – 20.5 | 10.0 – 30.0 | 3 |" in lines
    assert "| A / B | 1.10 | 0.80 – 1.30 | 0.50 – 1.50 |" in lines
    assert any(line.startswith("3 rounds, 4 thrown out; others had 25 %") for line in lines)
    assert lines[-1] == "A note."


def test_latencies_come_with_the_rate_and_how_late_the_clients_were():
    scenario = Scenario("one", "", (A, B), (("A", "B"),), rate=10_000, latency_of="all")
    rounds = [{"A": sample(10.0, 6.0), "B": sample(10.0, 3.0)}]
    text = section(scenario, rounds, 0)
    assert "| A | 6 | 10 | 100 |" in text
    assert "| A / B | 2.00 | 2.00 – 2.00 | 2.00 – 2.00 |" in text
    assert "10000 requests a second, 10 % of a CPU; the clients sent 2 µs after" in text


def test_figures_of_a_page_are_replaced_and_nothing_else():
    page = "# Title\n\nText.\n\n## Figures\nold\n\n### old\n"
    assert with_figures(page, "new\n\n") == "# Title\n\nText.\n\n## Figures\nnew\n"
