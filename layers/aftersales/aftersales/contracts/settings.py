"""What a function is told by its environment."""

import os


class Setting:
    """One environment variable, read when it is asked for: each function is given only those that it uses."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> str:
        """Its value; a missing one is named."""
        try:
            return os.environ[self.name]
        except KeyError:
            raise LookupError(f"The environment variable {self.name} is not set.") from None


ORDERS_TABLE = Setting("ORDERS_TABLE")
CASES_TABLE = Setting("CASES_TABLE")
FEEDBACK_TABLE = Setting("FEEDBACK_TABLE")
STOCK_TABLE = Setting("STOCK_TABLE")
IDEMPOTENCY_TABLE = Setting("IDEMPOTENCY_TABLE")
EVIDENCE_BUCKET = Setting("EVIDENCE_BUCKET")
NOTICES_TOPIC_ARN = Setting("NOTICES_TOPIC_ARN")
ALERT_DEAD_LETTERS_ARN = Setting("ALERT_DEAD_LETTERS_ARN")
STATE_MACHINE_ARN = Setting("STATE_MACHINE_ARN")
STRIPE_SECRET_ARN = Setting("STRIPE_SECRET_ARN")
STRIPE_API_BASE = Setting("STRIPE_API_BASE")
STRIPE_LIVEMODE = Setting("STRIPE_LIVEMODE")
EASYPOST_SECRET_ARN = Setting("EASYPOST_SECRET_ARN")
EASYPOST_API_BASE = Setting("EASYPOST_API_BASE")
EASYPOST_LIVEMODE = Setting("EASYPOST_LIVEMODE")
MAIL_SENDER = Setting("MAIL_SENDER")
ALARMS_TOPIC_ARN = Setting("ALARMS_TOPIC_ARN")
EXPORT_BUCKET = Setting("EXPORT_BUCKET")
FEEDBACK_TABLE_ARN = Setting("FEEDBACK_TABLE_ARN")
CASES_TABLE_ARN = Setting("CASES_TABLE_ARN")
