"""A certificate of service as a PDF: one page to hang up, or to hand in."""

from backend.core.clock import day_of, in_words
from backend.core.paper import LINE, POINT, Paper
from backend.volunteering.records.models import Certificate
from backend.volunteering.records.wording import done_in_words

SIDE, TITLE, TEXT, SMALL = 25.0, 34, 17, 11


def pdf(certificate: Certificate, name: str, place: str) -> bytes:
    paper = Paper("志愿服务证明")
    paper.add_page()
    paper.rect(12, 12, paper.w - 24, paper.h - 24)
    paper.set_font_size(TITLE)
    paper.write_at((paper.w - paper.get_string_width("志愿服务证明")) / 2, 40, "志愿服务证明", TITLE, bold=True)
    period = f"{in_words(certificate.since)}至{in_words(certificate.until)}"
    _paragraph(paper, 75, f"兹证明　{name}　在{period}期间，在{place}参加志愿服务，{done_in_words(certificate)}")
    issued = in_words(day_of(certificate.created_at))
    for line, words in enumerate((f"{place}群众工作队", f"{issued}（盖章）")):
        paper.set_font_size(TEXT)
        paper.write_at(paper.w - SIDE - paper.get_string_width(words), 185 + line * 12, words, TEXT)
    for line, words in enumerate((f"编号 {certificate.number}", f"校验 {certificate.digest}")):
        paper.write_at(SIDE, paper.h - 40 + line * 7, words, SMALL)
    paper.write_at(SIDE, paper.h - 26, "凭编号和姓名可在安邻“志愿服务证明核验”查询真伪。", SMALL)
    return bytes(paper.output())


def _paragraph(paper: Paper, y: float, text: str) -> None:
    for at, line in enumerate(paper.wrapped(f"　　{text}", paper.w - 2 * SIDE, TEXT)):
        paper.write_at(SIDE, y + at * TEXT * POINT * LINE * 1.4, line, TEXT)
