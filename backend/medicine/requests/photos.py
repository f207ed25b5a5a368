"""Photos of boxes: who may send one, whose it becomes, when it goes."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import func, select, update

from backend.core import clock, photos
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError
from backend.core.photos import Photo
from backend.extensions import db
from backend.medicine.requests.rules import PHOTO_DAYS
from backend.places.models import Household

DOOR, REQUEST = "medicine_door", "medicine_request"
AT_MOST = 6
UNUSED_DAYS = 2  # a photo that no request was made with


def take(actor: Actor, household: Household, data: bytes) -> Photo:
    """A photo of a box, before its request. The caller has asked whether the actor may speak for the household."""
    photo = photos.take(actor, data, household.place_code, DOOR, household.id, erase_after_days=UNUSED_DAYS)
    # Many may come at once; the row is held only after the photo has been drawn, which takes its time.
    db.session.execute(select(Household.id).where(Household.id == household.id).with_for_update(key_share=True))
    waiting = select(func.count()).where(
        Photo.subject_type == DOOR, Photo.subject_id == household.id, Photo.erased_at.is_(None), Photo.id != photo.id
    )
    if db.session.scalars(waiting).one() >= AT_MOST:
        raise Conflict("too_many_photos", f"最多上传 {AT_MOST} 张照片，请先用已上传的照片提交。")
    return photo


def attach(household_id: uuid.UUID, request_id: uuid.UUID, photo_ids: Sequence[uuid.UUID]) -> None:
    """From now on they are the request's, and stay as long as it is open."""
    if not photo_ids:
        return
    unused = update(Photo).where(
        Photo.id.in_(photo_ids),
        Photo.subject_type == DOOR,
        Photo.subject_id == household_id,
        Photo.erased_at.is_(None),
    )
    taken = unused.values(subject_type=REQUEST, subject_id=request_id, erase_on=None).returning(Photo.id)
    if len(db.session.scalars(taken).all()) < len(set(photo_ids)):
        raise DomainError("photo_unknown", "有照片不是为这一户上传的，或者已经用过。请重新上传。")


def erase_later(request_id: uuid.UUID) -> None:
    """It is fulfilled or over: nobody needs to look at the box any more."""
    of_request = update(Photo).where(
        Photo.subject_type == REQUEST, Photo.subject_id == request_id, Photo.erase_on.is_(None)
    )
    db.session.execute(of_request.values(erase_on=clock.today() + timedelta(days=PHOTO_DAYS)))


def of_requests(request_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The photos of a page of requests that can still be seen, first sent first: one query."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {request_id: [] for request_id in request_ids}
    query = select(Photo.subject_id, Photo.id).where(
        Photo.subject_type == REQUEST, Photo.subject_id.in_(found), Photo.erased_at.is_(None)
    )
    for request_id, photo_id in db.session.execute(query.order_by(Photo.id)):
        found[request_id].append(photo_id)
    return found
