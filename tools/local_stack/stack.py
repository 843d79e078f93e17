"""Bring the whole local stack up, take it down, say how it stands."""

import fcntl
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from tools.local_stack import build, deploy, engine, users
from tools.local_stack.checkout import REGION, Checkout, Problem
from tools.local_stack.daemon import Daemon
from tools.local_stack.sandboxes import CARRIERS, PAYMENTS
from tools.local_stack.steps import Steps

ANSWERS_WITHIN_SECONDS = 60


def up(checkout: Checkout, steps: Steps) -> None:
    """Idempotent: starts, builds and deploys what is missing or has changed, and nothing else."""
    checkout.require_tools()
    with _one_at_a_time(checkout), ThreadPoolExecutor() as pool:
        if not is_up(checkout):
            checkout.stack_file.unlink(missing_ok=True)  # it names ports that nobody answers
        built = pool.submit(_build, checkout, steps)
        with steps.step("engine") as remarks:
            aws = engine.start(checkout)
            remarks.append(aws.url)
        with steps.step("payment sandbox") as remarks:
            payments = PAYMENTS.start(checkout)
            remarks.append(payments.url)
        with steps.step("carrier sandbox") as remarks:
            carriers = CARRIERS.start(checkout)
            remarks.append(carriers.url)
        built.result()

        with steps.step("deploy") as remarks:
            secret = PAYMENTS.webhook_secret(checkout)
            carriers_secret = CARRIERS.webhook_secret(checkout)
            values = deploy.parameters(payments.url, secret, carriers.url, carriers_secret)
            changed = deploy.deploy(checkout, aws.url, values)
            outputs = deploy.outputs(aws.url)
            remarks.append("changed" if changed else "unchanged")
        api_url = deploy.local_api_url(aws.url, outputs["ApiUrl"])
        with steps.step("users"):
            users.create_users(aws.url, outputs["UserPoolId"])
        with steps.step("first answer") as remarks:
            PAYMENTS.send_webhooks_to(payments, api_url)
            CARRIERS.send_webhooks_to(carriers, api_url)
            _wait_for_health(api_url)
            remarks.append(api_url)

        stack = {
            **{deploy.snake_case(name): value for name, value in outputs.items()},
            "api_url": api_url,
            "endpoint_url": aws.url,
            "region": REGION,
            "user_pool_id": outputs["UserPoolId"],
            "client_id": outputs["UserPoolClientId"],
            "users": list(users.as_listed()),
            "payments_url": payments.url,
            "webhook_secret": secret,
            "carriers_url": carriers.url,
            "carriers_webhook_secret": carriers_secret,
        }
        checkout.stack_file.write_text(json.dumps(stack, indent=2) + "\n")


def build_ahead(checkout: Checkout, steps: Steps) -> None:
    """What `up` would build, so that it finds it there."""
    checkout.require_tools()
    with _one_at_a_time(checkout):
        _build(checkout, steps)


def down(checkout: Checkout, steps: Steps) -> None:
    """Stop what `up` started in this checkout. The build stays, so the next `up` is quick."""
    with _one_at_a_time(checkout):
        for daemon in reversed(daemons(checkout)):
            with steps.step(daemon.name) as remarks:
                remarks.append("stopped" if daemon.stop() else "was not running")
        checkout.stack_file.unlink(missing_ok=True)


def is_up(checkout: Checkout) -> bool:
    return checkout.stack_file.exists() and all(daemon.running() for daemon in daemons(checkout))


def daemons(checkout: Checkout) -> list[Daemon]:
    """What runs while the stack is up, in the order in which it starts."""
    return [engine.engine(checkout), PAYMENTS.daemon(checkout), CARRIERS.daemon(checkout)]


def _build(checkout: Checkout, steps: Steps) -> None:
    with steps.step("build") as remarks:
        remarks.append("changed" if build.build(checkout) else "unchanged")


def _wait_for_health(api_url: str) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN_SECONDS
    while True:
        response = httpx.get(f"{api_url}/health", timeout=ANSWERS_WITHIN_SECONDS, trust_env=False)
        if response.status_code == httpx.codes.OK:
            return
        if time.monotonic() > deadline:
            raise Problem(f"{api_url}/health answers {response.status_code}: {response.text[:500]}")
        time.sleep(0.5)


@contextmanager
def _one_at_a_time(checkout: Checkout) -> Iterator[None]:
    checkout.home.mkdir(exist_ok=True)
    with (checkout.home / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
