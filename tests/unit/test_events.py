"""Each entry point has samples in `events/`, and each sample is what its handler really takes.

The handlers run as they are deployed, only without the use case behind them.
"""

import hashlib
import hmac
import json
from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aftersales.adapters import tables
from aftersales.adapters.dynamodb import entry_of_stream_image
from aftersales.adapters.easypost_carriers import EasyPostEvents
from aftersales.adapters.stripe_payments import StripeEvents
from aftersales.contracts.routes import ROUTES, Route
from aftersales.domain import feedback
from aftersales.domain.notice import Notice
from aftersales.domain.parcel import TrackingStatus
from aftersales.domain.refusal import Code, Refusal
from aftersales.domain.timeline import EFFECTS, Entry
from aftersales.entrypoints import step
from aftersales.entrypoints.http import Answer, Api, Call
from aftersales.entrypoints.step import StepInput
from tests.events import matches
from tools.generate.sources import ROOT, function_module, state_machine, template

SAMPLES = sorted((ROOT / "events").glob("*.json"))
# The sample of a signed event was signed with this secret, which is nobody's.
SAMPLE_SECRET = "whsec_sample"
NOW = 1_773_568_800_000


def function_of(sample: Path) -> str:
    return sample.name.split(".")[0]


def load(sample: Path) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(sample.read_text("utf-8"))
    return event


def functions_with(kind: str) -> dict[str, dict[str, Any]]:
    """The functions that an event of this kind starts, with that event's properties."""
    return {
        resource["Properties"]["CodeUri"].removeprefix("functions/"): event["Properties"]
        for resource in template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == kind
    }


def steps() -> dict[str, set[str]]:
    """The functions of the state machine, each with the fields that it is given."""
    arns = template()["Resources"]["AfterSales"]["Properties"]["DefinitionSubstitutions"]
    functions = {
        name: template()["Resources"][arn["Fn::GetAtt"].split(".")[0]]["Properties"]["CodeUri"]
        for name, arn in arns.items()
    }
    return {
        functions[state["Parameters"]["FunctionName"].strip("${}")].removeprefix("functions/"): {
            name.removesuffix(".$") for name in state["Parameters"]["Payload"]
        }
        for state in state_machine()["States"].values()
        if state["Type"] == "Task"
    }


def samples_of(*functions: str) -> pytest.MarkDecorator:
    """One test a sample, under the sample's name."""
    mine = [sample for sample in SAMPLES if function_of(sample) in functions]
    return pytest.mark.parametrize("sample", [pytest.param(one, id=one.stem) for one in mine])


def alone(monkeypatch: pytest.MonkeyPatch, function: str, use_case: str) -> list[tuple[Any, ...]]:
    """Run the function without the world; answers what its use case is called with."""
    calls: list[tuple[Any, ...]] = []
    app = function_module(function)
    nothing = SimpleNamespace(
        **dict.fromkeys(
            ("desk", "feedback_desk", "comment_reader", "workflow", "notices", "evidence_files", "mailer"),
            list,
        )
    )
    monkeypatch.setattr(app, "bootstrap", nothing)
    monkeypatch.setattr(app, use_case, lambda *args: calls.append(args))
    return calls


def test_every_function_has_a_sample() -> None:
    functions = {folder.name for folder in (ROOT / "functions").iterdir() if (folder / "app.py").exists()}
    assert {function_of(sample) for sample in SAMPLES} == functions


@samples_of(*functions_with("Api"))
def test_a_request_passes_the_door_of_its_operation(sample: Path) -> None:
    event, function = load(sample), function_of(sample)
    route = next(
        route
        for route in ROUTES
        if (route.function, route.method, route.path) == (function, event["httpMethod"], event["resource"])
    )
    admitted: list[Call] = []

    answer = the_door_of(route, admitted)(event, SimpleNamespace())

    assert answer["statusCode"] == route.status, answer["body"]
    assert admitted[0].route is route
    assert admitted[0].path == (event["pathParameters"] or {})


def the_door_of(route: Route, admitted: list[Call]) -> Api:
    """The function's API with nothing behind this operation."""
    api = Api(route.function, lambda: NOW)

    def admit(call: Call) -> Answer:
        admitted.append(call)
        return Answer({}, route.status, {})

    admit.__name__ = route.operation
    api.operation(admit)
    return api


@samples_of(*functions_with("Api"))
def test_a_request_looks_as_the_gateway_sends_it(sample: Path) -> None:
    event = load(sample)
    context = event["requestContext"]
    assert event["path"] == event["resource"].format(**event["pathParameters"] or {})
    assert (context["httpMethod"], context["resourcePath"]) == (event["httpMethod"], event["resource"])
    assert event["multiValueHeaders"] == {name: [value] for name, value in event["headers"].items()}


def test_a_carriers_signed_event_is_genuine() -> None:
    event = load(ROOT / "events" / "webhooks.parcel_delivered.json")
    events = EasyPostEvents(lambda: (SAMPLE_SECRET,), livemode=False)
    heard = events.verify(event["body"].encode(), event["headers"]["X-Hmac-Signature"])
    assert (heard.carrier, heard.scans[-1].status) == ("usps", TrackingStatus.DELIVERED)


def test_a_signed_event_is_genuine_but_can_never_be_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its signature is right for the moment that it names. Whoever replays the sample is refused."""
    event = load(ROOT / "events" / "webhooks.refund_succeeded.json")
    body, signature = event["body"].encode(), event["headers"]["Stripe-Signature"]
    signed_at = int(signature.split(",")[0].removeprefix("t="))
    genuine = hmac.new(SAMPLE_SECRET.encode(), f"{signed_at}.".encode() + body, hashlib.sha256)
    events = StripeEvents(lambda: (SAMPLE_SECRET,), livemode=False)

    with pytest.raises(Refusal) as refusal:
        events.verify(body, signature, (signed_at + 86_400) * 1000)
    monkeypatch.setattr("time.time", lambda: signed_at)
    heard = events.verify(body, signature, signed_at * 1000)

    assert refusal.value.code is Code.SIGNATURE_INVALID
    assert signature.endswith(genuine.hexdigest())
    assert heard.case_id
    assert heard.refund_id == f"{heard.case_id}.p1.1"


@samples_of(*steps())
def test_a_step_is_given_what_the_state_machine_passes(sample: Path) -> None:
    event = load(sample)
    assert set(event) == steps()[function_of(sample)]
    assert isinstance(step._given(event), StepInput)


@samples_of("ask_operator")
def test_an_operator_is_told_what_went_wrong(sample: Path) -> None:
    event = load(sample)
    assert step._given(event).trouble == event["seen"].get("failure", {}).get("Error")


@samples_of("relay_timeline")
def test_stream_records_are_entries_that_the_filter_lets_through(sample: Path) -> None:
    pattern = json.loads(
        functions_with("DynamoDB")["relay_timeline"]["FilterCriteria"]["Filters"][0]["Pattern"]
    )
    [prefix] = pattern["dynamodb"]["Keys"]["sk"]["S"]
    for record in load(sample)["Records"]:
        image = record["dynamodb"]["NewImage"]
        entry = entry_of_stream_image(image)
        key = {name: value["S"] for name, value in record["dynamodb"]["Keys"].items()}
        assert record["eventName"] in pattern["eventName"]
        assert key == tables.entry_key(entry.case_id, entry.seq)
        assert key["sk"].startswith(prefix["prefix"])
        assert ("unrelayed" in image) is EFFECTS[entry.event].relayed


@samples_of("relay_timeline")
def test_each_stream_record_is_carried_outside(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[Entry] = []
    carried = alone(monkeypatch, "relay_timeline", "relay_entry")
    monkeypatch.setattr(function_module("relay_timeline"), "count", counted.append)

    answer = function_module("relay_timeline").handler(load(sample), None)

    assert answer == {"batchItemFailures": []}
    assert [call[-1] for call in carried] == counted
    assert len(counted) == len(load(sample)["Records"])


@samples_of("count_feedback")
def test_records_of_feedback_are_entries_that_the_filter_lets_through(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = alone(monkeypatch, "count_feedback", "relay_feedback")
    pattern = json.loads(
        functions_with("DynamoDB")["count_feedback"]["FilterCriteria"]["Filters"][0]["Pattern"]
    )
    counted: list[feedback.Entry] = []
    metrics = SimpleNamespace(count_feedback=counted.append)
    monkeypatch.setattr(function_module("count_feedback"), "metrics", metrics)

    answer = function_module("count_feedback").handler(load(sample), None)

    assert answer == {"batchItemFailures": []}
    assert [call[-1] for call in carried] == counted
    for record, entry in zip(load(sample)["Records"], counted, strict=True):
        key = {name: value["S"] for name, value in record["dynamodb"]["Keys"].items()}
        assert matches(pattern, record)
        assert key == tables.feedback_entry_key(entry.feedback_id, entry.seq)
        assert set(record["dynamodb"]["NewImage"]) <= {"pk", "sk", "unrelayed"} | {
            field.name for field in fields(feedback.Entry)
        }


@samples_of("read_comments")
def test_only_what_an_author_said_is_read_by_another_model(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = alone(monkeypatch, "read_comments", "read_comment_again")
    pattern = json.loads(
        functions_with("DynamoDB")["read_comments"]["FilterCriteria"]["Filters"][0]["Pattern"]
    )

    answer = function_module("read_comments").handler(load(sample), None)

    assert answer == {"batchItemFailures": []}
    [record] = load(sample)["Records"]
    assert matches(pattern, record)
    assert [call[-1] for call in read] == [record["dynamodb"]["NewImage"]["feedback_id"]["S"]]
    record["dynamodb"]["NewImage"]["event"]["S"] = feedback.Event.COMMENT_READ
    assert not matches(pattern, record)


@samples_of("mail_buyer")
def test_a_queued_notice_is_mailed(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailed = alone(monkeypatch, "mail_buyer", "mail_buyer")

    answer = function_module("mail_buyer").handler(load(sample), None)

    assert answer == {"batchItemFailures": []}
    assert [type(call[-1]) for call in mailed] == [Notice]


@samples_of("mail_buyer")
def test_a_queued_notice_says_all_that_a_notice_says(sample: Path) -> None:
    [record] = load(sample)["Records"]
    said = json.loads(record["body"])
    sent_with = {name: value["stringValue"] for name, value in record["messageAttributes"].items()}
    assert set(said) == {field.name for field in fields(Notice)}
    assert sent_with == Notice(**said).attributes


@samples_of("check_evidence", "check_photos")
def test_an_uploaded_photo_is_looked_at(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[tuple[Any, ...]] = []
    app, function = function_module(function_of(sample)), function_of(sample)
    use_cases = {"check_evidence": "handle_evidence", "check_photos": "handle_photos"}
    monkeypatch.setattr(app, "bootstrap", SimpleNamespace(desk=list, feedback_desk=list, evidence_files=list))
    monkeypatch.setattr(getattr(app, use_cases[function]), function, lambda *args: looked_at.append(args))

    app.handler(load(sample), None)

    [(*_, thing_id, evidence_id)] = looked_at
    [record] = load(sample)["Records"]
    [rule] = functions_with("S3")[function]["Filter"]["S3Key"]["Rules"]
    assert record["s3"]["object"]["key"] == f"{rule['Value']}{thing_id}/{evidence_id}"
    assert fnmatch(f"s3:{record['eventName']}", functions_with("S3")[function]["Events"])


@samples_of("write_parquet")
def test_an_export_that_is_complete_is_written(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[Any, ...]] = []
    app = function_module("write_parquet")
    monkeypatch.setattr(app, "bootstrap", SimpleNamespace(exports=list))

    def write_export(*args: Any) -> dict[str, int]:
        written.append(args)
        return {}

    monkeypatch.setattr(app, "write_export", write_export)

    app.handler(load(sample), None)

    [(_, key)] = written
    rules = {
        one["Name"]: one["Value"] for one in functions_with("S3")["write_parquet"]["Filter"]["S3Key"]["Rules"]
    }
    assert key.startswith(rules["prefix"])
    assert key.endswith(rules["suffix"])


@samples_of(*functions_with("EventBridgeRule"))
def test_an_execution_that_was_stopped_is_reported(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = load(sample)
    reported: list[tuple[Any, ...]] = []

    def report(*args: Any) -> SimpleNamespace:
        reported.append(args)
        return SimpleNamespace(status="requested")

    app = function_module("watch_executions")
    monkeypatch.setattr(app, "bootstrap", SimpleNamespace(desk=list))
    monkeypatch.setattr(app, "report_stopped_execution", report)
    app.handler(event, None)

    [(_, case_id, execution, status)] = reported
    assert (execution, status) == (event["detail"]["name"], event["detail"]["status"])
    assert case_id in execution
    [rule] = [one["Pattern"] for one in functions_with("EventBridgeRule").values()]
    assert rule["source"] == [event["source"]]
    assert rule["detail-type"] == [event["detail-type"]]
    assert status in rule["detail"]["status"]


@samples_of(*functions_with("Schedule"))
def test_a_scheduled_event_only_says_that_it_is_time(sample: Path) -> None:
    event = load(sample)
    schedule = functions_with("Schedule")[function_of(sample)]
    if "Input" in schedule:
        assert event.keys() == json.loads(schedule["Input"]).keys()
    else:
        assert (event["source"], event["detail-type"], event["detail"]) == (
            "aws.events",
            "Scheduled Event",
            {},
        )


@pytest.mark.parametrize("sample", [pytest.param(one, id=one.stem) for one in SAMPLES])
def test_samples_name_nobody_real(sample: Path) -> None:
    """Every address is of a domain that is kept for examples."""
    words = sample.read_text("utf-8").replace('"', " ").replace("\\", " ").split()
    assert all(word.endswith("@example.com") for word in words if "@" in word)
