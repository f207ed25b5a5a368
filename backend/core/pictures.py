"""Pictures from strangers, made harmless. Knows no database.

Nothing of the file that came is kept. It is decoded and drawn anew, so that what a phone writes beside the picture
(place, time, device) and what a stranger hides in it do not survive.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import structlog
from PIL import Image, ImageOps

from backend.core.errors import BUSY, Busy, DomainError
from backend.core.settings import settings

FORMATS = ("JPEG", "PNG", "WEBP")
PIXELS_AT_MOST = 25_000_000  # a phone's usual 24 MP are 5712 x 4284, a little more than that
# A photo has about ten scans, and chance finds 128 such pairs of bytes in 8 MB of a film behind one; thousands are
# an attack: each may cost as much time as the whole picture.
SCANS_AT_MOST = 250
LONGEST_SIDE = 1600
QUALITY = 80

# A picture takes up to 400 MB (25 MP of WebP) while it is drawn anew; one at a time in each process bounds what all
# take together.
_table = threading.BoundedSemaphore(1)
WAIT_SECONDS = 2


def redrawn(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """The picture as a new JPEG with nothing but its pixels, upright, and its width and height."""
    _refuse_size(data)
    with _at_the_table(), _opening():
        picture = Image.open(BytesIO(data), formats=FORMATS)
        _refuse_bomb(picture, data)
        canvas = _pixels(ImageOps.exif_transpose(_small(picture)))
        out = BytesIO()
        canvas.save(out, "JPEG", quality=QUALITY, optimize=True)
        return out.getvalue(), canvas.size


def _refuse_size(data: bytes) -> None:
    limit = settings["PHOTO_MAX_BYTES"]
    if len(data) > limit:
        detail = f"照片太大（最多 {limit // 1024 // 1024} MB），请压缩或重新拍一张。"
        raise DomainError("photo_too_large", detail, limit=limit)


@contextmanager
def _at_the_table() -> Iterator[None]:
    if not _table.acquire(timeout=WAIT_SECONDS):
        raise Busy(*BUSY)
    try:
        yield
    finally:
        _table.release()


@contextmanager
def _opening() -> Iterator[None]:
    """Whatever a decoder says of a stranger's bytes (there are a dozen ways), it means the same to the person."""
    try:
        yield
    except DomainError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own limit comes before ours
        raise _too_many_pixels() from error
    except Exception as error:
        structlog.get_logger().info("photo_refused", cause=type(error).__name__)
        raise _unreadable() from error


def _unreadable() -> DomainError:
    return DomainError("photo_unreadable", "照片打不开，请重新拍一张（JPG、PNG 或 WebP）。")


def _too_many_pixels() -> DomainError:
    detail = f"照片像素太高（最多 {PIXELS_AT_MOST // 10_000} 万像素），请用手机的普通模式重新拍一张。"
    return DomainError("photo_too_many_pixels", detail, limit=PIXELS_AT_MOST)


def _refuse_bomb(picture: Image.Image, data: bytes) -> None:
    """Decided from the header, before a pixel is decoded."""
    if picture.width * picture.height > PIXELS_AT_MOST:
        raise _too_many_pixels()
    if data.count(b"\xff\xda") > SCANS_AT_MOST:
        raise _unreadable()


def _small(picture: Any) -> Image.Image:
    """At most LONGEST_SIDE a side. A JPEG is decoded at a fraction of its size, so that little memory is needed."""
    if picture.mode in ("1", "P", "PA"):
        picture = picture.convert("RGBA")  # between the entries of a palette nothing can be interpolated
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255 instead of scaling
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return picture


def _pixels(picture: Image.Image) -> Image.Image:
    """On a new white canvas that knows nothing of the file: no EXIF, no profile, no comment."""
    layer = picture.convert("RGBA")
    canvas = Image.new("RGB", layer.size, "white")
    canvas.paste(layer, mask=layer.getchannel("A"))
    return canvas
