"""Pharmacies, trips at every stage, what is bought on them, and the doors it goes to."""

import uuid
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.medicine.delivery.service import code_of
from backend.medicine.goods.models import Purchase
from backend.medicine.trips import deadlines, passes
from backend.medicine.trips.models import MedicineRound, MedicineTrip, TripRequest
from backend.people.households import set_phone
from backend.people.models import HouseholdMember
from backend.places.models import Household
from backend.volunteering.tasks.models import Task
from tests.cast import MACHIDUN, UNIT, Cast
from tests.factories import tasks as t
from tests.factories.claims import jpeg
from tests.factories.groupbuy import ok
from tests.factories.payments import console

SHOP = {"address": "将军路 1 号", "cold": True, "opens_at": "00:00", "closes_at": "23:59"}
receipts = count(1)


def receipt() -> str:
    return f"M{next(receipts)}"


def pharmacy(cast: Cast, name: str = "叶开泰药店", **more: Any) -> dict[str, Any]:
    sent = {"place_code": MACHIDUN, "name": name, **SHOP, **more}
    return ok(cast.li.post("/pharmacies", sent), 201)


def door(app: Any, room: str, phone: str | None = None, place: str = UNIT) -> str:
    """A household with nobody who signs in; its id."""
    with app.app_context(), unit_of_work():
        home = Household(place_code=place, room=room, member_count=1, no_smartphone=True)
        db.session.add(home)
        db.session.flush()
        head = HouseholdMember(household_id=home.id, is_head=True, name="何桂芳")
        set_phone(head, phone)
        db.session.add(head)
        return str(home.id)


def opened(cast: Cast, shop: dict[str, Any], *requests: dict[str, Any], who: str = "li") -> dict[str, Any]:
    """A trip by hand, with these requests on its list."""
    trip = ok(cast.hand(who).post("/medicine-trips", {"place_code": MACHIDUN, "pharmacy_id": shop["id"]}), 201)
    for request in requests:
        trip = ok(add(cast, trip, request, who))
    return trip


def add(cast: Cast, trip: dict[str, Any], request: dict[str, Any], who: str = "li") -> Any:
    body = {"request_id": request["id"], "revision": trip["revision"]}
    return cast.hand(who).post(f"/medicine-trips/{trip['id']}/requests", body)


def show(cast: Cast, trip: dict[str, Any], who: str = "li") -> dict[str, Any]:
    return ok(cast.hand(who).get(f"/medicine-trips/{trip['id']}"))


def step(cast: Cast, who: str, trip: dict[str, Any], action: str, **more: Any) -> Any:
    body = {"action": action, "revision": show(cast, trip)["revision"], **more}
    return cast.hand(who).post(f"/medicine-trips/{trip['id']}/steps", body)


def sealed(cast: Cast, shop: dict[str, Any], *requests: dict[str, Any]) -> dict[str, Any]:
    return ok(step(cast, "li", opened(cast, shop, *requests), "seal"))


def task_of(app: Any, origin_id: str) -> str:
    with app.app_context():
        return str(db.session.scalars(select(Task.id).where(Task.origin_id == uuid.UUID(origin_id))).one())


def set_out(cast: Cast, who: str, trip: dict[str, Any]) -> dict[str, Any]:
    """Whoever it is takes the trip's task and begins; the claim."""
    return t.begun(cast, who, task_of(cast.app, trip["id"]))


def at_the_counter(cast: Cast, who: str, shop: dict[str, Any], *requests: dict[str, Any]) -> dict[str, Any]:
    trip = sealed(cast, shop, *requests)
    set_out(cast, who, trip)
    return ok(step(cast, who, trip, "arrive"))


def buy(cast: Cast, who: str, trip: dict[str, Any], line: dict[str, Any], fen: int = 3000, **more: Any) -> Any:
    good_until = (clock.today() + timedelta(days=400)).isoformat()
    sent = {"line_id": line["id"], "quantity": line["quantity"], "fen": fen, "batch": "B1", "expires_on": good_until}
    return cast.hand(who).post(f"/medicine-trips/{trip['id']}/purchases", {**sent, **more})


def bought(cast: Cast, who: str, trip: dict[str, Any], request: dict[str, Any], fen: int = 3000) -> list[Any]:
    return [ok(buy(cast, who, trip, line, fen), 201) for line in request["lines"]]


def photographed(cast: Cast, who: str, trip: dict[str, Any]) -> dict[str, Any]:
    return ok(cast.hand(who).upload(f"/medicine-trips/{trip['id']}/receipt-photos", jpeg(), "image/jpeg"), 201)


def back(cast: Cast, who: str, trip: dict[str, Any]) -> dict[str, Any]:
    """Bought, photographed, back, and on its way to the doors with every bag packed."""
    photographed(cast, who, trip)
    ok(step(cast, who, trip, "leave"))
    trip = ok(step(cast, who, trip, "hand_out"))
    unpacked(cast, trip)
    return trip


def unpacked(cast: Cast, trip: dict[str, Any], who: str = "li") -> list[dict[str, Any]]:
    path = f"/medicine-trips/{trip['id']}/packages"
    return [ok(cast.hand(who).post(f"{path}/{bag['number']}/unpack")) for bag in show(cast, trip)["packages"]]


def hand_over(cast: Cast, who: str, request: dict[str, Any], paid_fen: int = 0, **more: Any) -> Any:
    code = code_of(uuid.UUID(request["id"]))
    cash = {"paid_fen": paid_fen, "receipt": receipt()} if paid_fen else {}
    return cast.hand(who).post(
        f"/medicine-requests/{request['id']}/hand-over", {"by": "code", "said": code, **cash, **more}
    )


def refuse(cast: Cast, who: str, request: dict[str, Any], refusal: str = "too_dear") -> Any:
    return cast.hand(who).post(f"/medicine-requests/{request['id']}/refusal", {"refusal": refusal})


def advance(cast: Cast, trip: dict[str, Any], fen: int, who: str = "li") -> Any:
    sent = {"amount_fen": fen, "receipt": receipt()}
    return cast.hand(who).post(f"/medicine-trips/{trip['id']}/advances", sent)


def cash(cast: Cast, trip: dict[str, Any], kind: str, user_id: str, fen: int, who: str = "li") -> Any:
    """`remittances` or `reimbursements`."""
    sent = {"user_id": user_id, "amount_fen": fen, "receipt": receipt()}
    return cast.hand(who).post(f"/medicine-trips/{trip['id']}/{kind}", sent)


def even(cast: Cast, trip: dict[str, Any], who: str = "li") -> None:
    """The evening's cash of one trip: handed in what is held, given back what was advanced."""
    for one in held(cast, who):
        if one["trip_id"] == trip["id"]:
            kind = "remittances" if one["fen"] > 0 else "reimbursements"
            by = who if one["name"] != who else "chen"
            ok(cash(cast, trip, kind, one["user_id"], abs(one["fen"]), by), 201)


def reconcile(cast: Cast, trip: dict[str, Any], who: str = "li") -> Any:
    return cast.hand(who).post(f"/medicine-trips/{trip['id']}/reconcile", {"revision": show(cast, trip)["revision"]})


def goods(cast: Cast) -> list[dict[str, Any]]:
    return ok(cast.li.get("/medicine-goods", place=MACHIDUN, limit=100))["items"]


def rounds(app: Any, trip: dict[str, Any]) -> list[str]:
    with app.app_context():
        query = select(MedicineRound.id).where(MedicineRound.trip_id == uuid.UUID(trip["id"]))
        return [str(each) for each in db.session.scalars(query.order_by(MedicineRound.place_code))]


def row(app: Any, trip: dict[str, Any]) -> MedicineTrip:
    with app.app_context():
        return db.session.get_one(MedicineTrip, uuid.UUID(trip["id"]))


def entries(app: Any, trip: dict[str, Any]) -> list[TripRequest]:
    with app.app_context():
        query = select(TripRequest).where(TripRequest.trip_id == uuid.UUID(trip["id"]), TripRequest.left_at.is_(None))
        return list(db.session.scalars(query.order_by(TripRequest.number)))


def tick(app: Any, name: str) -> None:
    """One round of a clock's work, by the name it has in trips/deadlines.py."""
    with app.app_context():
        if name in ("cold_chain", "end_the_day"):
            getattr(deadlines, name)()
        else:
            with unit_of_work():
                getattr(deadlines, name)()


def pass_path(app: Any, trip: dict[str, Any]) -> str:
    with app.app_context():
        return f"/public/medicine-passes/{trip['id']}/{passes.code_of(uuid.UUID(trip['id']))}"


def purchases(app: Any, request: dict[str, Any]) -> list[Purchase]:
    with app.app_context():
        query = select(Purchase).where(Purchase.request_id == uuid.UUID(request["id"]))
        return list(db.session.scalars(query.order_by(Purchase.id)))


def paid_online(cast: Cast, payment: dict[str, Any]) -> None:
    """The household pays at the provider, and the phone asks what became of it."""
    ok(cast.he.post(f"/payments/{payment['id']}/prepay"))
    with cast.app.app_context():
        console.pay(payment["number"])
    ok(cast.he.post(f"/payments/{payment['id']}/check"))


def held(cast: Cast, who: str = "li") -> list[dict[str, Any]]:
    """Who still holds money, of which trip."""
    return ok(cast.hand(who).get("/medicine-balances", place=MACHIDUN))["items"]


def name_of(app: Any, goods: dict[str, Any]) -> str:
    """What refused goods are, which no answer tells."""
    with app.app_context():
        return str(db.session.get_one(Purchase, uuid.UUID(goods["id"])).line.name)
