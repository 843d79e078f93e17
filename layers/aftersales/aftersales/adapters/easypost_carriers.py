"""EasyPost, through its official SDK. Its errors are translated here and nowhere else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import easypost.util
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.bad_request_error import BadRequestError
from easypost.errors.api.invalid_request_error import InvalidRequestError
from easypost.errors.api.not_found_error import NotFoundError
from easypost.errors.general.easypost_error import EasyPostError
from pydantic import BaseModel, ValidationError
from requests.adapters import HTTPAdapter

from aftersales.domain.address import Address
from aftersales.domain.label import (
    Customs,
    Label,
    LabelOrder,
    LabelRefused,
    Package,
    VoidState,
)
from aftersales.domain.money import Money, decimals
from aftersales.domain.parcel import Parcel, Scan, TrackingStatus
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.tracking_code import plain
from aftersales.usecases.ports import AddressCheck, CarrierEvent, OutcomeUnknown

# A purchase takes at most five calls, and all of them together stay below the functions' own 60 s.
TIMEOUT_SECONDS = 8
_PAGE = 100
# Their clock may be behind ours.
_SKEW_SECONDS = 300

# After these a label certainly does not exist, and will not for this order
# (https://docs.easypost.com/docs/errors; a carrier's refusal: easypost-csharp#80). Everything else is unknown.
_REFUSED = frozenset({"SHIPMENT.POSTAGE.FAILURE", "SHIPMENT.INVALID_PARAMS", "PARAMETER.INVALID"})

_GRAMS_PER_OUNCE = Decimal("28.349523125")
_MILLIMETRES_PER_INCH = Decimal("25.4")
_TENTH = Decimal("0.1")
_ADDRESS_FIELDS = tuple(field.name for field in fields(Address))

# Our carriers in EasyPost's words, as its rates and trackers name them; of the others it finds the carrier by itself.
_NAMES: Mapping[str, str] = {
    "usps": "USPS",
    "ups": "UPS",
    "fedex": "FedEx",
    "dhl_express": "DHLExpress",
    "dhl_ecommerce": "DhlEcs",
    "canada_post": "CanadaPost",
    "sf_express": "SFExpress",
    "deutsche_post": "DeutschePost",
    "la_poste": "LaPoste",
    "royal_mail": "RoyalMail",
}
# Accounts that EasyPost shares out have names of their own.
_OURS = {name: ours for ours, name in _NAMES.items()} | {
    "Correios": "correios",
    "FedExDefault": "fedex",
    "FedExSmartPost": "fedex",
    "UPSDAP": "ups",
}


def easypost_client(api_key: str, base: str = "", timeout: float = TIMEOUT_SECONDS) -> EasyPostClient:
    """A client that asks once. The SDK's own would read three times more after a timeout, which makes 32 s of 8."""
    where = {"api_base": f"{base}/v2"} if base else {}
    client = EasyPostClient(api_key, **where, timeout=timeout)  # type: ignore[arg-type] # parts of a second, too
    client._requests_session.mount(client.api_base.removesuffix("/v2"), HTTPAdapter(max_retries=0))
    return client


class EasyPostCarriers:
    """The `Carriers` port."""

    def __init__(self, client: EasyPostClient) -> None:
        self._easypost = client

    def buy_label(self, order: LabelOrder) -> Label | LabelRefused:
        """EasyPost knows no idempotency key, but it never buys a shipment of its own twice, and that carries our id as
        its `reference`: what an earlier call left is found by it, and bought only if it was not.
        """
        with _asking():
            found = self._find(order)
            try:
                shipment = found or self._easypost.shipment.create(**_shipment(order))
            except (BadRequestError, InvalidRequestError) as error:
                return _refused(order, error)
            if not shipment.postage_label:
                # Rates age: those of a shipment that was made by an earlier call are asked for anew.
                rate = _cheapest(self._easypost.shipment.regenerate_rates(found.id) if found else shipment)
                if rate is None:
                    return LabelRefused(shipment_id=order.shipment_id, reason="no_rates")
                try:
                    shipment = self._easypost.shipment.buy(shipment.id, rate={"id": rate.id})
                except InvalidRequestError as error:
                    # Perhaps it was bought in the meantime, by a call that was thought to be lost.
                    shipment = self._easypost.shipment.retrieve(shipment.id)
                    if not shipment.postage_label and error.code in _REFUSED:
                        return _refused(order, error)
            if not shipment.postage_label:
                raise OutcomeUnknown("no label yet")
            return _label(shipment)

    def labels(self, shipment_id: str, since: int) -> Sequence[Label]:
        """By their reference among all that was bought since the order: few pages, as nobody asks for long."""
        with _asking():
            return [_label(shipment) for shipment in self._bought_under(shipment_id, since)]

    def void_label(self, provider_shipment_id: str) -> VoidState:
        """What was submitted already is not asked for again; what a carrier rejected is, as it may have been too
        early (https://docs.easypost.com/docs/shipments/shipping-refund)."""
        with _asking():
            shipment = self._easypost.shipment.retrieve(provider_shipment_id)
            if shipment.refund_status in (None, VoidState.REJECTED):
                try:
                    shipment = self._easypost.shipment.refund(provider_shipment_id)
                except InvalidRequestError:
                    return VoidState.REJECTED
            return VoidState(shipment.refund_status or VoidState.SUBMITTED)

    def tracking(self, parcel: Parcel) -> Sequence[Scan]:
        """EasyPost answers the same code of the same carrier with the tracker it has, so that none is made twice
        (https://docs.easypost.com/docs/trackers)."""
        carrier = {"carrier": _NAMES[parcel.carrier]} if parcel.carrier in _NAMES else {}
        with _asking():
            try:
                tracker = self._easypost.tracker.create(tracking_code=parcel.tracking_code, **carrier)
            except InvalidRequestError:
                return ()
        return _scans(_Tracker.model_validate(tracker.to_dict()))

    def check_address(self, address: Address) -> AddressCheck:
        """https://docs.easypost.com/docs/addresses#verify"""
        wanted: dict[str, Any] = _address(address)
        with _asking():
            try:
                seen = self._easypost.address.create(verify=True, **wanted)
            except InvalidRequestError as error:
                return AddressCheck(problems=(_code(error),))
        delivery = seen.verifications.get("delivery")
        if delivery is None or not delivery.success:
            problems = tuple(each.code.lower() for each in delivery.errors) if delivery else ()
            return AddressCheck(problems=problems or ("unverified",))
        return AddressCheck(Address(**{name: seen.get(name) or "" for name in _ADDRESS_FIELDS}))

    def _find(self, order: LabelOrder) -> Any:
        """A shipment of that reference. It is not unique, and which of several is found is not documented: one that was
        bought comes first."""
        try:
            shipment = self._easypost.shipment.retrieve(order.shipment_id)
        except NotFoundError:
            return None
        if shipment.postage_label:
            return shipment
        return next(iter(self._bought_under(order.shipment_id, order.ordered_at)), shipment)

    def _bought_under(self, shipment_id: str, since: int) -> list[Any]:
        start = datetime.fromtimestamp(since / 1000 - _SKEW_SECONDS, UTC)
        window = {"start_datetime": start.isoformat(timespec="seconds")}
        page = self._easypost.shipment.all(page_size=_PAGE, purchased=True, **window)
        bought = [*page["shipments"]]
        while page["has_more"]:
            page = self._easypost.shipment.get_next_page(page, _PAGE, window)
            bought += page["shipments"]
        return [shipment for shipment in bought if shipment.reference == shipment_id]


class EasyPostEvents:
    """Signed events of EasyPost."""

    def __init__(self, secrets: Callable[[], tuple[str, ...]], *, livemode: bool) -> None:
        self._secrets = secrets
        self._mode = "production" if livemode else "test"

    def verify(self, body: bytes, signature: str) -> CarrierEvent:
        """The event, if EasyPost signed exactly these bytes for this mode.

        Two secrets may be valid while one is rotated. Raises `signature_invalid`.
        """
        if not any(_is_signed(body, signature, secret) for secret in self._secrets()):
            raise _unsigned()
        try:
            event = _SignedEvent.model_validate_json(body)
            tracker = _Tracker.model_validate(event.result) if event.is_of_parcel else None
        except ValidationError as error:
            raise _unsigned() from error
        if event.mode != self._mode:
            raise _unsigned()
        if tracker is None:
            return CarrierEvent(event.id)
        return CarrierEvent(
            event.id,
            _carrier(tracker.carrier),
            plain(tracker.tracking_code),
            tracker.shipment_id,
            tuple(_scans(tracker)),
        )


class _SignedEvent(BaseModel):
    """What the desk reads of an event (https://docs.easypost.com/docs/events)."""

    id: str
    description: str
    mode: Literal["test", "production"]
    result: dict[str, Any]

    @property
    def is_of_parcel(self) -> bool:
        return self.description in ("tracker.created", "tracker.updated")


class _TrackingDetail(BaseModel):
    status: str
    datetime: datetime


class _Tracker(BaseModel):
    """What the desk reads of a tracker (https://docs.easypost.com/docs/trackers)."""

    tracking_code: str
    carrier: str | None = None
    status: str
    updated_at: datetime
    shipment_id: str | None = None
    weight: float | None = None
    tracking_details: list[_TrackingDetail] = []


@contextmanager
def _asking() -> Iterator[None]:
    """Whatever is not a clear answer leaves the outcome unknown."""
    try:
        yield
    except EasyPostError as error:
        raise OutcomeUnknown(_code(error)) from error


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    """HMAC-SHA-256 over the bytes as they came, compared in constant time before anything is read of them. The SDK
    looks for the header's name in one spelling only, normalises the secret (NFKD), and fails instead of refusing on
    letters beyond ASCII, and on signed bytes that are no JSON or are nested deeper than it reads."""
    if not signature.isascii():
        return False
    try:
        easypost.util.validate_webhook(body, {"X-Hmac-Signature": signature}, secret)
    except (EasyPostError, ValueError, RecursionError):
        return False
    return True


def _unsigned() -> Refusal:
    return Refusal(Code.SIGNATURE_INVALID, "The signature does not fit this body and this secret.")


def _scans(tracker: _Tracker) -> list[Scan]:
    """Its scans, and what it says now where no scan says it; the weight is known of the whole, so it is the last's."""
    scans = [
        Scan(status=_status(each.status), at=_moment(each.datetime)) for each in tracker.tracking_details
    ]
    now = _status(tracker.status)
    scans.sort(key=lambda scan: scan.at)
    if not scans or now is not scans[-1].status:
        scans.append(Scan(status=now, at=_moment(tracker.updated_at)))
    if tracker.weight:
        scans[-1] = replace(scans[-1], weight=_grams(tracker.weight))
    return scans


def _grams(ounces: float) -> int:
    return int((Decimal(str(ounces)) * _GRAMS_PER_OUNCE).to_integral_value())


def _status(status: str) -> TrackingStatus:
    """A word that is new to us says nothing."""
    return TrackingStatus(status) if status in TrackingStatus else TrackingStatus.UNKNOWN


def _moment(when: datetime) -> int:
    """Where EasyPost does not know the place of a scan, its time is UTC."""
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def _carrier(name: str | None) -> str:
    return _OURS.get(name or "", (name or "").lower())


def _cheapest(rated: Any) -> Any:
    return min(rated.rates, key=lambda rate: Decimal(rate.rate), default=None)


def _label(shipment: Any) -> Label:
    """Rates are decimal text."""
    rate = shipment.selected_rate
    return Label(
        shipment_id=shipment.reference,
        provider_shipment_id=shipment.id,
        carrier=_carrier(rate.carrier),
        tracking_code=plain(shipment.tracking_code),
        url=shipment.postage_label.label_url,
        cost=Money(int(Decimal(rate.rate).scaleb(decimals(rate.currency))), rate.currency),
    )


def _shipment(order: LabelOrder) -> dict[str, Any]:
    """With `is_return` the addresses are those of the way out, and the label is for the way back
    (https://docs.easypost.com/docs/shipments/returns): what the order is sent from is where it comes back to."""
    customs = {"customs_info": _customs(order.customs)} if order.customs else {}
    return {
        "reference": order.shipment_id,
        "is_return": True,
        "from_address": _address(order.to_address),
        "to_address": _address(order.from_address),
        "parcel": _package(order.package),
    } | customs


def _address(address: Address) -> dict[str, str]:
    return {name: value for name in _ADDRESS_FIELDS if (value := getattr(address, name))}


def _package(package: Package) -> dict[str, float]:
    sides = {"length": package.length, "width": package.width, "height": package.height}
    inches = {name: _upwards(side, _MILLIMETRES_PER_INCH) for name, side in sides.items() if side}
    return {"weight": _upwards(package.weight, _GRAMS_PER_OUNCE)} | inches


def _upwards(amount: int, unit: Decimal) -> float:
    """In tenths of the unit, rounded up: a parcel that is heavier than its label is charged again."""
    return float((amount / unit).quantize(_TENTH, rounding="ROUND_CEILING"))


def _customs(customs: Customs) -> dict[str, Any]:
    """https://docs.easypost.com/docs/customs-infos; goods below 2,500 USD leave the USA under NOEEI 30.37(a)."""
    return {
        "contents_type": "returned_goods",
        "restriction_type": "none",
        "non_delivery_option": "return",
        "eel_pfc": "NOEEI 30.37(a)",
        "customs_certify": True,
        "customs_signer": customs.signer,
        "customs_items": [
            {
                "description": item.description,
                "quantity": item.quantity,
                "value": str(Decimal(item.value.amount).scaleb(-decimals(item.value.currency))),
                "currency": item.value.currency,
                "weight": _upwards(item.weight, _GRAMS_PER_OUNCE),
                "origin_country": item.origin_country,
                "hs_tariff_number": item.hs_tariff_number,
            }
            for item in customs.items
        ],
    }


def _refused(order: LabelOrder, error: EasyPostError) -> LabelRefused:
    """Only the code: the carrier's words may repeat the address."""
    return LabelRefused(shipment_id=order.shipment_id, reason=_code(error))


def _code(error: EasyPostError) -> str:
    code: str | None = getattr(error, "code", None)
    return (code or type(error).__name__).lower()
