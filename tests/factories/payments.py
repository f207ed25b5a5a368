"""Things to pay for, and payments at every stage, with no group buy behind them: the rows of a dictionary, locked by
PostgreSQL as rows of a table would be."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from backend.core import invariants, jobs
from backend.core.auth import Actor
from backend.core.models import new_id
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.integrations.payments import ConsolePayments, State
from backend.payments import payables, service
from backend.places.models import Household
from tests.cast import READY, UNIT, Cast
from tests.factories.world import user_id

console = ConsolePayments()


@dataclass
class Thing:
    """A thing to pay for: `family` are the names of those who may pay, `settled` counts how often it was told so."""

    due_fen: int
    household_id: uuid.UUID
    book_id: uuid.UUID
    collector_id: uuid.UUID
    family: tuple[str, ...] = ("he",)
    open: bool = True
    place_code: str = UNIT
    deputy_id: uuid.UUID | None = None
    id: uuid.UUID = field(default_factory=new_id)
    settled: int = 0


class Things:
    """The payable: registered as the orders are."""

    def __init__(self) -> None:
        self.rows: dict[uuid.UUID, Thing] = {}

    def due(self, subject_id: uuid.UUID, lock: bool = False) -> payables.Due | None:
        thing = self.rows.get(subject_id)
        if thing is None:
            return None
        if lock:
            key = {"key": f"thing:{subject_id}"}
            db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
        left = thing.due_fen - service.paid([subject_id])[subject_id]
        return payables.Due(
            thing.book_id, thing.household_id, thing.place_code, left, thing.open, thing.collector_id, "冻肉 2 份",
            thing.deputy_id,
        )  # fmt: skip

    def may_pay(self, actor: Actor, subject_id: uuid.UUID) -> bool:
        return actor.name in self.rows[subject_id].family

    def settled(self, subject_id: uuid.UUID, now: datetime) -> None:
        if service.paid([subject_id])[subject_id] >= self.rows[subject_id].due_fen:
            self.rows[subject_id].settled += 1

    def book(self, book_id: uuid.UUID) -> payables.Book | None:
        found = [thing for thing in self.rows.values() if thing.book_id == book_id]
        return payables.Book(READY, "马池苑冻肉团", found[0].collector_id) if found else None


class Shop:
    """A campaign's worth of things: `thing()` places an order in the ledger as the group buy does."""

    def __init__(self, app: Any, cast: Cast) -> None:
        self.app, self.cast, self.things, self.book_id = app, cast, Things(), new_id()

    def household(self, room: str = "101", place: str = UNIT) -> uuid.UUID:
        with self.app.app_context(), unit_of_work():
            home = Household(place_code=place, room=room, member_count=2)
            db.session.add(home)
            return home.id

    def thing(self, due_fen: int = 4000, subsidy_fen: int = 0, room: str | None = None, **more: Any) -> Thing:
        household_id = more.pop("household_id", None) or self.household(room or f"{len(self.things.rows) + 101}")
        with self.app.app_context(), unit_of_work():
            thing = Thing(due_fen, household_id, self.book_id, user_id("tuan"), **more)
            placed = [
                ("household", household_id, due_fen),
                ("subsidy", READY[:12], subsidy_fen),
                ("campaign", self.book_id, -due_fen - subsidy_fen),
            ]
            service.post("order_placed", self.book_id, thing.id, service_actor(), placed)
        self.things.rows[thing.id] = thing
        return thing

    def reduce(self, thing: Thing, fen: int, cause: str = "cancelled") -> list[uuid.UUID]:
        """Part of the thing is not to be had: what is due shrinks, what was paid for it goes back."""
        with self.app.app_context(), unit_of_work():
            took_off = [("household", thing.household_id, -fen), ("campaign", self.book_id, fen)]
            service.post("order_changed", self.book_id, thing.id, service_actor(), took_off)
            thing.due_fen -= fen
            over = service.paid([thing.id])[thing.id] - thing.due_fen
            return [r.id for r in service.refund(service_actor(), "order", thing.id, max(0, over), cause)]

    # --- Over HTTP ---

    def begin(self, thing: Thing, who: str = "he", **body: Any) -> dict[str, Any]:
        sent = {"method": "wechat", **body}
        return ok(self.cast.hand(who).post(f"/orders/{thing.id}/payments", sent), 201)

    def at_provider(self, thing: Thing, who: str = "he", state: State = State.SUCCEEDED, **body: Any) -> dict[str, Any]:
        """Begun, and paid (or declined) at the provider; nobody has told us yet."""
        payment = self.begin(thing, who, **body)
        ok(self.cast.hand(who).post(f"/payments/{payment['id']}/prepay"))
        with self.app.app_context():
            console.pay(payment["number"], state)
        return payment

    def check(self, payment: dict[str, Any], who: str = "he") -> dict[str, Any]:
        return ok(self.cast.hand(who).post(f"/payments/{payment['id']}/check"))

    def paid(self, thing: Thing, who: str = "he", **body: Any) -> dict[str, Any]:
        return self.check(self.at_provider(thing, who, **body), who)

    def receive(self, thing: Thing, receipt: str, amount_fen: int, method: str = "cash", who: str = "tuan") -> Any:
        body = {"method": method, "amount_fen": amount_fen, "receipt": receipt}
        return self.cast.hand(who).post(f"/orders/{thing.id}/receipts", body)

    def behave(self, payment: dict[str, Any], manner: str) -> None:
        with self.app.app_context():
            console.behave(payment["number"], manner)

    # --- Looking ---

    def balance(self, account: str, owner: Any) -> int:
        with self.app.app_context():
            return service.balance(account, owner, self.book_id)

    def sound(self) -> None:
        """The books are in order: every invariant's view is empty, and the trial balance is zero."""
        with self.app.app_context():
            assert not {name: n for name, n in invariants.counts().items() if n}
            assert sum(service.trial_balance().values()) == 0


def service_actor() -> Actor:
    return Actor(None, "系统")


def ok(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return answer.json


def work_off(app: Any, owner: Any) -> None:
    """Every job's hour has come, and whatever waits to be asked about has waited long enough."""
    owner.execute("UPDATE payment SET checked_at = checked_at - interval '2 minutes'")
    owner.execute("UPDATE refund SET checked_at = checked_at - interval '2 minutes'")
    owner.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    jobs.run(app, wait=False)


def poll(app: Any, owner: Any, hours: int = 0) -> None:
    """The round that comes every minute; `hours`: that much later."""
    owner.execute("UPDATE payment SET created_at = created_at - make_interval(hours => %s)", [hours])
    with app.app_context(), unit_of_work():
        jobs.defer("payments.poll")
    work_off(app, owner)
