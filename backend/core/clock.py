"""Time: instants are UTC, calendar days are Shanghai's. Deadlines ask the database's clock, not this one."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    return datetime.now(UTC)


def day_of(instant: datetime) -> date:
    """The calendar day in Shanghai on which an instant falls."""
    return instant.astimezone(SHANGHAI).date()


def today() -> date:
    return day_of(now())
