"""What is printed: a small picture, or a page that says from whom to whom."""

import struct
import zlib

_WIDTH, _HEIGHT = 200, 300


def png(text: str) -> bytes:
    """4x6 inches at 50 dots: bars made of the text, and the text itself as a comment."""
    bars = "".join(f"{byte:08b}" for byte in text.encode())
    row = bytes(0 if bars[x % len(bars)] == "1" else 255 for x in range(_WIDTH))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 0, 0, 0, 0)),
            (b"tEXt", b"Comment\0" + text.encode("latin-1", "replace")),
            (b"IDAT", zlib.compress((b"\0" + row) * _HEIGHT)),
            (b"IEND", b""),
        )
    )


def pdf(text: str) -> bytes:
    """One page with the text on it, line by line."""
    lines = [line.translate({ord(c): f"\\{c}" for c in "()\\"}) for line in text.splitlines()]
    content = "BT /F1 12 Tf 20 400 Td 16 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content.encode('latin-1', 'replace'))} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(body.encode("latin-1", "replace")))
        body += f"{number} 0 obj\n{one}\nendobj\n"
    start = len(body.encode("latin-1", "replace"))
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    body += f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return body.encode("latin-1", "replace")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
