"""Households as grid workers send them: spreadsheets, and one family of three."""

import csv
import io
from typing import Any

from tests.cast import READY, UNIT, Cast

HEADINGS = [
    "楼栋", "单元", "房号", "楼层", "户主", "电话", "人数",
    "独居", "无智能手机", "困难户", "医护家属", "慢性病",
]  # fmt: skip
FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"


def rows(count: int) -> list[dict[str, Any]]:
    """`count` doors over buildings of four units; the first is in 1栋 1单元, which is there already."""
    return [
        {
            "楼栋": f"{n // 40 + 1}栋", "单元": f"{n // 10 % 4 + 1}单元", "房号": f"{n % 10 // 2 + 1}{n % 2 + 1:02d}",
            "楼层": n % 10 // 2 + 1, "户主": f"{FAMILY[n % 20]}桂{FAMILY[n // 20 % 20]}", "电话": f"139{n:08d}",
            "人数": n % 5 + 1,
            "独居": "是" if n % 7 == 0 else "否", "无智能手机": "", "困难户": "", "医护家属": "√", "慢性病": "0",
        }
        for n in range(count)
    ]  # fmt: skip


def sheet(lines: list[dict[str, Any]], encoding: str = "utf-8-sig", headings: list[str] = HEADINGS) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(headings)
    writer.writerows([[line.get(heading, "") for heading in headings] for line in lines])
    return written.getvalue().encode(encoding)


def send(cast: Cast, data: bytes, who: str = "wang", compound: str = READY, mimetype: str = "text/csv") -> Any:
    return cast.hand(who).upload(f"/places/{compound}/households/import", data, mimetype)


def family(cast: Cast, name: str = "孙桂英", phone: str | None = "13912345678", place: str = UNIT) -> dict[str, Any]:
    """One household in the unit of the cast's building, as the list shows it."""
    line = {"楼栋": "1栋", "单元": "1单元", "房号": "101", "户主": name, "电话": phone or "", "人数": 1}
    answer = send(cast, sheet([line]))
    assert answer.status_code == 200, answer.text
    return cast.wang.get("/households", place=place).json["items"][0]
