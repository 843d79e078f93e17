"""Structured logs: one line an invocation, ids only, no word, address, token or link of a person."""

from collections.abc import Iterator
from traceback import extract_tb

from aws_lambda_powertools import Logger

# The service name comes from POWERTOOLS_SERVICE_NAME, set for all functions in the template.
logger = Logger(utc=True, use_rfc3339=True)


def failed(what: str, error: Exception, **ids: object) -> Exception:
    """Log a failure: its kind and where it happened. Answers an exception of the same name to raise in its place.

    The message stays out of both, for it may quote what a person wrote (a row that does not validate, a request
    that AWS refuses), and what is raised stands in the execution's history, in Lambda's log and in dead letters.
    """
    for one in _each(error):
        frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(one.__traceback__)]
        logger.error(f"{what} failed", extra={"error": type(one).__name__, "at": frames, **ids})
    twin: Exception = type(type(error).__name__, (Exception,), {})()
    return twin


def _each(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for one in error.exceptions:
            yield from _each(one)
    else:
        yield error
