"""Tracking codes as carriers give them, with the check digits of their specifications."""

from collections.abc import Callable, Mapping


def usps(serial: int) -> str:
    """22 digits, GS1's modulo 10."""
    return _gs1(f"94001002{serial:013}")


def ups(serial: int) -> str:
    """1Z, a shipper of six letters and digits, a service, seven digits and modulo 10 with every second one doubled."""
    body = f"99999903{serial:07}"
    total = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(body))
    return f"1Z{body}{-total % 10}"


def dhl_express(serial: int) -> str:
    """Nine digits and their remainder by 7."""
    return f"{serial:09}{serial % 7}"


def s10(country: str) -> Callable[[int], str]:
    """The Universal Postal Union's: RB, eight digits, modulo 11, the country."""

    def number(serial: int) -> str:
        total = sum(int(d) * w for d, w in zip(f"{serial:08}", (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
        check = 11 - total % 11
        return f"RB{serial:08}{ {10: 0, 11: 5}.get(check, check) }{country}"

    return number


def _gs1(body: str) -> str:
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


OF: Mapping[str, Callable[[int], str]] = {
    "USPS": usps,
    "UPS": ups,
    "DHLExpress": dhl_express,
    "Correios": s10("BR"),
}
