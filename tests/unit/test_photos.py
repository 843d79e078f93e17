"""What a buyer's photo looks like after inspection, and which files never become one."""

import hashlib
import io
import os
import subprocess
import sys
import time
import warnings
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFile, ImageOps, ImageStat

from aftersales.adapters.photos import MAX_JPEG_SCANS, CleanPhoto, PhotoRefused, Refusal, inspect_photo
from tests import corpus
from tests.corpus import GOOD, HOSTILE, JPEG, PNG, UPLOADS, WEBP

KINDS = pytest.mark.parametrize("kind", [JPEG, PNG, WEBP])


def clean(name: str) -> CleanPhoto:
    return inspect_photo(UPLOADS[name].build(), UPLOADS[name].declared_type)


def outcome(content: bytes, declared_type: str) -> CleanPhoto | str:
    """The clean photo, or the reason why there is none."""
    try:
        return inspect_photo(content, declared_type)
    except PhotoRefused as refusal:
        return refusal.reason


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart, in levels of 255, averaged over pixels and channels."""
    channels = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(channels) / len(channels)


def jpeg_parts(content: bytes) -> Iterator[str]:
    at = 2
    while content[at + 1] != 0xDA:
        yield f"{content[at + 1]:02X}"
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    yield "DA"
    yield from ["end"] if content.index(b"\xff\xd9", at) == len(content) - 2 else ["more"]


def png_parts(content: bytes) -> Iterator[str]:
    at = 8
    while at < len(content):
        yield content[at + 4 : at + 8].decode("latin-1")
        at += 12 + int.from_bytes(content[at : at + 4])


def webp_parts(content: bytes) -> Iterator[str]:
    at = 12
    while at < len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        yield content[at : at + 4].decode("latin-1")
        at += 8 + size + size % 2


PARTS_THAT_PAINT = {
    JPEG: (jpeg_parts, {"E0", "DB", "C0", "C4", "DA", "end"}),
    PNG: (png_parts, {"IHDR", "IDAT", "IEND"}),
    WEBP: (webp_parts, {"VP8X", "VP8 ", "VP8L", "ALPH"}),
}


def assert_only_pixels(photo: CleanPhoto) -> None:
    parts, allowed = PARTS_THAT_PAINT[photo.content_type]
    assert set(parts(photo.content)) <= allowed
    image = opened(photo.content)
    assert not image.getexif()
    assert Image.MIME[str(image.format)] == photo.content_type
    assert image.size == (photo.width, photo.height)
    assert photo.sha256 == hashlib.sha256(photo.content).hexdigest()


@pytest.mark.parametrize("name", GOOD)
def test_every_good_photo_comes_back_as_pixels_and_nothing_else(name: str) -> None:
    original = UPLOADS[name].build()
    photo = inspect_photo(original, UPLOADS[name].declared_type)
    assert_only_pixels(photo)
    assert photo.original_sha256 == hashlib.sha256(original).hexdigest()
    assert photo.content_type == UPLOADS[name].declared_type
    assert corpus.SECRET.encode() not in photo.content


@pytest.mark.parametrize("name", HOSTILE)
def test_every_hostile_file_is_refused_for_its_own_reason(name: str) -> None:
    with pytest.raises(PhotoRefused) as refusal:
        clean(name)
    assert refusal.value.reason == HOSTILE[name].refused
    assert refusal.value.detail


def test_every_reason_of_refusal_is_met_by_some_file() -> None:
    assert {upload.refused for upload in HOSTILE.values()} == set(Refusal)


@pytest.mark.parametrize("name", UPLOADS)
def test_no_file_makes_the_log_fill_with_warnings(name: str) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        outcome(UPLOADS[name].build(), UPLOADS[name].declared_type)
    assert seen == []


# What rides along with a photo


@KINDS
def test_a_photo_with_gps_comes_back_without_gps(kind: str) -> None:
    original = corpus.photo_with_gps(kind)
    assert opened(original).getexif().get_ifd(0x8825)
    assert not opened(inspect_photo(original, kind).content).getexif().get_ifd(0x8825)


@KINDS
def test_a_photo_with_xmp_comes_back_without_xmp(kind: str) -> None:
    original = corpus.photo_with_xmp(kind)
    assert corpus.SECRET.encode() in original
    assert b"xmpmeta" not in inspect_photo(original, kind).content


@KINDS
def test_a_photo_with_a_colour_profile_comes_back_without_it(kind: str) -> None:
    original = corpus.photo_with_colour_profile(kind)
    assert opened(original).info["icc_profile"]
    assert "icc_profile" not in opened(inspect_photo(original, kind).content).info


def test_a_png_with_text_comes_back_without_text() -> None:
    assert {"Author", "Packed", "Where"} <= set(opened(corpus.png_with_text()).info)
    assert opened(clean("PNG with text").content).info == {}


def test_a_thumbnail_is_gone() -> None:
    assert corpus.jpeg_with_thumbnail().count(b"\xff\xd8\xff") == 2
    assert clean("JPEG with thumbnail").content.count(b"\xff\xd8\xff") == 1


@KINDS
def test_an_archive_glued_to_a_photo_is_gone(kind: str) -> None:
    original = corpus.photo_and_archive(kind)
    assert zipfile.is_zipfile(io.BytesIO(original))
    assert not zipfile.is_zipfile(io.BytesIO(inspect_photo(original, kind).content))


def test_a_phone_portrait_comes_back_without_its_depth_map() -> None:
    assert opened(corpus.jpeg_with_depth_map()).format == "MPO"
    portrait = opened(clean("JPEG with depth map").content)
    assert portrait.format == "JPEG"
    assert difference(portrait, corpus.picture()) < 5


# What the photo shows


@KINDS
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright_however_the_camera_was_held(kind: str, orientation: int) -> None:
    original = corpus.photo_held(orientation, kind)
    upright = ImageOps.exif_transpose(opened(original))
    photo = inspect_photo(original, kind)
    assert (photo.width, photo.height) == upright.size
    assert difference(opened(photo.content), upright) < 3


@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_a_photo_stands_upright_whichever_byte_order_the_camera_writes(byte_order: str) -> None:
    photo = inspect_photo(corpus.photo_held(6, byte_order=byte_order), JPEG)
    assert (photo.width, photo.height) == (48, 64)


def test_a_webp_stands_upright_with_other_chunks_before_its_orientation() -> None:
    assert (clean("WebP held sideways").width, clean("WebP held sideways").height) == (48, 64)


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_a_photo_with_a_senseless_orientation_stays_as_it_is(orientation: int) -> None:
    photo = inspect_photo(corpus.photo_held(orientation), JPEG)
    assert (photo.width, photo.height) == (64, 48)


def test_a_thin_red_line_of_a_scratch_survives() -> None:
    scratched = Image.new("RGB", (64, 64), (60, 120, 60))
    for x in range(3, 64, 8):
        scratched.paste((200, 30, 30), (x, 0, x + 1, 64))
    original = corpus.encoded(scratched, JPEG, quality=95, subsampling=0)
    assert difference(opened(inspect_photo(original, JPEG).content), scratched) < 3


def test_a_png_loses_no_pixel() -> None:
    assert difference(opened(clean("plain PNG").content), corpus.picture()) == 0


def test_a_print_shop_jpeg_keeps_its_colours() -> None:
    assert opened(corpus.cmyk_jpeg()).mode == "CMYK"
    photo = opened(clean("CMYK JPEG").content)
    assert photo.mode == "RGB"
    assert difference(photo, corpus.picture()) < 5


def test_a_jpeg_stored_as_rgb_keeps_its_colours() -> None:
    assert difference(opened(clean("JPEG stored as RGB").content), corpus.picture()) < 5


def test_a_grey_photo_stays_grey() -> None:
    assert opened(clean("grey JPEG").content).mode == "L"


def test_a_sixteen_bit_scan_is_not_washed_out_to_white() -> None:
    photo = opened(clean("16-bit PNG").content)
    assert [photo.getpixel((x, 20)) for x in (10, 50)] == [128, 0]


def test_a_palette_png_keeps_its_transparency_and_its_colours() -> None:
    photo = opened(clean("palette PNG").content)
    left, right = photo.getpixel((10, 20)), photo.getpixel((50, 20))
    assert isinstance(left, tuple)
    assert left[3] == 0
    assert right == (255, 0, 0, 255)


@pytest.mark.parametrize("kind", [PNG, WEBP])
def test_a_see_through_picture_stays_see_through(kind: str) -> None:
    alpha = opened(inspect_photo(corpus.see_through_photo(kind), kind).content).getchannel("A")
    assert [alpha.getpixel((x, 20)) for x in (10, 50)] == [0, 255]


@KINDS
def test_a_photo_of_one_pixel_is_a_photo(kind: str) -> None:
    photo = inspect_photo(corpus.photo_of_one_pixel(kind), kind)
    assert (photo.width, photo.height) == (1, 1)


# Files made to break the function


BOMBS = [name for name, upload in HOSTILE.items() if upload.refused == "too_many_pixels"]


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_a_pixel_is_decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = UPLOADS[name].build()
    assert len(content) < 100_000
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(PhotoRefused, match="too_many_pixels"):
        inspect_photo(content, UPLOADS[name].declared_type)


def test_the_pixel_limit_holds_when_pillows_own_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(PhotoRefused, match="20000 x 20000 is more than 50,000,000 pixels"):
        clean("PNG bomb")


def test_a_webp_bomb_does_not_even_get_a_canvas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL._webp.WebPAnimDecoder", lambda _: pytest.fail("allocated"))
    with pytest.raises(PhotoRefused, match="too_many_pixels"):
        inspect_photo(corpus.webp_claiming_size(12_000, 10_000), WEBP)


def test_a_progressive_photo_may_have_many_scans_but_not_endlessly_many() -> None:
    usual = corpus.progressive_jpeg().count(b"\xff\xda")
    inspect_photo(corpus.jpeg_scan_bomb(MAX_JPEG_SCANS - usual), JPEG)
    with pytest.raises(PhotoRefused, match="too_many_pixels"):
        inspect_photo(corpus.jpeg_scan_bomb(MAX_JPEG_SCANS - usual + 1), JPEG)


@pytest.mark.parametrize("name", ["JPEG with an EXIF storm", "PNG with a profile storm"])
def test_a_storm_of_metadata_costs_next_to_nothing(name: str) -> None:
    content = UPLOADS[name].build()
    started = time.process_time()
    inspect_photo(content, UPLOADS[name].declared_type)
    assert time.process_time() - started < 1.5  # read by Pillow it takes several seconds


@KINDS
def test_a_photo_cut_anywhere_is_refused(kind: str) -> None:
    whole = corpus.plain_photo(kind)
    for length in range(12, len(whole) - 1, 7):
        with pytest.raises(PhotoRefused) as refusal:
            inspect_photo(whole[:length], kind)
        assert refusal.value.reason == Refusal.DAMAGED


# The function may run twice, anywhere


@pytest.mark.parametrize("name", GOOD)
def test_the_same_upload_gives_the_same_photo_again(name: str) -> None:
    assert clean(name) == clean(name)


@KINDS
def test_a_clean_photo_may_be_inspected_again(kind: str) -> None:
    once = inspect_photo(corpus.photo_held(6, kind), kind)
    again = inspect_photo(once.content, kind)
    assert (again.width, again.height) == (once.width, once.height)
    assert difference(opened(again.content), opened(once.content)) < 2


COLD_START = """
import sys
from aftersales.adapters.photos import inspect_photo
from PIL import Image
print(inspect_photo(sys.stdin.buffer.read(), "image/jpeg").sha256, *sorted(Image.OPEN))
"""


def test_another_cold_function_gives_the_same_photo_and_knows_only_three_kinds_of_file() -> None:
    original = corpus.photo_with_gps()
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run(
        [sys.executable, "-c", COLD_START], input=original, env=environment, capture_output=True, check=True
    ).stdout
    assert output.decode().split() == [inspect_photo(original, JPEG).sha256, "JPEG", "PNG", "WEBP"]


# Files nobody thought of


def assert_refused_or_clean(content: bytes, kind: str) -> None:
    result = outcome(content, kind)
    if isinstance(result, CleanPhoto):
        assert_only_pixels(result)
    else:
        assert result in set(Refusal)


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(
        [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\xff\0\0\0WEBPVP8 "]
    ),
    rest=st.binary(max_size=400),
    kind=st.sampled_from([JPEG, PNG, WEBP]),
)
def test_random_bytes_are_refused_or_become_a_clean_photo(start: bytes, rest: bytes, kind: str) -> None:
    assert_refused_or_clean(start + rest, kind)


SMALL_PHOTOS = {name: upload.build() for name, upload in GOOD.items() if "storm" not in name}


@settings(max_examples=400, deadline=None)
@given(
    name=st.sampled_from(sorted(SMALL_PHOTOS)),
    edits=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=5),
    kept=st.sampled_from([0.6, 0.95, 1.0, 1.0, 1.0]),
)
def test_a_mangled_photo_is_refused_or_becomes_a_clean_photo(
    name: str, edits: list[tuple[float, bytes]], kept: float
) -> None:
    mangled = bytearray(SMALL_PHOTOS[name])
    for place, patch in edits:
        at = int(place * (len(mangled) - 1))
        mangled[at : at + len(patch)] = patch
    assert_refused_or_clean(corpus.truncated(bytes(mangled), kept), GOOD[name].declared_type)
