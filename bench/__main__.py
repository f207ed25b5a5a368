"""`python -m bench`: every scenario beside its bar, in about two minutes. Exit status 1 when a bar is missed.

Rounds are interleaved (A B C A B C …), so that a drift of the machine hits all alike; what is shown is the median
over the rounds, and a ratio is the median of the rounds' own ratios. Each round starts fresh servers and fresh
connections: how the kernel deals 32 connections to two workers, and the mode in which gunicorn's threads settle,
are drawn anew instead of colouring the whole run.
"""

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

import psutil

from bench import engine
from bench.load import Figures, run
from bench.scenarios import APPS, SCENARIOS, Environment, Scenario, Statement
from bench.server import Server, serve

CLIENTS = 32
Entry = Scenario | Statement
Round = dict[str, Figures]


def main() -> int:
    options = parse_options()
    scenarios = chosen(options.only)
    warn_when_busy()
    url = engine.server_url()
    with ExitStack() as worlds:
        environments = {app: worlds.enter_context(APPS[app].world(url)) for app in needed(scenarios)}
        rounds = []
        for number in range(1, options.rounds + 1):
            rounds.append(play(scenarios, environments, options.seconds, f"round {number} of {options.rounds}"))
    print_table(scenarios, rounds)
    verdicts = [judge(scenario, rounds) for scenario in scenarios if isinstance(scenario, Scenario)]
    failures = print_verdicts([verdict for verdict in verdicts if verdict])
    errors = sum(figures.errors for played in rounds for figures in played.values())
    if errors:
        print(f"FAIL  {errors} answers were not the expected ones")
    return 1 if failures or errors else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="measured time of one scenario in one round")
    parser.add_argument("--only", default="", help="scenarios whose name contains this, and what their bars refer to")
    return parser.parse_args()


def warn_when_busy() -> None:
    """Figures taken beside other work are low and its ratios wide; whoever reads them should know."""
    busy = psutil.cpu_percent(1)
    if busy > 20:
        print(f"Note: other work took {busy:.0f} % of this machine's CPU just before the start.")


def chosen(part: str) -> list[Entry]:
    """The entries whose name contains `part`, with the baselines their bars need, in the order of the list."""
    names = {one.name for one in SCENARIOS if part in one.name}
    bars = {one.name: one.bar.of for one in SCENARIOS if isinstance(one, Scenario) and one.bar}
    while missing := {bars[name] for name in names if name in bars} - names:
        names |= missing
    return [one for one in SCENARIOS if one.name in names]


def written(scenarios: Sequence[Entry]) -> list[Entry]:
    return [one for one in scenarios if isinstance(one, Statement) or one.requests]


def needed(scenarios: Sequence[Entry]) -> list[str]:
    """The apps the written ones belong to, each once."""
    return list(dict.fromkeys(one.app for one in written(scenarios)))


def play(scenarios: Sequence[Entry], environments: Mapping[str, Environment], seconds: float, title: str) -> Round:
    """One round: start every app, play every scenario once, stop them."""
    played: Round = {}
    with ExitStack() as running:
        servers = {
            name: running.enter_context(serve(APPS[name].wsgi, environment, APPS[name].ready))
            for name, environment in environments.items()
        }
        for scenario in written(scenarios):
            print(f"{title}: {scenario.name}", file=sys.stderr, flush=True)
            if isinstance(scenario, Statement):
                played[scenario.name] = query(scenario, environments[scenario.app]["DATABASE_URL"], seconds)
            else:
                played[scenario.name] = load(scenario, servers[scenario.app], seconds)
    return played


def query(statement: Statement, url: str, seconds: float) -> Figures:
    return engine.measure(engine.psycopg_url(url), statement.statements(url), clients=CLIENTS, seconds=seconds)


def load(scenario: Scenario, server: Server, seconds: float) -> Figures:
    return run(
        server.host,
        server.port,
        scenario.requests(server),
        expect=scenario.expect,
        clients=CLIENTS,
        seconds=seconds,
        pids=server.workers,
    )


def print_table(scenarios: Sequence[Entry], rounds: Sequence[Round]) -> None:
    print(
        f"\n{CLIENTS} keep-alive clients, {len(rounds)} interleaved rounds, medians; "
        f"statements alone by {engine.tool()}\n"
    )
    print(f"{'':<36}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'CPU µs':>10}   answers")
    for scenario in scenarios:
        print(f"{scenario.name:<36}{row([played[scenario.name] for played in rounds if scenario.name in played])}")
    print()


def row(figures: Sequence[Figures]) -> str:
    if not figures:
        return "   still to be written"
    rps, p50, p99, cpu = (
        median(getattr(one, name) for one in figures) for name in ("rps", "p50_ms", "p99_ms", "cpu_us")
    )
    statuses = " ".join(map(str, sorted({status for one in figures for status in one.statuses})))
    return f"{cell(rps, 12, 0)}{cell(p50, 10, 1)}{cell(p99, 10, 1)}{cell(cpu, 10, 0)}   {statuses}"


def cell(value: float, width: int, digits: int) -> str:
    """Not a number is what was not measured."""
    return f"{'–' if math.isnan(value) else f'{value:,.{digits}f}':>{width}}"


@dataclass(frozen=True)
class Verdict:
    """A bar and the rounds' ratios to it; no ratios when one of its two sides was not played."""

    scenario: Scenario
    ratios: Sequence[float]

    @property
    def passed(self) -> bool:
        return bool(self.ratios) and median(self.ratios) >= self.scenario.bar.ratio

    def __str__(self) -> str:
        bar = self.scenario.bar
        seen = (
            f"{median(self.ratios):.2f} ({min(self.ratios):.2f} to {max(self.ratios):.2f})"
            if self.ratios
            else "not measured"
        )
        return f"{'PASS' if self.passed else 'FAIL'}  {self.scenario.name} / {bar.of}: {seen}, bar {bar.ratio:.2f}"


def judge(scenario: Scenario, rounds: Sequence[Round]) -> Verdict | None:
    bar = scenario.bar
    if bar is None:
        return None
    both = [played for played in rounds if scenario.name in played and bar.of in played]
    return Verdict(scenario, [played[scenario.name].rps / played[bar.of].rps for played in both])


def print_verdicts(verdicts: Sequence[Verdict]) -> int:
    """Returns how many bars were missed."""
    for verdict in verdicts:
        print(verdict)
    return sum(not verdict.passed for verdict in verdicts)


if __name__ == "__main__":
    sys.exit(main())
