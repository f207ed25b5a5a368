"""`python -m bench`: every scenario beside its bars, in a few minutes. Exit status 1 when a bar is missed.

Rounds are interleaved (A B C A B C …), so that a drift of the machine hits all alike; what is shown is the median
over the rounds, and a ratio is the median of the rounds' own ratios. Each round starts fresh servers and fresh
connections: how the kernel deals 32 connections to two workers, and the mode in which gunicorn's threads settle,
are drawn anew instead of colouring the whole run. One server runs at a time, so that the idle ones hold no
connections to PostgreSQL (an embedded one gives 100) and no memory.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby

import psutil

from bench import engine, evening
from bench.load import Figures, run
from bench.oscar_world import LeftOut
from bench.report import Round, judge, print_table, print_verdicts
from bench.scenarios import APPS, SCENARIOS, Entry, Environment, Scenario, Statement
from bench.server import Server, serve

CLIENTS = 32


def main() -> int:
    options = parse_options()
    scenarios = chosen(options.only)
    left_out = unasked(scenarios, options)
    warn_when_busy()
    url = engine.server_url()
    with ExitStack() as worlds:
        environments = make_worlds(worlds, scenarios, url, left_out)
        here = [one for one in scenarios if one.app in environments]
        rounds = []
        for number in range(1, options.rounds + 1):
            rounds.append(play(here, environments, options.seconds, f"round {number} of {options.rounds}"))
    print(f"\n{CLIENTS} keep-alive clients, {len(rounds)} interleaved rounds, medians; {engine.durability(url)}")
    print_table(scenarios, rounds, left_out)
    failures = print_verdicts(judge(scenarios, rounds))
    errors = sum(figures.errors for played in rounds for figures in played.values())
    if errors:
        print(f"FAIL  {errors} answers were not the expected ones")
    failures += evening.compare() if options.only in evening.NAME else 0
    return 1 if failures or errors else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="measured time of one scenario in one round")
    parser.add_argument("--only", default="", help="scenarios whose name contains this, and what their bars refer to")
    parser.add_argument("--with-oscar", action="store_true", help="django-oscar too: installs it under var/, once")
    parser.add_argument("--with-history", action="store_true", help="five million older orders: minutes to load")
    return parser.parse_args()


def warn_when_busy() -> None:
    """Figures taken beside other work are low and its ratios wide; whoever reads them should know."""
    busy = psutil.cpu_percent(1)
    if busy > 20:
        print(f"Note: other work took {busy:.0f} % of this machine's CPU just before the start.")


def chosen(part: str) -> list[Entry]:
    """The entries whose name contains `part`, with the baselines their bars need, in the order of the list."""
    names = {one.name for one in SCENARIOS if part in one.name}
    bars = {one.name: {bar.of for bar in one.bars} for one in SCENARIOS if isinstance(one, Scenario)}
    while missing := set().union(*(bars.get(name, ()) for name in names)) - names:
        names |= missing
    return [one for one in SCENARIOS if one.name in names]


def _asked(option: str, options: argparse.Namespace) -> bool:
    return not option or getattr(options, option.removeprefix("--").replace("-", "_"))


def unasked(scenarios: Sequence[Entry], options: argparse.Namespace) -> dict[str, str]:
    """The optional apps that neither their option nor --only asks for, and what the table says about them."""
    return {
        one.app: f"optional, python -m bench {APPS[one.app].option}"
        for one in scenarios
        if not _asked(APPS[one.app].option, options) and not (options.only and options.only in one.name)
    }


def make_worlds(
    worlds: ExitStack, scenarios: Sequence[Entry], url: str, left_out: dict[str, str]
) -> dict[str, Environment]:
    """The environment of every app that is wanted and can be had; one that cannot joins `left_out`."""
    environments = {}
    for name in dict.fromkeys(one.app for one in scenarios if one.app not in left_out):
        try:
            environments[name] = worlds.enter_context(APPS[name].world(url))
        except LeftOut as reason:
            left_out[name] = str(reason)
    return environments


def play(scenarios: Sequence[Entry], environments: Mapping[str, Environment], seconds: float, title: str) -> Round:
    """One round: every scenario once, each run of neighbours on the same app with one server of their own."""
    played: Round = {}
    for (name, alone), entries in groupby(scenarios, key=lambda one: (one.app, isinstance(one, Statement))):
        app, environment = APPS[name], environments[name]
        with ExitStack() as running:
            server = None if alone else running.enter_context(serve(app.wsgi, environment, app.ready, app.python))
            for entry in entries:
                print(f"{title}: {entry.name}", file=sys.stderr, flush=True)
                url = engine.psycopg_url(environment["DATABASE_URL"])
                played[entry.name] = load(entry, server, url, seconds) if server else query(entry, url, seconds)
    return played


def query(statement: Statement, url: str, seconds: float) -> Figures:
    return engine.measure(url, statement.statements(url), clients=CLIENTS, seconds=seconds)


def load(scenario: Scenario, server: Server, url: str, seconds: float) -> Figures:
    return run(
        server.host,
        server.port,
        scenario.requests(server),
        expect=scenario.expect,
        clients=CLIENTS,
        seconds=seconds,
        pids=server.workers,
        postmaster=engine.postmaster(url),
    )


if __name__ == "__main__":
    sys.exit(main())
