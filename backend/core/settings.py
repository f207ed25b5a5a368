"""The process's settings for code that knows no Flask; filled once by create_app."""

from typing import Any

settings: dict[str, Any] = {}
