"""A sheet as a PDF on A4: black on white, large, for any phone or printer."""

from collections.abc import Sequence

from backend.core.paper import LINE, MARGIN, POINT, Paper
from backend.groupbuy.handout.sheets import Column, Label, Section, Sheet, qr

GUTTER = 2.0  # mm
HEADING = 13
# Labels: 2 × 7 on A4, the common 99.1 × 38.1 mm.
LABEL_WIDTH, LABEL_HEIGHT, LABEL_LEFT, LABEL_TOP, LABEL_GAP, LABELS = 99.1, 38.1, 4.65, 15.15, 2.5, 14
QR = 27.0


class SheetPaper(Paper):
    """Pages with a head and a number."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(f"{sheet.campaign} {sheet.title}")
        self.sheet = sheet

    def header(self) -> None:
        if not self.sheet.columns:
            return
        self.write_at(MARGIN, MARGIN, self.sheet.title, 26, bold=True)
        self.write_at(MARGIN, MARGIN + 12, f"{self.sheet.campaign}　{self.sheet.note}", 14)
        self.set_y(MARGIN + 21)

    def footer(self) -> None:
        if self.sheet.columns:
            self.write_at(self.w / 2 - 12, self.h - MARGIN, f"第 {self.page_no()} 页 / 共 {{{{n}}}} 页", 11)


def pdf(sheet: Sheet) -> bytes:
    paper = SheetPaper(sheet)
    paper.add_page()
    for section in sheet.sections:
        _section(paper, sheet.columns, section)
    for at, label in enumerate(sheet.labels):
        if at and at % LABELS == 0:
            paper.add_page()
        _label(paper, at % LABELS, label)
    return bytes(paper.output())


# --- Lists ------------------------------------------------------------------------------------------------------


def _section(paper: Paper, columns: Sequence[Column], section: Section) -> None:
    """A heading, and the rows under it; a page that ends in between begins with both again."""
    rows = [(row, _cells(paper, columns, row)) for row in section.rows]
    heights = [_height(columns, cells) for _, cells in rows]
    if paper.get_y() + 22 + (heights[0] if heights else 0) > _bottom(paper):
        paper.add_page()
    _open(paper, columns, section.heading)
    for (_, cells), height in zip(rows, heights, strict=True):
        if paper.get_y() + height > _bottom(paper):
            paper.add_page()
            _open(paper, columns, section.heading and f"{section.heading}（续）")
        _row(paper, columns, cells, height)
    paper.set_y(paper.get_y() + 5)


def _open(paper: Paper, columns: Sequence[Column], heading: str) -> None:
    if heading:
        paper.write_at(MARGIN, paper.get_y(), heading, 20, bold=True)
        paper.set_y(paper.get_y() + 11)
    cells = [[column.heading] for column in columns]
    _row(paper, [column._replace(size=HEADING, bold=False) for column in columns], cells, HEADING * POINT * LINE + 2)


def _cells(paper: Paper, columns: Sequence[Column], row: Sequence[str]) -> list[list[str]]:
    widths = _widths(paper, columns)
    return [
        paper.wrapped(text, width - 2 * GUTTER, column.size)
        for column, width, text in zip(columns, widths, row, strict=True)
    ]


def _height(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> float:
    """Of the tallest cell, with room for a thumb beside it."""
    return max(len(lines) * column.size * POINT * LINE for column, lines in zip(columns, cells, strict=True)) + 3


def _row(paper: Paper, columns: Sequence[Column], cells: Sequence[Sequence[str]], height: float) -> None:
    x, y = MARGIN, paper.get_y()
    for column, width, lines in zip(columns, _widths(paper, columns), cells, strict=True):
        paper.rect(x, y, width, height)
        line_height = column.size * POINT * LINE
        top = y + (height - len(lines) * line_height) / 2
        for at, line in enumerate(lines):
            paper.write_at(x + GUTTER - 1, top + at * line_height, line, column.size, column.bold)
        x += width
    paper.set_y(y + height)


def _widths(paper: Paper, columns: Sequence[Column]) -> list[float]:
    whole = sum(column.width for column in columns)
    return [(paper.w - 2 * MARGIN) * column.width / whole for column in columns]


def _bottom(paper: Paper) -> float:
    return paper.h - MARGIN - 3


# --- Labels -----------------------------------------------------------------------------------------------------


def _label(paper: Paper, at: int, label: Label) -> None:
    x = LABEL_LEFT + at % 2 * (LABEL_WIDTH + LABEL_GAP)
    y = LABEL_TOP + at // 2 * LABEL_HEIGHT
    room = LABEL_WIDTH - QR - 9
    paper.write_at(x + 3, y + 2, label.tag, 30 if len(label.tag) < 5 else 22, bold=True)
    paper.write_at(x + 3, y + 16, label.door, _fitting(paper, label.door, room, 16), bold=True)
    for line, goods in enumerate(label.goods):
        found = paper.wrapped(goods, room, 11)
        cut = f"{found[0][:-1]}…" if len(found) > 1 else goods
        paper.write_at(x + 3, y + 23.5 + line * 4.6, cut, 11)
    _draw_qr(paper, x + LABEL_WIDTH - QR - 4, y + (LABEL_HEIGHT - QR) / 2, label.code)


def _fitting(paper: Paper, text: str, room: float, size: int) -> int:
    """The largest size, from `size` down, in which the text fits on one line."""
    while size > 9 and len(paper.wrapped(text, room, size)) > 1:
        size -= 1
    return size


def _draw_qr(paper: Paper, x: float, y: float, text: str) -> None:
    width, runs = qr(text)
    side = QR / width
    for run in runs:
        paper.rect(x + run.x * side, y + run.y * side, run.length * side, side, style="F")
