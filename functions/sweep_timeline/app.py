"""Every minute: timeline entries whose effects were not acknowledged."""

from typing import Any

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.logs import logger
from aftersales.usecases.relay_timeline import sweep_timeline


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Ring again, tell again."""
    relayed = sweep_timeline(bootstrap.desk(), bootstrap.workflow(), bootstrap.notices())
    logger.info("swept", relayed=relayed)
    return {"relayed": relayed}
