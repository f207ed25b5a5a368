"""Photos of what was wrong, and of what was destroyed: who may send them, who may see them, when they go."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select, update

from backend.core import clock, photos
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.core.photos import Photo
from backend.core.workflow import lock
from backend.extensions import db
from backend.groupbuy.claims.models import Claim, Recall
from backend.groupbuy.models import Campaign, Order
from backend.groupbuy.workflow import led
from backend.people.households import acted_for

ORDER, CLAIM, RECALL = "order", "claim", "recall"
AT_MOST = 6
UNUSED_DAYS = 2  # a photo that no claim was made with
KEPT_DAYS = 30  # once its claim is closed


def for_order(actor: Actor, order: Order, data: bytes) -> Photo:
    """A photo for a claim to come. The caller has asked whether the actor may speak for the household."""
    _refuse_too_many(ORDER, order.id)
    photo = photos.take(actor, data, order.place_code, ORDER, order.id, erase_after_days=UNUSED_DAYS)
    return _one_of_few(order, photo)


def for_recall(actor: Actor, recall: Recall, data: bytes) -> Photo:
    _refuse_too_many(RECALL, recall.id)
    return _one_of_few(recall, photos.take(actor, data, recall.campaign.place_code, RECALL, recall.id))


def _one_of_few(subject: Order | Recall, photo: Photo) -> Photo:
    """Counted once more with the subject's row held, since many may come at once; held only after the photo has been
    drawn, which takes its time."""
    lock(subject)
    _refuse_too_many(photo.subject_type, subject.id, besides=photo.id)
    return photo


def _refuse_too_many(subject_type: str, subject_id: uuid.UUID, besides: uuid.UUID | None = None) -> None:
    sent = select(func.count()).where(
        Photo.subject_type == subject_type, Photo.subject_id == subject_id, Photo.erased_at.is_(None)
    )
    if besides:
        sent = sent.where(Photo.id != besides)
    if db.session.scalars(sent).one() >= AT_MOST:
        raise Conflict("too_many_photos", f"最多上传 {AT_MOST} 张照片，请先用已上传的照片提交。")


def attach(order_id: uuid.UUID, claim_id: uuid.UUID, photo_ids: Sequence[uuid.UUID]) -> None:
    """From now on they are the claim's, and stay as long as it is open."""
    unused = update(Photo).where(
        Photo.id.in_(photo_ids), Photo.subject_type == ORDER, Photo.subject_id == order_id, Photo.erased_at.is_(None)
    )
    taken = unused.values(subject_type=CLAIM, subject_id=claim_id, erase_on=None).returning(Photo.id)
    if photo_ids and len(db.session.scalars(taken).all()) < len(set(photo_ids)):
        raise DomainError("photo_unknown", "有照片不是为这张订单上传的，或者已经用过。请重新上传。")


def erase_later(claim_ids: Sequence[uuid.UUID]) -> None:
    of_claims = update(Photo).where(Photo.subject_type == CLAIM, Photo.subject_id.in_(claim_ids))
    db.session.execute(of_claims.values(erase_on=clock.today() + timedelta(days=KEPT_DAYS)))


def of_subjects(subject_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The photos of a page of claims or recalls that can still be seen, first sent first: one query."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {subject_id: [] for subject_id in subject_ids}
    query = select(Photo.subject_id, Photo.id).where(Photo.subject_id.in_(subject_ids), Photo.erased_at.is_(None))
    for subject_id, photo_id in db.session.execute(query.order_by(Photo.id)):
        found[subject_id].append(photo_id)
    return found


def look(actor: Actor, photo_id: uuid.UUID) -> bytes:
    """The JPEG, for whoever sent it, the household, the organiser and the deputy, and the community that decides; of a
    destruction also for the helpers who hand out. 404 for everyone else, 410 once it is erased."""
    photo = db.session.scalars(select(Photo).where(Photo.id == photo_id, _in_sight(actor))).one_or_none()
    if photo is None:
        raise NotFound("照片")
    return photos.read(photo)


def _in_sight(actor: Actor) -> Any:
    homes = acted_for(actor)
    in_charge = _in_charge(actor, P.CAMPAIGN_APPROVE)
    of_order = select(Order.id).where(Order.household_id.in_(homes))
    of_claim = select(Claim.id).where(or_(Claim.household_id.in_(homes), Claim.campaign_id.in_(in_charge)))
    of_recall = select(Recall.id).where(or_(Recall.campaign_id.in_(in_charge), _hands_out(actor)))
    return or_(
        (Photo.subject_type.in_({ORDER, CLAIM, RECALL}) & (Photo.uploaded_by == actor.id)),
        (Photo.subject_type == ORDER) & Photo.subject_id.in_(of_order),
        (Photo.subject_type == CLAIM) & Photo.subject_id.in_(of_claim),
        (Photo.subject_type == RECALL) & Photo.subject_id.in_(of_recall),
    )


def _in_charge(actor: Actor, permission: P) -> Any:
    return select(Campaign.id).where(or_(led(actor), within(Campaign.place_code, actor.scope(permission))))


def _hands_out(actor: Actor) -> Any:
    return Recall.campaign_id.in_(_in_charge(actor, P.HANDOUT))
