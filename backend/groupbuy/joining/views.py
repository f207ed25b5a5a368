"""What is shown of requests to join: a page of them in a constant number of queries."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import contains_eager

from backend.core.auth import Actor
from backend.core.transaction import database_now
from backend.core.workflow import allowed_actions
from backend.groupbuy.joining.models import JoinRequest, JoinStatus
from backend.groupbuy.joining.workflow import JOINING
from backend.places.service import names

WITH_CAMPAIGN = (contains_eager(JoinRequest.campaign),)


def requests(page: Sequence[JoinRequest], actor: Actor) -> list[dict[str, Any]]:
    """For the two sides alone: what each has written to the other."""
    allowed, known = allowed_actions(JOINING, page, actor, database_now()), names([one.place_code for one in page])
    return [
        {
            "id": request.id,
            "campaign_id": request.campaign_id,
            "title": request.campaign.title,
            "place_code": request.place_code,
            "place_name": known[request.place_code],
            "households": request.households,
            "reason": request.reason,
            "answer": request.answer,
            "status": request.status,
            "status_label": JoinStatus(request.status).label,
            "revision": request.revision,
            "created_at": request.created_at,
            "allowed_actions": allowed[request.id],
        }
        for request in page
    ]
