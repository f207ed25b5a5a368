"""The round behind the jobs: what they could not do in an outage is done by the next one that looks."""

import pytest
from sqlalchemy import text

from backend.core.jobs import each_alone
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.groupbuy import deadlines
from backend.groupbuy.models import Campaign
from tests.factories import groupbuy as g


def status(owner, campaign):
    return owner.execute("SELECT status FROM campaign WHERE id = %s", [campaign["id"]]).fetchone()[0]


def a_round(app):
    with app.app_context():
        deadlines.overdue()


@pytest.mark.parametrize("minimum", [0, 50])
def test_no_job_ran_and_the_campaign_gets_on_all_the_same(world, app, owner, minimum):
    g.home(app, who="he")
    campaign = g.opened(world, allows_on_delivery=True, minimum_shares=minimum)
    g.ordered(world, "he", campaign, 3, terms="on_delivery")
    owner.execute("DELETE FROM procrastinate_jobs")
    a_round(app)
    assert status(owner, campaign) == "open", "too early"
    owner.execute("UPDATE campaign SET cut_off_at = now() WHERE id = %s", [campaign["id"]])
    a_round(app)
    assert status(owner, campaign) == "cut_off"
    a_round(app)
    assert owner.execute("SELECT locked_at FROM campaign").fetchone() == (None,), "there is still time to pay"
    owner.execute("UPDATE campaign SET opens_at = opens_at - interval '1 day', cut_off_at = now() - interval '1 hour'")
    a_round(app)
    assert status(owner, campaign) == ("failed" if minimum else "cut_off")
    assert (owner.execute("SELECT locked_at FROM campaign").fetchone() == (None,)) == bool(minimum)
    assert not g.sound(app)


def test_one_that_breaks_holds_up_nobody_else(world, app, owner):
    first, second = g.opened(world), g.opened(world)

    def work(campaign_id):
        rename = text("UPDATE campaign SET title = '动过' WHERE id = :id")
        db.session.execute(rename, {"id": campaign_id})
        if str(campaign_id) == first["id"]:
            db.session.execute(text("UPDATE campaign SET waive_fen = -1 WHERE id = :id"), {"id": campaign_id})

    with app.app_context():
        with unit_of_work():
            ids = db.select(Campaign.id).order_by(Campaign.id)
        each_alone(work, ids)
    found = dict(owner.execute("SELECT id::text, title FROM campaign").fetchall())
    assert found == {first["id"]: "平价猪肉", second["id"]: "动过"}
