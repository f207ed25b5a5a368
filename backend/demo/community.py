"""Loads the demo: the register, Machidun's five compounds with 4,200 households, their people and records.

Rows that no verb could make today (fourteen days of past records) are written directly; everything that has a
state goes through the verbs, so that its history is a real one.
"""

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from backend.cases import service as cases
from backend.cases.models import Case, Category
from backend.certification import service as certification
from backend.core import clock
from backend.core.auth import HOUSE
from backend.core.models import new_id
from backend.core.permissions import Role
from backend.core.settings import settings
from backend.core.transaction import unit_of_work
from backend.demo import errands, group_buys, medicine, volunteers
from backend.demo.people import (
    COMMUNITY,
    COMPOUNDS,
    HOMES,
    PEOPLE,
    Compound,
    Home,
    Person,
    a_name,
    actor,
    user_named,
)
from backend.extensions import db
from backend.fieldwork.models import DailyRecord
from backend.integrations.sign_in import console_openid
from backend.people import households
from backend.people.households import bind, members_of, set_phone, update_member
from backend.people.models import HouseholdMember, User
from backend.people.service import appoint
from backend.people.sessions import openid_index
from backend.places.models import Household, Place, PlaceKind
from backend.places.service import count_households, import_register, place_named

REGISTER = Path(__file__).parents[1] / "places" / "data" / "wuhan_divisions.csv"
DAYS = 15
OFFICE = "027-83210000"
AT_ONCE = 200  # homes built between two statements: a slow machine must not idle in a transaction for seconds


def loaded() -> bool:
    return db.session.scalar(select(User.id).where(User.demo_name.is_not(None)).limit(1)) is not None


def load(say: Callable[[str], Any] = print) -> None:
    """Loads what is missing, then tops the records up to yesterday. Does nothing that was done before."""
    with unit_of_work():
        first, newcomers = not loaded(), _people()
        if first:
            say("  loading the register of Wuhan (3,702 places) …")
            import_register(REGISTER)
            say("  loading Machidun community: 5 compounds, 4,200 households, 63 volunteers …")
            for compound in COMPOUNDS:
                _compound(compound)
        for person in newcomers:
            _post(person.name, person.role, person.place)
    with unit_of_work():
        for home in HOMES:
            _settle_in(home)
    volunteers.load()
    with unit_of_work():
        for compound in COMPOUNDS:
            top_up(compound.code, gap=compound.story == "gaps")
    with unit_of_work():
        _stories()
    group_buys.load(say)
    errands.load(say)
    medicine.load(say)


def _people() -> list[Person]:
    """Adds those who are missing and returns them: a demo loaded by an earlier version gets the new ones."""
    known = set(db.session.scalars(select(User.demo_name).where(User.demo_name.is_not(None))))
    missing = [person for person in PEOPLE if person.name not in known]
    for person in missing:
        db.session.add(User(name=person.name, demo_name=person.name))
    db.session.flush()
    _let_in()
    return missing


def _let_in() -> None:
    """Each is found by the console's sign-in; also those whom an earlier version has made, unless somebody tried the
    name before and is that user now: then the name is the demo's again."""
    waiting = select(User).where(User.demo_name.is_not(None), User.openid_index.is_(None))
    for user in db.session.scalars(waiting).all():
        index = openid_index(console_openid(user.name))
        db.session.execute(update(User).where(User.openid_index == index).values(openid_index=None))
        user.openid_index = index
    db.session.flush()


def _post(name: str, role: Role, place: str) -> None:
    appoint(HOUSE, user_named(name), role, place)


def _compound(compound: Compound) -> None:
    """A compound with its buildings of three units, and its households spread over them, six floors and more."""
    db.session.add(_place(compound.code, compound.name, PlaceKind.COMPOUND, COMMUNITY))
    units = []
    for b in range(1, compound.buildings + 1):
        building = f"{compound.code}-{b:03d}"
        db.session.add(_place(building, f"{b}栋", PlaceKind.BUILDING, compound.code))
        for u in range(1, 4):
            units.append(f"{building}-{u:03d}")
            db.session.add(_place(units[-1], f"{u}单元", PlaceKind.UNIT, building))
    db.session.flush()
    _households(compound, units)
    count_households(compound.code)


def _place(code: str, name: str, kind: PlaceKind, parent: str) -> Place:
    return Place(code=code, name=name, kind=kind.value, parent_code=parent, households=0)


def _households(compound: Compound, units: list[str]) -> None:
    chance = random.Random(compound.number)
    for first in range(0, compound.households, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, compound.households))
        homes = [_home(chance, n, units) for n in numbers]
        db.session.add_all(household for household, _ in homes)
        db.session.flush()
        db.session.add_all(head for _, head in homes)
        db.session.flush()


def _home(chance: random.Random, n: int, units: list[str]) -> tuple[Household, HouseholdMember]:
    unit, floor, door = units[n % len(units)], n // len(units) // 2 + 1, n // len(units) % 2 + 1
    old = chance.random() < 0.2
    household = Household(
        place_code=unit,
        room=f"{floor}{door:02d}",
        floor=floor,
        member_count=1 if old else chance.randint(1, 5),
        lives_alone=old and chance.random() < 0.5,
        no_smartphone=old and chance.random() < 0.6,
        hardship=chance.random() < 0.04,
        medical_family=chance.random() < 0.03,
        chronic_illness=old and chance.random() < 0.5,
    )
    head = HouseholdMember(household_id=household.id, is_head=True, name=a_name(chance))
    set_phone(head, f"1380000{chance.randint(0, 9999):04d}")
    return household, head


def _settle_in(home: Home) -> None:
    """The grid worker takes down who lives behind a door of the register, as in any compound."""
    door = (Household.place_code == home.unit) & (Household.room == home.room)
    household = db.session.scalars(select(Household).where(door)).one()
    family = members_of([household.id])[household.id]
    if not family or family[0].name == home.head:
        return
    head = family[0]
    grid = actor("王秀英")
    households.update(grid, household.id, household.revision, home.flags)
    update_member(grid, head.id, {"name": home.head})
    if home.person:
        bind(grid, head.id, user_named(home.person))


def top_up(code: str, gap: bool = False) -> None:
    """Daily records for the days over that have none; with `gap`, two days without disinfection."""
    yesterday = clock.today() - timedelta(days=1)
    have = set(db.session.scalars(select(DailyRecord.day).where(DailyRecord.place_code == code)))
    missing = [day for day in (yesterday - timedelta(days=n) for n in range(DAYS)) if day not in have]
    if missing:
        by = user_named(PEOPLE[0].name)
        households = place_named(code).households
        values = [_sheet(code, day, households, by, gap and (yesterday - day).days in (5, 9)) for day in missing]
        db.session.execute(insert(DailyRecord), values)


def _sheet(code: str, day: date, households: int, by: object, dirty: bool) -> dict[str, object]:
    return {
        "id": new_id(), "place_code": code, "day": day, "recorded_by": by,
        "entrances": 3, "open_gates": 1, "gate_inspections": 4,
        "households": households, "households_reached": households,
        "disinfection_rounds": 0 if dirty else 2, "disinfected_area": 0 if dirty else 12_000,
        "supply_requests": 40, "supply_met": 40, "publicity_actions": 3,
        "disputes_open": 0, "disputes_handled": 1, "roles_held": 19, "roles_needed": 19,
        "changed_at": datetime.combine(day, time(18), clock.SHANGHAI),
    }  # fmt: skip


def _stories() -> None:
    """One compound with a close contact not yet released, one certified, one in public notice."""
    by_story = {compound.story: compound.code for compound in COMPOUNDS}
    if db.session.scalar(select(Case.id).limit(1)) is None:
        source = "疾控中心密接协查函（演示）"
        day = clock.today() - timedelta(days=3)
        cases.record(actor("陈静"), by_story["contact"], Category.CLOSE_CONTACT, day, source, person="演示人员")
    kept = settings["NOTICE_SECONDS"]
    try:
        settings["NOTICE_SECONDS"] = 0
        _certified(by_story["certified"])
        settings["NOTICE_SECONDS"] = None
        _published(by_story["notice"])
    finally:
        settings["NOTICE_SECONDS"] = kept


def _published(code: str) -> certification.Application | None:
    if db.session.scalar(select(certification.Application.id).where(certification.Application.unit_code == code)):
        return None
    application = certification.apply(actor("王秀英"), code)
    if not isinstance(application, certification.Application):
        raise RuntimeError(
            f"the demo's compound {code} is not ready: {[r.id for r in application.criteria if not r.met]}"
        )
    certification.review(actor("赵明"), application.id, "approve", application.revision, None)
    return certification.publish(actor("周建华"), application.id, application.revision, OFFICE)


def _certified(code: str) -> None:
    if application := _published(code):
        certification.certify(actor("周建华"), application.id)


def add_ready_compound() -> Compound:
    """A further compound with records as good as the first one's: each `demo walk` has one of its own."""
    taken = db.session.scalars(select(Place.code).where(Place.parent_code == COMMUNITY)).all()
    number = max(int(code[-3:]) for code in taken) + 1
    compound = Compound(number, f"演示小区{number}", 120, 2, "ready")
    _compound(compound)
    top_up(compound.code)
    return compound
