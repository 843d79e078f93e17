"""A step of a case's execution.

A plain step answers where the case is, and the execution's Choice reads it. A step that waits is given a doorbell
and answers nothing: the execution goes on when it is rung.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from aftersales.domain.calendar import epoch_ms
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.logs import failed, logger
from aftersales.usecases.run_workflow import Outcome, Waiting


class StepInput(BaseModel):
    """What the state machine passes to every step. `schema` tells old inputs from new ones."""

    # Its errors must not quote the token into Lambda's log.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    case_id: str
    schema_: int
    execution: str = ""
    token: str = ""
    entered_at: str = ""
    retry: int = 0
    version: int = 0
    status: str = ""
    seen: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def trouble(self) -> str | None:
        """What went wrong in the step before, by name; a refund that failed is no failure of a step."""
        failure = self.seen.get("failure")
        return str(failure.get("Error")) if failure else None

    @property
    def waiting(self) -> Waiting:
        """The doorbell of this step."""
        # Step Functions leaves a fraction of zero out, which as text would sort after every other fraction. A retry
        # does not enter the state again: only its number tells a slow first try from the one that waits now.
        entered_at = f"{epoch_ms(datetime.fromisoformat(self.entered_at)):015d}.{self.retry:02d}"
        return Waiting(
            execution=self.execution,
            token=self.token,
            entered_at=entered_at,
            version=self.version,
            status=self.status,
        )


def plain_step(do: Callable[[StepInput], Outcome]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """A step that works and answers. Its exceptions are the execution's to retry or catch."""

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        given = _given(event)
        try:
            outcome = asdict(do(given))
        except Exception as error:  # noqa: BLE001 - whatever it is, the execution learns of it by name
            raise failed(do.__name__, error, case_id=given.case_id) from None
        logger.info("step", step=do.__name__, **outcome)
        return outcome | {"schema": given.schema_}

    return handler


def waiting_step(do: Callable[[StepInput], object]) -> Callable[[dict[str, Any], Any], None]:
    """A step that parks. Its exceptions are reported through its own doorbell, so that the execution learns of
    them by name and at once. A worker that dies without a word is reported by Lambda, and one that died with money
    under way is found by the clock on the case as well."""

    def handler(event: dict[str, Any], context: Any) -> None:
        given = _given(event)
        try:
            do(given)
            logger.info("step", step=do.__name__, case_id=given.case_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the execution learns of it
            failed(do.__name__, error, case_id=given.case_id)
            bootstrap.workflow().fail(given.token, type(error).__name__)

    return handler


def _given(event: dict[str, Any]) -> StepInput:
    return StepInput.model_validate(
        {("schema_" if name == "schema" else name): value for name, value in event.items()}
    )
