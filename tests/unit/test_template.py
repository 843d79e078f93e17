"""House rules: what holds for every resource of the template, however many there will be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from aftersales.contracts import settings
from aftersales.contracts.routes import ROUTES
from aftersales.contracts.settings import Setting
from aftersales.domain.timeline import EFFECTS, Event
from tools.generate.sources import ROOT, template

# Actions that AWS offers on no resource, or none that a template can name, and what holds them in check instead.
ANY_RESOURCE = {
    "states:SendTaskSuccess": "a task token belongs to no resource and cannot be guessed",
    "states:SendTaskFailure": "a task token belongs to no resource and cannot be guessed",
    "comprehend:DetectSentiment": "a text belongs to no resource, and is not kept",
    "ses:SendEmail": "the sender's identity is an address or its domain; a condition names the sender",
}
# Asynchronous edges that give up without a dead letter, and what makes up for it instead.
WITHOUT_DEAD_LETTERS = {
    "SweepDeadlines.EveryMinute": "the next run finds what is due",
    "RunErrands.EveryMinute": "the next run finds what is due",
    "SweepTimeline.EveryMinute": "the next run finds what is due",
    "SweepFeedback.EveryMinute": "the next run finds what is due",
    "SweepStock.EveryMinute": "the next run finds what is due",
    "RequestFeedback.EveryMinute": "the next run finds what is due",
    "ExportTables.EveryDay": "the next run exports all of it",
    "MailDigests.EveryHour": "the next run finds what is due",
    "ReconcileBooks.EveryHour": "the next run looks back twice as far",
    "ReconcileBooks.EveryDay": "the next run looks back twice as far",
    "AlarmsMail": "an alarm stays an alarm in CloudWatch until its cause is gone, whether or not its mail arrives",
}
# Variables that Powertools reads, not the package.
POWERTOOLS = re.compile(r"POWERTOOLS_\w+")


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, with the resource that it belongs to."""

    owner: str
    effect: str
    actions: list[str]
    resources: list[Any]
    conditioned: bool


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of this type."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template()["Resources"].items()
        if resource["Type"] == f"AWS::{kind}"
    }


def functions() -> dict[str, dict[str, Any]]:
    return resources("Serverless::Function")


def events(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of one kind, each with the function that it starts."""
    for name, function in functions().items():
        for event in function.get("Events", {}).values():
            if event["Type"] == kind:
                yield name, event["Properties"]


def statements() -> Iterator[Statement]:
    for owner, resource in template()["Resources"].items():
        properties = resource.get("Properties", {})
        for policy in [*properties.get("Policies", [])] if "Serverless" in resource["Type"] else []:
            yield from map(lambda one, owner=owner: statement(owner, one), policy["Statement"])  # type: ignore[misc]
        if document := properties.get("PolicyDocument"):
            yield from map(lambda one, owner=owner: statement(owner, one), document["Statement"])  # type: ignore[misc]


def statement(owner: str, said: dict[str, Any]) -> Statement:
    return Statement(
        owner, said["Effect"], as_list(said["Action"]), as_list(said["Resource"]), "Condition" in said
    )


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def names_of(logical_id: str) -> str:
    """`OrdersApi` in the words of folders: `orders_api`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", logical_id).lower()


def target(value: dict[str, Any]) -> str:
    """The resource that `!GetAtt Queue.Arn` or `!Ref Queue` points at."""
    return str(value.get("Fn::GetAtt") or value["Ref"]).split(".")[0]


@dataclass(frozen=True)
class Edge:
    """Something that hands over work and goes on: where it puts what the other side does not take."""

    name: str
    dead_letters: frozenset[str]


def edges() -> Iterator[Edge]:
    """Every asynchronous edge of the template. One that can fail on both sides of Lambda's own queue is two."""
    for name, function in functions().items():
        of_invocation = on_failure(function.get("EventInvokeConfig", {}))
        for event, declared in function.get("Events", {}).items():
            properties, kind = declared["Properties"], declared["Type"]
            match kind:
                case "Api":
                    continue
                case "SQS":
                    queue = resources("SQS::Queue")[target(properties["Queue"])]
                    given_up = frozenset({dead_letters_of(queue)} - {None})
                case "DynamoDB":
                    given_up = on_failure(properties)
                case "EventBridgeRule":
                    arn = properties.get("DeadLetterConfig", {}).get("Arn")
                    yield Edge(f"{name}.{event} -> target", frozenset({target(arn)} if arn else ()))
                    given_up = of_invocation
                case "S3":
                    given_up = of_invocation
                case _:
                    # A kind of event that this test has not met yet has no dead letters until somebody says which.
                    given_up = frozenset()
            yield Edge(f"{name}.{event}", given_up)
    for name, subscription in resources("SNS::Subscription").items():
        yield Edge(name, frozenset({dead_letters_of(subscription)} - {None}))


def on_failure(config: dict[str, Any]) -> frozenset[str]:
    destination = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    return frozenset({target(destination)} if destination else ())


def dead_letters_of(queue_or_subscription: dict[str, Any]) -> Any:
    arn = queue_or_subscription.get("RedrivePolicy", {}).get("deadLetterTargetArn")
    return target(arn) if arn else None


def dead_letter_queues() -> set[str]:
    """Those of the template's edges, and the one that the adapter hangs on each seller's subscription."""
    given = functions()["SellerApi"]["Environment"]["Variables"]["ALERT_DEAD_LETTERS_ARN"]
    return {queue for edge in edges() for queue in edge.dead_letters} | {target(given)}


def pages() -> list[str]:
    """The pages of the runbook."""
    return re.findall(r"^## (\S+)$", (ROOT / "docs" / "runbook.md").read_text("utf-8"), re.MULTILINE)


def page_named_by(alarm: dict[str, Any]) -> str | None:
    named = re.search(r"See docs/runbook\.md, ([a-z-]+)\.$", alarm["AlarmDescription"])
    return named[1] if named else None


def alarms_on(namespace: str, logical_id: str) -> list[dict[str, Any]]:
    """The alarms that watch this queue or function."""
    return [
        alarm
        for alarm in resources("CloudWatch::Alarm").values()
        if alarm["Namespace"] == namespace
        and logical_id in {target(dimension["Value"]) for dimension in alarm["Dimensions"]}
    ]


def test_every_operation_has_one_event_on_its_function_and_no_event_is_without_one() -> None:
    declared = [(names_of(name), event["Method"], event["Path"]) for name, event in events("Api")]
    assert sorted(declared) == sorted((route.function, route.method, route.path) for route in ROUTES)


def test_only_operations_for_everybody_are_answered_without_a_token() -> None:
    unlocked = {
        (event["Method"], event["Path"])
        for _, event in events("Api")
        if event.get("Auth", {}).get("Authorizer") == "NONE"
    }
    assert unlocked == {(route.method, route.path) for route in ROUTES if not route.roles}


def test_whatever_is_not_said_otherwise_needs_a_token() -> None:
    [api] = resources("Serverless::Api").values()
    assert api["Auth"]["DefaultAuthorizer"] in api["Auth"]["Authorizers"]
    assert all(set(event.get("Auth", {})) <= {"Authorizer"} for _, event in events("Api"))


def test_a_function_is_called_as_its_folder_and_every_folder_is_a_function() -> None:
    folders = {f"functions/{app.parent.name}" for app in ROOT.glob("functions/*/app.py")}
    declared = {name: function["CodeUri"] for name, function in functions().items()}
    assert declared == {name: f"functions/{names_of(name)}" for name in declared}
    assert set(declared.values()) == folders


def test_no_action_is_a_wildcard_unless_it_is_denied() -> None:
    assert not [
        one for one in statements() if one.effect == "Allow" and any("*" in action for action in one.actions)
    ]


def test_nothing_is_allowed_on_every_resource_that_could_be_named() -> None:
    for one in statements():
        if one.effect == "Allow" and "*" in one.resources:
            assert set(one.actions) <= set(ANY_RESOURCE), one.owner


def test_mail_is_sent_as_the_sender_only() -> None:
    for one in statements():
        if "ses:SendEmail" in one.actions and "*" in one.resources:
            assert one.conditioned, f"{one.owner} may send mail as any identity of the account"


def test_a_wildcard_within_a_resource_stands_at_its_end_behind_a_name() -> None:
    texts = [
        text
        for one in statements()
        for resource in one.resources
        if isinstance(text := resource.get("Fn::Sub") if isinstance(resource, dict) else resource, str)
    ]
    inner = [text for text in texts if "*" in text and text != "*"]
    assert all(re.fullmatch(r"[^*]*\$\{\w+(::\w+)?\}[^*]*[:/]\*", text) for text in inner), inner


def test_nothing_may_scan_a_table() -> None:
    allowed = {action for one in statements() for action in one.actions}
    assert not allowed & {"dynamodb:Scan", "dynamodb:PartiQLSelect"}


def test_no_function_shares_a_role() -> None:
    shared = [name for name, function in functions().items() if "Role" in function]
    assert not shared
    assert "Role" not in template()["Globals"]["Function"]


FEEDBACK_FUNCTIONS = {
    "FeedbackApi",
    "ModerationApi",
    "CountFeedback",
    "SweepFeedback",
    "CheckPhotos",
    "MailDigests",
    "ReadComments",
    "RequestFeedback",
}
READS = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}


def rights_on(table: str) -> dict[str, set[str]]:
    """What each function may do to a table and its indexes."""
    found: dict[str, set[str]] = {}
    for one in statements():
        if any(re.search(rf"\b{table}\b", str(resource)) for resource in one.resources):
            found.setdefault(one.owner, set()).update(one.actions)
    return found


@pytest.mark.parametrize("table", ["OrdersTable", "CasesTable"])
def test_what_a_buyer_says_can_write_no_order_no_ledger_and_no_case(table: str) -> None:
    """From a feedback there is no way to anybody's money, not even through a mistake in the code."""
    for name in FEEDBACK_FUNCTIONS & rights_on(table).keys():
        assert rights_on(table)[name] <= READS, name


def test_functions_of_feedback_reach_nothing_but_their_table_their_photos_and_the_topic() -> None:
    theirs = [one for one in statements() if one.owner in FEEDBACK_FUNCTIONS]
    assert {action.split(":")[0] for one in theirs for action in one.actions} == {
        "dynamodb",
        "sns",
        "s3",
        "ses",
        "comprehend",
    }


@pytest.mark.parametrize(("folder", "other"), [("feedback", "cases"), ("cases", "feedback")])
def test_who_reaches_photos_of_feedback_reaches_no_evidence_of_cases(folder: str, other: str) -> None:
    of_files = [
        one for one in statements() if any(a.startswith("s3:") for a in one.actions) and one.effect == "Allow"
    ]
    who = {one.owner for one in of_files if f"/{folder}/*" in str(one.resources)}
    assert who
    assert not who & {one.owner for one in of_files if f"/{other}/*" in str(one.resources)}


def test_what_decides_on_cases_and_money_does_not_see_feedback() -> None:
    """An order's delivery puts a request for feedback there, and reads nothing; what is exported decides nothing."""
    rights = rights_on("FeedbackTable")
    assert rights.pop("OrdersApi") == {"dynamodb:PutItem"}
    assert "dynamodb:ExportTableToPointInTime" in rights.pop("ExportTables")
    assert set(rights) == FEEDBACK_FUNCTIONS


def test_the_state_machine_may_invoke_its_steps_and_nothing_else() -> None:
    for machine in resources("Serverless::StateMachine").values():
        steps = {target(arn) for arn in machine["DefinitionSubstitutions"].values()}
        [only] = [one for policy in machine["Policies"] for one in policy["Statement"]]
        assert only["Action"] == "lambda:InvokeFunction"
        assert {target(arn) for arn in only["Resource"]} == steps


def test_every_setting_is_given_to_a_function_and_every_variable_is_a_setting() -> None:
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    given = {
        name
        for function in functions().values()
        for name in function.get("Environment", {}).get("Variables", {})
    } | set(shared)
    known = {name for name, value in vars(settings).items() if isinstance(value, Setting)}
    assert {name for name in given if not POWERTOOLS.fullmatch(name)} == known


def test_an_answer_is_given_before_the_gateway_gives_up() -> None:
    default = template()["Globals"]["Function"]["Timeout"]
    assert all(functions()[name].get("Timeout", default) <= 29 for name, _ in events("Api"))


def test_a_message_stays_hidden_for_six_times_as_long_as_its_function_may_take() -> None:
    """AWS's own advice: less, and a message is handed out again while it is still worked on."""
    default = template()["Globals"]["Function"]["Timeout"]
    for name, event in events("SQS"):
        queue = resources("SQS::Queue")[target(event["Queue"])]
        assert queue["VisibilityTimeout"] >= 6 * functions()[name].get("Timeout", default)


def test_one_bad_record_never_holds_up_its_batch() -> None:
    batches = [event for kind in ("SQS", "DynamoDB") for _, event in events(kind)]
    assert all(event["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for event in batches)


def test_queues_that_carry_work_give_it_up_to_a_dead_letter_queue() -> None:
    queues, dead = resources("SQS::Queue"), dead_letter_queues()
    assert all("RedrivePolicy" in queue for name, queue in queues.items() if name not in dead)


@pytest.mark.parametrize("edge", list(edges()), ids=lambda edge: edge.name)
def test_an_asynchronous_edge_gives_up_into_a_dead_letter_queue_unless_it_is_said_why_not(edge: Edge) -> None:
    assert bool(edge.dead_letters) != (edge.name in WITHOUT_DEAD_LETTERS)


def test_no_excuse_outlives_its_edge() -> None:
    assert set(WITHOUT_DEAD_LETTERS) <= {edge.name for edge in edges()}


@pytest.mark.parametrize("queue", sorted(dead_letter_queues()))
def test_a_dead_letter_queue_keeps_for_two_weeks_and_rings_from_the_first_letter(queue: str) -> None:
    """The longest that SQS keeps anything. The alarm names a page that exists."""
    assert resources("SQS::Queue")[queue]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    [alarm] = alarms_on("AWS/SQS", queue)
    assert (alarm["MetricName"], alarm["Threshold"], alarm["EvaluationPeriods"]) == (
        "ApproximateNumberOfMessagesVisible",
        1,
        1,
    )
    assert page_named_by(alarm) in pages()


@pytest.mark.parametrize(
    ("sender", "queue"),
    [
        ("sns.amazonaws.com", "BuyerMailDeadLetters"),
        ("sns.amazonaws.com", "SellerAlertDeadLetters"),
        ("events.amazonaws.com", "ExecutionDeadLetters"),
    ],
)
def test_who_is_no_function_may_put_dead_letters_into_its_queue(sender: str, queue: str) -> None:
    """Lambda writes with the function's role, which SAM extends; SNS and EventBridge need the queue's own policy."""
    allowed = {
        target(arn)
        for policy in resources("SQS::QueuePolicy").values()
        for said in policy["PolicyDocument"]["Statement"]
        if said["Principal"] == {"Service": sender} and "Condition" in said
        for arn in as_list(said["Resource"])
    }
    assert queue in allowed


def test_a_queue_has_one_policy() -> None:
    """SQS keeps one a queue: of two, and while one gives way to another of a new name, the last write or the last
    deletion counts, and SNS is refused without a word."""
    named = [target(queue) for policy in resources("SQS::QueuePolicy").values() for queue in policy["Queues"]]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("name", sorted({name for name, _ in events("Schedule")}))
def test_a_schedule_that_fails_or_does_not_run_rings(name: str) -> None:
    watched = {alarm["MetricName"]: alarm for alarm in alarms_on("AWS/Lambda", name)}
    assert set(watched) == {"Errors", "Invocations"}
    assert watched["Invocations"]["TreatMissingData"] == "breaching"
    assert all(page_named_by(alarm) in pages() for alarm in watched.values())


@pytest.mark.parametrize("name", resources("CloudWatch::Alarm"))
def test_every_alarm_names_its_page_of_the_runbook(name: str) -> None:
    assert page_named_by(resources("CloudWatch::Alarm")[name]) in pages()


def test_every_page_of_the_runbook_is_of_an_alarm() -> None:
    assert set(pages()) <= {page_named_by(alarm) for alarm in resources("CloudWatch::Alarm").values()}


def test_an_alarm_on_an_event_of_cases_counts_one_that_is_relayed() -> None:
    """Events are counted where they are relayed; an alarm on any other would never ring."""
    ours = {
        alarm["MetricName"]
        for alarm in resources("CloudWatch::Alarm").values()
        if alarm["Namespace"] == "Aftersales"
    }
    assert all(EFFECTS[Event(name)].relayed for name in ours if name in set(Event))


def test_what_cannot_be_made_again_is_kept_when_the_stack_goes() -> None:
    kept = {
        name
        for name, resource in template()["Resources"].items()
        if resource.get("DeletionPolicy") == resource.get("UpdateReplacePolicy") == "Retain"
    }
    precious = {
        name
        for name in resources("DynamoDB::Table")
        if "TimeToLiveSpecification" not in resources("DynamoDB::Table")[name]
    }
    assert precious | set(resources("S3::Bucket")) <= kept
    for name in precious:
        assert resources("DynamoDB::Table")[name]["PointInTimeRecoverySpecification"] == {
            "PointInTimeRecoveryEnabled": True
        }


def test_everything_at_rest_is_encrypted() -> None:
    assert all(table["SSESpecification"]["SSEEnabled"] for table in resources("DynamoDB::Table").values())
    assert all(queue["SqsManagedSseEnabled"] for queue in resources("SQS::Queue").values())
    assert all("BucketEncryption" in bucket for bucket in resources("S3::Bucket").values())


def test_no_bucket_is_ever_public() -> None:
    for bucket in resources("S3::Bucket").values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
