"""What is shown of people: masked, unless it was revealed."""

from collections.abc import Sequence
from typing import Any

from backend.core.auth import Actor
from backend.core.masking import mask_name, mask_phone
from backend.core.models import columns
from backend.core.permissions import GRANTS
from backend.people import households
from backend.people.households import members_of
from backend.people.models import HouseholdMember, RoleAssignment
from backend.people.service import user_names
from backend.places.models import Household
from backend.places.service import names


def me(actor: Actor) -> dict[str, Any]:
    called = names(code for _, code in actor.posts)
    posts = [
        {"role": role.value, "label": role.label, "place_code": code, "place_name": called[code]}
        for role, code in actor.posts
    ]
    permissions = sorted({permission.value for role, _ in actor.posts for permission in GRANTS[role]})
    homes = [{"id": home.id, "place_code": home.place_code, "room": home.room} for home in households.homes(actor)]
    return {"id": actor.id, "name": actor.name, "posts": posts, "permissions": permissions, "homes": homes}


def with_names(assignments: Sequence[RoleAssignment]) -> Sequence[Any]:
    called = user_names([assignment.user_id for assignment in assignments])
    shown: Sequence[Any] = assignments
    for assignment in shown:
        assignment.user_name = called[assignment.user_id]
    return shown


def masked(page: Sequence[Household]) -> list[dict[str, Any]]:
    members = members_of([household.id for household in page])
    return [
        {**columns(household), "members": [masked_member(member) for member in members[household.id]]}
        for household in page
    ]


def masked_member(member: HouseholdMember) -> dict[str, Any]:
    phone = member.phone
    return {
        "id": member.id,
        "is_head": member.is_head,
        "name": mask_name(member.name),
        "phone": mask_phone(phone) if phone else None,
    }
