"""The evening plan beside first come: 700 packs, 60 stairwells, 25 volunteers, on several made-up evenings. No server
and no database: what is measured is the search."""

import random
import time
from uuid import UUID

from backend.volunteering.planning.evening import Carrier, Instance, Stairwell, carry_minutes, finish, unevenness
from backend.volunteering.planning.solver import solve

COMMUNITY = "420112004007"
PACKS, STAIRWELLS, VOLUNTEERS, EVENINGS = 700, 60, 25, 8
NAME = "evening plan"
SECONDS, ABOVE_BOUND = 5.0, 0.05  # the bars


def evening(seed: int, packs: int = PACKS, stairwells: int = STAIRWELLS, volunteers: int = VOLUNTEERS) -> Instance:
    """Three compounds, houses of three stairwells with and without a lift, packs of 4 to 6 kg; volunteers who have
    one to three hours, some of whom come later, stay below the sixth floor, enter few compounds or carry little."""
    chance = random.Random(seed)
    floors = [chance.choice([5, 6, 6, 7, 11, 18]) for _ in range(stairwells // 3 + 1)]
    shares = [chance.randint(4, 20) for _ in range(stairwells)]
    loads = [max(1, share * packs // sum(shares)) for share in shares]
    for at in range(packs - sum(loads)):
        loads[at % stairwells] += 1
    return Instance(
        [_carrier(chance, number) for number in range(volunteers)],
        [_stairwell(chance, number, load, floors[number // 3]) for number, load in enumerate(loads)],
    )


def _stairwell(chance: random.Random, number: int, packs: int, floor: int) -> Stairwell:
    grams = chance.choice([4000, 5000, 6000])
    minutes = carry_minutes(packs, packs * grams, floor)
    return Stairwell(UUID(int=number), _unit(number), packs, packs * grams, grams, floor, minutes)


def _unit(number: int) -> str:
    return f"{COMMUNITY}-{number // 21 + 1:03}-{number // 3 % 7 + 1:03}-{number % 3 + 1:03}"


def _carrier(chance: random.Random, number: int) -> Carrier:
    everywhere, two = [COMMUNITY], [f"{COMMUNITY}-{chance.randint(1, 3):03}" for _ in range(2)]
    return Carrier(
        id=UUID(int=1000 + number),
        minutes=chance.choice([90, 120, 120, 150, 180]),
        week=chance.randrange(600),
        base=_unit(chance.randrange(60)),
        enters=everywhere if chance.random() < 0.7 else two,
        free_at=chance.choice([0, 0, 0, 0, 15, 30]),
        max_floor=chance.choice([None, None, None, None, 6, 5]),
        carry_grams=chance.choice([None, 10_000, 20_000]),
    )


def compare() -> int:
    """Prints each evening and the verdicts; returns how many bars were missed."""
    print(
        f"\nthe evening plan, {PACKS} packs, {STAIRWELLS} stairwells, {VOLUNTEERS} volunteers: minutes to the last door"
    )
    print(f"{'':<12}{'first come':>12}{'plan':>8}{'bound':>8}{'above it':>10}{'unevenness':>12}{'seconds':>10}")
    above, slowest = 0.0, 0.0
    for seed in range(EVENINGS):
        instance, begun = evening(seed), time.perf_counter()
        plan, greedy, bound = solve(instance)
        took, ends = time.perf_counter() - begun, finish(instance, plan)
        fairer = unevenness(instance, plan) / unevenness(instance, greedy)
        print(f"evening {seed + 1:<4}{finish(instance, greedy):>12}{ends:>8}{bound:>8}{ends / bound - 1:>10.1%}"
              f"{fairer:>12.2f}{took:>10.2f}")  # fmt: skip
        above, slowest = max(above, ends / bound - 1), max(slowest, took)
    bars = ((f"the plan's end is {above:.1%} above the bound at most", above <= ABOVE_BOUND, f"{ABOVE_BOUND:.0%}"),
            (f"a plan takes {slowest:.2f} s at most", slowest < SECONDS, f"{SECONDS:.0f} s"))  # fmt: skip
    for words, met, bar in bars:
        print(f"{'PASS' if met else 'FAIL'}  {words}, bar {bar}")
    return sum(not met for _, met, _ in bars)
