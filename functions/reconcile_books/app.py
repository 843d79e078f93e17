"""Every hour, and once a day over more of the past: provider, books, ledger, executions and timeline fit together."""

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.entrypoints.logs import logger
from aftersales.entrypoints.metrics import count_drift
from aftersales.usecases.reconcile import Outside, reconcile

_HOUR = 60 * 60 * 1000


def reconcile_books(event: Event) -> dict[str, object]:
    """Hold them against each other as far back as the schedule says, in hours."""
    report = reconcile(
        bootstrap.desk(),
        Outside(workflow=bootstrap.workflow(), payments=bootstrap.payments(), charges=bootstrap.charges()),
        bootstrap.accounts(),
        bootstrap.alarms(),
        since=bootstrap.now() - event["hours"] * _HOUR,
    )
    for order in report.drifted:
        for violation in order.found:
            logger.error(
                "drift",
                extra={
                    "order_id": order.order_id,
                    "invariant": violation.invariant,
                    "ids": violation.ids,
                    "healed": order.healed,
                    "left": violation in order.left,
                },
            )
            count_drift(violation.invariant)
    for violation in report.rebuilt:
        logger.error("drift", extra={"invariant": violation.invariant, "ids": violation.ids})
        count_drift(violation.invariant)
    return {
        "orders": report.orders,
        "busy": report.busy,
        "drifted": len(report.drifted),
        "rebuilt": len(report.rebuilt),
    }


handler = background(reconcile_books)
