"""The printed sheets: what stands on them, in which order, for whom, and that the PDF is readable."""

import io
import re
from pathlib import Path

import psycopg
import pytest
from pypdf import PdfReader

from backend.groupbuy.handout.sheets import qr_path
from tests.cast import UNIT
from tests.factories import groupbuy as g
from tests.factories import handout as h

KINDS = ("picker", "packer", "pickup", "door", "labels")


def printed(world, campaign, kind, form="html", who="qian"):
    answer = world.hand(who).get(f"/campaigns/{campaign['id']}/sheets/{kind}", format=form)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == {"html": "text/html", "pdf": "application/pdf"}[form]
    return answer


def cells(answer):
    """The text of the rows, cell by cell."""
    rows = re.findall(r"<tr>(.*?)</tr>", answer.text, re.DOTALL)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows if "<td" in row]


def words(answer):
    """The text of a PDF. pypdf reads the two-byte codes of an embedded character map byte by byte: hence the zeros."""
    read = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    return "".join(read.replace("\0", "").split())


@pytest.fixture
def compound(world, app):
    """Two buildings, goods of two kinds, some fetched and some brought; handed out."""
    wells = {(b, u): h.stairwell(app, b, u) for b, u in ((1, 1), (1, 2), (12, 1))}
    campaign = g.opened(
        world,
        {"name": "冷冻猪前腿肉", "share_label": "斤", "cap": 12},
        {"name": "应季蔬菜包（土豆、胡萝卜、洋葱、大白菜）", "share_label": "份", "cap": 12},
        title="马池苑保供团", allows_on_delivery=True, pickup_place="西门岗亭",
    )  # fmt: skip
    for (building, unit), place in wells.items():
        for floor in (1, 2, 7, 11, 33):
            for room in ("01", "02"):
                home = h.door(app, place, f"{floor}{room}", floor=floor, name="欧阳建国")
                brought = {"delivery": "door"} if building == 12 or floor == 33 else {}
                terms = {"terms": "on_delivery"} if room == "02" else {}
                h.for_home(world, campaign, home, building, unit, **brought, **terms)
    return h.handing_out(app, world, campaign)


def test_the_picker_sees_each_product_by_stairwell_and_in_all(world, compound):
    rows = cells(printed(world, compound, "picker"))
    assert rows[:3] == [["1栋1单元", "10 斤", "□"], ["1栋2单元", "10 斤", "□"], ["12栋1单元", "120 斤", "□"]]
    assert rows[3:] == [["1栋1单元", "10 份", "□"], ["1栋2单元", "20 份", "□"], ["12栋1单元", "10 份", "□"]]
    text = printed(world, compound, "picker").text
    assert "冷冻猪前腿肉　共 140 斤" in text and "共 40 份" in text


def test_the_packer_sees_each_bag_along_the_stairs(world, compound):
    rows = cells(printed(world, compound, "packer"))
    assert rows[0][:3] == ["1", "101", "1 斤　冷冻猪前腿肉\n1 份　应季蔬菜包（土豆、胡萝卜、洋葱、大白菜）"]
    assert [row[1] for row in rows[:10]] == ["101", "102", "201", "202", "701", "702", "1101", "1102", "3301", "3302"]
    assert [row[0] for row in rows[7:12]] == ["8", "送上门", "送上门", "9", "10"]


def test_the_pickup_list_goes_by_number_and_says_what_is_to_be_paid(world, compound):
    rows = cells(printed(world, compound, "pickup"))
    assert [row[0] for row in rows] == [str(n) for n in range(1, 17)]
    assert rows[0][1:4] == ["1栋1单元", "101", "欧**"]
    assert [row[5] for row in rows[:2]] == ["", "20.00"]


def test_the_door_list_goes_by_stairwell_and_from_the_top_floor_down(world, compound):
    answer = printed(world, compound, "door")
    assert re.findall(r"<caption>(.*?)</caption>", answer.text) == [
        "1栋1单元　2 户",
        "1栋2单元　2 户",
        "12栋1单元　10 户",
    ]
    rows = cells(answer)
    assert [row[1] for row in rows[:4]] == ["3301", "3302", "3301", "3302"]
    assert [row[0] for row in rows[4:]] == ["33", "33", "11", "11", "7", "7", "2", "2", "1", "1"]


def test_a_list_printed_anew_has_only_what_is_left(world, compound):
    order = h.listed(world, compound, number=1)[0]
    g.ok(h.act(world, "qian", order, "collect"))
    assert [row[0] for row in cells(printed(world, compound, "pickup"))] == [str(n) for n in range(2, 17)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_pdf_says_the_same_in_embedded_chinese(world, compound, kind):
    answer = printed(world, compound, kind, "pdf")
    printed(world, compound, kind)
    reader = PdfReader(io.BytesIO(answer.data))
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor), "the reader would need a Chinese font of its own"
    text = words(answer)
    assert "单元" in text and "猪前腿肉" in text
    assert "欧阳" not in text and "建国" not in text and "1381234" not in text
    if kind == "labels":
        assert len(reader.pages) == 3  # 30 labels, 14 a page
    else:
        assert f"第1页/共{len(reader.pages)}页" in text and "马池苑保供团" in text


def test_nothing_on_a_page_names_a_person_or_a_phone(world, compound):
    for kind in KINDS:
        text = printed(world, compound, kind).text
        assert "欧阳" not in text and "建国" not in text and "1381234" not in text


def test_a_label_names_its_order(world, app, compound):
    order = h.listed(world, compound, number=3)[0]
    _, path = qr_path(f"anlin:collect:{order['order_id']}")
    text = printed(world, compound, "labels").text
    assert path in text and text.count("<article>") == 30
    assert re.search(r'class="tag">3</b><b class="door">1栋1单元　201<', text)


def test_a_product_named_like_a_script_is_text(world, app):
    campaign = g.opened(world, {"name": "<script>alert(1)</script>"}, title="<b>团</b>")
    h.for_home(world, campaign, h.door(app, UNIT, "1&<i>"), 1)
    campaign = h.handing_out(app, world, campaign)
    for kind in ("picker", "packer", "pickup", "labels"):
        text = printed(world, campaign, kind).text
        assert "<script" not in text and "<i>" not in text and "<b>团" not in text
        assert "&lt;script&gt;" in text
        assert printed(world, campaign, kind, "pdf").data.startswith(b"%PDF-")


@pytest.mark.parametrize("kind", KINDS)
def test_to_strangers_there_is_no_sheet(world, app, kind):
    campaign = g.opened(world)
    path = f"/campaigns/{campaign['id']}/sheets/{kind}"
    assert world.other_grid.get(path).status_code == 404
    assert world.liu.get(path).status_code == 404  # helps in one building; the sheets are of all
    assert world.he.get(path).status_code == 403
    assert world.public.get(path).status_code == 401
    assert world.hu.get(path).status_code == world.chen.get(path).status_code == 200
    assert world.hu.get(f"{path}x").status_code == 404
    assert world.hu.get(path, format="docx").status_code == 422


def test_200_orders_cost_no_more_statements_than_20(world, app, monkeypatch):
    sent, costs = [], {}
    execute = psycopg.Cursor.execute
    monkeypatch.setattr(psycopg.Cursor, "execute", lambda c, q, *a, **k: (sent.append(q), execute(c, q, *a, **k))[1])
    for orders in (20, 200):
        campaign = g.opened(world)
        for n in range(orders):
            more = {"delivery": "door"} if n % 2 else {}
            h.for_home(world, campaign, h.door(app, UNIT, f"{orders}-{n}", floor=n), 1, **more)
        campaign = h.handing_out(app, world, campaign)
        for path in [*[f"sheets/{kind}" for kind in KINDS], "queue"]:
            ask = f"/campaigns/{campaign['id']}/{path}"
            assert world.qian.get(ask).status_code == 200  # once to warm the connections
            sent.clear()
            assert world.qian.get(ask).status_code == 200
            costs.setdefault(path, []).append(len(sent))
    assert all(few == many <= 12 for few, many in costs.values()), costs


def test_every_width_and_size_of_a_column_has_its_style(app):
    css = (Path(app.root_path) / "groupbuy/handout/static/sheet.css").read_text(encoding="utf-8")
    source = (Path(app.root_path) / "groupbuy/handout/sheets.py").read_text(encoding="utf-8")
    for width, size in re.findall(r'Column\("[^"]+", (\d+), (\d+)', source):
        assert f".w{width} {{ width: {width}%; }}" in css and f".s{size} {{ font-size: {size}pt; }}" in css
