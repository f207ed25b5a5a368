"""The rounds: what the jobs could not do in an outage is done by the next one that looks, and one thing that goes
wrong holds up nobody else."""

import uuid

import pytest
from sqlalchemy import text

from backend.core.jobs import each_alone
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.groupbuy import deadlines
from backend.groupbuy.changes import waiting
from backend.groupbuy.claims import completion
from backend.groupbuy.joining import service as joining
from backend.groupbuy.models import Campaign
from tests.cast import READY, SECOND
from tests.factories import changes as c
from tests.factories import claims
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


def test_a_defect_is_seen_when_the_others_are_done(world, app, owner):
    first, second = g.opened(world), g.opened(world)

    def work(campaign_id):
        db.session.execute(text("UPDATE campaign SET title = '动过' WHERE id = :id"), {"id": campaign_id})
        if str(campaign_id) == first["id"]:
            raise KeyError("of ours")

    with app.app_context(), pytest.raises(KeyError):
        each_alone(work, db.select(Campaign.id).order_by(Campaign.id))
    found = dict(owner.execute("SELECT id::text, title FROM campaign").fetchall())
    assert found == {first["id"]: "平价猪肉", second["id"]: "动过"}


# --- The rounds of the group buy: two campaigns each, the first of which breaks ----------------------------------


def breaks(monkeypatch, module, name, on):
    """The verb raises for the first campaign's thing; what it is called with names it."""
    verb = getattr(module, name)

    def broken(subject, *more):
        if str(subject) == str(on):
            raise KeyError("of ours")
        return verb(subject, *more)

    monkeypatch.setattr(module, name, broken)


def waited_for(world, app):
    """Two campaigns with one share each, sold; a neighbour waits for it in both, and the buyer cancels in both."""
    g.home(app, "101", "he"), g.home(app, "102", "qian")
    campaigns = [g.opened(world, {"total": 1, "cap": 1}) for _ in range(2)]
    for campaign in campaigns:
        placed = g.ordered(world, "he", campaign, 1)
        c.waits(world, "qian", campaign)
        g.ok(world.he.post(f"/orders/{placed['id']}/cancel", {"revision": 1}))
    return campaigns


def test_a_line_that_breaks_keeps_nobody_else_waiting(world, app, owner, monkeypatch):
    bad, good = waited_for(world, app)
    breaks(monkeypatch, waiting, "_served_one", bad["items"][0]["id"])
    with app.app_context(), pytest.raises(KeyError):
        waiting.serve()
    assert c.entry_of(world, "qian", good)["status"] == "served"
    assert c.entry_of(world, "qian", bad)["status"] == "waiting" and not g.sound(app)


def test_a_line_that_cannot_be_ended_keeps_no_other_from_ending(world, app, owner):
    bad, good = waited_for(world, app)
    for campaign in (bad, good):
        g.step(world, "hu", g.ok(world.hu.get(f"/campaigns/{campaign['id']}")), "cancel", reason="供货商来不了")
    refuse = f"ALTER TABLE waiting_entry ADD CONSTRAINT bad CHECK (campaign_id <> '{bad['id']}' OR status = 'waiting')"
    owner.execute(refuse)
    try:
        with app.app_context():
            waiting.serve()
    finally:
        owner.execute("ALTER TABLE waiting_entry DROP CONSTRAINT bad")
    assert c.entry_of(world, "qian", good)["status"] == "ended"
    assert c.entry_of(world, "qian", bad)["status"] == "waiting"
    c.minute(app)
    assert c.entry_of(world, "qian", bad)["status"] == "ended" and not g.sound(app)


def test_a_claim_that_breaks_holds_up_no_other_campaigns(world, app, owner, monkeypatch):
    g.home(app, who="he")
    filed = []
    for _ in range(2):
        campaign = g.opened(world)
        order = claims.bought(world, "he", campaign, 1)
        claims.arrived(app, campaign, (0, "猪-1", 1))
        claims.collected(app, order)
        filed.append((campaign, claims.filed(world, "he", order, campaign)))
    owner.execute("UPDATE claim SET answer_by = now()")
    breaks(monkeypatch, completion.claims, "take_silence_for_an_answer", filed[0][0]["id"])
    with app.app_context(), pytest.raises(KeyError):
        completion.unanswered_claims()
    shown = [g.ok(world.he.get(f"/claims/{claim['id']}"))["status"] for _, claim in filed]
    assert shown == ["open", "escalated"] and not g.sound(app)


def test_a_request_to_join_that_breaks_holds_up_no_other(world, app, owner, monkeypatch):
    asked = []
    for _ in range(2):
        campaign = g.opened(world, place_code=READY)
        asked.append(g.ok(g.asks_to_join(world, campaign, SECOND), 201))
        c.cut_off(app, owner, campaign)
    breaks(monkeypatch, joining, "_lapse_of", uuid.UUID(asked[0]["campaign_id"]))
    with app.app_context(), pytest.raises(KeyError):
        joining.lapse()
    shown = [g.ok(world.li.get(f"/join-requests/{one['id']}"))["status"] for one in asked]
    assert shown == ["open", "lapsed"] and not g.sound(app)
