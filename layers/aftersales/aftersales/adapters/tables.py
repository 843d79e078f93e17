"""The keys of every table and index, in one place. `docs/data-model.md` draws them."""

from hashlib import blake2s

from aftersales.domain.parties import Party
from aftersales.domain.tracking_code import number

# Cases whose clock runs, and entries that were not relayed, are spread over this many partitions, so that a
# flash of cases does not meet at one key. Sweeps read all of them.
SHARDS = 4

# A rating is spread over this many partitions: each takes a thousand small writes a second, and reading all of them is
# what a rating costs, however many feedbacks it is made of.
RATING_SHARDS = 8

# What a seller's account adds up to is spread the same way, and read as often.
ACCOUNT_SHARDS = 8

BY_BUYER = "by_buyer"
BY_SELLER = "by_seller"
BY_DEADLINE = "by_deadline"
BY_WAITING = "by_waiting"
BY_LOOK = "by_look"
BY_ACCOUNT = "by_account"
BY_EXPIRY = "by_expiry"
BY_PRODUCT = "by_product"
UNRELAYED = "unrelayed"
BY_ERRAND = "by_errand"
BY_DUE = "by_due"
BY_GIVEN = "by_given"

CASE = "CASE"
DOORBELL = "DOORBELL#"
TIMELINE = "TIMELINE#"
ORDER = "ORDER"
LEDGER = "LEDGER"
EXTENSION = "EXTENSION#"
FEEDBACK = "FEEDBACK"
COUNTED = "COUNTED#"
POSTING = "POSTING#"
SKU = "SKU"
RESERVATION = "RESERVATION"

Key = dict[str, str]


def case_key(case_id: str) -> Key:
    """The case itself."""
    return {"pk": f"CASE#{case_id}", "sk": CASE}


def doorbell_key(case_id: str, execution: str) -> Key:
    """The task token of the step that waits. One for each execution: a step of one that was superseded may still
    park, and must not hide the bell of its successor."""
    return {"pk": f"CASE#{case_id}", "sk": f"{DOORBELL}{execution}"}


def entry_key(case_id: str, seq: int) -> Key:
    """One timeline entry; the padding keeps entries in order as text."""
    return {"pk": f"CASE#{case_id}", "sk": f"{TIMELINE}{seq:08d}"}


def posting_key(order_id: str, version: int) -> Key:
    """What was posted for an order itself, with the version of its ledger that the same transaction wrote. Postings of
    cases stand in their timeline entries."""
    return {"pk": f"ORDER#{order_id}", "sk": f"{POSTING}{version:08d}"}


def account_index(seller_id: str) -> str:
    """The partition of a seller's postings."""
    return f"SELLER#{seller_id}"


def balance_key(seller_id: str, shard: int, currency: str) -> Key:
    """What one shard of a seller's account adds up to in one currency."""
    return {"pk": f"ACCOUNT#{seller_id}#{shard}", "sk": currency}


def account_shard(pk: str) -> int:
    """The shard that counts the postings of a case, or of an order."""
    return blake2s(pk.encode(), digest_size=2).digest()[1] % ACCOUNT_SHARDS


def parcel_key(carrier: str, tracking_code: str) -> Key:
    """That a parcel is one case's: nobody gets two refunds for sending it once."""
    return {"pk": f"PARCEL#{number(carrier, tracking_code)}", "sk": "PARCEL"}


def extension_key(extension_id: str) -> Key:
    """A market's extension under way. They stand together: the sweep looks for them every minute."""
    return {"pk": "EXTENSIONS", "sk": f"{EXTENSION}{extension_id}"}


def carried_extension_key(extension_id: str) -> Key:
    """A market's extension that every case was given."""
    return {"pk": f"{EXTENSION}{extension_id}", "sk": f"{EXTENSION}{extension_id}"}


def order_key(order_id: str) -> Key:
    """The snapshot of an order."""
    return {"pk": f"ORDER#{order_id}", "sk": ORDER}


def ledger_key(order_id: str) -> Key:
    """The ledger of an order."""
    return {"pk": f"ORDER#{order_id}", "sk": LEDGER}


def payment_key(provider: str, reference: str, order_id: str) -> Key:
    """That this order was paid with this payment; a basket of several sellers has several orders."""
    return {"pk": f"PAYMENT#{provider}#{reference}", "sk": f"{ORDER}#{order_id}"}


def credit_key(refund_id: str) -> Key:
    """Store credit that was given back."""
    return {"pk": f"CREDIT#{refund_id}", "sk": "CREDIT"}


def subscription_key(seller_id: str, channel: str) -> Key:
    """A seller's channel for alerts."""
    return {"pk": f"SELLER#{seller_id}", "sk": f"SUBSCRIPTION#{channel}"}


def receipt_key(key: str) -> dict[str, str]:
    """A remembered request."""
    return {"pk": key}


def feedback_key(feedback_id: str) -> Key:
    """The feedback itself."""
    return {"pk": f"FEEDBACK#{feedback_id}", "sk": FEEDBACK}


def feedback_entry_key(feedback_id: str, seq: int) -> Key:
    """One line of its history."""
    return {"pk": f"FEEDBACK#{feedback_id}", "sk": f"{TIMELINE}{seq:08d}"}


def left_key(order_id: str, buyer_id: str) -> Key:
    """That this buyer left feedback for this order."""
    return {"pk": f"ORDER#{order_id}", "sk": f"BUYER#{buyer_id}"}


def request_key(order_id: str) -> Key:
    """That the order's buyer is to be asked for feedback."""
    return {"pk": f"REQUEST#{order_id}", "sk": "DUE"}


def asked_key(order_id: str) -> Key:
    """That they were asked, for ever."""
    return {"pk": f"REQUEST#{order_id}", "sk": "ASKED"}


def digest_key(seller_id: str, address: str) -> Key:
    """That somebody of a seller wants digests. The address itself stands in the row, where it can be erased."""
    return {
        "pk": f"SELLER#{seller_id}",
        "sk": f"DIGEST#{blake2s(address.lower().encode(), digest_size=8).hexdigest()}",
    }


def seller_subject(seller_id: str) -> str:
    """The rating of a seller."""
    return f"SELLER#{seller_id}"


def product_subject(seller_id: str, sku: str) -> str:
    """The rating of a product: a stock keeping unit is its seller's own name for it."""
    return f"PRODUCT#{seller_id}#{sku}"


def tally_key(subject: str, shard: int, period: str) -> Key:
    """What one shard of a rating counted in a period: a month, or all. Periods sort before what was counted."""
    return {"pk": f"RATING#{subject}#{shard}", "sk": period}


def counted_key(subject: str, feedback_id: str) -> Key:
    """What of a feedback is counted already, in the shard that counts it."""
    return {"pk": f"RATING#{subject}#{rating_shard(feedback_id)}", "sk": f"{COUNTED}{feedback_id}"}


def rating_shard(feedback_id: str) -> int:
    """The shard that counts a feedback, the same for all its versions."""
    return blake2s(feedback_id.encode(), digest_size=2).digest()[1] % RATING_SHARDS


def sku_key(sku: str) -> Key:
    """A thing that can be sent in exchange, with its numbers."""
    return {"pk": f"SKU#{sku}", "sk": SKU}


def reservation_key(reservation_id: str) -> Key:
    """What is set apart of the stock under an id, or that nothing is and never will be."""
    return {"pk": f"RESERVATION#{reservation_id}", "sk": RESERVATION}


def variants_index(seller_id: str, product: str) -> str:
    """The partition of the SKUs of one product: like a SKU, a product is its seller's own name for it."""
    return f"PRODUCT#{seller_id}#{product}"


def party_index(party: Party) -> str:
    """The partition of a buyer's or seller's cases."""
    return f"{party.role.upper()}#{party.id}"


def waiting_index(waiting_on: str, party_id: str) -> str:
    """The partition of the cases that wait for a party; the platform has a queue for each status."""
    return f"{waiting_on.upper()}#{party_id}"


def shard(case_id: str) -> str:
    """The shard of a case, the same for all its rows; and that of a reservation of stock, by its own id."""
    return f"SHARD#{blake2s(case_id.encode(), digest_size=2).digest()[0] % SHARDS}"


def due_shard(kind: str, thing_id: str) -> str:
    """The shard of a mail that is due at a time."""
    return f"{kind}#{shard(thing_id)}"


def all_shards() -> tuple[str, ...]:
    """Every shard, for the sweeps."""
    return tuple(f"SHARD#{n}" for n in range(SHARDS))
