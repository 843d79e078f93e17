"""The desk is broken on purpose and heals, told step by step: ``make drill``

Needs a running local stack (`make up`), whose workers it kills, whose stream it stops and whose permissions it takes
away; everything is given back at the end of its step. After each step it shows what an operator sees and does, and
checks that nothing was lost and nothing happened twice. Ends with 1 where something did not heal.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console

from tests.corpus import plain_photo
from tests.e2e import workers
from tests.e2e.market import Market, Sale, body
from tools.demo import Story
from tools.desk import FINAL, STACK_FILE, Stack
from tools.generate.sources import template
from tools.operate import show
from tools.operate.__main__ import main as operator
from tools.operate.cases import look_at
from tools.operate.deployment import Problem, local
from tools.operate.queues import KINDS, DeadLetterQueue

_SIX_MINUTES = 6 * 60 * 1000
_STEPS = ("assess_case", "wait_for_party", "refund_buyer", "settle_case", "relay_timeline")


class NotHealed(Exception):
    """Something is not as it has to be."""


class Drill(Story):
    """A story about what breaks, with an operator in it."""

    def __init__(self, desk: Stack, console: Console) -> None:
        super().__init__(desk, console)
        self.market = Market(desk)
        self.deployment = local(desk)
        self.begun_at = time.time_ns() // 1_000_000
        self.cases: list[tuple[Sale, str]] = []

    def apply(self, sale: Sale, reason: str) -> str:
        """A buyer applies; the case is looked at again at the end."""
        case_id = str(self.market.apply(sale, reason=reason)["case_id"])
        self.cases.append((sale, case_id))
        return case_id

    def expect(self, so: bool, sentence: str) -> None:
        """What has to be true now."""
        if not so:
            raise NotHealed(f"It is not true that {sentence}")
        self.console.print(f"   [green]✓[/] {sentence}", highlight=False, soft_wrap=True)

    def operate(self, *arguments: str, answers: int = 0) -> None:
        """What an operator types, and what it shows."""
        self.console.print(f"   [bold]$ python -m tools.operate {' '.join(arguments)}[/]", highlight=False)
        answered = operator(arguments, self.console)
        if answered != answers:
            raise NotHealed(f"the command answered {answered} instead of {answers}")

    def rings(self, alarm: str, because: str) -> None:
        """What the operator is called by on AWS; the engine measures nothing."""
        said = template()["Resources"][alarm]["Properties"]["AlarmDescription"]
        self.console.print(
            f"   [yellow]alarm[/] {alarm} ({because}): {said}", highlight=False, soft_wrap=True
        )

    def paid_once(self, sale: Sale, case_id: str) -> None:
        """Provider, ledger and timeline agree on one refund."""
        self.market.until(sale, case_id, "completed")
        paid = [one["amount"] for one in self.market.refunds(sale) if one["status"] == "succeeded"]
        order = self.market.order(sale)
        told = self.market.events(sale, case_id).count("refund_succeeded")
        captured = sale.order["payments"][0]["captured"]
        self.expect(
            (paid, order["reserved"], order["refunded"], told) == ([captured], 0, captured, 1),
            "the buyer was paid exactly once: at the provider, in the ledger, in the timeline.",
        )


def kill_workers(drill: Drill) -> None:
    """Row 3: a function dies in the middle of a call that moves money."""
    drill.chapter("Workers die while the provider has a refund in hand, and its events are lost")
    market, sale = drill.market, drill.market.sell()
    market.webhooks("hold")
    try:
        market.fault(sale, "delay", delay_ms=3_000)
        case_id = drill.apply(sale, "late")
        drill.wait(lambda: _called(market, sale), "the call to arrive at the provider")
        killed = sum(workers.kill(name) for name in _STEPS)
        drill.say(f"{killed} workers killed: those of {', '.join(_STEPS)}.")
        drill.wait(lambda: market.refunds(sale), "the provider to carry out the call")
        drill.operate("case", case_id)
        drill.say("No alarm: the provider is asked again after a minute. The minute is over (moved by data).")
        market.silence(sale, case_id)
        drill.paid_once(sale, case_id)
        drill.say("Now the lost events come after all, twice each.")
        market.release(repeat=2)
        drill.paid_once(sale, case_id)
    finally:
        market.webhooks("normal")


def drop_stream(drill: Drill) -> None:
    """Row 9: the stream delivers nothing; the sweeper alone carries the case."""
    drill.chapter("The stream delivers nothing")
    sale, after = drill.market.sell(), drill.market.sell()
    with drill.market.stream_off():
        case_id = drill.apply(sale, "late")
        drill.operate("case", case_id)
        drill.rings("StreamIsLate", "IteratorAge of a consumer that fails; one that is off reports none")
        drill.say("Five minutes pass (moved by data) before each sweep.")
        drill.wait(lambda: _swept(drill, case_id), "the sweeps to carry the case")
        drill.paid_once(sale, case_id)
    drill.say("The stream is back and delivers all that it kept; behind it comes the next case.")
    drill.paid_once(after, drill.apply(after, "late"))
    drill.paid_once(sale, case_id)
    for one in (after, sale):
        drill.wait(partial(_mailed, drill, one, 3), "the mails")
        subjects = [mail["Subject"] for mail in drill.desk.mails(one.contact)]
        drill.expect(len(subjects) == len(set(subjects)) == 3, "the buyer has each of three mails once.")


def fill_dead_letters(drill: Drill) -> None:
    """Rows 10 and 27: a permission is missing; letters are looked at, the cause is repaired, they are sent again."""
    drill.chapter("Mail cannot be sent and photos cannot be read")
    market, sale = drill.market, drill.market.sell()
    mail, evidence = (DeadLetterQueue(drill.deployment, name) for name in ("mail", "evidence"))
    with _denied(drill, "MailBuyer", "ses:SendEmail"), _denied(drill, "CheckEvidence", "s3:GetObject"):
        with _tries_in_seconds(drill):
            case_id = drill.apply(sale, "damaged")
            market.until(sale, case_id, "evidence_required")
            photo = market.show(sale, case_id, plain_photo())
            drill.wait(lambda: mail.count() >= 2 and evidence.count() >= 1, "the tries to be used up")
        drill.rings("BuyersAreNotMailed", f"{mail.count()} letters")
        drill.rings("EvidenceIsNotChecked", f"{evidence.count()} letters")
        drill.operate("letters")
        drill.say("Sent again before the cause is repaired, a letter stays:")
        drill.operate("redrive", "evidence", answers=1)
        drill.expect(not drill.desk.mails(sale.contact), "the buyer has no mail.")
    drill.say("The permissions are given back.")
    drill.operate("redrive", "evidence")
    drill.operate("redrive", "mail")
    seen = market.looked_at(sale, case_id, photo)
    drill.expect(seen["state"] == "accepted", "the photo was looked at and accepted.")
    drill.wait(partial(_mailed, drill, sale, 2), "the mails")
    drill.operate("letters")
    drill.paid_once(sale, case_id)


def stop_execution(drill: Drill) -> None:
    """Row 33: an execution is stopped by hand; an operator is asked and sends the case on."""
    drill.chapter("Somebody stops an execution")
    market, sale = drill.market, drill.market.sell()
    case_id = drill.apply(sale, "other")
    market.waits_in(case_id, "Wait for the seller")
    market.stop(case_id)
    drill.wait(lambda: market.events(sale, case_id)[-1] == "operator_asked", "the operator to be asked")
    drill.wait(lambda: _counted(drill, "operator_asked"), "the metric")
    drill.rings("OperatorIsAsked", "the metric operator_asked was written")
    drill.operate("restart", case_id, "--dry-run")
    drill.operate("restart", case_id)
    market.waits_in(f"{case_id}-2", "Wait for the seller")
    drill.expect(True, "the second execution waits where the first one waited.")
    body(market.decide(sale, case_id))
    drill.paid_once(sale, case_id)


def reconcile(drill: Drill) -> None:
    """Nothing is left: as the desk's own reconciler says, and as can be seen."""
    drill.chapter("The reconciler holds provider, books, executions and timelines against each other")
    for sale, case_id in drill.cases:
        drill.market.finished(look_at(drill.deployment, case_id).executions[-1].name)
        drill.wait(partial(_all_relayed, drill, case_id), "the last entry to be relayed")
        drill.paid_once(sale, case_id)
    report = drill.deployment.invoke("ReconcileBooks", {"hours": 2})
    drill.say(f"reconcile_books, two hours back, answers {json.dumps(report)}.")
    drill.expect(report["drifted"] == report["busy"] == 0, "every order fits.")
    drill.operate("letters")
    left = sum(DeadLetterQueue(drill.deployment, name).count() for name in KINDS)
    drill.expect(left == 0, "no dead letter is left.")


@contextmanager
def _denied(drill: Drill, function: str, action: str) -> Iterator[None]:
    """The function's role may not do this any more."""
    roles = drill.desk.client("iam")
    policy = {"RoleName": drill.deployment.resource(f"{function}Role"), "PolicyName": "drill"}
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    roles.put_role_policy(**policy, PolicyDocument=document)
    try:
        yield
    finally:
        roles.delete_role_policy(**policy)


@contextmanager
def _tries_in_seconds(drill: Drill) -> Iterator[None]:
    """The queue of mail hides a message for minutes after each of its five tries; here for a second."""
    queues, name = drill.desk.client("sqs"), "VisibilityTimeout"
    url = drill.deployment.resource("BuyerMailQueue")
    usual = queues.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]
    queues.set_queue_attributes(QueueUrl=url, Attributes={name: "1"})
    try:
        yield
    finally:
        queues.set_queue_attributes(QueueUrl=url, Attributes={name: usual})


def _called(market: Market, sale: Sale) -> bool:
    """The fault that was ordered has met its call, and the call is not answered yet."""
    ordered = market.stack.sandbox("GET", "faults")["faults"]
    return not any(fault["payment_intent"] in sale.payments for fault in ordered)


def _age(drill: Drill, case_id: str) -> None:
    """The case's unrelayed entries were written six minutes ago: the sweep leaves what is younger than five."""
    at = time.time_ns() // 1_000_000 - _SIX_MINUTES
    for number in look_at(drill.deployment, case_id).unrelayed:
        drill.desk.client("dynamodb").update_item(
            TableName=drill.deployment.resource("CasesTable"),
            Key={"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": f"TIMELINE#{number:08d}"}},
            UpdateExpression="SET #at = :at",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={":at": {"N": str(at)}},
        )


def _swept(drill: Drill, case_id: str) -> bool:
    """One sweep more; whether nothing is left of the case."""
    _age(drill, case_id)
    drill.desk.sweep("sweep_timeline")
    screen = look_at(drill.deployment, case_id)
    return screen.case.status in FINAL and not screen.unrelayed


def _mailed(drill: Drill, sale: Sale, times: int) -> bool:
    return len(drill.desk.mails(sale.contact)) >= times


def _all_relayed(drill: Drill, case_id: str) -> bool:
    return not look_at(drill.deployment, case_id).unrelayed


def _counted(drill: Drill, metric: str) -> bool:
    """Whether the relay has written this metric since the drill began."""
    pages = (
        drill.desk.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/aws/lambda/{drill.deployment.resource('RelayTimeline')}",
            startTime=drill.begun_at,
        )
    )
    lines: Iterator[str] = (event["message"] for page in pages for event in page["events"])
    return any('"_aws"' in line and f'"{metric}"' in line for line in lines)


def main() -> int:
    """All that breaks, then what is left of it."""
    console = show.console()
    drill = Drill(Stack(), console)
    started = time.monotonic()
    for step in (kill_workers, drop_stream, fill_dead_letters, stop_execution, reconcile):
        begun = time.monotonic()
        try:
            step(drill)
        except (NotHealed, Problem, AssertionError, TimeoutError) as error:
            console.print(f"   [red]✗[/] {error}", highlight=False, soft_wrap=True)
            console.print(f"The engine's log may say why: {STACK_FILE.parent / 'engine.log'}")
            return 1
        drill.say(f"[dim]{time.monotonic() - begun:.0f} s[/]")
    console.print(f"\nEverything healed, in {time.monotonic() - started:.0f} s.", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
