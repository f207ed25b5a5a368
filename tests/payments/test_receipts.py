"""Money that comes by hand: to whom, against a receipt, never more than is due; and where it is from then on."""

import uuid

import pytest

from backend.core.transaction import unit_of_work
from backend.payments import service
from tests.cast import MACHIDUN
from tests.factories.groupbuy import donated
from tests.factories.payments import ok
from tests.factories.races import at_once
from tests.factories.world import actor, user_id


def who_is(app, name):
    with app.app_context():
        return user_id(name)


def test_cash_to_the_organiser_pays_an_order(shop, app):
    thing = shop.thing(4000)
    part = ok(shop.receive(thing, "0001", 1500), 201)
    assert (part["status"], part["method_label"], part["receipt"]) == ("succeeded", "现金", "0001")
    assert (thing.settled, shop.balance("household", thing.household_id)) == (0, 2500)
    ok(shop.receive(thing, "0002", 2500), 201)
    assert (thing.settled, shop.balance("household", thing.household_id)) == (1, 0)
    assert shop.balance("organiser", who_is(app, "tuan")) == 4000


@pytest.mark.parametrize(
    "method, who, account, holder",
    [
        ("cash", "tuan", "organiser", "tuan"),
        ("transfer", "tuan", "organiser", "tuan"),
        ("cash", "li", "organiser", "li"),
        ("community_transfer", "li", "community_float", MACHIDUN),
        ("sponsored", "chen", "fund", MACHIDUN),
    ],
)
def test_where_the_money_is_now(shop, app, method, who, account, holder):
    donated(app)
    thing = shop.thing(4000)
    ok(shop.receive(thing, "0001", 4000, method, who), 201)
    assert shop.balance(account, holder if account != "organiser" else who_is(app, holder)) == 4000
    assert (thing.settled, shop.balance("household", thing.household_id)) == (1, 0)


@pytest.mark.parametrize("method", ["community_transfer", "sponsored"])
def test_the_communitys_own_money_is_not_the_organisers_to_record(shop, method):
    assert shop.receive(shop.thing(), "0001", 4000, method, "tuan").status_code == 403


def test_an_online_payment_is_never_recorded_by_hand(shop):
    refused = shop.receive(shop.thing(), "0001", 4000, "wechat", "li")
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")


@pytest.mark.parametrize("fen", [4001, 0, -1, 39.5, "4000", True])
def test_never_more_than_is_due_and_nothing_senseless(shop, fen):
    assert shop.receive(shop.thing(4000), "0001", fen).status_code == 422


def test_no_cash_is_taken_for_what_is_over(shop):
    refused = shop.receive(shop.thing(open=False), "0001", 4000)
    assert (refused.status_code, refused.json["code"]) == (409, "nothing_due")


def test_a_receipt_number_is_used_once_by_each_collector(shop):
    """By someone else it may be: every organiser has a receipt book of their own."""
    one, other = shop.thing(), shop.thing()
    ok(shop.receive(one, "0001", 4000), 201)
    refused = shop.receive(other, "0001", 4000)
    assert (refused.status_code, refused.json["code"], other.settled) == (409, "receipt_used", 0)
    ok(shop.receive(other, "0001", 4000, who="li"), 201)


def test_the_same_receipt_twice_at_once_is_booked_once(shop):
    one, other = shop.thing(), shop.thing()
    answers = at_once(lambda: shop.receive(one, "0001", 4000), lambda: shop.receive(other, "0001", 4000))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


def test_two_who_take_the_same_cash_at_once_take_it_once(shop):
    thing = shop.thing(4000)
    answers = at_once(*(lambda n=n: shop.receive(thing, f"000{n}", 4000) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


@pytest.mark.parametrize(
    "who, status", [("he", 403), ("ma", 403), ("tuan2", 404), ("other_secretary", 404), ("zhao", 403), ("wang", 403)]
)
def test_who_may_not_record_a_receipt(shop, who, status):
    """A resident, another organiser, another community, the subdistrict, a grid worker."""
    assert shop.receive(shop.thing(), "0001", 4000, who=who).status_code == status


def test_the_deputy_stands_in(shop, app):
    thing = shop.thing(4000, deputy_id=who_is(app, "tuan2"))
    ok(shop.receive(thing, "0001", 4000, who="tuan2"), 201)
    assert shop.balance("organiser", who_is(app, "tuan2")) == 4000


def test_what_is_not_there_is_not_found(shop):
    body = {"method": "cash", "amount_fen": 1, "receipt": "1"}
    assert shop.cast.tuan.post(f"/orders/{uuid.uuid4()}/receipts", body).status_code == 404


# --- Beside the households --------------------------------------------------------------------------------------


def till(app, verb, *arguments):
    with app.app_context(), unit_of_work():
        return verb(actor("li"), *arguments)


def refused(app, verb, *arguments):
    with pytest.raises(service.DomainError) as refusal:
        till(app, verb, *arguments)
    return refusal.value.code


def test_the_organisers_float_goes_to_zero(shop, app):
    """Cash taken, the supplier paid out of it and out of the organiser's pocket, and that given back."""
    thing, tuan = shop.thing(4000), who_is(app, "tuan")
    ok(shop.receive(thing, "0001", 4000), 201)
    till(app, service.pay_out, shop.book_id, "organiser", tuan, 4500, "supplier", "发票 17")
    assert shop.balance("organiser", tuan) == -500
    assert refused(app, service.remit, shop.book_id, tuan, MACHIDUN, 1, "r1") == "more_than_held"
    give_back = (shop.book_id, tuan, "community_float", MACHIDUN)
    assert refused(app, service.reimburse, *give_back, 501, "r2") == "more_than_advanced"
    till(app, service.reimburse, *give_back, 500, "r2")
    assert shop.balance("organiser", tuan) == 0
    assert shop.balance("community_float", MACHIDUN) == -500
    assert shop.balance("campaign", shop.book_id) == 500


@pytest.mark.parametrize("account", ["household", "campaign", "subsidy", "fund", "nonsense"])
def test_suppliers_are_not_paid_out_of_any_account(shop, app, account):
    assert refused(app, service.pay_out, shop.book_id, account, "x", 100, "supplier", "r") == "wrong_account"
    assert refused(app, service.pay_out, shop.book_id, "merchant", "wechat", 0, "supplier", "r") == "wrong_amount"


def test_the_same_cash_is_handed_in_once(shop, app):
    """Two at once: the second sees that it is gone."""
    tuan = who_is(app, "tuan")
    ok(shop.receive(shop.thing(4000), "0001", 4000), 201)

    def hand_in(receipt):
        try:
            till(app, service.remit, shop.book_id, tuan, MACHIDUN, 4000, receipt)
            return "handed in"
        except service.DomainError as refusal:
            return refusal.code

    assert sorted(at_once(*(lambda r=r: hand_in(r) for r in "abc"))) == ["handed in"] + ["more_than_held"] * 2
    assert (shop.balance("organiser", tuan), shop.balance("community_float", MACHIDUN)) == (0, 4000)


def test_outstanding_names_what_is_in_the_way_of_a_settlement(shop, app):
    paid, open_ = shop.thing(4000), shop.thing(700)
    ok(shop.receive(paid, "0001", 4000), 201)
    shop.begin(open_)
    shop.reduce(paid, 100)
    with app.app_context():
        found = service.outstanding(shop.book_id)
    assert (found.pending_payments, found.open_refunds, found.clear) == (1, 1, False)
    assert found.organisers == {str(who_is(app, "tuan")): 4000}
    assert found.households == {str(paid.household_id): -100, str(open_.household_id): 700}
    with app.app_context():
        assert service.outstanding(uuid.uuid4()).clear
