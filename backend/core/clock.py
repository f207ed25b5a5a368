"""Time: instants are UTC, calendar days are Shanghai's. Deadlines ask the database's clock, not this one."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    return datetime.now(UTC)


def day_of(instant: datetime) -> date:
    """The calendar day in Shanghai on which an instant falls."""
    return instant.astimezone(SHANGHAI).date()


def shanghai(instant: datetime) -> str:
    """ISO 8601 as people here read it: 2020-03-05T18:00+08:00."""
    return instant.astimezone(SHANGHAI).isoformat(timespec="minutes")


def in_words(day: date) -> str:
    """2020-03-05 → 2020年3月5日"""
    return f"{day.year}年{day.month}月{day.day}日"


def today() -> date:
    return day_of(now())
