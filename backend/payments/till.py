"""Cash and accounts beside the households': suppliers paid, cash handed in, own money given back."""

import uuid
from typing import Any

from sqlalchemy import text

from backend.core import audit
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError
from backend.core.transaction import hot_row_last
from backend.extensions import db
from backend.payments import ledger
from backend.payments.models import Account

PAYS = (Account.ORGANISER, Account.MERCHANT, Account.COMMUNITY_FLOAT)
# Two who hand in the same cash at once: the second sees that it is gone.
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:account, 0))")
FUND_LEFT = "SELECT fund_left(%s)"
FUND_EMPTY = "社区互助金余额不够，不能资助。请先登记到账的捐款，或者请住户先付款，以后再资助。"


def pay_out(
    actor: Actor,
    book_id: uuid.UUID,
    from_account: str,
    from_owner: str | uuid.UUID,
    amount_fen: int,
    what: str,
    receipt: str,
) -> uuid.UUID:
    """The supplier or the freight is paid (`what` is a code) by whoever holds the money. An organiser may pay more than
    they hold: the rest is their own, to be reimbursed. The caller has asked for the permission, here and below."""
    _refuse_senseless(from_account, amount_fen)
    if from_account == Account.ORGANISER:
        held_by(from_owner, book_id)
    entries: list[ledger.Entry] = [
        (Account.CAMPAIGN.value, book_id, amount_fen),
        (from_account, from_owner, -amount_fen),
    ]
    return _booked("payout", actor, book_id, entries, receipt, what=what)


def remit(
    actor: Actor,
    book_id: uuid.UUID,
    holder_id: uuid.UUID,
    community_code: str,
    amount_fen: int,
    receipt: str,
    hands: Account = Account.ORGANISER,
) -> uuid.UUID:
    """Cash of a book is handed in by whoever holds it: never more than they hold of it."""
    _refuse_nothing(amount_fen)
    if amount_fen > held_by(holder_id, book_id, hands):
        raise Conflict("more_than_held", "上交金额超过了手里的现金，请核对后重填。")
    entries: list[ledger.Entry] = [
        (hands.value, holder_id, -amount_fen),
        (Account.COMMUNITY_FLOAT.value, community_code, amount_fen),
    ]
    return _booked("remit", actor, book_id, entries, receipt)


def advance_cash(
    actor: Actor, book_id: uuid.UUID, holder_id: uuid.UUID, community_code: str, amount_fen: int, receipt: str
) -> uuid.UUID:
    """The community's float gives cash into a volunteer's hands, before anything is bought with it."""
    _refuse_nothing(amount_fen)
    entries: list[ledger.Entry] = [
        (Account.VOLUNTEER.value, holder_id, amount_fen),
        (Account.COMMUNITY_FLOAT.value, community_code, -amount_fen),
    ]
    return _booked("advance", actor, book_id, entries, receipt)


def reimburse(
    actor: Actor,
    book_id: uuid.UUID,
    holder_id: uuid.UUID,
    from_account: str,
    from_owner: str,
    amount_fen: int,
    receipt: str,
    hands: Account = Account.ORGANISER,
) -> uuid.UUID:
    """Own money that somebody advanced for a book comes back to them: never more than that."""
    _refuse_senseless(from_account, amount_fen)
    if from_account == Account.ORGANISER or amount_fen > -held_by(holder_id, book_id, hands):
        raise Conflict("more_than_advanced", "报销金额超过了垫付的金额，请核对后重填。")
    entries: list[ledger.Entry] = [
        (hands.value, holder_id, amount_fen),
        (from_account, from_owner, -amount_fen),
    ]
    return _booked("reimburse", actor, book_id, entries, receipt)


def receive(
    actor: Actor, book_id: uuid.UUID, account: str, owner: str, community_code: str, amount_fen: int, receipt: str
) -> uuid.UUID:
    """Money that somebody else gives for a campaign comes into the community's cash box: the subsidy that the district
    owes for it, never more than that, or a donation to the community's fund."""
    if amount_fen <= 0:
        raise DomainError("wrong_amount", "金额应大于零。")
    db.session.execute(ALONE, {"account": f"{account}:{owner}"})
    if account == Account.SUBSIDY and amount_fen > ledger.balance(Account.SUBSIDY, owner, book_id):
        raise Conflict("more_than_owed", "到账金额超过了这个团购应得的补贴，请核对后重填。")
    entries: list[ledger.Entry] = [
        (Account.COMMUNITY_FLOAT.value, community_code, amount_fen),
        (account, owner, -amount_fen),
    ]
    return _booked("grant", actor, book_id, entries, receipt, account=account)


def refuse_overdrawn(community_code: str) -> None:
    """The fund sponsors no more than it has (the database says so too). Asked when all else is done: whoever sponsors
    an order takes its shares before the fund."""
    hot_row_last(FUND_LEFT, (community_code,), _refuse_less_than_nothing)


def _refuse_less_than_nothing(left: list[Any]) -> None:
    if left[0][0] < 0:
        raise Conflict("fund_empty", FUND_EMPTY)


def held_by(holder_id: str | uuid.UUID, book_id: uuid.UUID, hands: Account = Account.ORGANISER) -> int:
    """Cash of a book in one person's hands, with the account to ourselves until the end of the transaction."""
    hold_hands(holder_id, hands)
    return ledger.balance(hands, holder_id, book_id)


def hold_hands(holder_id: str | uuid.UUID, hands: Account = Account.ORGANISER) -> None:
    """One person's cash, to ourselves until the end of the transaction."""
    db.session.execute(ALONE, {"account": f"{hands.value}:{holder_id}"})


def _refuse_senseless(account: str, amount_fen: int) -> None:
    if account not in PAYS:
        raise DomainError("wrong_account", "只能从团长备用金、社区周转金或商户号付款。")
    _refuse_nothing(amount_fen)


def _refuse_nothing(amount_fen: int) -> None:
    if amount_fen <= 0:
        raise DomainError("wrong_amount", "金额应大于零。")


def _booked(
    kind: str, actor: Actor, book_id: uuid.UUID, entries: list[ledger.Entry], receipt: str, **details: str
) -> uuid.UUID:
    """Once for each receipt, whoever enters it again. The caller holds the book's row."""
    if ledger.has_receipt(kind, book_id, receipt):
        raise Conflict("receipt_used", "这个收据号已经登记过，请核对是不是同一笔钱。")
    transaction = ledger.post(kind, book_id, None, actor, entries, receipt)
    said = {"book": str(book_id), "transaction": str(transaction), "receipt": receipt, **details}
    audit.record("ledger", kind, actor, details=said)
    return transaction
