"""What was done, in words."""

from backend.volunteering.records.models import Certificate
from backend.volunteering.records.work import Tally


def done_in_words(did: Tally | Certificate) -> str:
    """完成任务 12 次，服务 18 小时 30 分钟，送货 86 户，搬运 430.5 公斤。"""
    hours, minutes = divmod(did.minutes, 60)
    length = f"{hours} 小时" + (f" {minutes} 分钟" if minutes else "")
    parts = [f"完成任务 {did.tasks} 次", f"服务 {length}"]
    parts += [f"送到 {did.stops} 户"] if did.stops else []
    parts += [f"搬运 {did.grams / 1000:g} 公斤"] if did.grams else []
    return "，".join(parts) + "。"
