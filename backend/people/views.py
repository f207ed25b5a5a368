"""What is shown of people: masked, unless it was revealed."""

from collections.abc import Sequence
from typing import Any

from backend.core.auth import Actor
from backend.core.masking import mask_name, mask_phone
from backend.core.models import columns
from backend.core.permissions import GRANTS
from backend.people import households
from backend.people.households import members_of
from backend.people.models import Consent, HouseholdMember, RoleAssignment
from backend.people.service import print_step, user_names
from backend.places.models import Household
from backend.places.service import KIND_BY_DIGITS, names


def me(actor: Actor) -> dict[str, Any]:
    homes = households.homes(actor)
    called = names([*(code for _, code in actor.posts), *_above(homes)])
    posts = [
        {"role": role.value, "label": role.label, "place_code": code, "place_name": called[code]}
        for role, code in actor.posts
    ]
    permissions = sorted({permission.value for role, _ in actor.posts for permission in GRANTS[role]})
    return {
        "id": actor.id,
        "name": actor.name,
        "print_step": print_step(actor),
        "posts": posts,
        "permissions": permissions,
        "homes": [{**columns(home), "address": _address(home, called)} for home in homes],
    }


def given(consents: Sequence[Consent]) -> list[dict[str, Any]]:
    called = user_names([consent.given_to for consent in consents])
    return [{**columns(consent), "given_to_name": called[consent.given_to]} for consent in consents]


def known(home: Household, must_ask: bool) -> dict[str, Any]:
    return {**acted_for([home])[0], "must_ask": must_ask}


def acted_for(page: Sequence[Household]) -> list[dict[str, Any]]:
    """Masked like the rest; and where it is, for whoever goes there."""
    called = names(_above(page))
    return [{**shown, "address": _address(home, called)} for home, shown in zip(page, masked(page), strict=True)]


def _above(homes: Sequence[Household]) -> set[str]:
    """Compound, building and unit of each."""
    return {home.place_code[:digits] for home in homes for digits in KIND_BY_DIGITS}


def _address(home: Household, called: dict[str, str]) -> str:
    """马池苑 1栋 1单元 502"""
    codes = [home.place_code[:digits] for digits in KIND_BY_DIGITS if digits <= len(home.place_code)]
    return " ".join([*(called[code] for code in codes), home.room])


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
