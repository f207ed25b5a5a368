"""What can be paid for. Payments knows no group buy: each package registers, once, how its subjects are asked."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from backend.core.auth import Actor
from backend.core.errors import NotFound
from backend.core.permissions import Permission


class Due(NamedTuple):
    """What a subject still costs. `remaining_fen`: due less what has been paid and not given back; `open`: money is
    still welcome; `collector_id`: the organiser who takes cash for it (`deputy_id`: or the deputy), at
    `book_place` where that is another than the household's: a neighbouring compound has joined. `till`: the
    kind of account into which cash goes that somebody takes: theirs, or the community's float. `until`: when the term
    of payment is over, where there is one."""

    book_id: uuid.UUID
    household_id: uuid.UUID
    place_code: str
    remaining_fen: int
    open: bool
    collector_id: uuid.UUID | None
    title: str
    deputy_id: uuid.UUID | None = None
    book_place: str | None = None
    till: str = "organiser"
    until: datetime | None = None


class Payable(Protocol):
    """One kind of subject: an order, later a medicine request."""

    def due(self, subject_id: uuid.UUID, lock: bool = False) -> Due | None:
        """None when there is no such subject. `lock`: holds the subject's row to the end of the transaction; every
        act of payments on a subject begins with it (subject → payment → refund → ledger)."""
        ...

    def may_pay(self, actor: Actor, subject_id: uuid.UUID) -> bool:
        """Whether the actor may pay for the subject, and so see how it was paid."""
        ...

    def settled(self, subject_id: uuid.UUID, now: datetime) -> None:
        """Money was booked, in this transaction and under the lock: where nothing remains, takes its own step."""
        ...


class Book(NamedTuple):
    """What a set of accounts belongs to: a campaign, a medicine trip. `of_health`: its lines tell who needed medicine,
    and auditors from outside read its sums in the trial balance alone."""

    place_code: str
    title: str
    collector_id: uuid.UUID | None
    deputy_id: uuid.UUID | None = None
    of_health: bool = False


PAYABLES: dict[str, Payable] = {}
BOOKS: dict[str, Callable[[uuid.UUID], Book | None]] = {}


def register(subject_type: str, payable: Payable) -> None:
    """Adds a kind of subject; twice the same is once."""
    PAYABLES[subject_type] = payable


def register_book(kind: str, find: Callable[[uuid.UUID], Book | None]) -> None:
    """Adds a kind of book, by which its statement is found and who may read it."""
    BOOKS[kind] = find


def in_charge(actor: Actor, due: Due | Book) -> bool:
    """The organiser and the deputy of this very book, as long as they hold that post, and the community. Another
    organiser of the compound is not."""
    return _takes_cash(actor, due) or actor.may(Permission.PAYMENT_READ, due.place_code)


def _takes_cash(actor: Actor, due: Due | Book) -> bool:
    own = actor.id is not None and actor.id in (due.collector_id, due.deputy_id)
    return own and actor.may(Permission.PAYMENT_RECORD, getattr(due, "book_place", None) or due.place_code)


def may_record(actor: Actor, due: Due) -> bool:
    """Whether the actor may say that money came by hand: an organiser by the post where the book is kept."""
    return _takes_cash(actor, due) or actor.may(Permission.PAYMENT_RECORD, due.place_code)


def due_in_sight(actor: Actor, subject_type: str, subject_id: uuid.UUID, lock: bool = False, what: str = "订单") -> Due:
    """404 for a subject that is not there, and for strangers to it: of `what` they asked for."""
    payable = PAYABLES.get(subject_type)
    due = payable.due(subject_id, lock=lock) if payable else None
    if payable is None or due is None or not (in_charge(actor, due) or payable.may_pay(actor, subject_id)):
        raise NotFound(what)
    return due


def book_in_sight(actor: Actor, kind: str, book_id: uuid.UUID) -> Book:
    """For the organiser, the deputy, and whoever reads ledgers at the place (of health: the community's own purse
    alone); 404 for everyone else."""
    find = BOOKS.get(kind)
    book = find(book_id) if find else None
    if book is None or not (in_charge(actor, book) or _audits(actor, book)):
        raise NotFound("账目")
    return book


def _audits(actor: Actor, book: Book) -> bool:
    return not book.of_health and actor.may(Permission.LEDGER_READ, book.place_code)
