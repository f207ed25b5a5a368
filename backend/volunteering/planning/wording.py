"""An evening in sentences: to each volunteer why just these stairwells, to the coordinator what the plan is worth."""

from collections.abc import Sequence

from backend.volunteering.planning.evening import Stairwell, distance

DIGITS = "零一二三四五六七八九"
WHERE = ("都在您住的楼", "都在您的小区", "")
NEAREST = "离您最近的"
ROUGHLY = 5  # minutes: nobody carries by the minute


def number(count: int) -> str:
    """1 to 99 as one says it: 两 before a measure word is the caller's."""
    tens, ones = divmod(count, 10)
    head = "" if not tens else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return head + (DIGITS[ones] if ones or not tens else "")


def counted(count: int) -> str:
    return "两" if count == 2 else number(count) if count < 100 else str(count)


def to_volunteer(base: str, given: Sequence[Stairwell], all_: Sequence[Stairwell], minutes: int) -> str:
    """分给您：离您最近的三个单元，都在五楼以下，约40分钟。"""
    theirs = {one.id for one in given}
    farthest = max(distance(base, one.place) for one in given)
    others = [distance(base, one.place) for one in all_ if one.id not in theirs]
    nearest = NEAREST if others and farthest <= min(others) else ""
    where = "" if nearest else WHERE[farthest]
    floor = max(one.floor for one in given)
    parts = [f"{nearest}{counted(len(given))}个单元", where, f"都在{number(floor)}楼以下" if floor < 100 else ""]
    return f"分给您：{'，'.join(filter(None, parts))}，共 {sum(one.packs for one in given)} 份，{about(minutes)}。"


def about(minutes: int) -> str:
    """约40分钟, rounded up."""
    rounded = -(-minutes // ROUGHLY) * ROUGHLY
    hours, rest = divmod(rounded, 60)
    words = f"{hours} 小时" if hours else ""
    return f"约{words}{f'{rest}分钟' if rest or not hours else ''}"


def to_coordinator(finish: int, first_come: int, bound: int, left: int, first_come_left: int) -> str:
    """What the plan is worth beside first come, and beside what nobody could better."""
    whole = "全部送完" if not left else f"还差 {left} 份送不了，其余送完"
    theirs = "" if not first_come_left else f"，还有 {first_come_left} 份没人送"
    best = "，不可能更早" if finish <= bound else f"，最快也要 {bound} 分钟"
    return f"按这个计划，{finish} 分钟{whole}{best}；不排计划、先到先领要 {first_come} 分钟{theirs}。"


def of_move(before: int, after: int, here: int | None) -> str:
    """What a change by hand brings: when this volunteer is done (None: nobody has it), what becomes of the end."""
    theirs = "改后没有人送这个单元" if here is None else f"改后这位志愿者 {here} 分钟做完"
    end = f"整晚由 {before} 分钟变为 {after} 分钟" if before != after else "整晚结束的时间不变"
    return f"{theirs}，{end}。"
