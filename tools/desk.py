"""A running local stack, as tools and the tests over HTTP see it: people who sign in and call the API.

``python -m tools.desk buyer buyer-1`` prints an ID token for a call by hand.
"""

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from ssl import SSLContext
from typing import Any
from uuid import uuid4

import boto3
import httpx
from botocore.config import Config
from stripe import InvalidRequestError, StripeClient

from tools.local_stack.users import PASSWORD
from tools.payment_sandbox.pay import pay, pay_with
from tools.turns import check_turns

STACK_FILE = Path(__file__).parent.parent / ".local" / "stack.json"
_GROUPS = {
    "buyer": "buyers",
    "seller": "sellers",
    "reviewer": "reviewers",
    "platform": "platform",
    "operator": "operators",
}
FINAL = ("completed", "cancelled", "expired", "closed_declined")


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

    def each(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        cursor: str | None = None
        while True:
            given = {"limit": 100} | params | ({"cursor": cursor} if cursor else {})
            answer = self.get(path, **given).raise_for_status().json()
            yield from answer["items"]
            cursor = answer["next_cursor"]
            if cursor is None:
                return


class Stack:
    """The stack that `make up` left running, as `.local/stack.json` describes it. Threads may share one."""

    def __init__(self, file: Path = STACK_FILE) -> None:
        if not file.exists():
            raise SystemExit("No local stack is running. Start one with `make up`.")
        self.facts: dict[str, Any] = json.loads(file.read_text("utf-8"))
        self.api_url: str = self.facts["api_url"]
        self.payments_url: str = self.facts["payments_url"]
        self._people: dict[tuple[str, str], Person] = {}
        self._lock = threading.RLock()

    @cached_property
    def anyone(self) -> Person:
        """Somebody without a token."""
        return Person("anyone", "", self._http({}))

    def client(self, service: str) -> Any:
        """An AWS client of the engine, with the deployer's rights."""
        with self._lock:
            return _client(service, self.facts["endpoint_url"], self.facts["region"])

    def person(self, role: str, party_id: str | None = None) -> Person:
        """Sign in as the first user of a role, or as any party; one who has no user yet is given one."""
        party = party_id or next(user["party_id"] for user in self.facts["users"] if user["role"] == role)
        with self._lock:
            if (role, party) not in self._people:
                self._people[role, party] = self.bearer(role, party, self.id_token(role, party))
            return self._people[role, party]

    def bearer(self, role: str, party_id: str, token: str) -> Person:
        """Whoever calls with this token."""
        return Person(role, party_id, self._http({"Authorization": f"Bearer {token}"}))

    def id_token(self, role: str, party_id: str) -> str:
        """The ID token of a party, whose user is made where it is missing."""
        return str(self._tokens(role, party_id)["IdToken"])

    def access_token(self, role: str, party_id: str) -> str:
        """The access token, which is not meant for the API."""
        return str(self._tokens(role, party_id)["AccessToken"])

    def pay(
        self, amount: int, currency: str, method: str = "pm_card_visa", customer: str | None = None
    ) -> str:
        """Make a payment in the sandbox; answers its reference. Of a customer's the method is kept."""
        return pay(self._stripe, amount, currency, method, customer)

    def pay_with(self, client_secret: str) -> None:
        """Pay what a case asks for, as a buyer's browser does."""
        pay_with(self._stripe, client_secret)

    def payment_state(self, reference: str) -> str:
        """Where the payment stands at its provider."""
        return str(self._stripe.v1.payment_intents.retrieve(reference).status)

    def knows_payment(self, reference: str) -> bool:
        """Whether the sandbox has this payment; one that was started anew has forgotten all."""
        try:
            self._stripe.v1.payment_intents.retrieve(reference)
        except InvalidRequestError:
            return False
        return True

    def sandbox(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A call of the sandbox's control plane."""
        answer = self._beside_aws.request(method, f"{self.payments_url}/_sandbox/{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def refunds_at_provider(self, payment: str | None = None) -> list[dict[str, Any]]:
        """Every refund the provider has, or those of one payment."""
        answer = self.sandbox("GET", "refunds")
        refunds: list[dict[str, Any]] = answer["refunds"] if isinstance(answer, dict) else answer
        return [one for one in refunds if payment in (None, one["payment_intent"])]

    def store_credits(self) -> list[dict[str, Any]]:
        """Every store credit that was given back, as its row in the orders table says."""
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.facts["orders_table"],
                FilterExpression="begins_with(pk, :credit)",
                ExpressionAttributeValues={":credit": {"S": "CREDIT#"}},
                ConsistentRead=True,
            )
        )
        rows = [row for page in pages for row in page["Items"]]
        texts = ("refund_id", "order_id", "reference", "currency")
        return [
            {name: row[name]["S"] for name in texts} | {"amount": int(row["amount"]["N"])} for row in rows
        ]

    def mails(self, address: str) -> list[dict[str, Any]]:
        """What was mailed to an address, oldest first."""
        answer = self._beside_aws.get(f"{self.facts['endpoint_url']}/_ministack/ses/messages").json()
        sent = [mail for account in answer["messages"].values() for mail in account]
        return [mail for mail in sent if address in str(mail["To"])]

    def execution(self, name: str) -> dict[str, Any]:
        """The execution of that name: its status, its output and the names of the states it entered."""
        execution = self.execution_end(name)
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        entered = [
            event["stateEnteredEventDetails"]["name"]
            for page in pages.paginate(executionArn=execution["arn"])
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]
        return execution | {"states": entered}

    def execution_end(self, name: str) -> dict[str, Any]:
        """The execution of that name without its history: its status and its output."""
        arn = self.facts["state_machine_arn"].replace(":stateMachine:", ":execution:") + f":{name}"
        description = self.client("stepfunctions").describe_execution(executionArn=arn)
        output = json.loads(description.get("output") or "null")
        return {"arn": arn, "status": description["status"], "output": output}

    def move_deadline(self, case_id: str, at: int, *, version: int | None = None) -> None:
        """Move a case's clock by data: `at` is epoch milliseconds; only at `version`, where that is given."""
        same_version = " AND version = :version" if version else ""
        self.client("dynamodb").update_item(
            TableName=self.facts["cases_table"],
            Key={"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": "CASE"}},
            UpdateExpression="SET deadline_at = :at, wakes_at = :at, due_at = :at",
            ConditionExpression=f"attribute_exists(deadline_at){same_version}",
            ExpressionAttributeValues={":at": {"N": str(at)}}
            | ({":version": {"N": str(version)}} if version else {}),
        )

    def move_errand(self, case_id: str) -> None:
        """What there is to do at a carrier's for a case is due now: as if the case had last changed years ago."""
        self.client("dynamodb").update_item(
            TableName=self.facts["cases_table"],
            Key={"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": "CASE"}},
            UpdateExpression="SET errand_at = :then, updated_at = :then",
            ConditionExpression="attribute_exists(errand)",
            ExpressionAttributeValues={":then": {"N": "0"}},
        )

    def version(self, case_id: str) -> int:
        """The version of a case from the table itself, which costs a tenth of asking the API."""
        row = self.client("dynamodb").get_item(
            TableName=self.facts["cases_table"],
            Key={"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": "CASE"}},
            ProjectionExpression="version",
            ConsistentRead=True,
        )
        return int(row["Item"]["version"]["N"])

    def sweep(self, which: str = "sweep_deadlines") -> None:
        """Run a sweep now instead of at the next minute."""
        self.client("lambda").invoke(FunctionName=self.facts[f"{which}_function"], Payload=b"{}")

    def _tokens(self, role: str, party_id: str) -> dict[str, Any]:
        """Those of a user who exists; one who does not is made and then signs in."""
        username = f"{party_id}@example.com"
        with self._lock:
            try:
                return self._sign_in(username)
            except self.client("cognito-idp").exceptions.NotAuthorizedException:
                self._make_user(username, role, party_id)
                return self._sign_in(username)

    def _sign_in(self, username: str) -> dict[str, Any]:
        answer = self.client("cognito-idp").initiate_auth(
            ClientId=self.facts["client_id"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )
        tokens: dict[str, Any] = answer["AuthenticationResult"]
        return tokens

    def _make_user(self, username: str, role: str, party_id: str) -> None:
        """The password comes last: who can sign in is complete, and who was left half made is finished."""
        cognito = self.client("cognito-idp")
        pool = self.facts["user_pool_id"]
        with suppress(cognito.exceptions.UsernameExistsException):
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
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=username, GroupName=_GROUPS[role])
        cognito.admin_set_user_password(UserPoolId=pool, Username=username, Password=PASSWORD, Permanent=True)

    def _http(self, headers: Mapping[str, str]) -> httpx.Client:
        return httpx.Client(
            base_url=self.api_url,
            headers=dict(headers),
            timeout=60,
            verify=_tls(),
            trust_env=False,
            event_hooks={"response": [_check_turns]},
        )

    @cached_property
    def _beside_aws(self) -> httpx.Client:
        """For what engine and sandboxes answer that AWS and Stripe have no words for. No connection is kept, for they
        may be started anew."""
        return httpx.Client(
            timeout=30, verify=_tls(), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    @cached_property
    def _stripe(self) -> StripeClient:
        return StripeClient("sk_test_local", base_addresses={"api": self.payments_url}, max_network_retries=2)


def wait_for[T](look: Callable[[], T | None], what: str, seconds: float = 90) -> T:
    """Look until there is something to see; says what was waited for where it never came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen = look()
        if seen:
            return seen
        time.sleep(0.05)
    raise TimeoutError(f"Waited {seconds:.0f} s for {what}.")


def upload(form: Mapping[str, Any], content: bytes) -> httpx.Response:
    """Send a file as a browser does: the fields of its upload form first, the file last."""
    file = ("photo", content, form["fields"].get("Content-Type"))
    return httpx.post(form["url"], data=form["fields"], files={"file": file}, timeout=30, verify=_tls())


def _check_turns(answer: httpx.Response) -> None:
    """No answer about a case goes by, to whatever tool or test, without a look at whose turn it says it is."""
    if answer.is_success and answer.headers.get("content-type", "").startswith("application/json"):
        answer.read()
        check_turns(json.loads(answer.content or "null"))


@cache
def _tls() -> SSLContext:
    """Loading the certificates takes 20 ms, and every person has a client."""
    return httpx.create_ssl_context()


@cache
def _client(service: str, endpoint_url: str, region: str) -> Any:
    session: Any = boto3.Session("test", "test", region_name=region)  # typed service by service otherwise
    return session.client(service, endpoint_url=endpoint_url, config=Config(max_pool_connections=50))


def main() -> None:
    """Print somebody's ID token."""
    parser = argparse.ArgumentParser(prog="python -m tools.desk", description="Sign in; print an ID token.")
    parser.add_argument("role", choices=_GROUPS)
    parser.add_argument("party_id")
    options = parser.parse_args()
    print(Stack().id_token(options.role, options.party_id))


if __name__ == "__main__":
    main()
