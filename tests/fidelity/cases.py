"""The calls that the adapters make, each with what AWS documents: its docstring says it, `documented` is the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fidelity.services import Services, pairs, said

_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest"
_CONDITIONS = f"{_DYNAMODB}/developerguide/Expressions.ConditionExpressions.html"
_TRANSACTION = f"{_DYNAMODB}/APIReference/API_TransactWriteItems.html"
_QUERY = f"{_DYNAMODB}/APIReference/API_Query.html"
_STATES = "https://docs.aws.amazon.com/step-functions/latest/apireference"
_START = f"{_STATES}/API_StartExecution.html"
_TOKEN = f"{_STATES}/API_SendTaskSuccess.html"
_REFUSED = "ConditionalCheckFailedException"
_ABSENT = "attribute_not_exists(pk)"


@dataclass(frozen=True, slots=True)
class Case:
    """One pattern of calls, and what AWS answers."""

    name: str
    sentence: str
    url: str
    documented: Any
    ask: "Ask"


type Ask = Callable[[Services], Any]
CASES: list[Case] = []


def case(documented: Any, url: str) -> Callable[[Ask], None]:
    """A case of the suite."""

    def register(ask: Ask) -> None:
        CASES.append(Case(ask.__name__.replace("_", " "), str(ask.__doc__), url, documented, ask))

    return register


# ------------------------------------------------------------ DynamoDB: conditions


@case(["ok", _REFUSED], _CONDITIONS)
def a_row_is_made_once(on: Services) -> Any:
    """`attribute_not_exists(pk)` lets the first put in and refuses the second."""
    row = {"pk": on.partition(), "sk": "A"}
    return [on.put(row, _ABSENT) for _ in range(2)]


@case(["ok", "ok", _REFUSED, "ok"], _CONDITIONS)
def a_late_step_parks_in_vain(on: Services) -> Any:
    """`attribute_not_exists(pk) OR entered_at <= :now`: none yet, the same time, an earlier and a later one."""
    key = {"pk": on.partition(), "sk": "A"}
    condition = f"{_ABSENT} OR entered_at <= :now"
    return [on.put(key | {"entered_at": now}, condition, now=now) for now in ("T2", "T2", "T1", "T3")]


@case([_REFUSED, "ok", _REFUSED, "ok"], _CONDITIONS)
def a_version_is_replaced_once(on: Services) -> Any:
    """`version = :read` fails where there is no row, and for whoever comes second; versions are numbers."""
    key = {"pk": on.partition(), "sk": "A"}
    early = on.put(key | {"version": 10}, "version = :read", read=9)
    on.put(key | {"version": 9})
    late = [on.put(key | {"version": 10}, "version = :read", read=read) for read in (9, 9, 10)]
    return [early, *late]


@case([_REFUSED, _REFUSED, "ok"], _CONDITIONS)
def an_absent_attribute_is_never_less(on: Services) -> Any:
    """A comparison with an attribute that the row lacks is false; 9 < 10 as numbers, not as text."""
    key = {"pk": on.partition(), "sk": "A"}
    on.put(key)
    absent = on.put(key | {"expires_at": 9}, f"{_ABSENT} OR expires_at < :now", now=10)
    on.put(key | {"expires_at": 9})
    return [absent, *(on.put(key, f"{_ABSENT} OR expires_at < :now", now=now) for now in (9, 10))]


@case(["ok", _REFUSED, _REFUSED, [["pk", "sk"]]], f"{_DYNAMODB}/APIReference/API_UpdateItem.html")
def an_entry_is_relayed_once(on: Services) -> Any:
    """`REMOVE` under `attribute_exists` works once; where there is no row it makes none."""
    key = {"pk": on.partition(), "sk": "A"}
    on.put(key | {"unrelayed": "x"})
    update = {"UpdateExpression": "REMOVE unrelayed", "ConditionExpression": "attribute_exists(unrelayed)"}
    asked = [key, key, key | {"sk": "B"}]
    answers = [said(on.dynamodb.update_item, TableName=on.table, Key=pairs(one), **update) for one in asked]
    return [*answers, [sorted(row) for row in on.rows(key["pk"])]]


# ------------------------------------------------------------ DynamoDB: transactions


@case([["None", "ConditionalCheckFailed", "None"], []], _TRANSACTION)
def a_transaction_writes_all_or_nothing(on: Services) -> Any:
    """One condition that fails cancels all; CancellationReasons has a code for each item, in their order."""
    pk = on.partition()
    writes = [
        on.putting({"pk": pk, "sk": "A"}, _ABSENT),
        on.putting({"pk": pk, "sk": "B"}, "version = :read", read=1),
        on.putting({"pk": pk, "sk": "C"}),
    ]
    return [on.transact(*writes), on.rows(pk)]


@case(["ok", "ok"], _TRANSACTION)
def a_transaction_repeated_with_its_token_is_one_success(on: Services) -> Any:
    """The same ClientRequestToken within ten minutes is idempotent, also where the condition would fail now."""
    pk = on.partition()
    write = on.putting({"pk": pk, "sk": "A"}, _ABSENT)
    return [on.transact(write, ClientRequestToken=pk[-36:]) for _ in range(2)]


@case(["ok", "ok", ["None", "ConditionalCheckFailed"], [{"N": "0"}, {"N": "2"}]], _TRANSACTION)
def a_number_falls_to_zero_and_not_below(on: Services) -> Any:
    """ADD begins at zero where an attribute is absent; the condition is asked before it."""
    pk = on.partition()
    on.transact(on.putting({"pk": pk, "sk": "A", "available": 2}))
    take = {
        "TableName": on.table,
        "Key": pairs({"pk": pk, "sk": "A"}),
        "UpdateExpression": "ADD available :less, held :more",
        "ConditionExpression": "available >= :more",
        "ExpressionAttributeValues": pairs({":less": -1, ":more": 1}),
    }
    answers = [on.transact(on.putting({"pk": pk, "sk": name}), take) for name in "BCD"]
    return [*answers, [on.rows(pk)[0][name] for name in ("available", "held")]]


@case(["ValidationException", []], _TRANSACTION)
def no_row_is_written_twice_in_a_transaction(on: Services) -> Any:
    """Two actions on one item are refused, and nothing is written."""
    pk = on.partition()
    write = on.putting({"pk": pk, "sk": "A"})
    return [on.transact(write, write), on.rows(pk)]


# ------------------------------------------------------------ DynamoDB: reads


@case([["B", "C"], ["C"]], f"{_DYNAMODB}/developerguide/bp-indexes-general-sparse-indexes.html")
def an_absent_attribute_keeps_a_row_out_of_an_index(on: Services) -> Any:
    """A row is in an index only while it has the index's keys."""
    pk = on.partition()
    by_time: Any = {"IndexName": "unrelayed", "ExpressionAttributeNames": {"#at": "at"}}
    on.put({"pk": pk, "sk": "A", "at": 1})
    on.put({"pk": pk, "sk": "B", "at": 2, "unrelayed": pk})
    on.put({"pk": pk, "sk": "C", "at": 3, "unrelayed": pk})
    before = on.query("unrelayed = :pk AND #at <= :to", pk, to=9, **by_time)
    on.dynamodb.update_item(
        TableName=on.table, Key=pairs({"pk": pk, "sk": "B"}), UpdateExpression="REMOVE unrelayed"
    )
    after = on.query("unrelayed = :pk AND #at <= :to", pk, to=9, **by_time)
    return [[row["sk"]["S"] for row in answer["Items"]] for answer in (before, after)]


@case("ValidationException", f"{_DYNAMODB}/developerguide/ReservedWords.html")
def a_reserved_word_needs_another_name(on: Services) -> Any:
    """An expression with a reserved word as a name, like `at`, is refused; `#at` may stand for it."""
    pk = on.partition()
    on.put({"pk": pk, "sk": "A", "at": 1, "unrelayed": pk})  # MiniStack looks only where there is a row
    return said(on.query, condition="unrelayed = :pk AND at <= :to", pk=pk, to=9, IndexName="unrelayed")


@case([["A", "C", "B"], ["B", "C", "A"], ["buyer", "opened_at", "pk", "sk"]], _QUERY)
def an_index_is_sorted_by_number_and_holds_keys_only(on: Services) -> Any:
    """9 comes before 10; `ScanIndexForward=False` turns the order; a KEYS_ONLY index answers no other attribute."""
    pk = on.buyer_with({"A": 9, "B": 100, "C": 10})
    answers = [on.query("buyer = :pk", pk, IndexName="by_buyer", ScanIndexForward=up) for up in (True, False)]
    return [*([row["sk"]["S"] for row in one["Items"]] for one in answers), sorted(answers[0]["Items"][0])]


@case([["A", "B"], ["buyer", "opened_at", "pk", "sk"], ["C"], []], _QUERY)
def a_page_says_where_the_next_one_begins(on: Services) -> Any:
    """`Limit` ends a page with LastEvaluatedKey, the keys of index and table; the last page has none."""
    return on.pages(on.buyer_with({"A": 1, "B": 2, "C": 3}))


@case([["A", "B"], ["buyer", "opened_at", "pk", "sk"], [], []], _QUERY)
def a_full_page_does_not_know_that_it_is_the_last(on: Services) -> Any:
    """A query stops at `Limit` and gives LastEvaluatedKey; that there is nothing more, only the next page tells."""
    return on.pages(on.buyer_with({"A": 1, "B": 2}))


@case([2, False], _QUERY)
def a_bounded_count_answers_no_rows(on: Services) -> Any:
    """`Select=COUNT` with `Limit` counts to the limit and sends no items."""
    pk = on.buyer_with({"A": 1, "B": 2, "C": 3, "D": 4})
    condition = "buyer = :pk AND opened_at >= :since"
    answer = on.query(condition, pk, since=2, IndexName="by_buyer", Limit=2, Select="COUNT")
    return [answer["Count"], bool(answer.get("Items"))]


@case(["TIMELINE#00000002", "TIMELINE#00000010"], _QUERY)
def between_includes_both_ends(on: Services) -> Any:
    """`BETWEEN` on the sort key: both ends, by the bytes of the text."""
    pk = on.partition()
    for sk in ("CASE", "TIMELINE#00000001", "TIMELINE#00000010", "TIMELINE#00000002", "TIMELINF"):
        on.put({"pk": pk, "sk": f"X{sk}"})
    condition = "pk = :pk AND sk BETWEEN :first AND :last"
    found = on.query(condition, pk, first="XTIMELINE#00000002", last="XTIMELINE#~", ConsistentRead=True)
    return [row["sk"]["S"][1:] for row in found["Items"]]


@case([["A", "C"], {}], f"{_DYNAMODB}/APIReference/API_BatchGetItem.html")
def a_batch_answers_the_rows_there_are(on: Services) -> Any:
    """BatchGetItem leaves out what does not exist and promises no order; UnprocessedKeys is empty when all was read."""
    pk = on.partition()
    on.put({"pk": pk, "sk": "A"})
    on.put({"pk": pk, "sk": "C"})
    keys = [pairs({"pk": pk, "sk": sk}) for sk in "CBA"]
    answer = on.dynamodb.batch_get_item(RequestItems={on.table: {"Keys": keys}})
    return [sorted(row["sk"]["S"] for row in answer["Responses"][on.table]), answer["UnprocessedKeys"]]


@case([{"N": "999999999999999"}, {"N": "-7"}, False], f"{_DYNAMODB}/APIReference/API_AttributeValue.html")
def numbers_come_back_as_text(on: Services) -> Any:
    """Numbers travel as text; the answer for a row that is not there has no `Item`."""
    key = {"pk": on.partition(), "sk": "A"}
    on.put(key | {"version": 999_999_999_999_999, "list": [-7]})
    asked = [
        on.dynamodb.get_item(TableName=on.table, Key=pairs(key | {"sk": sk}), ConsistentRead=True)
        for sk in "AB"
    ]
    return [asked[0]["Item"]["version"], asked[0]["Item"]["list"]["L"][0], "Item" in asked[1]]


# ------------------------------------------------------------ Step Functions


@case(["ok", "ok"], _START)
def a_start_is_repeated_while_it_runs(on: Services) -> Any:
    """The same name and input while the first execution runs is answered as the first time."""
    name = on.name()
    answers = [on.start(name), on.start(name)]
    return on.finished(name, answers)


@case(["ok", "ExecutionAlreadyExists"], _START)
def a_name_with_another_input_is_taken(on: Services) -> Any:
    """The same name with another input is refused while the first execution runs."""
    name = on.name()
    answers = [on.start(name), on.start(name, '{"case_id": "other"}')]
    return on.finished(name, answers)


@case(["SUCCEEDED", "ExecutionAlreadyExists"], _START)
def a_name_is_taken_after_its_execution_ended(on: Services) -> Any:
    """The same name and input after the execution ended is refused, for 90 days."""
    name = on.name()
    on.start(name)
    on.ring(on.token(name))
    return [on.end(name), on.start(name)]


@case("InvalidToken", _TOKEN)
def an_unknown_token_rings_nobody(on: Services) -> Any:
    """A token that was never given is refused."""
    return on.ring("AAAAKgAAAAIAAAAAAAAAAQ")


@case(["ok", "SUCCEEDED", "TaskTimedOut"], _TOKEN)
def a_used_token_rings_nobody(on: Services) -> Any:
    """A token wakes its task once; for a task that is closed it is refused."""
    name = on.name()
    on.start(name)
    return [on.ring(on.token(name)), on.end(name), on.ring(on.token(name))]


@case(["ok", "FAILED", True], f"{_STATES}/API_ListExecutions.html")
def a_failed_task_fails_its_execution(on: Services) -> Any:
    """SendTaskFailure fails the task; an execution that catches nothing is listed under FAILED with its stopDate."""
    name = on.name()
    on.start(name)
    failure = said(
        on.stepfunctions.send_task_failure, taskToken=on.token(name), error="Wrong", cause="see log"
    )
    status = on.end(name)
    listed = on.stepfunctions.list_executions(stateMachineArn=on.machine, statusFilter="FAILED")["executions"]
    return [failure, status, any(one["name"] == name and one["stopDate"] for one in listed)]


@case(["ExecutionDoesNotExist", "RUNNING"], f"{_STATES}/API_DescribeExecution.html")
def an_execution_that_was_never_started_is_unknown(on: Services) -> Any:
    """DescribeExecution refuses an unknown name, and tells the status of a known one."""
    name = on.name()
    unknown = said(on.stepfunctions.describe_execution, executionArn=on.execution(name))
    on.start(name)
    on.token(name)
    return on.finished(name, [unknown, on.status(name)])
