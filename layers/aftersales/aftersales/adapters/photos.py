"""Turn a buyer's upload into a photo that is safe to keep and to show, or refuse it with a reason.

The clean photo is painted again from the pixels alone, so nothing that rode along survives: no place where
it was taken, no text, no thumbnail, no archive glued to the end. The decoder sees only the parts that paint
the picture. The rest is cut away first, because reading it is what hostile files exploit: repeated EXIF
segments cost Pillow quadratic time and compressed colour profiles two seconds a megabyte, behind a picture
of eight pixels.

Colour profiles go too: a wide-gamut photo is read as sRGB and looks a little paler, and no profile is run.
"""

import hashlib
import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple

# Importing a plugin registers it: the three kinds accepted are all this process ever needs to know.
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

# Pillow would import BMP, GIF and PPM before its first work: 13 ms of a cold start for kinds never accepted.
Image._initialized = 1

MAX_PIXELS = 50_000_000
"""The largest phone photos have 50 megapixels (8160 x 6120). Inspecting one takes up to 590 MB, with room to
spare in a function of 1,024 MB."""

MAX_WEBP_PIXELS = 20_000_000
"""No camera writes WebP, and its codec needs up to 35 bytes a pixel: 710 MB for 20 megapixels."""

MAX_JPEG_SCANS = 64
"""A progressive JPEG paints all its pixels once per scan, usually ten times. One more scan costs a hostile
file a few dozen bytes and this process 34 ms at 50 megapixels."""

# Only a second guard, for Pillow's WebP reader: it allocates its canvas while the header is still being read.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class Refusal(StrEnum):
    """The stable codes of every reason a photo is refused for."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    TYPE_MISMATCH = "type_mismatch"
    TOO_MANY_PIXELS = "too_many_pixels"
    ANIMATED = "animated"
    DAMAGED = "damaged"


class PhotoRefused(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    content: bytes
    content_type: str
    sha256: str
    """Hex digest of the clean content."""
    original_sha256: str
    width: int
    height: int


def inspect_photo(content: bytes, declared_type: str) -> CleanPhoto:
    """The same upload always gives the same clean bytes: inspecting it a second time changes nothing."""
    kind = _kind(content, declared_type)
    picture = kind.strip(content)
    photo = _upright(_decoded(picture.content, kind), picture.orientation)
    clean = _encoded(photo, kind)
    return CleanPhoto(
        content=clean,
        content_type=declared_type,
        sha256=hashlib.sha256(clean).hexdigest(),
        original_sha256=hashlib.sha256(content).hexdigest(),
        width=photo.width,
        height=photo.height,
    )


class _Picture(NamedTuple):
    """The parts of a file that paint the picture, and which way up the camera was held."""

    content: bytes
    orientation: int


# After 0xFF, zero and the restart numbers belong to the picture's data; anything else is a marker.
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_END_OF_IMAGE, _SCAN, _EXIF_SEGMENT = 0xD9, 0xDA, 0xE1
# Frames, Huffman and quantisation tables, restarts, and JFIF and Adobe, which tell how colours are stored.
_JPEG_PAINTS = {*range(0xC0, 0xD0), _SCAN, 0xDB, 0xDD, 0xE0, 0xEE} - {0xC8}


def _strip_jpeg(content: bytes) -> _Picture:
    """Up to the end of the first picture: phones store depth maps and films behind it, others archives."""
    kept, orientation, scans, at = [b"\xff\xd8"], 1, 0, 2
    while marker := _JPEG_MARKER.search(content, at):
        name, body = content[marker.end() - 1], marker.end()
        if name == _END_OF_IMAGE:
            return _Picture(b"".join([*kept, b"\xff\xd9"]), orientation)
        at = body + int.from_bytes(content[body : body + 2])
        if name == _SCAN:
            scans += 1
            following = _JPEG_MARKER.search(content, at)
            at = following.start() if following else len(content)
        if scans > MAX_JPEG_SCANS:
            raise PhotoRefused(Refusal.TOO_MANY_PIXELS, f"paints its pixels over {MAX_JPEG_SCANS} times")
        if name in _JPEG_PAINTS:
            kept.append(content[body - 2 : at])
        elif name == _EXIF_SEGMENT and orientation == 1:
            orientation = _orientation(content[body + 2 : at])
    raise PhotoRefused(Refusal.DAMAGED, "the file ends before the picture does")


_PNG_PAINTS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def _strip_png(content: bytes) -> _Picture:
    kept, orientation, at = [content[:8]], 1, 8
    while at + 12 <= len(content):
        name, body = content[at + 4 : at + 8], at + 8
        end = body + int.from_bytes(content[at : at + 4]) + 4  # the checksum takes the last four
        if name == b"fdAT":  # only a picture after the first is stored in these
            raise PhotoRefused(Refusal.ANIMATED, "more than one frame")
        if name in _PNG_PAINTS:
            kept.append(content[at:end])
        elif name == b"eXIf":
            orientation = _orientation(content[body:end])
        if name == b"IEND":
            return _Picture(b"".join(kept), orientation)
        at = end
    raise PhotoRefused(Refusal.DAMAGED, "the file ends before the picture does")


def _strip_webp(content: bytes) -> _Picture:
    """Nothing to cut: the decoder steps over foreign chunks unread. Only the orientation is looked up."""
    orientation, at = 1, 12
    while at + 8 <= len(content):
        end = at + 8 + int.from_bytes(content[at + 4 : at + 8], "little")
        if content[at : at + 4] == b"EXIF":
            orientation = _orientation(content[at + 8 : end])
        at = end + end % 2  # chunks start at even places
    return _Picture(content, orientation)


_BYTE_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II": "little", b"MM": "big"}
_ORIENTATION_TAG = 0x0112


def _orientation(exif: bytes) -> int:
    """The one EXIF value that changes how the picture looks; Pillow would read all the others as well."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = _BYTE_ORDERS.get(tiff[:2])
    if order is None:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    directory = number(4, 4)
    first = directory + 2
    for entry in range(first, min(first + 12 * number(directory, 2), len(tiff)), 12):
        if number(entry, 2) == _ORIENTATION_TAG:
            return number(entry + 8, 2)
    return 1


class _Kind(NamedTuple):
    format: str
    signature: re.Pattern[bytes]
    strip: Callable[[bytes], _Picture]
    max_pixels: int
    encoding: dict[str, Any]


# Evidence is looked at closely. Quality 90 puts no visible blocks around a scratch or small print, and colour
# keeps its full resolution (4:4:4), because thinning it smears a thin red line; any higher mostly stores the
# sensor's noise. PNG loses nothing at any level, and WebP's slower methods only save a few bytes.
_KINDS = {
    "image/jpeg": _Kind(
        format="JPEG",
        signature=re.compile(rb"\xff\xd8\xff"),
        strip=_strip_jpeg,
        max_pixels=MAX_PIXELS,
        encoding={"quality": 90, "subsampling": "4:4:4"},
    ),
    "image/png": _Kind(
        format="PNG",
        signature=re.compile(rb"\x89PNG\r\n\x1a\n"),
        strip=_strip_png,
        max_pixels=MAX_PIXELS,
        encoding={"compress_level": 3},
    ),
    "image/webp": _Kind(
        format="WEBP",
        signature=re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
        strip=_strip_webp,
        max_pixels=MAX_WEBP_PIXELS,
        encoding={"quality": 90, "method": 2},
    ),
}


def _kind(content: bytes, declared_type: str) -> _Kind:
    """What the content is by its first bytes, which has to be what it was declared to be."""
    if not content:
        raise PhotoRefused(Refusal.EMPTY, "the file has no bytes")
    for content_type, kind in _KINDS.items():
        if kind.signature.match(content):
            if content_type != declared_type:
                raise PhotoRefused(Refusal.TYPE_MISMATCH, f"declared {declared_type}, but is {content_type}")
            return kind
    raise PhotoRefused(Refusal.NOT_AN_IMAGE, f"none of {', '.join(_KINDS)}")


def _decoded(content: bytes, kind: _Kind) -> Image.Image:
    try:
        # Pillow warns of what it can still read. A suspected bomb is refused; the rest is noise in a log.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[kind.format]) as image:
                _check_header(image, kind)
                image.load()
                return _plain(image)
    except PhotoRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise PhotoRefused(Refusal.TOO_MANY_PIXELS, f"more than {kind.max_pixels:,} pixels") from bomb
    except Exception as error:  # fed with hostile bytes a decoder raises anything, and all of it means this
        raise PhotoRefused(Refusal.DAMAGED, f"cannot be decoded: {error}") from error


def _check_header(image: Image.Image, kind: _Kind) -> None:
    """Before a single pixel is decoded."""
    if image.width * image.height > kind.max_pixels:
        size = f"{image.width} x {image.height}"
        raise PhotoRefused(Refusal.TOO_MANY_PIXELS, f"{size} is more than {kind.max_pixels:,} pixels")
    if getattr(image, "n_frames", 1) > 1:
        raise PhotoRefused(Refusal.ANIMATED, "more than one frame")


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits a channel, grey or colour, with alpha where the picture has some: what encoders take."""
    if image.mode == "I;16":
        # Converting alone clips sixteen bits at 255, which turns most of the picture white.
        plain = image.point(lambda value: value / 256).convert("L")
    elif image.has_transparency_data:
        plain = image.convert("RGBA")
    else:
        plain = image.convert("L" if image.mode in ("1", "L") else "RGB")
    plain.info.clear()  # encoders would take comments and profiles from here
    return plain


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _encoded(image: Image.Image, kind: _Kind) -> bytes:
    clean = io.BytesIO()
    image.save(clean, kind.format, **kind.encoding)
    return clean.getvalue()
