"""A running local stack, as tools and the tests over HTTP see it: people who sign in and call the API."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import httpx
from stripe import StripeClient

from tools.local_stack.users import PASSWORD
from tools.payment_sandbox.pay import pay

STACK_FILE = Path(__file__).parent.parent / ".local" / "stack.json"
_GROUPS = {
    "buyer": "buyers",
    "seller": "sellers",
    "reviewer": "reviewers",
    "platform": "platform",
    "operator": "operators",
}
FINAL = ("completed", "cancelled", "closed_declined")


@dataclass(frozen=True)
class Person:
    """Somebody signed in: calls the API with their ID token."""

    role: str
    party_id: str
    http: httpx.Client

    def get(self, path: str, **params: Any) -> httpx.Response:
        """GET below the stage."""
        return self.http.get(path.lstrip("/"), params=params or None)

    def put(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """PUT below the stage."""
        return self.http.put(path.lstrip("/"), json=body)

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """POST with an Idempotency-Key of its own unless one is given."""
        sent = {"Idempotency-Key": key or str(uuid4())} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.http.post(path.lstrip("/"), json=body or {}, headers=sent)

    def delete(self, path: str) -> httpx.Response:
        """DELETE below the stage."""
        return self.http.delete(path.lstrip("/"))


class Stack:
    """The stack that `make up` left running, as `.local/stack.json` describes it."""

    def __init__(self, file: Path = STACK_FILE) -> None:
        if not file.exists():
            raise SystemExit("No local stack is running. Start one with `make up`.")
        self.facts: dict[str, Any] = json.loads(file.read_text("utf-8"))
        self.api_url: str = self.facts["api_url"]
        self.payments_url: str = self.facts["payments_url"]
        self._people: dict[tuple[str, str], Person] = {}

    @cached_property
    def anyone(self) -> Person:
        """Somebody without a token."""
        return Person("anyone", "", self._http({}))

    def client(self, service: str) -> Any:
        """An AWS client of the engine, with the deployer's rights."""
        return _client(service, self.facts["endpoint_url"], self.facts["region"])

    def person(self, role: str, party_id: str | None = None) -> Person:
        """Sign in as the first user of a role, or as any party; one who has no user yet is given one."""
        party = party_id or next(user["party_id"] for user in self.facts["users"] if user["role"] == role)
        if (role, party) not in self._people:
            token = self.id_token(role, party)
            self._people[role, party] = Person(role, party, self._http({"Authorization": f"Bearer {token}"}))
        return self._people[role, party]

    def id_token(self, role: str, party_id: str) -> str:
        """The ID token of a party, whose user is made where it is missing."""
        return str(self._tokens(role, party_id)["IdToken"])

    def access_token(self, role: str, party_id: str) -> str:
        """The access token, which is not meant for the API."""
        return str(self._tokens(role, party_id)["AccessToken"])

    def pay(self, amount: int, currency: str, method: str = "pm_card_visa") -> str:
        """Make a payment in the sandbox; answers its reference."""
        return pay(self._stripe, amount, currency, method)

    def sandbox(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A call of the sandbox's control plane."""
        answer = httpx.request(method, f"{self.payments_url}/_sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def refunds_at_provider(self, payment: str | None = None) -> list[dict[str, Any]]:
        """Every refund the provider has, or those of one payment."""
        answer = self.sandbox("GET", "refunds")
        refunds: list[dict[str, Any]] = answer["refunds"] if isinstance(answer, dict) else answer
        return [one for one in refunds if payment in (None, one["payment_intent"])]

    def mails(self, address: str) -> list[dict[str, Any]]:
        """What was mailed to an address, oldest first."""
        answer = httpx.get(f"{self.facts['endpoint_url']}/_ministack/ses/messages", timeout=10).json()
        sent = [mail for account in answer["messages"].values() for mail in account]
        return [mail for mail in sent if address in str(mail["To"])]

    def execution(self, name: str) -> dict[str, Any]:
        """The execution of that name: its status and the names of the states it entered."""
        arn = self.facts["state_machine_arn"].replace(":stateMachine:", ":execution:") + f":{name}"
        workflow = self.client("stepfunctions")
        description = workflow.describe_execution(executionArn=arn)
        pages = workflow.get_paginator("get_execution_history").paginate(executionArn=arn)
        entered = [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]
        return {"arn": arn, "status": description["status"], "states": entered}

    def move_deadline(self, case_id: str, at: int) -> None:
        """Move a case's clock by data: `at` is epoch milliseconds."""
        self.client("dynamodb").update_item(
            TableName=self.facts["cases_table"],
            Key={"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": "CASE"}},
            UpdateExpression="SET deadline_at = :at",
            ConditionExpression="attribute_exists(deadline_at)",
            ExpressionAttributeValues={":at": {"N": str(at)}},
        )

    def sweep(self, which: str = "sweep_deadlines") -> None:
        """Run a sweep now instead of at the next minute."""
        self.client("lambda").invoke(FunctionName=self.facts[f"{which}_function"], Payload=b"{}")

    def _tokens(self, role: str, party_id: str) -> dict[str, Any]:
        cognito = self.client("cognito-idp")
        username = f"{party_id}@example.com"
        known = {user["username"] for user in self.facts["users"]}
        if username not in known:
            self._make_user(username, role, party_id)
        answer = cognito.initiate_auth(
            ClientId=self.facts["client_id"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )
        tokens: dict[str, Any] = answer["AuthenticationResult"]
        return tokens

    def _make_user(self, username: str, role: str, party_id: str) -> None:
        cognito = self.client("cognito-idp")
        pool = self.facts["user_pool_id"]
        try:
            cognito.admin_create_user(
                UserPoolId=pool,
                Username=username,
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": "email", "Value": username},
                    {"Name": "email_verified", "Value": "true"},
                    {"Name": "custom:party_id", "Value": party_id},
                ],
            )
        except cognito.exceptions.UsernameExistsException:
            return
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName=_GROUPS[role])
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=username, Password=PASSWORD, Permanent=True
        )

    def _http(self, headers: Mapping[str, str]) -> httpx.Client:
        return httpx.Client(base_url=self.api_url, headers=dict(headers), timeout=60)

    @cached_property
    def _stripe(self) -> StripeClient:
        return StripeClient("sk_test_local", base_addresses={"api": self.payments_url}, max_network_retries=2)


def wait_for[T](look: Callable[[], T | None], what: str, seconds: float = 30) -> T:
    """Look until there is something to see; says what was waited for where it never came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.05)
    raise TimeoutError(f"Waited {seconds:.0f} s for {what}.")


@cache
def _client(service: str, endpoint_url: str, region: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
