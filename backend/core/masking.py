"""Personal data as the public may see it. A notice is built from `Masked` alone, so nothing else can slip in."""

from typing import Any

from marshmallow import fields


class Masked(str):
    """Text that has been masked, and only by the functions here."""

    __slots__ = ()


def mask_name(name: str) -> Masked:
    """王建国 → 王**"""
    return Masked(name[:1] + "**")


def mask_phone(phone: str) -> Masked:
    """13812345678 → 138****5678; whatever is too short shows nothing."""
    return Masked(f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 10 else "****")


def signature(post: str, name: str) -> Masked:
    """申报人 王**"""
    return Masked(f"{post} {mask_name(name)}")


class MaskedField(fields.String):
    """Refuses to show what was not masked."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is not None and not isinstance(value, Masked):
            raise TypeError(f"{attr} must be masked before it is shown")
        return super()._serialize(value, attr, obj, **kwargs)
