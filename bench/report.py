"""The table of a run, and its verdicts: each bar beside the rounds' ratios."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench import engine
from bench.load import Figures
from bench.scenarios import Bar, Entry, Scenario

Round = dict[str, Figures]  # by the scenario's name
# heading, field of Figures, width, digits
COLUMNS = (
    ("requests/s", "rps", 12, 0),
    ("p50 ms", "p50_ms", 10, 1),
    ("p99 ms", "p99_ms", 10, 1),
    ("CPU µs", "cpu_us", 10, 0),
    ("database µs", "database_us", 13, 0),
)


def print_table(scenarios: Sequence[Entry], rounds: Sequence[Round], left_out: Mapping[str, str]) -> None:
    """CPU is per request: of the web workers, and of all of PostgreSQL."""
    print(f"statements alone by {engine.tool()}\n")
    print(f"{'':<36}{''.join(f'{heading:>{width}}' for heading, _, width, _ in COLUMNS)}   answers")
    for scenario in scenarios:
        seen = [played[scenario.name] for played in rounds if scenario.name in played]
        print(f"{scenario.name:<36}{row(seen) if seen else f'   left out: {left_out[scenario.app]}'}")
    print()


def row(figures: Sequence[Figures]) -> str:
    cells = [cell(median(getattr(one, name) for one in figures), width, digits) for _, name, width, digits in COLUMNS]
    statuses = " ".join(map(str, sorted({status for one in figures for status in one.statuses})))
    return f"{''.join(cells)}   {statuses}"


def cell(value: float, width: int, digits: int) -> str:
    """Not a number is what was not measured."""
    return f"{'–' if math.isnan(value) else f'{value:,.{digits}f}':>{width}}"


@dataclass(frozen=True)
class Verdict:
    """A bar and the rounds' ratios to it; no ratios when one of its two sides was left out."""

    scenario: Scenario
    bar: Bar
    ratios: Sequence[float]

    @property
    def missed(self) -> bool:
        return bool(self.ratios) and not self.bar.met(median(self.ratios))

    def __str__(self) -> str:
        names = f"{self.scenario.name} / {self.bar.of}"
        if not self.ratios:
            return f"----  {names}: left out"
        seen = f"{median(self.ratios):.2f} ({min(self.ratios):.2f} to {max(self.ratios):.2f})"
        return f"{'FAIL' if self.missed else 'PASS'}  {names}: {seen}, {self.bar.words} {self.bar.limit:.2f}"


def judge(scenarios: Sequence[Entry], rounds: Sequence[Round]) -> list[Verdict]:
    barred = [one for one in scenarios if isinstance(one, Scenario)]
    return [Verdict(one, bar, ratios(one, bar, rounds)) for one in barred for bar in one.bars]


def ratios(scenario: Scenario, bar: Bar, rounds: Sequence[Round]) -> list[float]:
    both = [(played[scenario.name], played[bar.of]) for played in rounds if {scenario.name, bar.of} <= played.keys()]
    return [getattr(mine, bar.figure) / getattr(theirs, bar.figure) for mine, theirs in both]


def print_verdicts(verdicts: Sequence[Verdict]) -> int:
    """Returns how many bars were missed."""
    for verdict in verdicts:
        print(verdict)
    return sum(verdict.missed for verdict in verdicts)
