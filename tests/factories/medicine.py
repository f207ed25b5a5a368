"""Requests for medicine at every stage, made and checked by the people whose task it is."""

import uuid
from typing import Any

from sqlalchemy import select

from backend.core.auth import HOUSE
from backend.core.transaction import unit_of_work
from backend.core.workflow import advance, advance_all
from backend.extensions import db
from backend.medicine.requests import questions
from backend.medicine.requests.models import MedicineLine, MedicineRequest, QuestionKind
from backend.medicine.workflow import LINE, REQUEST
from tests.cast import Cast
from tests.factories.claims import jpeg
from tests.factories.groupbuy import ok
from tests.factories.world import actor

PILLS = {
    "name": "苯磺酸氨氯地平片", "maker": "辉瑞", "specification": "5mg×28片", "form": "tablet", "quantity": 2,
    "ceiling_fen": 6000, "substitution": True, "days_left": 6, "days_each": 28,
}  # fmt: skip
INSULIN = {
    "name": "甘精胰岛素注射液", "maker": "赛诺菲", "specification": "3ml:300单位", "form": "injection", "quantity": 1,
    "ceiling_fen": 18000, "prescription": True, "days_left": 2,
}  # fmt: skip
PLASTERS = {"name": "创可贴", "form": "external", "quantity": 1, "ceiling_fen": 1500, "sealed_otc": True}


def body(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"lines": [{**PILLS, **line} if "name" not in line else line for line in lines or ({},)], **more}


def filed(cast: Cast, who: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return ok(cast.hand(who).post("/medicine-requests", body(*lines, **more)), 201)


def photo(cast: Cast, who: str, home: str | None = None) -> str:
    query = f"?household={home}" if home else ""
    return ok(cast.hand(who).upload(f"/medicine-photos{query}", jpeg(), "image/jpeg"), 201)["id"]


def at_the_door(cast: Cast, who: str, home: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A volunteer photographs the box, and the household says yes."""
    sent = [photo(cast, who, home)]
    return filed(cast, who, *lines, household_id=home, photo_ids=sent, consent="in_person", **more)


def act(cast: Cast, who: str, request: dict[str, Any], action: str, **more: Any) -> Any:
    path = f"/medicine-requests/{request['id']}/{action}"
    return cast.hand(who).post(path, {"revision": request["revision"], **more})


def checked(cast: Cast, who: str, *lines: dict[str, Any], by: str = "chen", **more: Any) -> dict[str, Any]:
    """Made by `who`, and looked at by a second person: ready for a trip, or held for its papers."""
    return ok(act(cast, by, filed(cast, who, *lines, **more), "check"))


def show(cast: Cast, request: dict[str, Any], who: str = "li") -> dict[str, Any]:
    return ok(cast.hand(who).get(f"/medicine-requests/{request['id']}"))


def clear(cast: Cast, who: str, request: dict[str, Any], purpose: str = "check") -> Any:
    return cast.hand(who).post(f"/medicine-requests/{request['id']}/reveal", {"purpose": purpose})


def taken(cast: Cast, who: str, request: dict[str, Any], what: str) -> dict[str, Any]:
    return ok(cast.hand(who).post(f"/medicine-requests/{request['id']}/custody-receipts", {"what": what}), 201)


def sign(cast: Cast, who: str, receipt: dict[str, Any], action: str, **more: Any) -> Any:
    path = f"/custody-receipts/{receipt['id']}/{action}"
    return cast.hand(who).post(path, {"revision": receipt["revision"], **more})


# --- What the trips do, as the house ----------------------------------------------------------------------------


def walk(app: Any, request: dict[str, Any], *actions: str) -> None:
    """Takes the request along these steps; `be_bought` with all its lines that are still wanted."""
    with app.app_context(), unit_of_work():
        row = db.session.get_one(MedicineRequest, uuid.UUID(request["id"]))
        for action in actions:
            if action == "be_bought":
                advance_all(LINE, select(MedicineLine).where(MedicineLine.request_id == row.id), "buy")
            advance(REQUEST, row, action, HOUSE)


DELIVERED = ("plan", "buy", "be_bought", "deliver", "hand_over")


def asked(app: Any, request: dict[str, Any], at: int, kind: str, fen: int, name: str | None = None) -> str:
    """qian asks from the counter about one line of a request that is being bought; the question's id."""
    with app.app_context(), unit_of_work():
        line = db.session.get_one(MedicineLine, uuid.UUID(request["lines"][at]["id"]))
        return str(questions.ask(actor("qian"), line, QuestionKind(kind), fen, name).id)
