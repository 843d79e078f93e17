"""A refund from application to money and mail, a return, an exchange and two verdicts, step by step: ``make demo``

Needs a running stack (`make up`). Every run loads the sample orders anew under ids of its own.
"""

import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from PIL import ExifTags, Image
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tests.corpus import photo_with_gps
from tools.desk import FINAL, STACK_FILE, Person, Stack, upload, wait_for
from tools.load_orders import Journal, Loader, OrderLine, read_order

SAMPLES = Path(__file__).with_name("sample_orders.jsonl")
_DECIMALS = {"JPY": 0, "KWD": 3}
_ALERTS = ["case_opened", "review_requested", "feedback_negative"]
# The alerts of these kinds that came for a case.
Alerts = Callable[..., list[dict[str, Any]]]


class Story:
    """The desk, the voice, and the people of the story."""

    def __init__(self, desk: Stack, console: Console) -> None:
        self.desk = desk
        self.console = console
        self.orders: dict[str, OrderLine] = {}
        self._chapter = 0

    def chapter(self, title: str) -> None:
        """Begin the next step."""
        self._chapter += 1
        self.console.print(f"\n[bold cyan]{self._chapter}. {title}[/]", highlight=False)

    def say(self, text: str) -> None:
        """A sentence."""
        self.console.print(f"   {text}", highlight=False, soft_wrap=True)

    def table(
        self, heads: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()
    ) -> None:
        """What there is to see, side by side; names in `right` are numbers."""
        table = Table(box=SIMPLE_HEAD, padding=(0, 1))
        for head in heads:
            table.add_column(head, justify="right" if head in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*("" if cell is None else str(cell) for cell in row))
        self.console.print(table)

    def wait[T](self, look: Callable[[], T | None], what: str) -> T:
        """Wait for something to happen by itself."""
        with self.console.status(f"waiting for {what}"):
            return wait_for(look, what, 60)


def tell(story: Story) -> str:
    """The whole story; answers the id of its case."""
    load_orders(story)
    teapot, kettle = story.orders["teapot"], story.orders["kettle"]
    buyer = story.desk.person("buyer", teapot.buyer_id)
    seller = story.desk.person("seller", teapot.seller_id)
    with seller_alerts(story, seller) as alerts:
        ask_what_it_brings(story, buyer, teapot)
        case = apply_without_photo(story, buyer, teapot)
        show_ledger(story, teapot, "The ledger now holds the claim, so that no other case can take it:")
        case = send_photo(story, buyer, seller, case)
        show_alerts(story, alerts(case["case_id"], "case_opened", "review_requested"))
        case = seller_grants(story, buyer, seller, case)
        show_money(story, teapot, case)
        show_timeline(story, buyer, case)
        show_mails(story, buyer, case)
        show_execution(story, case)
        policy_alone(story, kettle)
        goods_come_back(story, story.orders["lamp"])
        other_goods_go_out(story, story.orders["lamp"])
        two_verdicts(story, teapot, kettle, seller, case, alerts)
    return str(case["case_id"])


def load_orders(story: Story) -> None:
    """The sample orders under ids of this run, delivered yesterday, their card parts paid in the sandbox."""
    story.chapter("The shop sends its orders")
    suffix = uuid4().hex[:4]
    loader = Loader(story.desk, Journal(), datetime.now(UTC).date())
    rows = []
    for line in SAMPLES.read_text("utf-8").splitlines():
        order = read_order(line)
        name = order.order_id
        order.order_id = f"{name}-{suffix}"
        if name in ("kettle", "lamp"):
            # The policy judges a buyer by their history, and this one must be the same in every run: short.
            order.buyer_id = f"buyer-{suffix}"
        loader.load(order)
        story.orders[name] = order
        methods = [payment.method for payment in order.payments]
        paid = sum(payment.captured for payment in order.payments)
        rows.append((order.order_id, order.buyer_id, order.seller_id, ", ".join(methods), money(paid, order)))
    story.say(
        f"PUT /orders/…: {len(rows)} orders, delivered yesterday; cards were charged in the payment sandbox."
    )
    story.table(("order", "buyer", "seller", "paid by", "paid"), rows, right=("paid",))


def ask_what_it_brings(story: Story, buyer: Person, order: OrderLine) -> None:
    """A quote writes nothing."""
    story.chapter("A buyer asks what a broken teapot would bring back")
    quote = _body(buyer.post("quotes", _application(order)))
    story.say("POST /quotes computes what a case would reserve and pay, and writes nothing.")
    story.table(
        ("line", "quantity", "amount"),
        [(line["line_id"], line["quantity"], money(line["amount"], order)) for line in quote["lines"]],
        right=("quantity", "amount"),
    )
    parts = [f"{money(part['amount'], order)} over {part['payment_id']}" for part in quote["payments"]]
    story.say(f"Oldest payment first: {'; '.join(parts)}. Shipping comes back too: it is the seller's fault.")


def apply_without_photo(story: Story, buyer: Person, order: OrderLine) -> dict[str, Any]:
    """Damage can be seen, so the policy wants to see it."""
    story.chapter("The buyer applies without a photo, and the policy asks for one")
    opened = _body(buyer.post("cases", _application(order) | {"description": "壶嘴碎了。"}))
    story.say(f"POST /cases opened case {opened['case_id']}; its execution started.")
    case = story.wait(lambda: _once(buyer, opened["case_id"], "evidence_required"), "the policy")
    story.say(f"Status {case['status']}, waiting on the {case['waiting_on']} until {case['deadline_at']}.")
    story.say(f"Silence until then means: {case['on_timeout']}. The rules that fired, gravest verdict first:")
    show_rules(story, case)
    return case


def send_photo(story: Story, buyer: Person, seller: Person, case: Mapping[str, Any]) -> dict[str, Any]:
    """Straight to object storage through a presigned form; others see a copy without metadata."""
    story.chapter("The buyer sends a photo that tells where it was taken")
    photo = photo_with_gps()
    promise = {"filename": "teapot.jpg", "content_type": "image/jpeg", "size": len(photo)}
    added = _body(buyer.post(f"cases/{case['case_id']}/evidence", promise))
    sent = upload(added["upload"], photo)
    story.say(
        f"POST …/evidence answered a form for exactly this type and size; S3 answered {sent.status_code}."
    )
    moved = story.wait(lambda: _once(buyer, case["case_id"], "under_review"), "the look at the photo")
    link = _body(seller.get(f"cases/{case['case_id']}/evidence/{added['evidence']['evidence_id']}"))
    clean = httpx.get(link["url"], timeout=30).content
    story.table(
        ("", "bytes", "place in it", "sha256"),
        [
            ("uploaded", len(photo), place(photo), sha256(photo).hexdigest()[:16]),
            ("what the seller sees", len(clean), place(clean), moved["evidence"][0]["sha256"][:16]),
        ],
        right=("bytes",),
    )
    story.say(f"The case is {moved['status']}, waiting on the {moved['waiting_on']}. The rules that fired:")
    show_rules(story, moved)
    return moved


@contextmanager
def seller_alerts(story: Story, seller: Person) -> Iterator[Alerts]:
    """A queue that the seller subscribed through the API; yields a look at what came for a case."""
    queue = story.desk.client("sqs")
    arn = f"arn:aws:sqs:{story.desk.facts['region']}:000000000000:demo-{seller.party_id}-{uuid4().hex[:4]}"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": story.desk.facts["notices_topic_arn"]}},
            }
        ],
    }
    attributes = {"Policy": json.dumps(policy)}
    url = queue.create_queue(QueueName=arn.rsplit(":", 1)[1], Attributes=attributes)["QueueUrl"]
    channel = f"sellers/{seller.party_id}/subscriptions/sqs"
    _body(seller.put(channel, {"endpoint": arn, "events": _ALERTS}))
    received: list[dict[str, Any]] = []

    def look(case_id: str, *events: str) -> list[dict[str, Any]]:
        def all_came() -> list[dict[str, Any]] | None:
            answer = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            received.extend(json.loads(message["Body"]) for message in answer.get("Messages", []))
            notices = [(one, json.loads(one["Message"])) for one in received]
            mine = [
                one for one, notice in notices if notice["case_id"] == case_id and notice["event"] in events
            ]
            return mine if len(mine) >= len(events) else None

        return story.wait(all_came, "the seller's alerts")

    try:
        yield look
    finally:
        seller.delete(channel)
        queue.delete_queue(QueueUrl=url)


def show_alerts(story: Story, alerts: Sequence[Mapping[str, Any]]) -> None:
    """What a seller's own system receives."""
    story.chapter("The seller is told")
    story.say("PUT /sellers/…/subscriptions/sqs had asked for some kinds of alerts; these messages came:")
    rows = []
    for alert in sorted(alerts, key=lambda one: json.loads(one["Message"])["at"]):
        attributes = [f"{name}={one['Value']}" for name, one in sorted(alert["MessageAttributes"].items())]
        notice = json.loads(alert["Message"])
        rest = [
            f"{name}: {value}" for name, value in notice.items() if name not in alert["MessageAttributes"]
        ]
        rows.append(("\n".join(attributes), "\n".join(rest)))
    story.table(("attributes, to filter by", "the rest of the body"), rows)


def seller_grants(story: Story, buyer: Person, seller: Person, case: Mapping[str, Any]) -> dict[str, Any]:
    """A decision carries the version that was seen, so that nobody decides on old news."""
    story.chapter("The seller looks and grants it")
    body = {"decision": "approve", "reason_code": "damage_seen", "note": "The spout is broken indeed."}
    current = _body(seller.get(f"cases/{case['case_id']}"))
    headers = {"If_Match": f'"{current["version"]}"'}
    _body(seller.post(f"cases/{case['case_id']}/decision", body, **headers))
    done = story.wait(lambda: _once(buyer, case["case_id"], *FINAL), "the money")
    decision = done["decision"]
    story.say(
        f"POST …/decision (If-Match: version {current['version']}): {decision['verdict']} by "
        f"{decision['by']['role']} {decision['by']['id']}, {decision['reason_code']}: “{decision['note']}”"
    )
    story.say(f"The case is {done['status']}.")
    return done


def show_money(story: Story, order: OrderLine, case: Mapping[str, Any]) -> None:
    """Each part went back where it came from."""
    story.chapter("The money is back at the payment provider")
    made = {one["metadata"].get("refund_id"): one["id"] for one in story.desk.refunds_at_provider()}
    credits = {one["refund_id"]: "store credit" for one in story.desk.store_credits()}
    at_provider = made | credits
    story.table(
        ("payment", "amount", "state", "at the provider", "key of the attempt"),
        [
            (
                one["payment_id"].removeprefix(f"{order.order_id}-"),
                money(one["amount"]["amount"], order),
                one["state"],
                at_provider[one["refund_id"]],
                one["refund_id"],
            )
            for one in case["refunds"]
        ],
        right=("amount",),
    )
    show_ledger(story, order, "The ledger: available + reserved + refunded = captured, always:")


def show_ledger(story: Story, order: OrderLine, words: str) -> None:
    """The order's money, payment by payment."""
    view = _body(story.desk.person("platform").get(f"orders/{order.order_id}"))
    names = ("captured", "available", "reserved", "refunded")
    story.say(words)
    story.table(
        ("payment", "method", *names),
        [
            (one["payment_id"], one["method"], *(money(one[name], order) for name in names))
            for one in view["payments"]
        ],
        right=names,
    )


def show_rules(story: Story, case: Mapping[str, Any]) -> None:
    """Why the policy decided as it did."""
    decision = case["decision"]
    story.table(
        ("rule", "verdict", "what it looked at"),
        [
            (
                rule["code"],
                rule["verdict"],
                ", ".join(f"{key}={value}" for key, value in rule["inputs"].items()),
            )
            for rule in decision["rules"]
        ],
    )


def show_timeline(story: Story, buyer: Person, case: Mapping[str, Any]) -> None:
    """Who did what, when."""
    story.chapter("The timeline says who did what")
    story.table(
        ("seq", "at", "who", "event", "status"),
        [
            (entry["seq"], entry["at"][11:23], entry["actor"]["role"], entry["event"], entry["to"])
            for entry in buyer.each(f"cases/{case['case_id']}/timeline")
        ],
        right=("seq",),
    )


def show_mails(story: Story, buyer: Person, case: Mapping[str, Any]) -> None:
    """In the buyer's language."""
    story.chapter("The buyer was told by mail, in Chinese")
    address = f"{buyer.party_id}@example.com"

    def all_came() -> list[dict[str, Any]] | None:
        mails = [mail for mail in story.desk.mails(address) if case["case_id"] in mail["BodyText"]]
        return mails if len(mails) >= 5 else None

    mails = story.wait(all_came, "the mails")
    story.table(
        ("to", "subject", "says"),
        [(address, mail["Subject"], mail["BodyText"].split("\n\n")[1]) for mail in mails],
    )


def show_execution(story: Story, case: Mapping[str, Any]) -> None:
    """The way of the case through the state machine."""
    story.chapter("The execution's way through the state machine")
    execution = story.wait(lambda: _ended(story.desk, case["case_id"]), "the end of the execution")
    for number, state in enumerate(execution["states"]):
        story.say(f"{'└→' if number else '  '} {state}")
    story.say(f"[green]{execution['status']}[/], output {json.dumps(execution['output'])}")


def policy_alone(story: Story, order: OrderLine) -> None:
    """Most cases need nobody."""
    story.chapter("A small claim needs nobody")
    buyer = story.desk.person("buyer", order.buyer_id)
    started = time.monotonic()
    opened = _body(buyer.post("cases", _application(order) | {"reason": "late"}))
    case = story.wait(lambda: _once(buyer, opened["case_id"], *FINAL), "the policy")
    story.say(
        f"A kettle came late: {money(case['decision']['amount']['amount'], order)} approved by the "
        f"{case['decision']['by']['role']} and {case['status']} in {time.monotonic() - started:.1f} s, because:"
    )
    show_rules(story, case)


def goods_come_back(story: Story, order: OrderLine) -> None:
    """A change of mind: what it costs is shown before, and the refund follows what came."""
    story.chapter("Goods come back, and the money follows what came of them")
    buyer, seller = (
        story.desk.person(*who) for who in (("buyer", order.buyer_id), ("seller", order.seller_id))
    )
    lines = [{"line_id": "1", "quantity": 1}, {"line_id": "2", "quantity": 2}]
    wanted = {"order_id": order.order_id, "kind": "return", "reason": "changed_mind", "lines": lines}
    quote = _body(buyer.post("quotes", wanted))
    titles = {
        line["line_id"]: line["title"] for line in _body(buyer.get(f"orders/{order.order_id}"))["lines"]
    }
    story.say(
        "A buyer of a lamp and four bulbs wants neither the lamp nor two of the bulbs. The quote says what is left:"
    )
    story.table(
        ("", "amount"),
        [
            *(
                (f"{one['quantity']} × {titles[one['line_id']]}", money(one["amount"], order))
                for one in quote["lines"]
            ),
            ("restocking", f"- {money(quote['fees']['restocking'], order)}"),
            ("comes back", money(quote["total"]["amount"], order)),
        ],
        right=("amount",),
    )
    case_id = _body(buyer.post("cases", wanted))["case_id"]
    case = story.wait(lambda: _once(buyer, case_id, "awaiting_return"), "the policy")
    rows = [_turn("The policy approves: the goods come first", case)]
    parcel = {"carrier": "dhl_ecommerce", "tracking_code": f"GM{case_id.replace('-', '').upper()}"}
    acts: Sequence[tuple[Person, str, Mapping[str, Any], str]] = (
        (buyer, "shipment", parcel, "The buyer names the parcel"),
        (seller, "receipt", {}, "It is with the seller"),
        (seller, "receipt", {"lines": _CAME}, "The seller finds one bulb of two and offers a part"),
        (buyer, "offers/o1/answer", {"accept": True}, "The buyer accepts it"),
    )
    for person, act, body, words in acts:
        rows.append(_turn(words, _body(person.post(f"cases/{case_id}/{act}", body))))
    done = story.wait(lambda: _once(buyer, case_id, *FINAL), "the money")
    rows.append(_turn(f"{money(done['refunds'][0]['amount']['amount'], order)} are paid back", done))
    story.table(("", "status", "waits for", "and if nobody acts"), rows)
    view = _body(buyer.get(f"orders/{order.order_id}"))
    story.say(
        f"The bulb that did not come can be claimed again: {view['lines'][1]['refundable_quantity']} of 4 are free."
    )


def other_goods_go_out(story: Story, order: OrderLine) -> None:
    """Dearer ones: the buyer pays what they cost more before they are sent."""
    story.chapter("Other goods go out, and what they cost more is paid before")
    buyer, seller = (
        story.desk.person(*who) for who in (("buyer", order.buyer_id), ("seller", order.seller_id))
    )
    sku = f"BLB-DIM-{order.order_id[-4:]}"
    goods = {
        "seller_id": order.seller_id,
        "product": "bulbs",
        "title": "Bulb E27, dimmable",
        "currency": order.currency,
        "price": 999,
        "tax": 160,
        "on_hand": 1,
    }
    _body(story.desk.person("platform").put(f"skus/{sku}", goods))
    wanted = {
        "order_id": order.order_id,
        "kind": "exchange",
        "reason": "changed_mind",
        "lines": [{"line_id": "2", "quantity": 1}],
        "replacement": [{"line_id": "2", "sku": sku, "quantity": 1}],
    }
    more = _body(buyer.post("quotes", wanted))["exchange"]["difference"]["amount"]
    story.say(
        f"One of the bulbs shall be a dimmable one, which costs {money(more, order)} more; the stock has one."
    )
    case_id = _body(buyer.post("cases", wanted))["case_id"]

    def set_aside() -> dict[str, Any] | None:
        case = _body(buyer.get(f"cases/{case_id}"))
        return case if case["exchange"]["set_aside"] == "reserved" else None

    rows = [_turn("The policy approves, and the stock sets it aside", story.wait(set_aside, "the stock"))]
    number = case_id.replace("-", "").upper()
    there = {"carrier": "dhl_ecommerce", "tracking_code": f"GM{number[::-1]}"}
    counted = {"lines": [{"line_id": "2", "accepted": 1}]}
    rows.append(_turn("The buyer sends the bulb", _body(buyer.post(f"cases/{case_id}/shipment", there))))
    _body(seller.post(f"cases/{case_id}/receipt", counted))
    case = story.wait(lambda: _once(buyer, case_id, "awaiting_payment"), "what is to be paid")
    rows.append(_turn("It is with the seller, and in order", case))
    asked = story.wait(lambda: _asked(buyer, case_id), "the provider to ask for it")
    story.desk.pay_with(asked["client_secret"])
    case = story.wait(lambda: _once(buyer, case_id, "exchange_pending"), "the payment")
    rows.append(_turn(f"The buyer pays {money(asked['amount']['amount'], order)}: held, not yet taken", case))
    out = {"carrier": "dhl_ecommerce", "tracking_code": f"GM{number}"}
    rows.append(
        _turn("The seller sends the other one", _body(seller.post(f"cases/{case_id}/replacement", out)))
    )
    _body(buyer.post(f"cases/{case_id}/replacement/confirmation"))
    done = story.wait(lambda: _once(buyer, case_id, *FINAL), "the end")
    rows.append(_turn("The buyer has it; what was held is taken", done))
    story.table(("", "status", "waits for", "and if nobody acts"), rows)
    view = _body(buyer.get(f"orders/{order.order_id}"))
    story.say(
        f"The order now has a line of its own for it, {view['lines'][-1]['line_id']}, worth "
        f"{money(view['lines'][-1]['total'], order)}: a case about it is a case like any other."
    )


def two_verdicts(
    story: Story, bad: OrderLine, good: OrderLine, seller: Person, case: Mapping[str, Any], alerts: Alerts
) -> None:
    """A refund takes no verdict away, and a verdict moves no money."""
    story.chapter("A bad and a good feedback, and what the sellers see")
    words = {bad.order_id: (1, "壶嘴碎了，包装太差。"), good.order_id: (5, "Late, but lovely 🫖")}
    left = {}
    for order in (bad, good):
        score, comment = words[order.order_id]
        said = {"order_id": order.order_id, "score": score, "comment": comment, "dimensions": {"delivery": 2}}
        left[order.order_id] = _body(story.desk.person("buyer", order.buyer_id).post("feedback", said))
    [alert] = alerts(case["case_id"], "feedback_negative")
    notice = json.loads(alert["Message"])
    story.say(
        f"The first reached its seller at once: {notice['event']}, link {notice['link']}, and no word of it."
    )
    path = f"feedback/{left[bad.order_id]['feedback_id']}"
    _body(seller.post(f"{path}/reply", {"text": "We are sorry, and pack with more straw now."}))
    rows = []
    for order in (bad, good):
        person = story.desk.person("seller", order.seller_id)
        [mine] = [
            one
            for one in person.each(f"sellers/{order.seller_id}/feedback")
            if one["order_id"] == order.order_id
        ]
        polarity = mine["polarity"]
        rows.append(
            (
                order.seller_id,
                "★" * mine["score"],
                f"{polarity['value']} ({', '.join(polarity['reasons'])})",
                mine["comment"],
                mine["reply"]["text"] if mine["reply"] else "",
            )
        )
    story.table(("seller", "stars", "polarity", "comment", "reply"), rows)

    def counted() -> dict[str, Any] | None:
        rating = _body(seller.get(f"sellers/{seller.party_id}/rating"))
        return rating if rating["count"] else None

    rating = story.wait(counted, "the feedback to be counted")
    average = rating["average"] or "not shown below ten"
    story.say(f"GET /sellers/{seller.party_id}/rating: ratings {rating['count']}, average {average}.")


def where_to_look(story: Story, case_id: str) -> None:
    """Everything that a newcomer may want to touch next."""
    desk, facts = story.desk, story.desk.facts
    story.console.rule("Where to look", align="left", style="dim")
    execution = desk.execution_end(case_id)["arn"]
    lines = {
        "API": f"{desk.api_url}  (openapi.json and health need no token)",
        "OpenAPI": f"{desk.api_url}/openapi.json",
        "This case": f"{desk.api_url}/cases/{case_id}",
        "Execution": execution,
        "Mails": f"{facts['endpoint_url']}/_ministack/ses/messages",
        "Refunds": f"{desk.payments_url}/_sandbox/refunds",
        "Logs": f"{STACK_FILE.parent / 'engine.log'} and {STACK_FILE.parent / 'payments.log'}",
        "All of it": str(STACK_FILE),
        "AWS": f"AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws --endpoint-url {facts['endpoint_url']} "
        f"--region {facts['region']} …",
        "Users": ", ".join(user["username"] for user in facts["users"]),
        "Password": facts["users"][0]["password"],
        "A token": "python -m tools.desk buyer buyer-2   (prints an ID token for Authorization: Bearer)",
        "Stop": "make down",
    }
    for name, value in lines.items():
        story.console.print(f"[bold]{name:<10}[/] {value}", highlight=False, soft_wrap=True)


def money(amount: int, order: OrderLine) -> str:
    """An amount for people."""
    decimals = _DECIMALS.get(order.currency, 2)
    whole, rest = divmod(amount, 10**decimals)
    return f"{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "") + f" {order.currency}"


def place(photo: bytes) -> str:
    """Where a photo says that it was taken."""
    gps = Image.open(io.BytesIO(photo)).getexif().get_ifd(ExifTags.IFD.GPSInfo)
    if not gps:
        return "none"
    return " ".join(
        f"{float(degrees):.0f}°{float(minutes):.0f}′{letter}"
        for (degrees, minutes, _), letter in (
            (gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef]),
            (gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef]),
        )
    )


def main() -> int:
    """Tell the story, then where to look."""
    console = Console()
    story = Story(Stack(), console)
    started = time.monotonic()
    try:
        case_id = tell(story)
    except TimeoutError as error:
        console.print(f"[red]✗[/] {error} The engine's log may say why: {STACK_FILE.parent / 'engine.log'}")
        return 1
    console.print(f"\nTold in {time.monotonic() - started:.0f} s.", highlight=False)
    where_to_look(story, case_id)
    return 0


def _application(order: OrderLine) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "kind": "refund",
        "reason": "damaged",
        "lines": [{"line_id": "1", "quantity": 1}],
    }


def _body(answer: httpx.Response) -> dict[str, Any]:
    """The body of a success; anything else ends the story and shows why."""
    if answer.is_error:
        raise SystemExit(f"{answer.request.method} {answer.request.url} answered {answer.text}")
    body: dict[str, Any] = answer.json()
    return body


_CAME = [{"line_id": "1", "accepted": 1}, {"line_id": "2", "accepted": 1}]


def _turn(words: str, case: Mapping[str, Any]) -> tuple[object, ...]:
    return words, case["status"], case["waiting_on"] or "nobody", case["on_timeout"]


def _asked(buyer: Person, case_id: str) -> dict[str, Any] | None:
    """What the buyer is asked to pay, once the provider has been told of it."""
    answer = buyer.get(f"cases/{case_id}/payment")
    return None if answer.status_code == httpx.codes.CONFLICT else _body(answer)


def _once(person: Person, case_id: str, *statuses: str) -> dict[str, Any] | None:
    case = _body(person.get(f"cases/{case_id}"))
    return case if case["status"] in statuses else None


def _ended(desk: Stack, name: str) -> dict[str, Any] | None:
    execution = desk.execution(name)
    return None if execution["status"] == "RUNNING" else execution


if __name__ == "__main__":
    sys.exit(main())
