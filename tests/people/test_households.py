"""Households: masked to all, clear to few and never unseen; needs kept up to date; consent to act for them."""

import uuid

from backend.core.auth import Actor
from backend.extensions import db
from backend.people.households import consents_to
from tests.cast import BUILDING, ELSEWHERE, READY, UNIT
from tests.factories import groupbuy as g
from tests.factories.households import family
from tests.factories.races import at_once, while_locked
from tests.factories.world import user_id

PHONE = "13912345678"


def reveal(hand, member, purpose="care_visit"):
    return hand.post(f"/household-members/{member}/reveal", {"purpose": purpose})


def find(hand, phone=PHONE, purpose="verify"):
    return hand.post("/households/find", {"phone": phone, "purpose": purpose})


def audited(owner, action):
    query = "SELECT place_code, details FROM audit_event WHERE action = %s ORDER BY id"
    return owner.execute(query, [action]).fetchall()


def same(answer):
    """An answer without the number of the request."""
    return answer.status_code, {name: value for name, value in answer.json.items() if name != "request_id"}


def test_the_list_is_masked_and_for_those_in_charge_alone(world):
    family(world)
    for who in ("wang", "li", "chen", "liu"):
        answer = world.hand(who).get("/households", place=BUILDING)
        assert answer.json["items"][0]["members"][0] | {"id": ""} == {
            "id": "", "is_head": True, "name": "孙**", "phone": "139****5678",
        }, who  # fmt: skip
        assert "桂英" not in answer.text and PHONE not in answer.text
    for who, place, status in (
        ("liu", READY, 403), ("he", READY, 403), ("qian", READY, 403), ("zhou", READY, 403), ("zheng", READY, 403),
        ("other_grid", READY, 403), ("wang", ELSEWHERE, 403), ("wang", "4201", 403), ("nobody", READY, 403),
    ):  # fmt: skip
        assert world.hand(who).get("/households", place=place).status_code == status, (who, place)


def test_members_are_added_and_a_household_has_one_head(world, owner):
    home = family(world)
    path = f"/households/{home['id']}/members"
    child = world.wang.post(path, {"name": "孙小宝"})
    assert child.status_code == 201 and child.json | {"id": ""} == {
        "id": "",
        "is_head": False,
        "name": "孙**",
        "phone": None,
    }
    second = world.wang.post(path, {"name": "孙大宝", "is_head": True})
    assert (second.status_code, second.json["code"]) == (409, "head_exists")
    names = [m["is_head"] for m in world.wang.get("/households", place=UNIT).json["items"][0]["members"]]
    assert names == [True, False]
    for who, status in (("liu", 403), ("other_grid", 404), ("zhou", 403)):
        assert world.hand(who).post(path, {"name": "某人"}).status_code == status, who
    for body in (
        {},
        {"name": ""},
        {"name": "a" * 21},
        {"name": "a\0"},
        {"name": "孙", "phone": "123"},
        {"name": "孙", "household_id": home["id"]},
    ):
        assert world.wang.post(path, body).status_code == 422, body
    assert len(audited(owner, "add")) == 1


def test_two_heads_at_once_make_one(world, owner):
    home = family(world)
    owner.execute("UPDATE household_member SET is_head = false")
    path = f"/households/{home['id']}/members"
    made = at_once(*[lambda h=h: h.post(path, {"name": "某人", "is_head": True}) for h in (world.wang, world.li)])
    assert sorted(answer.status_code for answer in made) == [201, 409]


def test_a_look_at_a_phone_names_its_purpose_and_is_audited(world, owner):
    member = family(world)["members"][0]["id"]
    seen = reveal(world.wang, member)
    assert seen.json == {"id": member, "name": "孙桂英", "phone": PHONE}
    assert audited(owner, "reveal") == [(UNIT, {"purpose": "care_visit"})]
    for body in ({}, {"purpose": ""}, {"purpose": "好奇"}):
        assert world.wang.post(f"/household-members/{member}/reveal", body).status_code == 422
    assert len(audited(owner, "reveal")) == 1, "a refused look shows nothing and is no look"
    assert owner.execute("SELECT count(*) FROM idempotency_key WHERE operation = 'revealMember'").fetchone() == (0,)


def test_a_member_out_of_sight_answers_as_a_missing_one(world, owner):
    member = family(world)["members"][0]["id"]
    missing = reveal(world.other_grid, "01900000-0000-7000-8000-000000000000")
    assert missing.status_code == 404 and same(reveal(world.other_grid, member)) == same(missing)
    for who in ("liu", "zhou", "zhao", "he", "zheng", "nobody", "qian"):
        assert reveal(world.hand(who), member).status_code == 403, who
    assert audited(owner, "reveal") == []


def test_looks_are_limited_for_each_person_alone(world, app, monkeypatch):
    monkeypatch.setitem(app.config, "REVEAL_LIMIT", "3 per hour")
    member = family(world)["members"][0]["id"]
    assert [reveal(world.wang, member).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert reveal(world.li, member).status_code == 200, "the limit is each person's own"


def test_a_household_is_found_by_the_whole_number_alone_and_only_in_ones_care(world, owner):
    home = family(world)
    assert [h["id"] for h in find(world.wang).json["items"]] == [home["id"]]
    assert "桂英" not in find(world.wang).text
    assert find(world.other_grid).json == {"items": []} == find(world.wang, "13912345679").json
    told = [details for _, details in audited(owner, "find_by_phone")]
    assert [d["found"] for d in told] == [1, 1, 0, 0] and PHONE not in str(told)
    for part in ("139", "1391234567", "139%", "", "139123456780", "１３９１２３４５６７８"):
        assert find(world.wang, part).status_code == 422, part
    for who in ("liu", "zhou", "he", "nobody"):
        assert find(world.hand(who)).status_code == 403, who


def test_a_landline_is_found_with_its_dash_or_without(world):
    family(world, phone="027-83210001")
    assert len(find(world.wang, "027-83210001").json["items"]) == 1
    assert len(find(world.wang, "02783210001").json["items"]) == 1


def test_needs_are_updated_against_the_revision_seen(world, owner):
    home = family(world)
    path = f"/households/{home['id']}"
    changed = world.wang.patch(path, {"revision": 1, "hardship": True, "member_count": 3})
    assert changed.status_code == 200 and changed.json["hardship"] and changed.json["revision"] == 2
    stale = world.li.patch(path, {"revision": 1, "hardship": False})
    assert (stale.status_code, stale.json["code"], stale.json["revision"]) == (409, "stale", 2)
    assert audited(owner, "update") == [(UNIT, {"changed": ["hardship", "member_count"]})]
    for body in (
        {}, {"hardship": True}, {"revision": "2"}, {"revision": 2, "member_count": -1},
        {"revision": 2, "member_count": 51},
        {"revision": 2, "hardship": None}, {"revision": 2, "place_code": ELSEWHERE}, {"revision": 2, "room": "102"},
    ):  # fmt: skip
        assert world.wang.patch(path, body).status_code == 422, body
    for who, status in (("liu", 403), ("other_grid", 404), ("he", 403), ("zhou", 403)):
        assert world.hand(who).patch(path, {"revision": 2, "hardship": False}).status_code == status, who


def test_an_update_that_waited_for_another_sees_what_the_other_wrote(world, app):
    home = family(world)
    world.wang.get("/me")
    answer = while_locked(
        app.config["MIGRATION_DATABASE_URL"].replace("+psycopg", ""),
        "UPDATE household SET revision = 2, lives_alone = true WHERE id = %s", [home["id"]],
        lambda: world.wang.patch(f"/households/{home['id']}", {"revision": 1, "lives_alone": False}),
    )  # fmt: skip
    assert (answer.status_code, answer.json["revision"]) == (409, 2)


def agreed(volunteer):
    """The households that have agreed, as of now, that the volunteer acts for them."""
    return list(db.session.scalars(consents_to(Actor(volunteer, ""))))


def test_consent_is_recorded_lasts_and_is_withdrawn(world, owner, ctx):
    home, volunteer = family(world)["id"], user_id("qian")
    path = f"/households/{home}/consents"
    given = world.liu.post(path, {"given_to": str(volunteer), "kind": "voice"})
    assert given.status_code == 201 and given.json["withdrawn_at"] is None
    assert owner.execute("SELECT until - created_at = interval '180 days' FROM consent").fetchone() == (True,)
    assert agreed(volunteer) == [uuid.UUID(home)]
    assert agreed(user_id("feng")) == []
    withdraw = f"/consents/{given.json['id']}/withdraw"
    missing = world.other_grid.post("/consents/01900000-0000-7000-8000-000000000000/withdraw")
    assert missing.status_code == 404 and same(world.other_grid.post(withdraw)) == same(missing)
    ended = world.wang.post(withdraw)
    assert ended.status_code == 200 and ended.json["withdrawn_at"]
    assert world.wang.post(withdraw).json["code"] == "already_withdrawn"
    assert agreed(volunteer) == []
    assert len(audited(owner, "record")) == len(audited(owner, "withdraw")) == 1


def test_a_home_is_known_to_those_who_live_there_act_for_it_or_look_after_it(world, app, ctx):
    home = g.home(app, "301", who="he", lives_alone=True)
    g.ok(world.li.post(f"/households/{home}/consents", {"given_to": str(user_id("tang")), "kind": "voice"}), 201)
    for hand in (world.he, world.tang, world.wang, world.liu):
        shown = g.ok(hand.get(f"/households/{home}"))
        assert shown["lives_alone"] and [m["name"] for m in shown["members"]] == ["张**"]
        assert (shown["address"], shown["must_ask"]) == ("马池苑 1栋 1单元 301", hand not in (world.he, world.tang))
    for stranger in ("other_grid", "qian", "zhou"):
        assert world.hand(stranger).get(f"/households/{home}").status_code == 404, stranger


def test_a_resident_sees_who_acts_for_the_home_and_withdraws_it(world, app, owner, ctx):
    home = g.home(app, "301", who="he")
    path = f"/households/{home}/consents"
    given = g.ok(world.li.post(path, {"given_to": str(user_id("qian")), "kind": "in_person"}), 201)["id"]
    for hand in (world.he, world.li):
        assert [(c["id"], c["given_to_name"]) for c in g.ok(hand.get(path))["items"]] == [(given, "qian")]
    for stranger, status in (("tang", 404), ("qian", 404), ("other_grid", 404)):
        assert world.hand(stranger).get(path).status_code == status, stranger
        assert world.hand(stranger).post(f"/consents/{given}/withdraw").status_code == status, stranger
    assert g.ok(world.he.post(f"/consents/{given}/withdraw"))["withdrawn_at"]
    assert g.ok(world.he.get(path))["items"] == [], "she is told at once that nobody acts for her"
    g.ok(world.li.post(path, {"given_to": str(user_id("qian")), "kind": "in_person"}), 201)
    owner.execute("UPDATE consent SET until = now()")
    assert g.ok(world.he.get(path))["items"] == []


def test_consent_runs_out_and_is_refused_where_it_makes_no_sense(world, owner, ctx):
    home, volunteer = family(world)["id"], user_id("qian")
    path = f"/households/{home}/consents"
    body = {"given_to": str(volunteer), "kind": "paper"}
    assert world.wang.post(path, body).status_code == 201
    owner.execute("UPDATE consent SET until = now() - interval '1 second'")
    assert agreed(volunteer) == []
    assert world.wang.post(path, {**body, "given_to": home}).status_code == 404
    for wrong in ({"kind": "telepathy"}, {"kind": None}, {"given_to": "x"}, {"until": "2030-01-01T00:00:00Z"}):
        assert world.wang.post(path, {**body, **wrong}).status_code == 422, wrong
    for who, status in (("other_grid", 404), ("he", 403), ("zhou", 403), ("qian", 403)):
        assert world.hand(who).post(path, body).status_code == status, who


def change(hand, member, **body):
    return hand.patch(f"/household-members/{member}", body)


def test_a_member_is_corrected_and_the_record_tells_fields_not_words(world, owner):
    member = family(world)["members"][0]["id"]
    changed = change(world.wang, member, name="孙桂兰", phone="13700000001")
    assert changed.status_code == 200, changed.text
    assert changed.json == {"id": member, "is_head": True, "name": "孙**", "phone": "137****0001"}
    assert reveal(world.wang, member).json["name"] == "孙桂兰"
    assert find(world.wang).json["items"] == [] and len(find(world.wang, "13700000001").json["items"]) == 1
    assert change(world.li, member, name="孙桂兰", phone=None).json["phone"] is None
    assert change(world.li, member, name="孙桂兰", is_head=True).status_code == 200, "nothing new in it"
    assert audited(owner, "update") == [(UNIT, {"changed": ["name", "phone"]}), (UNIT, {"changed": ["phone"]})]
    for body in ({"name": ""}, {"name": None}, {"phone": "123"}, {"is_head": False}, {"is_head": None}, {"left_at": 1}):
        assert change(world.wang, member, **body).status_code == 422, body


def test_a_new_head_takes_the_place_of_the_old_one(world, owner):
    home = family(world)
    old = home["members"][0]["id"]
    new = world.wang.post(f"/households/{home['id']}/members", {"name": "孙大宝"}).json["id"]
    for member in (new, old, old, new):
        assert change(world.wang, member, is_head=True).json["is_head"]
        shown = world.wang.get("/households", place=UNIT).json["items"][0]["members"]
        other = new if member == old else old
        assert [(m["id"], m["is_head"]) for m in shown] == [(member, True), (other, False)]
    assert audited(owner, "update") == [(UNIT, {"changed": ["is_head"]})] * 3


def test_two_new_heads_at_once_leave_one(world, owner):
    home = family(world)
    path = f"/households/{home['id']}/members"
    members = [home["members"][0]["id"], *[world.wang.post(path, {"name": f"孙{n}宝"}).json["id"] for n in "大二"]]
    for _ in range(5):
        made = at_once(*[lambda m=m: change(world.wang, m, is_head=True) for m in members])
        assert [answer.status_code for answer in made] == [200] * 3
        heads = owner.execute("SELECT count(*) FROM household_member WHERE is_head AND left_at IS NULL").fetchone()
        assert heads == (1,)


def test_who_moved_out_is_shown_and_found_no_more(world, owner):
    home = family(world)
    head = home["members"][0]["id"]
    left = world.wang.post(f"/household-members/{head}/leave")
    assert left.status_code == 200 and left.json["name"] == "孙**"
    assert world.wang.get("/households", place=UNIT).json["items"][0]["members"] == []
    assert find(world.wang).json["items"] == []
    assert audited(owner, "leave") == [(UNIT, {})]
    for answer in (world.wang.post(f"/household-members/{head}/leave"), change(world.wang, head, name="孙某")):
        assert (answer.status_code, answer.json["code"]) == (409, "already_left")
    new = {"name": "孙大宝", "is_head": True}
    assert world.wang.post(f"/households/{home['id']}/members", new).status_code == 201, "the head's place is free"


def bind(hand, member, who):
    return hand.post(f"/household-members/{member}/bind", {"user_id": str(user_id(who))})


def residences(owner):
    query = "SELECT place_code FROM role_assignment r JOIN app_user u ON u.id = r.user_id WHERE u.demo_name = 'nobody'"
    return owner.execute(f"{query} AND role = 'resident' AND ended_at IS NULL").fetchall()


def test_no_account_is_put_in_the_place_of_another(world, app, owner):
    home = family(world)
    member = home["members"][0]["id"]
    with app.app_context():
        assert bind(world.wang, member, "nobody").status_code == 200
        assert bind(world.wang, member, "nobody").status_code == 200, "the same again is the same"
        refused = bind(world.wang, member, "he")
        assert (refused.status_code, refused.json["code"]) == (409, "already_bound")
        assert "迁出" in refused.json["detail"]
        assert world.wang.post(f"/household-members/{member}/leave").status_code == 200
        anew = world.wang.post(f"/households/{home['id']}/members", {"name": "孙大宝", "is_head": True}).json["id"]
        assert bind(world.wang, anew, "he").status_code == 200, "the way out"


def test_the_post_of_a_resident_ends_with_the_last_home_at_the_place(world, app, owner):
    with app.app_context():
        one, other = family(world), g.home(app, "1202")
        query = "SELECT id FROM household_member WHERE household_id = %s"
        members = [one["members"][0]["id"], owner.execute(query, [other]).fetchone()[0]]
        for member in members:
            assert bind(world.wang, member, "nobody").status_code == 200
        assert residences(owner) == [(UNIT,)]
        world.wang.post(f"/household-members/{members[0]}/leave")
        assert residences(owner) == [(UNIT,)], "there is another home"
        world.wang.post(f"/household-members/{members[1]}/leave")
        assert residences(owner) == [] and audited(owner, "move_out") == [(UNIT, {})]
        anew = world.wang.post(f"/households/{one['id']}/members", {"name": "孙大宝"}).json["id"]
        assert bind(world.wang, anew, "nobody").status_code == 200
        assert residences(owner) == [(UNIT,)], "back again"


def test_members_are_changed_by_those_who_keep_the_household_alone(world, owner):
    member, missing = family(world)["members"][0]["id"], "01900000-0000-7000-8000-000000000000"
    for act in (lambda h, m: change(h, m, name="某人"), lambda h, m: h.post(f"/household-members/{m}/leave")):
        assert act(world.other_grid, missing).status_code == 404
        assert same(act(world.other_grid, member)) == same(act(world.other_grid, missing))
        for who in ("liu", "zhou", "zhao", "he", "zheng", "nobody", "qian"):
            assert act(world.hand(who), member).status_code == 403, who
    assert owner.execute("SELECT count(*) FROM audit_event WHERE action IN ('update', 'leave')").fetchone() == (0,)
