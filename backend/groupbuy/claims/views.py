"""What is shown of claims and recalls: a page of them in a constant number of queries."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from backend.core.auth import Actor
from backend.core.money import yuan
from backend.core.transaction import database_now
from backend.core.workflow import allowed_actions
from backend.extensions import db
from backend.groupbuy.claims import photos as claim_photos
from backend.groupbuy.claims import recalls
from backend.groupbuy.claims import service as claims
from backend.groupbuy.claims.models import Claim, ClaimKind, ClaimStatus, Recall, RecallNotice, RecallStatus
from backend.groupbuy.claims.workflow import CLAIM, RECALL, parties
from backend.places.models import Household, Place

WITH_ITEM = (joinedload(Claim.item),)
WITH_RECALL = (joinedload(RecallNotice.recall).joinedload(Recall.item),)
OF_ITEM = (joinedload(Recall.item),)
BUILDING_DIGITS = 20


def of_claims(page: Sequence[Claim], actor: Actor) -> list[dict[str, Any]]:
    photos = claim_photos.of_subjects([claim.id for claim in page])
    lines, actions = claims.lines_of(page), _offered(page, actor)
    return [
        {
            "id": claim.id,
            "order_id": claim.order_id,
            "item_id": claim.item_id,
            "name": claim.item.name,
            "share_label": claim.item.share_label,
            "kind": claim.kind,
            "kind_label": ClaimKind(claim.kind).label,
            "quantity": claim.quantity,
            "grams": claim.grams,
            "text": claim.text,
            "status": claim.status,
            "status_label": ClaimStatus(claim.status).label,
            "revision": claim.revision,
            "consent_kind": claim.consent_kind,
            "offered_fen": claim.offered_fen,
            "refund_fen": claim.refund_fen,
            "most_fen": claims.own_part(lines[claim.order_id, claim.item_id]),
            "answer": claim.answer,
            "answer_by": claim.answer_by,
            "created_at": claim.created_at,
            "photo_ids": photos[claim.id],
            "allowed_actions": actions[claim.id],
        }
        for claim in page
    ]


def _offered(page: Sequence[Claim], actor: Actor) -> dict[uuid.UUID, list[str]]:
    """What the table of Steps allows, for the part that the actor has in each claim."""
    allowed, part = allowed_actions(CLAIM, page, actor, database_now()), parties(page, actor)
    return {
        claim.id: [
            action
            for action in allowed[claim.id]
            if (step := CLAIM.step(claim.status, action)) and step.lane in part[claim.id]
        ]
        for claim in page
    }


# --- Recalls ----------------------------------------------------------------------------------------------------


def of_recalls(page: Sequence[Recall], actor: Actor) -> list[dict[str, Any]]:
    photos = claim_photos.of_subjects([recall.id for recall in page])
    allowed = allowed_actions(RECALL, page, actor, database_now())
    return [
        {
            **{column.name: getattr(recall, column.name) for column in recall.__table__.columns},
            "name": recall.item.name,
            "share_label": recall.item.share_label,
            "status_label": RecallStatus(recall.status).label,
            "photo_ids": photos[recall.id],
            "allowed_actions": allowed[recall.id],
        }
        for recall in page
    ]


def with_doors(recall: Recall, actor: Actor) -> dict[str, Any]:
    """With the list to walk by: each stairwell, each door, who has it and who never will. No names: a door will do."""
    notices = recalls.notices_of(recall)
    rooms = _rooms(notices)
    stairwells: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for notice in sorted(notices, key=lambda notice: (notice.place_code, rooms[notice.household_id])):
        stairwells[notice.place_code].append(_door(notice, rooms[notice.household_id]))
    names = _names(set(stairwells))
    listed = [{"place_code": code, "name": names[code], "doors": doors} for code, doors in stairwells.items()]
    return {**of_recalls([recall], actor)[0], "stairwells": listed}


def _door(notice: RecallNotice, room: tuple[int, int, str]) -> dict[str, Any]:
    return {
        "order_id": notice.order_id,
        "room": room[-1],
        "quantity": notice.quantity,
        "grams": notice.grams,
        "handed_out": notice.handed_out,
        "refund_fen": notice.refund_fen,
    }


def _rooms(notices: Sequence[RecallNotice]) -> dict[uuid.UUID, tuple[int, int, str]]:
    """Floor, length and text of each household's room: 201 comes before 1001."""
    homes = {notice.household_id for notice in notices}
    query = select(Household.id, Household.floor, Household.room).where(Household.id.in_(homes))
    return {home: (floor or 0, len(room), room) for home, floor, room in db.session.execute(query)}


def _names(codes: set[str]) -> dict[str, str]:
    """1栋 1单元"""
    above = {code: list(dict.fromkeys([code[:BUILDING_DIGITS], code])) for code in codes}
    wanted = {part for parts in above.values() for part in parts}
    places = db.session.execute(select(Place.code, Place.name).where(Place.code.in_(wanted)))
    found = {code: name for code, name in places}
    return {code: " ".join(found[part] for part in parts) for code, parts in above.items()}


def of_notices(page: Sequence[RecallNotice]) -> list[dict[str, Any]]:
    return [_notice(notice) for notice in page]


def _notice(notice: RecallNotice) -> dict[str, Any]:
    recall, item = notice.recall, notice.recall.item
    what = "您家已经领到的，请不要食用或使用，装好留在门口，会有人来收。" if notice.handed_out else "这部分不再发放。"
    back = f"已付的 {yuan(notice.refund_fen)} 元会退给付款的人。" if notice.refund_fen else ""
    return {
        "id": notice.id,
        "recall_id": recall.id,
        "order_id": notice.order_id,
        "item_id": notice.item_id,
        "name": item.name,
        "lot": recall.lot,
        "quantity": notice.quantity,
        "grams": notice.grams,
        "handed_out": notice.handed_out,
        "refund_fen": notice.refund_fen,
        "text": f"您家订的{item.name}（批号 {recall.lot}）已召回：{recall.reason}。{what}{back}",
        "created_at": notice.created_at,
    }
