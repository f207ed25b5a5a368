"""Refunds: back to whoever paid, the last first, to the fen; never twice, never more than was paid."""

import uuid

import pytest
from sqlalchemy import event

from backend.core.errors import Conflict, DomainError
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.integrations.payments import NoAnswer, State
from backend.payments import deadlines, refunds, service
from tests.cast import MACHIDUN
from tests.factories.groupbuy import donated
from tests.factories.payments import console, ok, poll, service_actor, work_off
from tests.factories.races import at_once
from tests.factories.world import user_id

HOUSE = service_actor()


def of(owner, thing):
    query = "SELECT method, amount_fen, status, attempts, number FROM refund WHERE subject_id = %s ORDER BY id"
    return owner.execute(query, [thing.id]).fetchall()


def at_provider(owner, number):
    """What the console has given back for one of our refund numbers, and how often it was asked under another."""
    query = "SELECT refund_number, amount_fen FROM console_refund WHERE number = %s"
    return owner.execute(query, [number]).fetchall()


def waiting(shop, who="tuan", **query):
    return ok(shop.cast.hand(who).get("/refunds", **query))["items"]


def hand_back(shop, refund, receipt="退1", who="tuan"):
    return shop.cast.hand(who).post(f"/refunds/{refund['id']}/hand-back", {"receipt": receipt})


def test_parts_by_three_payers_go_back_in_reverse_order_to_the_fen(shop, app, owner):
    thing = shop.thing(10_000, family=("he", "ma", "niu"))
    paid = [shop.paid(thing, who, amount_fen=fen) for who, fen in (("he", 3333), ("ma", 3334), ("niu", 3333))]
    assert thing.settled == 1
    shop.reduce(thing, 5001)
    work_off(app, owner)
    assert [(fen, status) for _, fen, status, _, _ in of(owner, thing)] == [(3333, "succeeded"), (1668, "succeeded")]
    left = ok(shop.cast.he.get(f"/orders/{thing.id}/payments"))["items"]
    assert {p["id"]: p["refunded_fen"] for p in left} == {paid[0]["id"]: 0, paid[1]["id"]: 1668, paid[2]["id"]: 3333}
    shop.reduce(thing, 4999)
    work_off(app, owner)
    assert sum(fen for _, fen, *_ in of(owner, thing)) == 10_000
    assert len({number for *_, number in of(owner, thing)}) == 4
    assert (shop.balance("merchant", "wechat"), shop.balance("household", thing.household_id)) == (0, 0)


def test_each_kind_of_money_goes_back_where_it_came_from(shop, app, owner):
    donated(app)
    thing = shop.thing(1000)
    shop.paid(thing, amount_fen=400)
    for n, (method, who, fen) in enumerate(
        (("cash", "tuan", 300), ("community_transfer", "li", 200), ("sponsored", "chen", 100))
    ):
        ok(shop.receive(thing, f"r{n}", fen, method, who), 201)
    shop.reduce(thing, 1000)
    work_off(app, owner)
    assert {(m, status) for m, _, status, *_ in of(owner, thing)} == {
        ("wechat", "succeeded"), ("cash", "pending"), ("community_transfer", "pending"), ("sponsored", "succeeded"),
    }  # fmt: skip
    assert (shop.balance("fund", MACHIDUN), shop.balance("merchant", "wechat")) == (0, 0)
    assert shop.balance("household", thing.household_id) == -500  # we still owe what waits to be handed back
    by_method = {r["method"]: r for r in waiting(shop, "li", status="pending")}
    assert hand_back(shop, by_method["community_transfer"]).status_code == 403  # not the organiser's account
    ok(hand_back(shop, by_method["community_transfer"], "退2", "li"))
    ok(hand_back(shop, by_method["cash"], "退3"))
    assert (shop.balance("community_float", MACHIDUN), shop.balance("household", thing.household_id)) == (0, 0)
    with app.app_context():
        assert service.outstanding(shop.book_id).clear


def test_cash_waits_until_it_is_handed_back_against_a_receipt(shop, app):
    thing = shop.thing(1000)
    ok(shop.receive(thing, "0001", 1000), 201)
    shop.reduce(thing, 400)
    (refund,) = waiting(shop)
    assert (refund["status"], refund["allowed_actions"], refund["cause"]) == ("pending", ["hand_back"], "cancelled")
    for who, status in {"tuan2": 404, "ma": 403, "other_secretary": 404}.items():
        assert hand_back(shop, refund, who=who).status_code == status, who
    assert waiting(shop, "tuan2") == [] and waiting(shop, "other_secretary") == []
    done = ok(hand_back(shop, refund))
    assert (done["status"], done["receipt"], done["allowed_actions"]) == ("succeeded", "退1", [])
    with app.app_context():
        tuan = user_id("tuan")
    assert (shop.balance("organiser", tuan), shop.balance("household", thing.household_id)) == (600, 0)
    assert hand_back(shop, refund, "退9").status_code == 409
    shop.reduce(thing, 100)
    assert hand_back(shop, waiting(shop, status="pending")[0], "退1").json["code"] == "receipt_used"


def test_two_who_hand_back_at_once_hand_back_once(shop):
    thing = shop.thing(1000)
    ok(shop.receive(thing, "0001", 1000), 201)
    shop.reduce(thing, 1000)
    (refund,) = waiting(shop)
    answers = at_once(*(lambda n=n: hand_back(shop, refund, f"r{n}") for n in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


def test_what_went_back_online_is_not_also_handed_back(shop, app, owner):
    thing = shop.thing(1000)
    shop.behave(shop.paid(thing), "slow")
    shop.reduce(thing, 1000)
    (refund,) = waiting(shop, "li")
    assert refund["allowed_actions"] == [] and hand_back(shop, refund, who="li").json["code"] == "refunded_online"
    work_off(app, owner)
    assert hand_back(shop, refund, who="li").json["code"] == "not_now"


def test_refunds_beyond_what_was_paid_under_concurrency(shop, app, owner):
    """Eight at once, each of 300 out of 1,000: three are had, the rest refused; real connections, one barrier."""
    thing = shop.thing(1000)
    shop.paid(thing)

    def give_back():
        try:
            with app.app_context(), unit_of_work():
                service.refund(HOUSE, "order", thing.id, 300, "claim")
            return "issued"
        except Conflict as refusal:
            return refusal.code

    outcomes = at_once(*[give_back] * 8)
    assert sorted(outcomes) == ["issued"] * 3 + ["more_than_paid"] * 5
    work_off(app, owner)
    assert [fen for _, fen, *_ in of(owner, thing)] == [300] * 3
    with app.app_context(), unit_of_work():  # what was given back is due again, for the order costs what it did
        assert service.paid([thing.id]) == {thing.id: 100}


def test_many_at_once_take_no_more_than_there_is_either(shop, app, owner):
    """Even were the subjects' rows not held: the payments' own are."""
    thing = shop.thing(1000)
    shop.paid(thing)

    def give_back():
        try:
            with app.app_context(), unit_of_work():
                return len(service.refund_many("order", [(thing.id, 300)], "claim"))
        except Conflict as refusal:
            return refusal.code

    assert sorted(map(str, at_once(*[give_back] * 8))) == ["1"] * 3 + ["more_than_paid"] * 5
    assert [fen for _, fen, *_ in of(owner, thing)] == [300] * 3


def test_nothing_and_less_than_nothing(shop, app):
    thing = shop.thing(1000)
    shop.paid(thing)
    with app.app_context(), unit_of_work():
        assert service.refund(HOUSE, "order", thing.id, 0, "claim") == []
    with app.app_context(), pytest.raises(DomainError, match="negative_refund"), unit_of_work():
        service.refund(HOUSE, "order", thing.id, -1, "claim")
    with app.app_context(), pytest.raises(Conflict, match="more_than_paid"), unit_of_work():
        service.refund_many("order", [(thing.id, 600), (thing.id, 401)], "claim")


def test_many_are_refunded_in_a_constant_number_of_statements_and_one_job(shop, app, owner):
    donated(app)

    def counted(number):
        things = [shop.thing(1000) for _ in range(number)]
        for n, thing in enumerate(things):
            method = ("cash", "sponsored")[n % 2]
            ok(shop.receive(thing, f"{thing.id}"[-12:], 1000, method, "li"), 201)
        said = []
        with app.app_context(), unit_of_work():
            event.listen(db.engine, "before_cursor_execute", listener := lambda *a: said.append(a[5]))
            issued = service.refund_many("order", [(thing.id, 250) for thing in things], "shortfall")
            event.remove(db.engine, "before_cursor_execute", listener)
        for thing in things:
            assert [fen for _, fen, *_ in of(owner, thing)] == [250]
        assert len(issued) == number and not any(said)  # no statement of many runs either
        return len(said)

    assert counted(2) == counted(20)
    assert owner.execute("SELECT count(DISTINCT lot_id) FROM refund").fetchone() == (2,)


def test_one_job_sends_a_whole_lot(shop, app, owner):
    things = [shop.thing(1000) for _ in range(3)]
    for thing in things:
        shop.paid(thing)
    with app.app_context(), unit_of_work():
        service.refund_many("order", [(thing.id, 250) for thing in things], "shortfall")
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'payments.send_refunds'"
    assert owner.execute(jobs).fetchone() == (1,)
    work_off(app, owner)
    assert {status for thing in things for _, _, status, *_ in of(owner, thing)} == {"succeeded"}


def test_a_refund_that_is_rolled_back_takes_its_job_along(shop, app, owner):
    thing = shop.thing(1000)
    shop.paid(thing)
    with app.app_context(), pytest.raises(RuntimeError), unit_of_work():
        service.refund(HOUSE, "order", thing.id, 1000, "claim")
        raise RuntimeError("the caller failed")
    work_off(app, owner)
    assert of(owner, thing) == []


# --- Unknown outcomes -------------------------------------------------------------------------------------------


def test_a_refund_of_unknown_outcome_keeps_its_number_and_is_never_doubled(shop, app, owner):
    """The console does it, and does not say so."""
    thing = shop.thing(1000)
    payment = shop.paid(thing)
    shop.behave(payment, "silent_after")
    shop.reduce(thing, 400)
    work_off(app, owner)
    ((_, _, status, attempts, number),) = of(owner, thing)
    assert status in ("unknown", "succeeded")  # the round of the clock may have come by already
    poll(app, owner)
    poll(app, owner)
    assert of(owner, thing) == [("wechat", 400, "succeeded", 1, number)] and attempts == 1
    assert at_provider(owner, payment["number"]) == [(number, 400)]
    assert shop.balance("merchant", "wechat") == 600


def test_what_the_provider_never_had_is_sent_again_under_the_same_number(shop, app, owner):
    thing = shop.thing(1000)
    payment = shop.paid(thing)
    shop.behave(payment, "silent")
    shop.reduce(thing, 400)
    work_off(app, owner)
    ((_, _, status, attempts, number),) = of(owner, thing)
    assert status == "unknown" and at_provider(owner, payment["number"]) == []
    shop.behave(payment, "plain")
    poll(app, owner)
    assert of(owner, thing)[0][2:] == ("succeeded", attempts + 1, number)
    assert at_provider(owner, payment["number"]) == [(number, 400)]


def test_as_long_as_nobody_knows_it_is_not_issued_again(shop, app, owner, monkeypatch):
    def silent(self, refund_number):
        raise NoAnswer()

    monkeypatch.setattr(type(console), "query_refund", silent)
    thing = shop.thing(1000)
    shop.behave(shop.paid(thing), "silent_after")
    shop.reduce(thing, 400)
    for _ in range(3):
        poll(app, owner)
    ((_, _, status, attempts, _),) = of(owner, thing)
    assert (status, attempts) == ("unknown", 1)
    monkeypatch.undo()
    poll(app, owner)
    assert of(owner, thing)[0][2:4] == ("succeeded", 1)


def test_a_worker_killed_between_asking_and_booking_books_later(shop, app, owner):
    """The refund is `sent`, the money has gone back, and nobody was left to write it down."""
    thing = shop.thing(1000)
    payment = shop.paid(thing)
    (refund_id,) = shop.reduce(thing, 400)
    with app.app_context(), unit_of_work():
        asked = refunds._take_up(refund_id, again=False)
    with app.app_context():
        assert console.refund(*asked) == State.SUCCEEDED
    poll(app, owner)
    assert of(owner, thing)[0][2] == "succeeded" and len(at_provider(owner, payment["number"])) == 1


def test_sent_twice_at_once_it_goes_back_once(shop, app, owner):
    """The job and the round of the clock on one refund, at the same moment."""
    thing = shop.thing(1000)
    payment = shop.paid(thing)
    (refund_id,) = shop.reduce(thing, 400)

    def run(work):
        with app.app_context():
            work(refund_id)

    at_once(*(lambda w=w: run(w) for w in (refunds.send, refunds.follow, refunds.send, refunds.follow)))
    assert [fen for _, fen in at_provider(owner, payment["number"])] == [400]
    work_off(app, owner)
    poll(app, owner)
    assert of(owner, thing)[0][2] == "succeeded"
    assert shop.balance("merchant", "wechat") == 600


def test_a_slow_refund_stays_open_until_it_is_done(shop, app, owner):
    thing = shop.thing(1000)
    shop.behave(shop.paid(thing), "slow")
    shop.reduce(thing, 400)
    poll(app, owner)
    ((_, _, status, attempts, number),) = of(owner, thing)
    assert (status, attempts) == ("sent", 1) and shop.balance("merchant", "wechat") == 1000
    with app.app_context():
        console.finish(number)
    poll(app, owner)
    assert of(owner, thing)[0][2] == "succeeded" and shop.balance("merchant", "wechat") == 600


def test_what_the_provider_refuses_waits_for_a_person(shop, app, owner):
    """The card is closed: the money is ours again on paper, and somebody brings it in cash."""
    thing = shop.thing(1000)
    payment = shop.paid(thing)
    shop.behave(payment, "refusing")
    shop.reduce(thing, 400)
    work_off(app, owner)
    assert of(owner, thing)[0][2] == "failed"
    assert shop.check(payment)["refunded_fen"] == 0
    with app.app_context():
        assert service.outstanding(shop.book_id).open_refunds == 1
    (refund,) = waiting(shop, status="failed")
    assert refund["allowed_actions"] == ["hand_back"]
    ok(hand_back(shop, refund))
    assert shop.check(payment)["refunded_fen"] == 400
    with app.app_context():
        assert (shop.balance("organiser", user_id("tuan")), shop.balance("merchant", "wechat")) == (-400, 1000)
    assert shop.balance("household", thing.household_id) == 0


def test_a_refused_refund_is_not_handed_back_if_the_money_has_gone_another_way(shop, app, owner):
    thing = shop.thing(1000)
    payment = shop.paid(thing)
    shop.behave(payment, "refusing")
    shop.reduce(thing, 1000)
    work_off(app, owner)
    shop.behave(payment, "plain")
    with app.app_context(), unit_of_work():
        service.refund(HOUSE, "order", thing.id, 1000, "again")
    work_off(app, owner)
    (refund,) = waiting(shop, status="failed")
    refused = hand_back(shop, refund)
    assert (refused.status_code, refused.json["code"]) == (409, "already_returned")


def test_one_refund_that_fails_holds_up_no_other(shop, app, owner, monkeypatch):
    things = [shop.thing(1000) for _ in range(3)]
    payments = [shop.paid(thing) for thing in things]
    shop.behave(payments[1], "silent")
    with app.app_context(), unit_of_work():
        service.refund_many("order", [(thing.id, 250) for thing in things], "shortfall")
    work_off(app, owner)
    assert [of(owner, thing)[0][2] for thing in things] == ["succeeded", "unknown", "succeeded"]
    assert deadlines.ROUND >= 100
    shop.behave(payments[1], "plain")
    poll(app, owner)
    assert of(owner, things[1])[0][2] == "succeeded"


def test_the_list_of_refunds_is_for_those_in_charge(shop):
    thing = shop.thing(1000)
    ok(shop.receive(thing, "0001", 1000), 201)
    shop.reduce(thing, 1000)
    assert [len(waiting(shop, who)) for who in ("tuan", "li", "chen")] == [1, 1, 1]
    for who in ("he", "nobody", "zhou", "wang"):
        assert shop.cast.hand(who).get("/refunds").status_code == 403, who
    assert shop.cast.tuan.post(f"/refunds/{uuid.uuid4()}/hand-back", {"receipt": "1"}).status_code == 404
