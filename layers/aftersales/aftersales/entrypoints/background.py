"""Invocations that nobody waits for: schedules and events."""

from collections.abc import Callable, Mapping
from typing import Any

from aftersales.entrypoints.logs import failed, logger

Event = dict[str, Any]


def background(
    do: Callable[[Event], Mapping[str, object]],
) -> Callable[[Event, Any], Mapping[str, object]]:
    """Carry out `do` and log what it answers. What it raises is AWS's to retry and to put into dead letters."""

    def handler(event: Event, context: Any) -> Mapping[str, object]:
        try:
            told = do(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again without its words
            raise failed(do.__name__, error) from None
        logger.info(do.__name__, extra=dict(told))
        return told

    return handler
