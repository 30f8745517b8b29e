"""Events that ask for grants reach Lake Formation through the function as it is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from moto import mock_aws

from cli.local import lakeformation
from datamesh import aws, events, messages, settings
from datamesh.contract.parse import parse
from datamesh.publish.grants import grants_differ
from datamesh.publish.ledger import Ledger, ProductState
from datamesh.publish.plane import plane_of
from functions.apply_grants import app
from tests.support.contracts import STOPS, edited

ACCOUNT = "123456789012"
LAKE = f"datamesh-dev-transit-lake-{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
TABLE = {"DatabaseName": "datamesh_dev_transit", "Name": "stops_v1"}
CONTEXT = SimpleNamespace(
    function_name="apply_grants",
    memory_limit_in_mb=256,
    invoked_function_arn=f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:apply_grants",
    aws_request_id="r",
)
ENVIRONMENT = {
    "STAGE": "dev",
    "DOMAIN": "transit",
    "LANDING_BUCKET": "landing",
    "LAKE_BUCKET": LAKE,
    "GLUE_DATABASE": TABLE["DatabaseName"],
    "LEDGER_TABLE": "ledger",
    "BUS_NAME": "mesh",
    "READER_ROLE_ARN": f"{ROLE}datamesh-dev-transit-reader",
    "WRITER_ROLE_ARNS": json.dumps([f"{ROLE}apply-contract"]),
    "GRANTS_ROLE_ARN": f"{ROLE}apply-grants",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
OWN = {
    ("datamesh-dev-transit-reader", "SELECT"),
    ("datamesh-dev-transit-reader", "DESCRIBE"),
    ("apply-contract", "ALTER"),
    ("apply-contract", "DESCRIBE"),
}


def forget() -> None:
    for made_once in (aws.client, aws.resource_table, settings.load):
        made_once.cache_clear()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A domain with its ledger, lake and bus; gives the events that were sent to the bus since asked last."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    lakeformation.install()
    with mock_aws():
        forget()
        boto3.client("dynamodb").create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        boto3.client("s3").create_bucket(Bucket=LAKE, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield partial(_heard, _ear())
    forget()


def _ear() -> str:
    """A queue that hears all that is said on the bus."""
    sqs, bus = boto3.client("sqs"), boto3.client("events")
    url: str = sqs.create_queue(QueueName="ear")["QueueUrl"]
    bus.create_event_bus(Name="mesh")
    bus.put_rule(Name="all", EventBusName="mesh", EventPattern='{"source": [{"prefix": ""}]}')
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus.put_targets(Rule="all", EventBusName="mesh", Targets=[{"Id": "ear", "Arn": arn}])
    return url


def _heard(url: str) -> list[tuple[str, dict[str, Any]]]:
    messages = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    told = [json.loads(message["Body"]) for message in messages]
    return [(each["detail-type"], each["detail"]["data"]) for each in told]


def in_force(text: str, after: ProductState | None = None) -> ProductState:
    """The contract of transit.stops that the ledger says is in force."""
    sequence = after.sequence + 1 if after else 1
    key = f"contracts/stops/{sequence}.odcs.yaml"
    boto3.client("s3").put_object(Bucket=LAKE, Key=key, Body=text.encode())
    state = ProductState(
        product="stops",
        contract=events.ObjectPointer(bucket=LAKE, key=key),
        contract_version="1.0.0",
        sequence=sequence,
        database=TABLE["DatabaseName"],
        table=TABLE["Name"],
        location=f"s3://{LAKE}/tables/stops_v1",
        status="active",
    )
    assert Ledger(boto3.resource("dynamodb").Table("ledger")).put_product(state, after=after)
    return state


def deliver(*asked: events.Event, by: str = "transit") -> Any:
    records = []
    for number, event in enumerate(asked):
        detail = messages.envelope(event, domain=by, correlation_id="run-7").model_dump(mode="json")
        body = {"source": f"datamesh.{by}", "account": ACCOUNT, "detail-type": event.detail_type(), "detail": detail}
        records.append(
            {
                "messageId": str(number),
                "receiptHandle": "h",
                "body": json.dumps(body),
                "attributes": {"MessageGroupId": TABLE["DatabaseName"]},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q.fifo",
                "awsRegion": "eu-west-1",
            }
        )
    return app.handler({"Records": records}, CONTEXT)  # type: ignore[arg-type]


def held(table: str = TABLE["Name"]) -> set[tuple[str, str]]:
    where = {"Table": {**TABLE, "Name": table}}
    entries = boto3.client("lakeformation").list_permissions(Resource=where)["PrincipalResourcePermissions"]
    return {
        (entry["Principal"]["DataLakePrincipalIdentifier"].removeprefix(ROLE), permission)
        for entry in entries
        for permission in entry["Permissions"]
    }


DIFFER = events.GrantsDiffer(product="stops")


def test_the_contract_in_force_is_granted_and_the_mesh_is_told(heard: Any) -> None:
    # Given a product whose contract names one role
    state = in_force(STOPS)
    assert grants_differ(plane_of(settings.load(settings.DomainSettings)), state, account=ACCOUNT)
    # When its contract was applied
    applied = events.ContractApplied(
        product="stops",
        version="1.0.0",
        sequence=1,
        status="active",
        contract=state.contract,
        database=state.database,
        table=state.table,
        reader_role_arn=ENVIRONMENT["READER_ROLE_ARN"],
    )
    assert deliver(applied) == {"batchItemFailures": []}
    # Then the role may read, the mesh hears of it, and nothing differs any more
    assert held() == OWN | {("planner", "SELECT"), ("planner", "DESCRIBE")}
    assert heard() == [("GrantsApplied", {"product": "stops", "granted": 6, "revoked": 0, "refused": []})]
    assert not grants_differ(plane_of(settings.load(settings.DomainSettings)), state, account=ACCOUNT)


def test_a_late_event_applies_the_contract_that_is_in_force_not_its_own(heard: Any) -> None:
    # Given a contract that no longer names the planner
    before = in_force(STOPS)
    deliver(DIFFER)
    in_force(edited("role/planner", "role/auditor"), after=before)
    # When events come twice and late
    deliver(DIFFER, DIFFER)
    # Then only the role of the contract in force reads
    assert held() == OWN | {("auditor", "SELECT"), ("auditor", "DESCRIBE")}
    told = {(data["granted"], data["revoked"]) for _, data in heard()}
    assert told == {(6, 0), (2, 2), (0, 0)}


def test_every_major_version_is_granted_until_it_is_retired(heard: Any) -> None:
    # Given a second major version beside the first, for another role
    ledger = Ledger(boto3.resource("dynamodb").Table("ledger"))
    first = in_force(STOPS)
    second = in_force(edited("role/planner", "role/auditor"), after=first)
    both = second.model_copy(update={"table": "stops_v2", "contract_version": "2.0.0", "sequence": 3})
    assert ledger.put_product(both.model_copy(update={"earlier": (first,)}), after=second)
    deliver(DIFFER)
    assert held() == OWN | {("planner", "SELECT"), ("planner", "DESCRIBE")}
    assert held("stops_v2") == OWN | {("auditor", "SELECT"), ("auditor", "DESCRIBE")}
    # When the first is retired, then only its readers lose it
    ended = edited("status: active", "status: retired").encode()
    boto3.client("s3").put_object(Bucket=LAKE, Key=first.contract.key, Body=ended)
    deliver(DIFFER)
    assert held() == OWN
    assert held("stops_v2") == OWN | {("auditor", "SELECT"), ("auditor", "DESCRIBE")}


def test_an_unknown_product_and_another_event_are_passed_over(heard: Any) -> None:
    other = events.GrantsApplied(product="stops", granted=0, revoked=0)
    assert deliver(other, events.GrantsDiffer(product="lines")) == {"batchItemFailures": []}
    assert heard() == []


def test_what_fails_is_wanted_again_and_so_is_all_behind_it(heard: Any) -> None:
    # Given a product whose contract cannot be read
    state = in_force(STOPS)
    boto3.client("s3").delete_object(Bucket=LAKE, Key=state.contract.key)
    # When grants are asked for, then nothing is skipped: one queue, one order
    other = events.GrantsDiffer(product="lines")
    assert deliver(other, DIFFER, other) == {"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "2"}]}
    with pytest.raises(BatchProcessingError):
        deliver(DIFFER)


UNTIL = datetime.now(UTC) + timedelta(days=30)


def access(kind: type[events.AccessStep], sequence: int, **given: Any) -> events.AccessStep:
    told: dict[str, Any] = {
        "request_id": "q1",
        "domain": "transit",
        "target": "transit.stops",
        "principal": f"{ROLE}auditor",
        "arn": f"{ROLE}auditor",
        "columns": None,
        "rows": "",
        "until": UNTIL,
    }
    return kind(sequence=sequence, **(told | given))


def settle(heard: Any, *steps: events.AccessStep, by: str = "platform") -> list[str]:
    """Delivers what the platform told, then what the domain asks of itself. The products that it asked about."""
    assert deliver(*steps, by=by) == {"batchItemFailures": []}
    asked = [data["product"] for kind, data in heard() if kind == "GrantsDiffer"]
    if asked:
        deliver(*(events.GrantsDiffer(product=product) for product in asked))
    heard()
    return asked


GRANTED, OVER = events.AccessGranted, events.AccessRevoked
PLANNER = {("planner", "SELECT"), ("planner", "DESCRIBE")}
AUDITOR = {("auditor", "SELECT"), ("auditor", "DESCRIBE")}


@pytest.mark.parametrize("target", ["transit.stops", "domain=transit, personal!=yes"])
def test_access_that_was_granted_is_given_and_taken_back_and_others_stay(heard: Any, target: str) -> None:
    in_force(STOPS)
    deliver(DIFFER)
    heard()
    assert settle(heard, access(GRANTED, 2, target=target)) == ["stops"]
    assert held() >= AUDITOR if target == "transit.stops" else ("auditor", "SELECT") in held()
    assert settle(heard, access(GRANTED, 2, request_id="q2", principal=f"{ROLE}guest", arn=f"{ROLE}guest")) == ["stops"]
    assert settle(heard, access(OVER, 3, target=target)) == ["stops"]
    assert held() == OWN | PLANNER | {("guest", "SELECT"), ("guest", "DESCRIBE")}


def shown_to(arn: str) -> set[str]:
    """The columns on which `arn` holds SELECT by their names."""
    found = boto3.client("lakeformation").list_permissions(Resource={"Table": TABLE})["PrincipalResourcePermissions"]
    mine = [it for it in found if it["Principal"]["DataLakePrincipalIdentifier"] == arn]
    assert all(it["Permissions"] == ["SELECT"] for it in mine)
    return {name for it in mine for name in it["Resource"]["TableWithColumns"]["ColumnNames"]}


def test_a_role_with_a_path_is_granted_what_is_not_masked_whatever_becomes_of_the_contract(heard: Any) -> None:
    first, arn = in_force(STOPS), f"{ROLE}data/teams/auditor"
    clear = {column.name for column in parse(STOPS).table.columns} - {"direction"}
    assert settle(heard, access(GRANTED, 2, masks=(("direction", "bucket:10"),), arn=arn)) == ["stops"]
    assert shown_to(arn) == clear
    # When the column is of a kind that the mask does not fit, then it stays hidden
    number = "logicalType: integer\n        logicalTypeOptions: {minimum: 1, maximum: 2}\n"
    second = in_force(edited(number, "logicalType: string\n"), after=first)
    deliver(DIFFER)
    assert shown_to(arn) == clear
    # And under another name it is not shown either
    in_force(edited("      - name: direction\n", "      - name: heading\n"), after=second)
    deliver(DIFFER)
    assert shown_to(arn) == set()


def test_late_and_doubled_steps_change_nothing(heard: Any) -> None:
    in_force(STOPS)
    settle(heard, access(OVER, 3))
    assert settle(heard, access(GRANTED, 2)) == []
    assert settle(heard, access(OVER, 3)) == ["stops"]  # asked again: the first asking may have been lost
    assert held() == OWN | PLANNER


def test_access_whose_time_is_over_gives_nothing_though_nobody_told_so(heard: Any) -> None:
    in_force(STOPS)
    assert settle(heard, access(GRANTED, 2, until=datetime.now(UTC))) == ["stops"]
    assert held() == OWN | PLANNER


def test_only_the_platform_is_believed(heard: Any) -> None:
    in_force(STOPS)
    assert settle(heard, access(GRANTED, 2), by="transit") == []
    deliver(DIFFER)
    assert held() == OWN | PLANNER


def test_what_is_about_no_product_asks_for_nothing(heard: Any) -> None:
    in_force(STOPS)
    assert settle(heard, access(GRANTED, 2, target="transit.lines")) == []
    assert settle(heard, access(GRANTED, 2, request_id="q2", target="domain=transit, tier=gold")) == []
