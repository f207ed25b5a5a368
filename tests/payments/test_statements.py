"""Statements: every line and none twice, for those it concerns; and a spreadsheet that runs nothing."""

import csv
import io
import uuid
import zipfile
from xml.etree import ElementTree

import pytest

from backend.core.models import new_id
from backend.core.money import yuan
from tests.cast import ELSEWHERE
from tests.factories.payments import ok
from tests.factories.world import user_id

CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def bought(shop):
    """Two households: one has paid in cash and gets a part back, the other owes."""
    paid = shop.thing(4000, subsidy_fen=600, room="101")
    shop.thing(1234, room="=1+1")
    ok(shop.receive(paid, "-0001", 4000), 201)
    shop.reduce(paid, 400)
    (refund,) = ok(shop.cast.tuan.get("/refunds"))["items"]
    ok(shop.cast.tuan.post(f"/refunds/{refund['id']}/hand-back", {"receipt": "@退1"}))
    return paid


def statement(shop, who="tuan", **query):
    return shop.cast.hand(who).get(f"/campaigns/{shop.book_id}/statement", **query)


def test_a_campaigns_statement(shop, bought):
    said = ok(statement(shop, limit=100))
    assert said["title"] == "马池苑冻肉团" and said["next"] is None
    assert {each["account"]: each["amount_fen"] for each in said["totals"]} == {
        "household": 1234, "campaign": -5434, "subsidy": 600, "organiser": 3600,
    }  # fmt: skip
    assert sum(line["amount_fen"] for line in said["items"]) == 0
    cash = [line for line in said["items"] if line["kind"] == "payment"]
    assert {(line["account_label"], line["owner"], line["amount_fen"], line["receipt"]) for line in cash} == {
        ("团长备用金", "tuan", 4000, "-0001"), ("住户应付", "马池苑1栋1单元101", -4000, "-0001"),
    }  # fmt: skip
    assert {line["label"] for line in said["items"]} == {"下单", "付款", "订单金额变动", "退款"}


def test_page_by_page_it_is_the_whole(shop, bought):
    whole, pages, after = ok(statement(shop, limit=100))["items"], [], None
    while True:
        page = ok(statement(shop, limit=2, **({"after": after} if after else {})))
        pages += page["items"]
        after = page["next"]
        if after is None:
            break
    assert pages == whole and len({line["transaction_id"] for line in whole}) == 5


def test_who_reads_a_campaigns_statement(shop, bought):
    expected = {"tuan": 200, "li": 200, "chen": 200, "zhao": 200, "zhou": 200}
    expected |= {"tuan2": 404, "other_secretary": 404, "other_district": 404, "he": 403, "nobody": 403, "wang": 403}
    for who, status in expected.items():
        assert statement(shop, who).status_code == status, who
    assert shop.cast.li.get(f"/campaigns/{uuid.uuid4()}/statement").status_code == 404


def test_csv_runs_nothing_in_a_spreadsheet(shop, bought):
    answer = statement(shop, format="csv")
    assert answer.mimetype == "text/csv" and ".csv" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["时间", "事项", "科目", "对象", "金额（元）", "收据号", "流水号"]
    texts = [cell for row in rows[1:] for at, cell in enumerate(row) if at != 4]
    assert {"'-0001", "'@退1"} <= set(texts)
    assert not [cell for cell in texts if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    amounts = [row[4] for row in rows[1:]]
    assert {"40.00", "-40.00", "12.34", "-46.00"} <= set(amounts) and sum(map(float, amounts)) == pytest.approx(0)


def test_a_room_that_is_a_formula_stays_a_room(shop, owner):
    """Where the door's name is all there is to see: a household straight below a place without a name."""
    thing = shop.thing(1234, room="=1+1")
    owner.execute("UPDATE place SET name = '' WHERE code <> '4201' AND length(code) >= 16")
    rows = list(csv.reader(io.StringIO(statement(shop, format="csv").data.decode("utf-8-sig"))))
    assert "'=1+1" in {row[3] for row in rows}
    cells = sheet(statement(shop, format="xlsx").data)
    assert "=1+1" in {text for kind, text in cells if kind == "s"} and thing


def sheet(data):
    """(type, text) of every cell; a formula would have an <f> in it."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        shared = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    assert not list(root.iter(f"{CELL}f"))
    texts = ["".join(each.itertext()) for each in shared.iter(f"{CELL}si")]
    cells = [(cell.get("t", "n"), "".join(cell.itertext())) for cell in root.iter(f"{CELL}c")]
    return [(kind, texts[int(text)] if kind == "s" else text) for kind, text in cells]


def test_xlsx_has_numbers_as_numbers_and_all_else_as_text(shop, bought):
    answer = statement(shop, format="xlsx")
    assert answer.mimetype.endswith("spreadsheetml.sheet") and ".xlsx" in answer.headers["Content-Disposition"]
    cells = sheet(answer.data)
    assert {"-0001", "@退1", "住户应付"} <= {text for kind, text in cells if kind == "s"}
    numbers = [float(text) for kind, text in cells if kind == "n"]
    assert 12.34 in numbers and sum(numbers) == pytest.approx(0)


@pytest.mark.parametrize(
    "fen, said", [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-1234, "-12.34"), (10**15, "10" + "0" * 12 + ".00")]
)
def test_fen_as_yuan(fen, said):
    assert yuan(fen) == said


def test_a_households_statement_is_its_own_account_over_all_campaigns(shop, bought, world):
    shop.book_id = new_id()
    shop.thing(700, household_id=bought.household_id)
    said = ok(world.li.get(f"/households/{bought.household_id}/statement"))
    assert said["title"] == "马池苑1栋1单元101"
    assert said["totals"] == [{"account": "household", "label": "住户应付", "amount_fen": 700}]
    assert [line["amount_fen"] for line in said["items"]] == [4000, -4000, -400, 400, 700]
    assert {line["account"] for line in said["items"]} == {"household"}
    csv_rows = world.li.get(f"/households/{bought.household_id}/statement", format="csv").data.decode().splitlines()
    assert len(csv_rows) == 6


def test_who_reads_a_households_statement(shop, bought, world, app, owner):
    path = f"/households/{bought.household_id}/statement"
    for who, status in {"li": 200, "zhao": 404, "he": 404, "tuan": 404, "other_secretary": 404, "nobody": 404}.items():
        assert world.hand(who).get(path).status_code == status, who
    with app.app_context():
        he, nobody = user_id("he"), user_id("nobody")
    owner.execute(
        "INSERT INTO household_member (id, household_id, name_cipher, user_id) VALUES (%s, %s, '', %s)",
        [new_id(), bought.household_id, he],
    )
    assert world.he.get(path).status_code == 200
    owner.execute("UPDATE household_member SET left_at = now()")
    assert world.he.get(path).status_code == 404
    owner.execute(
        "INSERT INTO consent (id, household_id, given_to, kind, recorded_by, until)"
        " VALUES (%s, %s, %s, 'voice', %s, now() + interval '1 day')",
        [new_id(), bought.household_id, nobody, he],
    )
    assert world.nobody.get(path).status_code == 200
    assert world.nobody.get(f"/households/{shop.household('9', ELSEWHERE)}/statement").status_code == 404
