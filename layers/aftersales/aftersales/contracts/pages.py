"""Pages of lists."""

from typing import Annotated

from pydantic import Field

from aftersales.contracts.fields import Body, When
from aftersales.domain.calendar import epoch_ms

_END_OF_TIME = 10**15 - 1


class PageQuery(Body):
    """A page of a list."""

    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[str, Field(max_length=2000)] | None = None


class PeriodQuery(Body):
    """What happened in a period, both ends included."""

    from_: Annotated[When | None, Field(alias="from")] = None
    to: When | None = None

    @property
    def first(self) -> int:
        """Its beginning, in epoch milliseconds."""
        return epoch_ms(self.from_) if self.from_ else 0

    @property
    def last(self) -> int:
        """Its end, in epoch milliseconds."""
        return epoch_ms(self.to) if self.to else _END_OF_TIME
