"""The form of a tracking code: whether it can be one of that carrier at all, before anybody is asked.

Lengths, prefixes and check digits as https://github.com/jkeen/tracking_number_data gathers them from the carriers'
label specifications (MIT; its CHECKSUM_ALGORITHMS.md has the sums), and for the posts of the world as standard S10 of
the Universal Postal Union has them: two letters, eight digits, a check digit, the country. A right form proves no
parcel: that the code is of this carrier, route and date, its scans have to show.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

type Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Form:
    """One shape of a carrier's codes: the whole of it, the sum over its group `checked`, if it is public, and its group
    `number`, if the code says more than the parcel's number."""

    pattern: str
    check: Check | None = None

    def fits(self, code: str) -> bool:
        """Whether a code in its plain form has this shape and its check digit is right."""
        match = re.fullmatch(self.pattern, code, re.ASCII)
        return match is not None and (self.check is None or self.check(match["checked"]))


def plain(code: str) -> str:
    """As carriers store it: capitals and digits without the spaces and hyphens that people read by."""
    return re.sub(r"[\s-]", "", code).upper()


def number(carrier: str, code: str) -> str:
    """What names the parcel, however its code was read: labels carry more around it, such as where it goes. The same
    for every carrier that could have it, for a code that fits two of them is still one parcel's."""
    matches = (re.fullmatch(form.pattern, plain(code), re.ASCII) for form in FORMS.get(carrier, ()))
    inner = next((match.groupdict().get("number") for match in matches if match), None)
    return inner or plain(code)


def fits(carrier: str, code: str) -> bool:
    """Whether a code can be one of that carrier; a carrier that is not in the table has none."""
    return any(form.fits(plain(code)) for form in FORMS.get(carrier, ()))


def _weighted(digits: str, weights: str) -> int:
    return sum(int(digit) * int(weight) for digit, weight in zip(digits, weights, strict=True))


def _gs1(digits: str) -> bool:
    """Modulo 10 with weights 3 and 1 from the right, as GS1 has it; the last digit is the check."""
    return _weighted(digits, ("13" * len(digits))[: len(digits)][::-1]) % 10 == 0


def _usps_20(digits: str) -> bool:
    """The same; older services count a prefix 91 that is not printed."""
    return _gs1(digits) or _gs1("91" + digits)


def _s10(digits: str) -> bool:
    """Modulo 11 with weights 8 6 4 2 3 5 9 7, where 10 becomes 0 and 11 becomes 5 (UPU S10)."""
    check = 11 - _weighted(digits[:8], "86423597") % 11
    return {10: 0, 11: 5}.get(check, check) == int(digits[8])


def _ups(characters: str) -> bool:
    """Modulo 10, every second one doubled; a letter counts as its place from A = 2 on."""
    values = [int(one) if one.isdigit() else (ord(one) - 3) % 10 for one in characters[:-1]]
    total = sum(values[::2]) + 2 * sum(values[1::2])
    return -total % 10 == int(characters[-1])


def _fedex(digits: str) -> bool:
    """Modulo 11 and then 10 over weights 1 3 7 from the right; the last digit is the check."""
    weights = ("137" * len(digits))[: len(digits) - 1][::-1]
    return _weighted(digits[:-1], weights) % 11 % 10 == int(digits[-1])


def _modulo_7(digits: str) -> bool:
    """The code before the last digit modulo 7."""
    return int(digits[:-1]) % 7 == int(digits[-1])


def _post(country: str) -> Form:
    return Form(rf"[A-Z]{{2}}(?P<checked>\d{{9}}){country}", _s10)


FORMS: Mapping[str, tuple[Form, ...]] = {
    "usps": (
        Form(r"(?:420\d{5}(?:\d{4})?)?(?P<checked>91(?P<number>\d{20}))", _gs1),
        Form(r"(?:420\d{5}(?:\d{4})?)?(?P<number>(?P<checked>9[2-5]\d{20}|9[1-5]\d{24}))", _gs1),
        Form(r"(?P<checked>\d{20})", _usps_20),
        _post("US"),
    ),
    "ups": (
        Form(r"1Z(?P<checked>[0-9A-Z]{15}\d)", _ups),
        Form(r"[AHJKTV](?P<checked>\d{10})", _ups),
    ),
    "fedex": (
        Form(r"(?P<checked>\d{12})", _fedex),
        Form(r"(?P<checked>\d{15})", _gs1),
        Form(r"96\d{5}(?P<number>(?P<checked>\d{15}))", _gs1),
        Form(r"(?:[0-8]\d{19}|96\d{18})(?P<checked>\d{2}(?P<number>\d{12}))", _fedex),
    ),
    "dhl_express": (
        Form(r"(?P<checked>\d{10,11})", _modulo_7),
        Form(r"J[A-Z]{2,3}\d{9,10}"),
    ),
    "dhl_ecommerce": (
        Form(r"GM[0-9A-Z]{10,39}"),
        Form(r"\d{14}"),
    ),
    "canada_post": (
        Form(r"(?P<checked>\d{16})", _gs1),
        _post("CA"),
    ),
    # A public check digit is not known; the form as printed on its waybills.
    "sf_express": (Form(r"SF\d{13}"), Form(r"\d{12}")),
    "correios": (_post("BR"),),
    "china_post": (_post("CN"),),
    "deutsche_post": (_post("DE"),),
    "japan_post": (_post("JP"),),
    "la_poste": (_post("FR"),),
    "royal_mail": (_post("GB"),),
}
