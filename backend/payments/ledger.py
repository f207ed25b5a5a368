"""Double entry: posting, balances, statements of entries. Debit is positive; nothing here is ever changed."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, exists, func, select, text

from backend.core.auth import Actor
from backend.core.errors import DomainError
from backend.core.models import new_id
from backend.core.transaction import database_now
from backend.extensions import db
from backend.payments.models import Account, LedgerClosing, LedgerEntry, LedgerTransaction

Entry = tuple[str, str | uuid.UUID, int]  # account, owner, fen


class Posting(NamedTuple):
    """One transaction to be: its entries add up to zero."""

    kind: str
    book_id: uuid.UUID
    subject_id: uuid.UUID | None
    actor: Actor
    entries: Sequence[Entry]
    receipt: str | None = None


# Transactions and entries in one statement, however many; foreign keys are checked at its end.
POST = text("""
WITH posted AS (
  INSERT INTO ledger_transaction (id, kind, book_id, subject_id, actor_id, receipt)
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:books AS uuid[]),
                       CAST(:subjects AS uuid[]), CAST(:actors AS uuid[]), CAST(:receipts AS text[])))
INSERT INTO ledger_entry (transaction_id, line, account, owner, amount_fen)
SELECT * FROM unnest(CAST(:transactions AS uuid[]), CAST(:lines AS smallint[]), CAST(:accounts AS text[]),
                     CAST(:owners AS text[]), CAST(:amounts AS bigint[]))""")


def post(
    kind: str,
    book_id: uuid.UUID,
    subject_id: uuid.UUID | None,
    actor: Actor,
    entries: Sequence[Entry],
    receipt: str | None = None,
) -> uuid.UUID:
    """Books one act: entries of zero are dropped, a sum that is not zero is refused."""
    return post_many([Posting(kind, book_id, subject_id, actor, entries, receipt)])[0]


def post_many(rows: Sequence[Posting | tuple]) -> list[uuid.UUID]:
    """Books many acts (each the fields of a Posting) in one statement; the ids of their transactions. All or none."""
    postings = [Posting(*row) for row in rows]
    ids = [new_id() for _ in postings]
    lines = [
        (transaction, number, str(Account(account)), str(owner), fen)
        for transaction, posting in zip(ids, postings, strict=True)
        for number, (account, owner, fen) in enumerate(_balanced(posting), start=1)
    ]
    if postings:
        db.session.execute(POST, {**_heads(ids, postings), **_columns(lines)})
    return ids


def _heads(ids: list[uuid.UUID], postings: Sequence[Posting]) -> dict[str, Any]:
    return {
        "ids": ids,
        "kinds": [posting.kind for posting in postings],
        "books": [posting.book_id for posting in postings],
        "subjects": [posting.subject_id for posting in postings],
        "actors": [posting.actor.id for posting in postings],
        "receipts": [posting.receipt for posting in postings],
    }


def _columns(lines: list[tuple]) -> dict[str, Any]:
    names = ("transactions", "lines", "accounts", "owners", "amounts")
    return dict(zip(names, map(list, zip(*lines, strict=True)), strict=True))


def _balanced(posting: Posting) -> list[Entry]:
    entries = [entry for entry in posting.entries if entry[2]]
    if not entries or sum(fen for _, _, fen in entries) != 0:
        raise DomainError("unbalanced", "这笔账两边不相等，没有记入。请联系社区。")
    return entries


def _sums(book_id: uuid.UUID | None) -> Select:
    """Owners and what their accounts hold. Within a book, starting from its transactions."""
    query = select(LedgerEntry.owner, func.sum(LedgerEntry.amount_fen)).group_by(LedgerEntry.owner)
    if book_id is None:
        return query
    return query.join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id).where(
        LedgerTransaction.book_id == book_id
    )


def balance(account: str, owner: str | uuid.UUID, book_id: uuid.UUID | None = None) -> int:
    """What one account holds, in all or within a book."""
    return balances(account, [owner], book_id)[str(owner)]


def balances(
    account: str, owners: Sequence[str | uuid.UUID], book_id: uuid.UUID | None = None
) -> defaultdict[str, int]:
    """What the accounts of several owners hold, by owner as text; 0 where nothing was ever booked."""
    wanted = [str(owner) for owner in owners]
    query = _sums(book_id).where(LedgerEntry.account == account, LedgerEntry.owner.in_(wanted))
    return defaultdict(int, {owner: int(fen) for owner, fen in db.session.execute(query)})


def open_balances(account: str, book_id: uuid.UUID) -> dict[str, int]:
    """The owners whose account is not even within a book."""
    held = func.sum(LedgerEntry.amount_fen)
    query = _sums(book_id).where(LedgerEntry.account == account).having(held != 0)
    return {owner: int(fen) for owner, fen in db.session.execute(query)}


class Hands(NamedTuple):
    """What one person holds of one book (−: own money they have advanced), and since when an entry is on it."""

    book_id: uuid.UUID
    owner: str
    fen: int
    since: datetime


def in_hands(account: str, books: Any) -> list[Hands]:
    """The accounts of a kind that are not even, in the books that a select names, oldest first."""
    tx, entry = LedgerTransaction, LedgerEntry
    held, since = func.sum(entry.amount_fen), func.min(tx.created_at)
    query = select(tx.book_id, entry.owner, held, since).join(entry, entry.transaction_id == tx.id)
    query = query.where(entry.account == account, tx.book_id.in_(books)).group_by(tx.book_id, entry.owner)
    found = db.session.execute(query.having(held != 0).order_by(since, entry.owner))
    return [Hands(book_id, owner, int(fen), at) for book_id, owner, fen, at in found]


def _entries() -> Select:
    """Every line with its transaction, in the order of booking."""
    tx, entry = LedgerTransaction, LedgerEntry
    columns = (tx.id, tx.created_at, tx.kind, tx.subject_id, tx.receipt, entry.account, entry.owner, entry.amount_fen)
    return select(*columns).join(entry, entry.transaction_id == tx.id).order_by(tx.created_at, tx.id, entry.line)


def entries(subject: Any) -> list[Any]:
    """All lines under a condition: `of_book`, `of_household`."""
    return list(db.session.execute(_entries().where(subject)))


def has_booked(actor: Actor, kind: str, book_id: uuid.UUID) -> bool:
    """Whether the actor has booked an act of that kind in a book."""
    theirs = (LedgerTransaction.actor_id == actor.id) & (LedgerTransaction.kind == kind)
    return db.session.scalar(select(exists().where(of_book(book_id) & theirs))) or False


def has_receipt(kind: str, book_id: uuid.UUID, receipt: str) -> bool:
    """Whether an act of that kind is booked already against the receipt."""
    same = (LedgerTransaction.receipt == receipt) & (LedgerTransaction.kind == kind)
    return db.session.scalar(select(exists().where(of_book(book_id) & same))) or False


def book_entries(book_id: uuid.UUID) -> list[Any]:
    """All lines of one campaign."""
    return entries(of_book(book_id))


def household_entries(household_id: uuid.UUID) -> list[Any]:
    """All lines on one household's account, over all campaigns."""
    return entries(of_household(household_id))


def page(subject: Any, limit: int, after: uuid.UUID | None) -> tuple[list[Any], uuid.UUID | None]:
    """The lines of the next `limit` transactions of a book or an account (`subject`: a condition), and where the page
    after it starts."""
    tx = LedgerTransaction
    query = select(tx.id).join(LedgerEntry, LedgerEntry.transaction_id == tx.id).where(subject)
    if after is not None:
        query = query.where(tx.id > after)
    ids = list(db.session.scalars(query.distinct().order_by(tx.id).limit(limit + 1)))
    lines = list(db.session.execute(_entries().where(tx.id.in_(ids[:limit]), subject)))
    return lines, ids[limit - 1] if len(ids) > limit else None


def of_book(book_id: uuid.UUID) -> Any:
    """The condition under which a line belongs to a book."""
    return LedgerTransaction.book_id == book_id


def of_household(household_id: uuid.UUID) -> Any:
    """The condition under which a line is on a household's account."""
    return and_(LedgerEntry.account == Account.HOUSEHOLD.value, LedgerEntry.owner == str(household_id))


def totals(subject: Any) -> dict[str, int]:
    """What each kind of account holds within a book, or on one account."""
    query = select(LedgerEntry.account, func.sum(LedgerEntry.amount_fen)).where(subject).group_by(LedgerEntry.account)
    query = query.join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
    return {account: int(fen) for account, fen in db.session.execute(query)}


CLOSED = text("""
SELECT until, account, amount_fen FROM ledger_closing
WHERE until = (SELECT max(until) FROM ledger_closing WHERE until < :before)""")
FIRST = text("SELECT min(created_at) FROM ledger_transaction WHERE created_at >= :since AND created_at < :before")
CAME = text("SELECT account, amount_fen FROM ledger_came(:since, :before)")
CLOSE = text("""
INSERT INTO ledger_closing (until, account, amount_fen)
SELECT :until, * FROM unnest(CAST(:accounts AS text[]), CAST(:amounts AS bigint[]))""")
# Added up by one statement. A million entries take 1.2 s (2 cores, PostgreSQL 15); at the most orders that a machine
# takes, 1,900 a second, this span has two million, and a statement may last 3 s.
SPAN = timedelta(minutes=5)
BEGINNING = datetime(2019, 12, 1, tzinfo=UTC)
SETTLED = timedelta(hours=1)  # whatever was booked then has long been committed, for a transaction lives seconds


def trial_balance() -> dict[str, int]:
    """Each kind of account over the whole ledger: they add up to zero."""
    held = _held(db.session.scalars(select(func.clock_timestamp())).one())
    return {account.value: held[account.value] for account in Account}


def _held(before: datetime) -> Counter[str]:
    """What each kind of account held at an instant: the last closing, and what came since, span by span."""
    closed = db.session.execute(CLOSED, {"before": before}).all()
    held = Counter({row.account: row.amount_fen for row in closed})
    since = _next(closed[0].until if closed else BEGINNING, before)
    while since:
        until = min(since + SPAN, before)
        for account, fen in db.session.execute(CAME, {"since": since, "before": until}):
            held[account] += fen
        since = _next(until, before)
    return held


def _next(since: datetime, before: datetime) -> datetime | None:
    """When something was booked first, sought twice as far each time: quiet weeks are a few questions."""
    span = SPAN
    while since < before:
        first = db.session.scalar(FIRST, {"since": since, "before": min(since + span, before)})
        if first:
            return first
        since, span = since + span, 2 * span
    return None


def close(age: timedelta = SETTLED) -> None:
    """Takes down what each account held an `age` ago, on the full hour. Twice is once."""
    mark = (database_now() - age).replace(minute=0, second=0, microsecond=0)
    if db.session.get(LedgerClosing, (mark, Account.HOUSEHOLD.value)):
        return
    if not (held := _held(mark)):
        return
    amounts = {account.value: held[account.value] for account in Account}
    db.session.execute(CLOSE, {"until": mark, "accounts": list(amounts), "amounts": list(amounts.values())})
