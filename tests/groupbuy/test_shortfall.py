"""A truck that brings less than was ordered, under each policy, to the fen."""

import pytest

from tests.cast import DONGXIHU, MACHIDUN
from tests.factories import arrivals as a
from tests.factories import groupbuy as g

PORK = {"subsidy_fen": 300, "cap": 300}  # ¥10 a jin, ¥3 of which the district gives
# 600 jin are ordered, 479 come: what Mr He (200), 102 (150, lives alone), 103 (120, in hardship, sponsored by the
# community), 104 (80, pays at the door) and 105 (50) get.
POLICIES = {
    "first_come": (200, 150, 120, 9, 0),
    "pro_rata": (159, 120, 96, 64, 40),
    "one_each_first": (200, 150, 120, 8, 1),
    "vulnerable_first": (200, 150, 120, 9, 0),
}


def pork_of_five(world, app, policy):
    g.home(app, "101", who="he")
    campaign = g.opened(world, PORK, policy=policy, allows_on_delivery=True)
    he = g.ordered(world, "he", campaign, 200)
    a.online(world, he, 100_000)
    a.receipt(world, he, 30_000, "S-101a")
    a.receipt(world, he, 10_000, "S-101b", "transfer")
    return campaign, [
        he,
        a.neighbour(world, campaign, "102", 150, flags={"lives_alone": True}),
        a.neighbour(world, campaign, "103", 120, terms="sponsored", flags={"hardship": True}),
        a.neighbour(world, campaign, "104", 80, terms="on_delivery"),
        a.neighbour(world, campaign, "105", 50),
    ]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_truck_that_brings_less_than_was_ordered(world, app, owner, policy):
    campaign, orders = pork_of_five(world, app, policy)
    a.locked(world, owner, campaign)
    came = g.ok(a.truck(world, campaign, 479))
    assert (came["status"], came["items"][0]["short"], came["items"][0]["surplus"]) == ("arrived", 121, 0)
    shares = POLICIES[policy]
    assert a.got(world, orders) == [[n] for n in shares]
    shown = [a.show(world, order) for order in orders]
    assert [o["total_fen"] for o in shown] == [n * 1000 for n in shares]
    assert [o["subsidy_fen"] for o in shown] == [n * 300 for n in shares]
    assert [o["due_fen"] for o in shown] == [0 if at == 2 else n * 700 for at, n in enumerate(shares)]
    asked = [200, 150, 120, 80, 50]
    expected = ["full" if n == q else "part" if n else "none" for n, q in zip(shares, asked, strict=True)]
    assert [o["allocation"] for o in shown] == expected
    assert [o["status"] for o in shown] == ["refunded" if e == "none" else "allocated" for e in expected]
    # What was paid beyond that goes back; nothing to whoever pays at the door, or for whom the community pays.
    assert [sum(fen for _, fen in a.refunds(owner, o)) for o in orders] == [
        (q - n) * 700 * (at not in (2, 3)) for at, (q, n) in enumerate(zip(asked, shares, strict=True))
    ]
    assert a.balance(world, "campaign", campaign["id"], campaign) == -479_000
    assert a.balance(world, "subsidy", DONGXIHU, campaign) == 479 * 300
    assert a.balance(world, "fund", MACHIDUN, campaign) == shares[2] * 700
    a.sound(world)


def test_what_several_paid_goes_back_in_reverse_order_of_payment(world, app, owner):
    campaign, orders = pork_of_five(world, app, "pro_rata")
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign, 479))
    # 41 jin at ¥7 are ¥287: the transfer of ¥100 came last, before it ¥300 in cash; the first, online, is not touched.
    assert a.refunds(owner, orders[0]) == [("transfer", 10_000), ("cash", 18_700)]
    a.sound(world)


def test_each_household_reads_why_and_under_which_numbers_its_money_comes_back(world, app, owner):
    campaign, orders = pork_of_five(world, app, "one_each_first")
    assert a.told(world, orders[0], "he")["sentences"] == ["货还没有到。到货以后，这里会告诉您分到多少、为什么。"]
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign, 479))
    assert a.told(world, orders[0], "he")["sentences"] == ["您订了 200 斤猪肉，全部分到。"]
    last = a.told(world, orders[4])
    number = owner.execute("SELECT number FROM refund WHERE subject_id = %s", [orders[4]["id"]]).fetchone()[0]
    assert last["allocation"] == "part" and last["sentences"] == [
        "您订了 50 斤猪肉，分到 1 斤：到货少了 121 斤，按公布的规则先保每户 1 斤，再按下单先后。差额原路退回。",
        f"差额 ¥343.00 请向收款人领取现金，退款单号 {number}。",
    ]
    assert a.told(world, orders[3])["sentences"][0].endswith("没分到的不收钱。")
    assert world.other_grid.get(f"/orders/{orders[4]['id']}/explanation").status_code == 404


@pytest.mark.parametrize("policy", POLICIES)
def test_in_two_parts_nothing_is_taken_away_and_nothing_refunded_before_the_last(world, app, owner, policy):
    campaign, orders = pork_of_five(world, app, policy)
    a.locked(world, owner, campaign)
    first = g.ok(a.truck(world, campaign, 300, last=False))
    assert not first["all_arrived"] and first["items"][0]["arrived"] == 300
    before = a.got(world, orders)
    assert sum(n for (n,) in before) == 300
    assert all(not a.refunds(owner, order) for order in orders)
    shown = [a.show(world, order) for order in orders]
    complete = [n == q for (n,), q in zip(before, [200, 150, 120, 80, 50], strict=True)]
    assert [o["status"] for o in shown] == ["allocated" if whole else "locked" for whole in complete]
    assert [o["total_fen"] for o in shown] == [200_000, 150_000, 120_000, 80_000, 50_000]
    a.sound(world)
    g.ok(a.truck(world, campaign, 179))
    after = a.got(world, orders)
    assert all(then >= now for (now,), (then,) in zip(before, after, strict=True))
    if policy == "pro_rata":
        assert all(abs(n - w) <= 1 for (n,), w in zip(after, POLICIES[policy], strict=True))
    else:
        assert after == [[n] for n in POLICIES[policy]]
    a.sound(world)


def test_while_more_may_come_the_household_reads_that_it_still_waits(world, app, owner):
    campaign, orders = pork_of_five(world, app, "pro_rata")
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign, 300, last=False))
    sentences = a.told(world, orders[0], "he")["sentences"]
    assert sentences[0].endswith("其余的等下一批到货再分。") and sentences[-1] == (
        "您的订单还在等后面的货，等齐了再一起发放。"
    )


def test_the_second_truck_never_comes(world, app, owner):
    campaign, orders = pork_of_five(world, app, "first_come")
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign, 350, last=False))
    nothing = a.truck(world, campaign, last=False)
    assert (nothing.status_code, nothing.json["code"]) == (422, "nothing_arrived")
    done = g.ok(a.truck(world, campaign))
    assert done["all_arrived"] and len(done["lots"]) == 1
    assert a.got(world, orders) == [[200], [150], [0], [0], [0]]
    assert [a.show(world, o)["status"] for o in orders] == ["allocated"] * 2 + ["refunded"] * 3
    assert a.refunds(owner, orders[4]) == [("cash", 35_000)]
    assert a.balance(world, "fund", MACHIDUN, campaign) == 0
    assert "没有分到" in a.told(world, orders[4])["sentences"][0]
    a.sound(world)


def test_the_truck_that_never_came_at_all_gives_everyone_everything_back(world, app, owner):
    campaign, orders = pork_of_five(world, app, "pro_rata")
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign))
    assert {a.show(world, o)["status"] for o in orders} == {"refunded"}
    assert a.balance(world, "campaign", campaign["id"], campaign) == 0
    a.sound(world)


def test_the_suppliers_credit_is_split_to_the_fen_and_nobody_pays_for_nothing(world, app, owner):
    campaign = g.opened(world, {"cap": 9, "subsidy_fen": 100}, policy="first_come")
    orders = [a.neighbour(world, campaign, f"10{n}", q) for n, q in enumerate((7, 5, 3))]
    a.locked(world, owner, campaign)
    for refused in (2_999, 8_001):
        answer = a.truck(world, campaign, 7, shortfall_fen=refused)
        assert (answer.status_code, answer.json["code"]) == (422, "credit_out_of_bounds")
        assert (answer.json["least_fen"], answer.json["most_fen"]) == (8_000, 8_000)
    g.ok(a.truck(world, campaign, 7, shortfall_fen=8_000))
    assert a.got(world, orders) == [[7], [0], [0]]
    a.sound(world)


def test_a_credit_for_parts_is_split_by_largest_remainder(world, app, owner):
    campaign = g.opened(world, {"cap": 9, "subsidy_fen": 100}, policy="pro_rata")
    orders = [a.neighbour(world, campaign, f"10{n}", q) for n, q in enumerate((6, 6, 6))]
    a.locked(world, owner, campaign)
    early = a.truck(world, campaign, 9, shortfall_fen=5_000, last=False)
    assert (early.status_code, early.json["code"]) == (422, "credit_too_early")
    g.ok(a.truck(world, campaign, 15, shortfall_fen=1_000))
    totals = [a.show(world, o) for o in orders]
    assert sum(18_000 // 3 - o["total_fen"] for o in totals) == 1_000
    assert sorted(o["total_fen"] for o in totals) == [5_666, 5_667, 5_667]
    assert sorted(o["subsidy_fen"] for o in totals) == [567, 567, 567]
    a.sound(world)
