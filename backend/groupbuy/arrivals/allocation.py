"""Less came than was ordered: who gets how much, under the policy published before the first order.

Every policy is deterministic. "By time" is by (placed_at, seq, line id), so the order in which the claims are read
decides nothing. All that came is given away, up to what was asked.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self
from uuid import UUID

from backend.groupbuy.pricing import largest_remainder

# The flags of a household that `vulnerable_first` serves before the others; its sentence names the same four.
VULNERABLE = ("hardship", "medical_family", "lives_alone", "chronic_illness")


class Policy(StrEnum):
    """The word in the database, its label, what is said before the first order, and how an explanation names it."""

    label: str
    sentence: str
    rule: str

    def __new__(cls, value: str, label: str = "", sentence: str = "", rule: str = "") -> Self:
        policy = str.__new__(cls, value)
        policy._value_, policy.label, policy.sentence, policy.rule = value, label, sentence, rule
        return policy

    FIRST_COME = (
        "first_come",
        "先到先得",
        "到货不够时，按下单先后分：先下单的先分足，分完为止。",
        "按下单先后",
    )
    PRO_RATA = (
        "pro_rata",
        "按比例",
        "到货不够时，各户按所订数量同比例减少；不满一份的零头，余数大的先得，一样大的先下单先得。",
        "按所订数量同比例减少",
    )
    ONE_EACH_FIRST = (
        "one_each_first",
        "先保每户一份",
        "到货不够时，先按下单先后保每户一份，余下的再按下单先后逐户补足。",
        "先保每户 1 {share}，再按下单先后",
    )
    VULNERABLE_FIRST = (
        "vulnerable_first",
        "困难优先",
        "到货不够时，困难户、医护家属、独居和慢性病家庭先分足，其他各户再分；先后都按下单时间。",
        "困难优先，其他各户再按下单先后",
    )


class Claim(NamedTuple):
    """A line of an order that competes for an item's shares."""

    line_id: UUID
    household_id: UUID
    asked: int
    placed_at: datetime
    seq: int = 0
    vulnerable: bool = False


Got = dict[UUID, int]  # line → shares
Turns = list[tuple[Claim, int]]  # whose turn it is, for at most how many shares


def allocate(policy: Policy, available: int, claims: Sequence[Claim], already: Mapping[UUID, int] | None = None) -> Got:
    """How many shares each line has in all, once `available` more are given away.

    When goods arrive in parts, `already` is what the lines were given before: it is never taken away, and only what
    came since is `available`. Under `first_come`, `one_each_first` and `vulnerable_first` the parts then come to
    exactly what the whole in one arrival would, as long as the claims are the same ones. `pro_rata` splits each part
    by what is still missing: each line is within one share of its exact part after one arrival and within two after
    two, since a rounding once given cannot be taken back.
    """
    _check(available, claims, already or {})
    queue = sorted(claims, key=lambda claim: (claim.placed_at, claim.seq, claim.line_id))
    got = {claim.line_id: (already or {}).get(claim.line_id, 0) for claim in queue}
    for claim, at_most in _TURNS[policy](queue, got, available):
        given = min(at_most, claim.asked - got[claim.line_id], available)
        got[claim.line_id] += given
        available -= given
    return got


def _check(available: int, claims: Sequence[Claim], already: Mapping[UUID, int]) -> None:
    asked = {claim.line_id: claim.asked for claim in claims}
    if available < 0 or len(asked) < len(claims) or min(asked.values(), default=0) < 0:
        raise ValueError("shares are never negative, and a line claims once")
    if any(not 0 <= shares <= asked.get(line, 0) for line, shares in already.items()):
        raise ValueError("a line holds more than it asks for, or asks for nothing any more")


def _first_come(queue: Sequence[Claim], got: Got, available: int) -> Turns:
    """By time, each all it asked for, as long as there is some."""
    return [(claim, claim.asked) for claim in queue]


def _pro_rata(queue: Sequence[Claim], got: Got, available: int) -> Turns:
    """In proportion to what each still misses, by largest remainder, of equal remainders the earlier first."""
    missing = [claim.asked - got[claim.line_id] for claim in queue]
    parts = largest_remainder(min(available, sum(missing)), missing)
    return list(zip(queue, parts, strict=True))


def _one_each_first(queue: Sequence[Claim], got: Got, available: int) -> Turns:
    """One share for each household that has none yet, by time of its first line; what is left after that fills up
    line by line, again by time: the second share of an early order comes before the second of a later one."""
    served = {claim.household_id for claim in queue if got[claim.line_id]}
    firsts: Turns = []
    for claim in queue:
        if claim.asked and claim.household_id not in served:
            served.add(claim.household_id)
            firsts.append((claim, 1))
    return firsts + _first_come(queue, got, available)


def _vulnerable_first(queue: Sequence[Claim], got: Got, available: int) -> Turns:
    """All that the vulnerable households asked for, by time; then the others', by time."""
    return _first_come(sorted(queue, key=lambda claim: not claim.vulnerable), got, available)  # stable: stays by time


_TURNS: dict[Policy, Callable[[Sequence[Claim], Got, int], Turns]] = {
    Policy.FIRST_COME: _first_come,
    Policy.PRO_RATA: _pro_rata,
    Policy.ONE_EACH_FIRST: _one_each_first,
    Policy.VULNERABLE_FIRST: _vulnerable_first,
}

# --- What each person is told -----------------------------------------------------------------------------------

# What becomes of the missing shares: they were paid, they were to be paid at the door, or more goods are to come.
REFUNDED = "差额原路退回。"
NOT_CHARGED = "没分到的不收钱。"
AWAITED = "其余的等下一批到货再分。"


def explain(
    policy: Policy, item_name: str, share_label: str, asked: int, got: int, short: int, then: str = REFUNDED
) -> str:
    """Why this line got what it got. `short`: how many shares fewer came than all have ordered."""
    ordered = f"您订了 {asked} {share_label}{item_name}"
    if got == asked:
        return f"{ordered}，全部分到。"
    outcome = f"分到 {got} {share_label}" if got else "这次没有分到"
    rule = policy.rule.format(share=share_label)
    return f"{ordered}，{outcome}：到货少了 {short} {share_label}，按公布的规则{rule}。{then}"
