"""What somebody tried on payments: a refund sent by several workers, a receipt that a spreadsheet runs."""

from backend.payments import refunds
from tests.factories.payments import ok, poll
from tests.factories.races import at_once


def test_a_refund_that_four_workers_take_up_at_once_goes_out_once(shop, app, owner):
    thing = shop.thing(1000)
    shop.paid(thing)
    (refund_id,) = shop.reduce(thing, 400)

    def worker(work):
        with app.app_context():
            work(refund_id)

    at_once(*[lambda work=work: worker(work) for work in (refunds.send, refunds.follow) * 2])
    poll(app, owner)
    assert owner.execute("SELECT count(*), sum(amount_fen)::int FROM console_refund").fetchone() == (1, 400)
    assert shop.balance("merchant", "wechat") == 600 and shop.balance("household", thing.household_id) == 0


def test_a_receipt_is_no_formula_at_full_width_either(shop):
    thing = shop.thing(4000)
    for at, sign in enumerate("=＝＋－＠"):
        ok(shop.receive(thing, f"{sign}1+{at}", 10), 201)
    written = shop.cast.tuan.get(f"/campaigns/{shop.book_id}/statement", format="csv").get_data(as_text=True)
    for at, sign in enumerate("=＝＋－＠"):
        assert f",'{sign}1+{at}," in written
