"""`sam deploy` as on AWS, pointed at the engine."""

import hashlib
import json
import re
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from tools.local_stack.build import fingerprint_of_build
from tools.local_stack.checkout import REGION, ROOT_KEY, STACK_NAME, Checkout, architecture, aws_session


def parameters(
    payments_url: str, webhook_secret: str, carriers_url: str, carriers_secret: str
) -> dict[str, str]:
    """The template's parameters, where they differ from a deployment to AWS."""
    return {
        "Architecture": architecture(),
        "StripeApiKey": "sk_test_local",
        "StripeApiBase": payments_url,
        "StripeWebhookSecret": webhook_secret,
        "EasyPostApiKey": "EZTKlocal",
        "EasyPostApiBase": carriers_url,
        "EasyPostWebhookSecret": carriers_secret,
    }


def deploy(checkout: Checkout, endpoint_url: str, values: dict[str, str]) -> bool:
    """Bring the stack to this build and these parameters; whether there was work.

    The stack itself carries the fingerprint of what it was deployed from, so that no file of ours
    can claim what an engine started anew has long forgotten.
    """
    content = json.dumps([fingerprint_of_build(checkout), values], sort_keys=True)
    tag = {"Key": "fingerprint", "Value": hashlib.sha256(content.encode()).hexdigest()}
    stack = _describe(endpoint_url)
    if stack and stack["StackStatus"] == "ROLLBACK_COMPLETE":
        # Its creation failed: it cannot be updated, and nothing in it is worth keeping.
        _cloudformation(endpoint_url).delete_stack(StackName=STACK_NAME)
    elif stack and stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE") and tag in stack["Tags"]:
        return False
    checkout.sam(
        "deploy",
        checkout.build_dir / "template.yaml",
        *("--tags", f"{tag['Key']}={tag['Value']}"),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in values.items())),
        AWS_ENDPOINT_URL=endpoint_url,
        AWS_DEFAULT_REGION=REGION,
        AWS_ACCESS_KEY_ID=ROOT_KEY,
        AWS_SECRET_ACCESS_KEY=ROOT_KEY,
        SAM_CLI_POLL_DELAY="0.2",
    )
    return True


def outputs(endpoint_url: str) -> dict[str, str]:
    """The stack's outputs by name; none before it is deployed."""
    stack = _describe(endpoint_url)
    return {output["OutputKey"]: output["OutputValue"] for output in (stack or {}).get("Outputs", [])}


def local_api_url(endpoint_url: str, api_url: str) -> str:
    """Where the engine serves the API that AWS would serve at `https://<id>.execute-api.…/<stage>`."""
    parts = urlsplit(api_url)
    return f"{endpoint_url}/_aws/execute-api/{parts.netloc.split('.')[0]}{parts.path.rstrip('/')}"


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _cloudformation(endpoint_url: str) -> Any:
    return aws_session().client("cloudformation", endpoint_url=endpoint_url)


def _describe(endpoint_url: str) -> dict[str, Any] | None:
    try:
        stacks: list[dict[str, Any]] = _cloudformation(endpoint_url).describe_stacks(StackName=STACK_NAME)[
            "Stacks"
        ]
    except ClientError as error:
        # What CloudFormation says of a stack that does not exist.
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return stacks[0]
