"""Markdown, so that what is printed can stand in docs/performance.md as it is."""
from rounds import Spread, paired_ratios

FIGURES = "\n## Figures\n"  # below it a page holds what was measured, and nothing else


def with_figures(page, figures):
    """The page, with these figures in the place of those it had."""
    before, heading, _ = page.partition(FIGURES)
    return f"{before}{heading}{figures.rstrip()}\n"


def section(scenario, rounds, thrown_out):
    """All that is told of one scenario."""
    notes = "\n".join([conditions(scenario, rounds, thrown_out), *scenario.notes])
    return f"\n### {scenario.name}: {scenario.title}\n\n{tables_of(scenario, rounds)}\n\n{notes}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def spread_cells(spread, form):
    return [form % spread.median, f"{form % spread.quarter} – {form % spread.three_quarters}",
            f"{form % spread.low} – {form % spread.high}"]


def tables_of(scenario, rounds):
    return latency_tables(scenario, rounds) if scenario.latency_of else cpu_tables(scenario, rounds)


def ratio_table(scenario, rounds, what, figure):
    return table([what, "median", "middle half", "all"],
                 [[f"{over} / {under}",
                   *spread_cells(Spread.of(paired_ratios(rounds, figure, over, under)), "%.2f")]
                  for over, under in scenario.ratios])


def cpu_tables(scenario, rounds):
    def cpu(sample):
        return sample.cpu_us
    def opened(name):
        return "%.0f" % Spread.of(one[name].connections for one in rounds).median
    costs = table(["CPU µs per request", "median", "middle half", "all",
                   "upstream connections opened per 1,000 requests"],
                  [[c.name, *spread_cells(Spread.of(cpu(r[c.name]) for r in rounds), "%.1f"),
                    opened(c.name)] for c in scenario.contenders])
    return f"{costs}\n\n{ratio_table(scenario, rounds, 'paired ratio', cpu)}"


def latency_tables(scenario, rounds):
    def at(percentile):
        return lambda sample: sample.latency_us[scenario.latency_of][percentile]
    shown = {"p50": "p50", "p99": "p99", "p999": "p99.9"}
    latencies = table(["latency µs, medians of the rounds", *shown.values()],
                      [[c.name, *("%.0f" % Spread.of(at(p)(r[c.name]) for r in rounds).median
                                  for p in shown)] for c in scenario.contenders])
    ratios = [ratio_table(scenario, rounds, f"paired ratio of {shown[p]}", at(p))
              for p in ("p50", "p99")]
    return "\n\n".join([latencies, *ratios])


def conditions(scenario, rounds, thrown_out):
    """What a reader has to know to believe the figures."""
    samples = [sample for one in rounds for sample in one.values()]
    strangers = Spread.of(100 * sample.strangers for sample in samples)
    told = (f"{len(rounds)} rounds, {thrown_out} thrown out; others had {strangers.median:.0f} % "
            f"(at most {strangers.high:.0f} %) of the proxy's CPU.")
    if scenario.rate:
        load = Spread.of(sample.cpu_us * scenario.rate / 1e4 for sample in samples)
        late = Spread.of(sample.late_us["p50"] for sample in samples)
        told += (f" {scenario.rate} requests a second, {load.median:.0f} % of a CPU; the clients "
                 f"sent {late.median:.0f} µs after the due time (median of p50).")
    return told
