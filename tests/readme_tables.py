"""The README's tables, made from the code. `python -m tests.readme_tables` writes them between their markers."""

import re
from pathlib import Path

from backend.certification.models import ObjectionStatus, Status
from backend.certification.workflow import APPLICATION, OBJECTION
from backend.config import DEV_KEY, DEV_SECRET, SETTINGS
from backend.core.permissions import GRANTS, Role
from backend.groupbuy.changes.models import ChangeStatus, WaitingStatus
from backend.groupbuy.changes.waiting import WAITING
from backend.groupbuy.changes.workflow import CHANGE
from backend.groupbuy.claims.models import ClaimStatus, RecallStatus
from backend.groupbuy.claims.workflow import CLAIM, RECALL
from backend.groupbuy.joining.models import JoinStatus
from backend.groupbuy.joining.workflow import JOINING
from backend.groupbuy.models import CampaignStatus, OrderStatus
from backend.groupbuy.workflow import CAMPAIGN, ORDER
from backend.medicine.goods.models import GoodsStatus, OfferStatus
from backend.medicine.goods.workflow import OFFER, PURCHASE
from backend.medicine.requests.models import CustodyStatus, RequestStatus
from backend.medicine.requests.models import LineStatus as MedicineLineStatus
from backend.medicine.trips.models import TripStatus
from backend.medicine.trips.workflow import TRIP
from backend.medicine.workflow import CUSTODY, REQUEST
from backend.medicine.workflow import LINE as MEDICINE_LINE
from backend.payments.models import PaymentStatus, RefundStatus
from backend.payments.workflow import PAYMENT, REFUND
from backend.volunteering.planning.models import LineStatus, PlanStatus
from backend.volunteering.planning.workflow import EVENING, LINE
from backend.volunteering.tasks.models import HoldStatus, TaskStatus
from backend.volunteering.tasks.workflow import CLAIM as TASK_CLAIM
from backend.volunteering.tasks.workflow import TASK
from backend.volunteering.teams.appointing import APPOINTMENT
from backend.volunteering.teams.coverage import VACANCY
from backend.volunteering.teams.models import AppointmentStatus, VacancyStatus

FLOWS = (
    (APPLICATION, Status),
    (OBJECTION, ObjectionStatus),
    (CAMPAIGN, CampaignStatus),
    (ORDER, OrderStatus),
    (WAITING, WaitingStatus),
    (CHANGE, ChangeStatus),
    (JOINING, JoinStatus),
    (CLAIM, ClaimStatus),
    (RECALL, RecallStatus),
    (REQUEST, RequestStatus),
    (MEDICINE_LINE, MedicineLineStatus),
    (CUSTODY, CustodyStatus),
    (TRIP, TripStatus),
    (PURCHASE, GoodsStatus),
    (OFFER, OfferStatus),
    (PAYMENT, PaymentStatus),
    (REFUND, RefundStatus),
    (APPOINTMENT, AppointmentStatus),
    (VACANCY, VacancyStatus),
    (TASK, TaskStatus),
    (TASK_CLAIM, HoldStatus),
    (EVENING, PlanStatus),
    (LINE, LineStatus),
)
README = Path(__file__).parents[1] / "README.md"


def table(*rows: tuple[str, ...]) -> str:
    head, *body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def settings() -> str:
    return table(("name", "default", "meaning"), *[(f"`{s.name}`", _default(s.default), s.meaning) for s in SETTINGS])


def _default(text: str) -> str:
    if DEV_KEY in text or text == DEV_SECRET:
        return "for development only"
    return f"`{text}`" if text else "none"


def roles() -> str:
    rows = [
        (role.label, f"`{role}`", ", ".join(sorted(role.held_at)), ", ".join(f"`{p}`" for p in sorted(GRANTS[role])))
        for role in Role
    ]
    return table(("岗位", "role", "held at", "may"), *rows)


def states() -> str:
    rows = [
        (flow.name, f"`{status}`", getattr(status, "label", ""), ", ".join(_arrows(flow, status)) or "the end")
        for flow, statuses in FLOWS
        for status in statuses
    ]
    return table(("flow", "state", "状态", "action → state"), *rows)


def _arrows(flow, status) -> list[str]:
    return [f"`{step.action}` → `{step.target}`" for step in flow.steps if status in step.sources]


TABLES = {"settings": settings, "roles": roles, "states": states}


def between(text: str, name: str) -> str | None:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", text, re.DOTALL)
    return found and found[1].strip()


def main() -> None:
    text = README.read_text(encoding="utf-8")
    for name, made in TABLES.items():
        block = f"<!-- {name} -->\n{made()}\n<!-- /{name} -->"
        text = re.sub(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _: block, text, flags=re.DOTALL)  # noqa: B023
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
