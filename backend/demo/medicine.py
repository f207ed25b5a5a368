"""The demo's medicine: two pharmacies, and a request in each of the states worth looking at. All of it is made up."""

import io
import uuid
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select, update

from backend.core import clock
from backend.core.errors import DomainError
from backend.core.transaction import unit_of_work
from backend.demo.errands import take
from backend.demo.people import COMMUNITY, HOMES, Home, actor
from backend.extensions import db
from backend.medicine.delivery import service as delivery
from backend.medicine.delivery.service import Check, code_of
from backend.medicine.money import service as money
from backend.medicine.pharmacies import service as pharmacies
from backend.medicine.pharmacies.models import Pharmacy
from backend.medicine.requests import service as requests
from backend.medicine.requests.models import MedicineCourse, MedicineRequest, QuestionKind
from backend.medicine.requests.models import RequestStatus as R
from backend.medicine.requests.schemas import NewMedicineRequestSchema
from backend.medicine.trips import buying, planning
from backend.medicine.trips import service as trips
from backend.medicine.trips.models import MedicineTrip, TripStatus
from backend.medicine.trips.tasks import ROUND, TRIP
from backend.places.models import Household
from backend.volunteering.tasks import holding
from backend.volunteering.tasks.models import Task

HEAD, GRID, WORKER, SECRETARY, RESIDENT = "刘大爷", "王秀英", "陈静", "李国强", "张敏"
HER, HERS = HOMES  # 何婆婆, and 张敏
NEIGHBOURS = ("201", "202")  # of theirs
PRESSURE = {
    "name": "宁压片（演示）", "maker": "江汉制药", "specification": "5毫克×28片", "form": "tablet", "quantity": 2,
    "ceiling_fen": 6800, "substitution": True, "days_left": 4,
}  # fmt: skip
SUGAR = {
    "name": "糖安胶囊（演示）", "maker": "东湖药业", "specification": "0.5克×60粒", "form": "capsule", "quantity": 1,
    "ceiling_fen": 4200,
}  # fmt: skip
COUGH = {
    "name": "润肺糖浆（演示）", "specification": "150毫升", "form": "liquid", "quantity": 1, "ceiling_fen": 2600,
    "sealed_otc": True,
}  # fmt: skip
NEAR: dict[str, Any] = {
    "name": "将军路平价药房", "address": "将军路 18 号", "diseases": [], "cold": False, "opens_at": time(0),
    "closes_at": time(23, 59),
}  # fmt: skip
ALL_HOURS: dict[str, Any] = {
    "name": "金银湖重症定点药店", "address": "金银湖路 6 号", "diseases": ["高血压", "糖尿病"], "cold": True,
    "opens_at": time(0), "closes_at": time(23, 59),
}  # fmt: skip
LASTS_DAYS = 28
UNDER_WAY = (TripStatus.ACCEPTED, TripStatus.AT_PHARMACY, TripStatus.RETURNING)


def load(say: Callable[[str], Any]) -> None:
    """Whichever state has no request is shown (again) by one that is taken there, by those whose task it is."""
    with unit_of_work():
        _pharmacies()
        known = set(db.session.scalars(select(MedicineRequest.status).distinct()))
        on_the_way = db.session.scalar(select(MedicineTrip.id).where(MedicineTrip.status.in_(UNDER_WAY)).limit(1))
    stories = (
        (_delivered, known & {R.DELIVERED, R.SETTLED}),
        (_waiting, known & {R.SUBMITTED}),
        (_unclear, known & {R.NEEDS_INFO}),
        (_planned, known & {R.PLANNED, R.CHECKED}),
        (_dearer, known & {R.SUBSTITUTE_PENDING} or on_the_way),
    )
    missing = [story for story, there in stories if not there]
    if missing:
        say("  loading medicine: waiting for the check, unclear, planned, dearer than agreed, delivered …")
    for story in missing:
        try:
            with unit_of_work():
                story()
        except DomainError as refused:  # a visitor has changed what this one may do
            say(f"  left out a request for medicine: {refused.detail}")


# --- Pharmacies -------------------------------------------------------------------------------------------------


def _pharmacies() -> None:
    """Registered once; how long one queues and what is there is told anew when it no longer counts."""
    secretary, driver = actor(SECRETARY), actor("宋海涛")
    near, all_hours = (_shop(values["name"]) or pharmacies.add(secretary, COMMUNITY, **values)
                       for values in (NEAR, ALL_HOURS))  # fmt: skip
    if all_hours.id not in pharmacies.queues_of([all_hours.id]):
        for shop, minutes in ((near, 40), (all_hours, 15)):
            pharmacies.report_queue(driver, shop.id, minutes)
    if not pharmacies.stock_of([near.id])[near.id]:
        for shop, medicine, has in ((near, PRESSURE, False), (near, COUGH, True), (all_hours, PRESSURE, True)):
            seen = {"maker": None} | {name: medicine[name] for name in ("name", "maker", "specification")
                                      if name in medicine}  # fmt: skip
            pharmacies.report_stock(driver, shop.id, **seen, has=has)


def _shop(name: str) -> Pharmacy | None:
    return db.session.scalars(
        select(Pharmacy).where(Pharmacy.place_code == COMMUNITY, Pharmacy.name == name)
    ).one_or_none()


# --- Requests ---------------------------------------------------------------------------------------------------


def box(first: str = "DEMO 5 mg", second: str = "28 tablets") -> bytes:
    """The photo of a medicine box that nobody sells, as a phone would send it."""
    photo = Image.new("RGB", (800, 600), "#8b8378")
    drawn = ImageDraw.Draw(photo)
    drawn.rectangle((90, 150, 710, 450), fill="#fbfbf8", outline="#c9c9c2", width=4)
    drawn.rectangle((90, 150, 710, 235), fill="#1f6f8b")
    drawn.text((120, 262), first, fill="#1d2a2e", font_size=64)
    drawn.text((120, 350), second, fill="#4c5a5e", font_size=40)
    sent = io.BytesIO()
    photo.save(sent, "JPEG", quality=85)
    return sent.getvalue()


def _household(unit: str, room: str) -> uuid.UUID:
    door = (Household.place_code == unit) & (Household.room == room)
    return db.session.scalars(select(Household.id).where(door)).one()


def _asked(who: str, home: Home | str, *lines: dict[str, Any], consent: str | None = "voice") -> MedicineRequest:
    """With a photo of the box; a neighbour by room."""
    home = Home(HER.unit, home, "", None, {}) if isinstance(home, str) else home
    asks, household = actor(who), _household(home.unit, home.room)
    sent = {"lines": lines, "photo_ids": [requests.add_photo(asks, household, box()).id.hex]}
    body = NewMedicineRequestSchema().load(sent)
    for name in ("household_id", "consent"):
        body.pop(name)
    return requests.file(asks, requests.Wish(**body), household, consent)


def _checked(request: MedicineRequest) -> MedicineRequest:
    return requests.check(actor(WORKER), request.id, request.revision)


def _waiting() -> None:
    _asked(RESIDENT, HERS, PRESSURE, COUGH, consent=None)


def _unclear() -> None:
    """何婆婆 has no phone: 刘大爷 asks for her, and the photo does not tell which strength."""
    request = _asked(HEAD, HER, SUGAR, consent="in_person")
    requests.ask_info(
        actor(WORKER), request.id, request.revision, "照片看不清规格，是 0.25 克还是 0.5 克？请再拍一张。"
    )


def _planned() -> None:
    """On a list that is not sealed yet."""
    two = [_checked(_asked(GRID, room, medicine)) for room, medicine in zip(NEIGHBOURS, (COUGH, PRESSURE), strict=True)]
    _on_a_trip(NEAR["name"], *two)


def _on_a_trip(shop: str, *on_it: MedicineRequest) -> MedicineTrip:
    pharmacy, secretary = _shop(shop), actor(SECRETARY)
    assert pharmacy
    trip = planning.open_trip(secretary, COMMUNITY, pharmacy.id, None)
    for request in on_it:
        planning.add(secretary, trip.id, trip.revision, request.id)
    return trip


# --- On the way -------------------------------------------------------------------------------------------------


def _at_the_counter(who: str, *on_it: MedicineRequest) -> tuple[MedicineTrip, Task]:
    """The list is sealed, a volunteer takes the trip, goes, and stands there."""
    trip = _on_a_trip(ALL_HOURS["name"], *on_it)
    trips.take_step(actor(SECRETARY), trip.id, "seal", trip.revision, None)
    task = _begun(who, TRIP, trip.id)
    trips.take_step(actor(who), trip.id, "arrive", trip.revision, None)
    return trip, task


def _begun(who: str, origin: str, origin_id: uuid.UUID) -> Task:
    task = db.session.scalars(select(Task).where(Task.origin_type == origin, Task.origin_id == origin_id)).one()
    claim = take(who, task.id)
    holding.start(actor(who), claim.id, claim.revision)
    return task


def _bought(who: str, trip: MedicineTrip, request: MedicineRequest, fen: int) -> None:
    good_until = clock.today() + timedelta(days=400)
    for line in request.lines:
        buying.buy(actor(who), trip.id, line.id, line.quantity, fen, "DEMO-01", good_until)


def _dearer() -> None:
    """The volunteer stands at the counter; 张敏 has a quarter of an hour to say whether ¥49.80 is too much."""
    mine = _checked(_asked(RESIDENT, HERS, SUGAR, consent=None))
    other = _checked(_asked(GRID, NEIGHBOURS[0], PRESSURE))
    trip, _ = _at_the_counter("宋海涛", mine, other)
    _bought("宋海涛", trip, other, 6200)
    buying.ask(actor("宋海涛"), trip.id, mine.lines[0].id, QuestionKind.PRICE, fen=4980)


def _delivered() -> None:
    """何婆婆's tablets, brought and paid for at her door; four days later she would have had none."""
    request = _checked(_asked(HEAD, HER, PRESSURE | {"days_each": LASTS_DAYS}, consent="in_person"))
    who, ding = "丁小军", actor("丁小军")
    trip, task = _at_the_counter(who, request)
    _bought(who, trip, request, 5980)
    buying.add_receipt(ding, trip.id, box("RECEIPT", "59.80"))
    trips.take_step(ding, trip.id, "leave", trip.revision, None)
    _finished(who, task)
    entry, _ = delivery.unpack(ding, trip.id, 1)
    assert entry.round_id
    way = _begun(who, ROUND, entry.round_id)
    delivery.hand_over(ding, request.id, Check.CODE, code_of(request.id), 5980, f"药-{trip.id.hex[-8:]}")
    _finished(who, way)
    money.reconcile(actor(SECRETARY), trip.id, trip.revision)
    soon = update(MedicineCourse).where(MedicineCourse.household_id == request.household_id)
    db.session.execute(soon.values(runs_out_on=clock.today() + timedelta(days=3)))  # as if four weeks had passed


def _finished(who: str, task: Task) -> None:
    """Who stands by tells the code."""
    claim = holding.mine(actor(who), True).where(holding.TaskClaim.task_id == task.id)
    held = db.session.scalars(claim).one()
    holding.done(actor(who), held.id, held.revision, "code", holding.completion_code(task.id))
