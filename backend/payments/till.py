"""Cash and accounts beside the households': suppliers paid, cash handed in, own money given back."""

import uuid

from sqlalchemy import text

from backend.core import audit
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError
from backend.extensions import db
from backend.payments import ledger
from backend.payments.models import Account

PAYS = (Account.ORGANISER, Account.MERCHANT, Account.COMMUNITY_FLOAT)
# Two who hand in the same cash at once: the second sees that it is gone.
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:account, 0))")


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
    actor: Actor, book_id: uuid.UUID, organiser_id: uuid.UUID, community_code: str, amount_fen: int, receipt: str
) -> uuid.UUID:
    """An organiser hands in cash of a campaign: never more than they hold of it."""
    _refuse_senseless(Account.ORGANISER, amount_fen)
    if amount_fen > held_by(organiser_id, book_id):
        raise Conflict("more_than_held", "上交金额超过了手里的现金，请核对后重填。")
    entries: list[ledger.Entry] = [
        (Account.ORGANISER.value, organiser_id, -amount_fen),
        (Account.COMMUNITY_FLOAT.value, community_code, amount_fen),
    ]
    return _booked("remit", actor, book_id, entries, receipt)


def reimburse(
    actor: Actor,
    book_id: uuid.UUID,
    organiser_id: uuid.UUID,
    from_account: str,
    from_owner: str,
    amount_fen: int,
    receipt: str,
) -> uuid.UUID:
    """An organiser gets back own money advanced for a campaign: never more than that."""
    _refuse_senseless(from_account, amount_fen)
    if from_account == Account.ORGANISER or amount_fen > -held_by(organiser_id, book_id):
        raise Conflict("more_than_advanced", "报销金额超过了垫付的金额，请核对后重填。")
    entries: list[ledger.Entry] = [
        (Account.ORGANISER.value, organiser_id, amount_fen),
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


def held_by(organiser_id: str | uuid.UUID, book_id: uuid.UUID) -> int:
    """Cash of the campaign in one person's hands, with the account to ourselves until the end of the transaction."""
    db.session.execute(ALONE, {"account": f"organiser:{organiser_id}"})
    return ledger.balance(Account.ORGANISER, organiser_id, book_id)


def _refuse_senseless(account: str, amount_fen: int) -> None:
    if account not in PAYS:
        raise DomainError("wrong_account", "只能从团长备用金、社区周转金或商户号付款。")
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
