"""One label is kept of an order, whoever bought how many."""

from aftersales.domain.label import SpareLabel
from aftersales.usecases.ports import Carriers


def void_spare_labels(
    carriers: Carriers, shipment_id: str, since: int, kept: str | None
) -> tuple[SpareLabel, ...]:
    """Give back what was bought for the order of that id beside the label that its case keeps (`kept`, its id there),
    if it keeps one.

    Two workers that asked the carrier at the same time may both have bought, and only the conditional write of the
    case decides which label counts. So nothing is given back before that write, and whoever looks after it finds all.
    Repeatable. Raises `OutcomeUnknown`.
    """
    return tuple(
        SpareLabel(label=label, void=carriers.void_label(label.provider_shipment_id))
        for label in carriers.labels(shipment_id, since)
        if label.provider_shipment_id != kept
    )
