"""One label is kept of an order, whoever bought how many."""

from aftersales.domain.label import LabelOrder, SpareLabel
from aftersales.usecases.ports import Carriers


def void_spare_labels(carriers: Carriers, order: LabelOrder, kept: str) -> tuple[SpareLabel, ...]:
    """Give back what was bought for the order beside the label that its case recorded (`kept`, its id there).

    Two workers that asked the carrier at the same time may both have bought, and only the conditional write of the
    case decides which label counts. So nothing is given back before that write, and everybody who tried it does this
    after it, won or lost, also on every later run: a worker that died in between leaves its label to the next one.
    Repeatable. Raises `OutcomeUnknown`.
    """
    return tuple(
        SpareLabel(label=label, void=carriers.void_label(label.provider_shipment_id))
        for label in carriers.labels(order)
        if label.provider_shipment_id != kept
    )
