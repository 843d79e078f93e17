"""What is replaced in this process while a world runs: the time, sleeping, chance, sessions, the provider's line, the
output. Everything else is the code that is deployed."""

import gc
import logging
import os
import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from io import TextIOBase
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch

import stripe
from easypost.easypost_client import EasyPostClient

from aftersales.adapters import easypost_carriers, items
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.logs import logger
from tests.simulation.fakes import wire
from tests.simulation.fakes.carriers import Line
from tests.simulation.fakes.provider import Wire
from tests.simulation.world import ENVIRONMENT, World


class _Now:
    """The world that is there now."""

    world: ClassVar[World]


class _Client:
    """A service's client: each method is a call to whichever world is there."""

    def __init__(self, service: str) -> None:
        self._service = service

    def get_paginator(self, operation: str) -> Any:
        """All of it in one page."""
        return SimpleNamespace(paginate=lambda **request: iter([getattr(self, operation)(**request)]))

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        service = self._service

        def call(*args: Any, **request: Any) -> Any:
            if args:
                request |= dict(zip(("Bucket", "Key"), args, strict=True))
            return _Now.world.call(service, operation, request)

        setattr(self, operation, call)
        return call


class _Session:
    """boto3's session, as far as `bootstrap` uses it."""

    def client(self, service: str, config: Any) -> _Client:
        return _Client(service)


class _Output(TextIOBase):
    """Where logs and metrics go: read for what must not be in them, and thrown away."""

    def write(self, text: str) -> int:
        _Now.world.hear_log(text)
        return len(text)


def _sleep(seconds: float) -> None:
    """Sleeping workers let the others go on."""
    scheduler = _Now.world.scheduler
    if scheduler.current in scheduler.racers:
        scheduler.give_way()
    elif scheduler.current:
        scheduler.sleep(max(1, int(seconds * 1000)))


@cache
def _prepare() -> None:
    """Once a process: what functions are told, where logs go, and no looking through what stays anyway, nor often
    through what is gone with its world soon."""
    os.environ |= {
        "POWERTOOLS_SERVICE_NAME": "aftersales",
        "POWERTOOLS_METRICS_NAMESPACE": "Aftersales",
        **ENVIRONMENT,
    }
    for handler in logger.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(_Output())
    gc.collect()
    gc.freeze()
    gc.set_threshold(400_000)


@contextmanager
def running(world: World) -> Iterator[None]:
    """This process belongs to that world."""
    _prepare()
    _Now.world = world

    def token_hex(size: int) -> str:
        world.made_up += 1
        return f"{world.made_up:0{2 * size}x}"

    seen: dict[int, tuple[Any, items.Item]] = {}

    def plain_once(row: Any) -> items.Item:
        """Rows are never changed in place, and the desk changes nothing of what it reads."""
        if id(row) not in seen:
            seen[id(row)] = row, plain(row)
        return seen[id(row)][1]

    made: dict[tuple[type, int], tuple[Any, Any]] = {}

    def read_once(type_: type, row: items.Item) -> Any:
        """So what they are read as is the same again."""
        if (type_, id(row)) not in made:
            made[type_, id(row)] = row, read(type_, row)
        return made[type_, id(row)][1]

    factories = [one for one in vars(bootstrap).values() if hasattr(one, "cache_clear")]
    line = Wire(lambda operation, **request: _Now.world.call("stripe", operation, request))
    road = Line(lambda operation, **request: _Now.world.call("easypost", operation, request))

    def easypost(api_key: str, *_: Any) -> EasyPostClient:
        client = client_of(api_key)
        client._requests_session.mount("https://api.easypost.com", road)
        client._requests_session.trust_env = False
        return client

    plain, read, client_of = items.plain, items.read, easypost_carriers.easypost_client
    random.seed(0)
    # Lines of what goes well are all alike: one schedule in four writes and reads them. What fails is always heard.
    logger.setLevel(logging.ERROR if world.choose(4, "no lines") else logging.INFO)
    with ExitStack() as stack:
        for owner, name, value in (
            (time, "time", lambda: world.clock() / 1000),
            (time, "time_ns", lambda: world.clock() * 1_000_000),
            (time, "monotonic", lambda: world.now / 1000),
            (time, "sleep", _sleep),
            (secrets, "token_hex", token_hex),
            (stripe, "RequestsClient", lambda **_: line),
            (easypost_carriers, "easypost_client", easypost),
            (bootstrap, "_session", _Session),
            (sys, "stdout", _Output()),
            # Only for speed; what they do is the same.
            (items, "read", read_once),
            (items, "_serialize", wire.write),
            (items, "_deserialize", wire.read),
            (items, "_numbers", lambda value: value),
            (items, "plain", plain_once),
        ):
            stack.enter_context(patch.object(owner, name, value))
        for factory in factories:
            factory.cache_clear()
        try:
            yield
        finally:
            world.scheduler.abandon()
            # Whoever logs in this process after this world is heard again.
            logger.setLevel(logging.INFO)
            for factory in factories:
                factory.cache_clear()
