"""What sellers and reviewers do: decide; and the sellers' alerts."""

from aftersales.contracts.subscriptions import CHANNELS, SubscriptionView
from aftersales.domain.case import Case
from aftersales.domain.refusal import Code, Refusal, not_found
from aftersales.entrypoints import bootstrap
from aftersales.entrypoints.http import Api, Call
from aftersales.entrypoints.views import shows_case
from aftersales.usecases import act_on_case, subscribe_seller

handler = Api("seller_api", bootstrap.now)


@handler.operation
@shows_case
def decide_case(call: Call) -> Case:
    """Approve, in whole or in part, or decline."""
    return act_on_case.decide_case(
        bootstrap.desk(),
        call.case_request,
        approve=call.body.decision == "approve",
        reason_code=call.body.reason_code,
        note=call.body.note,
        amount=call.body.amount,
    )


@handler.operation
@shows_case
def confirm_receipt(call: Call) -> Case:
    """Say that goods have come back, and what of them is accepted."""
    return act_on_case.confirm_receipt(
        bootstrap.desk(),
        call.case_request,
        lines=[line.to_line() for line in call.body.lines],
        note=call.body.note,
    )


@handler.operation
@shows_case
def ship_replacement(call: Call) -> Case:
    """Say which parcel the other goods go out in."""
    return act_on_case.ship_replacement(
        bootstrap.desk(), call.case_request, carrier=call.body.carrier, tracking_code=call.body.tracking_code
    )


@handler.operation
def put_subscription(call: Call) -> SubscriptionView:
    """Open a channel, or change what it hears of."""
    seller_id, channel = call.path["seller_id"], _channel(call)
    if not call.body.fits(channel):
        raise Refusal(Code.INVALID, f"This is not an endpoint for {channel}.")
    state = subscribe_seller.subscribe(
        bootstrap.subscriptions(), seller_id, channel, call.body.endpoint, call.body.events, by=call.party
    )
    return SubscriptionView(
        seller_id=seller_id,
        channel=channel,
        endpoint=call.body.endpoint,
        events=list(call.body.events),
        state=state,
    )


@handler.operation
def delete_subscription(call: Call) -> None:
    """Close a channel."""
    subscribe_seller.unsubscribe(
        bootstrap.subscriptions(), call.path["seller_id"], _channel(call), by=call.party
    )


def _channel(call: Call) -> str:
    channel = call.path["channel"]
    if channel not in CHANNELS:
        raise not_found("channel")
    return channel
