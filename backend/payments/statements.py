"""Statements of a campaign and of a household: pages for the phone, CSV and XLSX for the desk."""

import csv
import io
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import xlsxwriter
from sqlalchemy import select

from backend.core import clock
from backend.core.auth import Actor
from backend.core.errors import NotFound
from backend.core.money import yuan
from backend.core.permissions import Permission
from backend.extensions import db
from backend.payments import ledger, payables, views
from backend.payments.models import Account
from backend.people.households import acted_for
from backend.people.service import user_names
from backend.places.models import Household
from backend.places.service import names

KINDS = {
    "order_placed": "下单",
    "order_changed": "订单金额变动",
    "payment": "付款",
    "refund": "退款",
    "payout": "付供货商或运费",
    "share": "团长报酬",
    "remit": "上交社区",
    "reimburse": "归还垫付",
    "grant": "补贴或捐款到账",
    "surplus": "结余转互助金",
    "order_moved": "订单转给邻居",
    "hardship": "困难退出，互助金承担",
    "loss": "亏空由互助金承担",
    "advance": "社区预付给志愿者",
    "medicine_bought": "买药",
    "medicine_delivered": "药品送到",
    "medicine_kept": "拒收，归社区",
    "medicine_passed_on": "转给需要的邻居",
    "medicine_returned": "退给药店",
    "medicine_lost": "药品损失由互助金承担",
}
HEADINGS = ("时间", "事项", "科目", "对象", "金额（元）", "收据号", "流水号")
MONEY_COLUMN = HEADINGS.index("金额（元）")
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet would run; a Chinese one also at full width


class Line(NamedTuple):
    """One entry, as people read it."""

    transaction_id: uuid.UUID
    at: datetime
    kind: str
    label: str
    account: str
    account_label: str
    owner: str
    amount_fen: int
    receipt: str | None


class Statement(NamedTuple):
    """Whose it is, and which lines of the ledger are in it."""

    title: str
    subject: Any


def of_book(actor: Actor, kind: str, book_id: uuid.UUID) -> Statement:
    """For whom the book is in sight."""
    book = payables.book_in_sight(actor, kind, book_id)
    return Statement(book.title, ledger.of_book(book_id))


def of_household(actor: Actor, household_id: uuid.UUID) -> Statement:
    """For those who live there, who act for it with its consent, and the community's own purse. Not for auditors from
    outside: it tells what a home bought, medicine too."""
    household = db.session.get(Household, household_id)
    if household is None or not _concerns(actor, household):
        raise NotFound("住户")
    title = _homes({str(household_id)})[str(household_id)]
    return Statement(title, ledger.of_household(household_id))


def _concerns(actor: Actor, household: Household) -> bool:
    if actor.may(Permission.PAYMENT_READ, household.place_code):
        return True
    return household.id in set(db.session.scalars(acted_for(actor)))


def page(statement: Statement, limit: int, after: uuid.UUID | None) -> dict[str, Any]:
    rows, following = ledger.page(statement.subject, limit, after)
    held = views.accounts(ledger.totals(statement.subject))
    return {"title": statement.title, "totals": held, "items": _lines(rows), "next": following}


def _lines(rows: Sequence[Any]) -> list[Line]:
    owners = _owners(rows)
    return [
        Line(
            row.id,
            row.created_at,
            row.kind,
            KINDS.get(row.kind, row.kind),
            row.account,
            Account(row.account).label,
            owners.get(row.owner, row.owner),
            row.amount_fen,
            row.receipt,
        )
        for row in rows
    ]


def _owners(rows: Sequence[Any]) -> dict[str, str]:
    """Owners as people know them: the door of a household, an organiser's name, a place's."""
    by_account: dict[str, set[str]] = {}
    for row in rows:
        by_account.setdefault(row.account, set()).add(row.owner)
    hands = by_account.get(Account.ORGANISER, set()) | by_account.get(Account.VOLUNTEER, set())
    users = user_names([uuid.UUID(owner) for owner in hands])
    goods = by_account.get(Account.MEDICINE_STOCK, set())  # a trip's, or a community's: a code is no longer than 12
    of_places = (by_account.get(a, set()) for a in (Account.SUBSIDY, Account.FUND, Account.COMMUNITY_FLOAT))
    places = {owner for owner in goods if len(owner) <= 12}.union(*of_places)
    campaigns = dict.fromkeys(by_account.get(Account.CAMPAIGN, set()) | (goods - places), "")
    said = {str(user_id): name for user_id, name in users.items()}
    return {**campaigns, **said, **names(places), **_homes(by_account.get(Account.HOUSEHOLD, set()))}


def _homes(household_ids: set[str]) -> dict[str, str]:
    """马池苑1栋1单元101, by household."""
    query = select(Household.id, Household.place_code, Household.room)
    found = db.session.execute(query.where(Household.id.in_([uuid.UUID(each) for each in household_ids]))).all()
    called = names(code[:n] for _, code, _ in found for n in (16, 20, 24))
    return {
        str(household_id): "".join(called[code[:n]] for n in (16, 20, 24) if n <= len(code)) + room
        for household_id, code, room in found
    }


def whole(statement: Statement) -> list[Line]:
    """Every line, in the order of booking."""
    return _lines(ledger.entries(statement.subject))


def as_csv(statement: Statement) -> bytes:
    """UTF-8 with the mark by which Excel knows it. Text that a spreadsheet would run as a formula is made text."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(HEADINGS)
    for line in whole(statement):
        writer.writerow([cell if at == MONEY_COLUMN else _harmless(cell) for at, cell in enumerate(_cells(line))])
    return written.getvalue().encode("utf-8-sig")


def _cells(line: Line) -> tuple[str, ...]:
    at, receipt = clock.shanghai(line.at), line.receipt or ""
    return at, line.label, line.account_label, line.owner, yuan(line.amount_fen), receipt, str(line.transaction_id)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def as_xlsx(statement: Statement) -> bytes:
    """Numbers are numbers, all else is text, whatever it begins with."""
    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written, options) as book:
        sheet, money = book.add_worksheet("账目"), book.add_format({"num_format": "0.00"})
        sheet.write_row(0, 0, HEADINGS)
        for row, line in enumerate(whole(statement), start=1):
            for column, cell in enumerate(_cells(line)):
                if column == MONEY_COLUMN:
                    sheet.write_number(row, column, line.amount_fen / 100, money)
                else:
                    sheet.write_string(row, column, cell)
    return written.getvalue()


FORMATS = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
