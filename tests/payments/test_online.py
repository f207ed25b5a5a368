"""Paying online: only the provider's word books a payment, once, and for the very amount."""

import uuid

import pytest
from sqlalchemy import text

from backend.core.errors import DomainError
from backend.core.settings import settings
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.integrations.payments import NoPayments, State, Trade
from backend.payments import deadlines, service
from tests.cast import key
from tests.core.things import logged
from tests.factories.payments import console, ok, poll, work_off
from tests.factories.races import at_once


def booked(owner, payment):
    query = "SELECT count(*) FROM ledger_transaction WHERE kind = 'payment' AND subject_id = %s"
    return owner.execute(query, [payment["id"]]).fetchone()[0]


def status(owner, payment):
    return owner.execute("SELECT status FROM payment WHERE id = %s", [payment["id"]]).fetchone()[0]


def test_from_the_order_to_the_ledger(shop, owner):
    thing = shop.thing(4000, subsidy_fen=600)
    payment = shop.begin(thing)
    assert (payment["status"], payment["amount_fen"]) == ("pending", 4000)
    client = ok(shop.cast.he.post(f"/payments/{payment['id']}/prepay"))["client"]
    assert client["number"] == payment["number"]
    assert shop.check(payment)["status"] == "pending"
    console_pays(shop, payment)
    done = shop.check(payment)
    assert (done["status"], done["status_label"], done["succeeded_at"] is not None) == ("succeeded", "已付款", True)
    assert (thing.settled, shop.balance("merchant", "wechat")) == (1, 4000)
    assert shop.balance("household", thing.household_id) == 0
    listed = ok(shop.cast.he.get(f"/orders/{thing.id}/payments"))["items"]
    assert [(p["id"], p["status"]) for p in listed] == [(payment["id"], "succeeded")]


def console_pays(shop, payment, state=State.SUCCEEDED):
    with shop.app.app_context():
        console.pay(payment["number"], state)


def test_the_demo_pays_through_the_console(shop):
    thing = shop.thing()
    payment = shop.begin(thing)
    ok(shop.cast.he.post(f"/payments/{payment['id']}/prepay"))
    assert ok(shop.cast.public.post(f"/demo/payments/{payment['id']}/pay"))["status"] == "succeeded"
    assert shop.cast.public.post(f"/demo/payments/{uuid.uuid4()}/pay").status_code == 404


def test_without_a_provider_no_payment_is_begun_that_could_never_end(shop, owner, monkeypatch):
    monkeypatch.setitem(settings, "PAYMENT_PROVIDER", "off")
    thing = shop.thing()
    refused = shop.cast.he.post(f"/orders/{thing.id}/payments", {"method": "wechat"})
    assert (refused.status_code, refused.json["code"]) == (503, "payment_unavailable")
    assert owner.execute("SELECT count(*) FROM payment WHERE subject_id = %s", [thing.id]).fetchone() == (0,)


@pytest.fixture
def asked(monkeypatch):
    """The numbers that the clock has asked the provider about."""
    numbers = []
    look = deadlines._look
    monkeypatch.setattr(deadlines, "_look", lambda number, stale: numbers.append(number) or look(number, stale))
    return numbers


# --- What must never happen -------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [{"status": "succeeded"}, {"paid": True}, {"succeeded_at": "2020-03-01T00:00:00Z"}])
def test_a_clients_flag_pays_nothing(shop, owner, said):
    thing = shop.thing()
    refused = shop.cast.he.post(f"/orders/{thing.id}/payments", {"method": "wechat", **said})
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    payment = shop.begin(thing)
    for path in ("prepay", "check"):
        ok(shop.cast.he.post(f"/payments/{payment['id']}/{path}", said))
    assert (status(owner, payment), booked(owner, payment), thing.settled) == ("pending", 0, 0)


@pytest.mark.parametrize("fen", [4001, 10**12, 0, -4000, 39.5, "4000", True])
def test_the_client_never_asks_for_more_than_is_due(shop, fen):
    refused = shop.cast.he.post(f"/orders/{shop.thing(4000).id}/payments", {"method": "wechat", "amount_fen": fen})
    assert refused.status_code == 422


@pytest.mark.parametrize("column, value", [("amount_fen", 1), ("amount_fen", 4001), ("merchant", "another-shop")])
def test_a_trade_that_differs_from_ours_is_set_aside_and_logged_and_never_booked(
    shop, app, owner, capsys, asked, column, value
):
    """It waits for a person; nobody asks about it every minute. Should the provider mend its books, it is money."""
    thing = shop.thing(4000)
    payment = shop.at_provider(thing)
    change = f"UPDATE console_trade SET {column} = %s WHERE number = %s"
    owner.execute(change, [value, payment["number"]])
    with logged():
        told = shop.check(payment)
    assert told["status"] == "mismatched" and "请联系社区核对" in told["status_label"]
    assert "trade_refused" in capsys.readouterr().out
    poll(app, owner)
    shop.check(payment)
    assert (asked, status(owner, payment), booked(owner, payment), thing.settled) == ([], "mismatched", 0, 0)
    ((details,),) = owner.execute("SELECT details FROM audit_event WHERE action = 'set_aside'").fetchall()
    theirs = {"theirs_fen": 4000, "merchant": "console", **{column.replace("amount", "theirs"): value}}
    assert details == {"amount_fen": 4000, **theirs}
    owner.execute(change, [{"amount_fen": 4000, "merchant": "console"}[column], payment["number"]])
    assert (shop.check(payment)["status"], booked(owner, payment), thing.settled) == ("succeeded", 1, 1)


def test_a_declined_payment_confirms_no_order(shop, owner):
    thing = shop.thing()
    payment = shop.at_provider(thing, state=State.DECLINED)
    assert shop.check(payment)["status"] == "failed"
    assert (booked(owner, payment), thing.settled) == (0, 0)
    again = shop.paid(thing)
    assert (again["status"], thing.settled) == ("succeeded", 1)


def test_notice_and_query_and_double_tap_at_once_are_one_booking(shop, app, owner):
    """Real connections, let go by one barrier: two taps on the phone, a notice, the round of the clock."""
    for _ in range(5):
        thing = shop.thing(4000)
        payment = shop.at_provider(thing)

        def notice(payment=payment):
            with app.app_context(), unit_of_work():
                return service.confirm(
                    payment["number"], Trade(State.SUCCEEDED, 4000, "console", "t" + payment["number"])
                )

        def tap(payment=payment):
            return shop.check(payment)["status"]

        results = at_once(tap, tap, notice, notice)
        assert results[:2] == ["succeeded", "succeeded"]
        assert (booked(owner, payment), thing.settled) == (1, 1)
        assert shop.balance("household", thing.household_id) == 0


def test_one_trade_of_the_provider_books_one_payment(shop, app):
    """Were the provider's own number to come back for another of ours."""
    one, other = shop.at_provider(shop.thing(4000)), shop.at_provider(shop.thing(4000))
    trade = Trade(State.SUCCEEDED, 4000, "console", "the same")
    with app.app_context(), unit_of_work():
        service.confirm(one["number"], trade)
    with app.app_context(), pytest.raises(Exception, match="uq_payment_trade_id"), unit_of_work():
        service.confirm(other["number"], trade)


def test_a_double_tap_on_pay_is_one_payment(shop, owner):
    """With two keys, as from two taps; and with one, as from one that was sent again."""
    thing = shop.thing()
    begun = at_once(*(lambda: shop.begin(thing)["id"] for _ in range(4)))
    assert len(set(begun)) == 1
    same, body = key(), {"method": "wechat", "amount_fen": 100}
    sent = [shop.cast.he.post(f"/orders/{thing.id}/payments", body, idempotency_key=same) for _ in range(2)]
    assert sent[0].data == sent[1].data
    assert owner.execute("SELECT count(*) FROM payment").fetchone() == (2,)


def test_strangers_find_nothing(shop):
    thing = shop.thing()
    payment = shop.begin(thing)
    for who in ("ma", "tuan2", "other_secretary", "nobody", "zhou"):
        hand = shop.cast.hand(who)
        answers = [
            hand.get(f"/orders/{thing.id}/payments"),
            hand.post(f"/orders/{thing.id}/payments", {"method": "wechat"}),
            hand.post(f"/payments/{payment['id']}/prepay"),
            hand.post(f"/payments/{payment['id']}/check"),
        ]
        assert [answer.status_code for answer in answers] == [404] * 4, who
    missing = shop.cast.ma.get(f"/orders/{uuid.uuid4()}/payments").json
    assert shop.cast.ma.get(f"/orders/{thing.id}/payments").json["detail"] == missing["detail"]


def test_who_sees_a_payment_without_paying_it(shop):
    payment = shop.begin(shop.thing())
    for who in ("tuan", "li"):
        assert ok(shop.cast.hand(who).post(f"/payments/{payment['id']}/check"))["status"] == "pending"
        assert shop.cast.hand(who).post(f"/payments/{payment['id']}/prepay").status_code == 404
        begun = shop.cast.hand(who).post(f"/orders/{payment['subject_id']}/payments", {"method": "wechat"})
        assert begun.json["code"] == "not_yours_to_pay"


# --- Too late, too much, no answer ------------------------------------------------------------------------------


def test_what_is_paid_after_the_order_expired_goes_back_at_once(shop, app, owner):
    thing = shop.thing(4000)
    payment = shop.at_provider(thing)
    shop.reduce(thing, 4000, "expired")
    thing.open = False
    done = shop.check(payment)
    assert (done["status"], done["refunded_fen"], thing.settled) == ("succeeded", 4000, 0)
    work_off(app, owner)
    refunds = owner.execute("SELECT status, cause, amount_fen FROM refund").fetchall()
    assert refunds == [("succeeded", "not_due", 4000)]
    assert (shop.balance("merchant", "wechat"), shop.balance("household", thing.household_id)) == (0, 0)


def test_what_is_paid_twice_goes_back(shop, app, owner):
    """Cash at the door while the phone was paying: the excess alone returns."""
    thing = shop.thing(4000)
    payment = shop.at_provider(thing)
    ok(shop.receive(thing, "0001", 1500), 201)
    assert shop.check(payment)["refunded_fen"] == 1500
    work_off(app, owner)
    assert owner.execute("SELECT status, cause, amount_fen FROM refund").fetchall() == [("succeeded", "excess", 1500)]
    assert (shop.balance("household", thing.household_id), thing.settled) == (0, 1)


def test_a_payment_nobody_asked_about_is_found_by_the_clock(shop, app, owner):
    thing = shop.thing()
    payment = shop.at_provider(thing)
    poll(app, owner)
    assert (status(owner, payment), thing.settled) == ("succeeded", 1)


def test_after_two_hours_a_payment_is_closed_at_the_provider_first(shop, app, owner):
    """What was paid at the last moment is booked all the same; what is closed can no longer be paid."""
    lost, late, never_sent = shop.thing(), shop.thing(), shop.thing()
    unpaid, paid = shop.begin(lost), shop.at_provider(late)
    unsent = shop.begin(never_sent)
    ok(shop.cast.he.post(f"/payments/{unpaid['id']}/prepay"))
    poll(app, owner)
    assert status(owner, unpaid) == "pending"
    poll(app, owner, hours=3)
    assert [status(owner, p) for p in (unpaid, paid, unsent)] == ["closed", "succeeded", "closed"]
    console_pays(shop, unpaid)
    assert shop.check(unpaid)["status"] == "closed"
    assert (lost.settled, late.settled) == (0, 1)
    assert shop.cast.he.post(f"/payments/{unpaid['id']}/prepay").status_code == 409


def test_a_payment_the_provider_has_never_heard_of_ends_as_well(shop, app, owner, asked, monkeypatch):
    """A provider that closes nothing it does not know, and goes on not knowing it: closed all the same, and no longer
    asked about. Nobody can have been sent there meanwhile: see the next test."""
    monkeypatch.setattr(type(console), "close", lambda self, number: None)
    payment = shop.begin(shop.thing())
    poll(app, owner)
    assert (status(owner, payment), asked) == ("pending", [payment["number"]])
    poll(app, owner, hours=3)
    assert status(owner, payment) == "closed"
    assert owner.execute("SELECT new FROM audit_event WHERE action = 'close'").fetchall() == [("closed",)]
    poll(app, owner)
    assert len(asked) == 2


def test_nobody_is_sent_to_pay_what_is_about_to_be_closed(shop, owner):
    thing = shop.thing()
    old = shop.begin(thing)
    owner.execute("UPDATE payment SET created_at = created_at - interval '119 minutes 10 seconds'")
    refused = shop.cast.he.post(f"/payments/{old['id']}/prepay")
    assert (refused.status_code, refused.json["code"]) == (409, "pay_time_over")
    assert shop.paid(thing)["id"] != old["id"], "a new one takes its place"


def test_how_often_one_person_asks_is_limited(shop, app, monkeypatch):
    """Each question is a call to the provider."""
    monkeypatch.setitem(app.config, "CHECK_LIMIT", "2 per minute")
    payment = shop.begin(shop.thing())
    asks = [shop.cast.hand(who).post(f"/payments/{payment['id']}/check") for who in ("he", "he", "he", "tuan")]
    assert [answer.status_code for answer in asks] == [200, 200, 429, 200]
    assert asks[2].json["code"] == "too_many_requests" and int(asks[2].headers["Retry-After"]) > 0


def test_money_that_arrives_on_a_closed_payment_is_money(shop, app, owner):
    """The provider's word counts, whatever we had believed: booked, since the order still wants it."""
    thing = shop.thing(4000)
    payment = shop.begin(thing)
    poll(app, owner, hours=3)
    with app.app_context(), unit_of_work():
        service.confirm(payment["number"], Trade(State.SUCCEEDED, 4000, "console", "late"))
    assert (status(owner, payment), thing.settled) == ("succeeded", 1)


def test_a_silent_provider_changes_nothing(shop, app, owner):
    thing, other = shop.thing(), shop.thing()
    payment, well = shop.at_provider(thing), shop.at_provider(other)
    shop.behave(payment, "silent")
    refused = shop.cast.he.post(f"/payments/{payment['id']}/check")
    assert (refused.status_code, refused.json["code"]) == (503, "payment_provider_silent")
    poll(app, owner)  # one without an answer holds up no other
    assert (status(owner, payment), status(owner, well)) == ("pending", "succeeded")
    shop.behave(payment, "plain")
    assert shop.check(payment)["status"] == "succeeded"


def test_no_transaction_is_open_while_the_provider_is_asked(shop, app, owner, monkeypatch):
    """Nor any connection held: a slow provider must not take the database's connections with it."""
    seen = []
    query = type(console).query

    def slow(self, number):
        checked_out = [db.engine.pool.checkedout(), db.engines["read"].pool.checkedout()]
        seen.append(checked_out)
        return query(self, number)

    monkeypatch.setattr(type(console), "query", slow)
    payment = shop.at_provider(shop.thing())
    shop.check(payment)
    poll(app, owner)
    assert seen and all(held == [0, 0] for held in seen)


def test_where_no_provider_is_set_up_it_says_so(shop, monkeypatch):
    payment = shop.begin(shop.thing())
    monkeypatch.setattr("backend.payments.service.provider", NoPayments)
    for path in ("prepay", "check"):
        refused = shop.cast.he.post(f"/payments/{payment['id']}/{path}")
        assert (refused.status_code, refused.json["code"]) == (503, "payment_unavailable")
    off = NoPayments()
    for call in (lambda: off.close("x"), lambda: off.refund("r", "x", 1, 1), lambda: off.query_refund("r")):
        with pytest.raises(DomainError, match="payment_unavailable"):
            call()


def test_the_database_ties_a_state_to_its_evidence(shop, owner):
    payment = shop.begin(shop.thing())
    for wrong in ("status = 'succeeded'", "refunded_fen = 1", "receipt = 'x'", "amount_fen = 0", "payer_id = NULL"):
        with pytest.raises(Exception, match="ck_payment"):
            owner.execute(f"UPDATE payment SET {wrong} WHERE id = %s", [payment["id"]])


def test_every_read_has_its_index(shop, app):
    """The planner, told that reading a whole table costs dearly, finds an index for each question asked often."""
    asked = (
        "SELECT 1 FROM payment WHERE subject_id = ANY('{{{0}}}')",
        "SELECT 1 FROM payment WHERE number = '{0}'",
        "SELECT 1 FROM payment WHERE book_id = '{0}'",
        "SELECT 1 FROM payment WHERE status = 'pending' AND checked_at < now() ORDER BY checked_at LIMIT 200",
        "SELECT 1 FROM refund WHERE method = 'wechat' AND status IN ('pending', 'sent', 'unknown')"
        " AND checked_at < now() ORDER BY checked_at LIMIT 200",
        "SELECT 1 FROM refund WHERE lot_id = '{0}'",
        "SELECT 1 FROM refund WHERE collector_id = '{0}' ORDER BY id DESC LIMIT 20",
        "SELECT 1 FROM ledger_entry WHERE account = 'household' AND owner = '{0}'",
        "SELECT 1 FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id WHERE t.book_id = '{0}'",
        "SELECT 1 FROM ledger_transaction WHERE created_at >= now()",
    )
    with app.app_context(), unit_of_work():
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        for query in asked:
            plan = db.session.scalars(text("EXPLAIN " + query.format(uuid.uuid4()))).all()
            assert "Index" in "".join(plan) and "Seq Scan" not in "".join(plan), plan
