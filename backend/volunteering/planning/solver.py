"""The better plan: rounds instead of pairs. A round is what one carrier takes in the evening; a plan picks at most one
for each carrier, so that every stairwell is in one of them. There are far too many rounds to list, so the linear
programs (HiGHS) start from a few, and what a stairwell is worth there tells which further round would pay; a knapsack
finds it (column generation). When no round pays, the program's value is proven. A plan is then made by diving: the
round most wanted is settled, the prices are asked again, until all are.

The programs are small and solved to the end, on one thread with a fixed seed: the same evening gives the same plan. The
limit in seconds is a net for a slow machine or a large evening. Never worse than first come: the search begins with
the better of that and of a list with the hardest first, and returns it where it finds nothing better.
"""

import math
import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from backend.volunteering.planning.evening import Instance, Plan, finish, first_come, harder, weight, worth

SECONDS = 15.0
# By which part of them each aim has had its time: to carry more, to prove the bound, to end sooner.
CARRIED, PROVED, ENDED = 0.2, 0.5, 0.9
# Of float sums: what must be exceeded before a round pays, and before an end is said to be out of reach.
PAYS, PROVEN = 1e-6, 1e-3
LEFT_COSTS = 1000  # what leaving a pack costs while fairness is sought, in squared hours: more than it can ever save
ASKED, AGAIN = 40, 6  # how often the prices are asked at most before a dive, and after each round that is settled


class Round(NamedTuple):
    """What one carrier takes: both as positions in the instance; the stairwells as the bits of a number."""

    carrier: int
    stairwells: int

    def positions(self) -> list[int]:
        return [at for at in range(self.stairwells.bit_length()) if self.stairwells >> at & 1]


class Answer(NamedTuple):
    """The plan, first come beside it, and the minute before which no plan ends that carries as much."""

    plan: Plan
    greedy: Plan
    bound: int


def solve(instance: Instance, seconds: float = SECONDS) -> Answer:
    """Takes seconds, so it runs in a job and outside any transaction."""
    greedy = first_come(instance)
    start = min(greedy, first_come(hardest_first(instance)), key=lambda plan: worth(instance, plan))
    search, begun = Search(instance, start), time.monotonic()
    search.deadline = begun + CARRIED * seconds
    search.carry_more()
    search.deadline = begun + PROVED * seconds
    bound, within_reach = search.earliest()
    search.deadline = begun + ENDED * seconds
    search.end_sooner(within_reach)
    search.deadline = begun + seconds
    search.share_more_fairly()
    return Answer(search.best, greedy, bound)


def hardest_first(instance: Instance) -> Instance:
    """The same evening with another list: what few may take first, and of those what takes longest."""
    times: dict[UUID, list[int]] = {one.id: [] for one in instance.stairwells}
    for (_, one), cost in instance.costs.items():
        times[one].append(cost)
    hardest = sorted(instance.stairwells, key=lambda one: (len(times[one.id]), -min(times[one.id], default=0)))
    return Instance(instance.carriers, hardest)


class Search:
    """The best plan so far, and the rounds met on the way to it: minutes by round."""

    deadline = 0.0

    def __init__(self, instance: Instance, plan: Plan) -> None:
        # Imported here, because only whoever computes a plan needs the solver and its numpy, 20 MB of memory.
        import highspy
        import numpy

        self.highspy, self.numpy = highspy, numpy
        self.instance, self.best = instance, plan
        costs = instance.costs
        self.weights = [weight(one) for one in instance.stairwells]
        self.options = [
            [(at, costs[who.id, one.id]) for at, one in enumerate(instance.stairwells) if (who.id, one.id) in costs]
            for who in instance.carriers
        ]
        self.pool: dict[Round, int] = {}
        position = {one.id: at for at, one in enumerate(instance.stairwells)}
        for at, who in enumerate(instance.carriers):
            if mine := plan.of(who.id):
                self.met(Round(at, sum(1 << position[one] for one in mine)))

    def met(self, taken: Round) -> bool:
        """Whether the round is new."""
        if taken in self.pool:
            return False
        costs = dict(self.options[taken.carrier])
        self.pool[taken] = sum(costs[at] for at in taken.positions())
        return True

    def late(self) -> bool:
        return time.monotonic() > self.deadline

    def minutes(self, carrier: int, until: int) -> int:
        """What a carrier can do before the given minute."""
        who = self.instance.carriers[carrier]
        return min(who.minutes, until - who.free_at)

    def carry_more(self) -> None:
        """Where first come leaves something behind that somebody could have carried."""
        may = {at for options in self.options for at, _ in options}
        if worth(self.instance, self.best).left > sum(w for at, w in enumerate(self.weights) if at not in may):
            self.dive(max(who.free_at + who.minutes for who in self.instance.carriers))

    def earliest(self) -> tuple[int, int]:
        """The bound: no plan that leaves as little behind ends before this minute; and the first minute that is not
        known to be out of reach, the same unless time ran out. By halving: an end that the linear program, free to
        split rounds among people, cannot meet is out of reach of every plan."""
        low, high, left = 0, finish(self.instance, self.best), worth(self.instance, self.best).left
        while low < high and not self.late():
            middle = (low + high) // 2
            if self.out_of_reach(middle, left):
                low = middle + 1
            elif not self.late():
                high = middle
        return low, high

    def out_of_reach(self, until: int, left: int) -> bool:
        """Proven by the prices alone, whatever the solver made of them: what they sum to, less the best that each
        carrier can gain, is left behind by every plan that ends in time."""
        program = Program(self, until)
        while program.run() > left + PROVEN and not self.late():
            paid, bound = program.price()
            if bound > left + PROVEN:
                return True
            if not paid:
                return False
        return False

    def end_sooner(self, until: int) -> None:
        """Dives at the bound, then a little above it, until a plan carries as much."""
        left = worth(self.instance, self.best).left
        while until < finish(self.instance, self.best) and not self.late():
            self.dive(until, left)
            until += max(1, until // 100)

    def share_more_fairly(self) -> None:
        self.dive(finish(self.instance, self.best), fair=True)

    def dive(self, until: int, left: int = 0, fair: bool = False) -> None:
        program = Program(self, until, fair)
        asks = ASKED
        while not self.late():
            for _ in range(asks):
                if program.run() <= left + PAYS or self.late() or not program.price()[0]:
                    break
            if program.settle():
                self.best = min(self.best, program.plan(), key=lambda plan: worth(self.instance, plan))
                return
            asks = AGAIN


class Program:
    """The linear program over the rounds met so far that end in time: as little as possible is left behind or, `fair`,
    as little as possible is asked of those who have given most this week."""

    def __init__(self, search: Search, until: int, fair: bool = False) -> None:
        self.search, self.until, self.fair = search, until, fair
        self.penalties = [float(packs * (LEFT_COSTS if fair else 1)) for packs in search.weights]
        self.rounds: list[Round] = []
        self.settled: set[Round] = set()
        self.numpy, self.highs = search.numpy, search.highspy.Highs()
        self.highs.silent()
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("random_seed", 1)
        for _ in self.penalties:
            self.highs.addRow(1.0, 1.0, 0, [], [])  # each stairwell is in one round, or left behind
        for _ in search.options:
            self.highs.addRow(0.0, 1.0, 0, [], [])  # each carrier has at most one round
        for at, penalty in enumerate(self.penalties):
            self.highs.addCol(penalty, 0.0, 1.0, 1, [at], [1.0])
        for taken, minutes in search.pool.items():
            if minutes <= search.minutes(taken.carrier, until):
                self.enter(taken)

    def enter(self, taken: Round) -> None:
        rows = [*taken.positions(), len(self.penalties) + taken.carrier]
        cost = self.cost(taken.carrier, self.search.pool[taken])
        self.highs.addCol(cost, 0.0, 1.0, len(rows), rows, [1.0] * len(rows))
        self.rounds.append(taken)

    def cost(self, carrier: int, minutes: Any) -> Any:
        return harder(self.search.instance.carriers[carrier], minutes) / 3600 if self.fair else 0.0

    def run(self) -> float:
        self.highs.run()
        return self.highs.getInfo().objective_function_value

    def price(self) -> tuple[bool, float]:
        """Adds each carrier's best round where it pays. Whether one did, and what every plan leaves behind at least:
        that holds for any prices not above what leaving costs, so that no rounding of the solver's can make it
        untrue."""
        duals = list(self.highs.getSolution().row_dual)
        prices = [min(dual, penalty) for dual, penalty in zip(duals, self.penalties, strict=False)]
        paid, bound = False, sum(prices)
        done = {at for taken in self.settled for at in taken.positions()}
        prices = [0.0 if at in done else price for at, price in enumerate(prices)]
        for carrier in set(range(len(self.search.options))) - {taken.carrier for taken in self.settled}:
            gain, taken = self.best(carrier, prices)
            bound -= gain
            if gain + duals[len(prices) + carrier] > PAYS and self.search.met(taken):
                self.enter(taken)
                paid = True
        return paid, bound

    def best(self, carrier: int, prices: Sequence[float]) -> tuple[float, Round]:
        """The round of a carrier that is worth most at these prices: a knapsack by minutes."""
        most = max(0, self.search.minutes(carrier, self.until))
        gains = self.numpy.full(most + 1, -math.inf)  # the most that so many minutes, all spent, can gain
        gains[0] = 0.0
        steps = []
        for at, cost in self.search.options[carrier]:
            if (price := prices[at]) > 0 and cost <= most:
                with_it = gains[: most + 1 - cost] + price
                steps.append((at, cost, with_it > gains[cost:]))
                self.numpy.maximum(gains[cost:], with_it, out=gains[cost:])
        gains -= self.cost(carrier, self.numpy.arange(most + 1))
        minutes = int(gains.argmax())
        gain, stairwells = float(gains[minutes]), 0
        for at, cost, took in reversed(steps):
            if minutes >= cost and took[minutes - cost]:
                stairwells, minutes = stairwells | 1 << at, minutes - cost
        return gain, Round(carrier, stairwells)

    def settle(self) -> bool:
        """Settles the rounds that are whole and, of those in parts, the one most wanted. True when none is in parts."""
        values = list(self.highs.getSolution().col_value)[len(self.penalties) :]
        parts = [(value, -at) for at, value in enumerate(values) if PAYS < value < 1 - PAYS]
        if not parts:
            return True
        for at in [-max(parts)[1], *(at for at, value in enumerate(values) if value >= 1 - PAYS)]:
            self.highs.changeColBounds(len(self.penalties) + at, 1.0, 1.0)
            self.settled.add(self.rounds[at])
        return False

    def plan(self) -> Plan:
        """What the whole rounds say."""
        carriers, stairwells = self.search.instance.carriers, self.search.instance.stairwells
        values = list(self.highs.getSolution().col_value)[len(self.penalties) :]
        taken = [each for each, value in zip(self.rounds, values, strict=True) if value > 0.5]
        return Plan({stairwells[at].id: carriers[each.carrier].id for each in taken for at in each.positions()})
