"""DynamoDB's words for plain values and back, as boto3 has them (`tests/simulation/test_fakes.py` compares), but quick:
with boto3's own, a third of every schedule would be spent here."""

from typing import Any, NoReturn


def write(value: Any) -> dict[str, Any]:
    """A plain value as an attribute value."""
    match value:
        case str():
            return {"S": value}
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case list():
            return {"L": [write(one) for one in value]}
        case dict():
            return {"M": {name: write(one) for name, one in value.items()}}
    _unknown(value)


def read(value: dict[str, Any]) -> Any:
    """An attribute value as a plain value; all of the desk's numbers are integers."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return int(content)
        case "NULL":
            return None
        case "L":
            return [read(one) for one in content]
        case "M":
            return {name: read(one) for name, one in content.items()}
    _unknown(value)


def _unknown(value: object) -> NoReturn:
    raise NotImplementedError(f"the desk stores nothing like {value!r}")
