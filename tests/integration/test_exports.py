"""Every day: tables exported by DynamoDB, and written as Parquet that another reader understands."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from moto.dynamodb.models import dynamodb_backends

from tests.builders import BUYER, SELLER
from tests.integration.harness import ACCOUNT, REGION, Desk
from tests.integration.people import PLATFORM, body_of, order_of

pytestmark = pytest.mark.enable_socket

WORDS = "It came broken."


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Its tables can be exported, as those of the template can."""
    for name in ("FeedbackTable", "CasesTable"):
        desk.stack.client("dynamodb").update_continuous_backups(
            TableName=desk.stack.ref(name),
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    return desk


def exported(desk: Desk) -> dict[str, str]:
    """The manifest of each export, which moto leaves to us, by the prefix that was asked for."""
    desk.invoke("ExportTables", {})
    for one in dynamodb_backends[ACCOUNT][REGION].table_exports.values():
        one.join()
        assert one.status == "COMPLETED", one.failure_message
    s3, bucket, manifests = desk.stack.client("s3"), desk.stack.ref("ExportBucket"), dict[str, str]()
    for found in s3.list_objects_v2(Bucket=bucket, Prefix="exports/")["Contents"]:
        folder, file = found["Key"].rsplit("/data/", 1)
        manifest = f"{folder}/manifest-files.json"
        line = json.dumps({"itemCount": 1, "dataFileS3Key": f"{folder}/data/{file}"})
        s3.put_object(Bucket=bucket, Key=manifest, Body=line.encode())
        manifests[folder.split("/")[1]] = manifest
    return manifests


def write(desk: Desk, manifest: str) -> Any:
    event = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": manifest}}}]}
    return desk.invoke("WriteParquet", event)


def rows(desk: Desk, name: str, what: str, folder: Path) -> list[Any]:
    s3, bucket = desk.stack.client("s3"), desk.stack.ref("ExportBucket")
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=f"parquet/{name}/")["Contents"]:
        path = folder / found["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    read = f"read_parquet('{folder}/parquet/{name}/*/*.parquet', hive_partitioning = true)"
    answer = duckdb.sql(f"SELECT {what} FROM {read} ORDER BY 1")
    assert answer is not None
    return answer.fetchall()


def test_feedback_and_cases_stand_in_files_of_their_days_without_anybodys_words(
    desk: Desk, tmp_path: Path
) -> None:
    paid = {
        "payments": [{"payment_id": "card", "provider": "stripe", "reference": "pi_1", "captured": 2_000}]
    }
    for number in (1, 2):
        order = body_of(order_of(desk)) | paid
        desk.call("PUT", f"/orders/order-{number}", by=PLATFORM, body=order).ok()
        said = {"order_id": f"order-{number}", "score": number, "comment": WORDS}
        desk.call("POST", "/feedback", by=BUYER, body=said, key=f"{number}").ok()
        desk.clock.advance(days=1)
    application = {
        "order_id": "order-1",
        "kind": "refund",
        "reason": "other",
        "description": WORDS,
        "lines": [{"line_id": "bowls", "quantity": 1}],
    }
    desk.call("POST", "/cases", by=BUYER, body=application, key="case").ok()

    manifests = exported(desk)
    answers = {name: write(desk, manifest) for name, manifest in manifests.items()}
    assert answers == {"feedback": {"rows": 2, "days": 2}, "cases": {"rows": 1, "days": 1}}
    assert write(desk, manifests["feedback"]) == answers["feedback"]

    what = "score, seller_id, comment, day::text, polarity"
    assert rows(desk, "feedback", what, tmp_path) == [
        (1, SELLER.id, None, "2026-01-01", "negative"),
        (2, SELLER.id, None, "2026-01-02", "negative"),
    ]
    [case] = rows(desk, "cases", "order_id, reason, description, day::text", tmp_path)
    assert case == ("order-1", "other", None, "2026-01-03")
