"""Errors as clients see them (RFC 9457)."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict

from aftersales.contracts.fields import View


class FieldError(View):
    """What is wrong with one field of the request."""

    field: str
    message: str


class Problem(View):
    """An `application/problem+json` answer. `code` is stable; further members say what is possible instead."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None


def problem(
    code: str, status: int, title: str, detail: str, errors: list[FieldError], facts: Mapping[str, object]
) -> Mapping[str, Any]:
    """The members of a problem, those that say nothing left out."""
    body = Problem(
        type=f"urn:aftersales:problem:{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        errors=errors or None,
        # A fact must not hide a member of the standard: a case's `status` is told as `case_status`.
        **{f"case_{name}" if name in Problem.model_fields else name: value for name, value in facts.items()},
    )
    return body.model_dump(mode="json", exclude_none=True)
