"""How long the parties have: by the clock, or in the business days of a market.

A market's calendar has a fixed offset from UTC: where clocks are turned twice a year, a business day begins an hour
late or early by the wall clock for half of it. Nothing here needs a database of time zones that the machine may lack.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_SATURDAY, _SUNDAY = 6, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The working days of a market. `weekend` holds ISO weekdays (1 is Monday), `holidays` dates like `2026-12-25`."""

    utc_offset_minutes: int = 0
    weekend: tuple[int, ...] = (_SATURDAY, _SUNDAY)
    holidays: tuple[str, ...] = ()

    def is_business_day(self, day: datetime) -> bool:
        """Whether people work on that day."""
        return day.isoweekday() not in self.weekend and day.date().isoformat() not in self.holidays


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time to do something: days, hours and minutes by the clock, and business days of the market on top."""

    days: int = 0
    hours: int = 0
    minutes: int = 0
    business_days: int = 0

    @property
    def millis(self) -> int:
        """The part that is counted by the clock, in milliseconds."""
        return ((self.days * 24 + self.hours) * 60 + self.minutes) * MINUTE

    def after(self, at: int, calendar: Calendar) -> int:
        """When the period ends that begins `at`; both in epoch milliseconds.

        A business day that begins on a free day counts from the next working day on, at the same time of day:
        what comes in on Saturday noon with one business day to go is due on Monday noon.
        """
        local = timedelta(minutes=calendar.utc_offset_minutes)
        day = datetime.fromtimestamp((at + self.millis) // 1000, UTC) + local
        whole = day
        left = self.business_days
        while left:
            day += timedelta(days=1)
            left -= calendar.is_business_day(day)
        return at + self.millis + round((day - whole) / timedelta(milliseconds=1))


def epoch_ms(moment: datetime) -> int:
    """A time as epoch milliseconds, computed in integers."""
    past = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (past.days * 86_400 + past.seconds) * 1000 + past.microseconds // 1000
