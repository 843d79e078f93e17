"""Where parcels start and end."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a parcel starts or ends. Personal: shown only while a parcel is due, erased with its person, never logged.

    `country` is its ISO 3166-1 alpha-2 code.
    """

    name: str
    street1: str
    city: str
    zip: str
    country: str
    state: str = ""
    street2: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""
