"""The one place that names concrete adapters.

Everything is made when it is first asked for and kept for the life of the worker: one session for all clients,
and a provider's SDK only in the functions that call it.
"""

import json
import os
import random
import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from aftersales.adapters.dynamodb import DynamoDBStore
from aftersales.adapters.policies import PublishedPolicies
from aftersales.contracts import settings
from aftersales.usecases.ports import Carriers, Desk, Payments

if TYPE_CHECKING:
    from stripe import StripeClient

    from aftersales.adapters.comprehend import ComprehendSentiment
    from aftersales.adapters.dynamodb_accounts import DynamoDBAccounts
    from aftersales.adapters.dynamodb_feedback import DynamoDBFeedback
    from aftersales.adapters.dynamodb_stock import DynamoDBStock
    from aftersales.adapters.easypost_carriers import EasyPostEvents
    from aftersales.adapters.s3_evidence import S3EvidenceFiles
    from aftersales.adapters.s3_exports import S3Exports
    from aftersales.adapters.ses import SesMailer
    from aftersales.adapters.sns import SnsAlarms, SnsNotices, SnsSubscriptions
    from aftersales.adapters.stepfunctions import StepFunctionsWorkflow
    from aftersales.adapters.stripe_charges import StripeCharges
    from aftersales.adapters.stripe_payments import StripeEvents
    from aftersales.usecases.feedback_ports import FeedbackDesk

# A rotated secret is noticed within this time; both the old and the new webhook secret count until then.
_SECRET_SECONDS = 300

# Request parameters are built by our own adapters and tested; checking them again costs a tenth of each call.
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 4},
    connect_timeout=2,
    read_timeout=10,
    parameter_validation=False,
)
# Presigned forms must be signed with version 4, the only one that every region and KMS accept.
# Regions opened since 2019 answer only under the bucket's own regional name; the embedded engine only under a path.
_S3_CONFIG = _CONFIG.merge(
    Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if os.environ.get("AWS_ENDPOINT_URL") else "virtual"},
    )
)


def now() -> int:
    """The time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def pause(n: int) -> None:
    """Wait before the n-th new try, up to a fifth of a second, at random so that rivals drift apart."""
    time.sleep(random.uniform(0, min(0.2, 0.01 * 2**n)))  # noqa: S311 - jitter, not a secret


@cache
def client(service: Any) -> Any:
    """A client of the worker's only session."""
    return _session().client(service, config=_S3_CONFIG if service == "s3" else _CONFIG)


@cache
def desk() -> Desk:
    """Store, policies and clock."""
    return Desk(store=store(), policies=PublishedPolicies(), now=now, pause=pause)


@cache
def store() -> DynamoDBStore:
    """The tables."""
    return DynamoDBStore(
        client("dynamodb"),
        orders=settings.ORDERS_TABLE(),
        cases=settings.CASES_TABLE(),
        feedback=settings.FEEDBACK_TABLE(),
        idempotency=settings.IDEMPOTENCY_TABLE(),
    )


@cache
def accounts() -> "DynamoDBAccounts":
    """The sellers' accounts."""
    from aftersales.adapters.dynamodb_accounts import DynamoDBAccounts

    return DynamoDBAccounts(client("dynamodb"), cases=settings.CASES_TABLE())


@cache
def feedback_desk() -> "FeedbackDesk":
    """The store of feedback, policies and clock."""
    from aftersales.usecases.feedback_ports import FeedbackDesk

    return FeedbackDesk(store=feedback_store(), policies=PublishedPolicies(), now=now, pause=pause)


@cache
def feedback_store() -> "DynamoDBFeedback":
    """The table of feedback, and those that it looks at."""
    from aftersales.adapters.dynamodb_feedback import DynamoDBFeedback

    return DynamoDBFeedback(
        client("dynamodb"),
        feedback=settings.FEEDBACK_TABLE(),
        orders=settings.ORDERS_TABLE(),
        cases=settings.CASES_TABLE(),
        idempotency=settings.IDEMPOTENCY_TABLE(),
    )


@cache
def stock() -> "DynamoDBStock":
    """The desk's own stock; a platform's inventory would stand here instead."""
    from aftersales.adapters.dynamodb_stock import DynamoDBStock

    return DynamoDBStock(client("dynamodb"), settings.STOCK_TABLE(), now, pause)


@cache
def workflow() -> "StepFunctionsWorkflow":
    """The state machine; functions that only answer a token are not told its ARN."""
    from aftersales.adapters.stepfunctions import StepFunctionsWorkflow

    return StepFunctionsWorkflow(client("stepfunctions"), settings.STATE_MACHINE_ARN)


@cache
def payments() -> Payments:
    """Stripe and store credit."""
    from aftersales.adapters.payments import PaymentsByProvider
    from aftersales.adapters.store_credit import StoreCredit
    from aftersales.adapters.stripe_payments import StripePayments

    return PaymentsByProvider(
        {
            "stripe": StripePayments(_stripe()),
            "store_credit": StoreCredit(client("dynamodb"), settings.ORDERS_TABLE(), now),
        }
    )


@cache
def charges() -> "StripeCharges":
    """What is taken from buyers, through Stripe."""
    from aftersales.adapters.stripe_charges import StripeCharges

    return StripeCharges(_stripe(), now)


@cache
def provider_events() -> "StripeEvents":
    """Stripe's signed events."""
    from aftersales.adapters.stripe_payments import StripeEvents

    return StripeEvents(
        lambda: tuple(_stripe_secret(_secret_age())["webhook_secrets"]),
        livemode=settings.STRIPE_LIVEMODE() == "true",
    )


@cache
def carriers() -> Carriers:
    """EasyPost."""
    from aftersales.adapters.easypost_carriers import EasyPostCarriers, easypost_client

    return EasyPostCarriers(
        easypost_client(_easypost_secret(_secret_age())["api_key"], settings.EASYPOST_API_BASE())
    )


@cache
def carrier_events() -> "EasyPostEvents":
    """EasyPost's signed events."""
    from aftersales.adapters.easypost_carriers import EasyPostEvents

    return EasyPostEvents(
        lambda: tuple(_easypost_secret(_secret_age())["webhook_secrets"]),
        livemode=settings.EASYPOST_LIVEMODE() == "true",
    )


@cache
def evidence_files() -> "S3EvidenceFiles":
    """The bucket of evidence."""
    from aftersales.adapters.s3_evidence import S3EvidenceFiles

    return S3EvidenceFiles(client("s3"), settings.EVIDENCE_BUCKET())


@cache
def exports() -> "S3Exports":
    """The tables that are exported, and the bucket of it."""
    from aftersales.adapters.s3_exports import S3Exports

    tables = {"feedback": settings.FEEDBACK_TABLE_ARN(), "cases": settings.CASES_TABLE_ARN()}
    return S3Exports(client("dynamodb"), client("s3"), settings.EXPORT_BUCKET(), tables)


@cache
def notices() -> "SnsNotices":
    """The topic of notices."""
    from aftersales.adapters.sns import SnsNotices

    return SnsNotices(client("sns"), settings.NOTICES_TOPIC_ARN())


@cache
def alarms() -> "SnsAlarms":
    """The topic of alarms."""
    from aftersales.adapters.sns import SnsAlarms

    return SnsAlarms(client("sns"), settings.ALARMS_TOPIC_ARN())


@cache
def subscriptions() -> "SnsSubscriptions":
    """The sellers' channels."""
    from aftersales.adapters.sns import SnsSubscriptions

    return SnsSubscriptions(
        client("sns"),
        client("dynamodb"),
        topic_arn=settings.NOTICES_TOPIC_ARN(),
        dead_letters_arn=settings.ALERT_DEAD_LETTERS_ARN(),
        table=settings.CASES_TABLE(),
    )


@cache
def comment_reader() -> "ComprehendSentiment":
    """Amazon Comprehend."""
    from aftersales.adapters.comprehend import ComprehendSentiment

    return ComprehendSentiment(client("comprehend"))


@cache
def mailer() -> "SesMailer":
    """Mail to buyers."""
    from aftersales.adapters.ses import SesMailer

    return SesMailer(client("sesv2"), settings.MAIL_SENDER())


@cache
def _stripe() -> "StripeClient":
    from stripe import RequestsClient, StripeClient

    base = settings.STRIPE_API_BASE()
    return StripeClient(
        _stripe_secret(_secret_age())["api_key"],
        max_network_retries=0,
        # Well below the function's own 60 s, so that a provider that hangs is an unknown outcome and no dead worker.
        http_client=RequestsClient(timeout=10),
        base_addresses={"api": base} if base else {},
    )


@cache
def _session() -> boto3.Session:
    return boto3.Session()


def _secret_age() -> int:
    return int(time.monotonic() // _SECRET_SECONDS)


@lru_cache(maxsize=1)
def _stripe_secret(_age: int) -> dict[str, Any]:
    """`{"api_key": "sk_...", "webhook_secrets": ["whsec_..."]}`; read again when its age changes."""
    return _secret(settings.STRIPE_SECRET_ARN())


@lru_cache(maxsize=1)
def _easypost_secret(_age: int) -> dict[str, Any]:
    """`{"api_key": "EZAK...", "webhook_secrets": ["..."]}`; read again when its age changes."""
    return _secret(settings.EASYPOST_SECRET_ARN())


def _secret(arn: str) -> dict[str, Any]:
    answer = client("secretsmanager").get_secret_value(SecretId=arn)
    secret: dict[str, Any] = json.loads(answer["SecretString"])
    return secret
