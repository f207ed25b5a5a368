"""The pass a volunteer shows at gates: who goes where until when. No patient, no medicine."""

import hmac
import uuid
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

import segno

from backend.core.auth import Actor
from backend.core.clock import SHANGHAI
from backend.core.crypto import keyring
from backend.core.errors import Conflict, NotFound
from backend.core.transaction import database_now
from backend.extensions import db
from backend.medicine.trips import planning
from backend.medicine.trips.models import MedicineTrip
from backend.medicine.trips.tasks import TRIP_WITHIN
from backend.medicine.trips.workflow import UNDER_WAY
from backend.people.service import user_names
from backend.places.models import Place

CODE_BYTES = 8


class Pass(NamedTuple):
    community: str
    volunteer: str
    pharmacy: str
    address: str
    since: datetime
    until: datetime
    width: int
    qr: str

    @property
    def picture(self) -> str:
        """Dark on white with four modules of quiet around it, whatever the phone's colours are: scanners want it so."""
        size = self.width + 8
        ground = f'<rect x="-4" y="-4" width="{size}" height="{size}" fill="white"/>'
        box = f'viewBox="-4 -4 {size} {size}" width="600" height="600" shape-rendering="crispEdges"'
        drawn = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{ground}<path d="{self.qr}"/></svg>'
        return f"data:image/svg+xml,{quote(drawn)}"


def code_of(trip_id: uuid.UUID) -> str:
    return keyring.blind_index(str(trip_id), "medicine_trip.pass")[:CODE_BYTES].hex()


def show(actor: Actor, trip_id: uuid.UUID) -> Pass:
    """For the volunteer on the way, and the community that sends them."""
    trip = planning.in_sight(actor, trip_id)
    if trip.status not in UNDER_WAY or not trip.pharmacy:
        raise Conflict("not_now", "志愿者出发以后、回来以前才有出行证明。", status_now=trip.status)
    assert trip.started_at and trip.volunteer_id
    path = f"/api/v1/public/medicine-passes/{trip.id}/{code_of(trip.id)}"
    community = db.session.get_one(Place, trip.place_code).name
    return Pass(
        community,
        user_names([trip.volunteer_id])[trip.volunteer_id],
        trip.pharmacy.name,
        trip.pharmacy.address,
        trip.started_at.astimezone(SHANGHAI),
        (trip.started_at + TRIP_WITHIN).astimezone(SHANGHAI),
        *_drawn(path),
    )


def _drawn(text: str) -> tuple[int, str]:
    """The QR code as one SVG path, and how many modules it is wide."""
    modules = segno.make(text, error="m", micro=False).matrix
    dark = [(x, y) for y, row in enumerate(modules) for x, module in enumerate(row) if module]
    return len(modules), "".join(f"M{x} {y}h1v1h-1z" for x, y in dark)


def check(trip_id: uuid.UUID, code: str) -> dict[str, Any]:
    """What a guard sees who scans it. A wrong code is a pass that is not there."""
    trip = db.session.get(MedicineTrip, trip_id)
    if trip is None or not hmac.compare_digest(code.encode(), code_of(trip_id).encode()):
        raise NotFound("出行证明")
    until = trip.started_at + TRIP_WITHIN if trip.started_at else None
    valid = trip.status in UNDER_WAY and until is not None and database_now() < until
    if not valid:
        return {
            "valid": False,
            "said": "这张出行证明已经失效。",
            "volunteer": None,
            "pharmacy": None,
            "valid_until": None,
        }
    assert trip.volunteer_id and trip.pharmacy
    names = {"volunteer": user_names([trip.volunteer_id])[trip.volunteer_id], "pharmacy": trip.pharmacy.name}
    return {"valid": True, "said": "外出购药，请放行。", **names, "valid_until": until}
