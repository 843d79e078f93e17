"""``python -m tools.payment_sandbox.pay --url http://127.0.0.1:… --amount 1299 --currency BRL``

Makes paid payments and prints their references, so that orders can refer to them.

``python -m tools.payment_sandbox.pay --url http://127.0.0.1:… --client-secret pi_…_secret_…``

Pays what a case asks of its buyer, as the buyer's browser would.
"""

import argparse
from typing import Any

from stripe import StripeClient


def pay(
    client: StripeClient,
    amount: int,
    currency: str,
    method: str = "pm_card_visa",
    customer: str | None = None,
) -> str:
    """The reference of a payment; of a customer's the method is kept, and can be charged again."""
    kept: dict[str, Any] = {"customer": customer} if customer else {}
    payment = client.v1.payment_intents.create(
        {
            **kept,  # type: ignore[typeddict-item]  # a key of the type, or none
            "amount": amount,
            "currency": currency.lower(),
            "payment_method": method,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "confirm": True,
        }
    )
    return payment.id


def pay_with(client: StripeClient, client_secret: str, method: str = "pm_card_visa") -> str:
    """What becomes of the payment; a browser does the same with a publishable key and the secret."""
    reference = client_secret.partition("_secret_")[0]
    return client.v1.payment_intents.confirm(reference, {"payment_method": method}).status


def main() -> None:
    parser = argparse.ArgumentParser(prog="payment_sandbox.pay", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--client-secret", help="pay what is asked with it, instead of a payment of its own")
    parser.add_argument("--amount", type=int, help="in the currency's minor unit")
    parser.add_argument("--currency")
    parser.add_argument(
        "--method",
        default="pm_card_visa",
        help="also pm_card_pendingRefund, pm_card_refundFail, pm_card_chargeDeclined",
    )
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()

    client = StripeClient("sk_test_sandbox", base_addresses={"api": options.url}, max_network_retries=2)
    if options.client_secret:
        print(pay_with(client, options.client_secret, options.method))
        return
    if options.amount is None or options.currency is None:
        parser.error("a payment of its own needs --amount and --currency")
    for _ in range(options.count):
        print(pay(client, options.amount, options.currency, options.method))


if __name__ == "__main__":
    main()
