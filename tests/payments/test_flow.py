"""Every state of a payment × everything a provider may say of it, every state of a refund × every answer: what comes of
each is read from this table, and the tables of Steps are walked to the last arrow."""

import pytest

from backend.core.errors import Conflict
from backend.core.transaction import unit_of_work
from backend.core.workflow import advance
from backend.extensions import db
from backend.integrations.payments import State, Trade
from backend.payments import deadlines, refunds, service
from backend.payments.models import Payment, PaymentStatus, Refund, RefundStatus
from backend.payments.workflow import PAYMENT, REFUND
from tests.factories.payments import ok, service_actor
from tests.factories.world import actor

S, R = PaymentStatus, RefundStatus
SAYS = {S.SUCCEEDED: State.SUCCEEDED, S.FAILED: State.DECLINED, S.CLOSED: State.CLOSED, S.MISMATCHED: State.SUCCEEDED}
COMES_OF = {
    State.MISSING: {status: status for status in S},
    State.OPEN: {status: status for status in S},
    State.SUCCEEDED: dict.fromkeys(S, S.SUCCEEDED),
    State.DECLINED: {**{status: status for status in S}, S.PENDING: S.FAILED},
    State.CLOSED: {**{status: status for status in S}, S.PENDING: S.CLOSED},
}


def confirm(app, payment, state, of="console"):
    trade = Trade(state, payment["amount_fen"], of, f"t-{payment['number']}")
    with app.app_context(), unit_of_work():
        return service.confirm(payment["number"], trade).status


def trace(owner):
    query = (
        "SELECT (SELECT count(*) FROM audit_event), (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM refund)"
    )
    return owner.execute(query).fetchone()


@pytest.mark.parametrize("said", State)
@pytest.mark.parametrize("status", S)
def test_what_the_provider_says_of_a_payment(shop, app, owner, status, said):
    thing = shop.thing()
    payment = shop.begin(thing)
    if status in SAYS:
        confirm(app, payment, SAYS[status], "another-shop" if status == S.MISMATCHED else "console")
    before = trace(owner)
    assert confirm(app, payment, said) == COMES_OF[said][status]
    if COMES_OF[said][status] == status:
        assert trace(owner) == before
    assert thing.settled == (COMES_OF[said][status] == S.SUCCEEDED)


ANSWERS = {  # of the provider to a refund, from `sent` and from `unknown`; None: no answer
    State.SUCCEEDED: (R.SUCCEEDED, R.SUCCEEDED),
    State.DECLINED: (R.FAILED, R.FAILED),
    State.CLOSED: (R.FAILED, R.FAILED),
    State.OPEN: (R.SENT, R.UNKNOWN),
    State.MISSING: (R.SENT, R.UNKNOWN),
    None: (R.UNKNOWN, R.UNKNOWN),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("status", R)
def test_what_the_provider_answers_to_a_refund(shop, app, owner, status, answer):
    refund_id = refund_at(shop, app, status)
    before, expected = trace(owner), status
    if status in (R.SENT, R.UNKNOWN):
        expected = ANSWERS[answer][status == R.UNKNOWN]
    with app.app_context():
        refunds.settle(refund_id, answer)
        assert db.session.get_one(Refund, refund_id).status == expected
    assert (trace(owner) == before) == (expected == status)


def refund_at(shop, app, status):
    """A refund of an online payment in that state."""
    thing = shop.thing(1000)
    shop.paid(thing)
    (refund_id,) = shop.reduce(thing, 400)
    way = {
        R.PENDING: (),
        R.SENT: (...,),
        R.UNKNOWN: (None,),
        R.SUCCEEDED: (State.SUCCEEDED,),
        R.FAILED: (State.DECLINED,),
    }
    for answer in way[status]:
        with app.app_context(), unit_of_work():
            refunds._take_up(refund_id, again=False)
        if answer is not ...:
            with app.app_context():
                refunds.settle(refund_id, answer)
    return refund_id


@pytest.mark.parametrize("status", R)
@pytest.mark.parametrize("action", sorted({step.action for step in REFUND.steps}))
def test_a_refunds_steps_are_those_of_the_table_and_no_person_takes_the_houses(shop, app, owner, status, action):
    refund_id = refund_at(shop, app, status)
    step = REFUND.step(status, action)
    with app.app_context():
        refund = db.session.get_one(Refund, refund_id)
        if step is None:
            with pytest.raises(Conflict, match="not_now"):
                advance(REFUND, refund, action, service_actor(), receipt="1")
        elif action != "hand_back":
            with pytest.raises(service.DomainError, match="forbidden"):
                advance(REFUND, refund, action, actor("li"))
        db.session.rollback()


@pytest.mark.parametrize("action", sorted({step.action for step in PAYMENT.steps}))
def test_no_person_takes_a_step_of_a_payment(shop, app, action):
    payment = shop.begin(shop.thing())
    with app.app_context():
        row = db.session.get_one(Payment, payment["id"])
        for who in ("he", "tuan", "li"):
            with pytest.raises(service.DomainError, match="forbidden"):
                advance(PAYMENT, row, action, actor(who), trade_id="t")
        db.session.rollback()


def test_the_ledger_is_closed_every_hour(shop, app, owner):
    ok(shop.receive(shop.thing(), "0001", 4000), 201)
    with app.app_context(), unit_of_work():
        deadlines.close_ledger()
    assert owner.execute("SELECT count(*) FROM ledger_closing").fetchone() == (0,)  # nothing is an hour old yet
