"""Canaries (QUALITY I16) in the group buy: the names and phones of households, and what people wrote of themselves and
of others when they asked, claimed, granted and refused. What is announced (a title, a supplier, why a lot is recalled,
where it was destroyed) is nobody's secret and is not among them."""

import pytest

from backend.core import jobs
from backend.core.settings import settings
from tests.core import things
from tests.factories import arrivals, changes, claims, handout
from tests.factories import groupbuy as g
from tests.factories.households import family
from tests.factories.payments import work_off
from tests.test_privacy import HEAD, MARK, MEMBER, PHONES, dump, found, logs  # noqa: F401 the fixture

SAID = [f"{MARK}{n}：请打{PHONES[1]}" for n in range(12)]
AT_DOOR = {"terms": "on_delivery"}
GENEROUS = {"total": 50, "cap": 20}


@pytest.fixture
def home(app, world, tmp_path, monkeypatch):
    """A household of the register, bound to he: it orders for itself."""
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path / 'files'}")
    home = family(world, HEAD, PHONES[0])
    bound = world.wang.post(
        f"/household-members/{home['members'][0]['id']}/bind", {"user_id": things.person(app, "he")}
    )
    assert bound.status_code == 200 and not found(bound.text)
    return home["id"]


def organise(cast, **more):
    return g.opened(cast, GENEROUS, allows_on_delivery=True, **more)


def cancel_with_words(cast):
    """A campaign called off, and one agreed to wake people for."""
    campaign = organise(cast)
    g.ordered(cast, "he", campaign, 1, **AT_DOOR)
    g.step(cast, "li", arrivals.fresh(cast, campaign), "cancel", reason=SAID[0])
    woken = organise(cast)
    g.ok(cast.li.post(f"/campaigns/{woken['id']}/quiet-consent", {"reason": SAID[1]}))


def ask_with_words(cast, app, owner):
    """Released in hardship, refused, and transferred to a neighbour, who does not read why."""
    campaign = organise(cast)
    orders = [g.ordered(cast, "he", campaign, 1, **AT_DOOR) for _ in range(3)]
    changes.cut_off(app, owner, campaign)
    granted, refused = (
        changes.asks(cast, "he", order, "hardship", reason=words)
        for order, words in zip(orders, SAID[2:4], strict=False)
    )
    for asked, action, words in ((granted, "grant", SAID[4]), (refused, "refuse", SAID[5])):
        g.ok(cast.li.post(f"/change-requests/{asked['id']}/{action}", {"revision": 1, "reason": words}))
    neighbour = g.home(app, "1102", "tang")
    transfer = changes.asks(cast, "he", orders[2], "transfer", to_household_id=neighbour, reason=SAID[6])
    assert found(str(transfer)) and not found(cast.tang.get(f"/change-requests/{transfer['id']}").text)
    g.ok(cast.tang.post(f"/change-requests/{transfer['id']}/accept", {"revision": 1}))


def claim_with_words(cast, app):
    """Offered, declined, taken to the community and refused there; then nobody comes for another order."""
    campaign = organise(cast)
    his = claims.bought(cast, "he", campaign, 3)
    claims.arrived(app, campaign, (0, "猪-1", 3))
    claims.collected(app, his)
    g.ok(claims.sent(cast, "he", claims.jpeg(gps=True), order=his), 201)
    first, second = (claims.filed(cast, "he", his, campaign, text=words) for words in SAID[7:9])
    g.ok(claims.does(cast, "hu", first, "decline", reason=SAID[9]))
    asked = g.ok(claims.does(cast, "he", {**first, "revision": 2}, "escalate"))
    g.ok(claims.does(cast, "li", asked, "refuse", reason=SAID[10]))
    g.ok(claims.does(cast, "hu", second, "accept", amount_fen=500))
    for who in ("qian", "yang", "tang", "nobody"):
        assert not found(cast.hand(who).get(f"/campaigns/{campaign['id']}/claims").text)


def give_up_with_words(cast, app, owner):
    campaign = organise(cast)
    missed = g.ordered(cast, "he", campaign, 1, delivery="door", **AT_DOOR)
    handout.handing_out(app, cast, campaign)
    seen = sheets(cast, campaign)
    assert not found(seen) and "金**" in seen
    g.ok(handout.act(cast, "qian", arrivals.show(cast, missed), "miss"))
    owner.execute("UPDATE pickup SET missed_at = now() - interval '4 days'")
    g.ok(handout.act(cast, "qian", arrivals.show(cast, missed), "give-up", reason=SAID[11]))


def sheets(cast, campaign):
    kinds = ("picker", "packer", "pickup", "door", "labels")
    return "".join(cast.qian.get(f"/campaigns/{campaign['id']}/sheets/{kind}").text for kind in kinds)


def everyone_sees(cast):
    """The group buys without sign-in: all that is served of them."""
    listed = cast.public.get("/public/campaigns", limit=100)
    paths = [f"/public/campaigns/{each['id']}" for each in listed.json["items"]]
    pages = [listed, *[cast.public.get(f"{path}{page}") for path in paths for page in ("", "/price-sheet")]]
    assert len(pages) == 9 and all(page.status_code == 200 for page in pages)
    return "\n".join(page.text for page in pages)


def refusals(cast, app):
    """What is answered to requests that carry a name, a number or a confidence where it cannot be."""
    campaign = organise(cast)
    order = g.ordered(cast, "he", campaign, 1, **AT_DOOR)
    one, whole = f"/orders/{order['id']}", f"/campaigns/{campaign['id']}"
    yield cast.he.post("/orders", g.asked(campaign, 1, consent=MARK, household_id=PHONES[0]))
    yield cast.he.post(f"{one}/change-requests", {"kind": MARK, "reason": SAID[0] * 99, "to_household_id": PHONES[0]})
    yield cast.he.post(f"{one}/change-requests", {"kind": "hardship", "reason": SAID[0]})
    yield cast.he.post(f"{one}/claims", claims.claim(campaign, text=SAID[0]))
    yield cast.he.post(f"{one}/claims", claims.claim(campaign, kind=MARK, text=f"{MARK}\0", photo_ids=[PHONES[0]]))
    yield cast.he.post(f"{one}/payments", {"method": MARK, "amount_fen": PHONES[0]})
    yield cast.hu.post(f"{one}/receipts", {"method": "cash", "amount_fen": 999_999, "receipt": SAID[0]})
    yield cast.hu.post(f"{one}/receipts", {"method": MARK, "amount_fen": 1, "receipt": MARK * 99})
    yield cast.qian.post(f"{one}/collect", {"revision": 1, "how": "proxy", "code": PHONES[0]})
    yield cast.hu.post(f"{whole}/recalls", {"item_id": campaign["items"][0]["id"], "lot": MARK, "reason": SAID[0]})
    yield cast.hu.post("/campaigns", g.body(policy=MARK, title=f"{HEAD}\u200b", place_code=PHONES[0]))
    yield cast.li.post(f"{whole}/losses", {"amount_fen": 1, "reason": SAID[0]})
    yield cast.other_secretary.post(f"{whole}/cancel", {"revision": 1, "reason": SAID[0]})
    yield cast.he.post(f"{whole}/waiting", {"item_id": PHONES[0], "quantity": MARK})
    yield cast.qian.get(f"{whole}/sheets/{MARK}")
    yield cast.he.upload(f"/photos?order={order['id']}", MARK.encode(), "image/jpeg")


HOLDING = {
    "group_order", "payment", "refund", "claim", "change_request", "photo", "pickup", "ledger_entry", "audit_event",
    "idempotency_key", "procrastinate_jobs", "household_member", "console_trade",
}  # fmt: skip


def test_what_people_wrote_to_one_another_is_nowhere_in_clear(world, app, owner, home, logs):  # noqa: F811
    cancel_with_words(world)
    ask_with_words(world, app, owner)
    claim_with_words(world, app)
    give_up_with_words(world, app, owner)
    work_off(app, owner)
    jobs.run(app, wait=False)
    for answer in refusals(world, app):
        assert 400 <= answer.status_code < 500 and not found(answer.text), answer.text
    held = dump(owner)
    assert {name for name, text in held.items() if text} >= HOLDING
    assert {table: found(text) for table, text in held.items() if found(text)} == {}
    assert not found(logs()) and '"route"' in logs() and "job" in logs(), "the logs were looked at"
    said = owner.execute("SELECT count(*) FROM audit_event WHERE reason_cipher IS NOT NULL").fetchone()[0]
    assert said >= 8, "the words were put in"
    assert not g.sound(app)


def test_everyone_sees_an_organiser_by_half_a_name_and_nobody_else(world, app, owner, home):
    ask_with_words(world, app, owner)
    cancel_with_words(world)
    campaign = organise(world)
    g.ordered(world, "he", campaign, 1, **AT_DOOR)
    seen = everyone_sees(world)
    ids = [str(each) for (each,) in owner.execute("SELECT id FROM app_user UNION SELECT id FROM household").fetchall()]
    assert '"organiser":"h**"' in seen
    assert not found(seen) and not [each for each in (*ids, home, HEAD, MEMBER, "organiser_id") if each in seen]
