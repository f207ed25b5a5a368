"""Two or more real connections at once: whoever comes second finds what the first has done, and nothing is doubled."""

import random
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest

from backend.cases import service as cases
from backend.cases.models import Category
from backend.core import clock, invariants
from backend.core.errors import DomainError
from backend.core.transaction import unit_of_work
from tests.cast import DONGXIHU, READY, SECOND
from tests.factories import applications as a
from tests.factories.world import actor

ROUNDS = 10


@pytest.fixture
def nothing_is_broken(world, app):
    def check():
        with app.app_context():
            assert not {name: n for name, n in invariants.counts().items() if n}

    yield check
    check()


def race(*works):
    """All works at once, each in a thread of its own; what each returned or was refused with."""
    start = threading.Barrier(len(works))
    results = [None] * len(works)

    def run(at, work):
        start.wait()
        time.sleep(random.random() / 200)  # up to 5 ms: every order comes up
        results[at] = work()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def posting(hand, path, body):
    def work():
        answer = hand.post(path, body)
        return answer.status_code, answer.json

    return work


def verb(app, name, call):
    """A verb by a person in a transaction of its own, as the HTTP edge would run it."""

    def work():
        with app.app_context():
            try:
                with unit_of_work():
                    return call(actor(name))
            except DomainError as refusal:
                return refusal

    return work


def step(world, who, application, action, **more):
    body = {"revision": application["revision"], **more}
    return posting(world.hand(who), f"/certifications/{application['id']}/{action}", body)


def steps_of(owner, application):
    query = "SELECT action FROM audit_event WHERE subject_id = %s ORDER BY at"
    return [action for (action,) in owner.execute(query, [application["id"]])]


def confirmed(app, unit=READY, category=Category.CONFIRMED):
    return verb(app, "chen", lambda chen: cases.record(chen, unit, category, clock.today(), "疾控通报").place_code)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_approve_races_withdraw(round, world, owner, nothing_is_broken):
    application = a.filed(world)
    outcomes = race(step(world, "zhao", application, "approve"), step(world, "wang", application, "withdraw"))
    assert sorted(status for status, _ in outcomes) == [200, 409]
    winner = "approve" if outcomes[0][0] == 200 else "withdraw"
    assert steps_of(owner, application) == ["submit", winner]
    loser = next(body for status, body in outcomes if status == 409)
    assert (loser["code"], loser["revision"]) == ("stale", application["revision"] + 1)


@pytest.mark.parametrize("one, other", [("approve", "approve"), ("approve", "reject"), ("take-up", "approve")])
@pytest.mark.parametrize("round", range(ROUNDS // 2))
def test_two_reviewers_race(round, one, other, world, owner, nothing_is_broken):
    application = a.filed(world)
    outcomes = race(
        step(world, "zhao", application, one, reason="不实"), step(world, "sun", application, other, reason="不实")
    )
    assert sorted(status for status, _ in outcomes) == [200, 409]
    assert len(steps_of(owner, application)) == 2


@pytest.mark.parametrize(
    "category, due",
    [(Category.CONFIRMED, {"revoked", "rejected"}), (Category.SUSPECTED, {"suspended", "notice_frozen"})],
)
@pytest.mark.parametrize("round", range(ROUNDS))
def test_certify_races_a_new_case(round, category, due, world, app, owner, nothing_is_broken):
    """Whichever comes first: with a confirmed case it is never certified after, with a suspected one never free."""
    application = a.notice_over(world, owner)
    certify = step(world, "zhou", application, "certify")
    outcomes = race(certify, confirmed(app, category=category))
    assert outcomes[1] == READY, outcomes[1]
    assert outcomes[0][0] in (200, 409, 422), outcomes[0]
    assert a.now(world, application)["status"] in due


@pytest.mark.parametrize("round", range(ROUNDS))
def test_applying_races_a_new_case(round, world, app, owner, nothing_is_broken):
    """Refused, or filed and then rejected: an application never lives with a case it does not know."""
    apply = posting(world.wang, "/certifications", {"unit": READY})
    (status, body), recorded = race(apply, confirmed(app))
    assert recorded == READY, recorded
    assert status in (201, 422), body
    if status == 201:
        assert a.now(world, body)["status"] == "rejected"
    else:
        assert body["code"] == "not_ready"
        assert owner.execute("SELECT count(*) FROM application").fetchone() == (0,)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_resubmitting_races_a_new_case(round, world, app, nothing_is_broken):
    application = a.returned(world)
    resubmit = step(world, "wang", application, "resubmit", answers={})
    status, body = race(resubmit, confirmed(app))[0]
    assert status in (200, 409, 422), body
    assert a.now(world, application)["status"] == "rejected"


@pytest.mark.parametrize("round", range(ROUNDS // 2))
def test_two_signatures_race(round, world, app, owner, nothing_is_broken):
    """One batch of the day, each unit in it once."""
    ready = [a.notice_over(world, owner, unit) for unit in (READY, SECOND)]
    sign = {"district": DONGXIHU}
    outcomes = race(
        posting(world.zhou, "/certification-batches", sign), posting(world.wu, "/certification-batches", sign)
    )
    assert [status for status, _ in outcomes] == [200, 200], outcomes
    signed = [c["id"] for _, body in outcomes for c in body["certified"]]
    assert sorted(signed) == sorted(application["id"] for application in ready)
    assert owner.execute("SELECT count(*) FROM batch").fetchone() == (1,)
    for application in ready:
        assert steps_of(owner, application).count("certify") == 1


@pytest.mark.parametrize("round", range(ROUNDS // 2))
def test_an_objection_races_the_certificate(round, world, owner, nothing_is_broken):
    """Either it is refused because the notice is over, or no certificate is given before it is answered."""
    application = a.notice_over(world, owner)
    raise_it = posting(world.public, f"/public/notices/{application['id']}/objections", {"text": "三号楼没有消杀。"})
    outcomes = race(step(world, "zhou", application, "certify"), raise_it)
    assert [status for status, _ in outcomes] in ([200, 409], [422, 201]), outcomes


@pytest.mark.parametrize("round", range(ROUNDS // 2))
def test_two_exclusions_race(round, world, app, owner, nothing_is_broken):
    """Of two suspicions lifted at once one is the last: the certificate is back, and only once."""
    application = a.certified(world, owner)
    events = [a.case(world), a.case(world, "fever")]

    def lift(event):
        body = {"outcome": "excluded", "outcome_on": clock.today().isoformat(), "reason": "两次核酸阴性"}
        return posting(world.li, f"/case-events/{event['id']}/close", body)

    assert [status for status, _ in race(*map(lift, events))] == [200, 200]
    assert a.now(world, application)["status"] == "certified"
    assert steps_of(owner, application)[-2:] == ["suspend", "restore"]


def test_sixteen_clicks_make_one_application_a_hundred_times(world, nothing_is_broken):
    """Each click with a key of its own, by the two who may file: one 201, the others 409, and nothing broken."""
    hands = [world.wang, world.li] * 8
    for _ in range(100):
        outcomes = race(*[posting(hand, "/certifications", {"unit": READY}) for hand in hands])
        assert Counter(status for status, _ in outcomes) == {201: 1, 409: 15}, outcomes
        assert {body["code"] for status, body in outcomes if status == 409} == {"application_exists"}
        nothing_is_broken()
        filed = next(body for status, body in outcomes if status == 201)
        a.act(world, "wang", filed, "withdraw")


def test_the_time_of_a_step_is_when_the_lock_was_had(world, app, owner):
    """Not when the wait for it began: what another transaction held up does not count as past."""
    application = a.approved(world)
    with owner.transaction():
        owner.execute("SELECT FROM application FOR UPDATE")
        publish = step(world, "zhou", application, "publish", contact=a.OFFICE)
        waiting = threading.Thread(target=lambda: published.append(publish()))
        published = []
        waiting.start()
        time.sleep(0.6)
        freed = owner.execute("SELECT clock_timestamp()").fetchone()[0]
    waiting.join()
    assert published[0][0] == 200
    starts, ends = owner.execute("SELECT notice_starts_at, notice_ends_at FROM application").fetchone()
    assert starts >= freed and ends - starts == timedelta(hours=72)
