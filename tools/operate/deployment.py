"""A deployed desk: the stack on the embedded engine, or one on AWS, reached in the same way."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.adapters.dynamodb_accounts import DynamoDBAccounts
from aftersales.adapters.dynamodb_feedback import DynamoDBFeedback
from aftersales.adapters.policies import PublishedPolicies
from aftersales.entrypoints import bootstrap
from aftersales.usecases.feedback_ports import FeedbackDesk
from tools.desk import Stack
from tools.local_stack.checkout import STACK_NAME, aws_session

TOKEN_VARIABLE = "AFTERSALES_OPERATOR_TOKEN"


class Problem(Exception):
    """What an operator has to look at, in one sentence with nothing personal in it."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One stack; what it consists of is asked of CloudFormation, by the names of the template."""

    name: str
    session: boto3.Session
    endpoint_url: str | None
    find_api: Callable[["Deployment"], str]
    operator_token: Callable[[], str]

    def client(self, service: str) -> Any:
        """A client with the operator's own rights."""
        if service not in self._clients:
            make: Any = self.session.client  # typed service by service otherwise
            self._clients[service] = make(service, endpoint_url=self.endpoint_url)
        return self._clients[service]

    def resource(self, logical_id: str) -> str:
        """The name, URL or ARN of a resource of the template, as `!Ref` gives it."""
        try:
            return self._resources[logical_id]
        except KeyError:
            raise Problem(f"The stack {self.name} has no {logical_id}: it is of another version.") from None

    @cached_property
    def store(self) -> DynamoDBStore:
        """The desk's own view of its tables."""
        return DynamoDBStore(
            self.client("dynamodb"),
            orders=self.resource("OrdersTable"),
            cases=self.resource("CasesTable"),
            feedback=self.resource("FeedbackTable"),
            idempotency=self.resource("IdempotencyTable"),
        )

    @cached_property
    def accounts(self) -> DynamoDBAccounts:
        """The sellers' accounts."""
        return DynamoDBAccounts(self.client("dynamodb"), cases=self.resource("CasesTable"))

    @cached_property
    def feedback_desk(self) -> FeedbackDesk:
        """The desk's own view of feedback, with the operator's rights."""
        store = DynamoDBFeedback(
            self.client("dynamodb"),
            feedback=self.resource("FeedbackTable"),
            orders=self.resource("OrdersTable"),
            cases=self.resource("CasesTable"),
            idempotency=self.resource("IdempotencyTable"),
        )
        return FeedbackDesk(
            store=store, policies=PublishedPolicies(), now=bootstrap.now, pause=bootstrap.pause
        )

    @cached_property
    def api_url(self) -> str:
        """Where the API is, up to and with its stage."""
        return self.find_api(self)

    def output(self, name: str) -> str:
        """One of the stack's outputs."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return str(next(one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == name))

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Run a function and wait for its answer. Raises `Problem` with the kind of its error and no word of it."""
        answer = self.client("lambda").invoke(
            FunctionName=self.resource(function), Payload=json.dumps(event).encode()
        )
        said = json.loads(answer["Payload"].read() or "null")
        if "FunctionError" in answer:
            raise Problem(f"{function} failed: {said.get('errorType') or answer['FunctionError']}")
        return said

    @cached_property
    def _clients(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _resources(self) -> Mapping[str, str]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.name)
            for one in page["StackResourceSummaries"]
        }


def local(stack: Stack) -> Deployment:
    """The stack that `make up` left running; its first operator acts."""
    operator = next(user["party_id"] for user in stack.facts["users"] if user["role"] == "operator")
    return Deployment(
        name=STACK_NAME,
        session=aws_session(),
        endpoint_url=stack.facts["endpoint_url"],
        # The engine serves the API at another address than the output names.
        find_api=lambda _: stack.api_url,
        operator_token=lambda: stack.id_token("operator", operator),
    )


def on_aws(name: str, region: str | None) -> Deployment:
    """A stack of the account that the environment is signed in to."""
    return Deployment(
        name=name,
        session=boto3.Session(region_name=region),
        endpoint_url=None,
        find_api=lambda deployment: deployment.output("ApiUrl"),
        operator_token=_token_of_environment,
    )


def _token_of_environment() -> str:
    try:
        return os.environ[TOKEN_VARIABLE]
    except KeyError:
        raise Problem(f"Set {TOKEN_VARIABLE} to the ID token of somebody in the group `operators`.") from None
