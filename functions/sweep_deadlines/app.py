"""Every minute: deadlines that have passed."""

from typing import Any

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.logs import logger
from aftersales.usecases.sweep_deadlines import sweep_deadlines


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Let silence do what `on_timeout` said."""
    due = sweep_deadlines(bootstrap.desk())
    logger.info("swept", due=due)
    return {"due": due}
