"""Which provider pays a part back: the one that took it."""

from collections.abc import Iterable, Mapping

from aftersales.domain.order import Payment
from aftersales.domain.refund import Attempt, ProviderRefund
from aftersales.usecases.ports import Payments, PaymentStatement


class PaymentsByProvider:
    """The `Payments` port over several providers, by the name that the payment carries."""

    def __init__(self, providers: Mapping[str, Payments]) -> None:
        self._providers = providers

    def refund(self, attempt: Attempt) -> ProviderRefund:
        """Ask the payment's own provider."""
        return self._providers[attempt.provider].refund(attempt)

    def find(self, attempt: Attempt) -> ProviderRefund | None:
        """Ask the payment's own provider."""
        return self._providers[attempt.provider].find(attempt)

    def statement(self, payment: Payment, currency: str, attempts: Iterable[Attempt]) -> PaymentStatement:
        """Ask the payment's own provider."""
        return self._providers[payment.provider].statement(payment, currency, attempts)

    def changed(self, since: int) -> Iterable[tuple[str, str]]:
        """Ask all of them."""
        for provider in self._providers.values():
            yield from provider.changed(since)
