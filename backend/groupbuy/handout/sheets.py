"""What is printed for handing out: the picker's, packer's, pick-up and door lists, and labels.

A sheet is columns and sections of rows of text, so that the page and the PDF show the very same. It tells the door and
the goods, of a person nothing but 王**, and never a phone.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import segno
from sqlalchemy import select

from backend.core import clock
from backend.core.auth import Actor
from backend.core.errors import NotFound
from backend.core.masking import Masked, mask_name
from backend.core.money import yuan
from backend.core.transaction import database_now
from backend.extensions import db
from backend.groupbuy.handout.calling import Door, pickup_numbers
from backend.groupbuy.handout.models import Pickup
from backend.groupbuy.handout.service import BUILDING_DIGITS, at_point, owed
from backend.groupbuy.handout.views import Goods, doors_of, goods_of, stairwells
from backend.groupbuy.models import Campaign, Order, OrderStatus
from backend.people.households import members_of

# What is still to be handed out: a list printed anew after a power cut does not repeat what is done.
LISTED = (OrderStatus.ALLOCATED, OrderStatus.READY, OrderStatus.NOT_COLLECTED)
TICK = "□"


class Kind(StrEnum):
    PICKER = "picker"
    PACKER = "packer"
    PICKUP = "pickup"
    DOOR = "door"
    LABELS = "labels"


class Column(NamedTuple):
    """A heading, its share of the width, and the size of its text in points; `bold` is what one looks for."""

    heading: str
    width: int
    size: int = 16
    bold: bool = False


class Section(NamedTuple):
    heading: str
    rows: Sequence[tuple[str, ...]]


class Label(NamedTuple):
    """What sticks on a package. `tag`: its number, or that it goes to the door. `goods`: three lines at most."""

    tag: str
    door: str
    goods: list[str]
    code: str


class Sheet(NamedTuple):
    title: str
    campaign: str
    note: str
    columns: tuple[Column, ...]
    sections: list[Section]
    labels: list[Label]


class Package(NamedTuple):
    """An order with all that a sheet tells of it."""

    order: Order
    number: int | None
    place_code: str
    stairwell: str
    floor: int | None
    room: str
    name: Masked
    bag: list[Goods]
    owed_fen: int

    @property
    def tag(self) -> str:
        return "送上门" if self.order.delivery == "door" else str(self.number or "—")

    @property
    def goods(self) -> list[str]:
        """How much first: a long name may break, a number never does."""
        return [f"{amount(goods)}　{goods.name}" for goods in self.bag]

    @property
    def to_pay(self) -> str:
        return yuan(self.owed_fen) if self.owed_fen else ""


def amount(goods: Goods) -> str:
    """2 份；or, once weighed, what the scales said: 2 份 1023 克"""
    weight = f" {goods.grams} 克" if goods.grams else ""
    return f"{goods.allocated} {goods.share_label}{weight}"


# --- Reading ----------------------------------------------------------------------------------------------------


def sheet(actor: Actor, campaign_id: uuid.UUID, kind: str) -> Sheet:
    """One of the lists, for those who hand out; 404 for everyone else. The same statements for 20 orders and 200."""
    if kind not in set(Kind):
        raise NotFound("清单")
    campaign = at_point(actor, campaign_id)
    return SHEETS[Kind(kind)](campaign, _along_the_stairs(_packages(campaign)))


def _packages(campaign: Campaign) -> list[Package]:
    listed = select(Order, Pickup.number).outerjoin(Pickup, Pickup.order_id == Order.id)
    found = db.session.execute(listed.where(Order.campaign_id == campaign.id, Order.status.in_(LISTED))).all()
    orders = [order for order, _ in found]
    homes, bags, debts = doors_of(orders), goods_of([order.id for order in orders]), owed(orders)
    where, names = stairwells([home.place_code for home in homes.values()]), _heads(list(homes))
    return [
        Package(
            order, number, home.place_code, where[home.place_code], home.floor, home.room, names[home.id],
            bags[order.id], debts[order.id],
        )
        for order, number in found
        if bags[order.id]
        for home in (homes[order.household_id],)
    ]  # fmt: skip


def _heads(household_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Masked]:
    return {
        household_id: mask_name(members[0].name) if members else Masked("")
        for household_id, members in members_of(household_ids).items()
    }


def _along_the_stairs(packages: Sequence[Package]) -> list[Package]:
    """In the order in which numbers are given."""
    doors = [Door(p.order.id, p.place_code[:BUILDING_DIGITS], p.place_code, p.floor, p.room) for p in packages]
    by_order = {package.order.id: package for package in packages}
    return [by_order[order_id] for order_id, _ in pickup_numbers(doors)]


# --- The lists --------------------------------------------------------------------------------------------------


def _picker(campaign: Campaign, packages: Sequence[Package]) -> Sheet:
    """By product: how much each stairwell gets, and how much that is in all."""
    shares: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for package in packages:
        for goods in package.bag:
            shares[goods.name, goods.share_label][package.stairwell] += goods.allocated
    listed = {item.name: item.position for item in campaign.items}  # substitutes come after them
    sections = [
        Section(
            f"{name}　共 {counted.total()} {label}",
            [(where, f"{n} {label}", TICK) for where, n in counted.items()],
        )
        for (name, label), counted in sorted(shares.items(), key=lambda found: listed.get(found[0][0], len(listed) + 1))
    ]
    columns = (Column("楼栋单元", 60, 20), Column("数量", 25, 24, bold=True), Column("配好", 15, 24))
    return _sheet("配货单", campaign, f"{len(packages)} 户", columns, sections)


def _packer(campaign: Campaign, packages: Sequence[Package]) -> Sheet:
    """By household, along the stairs: what goes into the bag."""
    columns = (
        Column("取货号", 16, 22, bold=True),
        Column("室", 18, 22, bold=True),
        Column("商品", 54, 18),
        Column("装好", 12, 24),
    )
    rows = [(package, (package.tag, package.room, "\n".join(package.goods), TICK)) for package in packages]
    return _sheet("分装单", campaign, f"{len(packages)} 户", columns, _by_stairwell(rows))


def _pickup(campaign: Campaign, packages: Sequence[Package]) -> Sheet:
    """By number, to be ticked off at the point when there is no network."""
    coming = sorted((package for package in packages if package.number), key=lambda package: package.number or 0)
    columns = (
        Column("号", 11, 26, bold=True), Column("楼栋单元", 19, 16), Column("室", 15, 22, bold=True), _NAME,
        Column("商品", 26, 16), _DUE, Column("领了", 7, 24),
    )  # fmt: skip
    rows = [(str(p.number), p.stairwell, p.room, str(p.name), "\n".join(p.goods), p.to_pay, TICK) for p in coming]
    note = f"{len(coming)} 户　领取地点：{campaign.pickup_place}"
    return _sheet("领取单（按号）", campaign, note, columns, [Section("", rows)])


def _door(campaign: Campaign, packages: Sequence[Package]) -> Sheet:
    """By stairwell, from the top floor down: up with the lift, down on foot."""
    at_doors = [package for package in packages if package.order.delivery == "door"]
    top_down = sorted(at_doors, key=lambda p: (p.place_code, p.floor is None, -(p.floor or 0)))
    columns = (
        Column("层", 9, 22), Column("室", 18, 24, bold=True), _NAME, Column("商品", 42, 16), _DUE,
        Column("送到", 9, 24),
    )  # fmt: skip
    rows = [(p, (_floor(p), p.room, str(p.name), "\n".join(p.goods), p.to_pay, TICK)) for p in top_down]
    return _sheet("送货上门单", campaign, f"{len(at_doors)} 户　从高层往低层送", columns, _by_stairwell(rows))


_NAME, _DUE = Column("户主", 10, 16), Column("应收元", 12, 14)


def _floor(package: Package) -> str:
    return "" if package.floor is None else str(package.floor)


def _labels(campaign: Campaign, packages: Sequence[Package]) -> Sheet:
    """One a package, fourteen on a sheet of paper, in the order of the packer's list. Its QR names the order and no
    more: whoever walks past a package could else read off it the code that fetches it."""
    made = [Label(p.tag, f"{p.stairwell}　{p.room}", _few(p.goods), f"anlin:collect:{p.order.id}") for p in packages]
    return Sheet("标签", campaign.title, f"{len(made)} 张", (), [], made)


def _few(goods: list[str]) -> list[str]:
    """As many as a label has lines; of more than that it says how many there are."""
    return goods if len(goods) <= 3 else [*goods[:2], f"……共 {len(goods)} 样，见分装单"]


def _by_stairwell(rows: Iterable[tuple[Package, tuple[str, ...]]]) -> list[Section]:
    sections: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for package, row in rows:
        sections[package.stairwell].append(row)
    return [Section(f"{where}　{len(found)} 户", found) for where, found in sections.items()]


def _sheet(title: str, campaign: Campaign, note: str, columns: tuple[Column, ...], sections: list[Section]) -> Sheet:
    printed = database_now().astimezone(clock.SHANGHAI)
    said = f"{note}　打印于 {printed:%m月%d日 %H:%M}"
    return Sheet(title, campaign.title, said, columns, sections, [])


SHEETS = {
    Kind.PICKER: _picker, Kind.PACKER: _packer, Kind.PICKUP: _pickup, Kind.DOOR: _door, Kind.LABELS: _labels,
}  # fmt: skip


class Run(NamedTuple):
    """Dark modules of a QR code side by side: the first one's column and row, and how many."""

    x: int
    y: int
    length: int


def qr(text: str) -> tuple[int, list[Run]]:
    """How many modules a QR code is wide, without its quiet zone, and the dark ones. Any mask can be read; to look for
    the best of the eight takes five times as long, and a large campaign has 5,000 labels."""
    modules = segno.make(text, error="m", micro=False, mask=4).matrix
    runs = []
    for y, row in enumerate(modules):
        x = 0
        for dark, same in groupby(row):
            length = len(list(same))
            runs += [Run(x, y, length)] if dark else []
            x += length
    return len(modules), runs


def qr_path(text: str) -> tuple[int, str]:
    """The code as one SVG path, and how many modules it is wide."""
    width, runs = qr(text)
    return width, "".join(f"M{run.x} {run.y}h{run.length}v1h-{run.length}z" for run in runs)
