"""The fakes refuse what they do not know, and say what AWS says."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from tests.simulation import asl, functions
from tests.simulation.fakes import wire
from tests.simulation.fakes.dynamodb import DynamoDB, Keys, Table

ROW = {
    "text": "a",
    "number": -7,
    "yes": True,
    "no": False,
    "nothing": None,
    "list": [1, "x", {"a": []}],
    "map": {},
}


def a_table() -> DynamoDB:
    table = Table(Keys("pk", "sk"), {"by_time": Keys("kind", "at")}, streams=False)
    return DynamoDB({"T": table}, lambda _: None, lambda _name, _item: None)


def a_row(sort: str, **more: Any) -> dict[str, Any]:
    return {name: wire.write(value) for name, value in ({"pk": "a", "sk": sort} | more).items()}


def test_values_are_written_and_read_as_boto3_does() -> None:
    whole: dict[str, Any] = {name: TypeSerializer().serialize(value) for name, value in ROW.items()}
    assert {name: wire.write(value) for name, value in ROW.items()} == whole
    read = {name: TypeDeserializer().deserialize(value) for name, value in whole.items()}
    assert {name: wire.read(value) for name, value in whole.items()} == read
    assert read["number"] == Decimal(-7)


def test_a_transaction_names_the_item_that_failed_and_writes_none() -> None:
    db = a_table()
    db.put_item(TableName="T", Item=a_row("1", version=3))
    fits = {"TableName": "T", "Item": a_row("2"), "ConditionExpression": "attribute_not_exists(pk)"}
    fails = {
        "TableName": "T",
        "Item": a_row("1", version=4),
        "ConditionExpression": "version = :read",
        "ExpressionAttributeValues": {":read": {"N": "2"}},
    }
    with pytest.raises(ClientError) as failed:
        db.transact_write_items(TransactItems=[{"Put": fits}, {"Put": fails}])
    response: Any = failed.value.response
    assert [one["Code"] for one in response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert db.get_item(TableName="T", Key=a_row("2"), ConsistentRead=True) == {}


def test_an_index_holds_only_rows_that_have_its_key_in_the_order_of_its_sort_key() -> None:
    db = a_table()
    for row in (
        a_row("1", kind="k", at=9),
        a_row("2", kind="k", at=3),
        a_row("3", kind="k"),
        a_row("4", at=1),
    ):
        db.put_item(TableName="T", Item=row)
    found = db.query(
        TableName="T",
        IndexName="by_time",
        KeyConditionExpression="kind = :k AND at <= :t",
        ExpressionAttributeValues={":k": {"S": "k"}, ":t": {"N": "9"}},
    )
    assert [row["sk"]["S"] for row in found["Items"]] == ["2", "1"]


@pytest.mark.parametrize(
    "expression", ["size(pk) > :n", "NOT version = :read", "(pk = :a)", "contains(pk, :a)"]
)
def test_an_expression_of_an_unknown_form_is_refused(expression: str) -> None:
    with pytest.raises(NotImplementedError):
        a_table().put_item(TableName="T", Item=a_row("1"), ConditionExpression=expression)


def test_a_field_of_the_state_machine_that_the_interpreter_does_not_know_is_refused() -> None:
    definition = functions.definition()
    states = definition["States"] | {"Completed": {"Type": "Succeed", "OutputPath": "$.x"}}
    with pytest.raises(NotImplementedError, match="OutputPath"):
        asl.checked(definition | {"States": states})
