"""Applications at every stage, taken there by the people whose task it is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from backend.certification.models import Status
from backend.core import clock, jobs
from backend.core.permissions import Role
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


# --- What happens to them ---------------------------------------------------------------------------------------


def case(
    cast: Cast, category: str = "suspected", days_ago: int = 0, who: str = "chen", place: str = READY
) -> dict[str, Any]:
    """A new person's event, charged to the compound; the event."""
    day = (clock.today() - timedelta(days=days_ago)).isoformat()
    sent = {"place": place, "category": category, "effective_on": day, "source": "疾控通报 2020-17"}
    return _ok(cast.hand(who).post("/cases", sent), 201)["events"][-1]


def resolve(cast: Cast, event: dict[str, Any], outcome: str = "excluded", who: str = "li") -> None:
    """By another person than the one who recorded it."""
    body = {"outcome": outcome, "outcome_on": clock.today().isoformat(), "reason": "两次核酸阴性"}
    _ok(cast.hand(who).post(f"/case-events/{event['id']}/close", body))


def objection(cast: Cast, application: dict[str, Any]) -> dict[str, Any]:
    """Raised by a member of the public, without signing in; the receipt."""
    path = f"/public/notices/{application['id']}/objections"
    return _ok(cast.public.post(path, {"text": "三号楼并没有天天消杀。"}), 201)


def answer(cast: Cast, receipt: dict[str, Any], action: str, who: str = "zhou", **body: Any) -> dict[str, Any]:
    """The district's answer to an objection, at its latest revision."""
    page = _ok(cast.wu.get("/objections"))["items"]
    revision = next(o["revision"] for o in page if o["id"] == receipt["id"])
    sent = {"action": action, "revision": revision, "reason": "已到现场核实", **body}
    return _ok(cast.hand(who).post(f"/objections/{receipt['id']}/answer", sent))


def later(app: Any, owner: Any) -> None:
    """Every job's hour has come; they run as they do in production, whatever they then find."""
    owner.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    jobs.run(app, wait=False)


def also(owner: Any, name: str, role: Role, place: str) -> None:
    """Gives a person a second post."""
    owner.execute(
        "INSERT INTO role_assignment (id, user_id, role, place_code)"
        " SELECT gen_random_uuid(), id, %s, %s FROM app_user WHERE demo_name = %s",
        [role.value, place, name],
    )


# --- At every stage ---------------------------------------------------------------------------------------------


def _draft(cast: Cast, owner: Any, app: Any) -> dict[str, Any]:
    """Exists only inside the transaction of the click; made by hand to show that nothing happens to one."""
    application = filed(cast)
    owner.execute("UPDATE application SET status = 'draft' WHERE id = %s", [application["id"]])
    return application


def returned(cast: Cast, items: tuple[str, ...] = ("disinfection",)) -> dict[str, Any]:
    return act(cast, "zhao", filed(cast), "return", reason="消杀照片不清楚", items=list(items))


def _lapsed(cast: Cast, owner: Any, app: Any) -> dict[str, Any]:
    application = returned(cast)
    owner.execute("UPDATE application SET return_due_at = now() WHERE id = %s", [application["id"]])
    later(app, owner)
    return application


def _with_case(application: dict[str, Any], cast: Cast, category: str) -> dict[str, Any]:
    case(cast, category)
    return application


STAGES: dict[Status, Callable[[Cast, Any, Any], dict[str, Any]]] = {
    Status.DRAFT: _draft,
    Status.SUBMITTED: lambda cast, owner, app: filed(cast),
    Status.SUBDISTRICT_REVIEW: lambda cast, owner, app: act(cast, "zhao", filed(cast), "take_up"),
    Status.DISTRICT_REVIEW: lambda cast, owner, app: approved(cast),
    Status.PUBLIC_NOTICE: lambda cast, owner, app: published(cast),
    Status.NOTICE_FROZEN: lambda cast, owner, app: _with_case(published(cast), cast, "suspected"),
    Status.RETURNED: lambda cast, owner, app: returned(cast),
    Status.CERTIFIED: lambda cast, owner, app: certified(cast, owner),
    Status.SUSPENDED: lambda cast, owner, app: _with_case(certified(cast, owner), cast, "suspected"),
    Status.REJECTED: lambda cast, owner, app: act(cast, "zhao", filed(cast), "reject", reason="封闭管理不实"),
    Status.WITHDRAWN: lambda cast, owner, app: act(cast, "wang", filed(cast), "withdraw"),
    Status.REVOKED: lambda cast, owner, app: _with_case(certified(cast, owner), cast, "confirmed"),
    Status.LAPSED: _lapsed,
}  # fmt: skip


def at(status: Status, cast: Cast, owner: Any, app: Any) -> dict[str, Any]:
    """An application of the first compound in that status, as it stands."""
    application = now(cast, STAGES[status](cast, owner, app))
    assert application["status"] == status
    return application
