"""An execution ended without its case: failed, timed out, or stopped by hand."""

import json

from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.background import Event, background
from aftersales.usecases.run_workflow import report_stopped_execution


def watch_executions(event: Event) -> dict[str, object]:
    """Ask an operator, unless the case has ended or runs under another execution by now."""
    stopped = event["detail"]
    case_id = json.loads(stopped["input"])["case_id"]
    case = report_stopped_execution(bootstrap.desk(), case_id, stopped["name"], stopped["status"])
    return {
        "case_id": case_id,
        "execution": stopped["name"],
        "ended": stopped["status"],
        "status": case.status,
    }


handler = background(watch_executions)
