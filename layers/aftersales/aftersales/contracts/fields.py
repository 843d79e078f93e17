"""The kinds of fields that bodies are made of."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from aftersales.contracts.ids import ID_PATTERN

_LINE_BREAKS = "\n\r\t"
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


def clean(text: str) -> str:
    """One form of every letter (NFC); no control characters, which hide what a text says from who reads it."""
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in _LINE_BREAKS for char in text):
        raise ValueError("must not contain control characters")
    return text


def _ours(moment: datetime) -> datetime:
    """The years in which orders happen. Beyond the calendar's ends a time can be read and not written back."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return moment


def rfc3339(moment: int) -> str:
    """Epoch milliseconds as `2026-01-31T12:00:00Z`; a fraction is shown where there is one."""
    whole = datetime.fromtimestamp(moment // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{moment % 1000:03d}" if moment % 1000 else ""
    return f"{whole}{fraction}Z"


def _no_truth(value: object) -> object:
    """`true` is no number, although Python counts with it."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(clean)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(clean)]
OptionalText = Annotated[str, StringConstraints(max_length=4000), AfterValidator(clean)]
# About 400 words: what is read before buying is short. 100 kB are refused by this field, not by the gateway.
Comment = Annotated[str, StringConstraints(max_length=3000), AfterValidator(clean)]
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,63}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
# An order of ten billion in a currency without decimals is a mistake, and sums stay exact in any client.
Amount = Annotated[int, BeforeValidator(_no_truth), Field(ge=0, le=10_000_000_000)]
Quantity = Annotated[int, BeforeValidator(_no_truth), Field(ge=1, le=1000)]
Units = Annotated[int, BeforeValidator(_no_truth), Field(ge=0, le=10_000_000)]
When = Annotated[AwareDatetime, AfterValidator(_ours), Field(description="UTC, RFC 3339")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$"), AfterValidator(clean)]
Instant = Annotated[
    int,
    PlainSerializer(rfc3339, return_type=str),
    Field(json_schema_extra={"format": "date-time"}),
]


class Body(BaseModel):
    """What a client sends. Unknown fields are refused: a misspelt field is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class View(BaseModel):
    """What a client receives."""

    model_config = ConfigDict(frozen=True)
