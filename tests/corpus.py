"""Photos as buyers and attackers upload them, built as bytes: nothing binary is kept in the repository.

`UPLOADS` names every one of them with the type it is declared as and the reason it has to be refused for.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from PIL import ExifTags, Image, PngImagePlugin

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}

SECRET = "12 Hidden Lane"
"""Stands in every kind of metadata the corpus adds, so that a test can look for it in any file."""


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A gradient with a red corner at the top left: every turn and every lost channel shows."""
    across = Image.linear_gradient("L").resize(size)
    image = Image.merge(
        "RGB", (across, across.transpose(Image.Transpose.ROTATE_180), Image.new("L", size, 90))
    )
    image.paste((220, 20, 20), (0, 0, size[0] // 4, size[1] // 4))
    return image.convert(mode)


def encoded(image: Image.Image, content_type: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, _FORMATS[content_type], **options)
    return file.getvalue()


# Good photos


def plain_photo(content_type: str = JPEG, size: tuple[int, int] = (64, 48)) -> bytes:
    return encoded(picture(size=size), content_type)


def photo_with_gps(content_type: str = JPEG) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = SECRET
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 29.6)
    place[ExifTags.GPS.GPSLongitudeRef] = "E"
    place[ExifTags.GPS.GPSLongitude] = (2.0, 17.0, 40.2)
    return encoded(picture(), content_type, exif=exif)


def photo_with_xmp(content_type: str = JPEG) -> bytes:
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><where>{SECRET}</where></x:xmpmeta>'.encode()
    if content_type == PNG:
        return _png_with([_png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)])
    return encoded(picture(), content_type, xmp=packet)


def photo_with_colour_profile(content_type: str = JPEG) -> bytes:
    """The profile is no valid one: it only has to be gone."""
    return encoded(picture(), content_type, icc_profile=SECRET.encode() * 10)


def jpeg_with_comment() -> bytes:
    return encoded(picture(), JPEG, comment=SECRET.encode())


def jpeg_with_thumbnail() -> bytes:
    """A second, whole JPEG inside the EXIF segment, as cameras write it."""
    thumbnail = encoded(picture(size=(16, 12)), JPEG, comment=SECRET.encode())
    directory = struct.pack("<HHHLLHHLLL", 2, 0x0201, 4, 1, 44, 0x0202, 4, 1, len(thumbnail), 0)
    tiff = b"II*\0" + struct.pack("<LHL", 8, 0, 14) + directory + thumbnail
    return _jpeg_with([_jpeg_segment(0xE1, b"Exif\0\0" + tiff)])


def png_with_text() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET)
    text.add_text("Packed", SECRET * 5, zip=True)
    text.add_itxt("Where", f"{SECRET} ✈")
    text.add(b"prVt", SECRET.encode(), after_idat=True)
    return encoded(picture(), PNG, pnginfo=text)


def photo_held(orientation: int, content_type: str = JPEG, byte_order: str = ">", **options: Any) -> bytes:
    """The camera stores what its sensor saw and only notes how it was held (1 to 8)."""
    exif = Image.Exif()
    exif.endian = byte_order
    exif[ExifTags.Base.Orientation] = orientation
    return encoded(picture(), content_type, exif=exif, **options)


def webp_held_sideways_behind_an_odd_chunk() -> bytes:
    """Chunks start at even places, so the profile of three bytes is followed by a filler."""
    return photo_held(6, WEBP, icc_profile=b"odd")


def webp_with_line_feed_in_its_length() -> bytes:
    files = (encoded(picture(), WEBP, icc_profile=bytes(length)) for length in range(1, 600))
    return next(content for content in files if content[4] == ord("\n"))


def progressive_jpeg() -> bytes:
    return encoded(picture(), JPEG, progressive=True)


def grey_jpeg() -> bytes:
    return encoded(picture("L"), JPEG)


def cmyk_jpeg() -> bytes:
    return encoded(picture("CMYK"), JPEG)


def jpeg_stored_as_rgb() -> bytes:
    """Only its Adobe segment tells that it is not stored as the usual YCbCr."""
    content = bytearray(encoded(picture(), JPEG, keep_rgb=True))
    frame, scan = content.index(b"\xff\xc0"), content.index(b"\xff\xda")
    for number in range(3):
        content[frame + 10 + 3 * number] = content[scan + 5 + 2 * number] = number + 1
    return bytes(content)


def jpeg_with_depth_map() -> bytes:
    """Two pictures in one JPEG file (MPO), as phones write portraits."""
    file = io.BytesIO()
    picture().save(file, "MPO", save_all=True, append_images=[picture("L").convert("RGB")])
    return file.getvalue()


def sixteen_bit_png() -> bytes:
    """Its left half is middle grey (0x8000), its right half black."""
    row = struct.pack("<H", 0x8000) * 32 + bytes(64)
    return encoded(Image.frombytes("I;16", (64, 48), row * 48), PNG)


def sixteen_bit_png_with_see_through_colour() -> bytes:
    return encoded(Image.new("I;16", (64, 48), 0x8000), PNG, transparency=0x4000)


def one_bit_png() -> bytes:
    return encoded(picture("1"), PNG)


def palette_png_with_transparency() -> bytes:
    """The left half is see-through, the right half is pure red."""
    image = Image.new("P", (64, 48), 0)
    image.putpalette([0, 0, 255, 255, 0, 0])
    image.paste(1, (32, 0, 64, 48))
    return encoded(image, PNG, transparency=0)


def see_through_photo(content_type: str = PNG) -> bytes:
    """Its alpha is 0 in the left half and 255 in the right half."""
    image = picture("RGBA")
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, 32, 48))
    image.putalpha(alpha)
    return encoded(image, content_type)


# Two things at once: a photo, and something else that has to be gone


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as bundle:
        bundle.writestr(zipfile.ZipInfo("payload.js"), f"alert('{SECRET}')")
    return file.getvalue()


def photo_and_archive(content_type: str = JPEG) -> bytes:
    return plain_photo(content_type) + archive()


def jpeg_and_script() -> bytes:
    return _jpeg_with([_jpeg_segment(0xFE, f"<script>alert('{SECRET}')</script>".encode())])


# Something else under a photo's name


def html_page() -> bytes:
    return b"<!doctype html><script>alert(document.cookie)</script>"


def svg_drawing() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def pdf_document() -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>\nendobj\n%%EOF"


def windows_program() -> bytes:
    return b"MZ\x90\0" + bytes(56) + struct.pack("<L", 64) + b"PE\0\0" + bytes(64)


def gif_picture() -> bytes:
    """One pixel; the bare format, so that no GIF writer has to be loaded."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return screen + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02D\x01\0;"


def riff_sound() -> bytes:
    return b"RIFF" + struct.pack("<L", 36) + b"WAVEfmt " + bytes(28)


# Broken and oversized photos


def truncated(content: bytes, part: float = 0.5) -> bytes:
    return content[: int(len(content) * part)]


def photo_of_one_pixel(content_type: str = JPEG) -> bytes:
    return plain_photo(content_type, size=(1, 1))


def png_with_short_header() -> bytes:
    return _PNG_SIGNATURE + _png_chunk(b"IHDR", b"short") + _png_chunk(b"IEND", b"")


def png_claiming_size(width: int, height: int) -> bytes:
    """A few bytes whose header promises a picture of this size."""
    header = _png_chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 6, 0, 0, 0))
    return _PNG_SIGNATURE + header + _png_chunk(b"IDAT", zlib.compress(bytes(100))) + _png_chunk(b"IEND", b"")


def jpeg_claiming_size(width: int, height: int) -> bytes:
    content = plain_photo()
    frame = content.index(b"\xff\xc0") + 5
    return content[:frame] + struct.pack(">HH", height, width) + content[frame + 4 :]


def webp_claiming_size(width: int, height: int) -> bytes:
    canvas = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = b"WEBPVP8X" + struct.pack("<L", 10) + canvas + plain_photo(WEBP)[12:]
    return b"RIFF" + struct.pack("<L", len(chunks)) + chunks


@cache
def png_bomb() -> bytes:
    """A whole and valid picture of 20000 x 20000 white pixels in about 50 kB."""
    row = b"\0" + b"\xff" * 2500
    pixels = zlib.compressobj(9)
    data = b"".join([*(pixels.compress(row * 100) for _ in range(200)), pixels.flush()])
    header = _png_chunk(b"IHDR", struct.pack(">LLBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0))
    return _PNG_SIGNATURE + header + _png_chunk(b"IDAT", data) + _png_chunk(b"IEND", b"")


@cache
def webp_of_21_megapixels() -> bytes:
    return encoded(Image.new("RGB", (7_000, 3_000)), WEBP, method=0)


def jpeg_scan_bomb(extra_scans: int) -> bytes:
    """Its last scan is repeated: a few dozen bytes each, yet every one paints all pixels again."""
    content = progressive_jpeg()
    last_scan = content[content.rindex(b"\xff\xc4") : -2]
    return content[:-2] + last_scan * extra_scans + content[-2:]


@cache
def jpeg_exif_storm() -> bytes:
    """Tiny EXIF segments by the hundred thousand, which are costly to join."""
    return _jpeg_with([_jpeg_segment(0xE1, b"Exif\0\0" + b"A" * 10)] * 200_000)


@cache
def png_profile_storm() -> bytes:
    """A kilobyte that unpacks to a megabyte, a thousand times."""
    return _png_with([_png_chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(1_000_000)))] * 1_000)


def _animation(content_type: str) -> bytes:
    return encoded(
        picture(), content_type, save_all=True, append_images=[Image.new("RGB", (64, 48))], duration=100
    )


def animated_png() -> bytes:
    return _animation(PNG)


def animated_webp() -> bytes:
    return _animation(WEBP)


# Building blocks

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))


def _png_with(chunks: list[bytes]) -> bytes:
    """The plain PNG with these chunks right behind its header."""
    content = plain_photo(PNG)
    return b"".join([content[:33], *chunks, content[33:]])


def _jpeg_segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _jpeg_with(segments: list[bytes]) -> bytes:
    """The plain JPEG with these segments right at its start."""
    content = plain_photo()
    return b"".join([content[:2], *segments, content[2:]])


class Upload(NamedTuple):
    build: Callable[[], bytes]
    declared_type: str
    refused: str | None = None


UPLOADS: dict[str, Upload] = {
    "plain JPEG": Upload(plain_photo, JPEG),
    "plain PNG": Upload(lambda: plain_photo(PNG), PNG),
    "plain WebP": Upload(lambda: plain_photo(WEBP), WEBP),
    "JPEG with GPS": Upload(photo_with_gps, JPEG),
    "PNG with GPS": Upload(lambda: photo_with_gps(PNG), PNG),
    "WebP with GPS": Upload(lambda: photo_with_gps(WEBP), WEBP),
    "JPEG with XMP": Upload(photo_with_xmp, JPEG),
    "PNG with XMP": Upload(lambda: photo_with_xmp(PNG), PNG),
    "WebP with XMP": Upload(lambda: photo_with_xmp(WEBP), WEBP),
    "JPEG with colour profile": Upload(photo_with_colour_profile, JPEG),
    "PNG with colour profile": Upload(lambda: photo_with_colour_profile(PNG), PNG),
    "WebP with colour profile": Upload(lambda: photo_with_colour_profile(WEBP), WEBP),
    "JPEG with comment": Upload(jpeg_with_comment, JPEG),
    "JPEG with thumbnail": Upload(jpeg_with_thumbnail, JPEG),
    "PNG with text": Upload(png_with_text, PNG),
    "JPEG held sideways": Upload(lambda: photo_held(6), JPEG),
    "WebP held sideways": Upload(webp_held_sideways_behind_an_odd_chunk, WEBP),
    "WebP with a line feed in its length": Upload(webp_with_line_feed_in_its_length, WEBP),
    "progressive JPEG": Upload(progressive_jpeg, JPEG),
    "grey JPEG": Upload(grey_jpeg, JPEG),
    "CMYK JPEG": Upload(cmyk_jpeg, JPEG),
    "JPEG stored as RGB": Upload(jpeg_stored_as_rgb, JPEG),
    "JPEG with depth map": Upload(jpeg_with_depth_map, JPEG),
    "16-bit PNG": Upload(sixteen_bit_png, PNG),
    "16-bit PNG with a see-through colour": Upload(sixteen_bit_png_with_see_through_colour, PNG),
    "1-bit PNG": Upload(one_bit_png, PNG),
    "palette PNG": Upload(palette_png_with_transparency, PNG),
    "see-through PNG": Upload(see_through_photo, PNG),
    "see-through WebP": Upload(lambda: see_through_photo(WEBP), WEBP),
    "JPEG of one pixel": Upload(photo_of_one_pixel, JPEG),
    "PNG of one pixel": Upload(lambda: photo_of_one_pixel(PNG), PNG),
    "WebP of one pixel": Upload(lambda: photo_of_one_pixel(WEBP), WEBP),
    "JPEG and archive": Upload(photo_and_archive, JPEG),
    "PNG and archive": Upload(lambda: photo_and_archive(PNG), PNG),
    "WebP and archive": Upload(lambda: photo_and_archive(WEBP), WEBP),
    "JPEG and script": Upload(jpeg_and_script, JPEG),
    "JPEG with an EXIF storm": Upload(jpeg_exif_storm, JPEG),
    "PNG with a profile storm": Upload(png_profile_storm, PNG),
    "nothing": Upload(lambda: b"", JPEG, "empty"),
    "HTML as JPEG": Upload(html_page, JPEG, "not_an_image"),
    "SVG as PNG": Upload(svg_drawing, PNG, "not_an_image"),
    "PDF as JPEG": Upload(pdf_document, JPEG, "not_an_image"),
    "EXE as JPEG": Upload(windows_program, JPEG, "not_an_image"),
    "GIF as JPEG": Upload(gif_picture, JPEG, "not_an_image"),
    "ZIP as JPEG": Upload(archive, JPEG, "not_an_image"),
    "sound as WebP": Upload(riff_sound, WEBP, "not_an_image"),
    "PNG as JPEG": Upload(lambda: plain_photo(PNG), JPEG, "type_mismatch"),
    "JPEG as PNG": Upload(plain_photo, PNG, "type_mismatch"),
    "WebP as JPEG": Upload(lambda: plain_photo(WEBP), JPEG, "type_mismatch"),
    "JPEG as GIF": Upload(plain_photo, "image/gif", "type_mismatch"),
    "half a JPEG": Upload(lambda: truncated(plain_photo()), JPEG, "damaged"),
    "half a progressive JPEG": Upload(lambda: truncated(progressive_jpeg(), 0.9), JPEG, "damaged"),
    "half a PNG": Upload(lambda: truncated(plain_photo(PNG)), PNG, "damaged"),
    "half a WebP": Upload(lambda: truncated(plain_photo(WEBP)), WEBP, "damaged"),
    "PNG with a short header": Upload(png_with_short_header, PNG, "damaged"),
    "PNG claiming 4 gigapixels": Upload(lambda: png_claiming_size(65_535, 65_535), PNG, "too_many_pixels"),
    "PNG claiming 51 megapixels": Upload(lambda: png_claiming_size(10_000, 5_100), PNG, "too_many_pixels"),
    "JPEG claiming 4 gigapixels": Upload(lambda: jpeg_claiming_size(65_000, 65_000), JPEG, "too_many_pixels"),
    "WebP claiming 268 megapixels": Upload(
        lambda: webp_claiming_size(16_383, 16_383), WEBP, "too_many_pixels"
    ),
    "WebP of 21 megapixels": Upload(webp_of_21_megapixels, WEBP, "too_many_pixels"),
    "PNG bomb": Upload(png_bomb, PNG, "too_many_pixels"),
    "JPEG scan bomb": Upload(lambda: jpeg_scan_bomb(1_000), JPEG, "too_many_pixels"),
    "animated PNG": Upload(animated_png, PNG, "animated"),
    "animated WebP": Upload(animated_webp, WEBP, "animated"),
}
GOOD = {name: upload for name, upload in UPLOADS.items() if upload.refused is None}
HOSTILE = {name: upload for name, upload in UPLOADS.items() if upload.refused}
