"""The register over HTTP: found by anyone, extended below the community by those in charge."""

import pytest

from backend.core.auth import Actor
from backend.core.errors import DomainError
from backend.core.permissions import Role
from backend.core.transaction import unit_of_work
from backend.places import service
from tests.cast import BUILDING, ELSEWHERE, JIANGJUNLU, MACHIDUN, READY, SECOND, UNIT
from tests.factories.races import at_once
from tests.factories.world import user_id


def add(hand, parent, kind, name):
    return hand.post("/places", {"parent_code": parent, "kind": kind, "name": name})


def codes(answer):
    return [place["code"] for place in answer.json["items"]]


def test_anyone_finds_a_place_by_part_of_its_name(world):
    assert codes(world.public.get("/places", words="马池")) == [MACHIDUN, READY]
    assert codes(world.public.get("/places", words="马池", kind="compound")) == [READY]
    assert codes(world.public.get("/places", words="社区", limit=2)) == ["420111001001", MACHIDUN]


def test_buildings_and_units_are_found_only_when_asked_for(world):
    assert codes(world.public.get("/places", words="1")) == []
    assert codes(world.public.get("/places", words="1", kind="building")) == [BUILDING]
    assert codes(world.public.get("/places", words="1", kind="unit")) == [UNIT]


SENSELESS = (
    {}, {"words": ""}, {"words": "区" * 41}, {"words": "a\0"}, {"words": "区", "limit": 51},
    {"words": "区", "limit": 0},
    {"words": "区", "kind": "x"},
)  # fmt: skip


def test_what_means_something_to_a_database_means_nothing_here(world):
    for words in ("%", "_", "\\", "' OR 1=1 --", "没有这个地方"):
        answer = world.public.get("/places", words=words)
        assert (answer.status_code, codes(answer)) == (200, []), words
    for query in SENSELESS:
        assert world.public.get("/places", **query).status_code == 422, query


def test_one_place_and_what_lies_directly_below(world):
    place = world.public.get(f"/places/{READY}").json
    assert place == {"code": READY, "name": "马池苑", "kind": "compound", "parent_code": MACHIDUN, "households": 700}
    assert codes(world.public.get(f"/places/{MACHIDUN}/children")) == [READY, SECOND]
    assert codes(world.public.get(f"/places/{UNIT}/children")) == []
    for path in ("/places/420199", "/places/420199/children", "/places/x", f"/places/{READY}-1"):
        assert world.public.get(path).status_code == 404, path


def test_a_compound_a_building_a_unit(world, owner):
    compound = add(world.wang, MACHIDUN, "compound", "新苑")
    assert (compound.status_code, compound.json["code"]) == (201, f"{MACHIDUN}-003")
    building = add(world.li, compound.json["code"], "building", "甲栋")
    unit = add(world.chen, building.json["code"], "unit", "1单元")
    assert unit.json["code"] == f"{MACHIDUN}-003-001-001" and unit.json["parent_code"] == building.json["code"]
    audited = owner.execute("SELECT place_code, details FROM audit_event WHERE action = 'add' ORDER BY id").fetchall()
    assert audited == [(p.json["code"], {"kind": p.json["kind"]}) for p in (compound, building, unit)]


def test_each_kind_has_its_own_parent_and_the_registers_levels_come_from_the_register_alone(world):
    for parent, kind in (
        (BUILDING, "compound"), (READY, "compound"), (MACHIDUN, "building"),
        (MACHIDUN, "unit"), (READY, "unit"), (UNIT, "unit"),
    ):  # fmt: skip
        answer = add(world.wang, parent, kind, "某处")
        assert (answer.status_code, answer.json["code"]) == (422, "wrong_parent"), (parent, kind)
    for kind in ("community", "district", "city", "household", ""):
        assert add(world.wang, MACHIDUN, kind, "某处").status_code == 422, kind


def test_where_it_does_not_belong_the_refusal_says_where_it_does(world, owner, ctx):
    """`other` stands at two levels of the register: 9 digits is a subdistrict's, whatever it is called."""
    zone, estate = f"{JIANGJUNLU[:6]}400", f"{JIANGJUNLU}900"
    for code in (zone, estate):
        statement = "INSERT INTO place (code, name, kind, parent_code) VALUES (%s, '管理处', 'other', %s)"
        owner.execute(statement, [code, code[:-3]])
    keeper = Actor(user_id("li"), "li", ((Role.COMMUNITY_SECRETARY, "420112"),))
    with pytest.raises(DomainError) as refused, unit_of_work():
        service.add(keeper, zone, "compound", "新苑")
    assert (refused.value.status, refused.value.code) == (422, "wrong_parent")
    assert refused.value.detail == "小区要加在社区（村）下面，请先选好所在的社区（村）再添加。"
    assert service.add(keeper, estate, "compound", "新苑").code == f"{estate}-001"
    assert "请先选好所在的楼栋" in add(world.wang, READY, "unit", "1单元").json["detail"]


def test_adding_does_not_wait_for_who_records_something_about_the_parent(world, owner):
    with owner.transaction():
        owner.execute("SELECT 1 FROM place WHERE code = %s FOR KEY SHARE", [READY])
        assert add(world.wang, READY, "building", "9栋").status_code == 201


def test_the_same_name_twice_below_one_parent_is_refused(world):
    assert add(world.wang, READY, "building", "1栋").json["code"] == "name_taken"
    assert add(world.wang, SECOND, "building", "1栋").status_code == 201


STRANGERS = (
    ("public", READY, 401),
    ("nobody", READY, 403),
    ("he", READY, 403),
    ("qian", READY, 403),
    ("zhao", READY, 403),
    ("zheng", READY, 403),
    ("wang", ELSEWHERE, 404),
    ("wang", JIANGJUNLU, 404),
    ("other_grid", READY, 404),
    ("wang", f"{MACHIDUN}-777", 404),
)


def test_only_those_in_charge_of_the_place_may_add_to_it(world, owner):
    for who, parent, status in STRANGERS:
        hand = world.public if who == "public" else world.hand(who)
        assert add(hand, parent, "building", "9栋").status_code == status, (who, parent)
    assert owner.execute("SELECT count(*) FROM place WHERE name = '9栋'").fetchone() == (0,)


def test_code_and_households_are_never_taken_from_the_client(world):
    for body in ({"code": f"{READY}-900"}, {"households": 9}, {"name": ""}, {"name": "a" * 81}, {"name": 5}):
        sent = {"parent_code": READY, "kind": "building", "name": "2栋", **body}
        assert world.wang.post("/places", sent).status_code == 422, body


def test_two_who_add_at_once_get_two_numbers(world):
    hands = [world.wang, world.li, world.chen]
    for round_ in range(5):
        names = [f"{round_}-{n}" for n in range(3)]
        made = at_once(*[lambda h=h, n=n: add(h, READY, "building", n) for h, n in zip(hands, names, strict=True)])
        assert [answer.status_code for answer in made] == [201] * 3
    numbers = [int(code[-3:]) for code in codes(world.public.get(f"/places/{READY}/children"))]
    assert numbers == list(range(1, 17))


def test_two_who_add_the_same_name_at_once_make_one(world):
    made = at_once(*[lambda h=h: add(h, READY, "building", "同名") for h in (world.wang, world.li)])
    assert sorted(answer.status_code for answer in made) == [201, 409]


def test_a_thousandth_building_is_refused(world, owner):
    owner.execute(
        "INSERT INTO place (code, name, kind, parent_code) VALUES (%s, 'x', 'building', %s)", [f"{READY}-999", READY]
    )
    assert add(world.wang, READY, "building", "多一栋").json["code"] == "too_many_places"
