"""Shipments, labels and parcels under way, in memory and under one lock; what is read are EasyPost's objects."""

import itertools
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from tools.carrier_sandbox import codes
from tools.carrier_sandbox.events import event
from tools.carrier_sandbox.rules import (
    MESSAGES,
    TEST_CODES,
    UNUSED,
    WAY,
    Refusal,
    flag,
    invalid,
    missing_resource,
    page,
    price,
    read_address,
    read_customs,
    read_parcel,
    required,
    services,
    verify,
)
from tools.sandbox.clock import Clock
from tools.sandbox.http import Json

# A label is known to the carrier's tracking a little after it was bought.
LABEL_KNOWN_AFTER = 1.0
# https://docs.easypost.com/docs/shipments/shipping-refund: at least 15 days.
REFUNDED_AFTER = 15 * 24 * 60 * 60


@dataclass
class Parcel:
    """What the carrier itself knows of a number, whether or not anybody tracks it."""

    carrier: str
    code: str
    status: str = "unknown"
    weight: float | None = None  # ounces, as the carrier measured
    signed_by: str | None = None
    details: list[Json] = field(default_factory=list)
    tracker: Json | None = None  # once somebody asked, or a label was bought


class Depot:
    def __init__(self, clock: Clock, publish: Callable[[list[Json]], None], serial: int = 1) -> None:
        self.url = ""
        self._clock = clock
        self._publish = publish
        self._addresses: dict[str, Json] = {}
        self._shipments: dict[str, Json] = {}
        self._offered: dict[str, Json] = {}  # rates
        self._buying: set[str] = set()
        self._parcels: dict[str, Parcel] = {}
        self._events: dict[str, Json] = {}
        self._serials = itertools.count(serial)
        self._lock = threading.RLock()

    # --- Addresses -------------------------------------------------------------------------------

    def address(self, params: Json, *, check: bool = False, strict: bool = False) -> Json:
        """https://docs.easypost.com/docs/addresses#create-an-address"""
        with self._lock:
            address = read_address(params)
            address, problems = verify(address) if check or strict else (address, [])
            if strict and problems:
                raise Refusal("ADDRESS.VERIFY.FAILURE", "Unable to verify address.", errors=problems)
            verdict = {"success": not problems, "errors": problems, "details": {}}
            stored = self._new("adr", "Address") | {"residential": None} | address
            stored["verifications"] = {"zip4": verdict, "delivery": verdict} if check or strict else {}
            self._addresses[stored["id"]] = stored
            return stored

    def one_address(self, id: str) -> Json:
        with self._lock:
            if id not in self._addresses:
                raise missing_resource()
            return self._addresses[id]

    # --- Shipments -------------------------------------------------------------------------------

    def ship(self, params: Json, *, rated: bool = True) -> Json:
        """https://docs.easypost.com/docs/shipments#create-a-shipment"""
        with self._lock:
            for name in ("to_address", "from_address", "parcel"):
                if not params.get(name):
                    raise required(name)
            customs = params.get("customs_info")
            shipment = self._new("shp", "Shipment") | {
                "reference": params.get("reference"),
                "is_return": flag(params.get("is_return"), False),
                "to_address": self._given(params["to_address"]),
                "from_address": self._given(params["from_address"]),
                "parcel": self._new("prcl", "Parcel") | read_parcel(params["parcel"]),
                "customs_info": self._new("cstinfo", "CustomsInfo") | read_customs(customs)
                if customs
                else None,
                "options": params.get("options") or {},
                "status": "unknown",
                "fees": [],
                "forms": [],
                "insurance": None,
                "postage_label": None,
                "refund_status": None,
                "selected_rate": None,
                "tracker": None,
                "tracking_code": None,
            }
            self._shipments[shipment["id"]] = shipment | self._rates(shipment, rated)
            return self._shipments[shipment["id"]]

    def shipment(self, id: str) -> Json:
        """By its id, or by the reference that was given to it (https://docs.easypost.com/docs/easypost-objects). Which
        of several is not documented: here it is the newest, which a careless caller buys again."""
        with self._lock:
            newest_first = reversed(self._shipments.values())
            found = self._shipments.get(id) or next(
                (one for one in newest_first if one["reference"] == id), None
            )
            if not found:
                raise missing_resource()
            return self._seen(found)

    def shipments(self, params: dict[str, str]) -> Json:
        """https://docs.easypost.com/docs/shipments#retrieve-a-list-of-shipments"""
        with self._lock:
            purchased = flag(params.get("purchased"), True)
            newest_first = reversed(self._shipments.values())
            shown = [self._seen(one) for one in newest_first if one["postage_label"] or not purchased]
            return page(shown, params, "shipments")

    def rerate(self, id: str) -> Json:
        """https://docs.easypost.com/docs/shipments/rates#regenerate-rates-for-a-shipment"""
        with self._lock:
            shipment = self.shipment(id)
            shipment |= self._rates(shipment, True)
            return {"rates": shipment["rates"]}

    @contextmanager
    def purchase(self, id: str) -> Iterator[None]:
        """While the carrier prints. That one at a time does so is known from integrations only."""
        with self._lock:
            if id in self._buying:
                raise Refusal("SHIPMENT.PURCHASE.IN_PROGRESS", "The purchase is already in progress.")
            self._buying.add(id)
        try:
            yield
        finally:
            with self._lock:
                self._buying.discard(id)

    def buy(self, id: str, params: Json) -> Json:
        """https://docs.easypost.com/docs/shipments#buy-a-shipment; no shipment is bought twice. Whether a rate can be
        bought after newer ones were made is not documented: here it can."""
        with self._lock:
            shipment = self.shipment(id)
            if shipment["postage_label"]:
                raise Refusal("SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.")
            wanted = (params.get("rate") or {}).get("id")
            if not wanted:
                raise required("rate")
            rate = self._offered.get(wanted)
            if rate is None or rate["shipment_id"] != shipment["id"]:
                raise invalid("rate", "is not one of this shipment's")
            code = codes.OF[rate["carrier"]](next(self._serials))
            label = self._new("pl", "PostageLabel")
            # A file's name is a secret: nothing else guards it.
            label |= {
                "label_date": label["created_at"],
                "label_file_type": "image/png",
                "label_resolution": 300,
                "label_size": "4x6",
                "label_url": f"{self.url}/labels/{label['id']}.png",
                "label_pdf_url": None,
            }
            parcel = Parcel(rate["carrier"], code)
            self._parcels[code] = parcel
            tracker = self._track(parcel, shipment)
            shipment |= {
                "postage_label": label,
                "selected_rate": rate,
                "tracking_code": code,
                "fees": [_fee("LabelFee", "0.00000"), _fee("PostageFee", f"{rate['rate']}000")],
            }
            self._tell("tracker.created", tracker, {})
            self._clock.after(LABEL_KNOWN_AFTER, partial(self._label_known, parcel))
            return self._seen(shipment)

    def refund(self, id: str) -> Json:
        """https://docs.easypost.com/docs/shipments/shipping-refund. What of a repeat while it is submitted, and of a
        parcel that was scanned, is not documented: here the first changes nothing and the second is rejected."""
        with self._lock:
            shipment = self.shipment(id)
            if not shipment["postage_label"]:
                raise Refusal("SHIPMENT.REFUND.UNAVAILABLE", "The shipment has no postage to refund.")
            if shipment["refund_status"] in (None, "rejected"):
                unused = self._parcels[shipment["tracking_code"]].status in UNUSED
                shipment["refund_status"] = "submitted" if unused else "rejected"
                if unused:
                    self._clock.after(REFUNDED_AFTER, partial(self._refunded, shipment))
            return shipment

    def pdf(self, id: str) -> Json:
        """https://docs.easypost.com/docs/shipments/labels#convert-the-label-format-of-a-shipment"""
        with self._lock:
            shipment = self.shipment(id)
            if not shipment["postage_label"]:
                raise Refusal("SHIPMENT.LABEL.UNAVAILABLE", "The shipment has no label.")
            label = shipment["postage_label"]
            label["label_pdf_url"] = label["label_url"].replace(".png", ".pdf")
            return shipment

    def printed(self, label_id: str) -> str:
        """What stands on the label. One of a return goes from the address the shipment went to."""
        with self._lock:
            for one in self._shipments.values():
                if one["postage_label"] and one["postage_label"]["id"] == label_id:
                    return _printed(one)
        raise missing_resource()

    def labels(self) -> list[Json]:
        """Every label that was ever bought, for the control plane."""
        with self._lock:
            return [
                {
                    "reference": one["reference"],
                    "shipment_id": one["id"],
                    "carrier": one["selected_rate"]["carrier"],
                    "tracking_code": one["tracking_code"],
                    "rate": one["selected_rate"]["rate"],
                    "currency": one["selected_rate"]["currency"],
                    "refund_status": one["refund_status"],
                    "printed": _printed(one),
                }
                for one in self._shipments.values()
                if one["postage_label"]
            ]

    def decide_refund(self, id: str, status: str) -> Json:
        """What the carrier makes of a label that was given back."""
        with self._lock:
            shipment = self.shipment(id)
            shipment["refund_status"] = status
            return shipment

    # --- Trackers and scans ----------------------------------------------------------------------

    def track(self, params: Json) -> Json:
        """https://docs.easypost.com/docs/trackers#create-a-tracker; the same code is not tracked twice."""
        with self._lock:
            code, carrier = params.get("tracking_code"), params.get("carrier")
            if not code:
                raise required("tracking_code")
            parcel = self._parcels.setdefault(code, Parcel(carrier or "USPS", code))
            if code in TEST_CODES and not parcel.details:
                for status in WAY[TEST_CODES[code]]:
                    self._scan(parcel, status, None, None)
            if parcel.tracker is None:
                self._tell("tracker.created", self._track(parcel, None), {})
            return self._shown(parcel)

    def tracker(self, id: str) -> Json:
        with self._lock:
            for parcel in self._parcels.values():
                if parcel.tracker and id in (parcel.tracker["id"], parcel.code):
                    return self._shown(parcel)
            raise missing_resource()

    def trackers(self, params: dict[str, str]) -> Json:
        with self._lock:
            wanted = params.get("tracking_code")
            shown = [self._shown(one) for one in self._parcels.values() if one.tracker]
            return page(
                [one for one in shown[::-1] if wanted in (None, one["tracking_code"])], params, "trackers"
            )

    def scan(
        self, code: str, statuses: Sequence[str], at: str | None = None, weight: float | None = None
    ) -> Json:
        """What happens to the parcel on the road; told to whoever tracks it, scan by scan."""
        with self._lock:
            parcel = self._parcels.setdefault(code, Parcel("USPS", code))
            for status in statuses:
                previous = parcel.status
                self._scan(parcel, status, at, weight)
                if parcel.tracker:
                    self._tell("tracker.updated", self._shown(parcel), {"status": previous})
            return self._shown(parcel) if parcel.tracker else {"tracking_code": code, "status": parcel.status}

    def shipped_weight(self, code: str) -> float:
        """Ounces that the label was bought for."""
        with self._lock:
            for one in self._shipments.values():
                if one["tracking_code"] == code:
                    return float(one["parcel"]["weight"])
        raise missing_resource()

    # --- Events ----------------------------------------------------------------------------------

    def event(self, id: str) -> Json:
        with self._lock:
            if id not in self._events:
                raise missing_resource()
            return self._events[id]

    def events(self, params: dict[str, str]) -> Json:
        with self._lock:
            return page(list(reversed(self._events.values())), params, "events")

    def latest_event(self, code: str) -> Json:
        """The last that was told of that parcel."""
        with self._lock:
            for one in reversed(self._events.values()):
                if one["result"]["tracking_code"] == code:
                    return one
        raise missing_resource()

    def counts(self) -> Json:
        with self._lock:
            return {
                "shipments": len(self._shipments),
                "labels": len(self.labels()),
                "trackers": sum(one.tracker is not None for one in self._parcels.values()),
                "events": len(self._events),
            }

    # --- Inside ----------------------------------------------------------------------------------

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _new(self, prefix: str, kind: str) -> Json:
        """https://docs.easypost.com/docs/easypost-objects"""
        now = self._now()
        id = f"{prefix}_{secrets.token_hex(16)}"
        return {"id": id, "object": kind, "mode": "test", "created_at": now, "updated_at": now}

    def _given(self, address: Json) -> Json:
        return self.one_address(address["id"]) if set(address) == {"id"} else self.address(address)

    def _rates(self, shipment: Json, rated: bool) -> Json:
        origin, destination = shipment["from_address"]["country"], shipment["to_address"]["country"]
        offered, messages = (
            services(origin, destination, bool(shipment["customs_info"])) if rated else ((), [])
        )
        rates = [
            self._new("rate", "Rate")
            | {
                "carrier": service.carrier,
                "carrier_account_id": "ca_carriersandbox",
                "service": service.name,
                "rate": price(service, shipment["parcel"]["weight"]),
                "currency": service.currency,
                "delivery_days": service.days,
                "shipment_id": shipment["id"],
            }
            for service in offered
        ]
        self._offered |= {rate["id"]: rate for rate in rates}
        return {"messages": messages, "rates": rates}

    def _seen(self, shipment: Json) -> Json:
        """With its parcel's way as it stands now. A shipment's own state is one object, so that changes stay."""
        if code := shipment["tracking_code"]:
            parcel = self._parcels[code]
            shipment |= {"tracker": self._shown(parcel), "status": parcel.status}
        return shipment

    def _track(self, parcel: Parcel, shipment: Json | None) -> Json:
        parcel.tracker = self._new("trk", "Tracker") | {
            "shipment_id": shipment["id"] if shipment else None,
            "is_return": bool(shipment and shipment["is_return"]),
        }
        return self._shown(parcel)

    def _shown(self, parcel: Parcel) -> Json:
        """https://docs.easypost.com/docs/trackers#tracker-object"""
        tracker = parcel.tracker or {}
        return tracker | {
            "tracking_code": parcel.code,
            "carrier": parcel.carrier,
            "status": parcel.status,
            "status_detail": "status_update" if parcel.details else "unknown",
            "signed_by": parcel.signed_by,
            "weight": parcel.weight,
            "est_delivery_date": None,
            "tracking_details": list(parcel.details),
            "carrier_detail": None,
            "public_url": f"{self.url}/track/{parcel.code}",
            "updated_at": parcel.details[-1]["datetime"] if parcel.details else tracker.get("updated_at"),
        }

    def _scan(self, parcel: Parcel, status: str, at: str | None, weight: float | None) -> None:
        detail = {
            "object": "TrackingDetail",
            "message": MESSAGES.get(status, "Status Update"),
            "description": "",
            "status": status,
            "status_detail": "status_update",
            "datetime": at or self._now(),
            "source": parcel.carrier,
            "carrier_code": "",
            "tracking_location": {
                "object": "TrackingLocation",
                "city": "HOUSTON",
                "state": "TX",
                "country": None,
            },
        }
        parcel.details.append(detail)
        parcel.status = status
        parcel.weight = weight or parcel.weight
        parcel.signed_by = "John Tester" if status == "delivered" else parcel.signed_by

    def _label_known(self, parcel: Parcel) -> None:
        with self._lock:
            if not parcel.details:
                self.scan(parcel.code, ["pre_transit"])

    def _refunded(self, shipment: Json) -> None:
        with self._lock:
            if shipment["refund_status"] == "submitted":
                shipment["refund_status"] = "refunded"

    def _tell(self, description: str, tracker: Json, previous: Json) -> None:
        told = event(description, tracker, self._now(), None, previous)
        self._events[told["id"]] = told
        self._publish([told])


def _fee(kind: str, amount: str) -> Json:
    return {"object": "Fee", "type": kind, "amount": amount, "charged": True, "refunded": False}


def _printed(shipment: Json) -> str:
    ends = ("to_address", "from_address") if shipment["is_return"] else ("from_address", "to_address")
    origin, destination = (shipment[end] for end in ends)
    return "\n".join(
        [
            f"{shipment['selected_rate']['carrier']} {shipment['selected_rate']['service']}",
            f"FROM {_line(origin)}",
            f"TO {_line(destination)}",
            shipment["tracking_code"],
            *(["RETURN"] if shipment["is_return"] else []),
            *(["CUSTOMS DECLARED"] if shipment["customs_info"] else []),
        ]
    )


def _line(address: Json) -> str:
    shown = (address[name] for name in ("name", "street1", "city", "state", "zip", "country"))
    return ", ".join(part for part in shown if part)
