"""What is shown of records: names masked, what was done also in words."""

from collections.abc import Sequence
from typing import Any

from backend.core.masking import mask_name
from backend.core.models import columns
from backend.people.service import user_names
from backend.places.service import names
from backend.volunteering.records.certificates import Did
from backend.volunteering.records.models import Certificate, Incident, IncidentKind
from backend.volunteering.records.wording import done_in_words
from backend.volunteering.records.work import Tally


def done(tally: Tally) -> dict[str, Any]:
    return {**tally._asdict(), "sentence": done_in_words(tally)}


def team_done(team_id: Any, total: Tally, members: Sequence[Did]) -> dict[str, Any]:
    called = user_names([each.volunteer.user_id for each in members])
    shown = [
        {
            **done(each.tally),
            "volunteer_id": each.volunteer.id,
            "name": mask_name(called[each.volunteer.user_id]),
        }
        for each in members
    ]
    return {**done(total), "team_id": team_id, "members": shown}


def certificates(page: Sequence[Certificate]) -> list[dict[str, Any]]:
    called, people = names(each.place_code for each in page), user_names([each.user_id for each in page])
    return [
        {
            **public(each, called[each.place_code]),
            "id": each.id,
            "name": mask_name(people[each.user_id]),
            "sentence": done_in_words(each),
        }
        for each in page
    ]


def public(certificate: Certificate, place_name: str) -> dict[str, Any]:
    """Without a name, masked or not."""
    return {**columns(certificate), "place_name": place_name, "issued_at": certificate.created_at}


def incident(one: Incident) -> dict[str, Any]:
    return {**columns(one), "kind_label": IncidentKind(one.kind).label}
