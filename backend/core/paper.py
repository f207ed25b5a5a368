"""A4 pages as a PDF: the characters embedded, so that any phone or printer shows them."""

from importlib.resources import files

from fpdf import FPDF
from fpdf.enums import TextMode

# Noto Sans SC, from a package that carries nothing but the font.
FONT = str(files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf")
MARGIN, LINE = 12.0, 1.3  # mm, lines of text a line takes
POINT = 25.4 / 72  # mm
STROKE = 0.25  # mm by which what one looks for is drawn bolder
CLOSING = "，。、；：！？）》】”’…"


class Paper(FPDF):
    """Pages in our font."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self.add_font("zh", "", FONT)
        self.set_font("zh", size=16)
        self.set_title(title)
        self.set_lang("zh-CN")
        self.set_auto_page_break(False)
        self.set_line_width(0.3)
        self.set_margin(MARGIN)
        self.alias_nb_pages("{{n}}")

    def write_at(self, x: float, y: float, text: str, size: int, bold: bool = False) -> None:
        self.set_font_size(size)
        with self.local_context(text_mode=TextMode.FILL_STROKE if bold else TextMode.FILL, line_width=STROKE):
            self.set_xy(x, y)
            self.cell(text=text, h=size * POINT * LINE)

    def wrapped(self, text: str, width: float, size: int) -> list[str]:
        """The lines into which a text breaks: anywhere, as Chinese does, but not before a closing mark. (multi_cell
        never ends where one character is wider than the cell.)"""
        self.set_font_size(size)
        lines = []
        for paragraph in text.splitlines():
            line, used = "", 0.0
            for char in paragraph:
                wide = self.get_string_width(char)
                if line and used + wide > width and char not in CLOSING:
                    lines.append(line)
                    line, used = "", 0.0
                line, used = line + char, used + wide
            lines.append(line)
        return lines
