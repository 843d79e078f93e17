"""A tracking code that cannot be one is refused before anybody is asked.

The numbers are the samples that https://github.com/jkeen/tracking_number_data takes from the carriers' specifications.
"""

import pytest

from aftersales.domain.tracking_code import FORMS, fits, number, plain

GENUINE = {
    "usps": [
        "0307 1790 0005 2348 3741",
        "7196 9010 7560 0307 7385",
        "9400 1112 0108 0805 4830 16",
        "420787459400111206206406260787",
        "9505 5110 6960 5048 6006 24",
        "RB123456785US",
    ],
    "ups": ["1Z5R89390357567127", "1Z879E930346834440", "1Z8V92A70367203024", "K1506235620"],
    "fedex": [
        "986578788855",
        "0414 4176 0228 964",
        "9611020987654312345672",
        "1001921334250001000300779017972697",
        "9622001900000000000000776632517510",
    ],
    "dhl_express": ["3318810025", "73891051146", "JJD0099999999"],
    "dhl_ecommerce": ["GM2951173225174494", "60120172242323"],
    "canada_post": ["0073938000549297", "7035114477138472"],
    "sf_express": ["SF1234567890123", "123456789012"],
    "correios": ["RB123456785BR"],
    "china_post": ["RB123456785CN"],
    "deutsche_post": ["RB123456785DE"],
    "japan_post": ["RB123456785JP"],
    "la_poste": ["RB123456785FR"],
    "royal_mail": ["RB123456785GB"],
}
# Where the last digit that counts stands, from the end; none where the form has no public check digit.
CHECKED = {"RB": -3, "JJ": None, "GM": None, "60": None, "SF": None}

numbers = [(carrier, code) for carrier, some in GENUINE.items() for code in some]


def test_every_carrier_of_the_table_is_tried() -> None:
    assert set(GENUINE) == set(FORMS)


@pytest.mark.parametrize(
    ("carrier", "code", "named"),
    [
        ("usps", "9400111206206406260787", "9400111206206406260787"),
        ("usps", "420 78745 9400 1112 0620 6406 2607 87", "9400111206206406260787"),
        ("usps", "9171969010756003077385", "71969010756003077385"),
        ("usps", "7196 9010 7560 0307 7385", "71969010756003077385"),
        ("usps", "RB123456785US", "RB123456785US"),
        ("fedex", "9611020987654312345672", "987654312345672"),
        ("fedex", "1001921334250001000300779017972697", "779017972697"),
        ("fedex", "779017972697", "779017972697"),
        ("sf_express", "779017972697", "779017972697"),
        ("pigeon", "1-2", "12"),
    ],
)
def test_a_parcel_has_one_number_however_its_label_was_read(carrier: str, code: str, named: str) -> None:
    assert number(carrier, code) == named


@pytest.mark.parametrize(("carrier", "genuine"), numbers)
def test_a_genuine_number_fits_its_carrier_however_it_is_written(carrier: str, genuine: str) -> None:
    assert fits(carrier, genuine)
    assert fits(carrier, "-".join(genuine.lower()))


@pytest.mark.parametrize(("carrier", "genuine"), numbers)
def test_one_wrong_check_digit_is_noticed(carrier: str, genuine: str) -> None:
    code = plain(genuine)
    at = CHECKED.get(code[:2], -1) if carrier != "sf_express" else None
    if at is None:
        assert not fits(carrier, code + "0" * 40)
        return
    place = len(code) + at
    others = [code[:place] + digit + code[place + 1 :] for digit in "0123456789" if digit != code[place]]
    # Two sums are tried on twenty digits of USPS, so that one wrong digit of nine can pass.
    assert sum(fits(carrier, other) for other in others) <= (carrier == "usps" and len(code) == 20)


@pytest.mark.parametrize(
    "invented", ["", "EZ1000000001", "12345", "1Z", "RB123456786BR", "RB123456785XX", "٣٣١٨٨١٠٠٢٥"]
)
def test_an_invented_number_fits_nobody(invented: str) -> None:
    assert not any(fits(carrier, invented) for carrier in FORMS)


def test_a_number_of_one_post_is_none_of_another() -> None:
    assert not fits("correios", "RB123456785US")


def test_an_unknown_carrier_has_no_numbers() -> None:
    assert not fits("pigeon", "1Z5R89390357567127")


@pytest.mark.parametrize(("serial", "check"), [("12345678", 5), ("02000000", 0), ("00000000", 5)])
def test_the_two_exceptions_of_s10_are_kept(serial: str, check: int) -> None:
    """Where the sum leaves 10 the digit is 0, and where it leaves 11 it is 5."""
    assert [digit for digit in range(10) if fits("correios", f"AA{serial}{digit}BR")] == [check]
