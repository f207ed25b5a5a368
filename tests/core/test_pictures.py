"""Pictures from strangers: what is refused, and what is left of one that is kept."""

import io
import struct
import threading
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngInfo
from PIL.WebPImagePlugin import WebPImageFile

from backend.core import pictures
from backend.core.errors import Busy, DomainError
from backend.core.pictures import redrawn
from backend.core.settings import settings

CANARY = "Xiaomi-Wuhan-canary"
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture(autouse=True)
def small_limit(monkeypatch):
    monkeypatch.setitem(settings, "PHOTO_MAX_BYTES", 8 << 20)


def written(picture, form="JPEG", **options):
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def quarters(size=(60, 40)):
    """Red and green above blue and white: which way up it is can be seen."""
    picture = Image.new("RGB", size, WHITE)
    half = (size[0] // 2, size[1] // 2)
    for colour, at in ((RED, (0, 0)), (GREEN, (half[0], 0)), (BLUE, (0, half[1]))):
        picture.paste(colour, (*at, at[0] + half[0], at[1] + half[1]))
    return picture


def opened(data):
    """The picture as we keep it."""
    jpeg, size = redrawn(data)
    picture = Image.open(io.BytesIO(jpeg))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", size)
    return picture


def near(picture, x, y, colour, within=40):
    """The pixel at that fraction of width and height has about that colour."""
    seen = picture.getpixel((int(picture.width * x), int(picture.height * y)))
    return all(abs(a - b) <= within for a, b in zip(seen, colour, strict=True))


def refused(data):
    with pytest.raises(DomainError) as refusal:
        redrawn(data)
    assert refusal.value.status == 422
    return refusal.value.code


def somewhere():
    """EXIF as a phone writes it: where, when, with what, and a thumbnail's worth of maker's notes."""
    exif = Image.Exif()
    exif[0x010F], exif[0x9286], exif[0x0132] = CANARY, CANARY, "2020:03:05 18:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 38.0, 1.0), 3: "E", 4: (114.0, 8.0, 2.0), 29: CANARY})
    return exif


def full_of_words(form):
    """A picture that carries whatever its format can carry."""
    exif, xmp = somewhere(), f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{CANARY}</x:xmpmeta>".encode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + CANARY.encode()
    if form == "PNG":
        words = PngInfo()
        words.add_text("Comment", CANARY)
        words.add_itxt("XML:com.adobe.xmp", xmp.decode())
        return written(quarters(), form, exif=exif, pnginfo=words, icc_profile=profile)
    more = {"comment": CANARY.encode()} if form == "JPEG" else {"lossless": True}
    return written(quarters(), form, exif=exif, xmp=xmp, icc_profile=profile, **more)


@pytest.mark.parametrize("form", pictures.FORMATS)
def test_nothing_but_the_picture_is_kept(form):
    sent = full_of_words(form)
    assert CANARY.encode() in sent and Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)[2] == (30.0, 38.0, 1.0)
    jpeg, _ = redrawn(sent)
    kept = Image.open(io.BytesIO(jpeg))
    for trace in (CANARY.encode(), b"Exif", b"ICC_PROFILE", b"http", b"xmp", b"GPS", b"2020"):
        assert trace not in jpeg
    assert not kept.getexif() and set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert near(kept, 0.25, 0.25, RED) and near(kept, 0.75, 0.75, WHITE)


@pytest.mark.parametrize("behind", [b"<script>alert(1)</script>", b"GIF89a", b"%PDF-1.7", b"PK\x03\x04" + b"x" * 999])
def test_what_is_hidden_behind_or_within_a_photo_is_not_kept(behind):
    exif = Image.Exif()
    exif[0x010E] = behind.decode("latin-1")
    kept, _ = redrawn(written(quarters(), exif=exif) + behind)
    assert behind not in kept and opened(kept)


ZIPPED = io.BytesIO()
with zipfile.ZipFile(ZIPPED, "w") as archive:
    archive.writestr("photo.jpg", written(quarters()))
NO_PHOTO = {
    "nothing": b"",
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj",
    "zip": ZIPPED.getvalue(),
    "gif": written(quarters(), "GIF"),
    "gif that is a script": b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)",
    "html with a jpeg behind it": b"<html>" + written(quarters()),
    "bmp": written(quarters(), "BMP"),
    "tiff": written(quarters(), "TIFF"),
    "ico": written(quarters(), "ICO"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99,
    "mp4": b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"\0" * 99,
    "only a jpeg's first bytes": b"\xff\xd8\xff\xe0",
    "only a png's": b"\x89PNG\r\n\x1a\n",
    "noise": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("what", NO_PHOTO)
def test_what_is_no_photo_is_refused_whatever_it_is_called(what):
    assert refused(NO_PHOTO[what]) == "photo_unreadable"


def test_the_refusal_says_what_to_do():
    with pytest.raises(DomainError) as refusal:
        redrawn(NO_PHOTO["pdf"])
    assert refusal.value.detail == "照片打不开，请重新拍一张（JPG、PNG 或 WebP）。"


@pytest.mark.parametrize("form", pictures.FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_a_photo_cut_off_on_the_way_is_refused(form, part):
    noisy = Image.effect_noise((300, 200), 90).convert("RGB")
    sent = written(noisy, form)
    assert refused(sent[: int(len(sent) * part)]) == "photo_unreadable"


def png_that_says(width, height, depth=8, colour=2):
    """A header and a few bytes of zeros."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


FLOODS = {
    "30000 x 30000": png_that_says(30_000, 30_000),
    "a bit more than we take": png_that_says(5_001, 5_000),
    "one long line": png_that_says(2_000_000_000, 1, 1, 0),
    "black and white": png_that_says(12_000, 12_000, 1, 0),
}


@pytest.fixture
def undecoded(monkeypatch):
    for kind in (ImageFile, WebPImageFile):
        monkeypatch.setattr(kind, "load", lambda _: pytest.fail("a pixel was decoded"))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_of_pixels_is_refused_before_one_is_decoded(undecoded, flood):
    assert refused(FLOODS[flood]) == "photo_too_many_pixels"


def test_a_webp_that_says_it_is_huge_is_refused(undecoded):
    sent = bytearray(written(quarters(), "WEBP", save_all=True, append_images=[Image.new("RGB", (60, 40))]))
    at = sent.index(b"VP8X") + 12
    sent[at : at + 6] = (16_382).to_bytes(3, "little") * 2
    assert refused(bytes(sent)) == "photo_too_many_pixels"


def test_a_photo_of_thousands_of_scans_is_refused(request):
    """Each scan of a progressive JPEG goes over the whole picture: 40 bytes that cost as much as a photo."""
    sent = written(Image.new("RGB", (800, 600), RED), progressive=True)
    at = sent.rindex(b"\xff\xda")
    assert sent.count(b"\xff\xda") > 5 and opened(sent)
    request.getfixturevalue("undecoded")
    assert refused(sent[:at] + sent[at:-2] * 5_000 + sent[-2:]) == "photo_unreadable"


def test_png_text_that_unpacks_without_end_is_refused():
    words = PngInfo()
    for n in range(80):
        words.add_text(f"t{n}", "x" * 1_000_000, zip=True)
    assert refused(written(quarters(), "PNG", pnginfo=words)) == "photo_unreadable"


def test_a_file_that_is_too_large_is_not_even_opened(monkeypatch):
    monkeypatch.setitem(settings, "PHOTO_MAX_BYTES", 1 << 20)
    monkeypatch.setattr(pictures.Image, "open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(DomainError, match="photo_too_large") as refusal:
        redrawn(b"\xff" * ((1 << 20) + 1))
    assert refusal.value.status == 422 and "1 MB" in refusal.value.detail


def test_when_too_many_come_at_once_the_last_is_told_to_come_again(monkeypatch):
    monkeypatch.setattr(pictures, "WAIT_SECONDS", 0.01)
    with pictures._at_the_table(), pytest.raises(Busy):
        redrawn(written(quarters()))
    assert opened(written(quarters()))


def test_several_at_once_are_drawn_one_after_the_other():
    made = []
    sent = written(quarters((800, 600)))
    threads = [threading.Thread(target=lambda: made.append(redrawn(sent))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6 and len({jpeg for jpeg, _ in made}) == 1


@pytest.mark.parametrize("form", pictures.FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright_however_the_phone_was_held(form, orientation):
    turned = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # how the pixels lie before the reader turns them back
    lying = quarters() if orientation == 1 else quarters().transpose(Image.Transpose(turned[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    kept = opened(written(lying, form, exif=exif))
    assert kept.size == (60, 40)
    assert near(kept, 0.25, 0.25, RED) and near(kept, 0.75, 0.25, GREEN) and near(kept, 0.25, 0.75, BLUE)


@pytest.mark.parametrize("size, kept", [((4000, 3000), (1600, 1200)), ((900, 3200), (450, 1600)), ((7, 5), (7, 5))])
@pytest.mark.parametrize("form", pictures.FORMATS)
def test_the_longest_side_is_1600_and_nothing_is_blown_up(form, size, kept):
    assert opened(written(quarters(size), form)).size == kept


def test_a_thread_of_a_picture_keeps_a_pixel():
    assert opened(written(Image.new("RGB", (1, 60_000), RED), "PNG")).size == (1, 1600)


def transparent():
    picture = quarters().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 30, 20))
    return picture


def deep():
    """16 bits of grey: the left half at a quarter, the right half at three."""
    line = struct.pack("<60H", *[0x4000] * 30, *[0xC000] * 30)
    return Image.frombytes("I;16", (60, 40), line * 40)


PICTURES = {
    "cmyk jpeg": (written(quarters().convert("CMYK"), quality=95), RED, GREEN),
    "grey jpeg": (written(Image.new("L", (60, 40), 100)), (100,) * 3, (100,) * 3),
    "progressive jpeg": (written(quarters(), progressive=True), RED, GREEN),
    "two pictures in one, as phones write depth": (
        written(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))]),
        RED,
        GREEN,
    ),
    "palette png": (written(quarters().quantize(8), "PNG"), RED, GREEN),
    "transparent palette": (written(transparent().quantize(8), "PNG"), WHITE, GREEN),
    "colour that stands for transparent": (written(quarters(), "PNG", transparency=RED), WHITE, GREEN),
    "transparent png": (written(transparent(), "PNG"), WHITE, GREEN),
    "grey and transparent": (written(transparent().convert("LA"), "PNG"), WHITE, (150,) * 3),
    "black and white": (written(Image.new("1", (60, 40), 1), "PNG"), WHITE, WHITE),
    "16 bits of grey": (written(deep(), "PNG"), (64,) * 3, (192,) * 3),
    "transparent webp": (written(transparent(), "WEBP"), WHITE, GREEN),
    "moving png": (written(quarters(), "PNG", save_all=True, append_images=[Image.new("RGB", (60, 40))]), RED, GREEN),
    "moving webp": (written(quarters(), "WEBP", save_all=True, append_images=[Image.new("RGB", (60, 40))]), RED, GREEN),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_every_kind_of_picture_keeps_its_colours(kind):
    sent, left, right = PICTURES[kind]
    kept = opened(sent)
    assert near(kept, 0.25, 0.25, left) and near(kept, 0.75, 0.25, right)


@pytest.mark.parametrize("mode", ["1", "P", "L", "RGB"])
def test_fine_lines_become_grey_and_not_a_guess(mode):
    """Small print in a screenshot stays legible: pixels between two entries of a palette are mixed, not chosen."""
    lines = Image.frombytes("L", (3200, 400), bytes([0, 255]) * 640_000)
    kept = opened(written(lines.convert(mode), "PNG"))
    assert kept.width == 1600 and near(kept, 0.4, 0.4, (127,) * 3) and near(kept, 0.6, 0.5, (127,) * 3)


PARTS = [full_of_words(form) for form in pictures.FORMATS]


@hypothesis_settings(max_examples=300, deadline=None)
@given(st.sampled_from(PARTS), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_whatever_bytes_come_there_is_a_photo_or_a_refusal(sent, changes):
    mangled = bytearray(sent)
    for at, byte in changes:
        mangled[at % len(mangled)] = byte
    try:
        kept, _ = redrawn(bytes(mangled))
    except DomainError as refusal:
        assert refusal.status == 422
    else:
        assert CANARY.encode() not in kept
