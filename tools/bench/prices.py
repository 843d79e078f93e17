"""Public list prices of us-east-1 in dollars, without any free tier, and what is assumed beside them."""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for so many of a thing, with the day it was noted and the page it stands on."""

    dollars: float
    per: float
    noted: str
    page: str

    def of(self, quantity: float) -> float:
        """Dollars for a quantity."""
        return quantity * self.dollars / self.per


@dataclass(frozen=True, slots=True, kw_only=True)
class StateBound:
    """How many states one kind of case may enter, and what that is compared with."""

    most: int
    least: int | None = None
    sample_style: int | None = None


_MILLION = 1_000_000
_NOTED = "2026-11-23"

# Counted "each time a step of your workflow is executed": the states that were entered, retries included.
STATE_TRANSITIONS = Price(0.025, 1_000, _NOTED, "https://aws.amazon.com/step-functions/pricing/")
# Halved on 2024-11-01.
WRITE_UNITS = Price(0.625, _MILLION, _NOTED, "https://aws.amazon.com/dynamodb/pricing/on-demand/")
READ_UNITS = Price(0.125, _MILLION, _NOTED, "https://aws.amazon.com/dynamodb/pricing/on-demand/")
LAMBDA_REQUESTS = Price(0.20, _MILLION, _NOTED, "https://aws.amazon.com/lambda/pricing/")
LAMBDA_GB_SECONDS = Price(0.0000133334, 1, _NOTED, "https://aws.amazon.com/lambda/pricing/")
API_CALLS = Price(3.50, _MILLION, _NOTED, "https://aws.amazon.com/api-gateway/pricing/")
SNS_PUBLISHES = Price(0.50, _MILLION, _NOTED, "https://aws.amazon.com/sns/pricing/")
SQS_REQUESTS = Price(0.40, _MILLION, _NOTED, "https://aws.amazon.com/sqs/pricing/")
S3_PUTS = Price(0.005, 1_000, _NOTED, "https://aws.amazon.com/s3/pricing/")
S3_GETS = Price(0.0004, 1_000, _NOTED, "https://aws.amazon.com/s3/pricing/")
LOG_GIGABYTES = Price(0.50, 1, _NOTED, "https://aws.amazon.com/cloudwatch/pricing/")
METRICS_A_MONTH = Price(0.30, 1, _NOTED, "https://aws.amazon.com/cloudwatch/pricing/")
TRACES = Price(5.00, _MILLION, _NOTED, "https://aws.amazon.com/xray/pricing/")
MAILS = Price(0.10, 1_000, _NOTED, "https://aws.amazon.com/ses/pricing/")

# A function has one vCPU at 1,769 MB and its share below (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
VCPU_MEGABYTES = 1769
# CPU time of one whole processor: a warm invocation before its first call, and each AWS call; see the table of
# handlers for what this machine measures. A photo of two megapixels is decoded and encoded again.
CPU_MS_PER_INVOCATION = 1.0
CPU_MS_PER_CALL = 1.0
CPU_MS_PER_PHOTO = 250.0
# What a call waits for beside its CPU time, by service.
WAIT_MS = MappingProxyType({"dynamodb": 5.0, "states": 20.0, "sns": 20.0, "s3": 30.0, "ses": 50.0})
WAIT_MS_PROVIDER = 300.0
# One invocation in a hundred starts a new worker, whose start is billed as well
# (https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/).
COLD_SHARE, COLD_MS = 0.01, 1500.0
# A log event is its text and 26 bytes
# (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html).
LOG_EVENT_BYTES = 26
# The default sampling rule: one trace a second, and 5 % of the rest
# (https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html).
RESERVOIR, SAMPLED_REST = 1.0, 0.05
# How fast the thousand cases come.
CASES_A_SECOND = MappingProxyType({"a minute": 1000 / 60, "an hour": 1000 / 3600, "a day": 1000 / 86400})
USUAL_PACE = "an hour"

# What a thousand policy refunds may cost without mail, and what they are compared with.
BOUND, LOWER_BOUND, SAMPLE_STYLE = 0.16, 0.087, 0.37
# How many states a case may enter; where it was worked out, the least that any machine enters, and what one in the
# style of the service samples does.
STATES = MappingProxyType(
    {
        "policy refund": StateBound(most=6),
        "seller refund": StateBound(most=8),
        "plain return": StateBound(most=10, least=5, sample_style=18),
        "even exchange": StateBound(most=12, least=6, sample_style=23),
    }
)
