"""`docs/api.md`: every operation on one page; the OpenAPI document has the details."""

from aftersales.contracts.routes import ROUTES
from tools.generate.markdown import code, document, table
from tools.generate.refusals import all_problems

_KEYS = {"required": "required", "accepted": "accepted", "none": ""}


def render() -> str:
    """The page."""
    return document(
        "# The API",
        "All operations. Bodies, answers and limits stand in [openapi.json]"
        "(../functions/public_api/openapi.json), which a running desk serves as `GET /openapi.json`.",
        _operations(),
        "## Problems",
        "An error is an `application/problem+json` whose `code` never changes its meaning.",
        table(
            ["Status", "Codes"],
            [[str(status), code(codes)] for status, codes in all_problems().items()],
        ),
    )


def _operations() -> str:
    return table(
        ["Operation", "", "Who", "`Idempotency-Key`", "`If-Match`"],
        [
            [
                f"`{route.method} {route.path}`",
                route.summary,
                ", ".join(sorted(route.roles)) or "anyone",
                _KEYS[route.key],
                "accepted" if route.if_match else "",
            ]
            for route in sorted(ROUTES, key=lambda route: route.path)
        ],
    )
