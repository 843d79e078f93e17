"""Which problems an operation can answer with, read from the code.

The search starts at the operation's function and follows every name that it mentions: functions, and methods by
their name alone, since a port does not say which adapter is behind it. So it may find a problem that never
happens, but it misses none. What the edge itself refuses follows from the table of routes.
"""

import ast
import inspect
import json
import pkgutil
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

import aftersales
from aftersales.contracts.routes import Route
from aftersales.domain.refusal import Code
from aftersales.entrypoints import http
from aftersales.entrypoints.http import STATUSES
from aftersales.usecases.ports import OutcomeUnknown
from tools.generate.sources import function_module, template

Problems = Mapping[int, tuple[str, ...]]

# Codes that depend on a header: only an operation that takes the header can answer with them.
_OF_KEY = frozenset({Code.IDEMPOTENCY_KEY_REQUIRED, Code.IDEMPOTENCY_KEY_REUSED})
_WITH_BODY = ("POST", "PUT", "PATCH")
_OF_BODY = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


@cache
def problems_of(route: Route) -> Problems:
    """Status to codes, for one operation."""
    codes = _codes_within(inspect.unwrap(getattr(function_module(route.function), route.operation)))
    if route.roles:
        codes |= {Code.FORBIDDEN}
    if route.body or route.query or route.key != "none":
        codes |= {Code.INVALID}
    if "{" in route.path:
        codes |= {Code.NOT_FOUND}
    if route.key == "required":
        codes |= {Code.IDEMPOTENCY_KEY_REQUIRED}
    if route.key == "none":
        codes -= _OF_KEY
    if not route.if_match:
        codes -= {Code.VERSION_CONFLICT}
    found = {(int(STATUSES[code]), str(code)) for code in codes}
    if route.roles:
        found |= {unauthorized()}
    for status, code in edge_problems():
        if status == HTTPStatus.INTERNAL_SERVER_ERROR or (status in _OF_BODY and route.method in _WITH_BODY):
            found |= {(status, code)}
    return by_status(found)


def all_problems() -> Problems:
    """Every code that the API knows, by status."""
    return by_status(
        {(int(status), str(code)) for code, status in STATUSES.items()} | {unauthorized()} | edge_problems()
    )


def by_status(found: set[tuple[int, str]]) -> Problems:
    """Pairs of status and code as sorted groups."""
    groups: dict[int, list[str]] = defaultdict(list)
    for status, code in sorted(found):
        groups[status].append(code)
    return {status: tuple(codes) for status, codes in groups.items()}


@cache
def unauthorized() -> tuple[int, str]:
    """The gateway's answer to a missing or wrong token; it comes before any function."""
    answer = template()["Resources"]["Api"]["Properties"]["GatewayResponses"]["UNAUTHORIZED"]
    problem = json.loads(next(iter(answer["ResponseTemplates"].values())))
    return problem["status"], problem["code"]


@cache
def edge_problems() -> frozenset[tuple[int, str]]:
    """The problems that `entrypoints/http.py` answers by itself."""
    return frozenset(_fixed_problems(ast.parse(inspect.getsource(http))))


def _fixed_problems(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id="_problem"), args=[ast.Attribute(value=ast.Name(id="Code"), attr=name), *_]
            ):
                yield int(STATUSES[Code[name]]), str(Code[name])


def _codes_within(start: FunctionType) -> frozenset[Code]:
    codes: set[Code] = set()
    seen: set[FunctionType] = set()
    waiting = [start]
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        for node in ast.walk(_tree(function)):
            match node:
                case ast.Attribute(value=ast.Name(id="Code"), attr=name):
                    codes.add(Code[name])
                case ast.Name(id=OutcomeUnknown.__name__):
                    codes.add(Code.PROVIDER_UNAVAILABLE)
                case ast.Attribute(value=ast.Name(id=owner), attr=name) if isinstance(
                    module := function.__globals__.get(owner), ModuleType
                ):
                    waiting += _ours(getattr(module, name, None))
                case ast.Attribute(attr=name):
                    waiting += _methods().get(name, [])
                case ast.Name(id=name):
                    waiting += _ours(function.__globals__.get(name))
    return frozenset(codes)


@cache
def _tree(function: FunctionType) -> ast.AST:
    """The function without its decorators, which lead back to the edge."""
    module = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    return module


def _ours(value: object) -> list[FunctionType]:
    plain = inspect.unwrap(value) if callable(value) else value
    if isinstance(plain, FunctionType) and plain.__code__.co_filename.startswith(_PLACES):
        return [plain]
    return []


@cache
def _methods() -> Mapping[str, list[FunctionType]]:
    """The methods and properties of the package's classes, by name; the edge is left to the table of routes."""
    methods: dict[str, list[FunctionType]] = defaultdict(list)
    for module in pkgutil.walk_packages(aftersales.__path__, "aftersales."):
        for _, owner in inspect.getmembers(import_module(module.name), inspect.isclass):
            if owner.__module__ == module.name and owner is not http.Api:
                for name, member in vars(owner).items():
                    methods[name] += _ours(_function_behind(member))
    return methods


def _function_behind(member: Any) -> Callable[..., Any] | None:
    if isinstance(member, property):
        return member.fget
    return getattr(member, "__func__", member) if callable(member) else None


_PLACES = (*aftersales.__path__, str(function_module("public_api").__file__).rsplit("/", 2)[0])
