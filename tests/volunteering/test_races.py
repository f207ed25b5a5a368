"""Many volunteers at once: one slot has one holder, k slots never k + 1, every task is done once."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.core.transaction import unit_of_work
from backend.volunteering.tasks import deadlines
from backend.volunteering.tasks.standing_down import household_affected
from tests.cast import READY
from tests.factories import groupbuy as g
from tests.factories import tasks as t
from tests.factories.crews import crew
from tests.factories.races import at_once, everyday_or

BUSY = {"taken", "already_yours", "overlap", "busy"}  # the last under load: ask again


def claim(hand, task_id):
    answer = hand.post(f"/tasks/{task_id}/claim")
    assert answer.status_code == 201 or answer.json["code"] in BUSY, answer.text
    return answer.json if answer.status_code == 201 else None


def holders(owner, task_id):
    query = "SELECT count(*) FROM task_claim WHERE task_id = %s AND lease_until IS NOT NULL"
    return owner.execute(query, [task_id]).fetchone()[0]


@pytest.mark.parametrize("rounds", everyday_or(1_000, everyday=15))
def test_sixteen_want_one_slot_and_give_it_back_and_want_it_again(world, app, owner, rounds):
    """Claim, release and reclaim mixed; a watcher counts the holders all the while."""
    hands, bad, rnd = crew(app, 16), [], random.Random(16)
    for _ in range(rounds):
        task_id = t.task(app, place=READY, minutes=1)
        gives_back = [rnd.random() < 0.7 for _ in hands]

        def play(hand, again, task_id=task_id):
            held = claim(hand, task_id)
            if held and again:
                g.ok(hand.post(f"/task-claims/{held['id']}/release", {"revision": 1}))
                held = claim(hand, task_id)
            return held

        got = at_once(*[lambda h=h, a=a: play(h, a) for h, a in zip(hands, gives_back, strict=True)])
        kept = [one for one in got if one]
        taken = owner.execute("SELECT taken FROM task WHERE id = %s", [task_id]).fetchone()[0]
        if (len(kept), holders(owner, task_id), taken) not in ((1, 1, 1), (0, 0, 0)):
            bad.append((task_id, len(kept), holders(owner, task_id), taken))
        for one in kept:
            who = next(hand for hand, held in zip(hands, got, strict=True) if held is one)
            g.ok(who.post(f"/task-claims/{one['id']}/release", {"revision": 1}))
    assert not bad and not g.sound(app)


@pytest.mark.parametrize("capacity", [1, 2, 5])
def test_k_slots_have_k_holders_and_never_one_more(world, app, owner, capacity):
    hands = crew(app, 12)
    task_id = t.task(app, place=READY, capacity=capacity)
    got = at_once(*[lambda hand=hand: claim(hand, task_id) for hand in hands])
    assert len([one for one in got if one]) == holders(owner, task_id) == capacity
    assert not g.sound(app)


def test_one_person_with_two_phones_takes_one_of_two_shifts_at_the_same_hour(world, app, owner):
    (hand,) = crew(app, 1)
    for _ in range(5):
        shifts = [t.shift(app), t.shift(app)]
        got = at_once(*[lambda one=one: claim(hand, one) for one in shifts])
        assert Counter(bool(one) for one in got) == {True: 1, False: 1}
        held = next(one for one in got if one)
        g.ok(hand.post(f"/task-claims/{held['id']}/release", {"revision": 1}))
    assert not g.sound(app)


@pytest.mark.parametrize(("people", "tasks"), [pytest.param(40, 200), pytest.param(200, 1_000, marks=pytest.mark.slow)])
def test_every_task_once(world, app, owner, people, tasks):
    """Each looks at what is offered and takes one of it, until nothing is left; 32 connections."""
    hands = crew(app, people)
    ids = [t.task(app, place=READY, minutes=1) for _ in range(tasks)]
    share, lost = tasks // people, []

    def work(hand):
        rnd, had = random.Random(hand.name), 0
        while had < share:
            offered = [one["id"] for one in g.ok(hand.get("/tasks/for-me"))["items"] if one["offered"]]
            if not offered:
                lost.append(hand.name)
                return
            had += claim(hand, rnd.choice(offered)) is not None

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(work, hands))
    held = owner.execute("SELECT task_id::text, count(*) FROM task_claim GROUP BY 1").fetchall()
    assert sorted(held) == sorted((task_id, 1) for task_id in ids) and not lost
    assert not g.sound(app)


def test_a_lease_that_runs_out_while_it_is_begun(world, app, owner):
    """Either the job or the tap comes first; the slot is counted once."""
    (hand,) = crew(app, 1)
    for _ in range(8):
        task_id = t.task(app, place=READY, minutes=1)
        held = claim(hand, task_id)
        owner.execute("UPDATE task_claim SET lease_until = now() WHERE id = %s", [held["id"]])

        def expires():
            with app.app_context():
                deadlines.expire_leases()

        def starts(held=held):
            return hand.post(f"/task-claims/{held['id']}/start", {"revision": 1}).status_code

        _, started = at_once(expires, starts)
        taken = owner.execute("SELECT taken FROM task WHERE id = %s", [task_id]).fetchone()[0]
        assert (started, taken) in ((200, 1), (409, 0))
        if started == 200:
            g.ok(hand.post(f"/task-claims/{held['id']}/fail", {"revision": 2, "failure": "not_home"}))
    assert not g.sound(app)


def test_a_contact_claims_in_the_very_moment(world, app, owner):
    """Whichever comes first: in the end they hold nothing."""
    home = g.home(app, "701", who="qian")
    volunteer = t.helper(app, "qian")
    for _ in range(6):
        task_id = t.task(app)

        def affected():
            with app.app_context(), unit_of_work():
                household_affected(home)

        at_once(lambda task_id=task_id: world.qian.post(f"/tasks/{task_id}/claim"), affected)
        assert holders(owner, task_id) == 0
        owner.execute("DELETE FROM stand_down WHERE volunteer_id = %s", [volunteer])
    assert not g.sound(app)
