"""DynamoDB's words for plain values and back, as boto3 has them (`tests/simulation/test_fakes.py` compares), but quick:
with boto3's own, a third of every schedule would be spent here."""

from typing import Any, NoReturn


def write(value: Any) -> dict[str, Any]:
    """A plain value as an attribute value."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, dict):
        return {"M": {name: write(one) for name, one in value.items()}}
    if isinstance(value, list):
        return {"L": [write(one) for one in value]}
    if value is None:
        return {"NULL": True}
    _unknown(value)


def read(value: dict[str, Any]) -> Any:
    """An attribute value as a plain value; all of the desk's numbers are integers."""
    ((kind, content),) = value.items()
    if kind in ("S", "BOOL"):
        return content
    if kind == "N":
        return int(content)
    if kind == "M":
        return {name: read(one) for name, one in content.items()}
    if kind == "L":
        return [read(one) for one in content]
    if kind == "NULL":
        return None
    _unknown(value)


def _unknown(value: object) -> NoReturn:
    raise NotImplementedError(f"the desk stores nothing like {value!r}")
