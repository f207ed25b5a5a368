"""Marked names of medicines and diseases go through a whole trip, a refusal and a transfer; then they are looked for
wherever they must not be: every table, the log, every answer that is no reveal, every refusal."""

from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok
from tests.factories.payments import work_off
from tests.test_privacy import dump, logs  # noqa: F401 the fixture

NAMES = [f"金丝雀{n}号" for n in range(6)]


def marked(at, **more):
    return {**m.PLASTERS, "name": NAMES[at], "maker": NAMES[3], "specification": NAMES[4], "ceiling_fen": 5000, **more}


def everything_else(cast, made):
    """Every answer that is no reveal, to those who may know most."""
    paths = [
        "/medicine-trips",
        f"/medicine-trips/{made['id']}",
        "/pharmacies",
        "/medicine-offers",
        "/medicine-balances",
    ]
    paths += ["/medicine-goods", f"/medicine-trips/{made['id']}/statement", "/medicine-requests"]
    where = {"/medicine-goods", "/medicine-balances"}
    pages = [cast.li.get(path, **({"place": trip.MACHIDUN} if path in where else {})) for path in paths]
    assert all(page.status_code == 200 for page in pages)
    return "\n".join(page.text for page in pages)


def test_no_name_of_a_medicine_leaves_its_cipher(world, app, owner, home, logs):  # noqa: F811
    t.helper(app, "qian")
    shop = trip.pharmacy(world, diseases=[NAMES[5]])
    request = m.checked(world, "he", marked(0), marked(1, sealed_otc=False, substitution=True), disease=NAMES[5])
    made = trip.at_the_counter(world, "qian", shop, request)
    shown = ok(world.qian.post(f"/medicine-trips/{made['id']}/reveal", {"purpose": "buy"}))
    assert NAMES[0] in str(shown) and NAMES[5] not in str(shown)  # what to buy, and not what for
    ask = {"line_id": request["lines"][1]["id"], "kind": "substitute", "fen": 900, "name": NAMES[2]}
    asked = ok(world.qian.post(f"/medicine-trips/{made['id']}/questions", ask), 201)
    refusals = [
        trip.buy(world, "qian", made, request["lines"][0], 9000),
        trip.buy(world, "qian", made, request["lines"][1], 900),
        world.qian.post(f"/medicine-trips/{made['id']}/questions", ask),
        world.tang.post(f"/medicine-trips/{made['id']}/reveal", {"purpose": "buy"}),
    ]
    ok(world.he.post(f"/medicine-questions/{asked['id']}/answer", {"accept": True}))
    trip.bought(world, "qian", made, request, 900)
    trip.photographed(world, "qian", made)
    ok(trip.step(world, "qian", made, "leave"))
    ok(trip.step(world, "qian", made, "hand_out"))
    (bag,) = trip.unpacked(world, made, "qian")
    assert {one["name"] for one in bag["goods"]} == {NAMES[0], NAMES[2]}  # the other one, as agreed
    ok(trip.refuse(world, "li", request))
    page = world.li.get(f"/medicine-trips/{made['id']}/pass").text
    work_off(app, owner)
    told = {table: [name for name in NAMES[:5] if name in text] for table, text in dump(owner).items()}
    assert {table: names for table, names in told.items() if names} == {}
    said = [logs(), page, everything_else(world, made), *[answer.text for answer in refusals]]
    assert not [name for name in NAMES[:5] for text in said if name in text]
    assert all(400 <= answer.status_code < 500 for answer in refusals)
    assert not g.sound(app)
