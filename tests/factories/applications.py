"""Applications at every stage, taken there by the people whose task it is."""

from typing import Any

from tests.cast import READY, Cast

OFFICE = "027-83210000"


def filed(cast: Cast, unit: str = READY) -> dict[str, Any]:
    return _ok(cast.wang.post("/certifications", {"unit": unit}), 201)


def act(cast: Cast, who: str, application: dict[str, Any], action: str, **body: Any) -> dict[str, Any]:
    """One step by one person, at the revision last seen; the new state."""
    path = f"/certifications/{application['id']}/{action.replace('_', '-')}"
    return _ok(cast.hand(who).post(path, {"revision": application["revision"], **body}))


def approved(cast: Cast, unit: str = READY) -> dict[str, Any]:
    return act(cast, "zhao", filed(cast, unit), "approve")


def published(cast: Cast, unit: str = READY) -> dict[str, Any]:
    return act(cast, "zhou", approved(cast, unit), "publish", contact=OFFICE)


def notice_over(cast: Cast, owner: Any, unit: str = READY) -> dict[str, Any]:
    """On public notice, with the period behind it: the database is told it began earlier."""
    application = published(cast, unit)
    end_notice(owner, application["id"])
    return application


def end_notice(owner: Any, application_id: str) -> None:
    owner.execute(
        "UPDATE application SET notice_starts_at = notice_starts_at - interval '4 days',"
        " notice_ends_at = now() - interval '1 second' WHERE id = %s",
        [application_id],
    )


def certified(cast: Cast, owner: Any, unit: str = READY) -> dict[str, Any]:
    return act(cast, "zhou", notice_over(cast, owner, unit), "certify")


def now(cast: Cast, application: dict[str, Any]) -> dict[str, Any]:
    """The application as it stands, in detail."""
    return _ok(cast.zheng.get(f"/certifications/{application['id']}"))


def _ok(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return answer.json
