"""Events of domains become registry and knowledge, through the function as it is deployed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from datamesh import aws, events, messages, settings
from datamesh.contract.profile import ColumnProfile, Profile
from datamesh.govern.rights import rights
from datamesh.registry.knowledge import Knowledge, KnowledgeLoader, ProductKnowledge
from datamesh.registry.store import Registry
from functions.project_events import app
from tests.support.contracts import STOPS, edited

ACCOUNT = "123456789012"
LAKE = f"datamesh-dev-transit-lake-{ACCOUNT}"
PLATFORM = f"datamesh-dev-platform-{ACCOUNT}"
READER = f"arn:aws:iam::{ACCOUNT}:role/datamesh-dev-transit-reader"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
CONTEXT = SimpleNamespace(
    function_name="project_events",
    memory_limit_in_mb=256,
    invoked_function_arn=f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:project_events",
    aws_request_id="r",
)


def forget() -> None:
    for made_once in (aws.client, aws.client_as, aws.resource_table, settings.load):
        made_once.cache_clear()


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A platform with an empty registry, and a domain's lake bucket. The S3 client of whoever looks at it."""
    for name, value in {
        "STAGE": "dev",
        "REGISTRY_TABLE": "registry",
        "KNOWLEDGE_BUCKET": PLATFORM,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        forget()
        boto3.client("dynamodb").create_table(
            TableName="registry",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        s3 = boto3.client("s3")
        for bucket in (LAKE, PLATFORM):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield s3
    forget()


def registry() -> Registry:
    return Registry(boto3.resource("dynamodb").Table("registry"))


def loader(s3: Any) -> KnowledgeLoader:
    return KnowledgeLoader(registry(), s3, PLATFORM)


def applied(s3: Any, sequence: int = 1, version: str = "1.0.0", text: str = STOPS, **changes: Any) -> events.Event:
    """ContractApplied of transit.stops, with the contract where it says."""
    key = f"contracts/stops/{version}.odcs.yaml"
    s3.put_object(Bucket=LAKE, Key=key, Body=text.replace("version: 1.0.0", f"version: {version}").encode())
    return events.ContractApplied(
        **{
            "product": "stops",
            "version": version,
            "sequence": sequence,
            "status": "active",
            "contract": events.ObjectPointer(bucket=LAKE, key=key),
            "database": "datamesh_dev_transit",
            "table": f"stops_v{version[0]}",
            "reader_role_arn": READER,
            **changes,
        }
    )


def published(s3: Any, sequence: int = 1, version: str = "1.0.0") -> events.Event:
    """DataProductPublished of transit.stops, with a profile that tells its snapshot."""
    snapshot = int(version[0]) * 1000 + sequence
    profile = Profile(product="stops", snapshot_id=snapshot, rows=9, columns=(ColumnProfile(name="line"),))
    key = f"profiles/stops/{snapshot}.json"
    s3.put_object(Bucket=LAKE, Key=key, Body=profile.model_dump_json().encode())
    return events.DataProductPublished(
        product="stops",
        version=version,
        run_id=f"run-{snapshot}",
        status="partial",
        snapshot_id=snapshot,
        sequence=sequence,
        rows_in=10,
        rows_published=9,
        rows_quarantined=1,
        rows_superseded=0,
        rows_deleted=0,
        total_rows=9,
        reasons=[events.Reason(rule="enum", column="line", rows=1)],
        profile=events.ObjectPointer(bucket=LAKE, key=key),
        published_at=NOON,
    )


def delivered(
    event: events.Event, *, domain: str = "transit", source: str = "datamesh.transit", account: str = ACCOUNT
) -> str:
    """The event as an SQS body."""
    detail = messages.envelope(event, domain=domain, correlation_id="c").model_dump(mode="json")
    return body(event.detail_type(), detail, source=source, account=account)


def body(detail_type: str, detail: Any, *, source: str = "datamesh.transit", account: str = ACCOUNT) -> str:
    return json.dumps(
        {"version": "0", "id": "x", "detail-type": detail_type, "source": source, "account": account, "detail": detail}
    )


def deliver(*bodies: str) -> list[str]:
    """Invokes the function. The positions of the messages that it wants again."""
    records = [
        {
            "messageId": str(number),
            "receiptHandle": "h",
            "body": text,
            "attributes": {},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q",
            "awsRegion": "eu-west-1",
        }
        for number, text in enumerate(bodies)
    ]
    answer = app.handler({"Records": records}, CONTEXT)  # type: ignore[arg-type]
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def stops(knowledge: Knowledge) -> ProductKnowledge:
    return knowledge.products["transit.stops"]


def kept(s3: Any) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=PLATFORM).get("Contents", [])]


def test_a_product_that_was_applied_and_published_is_known_with_all_that_questions_need(platform: Any) -> None:
    # When its events come
    assert deliver(delivered(applied(platform)), delivered(published(platform))) == []
    # Then it is known, with contract, profile, counts and where to read it
    product = stops(loader(platform).load())
    assert (product.version, product.account, product.reader_role_arn) == ("1.0.0", ACCOUNT, READER)
    assert (product.database, product.table) == ("datamesh_dev_transit", "stops_v1")
    assert (product.snapshot_id, product.sequence, product.published_at) == (1001, 1, NOON)
    assert (product.rows_in, product.rows_published, product.rows_quarantined, product.total_rows) == (10, 9, 1, 9)
    assert product.profile is not None
    assert product.profile.snapshot_id == 1001
    assert product.contract.verified[0].sql == "SELECT COUNT(*) FROM transit.stops"
    assert "transit.stops" in rights([product], f"arn:aws:iam::{ACCOUNT}:role/planner")


def test_a_product_without_a_publish_is_known_by_its_contract(platform: Any) -> None:
    deliver(delivered(applied(platform)))
    product = stops(loader(platform).load())
    assert (product.snapshot_id, product.profile, product.published_at) == (None, None, None)


def test_a_publish_before_its_contract_waits_for_it_in_silence(platform: Any) -> None:
    assert deliver(delivered(published(platform))) == []
    assert loader(platform).load().products == {}
    deliver(delivered(applied(platform)))
    assert stops(loader(platform).load()).snapshot_id == 1001


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_any_repetition_ends_in_the_same_knowledge(platform: Any, seed: int) -> None:
    # Given two applies, four publishes, a rejection and grants, each event told twice, in any order
    told = [
        delivered(event)
        for event in (
            applied(platform, 1, "1.0.0"),
            published(platform, 1, "1.0.0"),
            published(platform, 2, "1.0.0"),
            applied(platform, 2, "2.0.0"),
            published(platform, 3, "1.0.0"),
            published(platform, 1, "2.0.0"),
            events.BatchRejected(product="stops", run_id="late", reasons=[events.Reason(rule="header")]),
            events.GrantsApplied(product="stops", granted=3, revoked=0),
        )
    ] * 2
    random.Random(seed).shuffle(told)
    # When they come in one, or in several deliveries
    for start in range(0, len(told), 5):
        assert deliver(*told[start : start + 5]) == []
    # Then what is known is the last of each kind
    product = stops(loader(platform).load())
    assert (product.version, product.table, product.snapshot_id) == ("2.0.0", "stops_v2", 2001)
    assert product.failure is not None
    assert (product.failure.run_id, product.failure.reasons[0]["rule"]) == ("late", "header")
    # And so is what is known of the older version, under its own name
    older = loader(platform).load().products["transit.stops_v1"]
    assert (older.version, older.table, older.snapshot_id) == ("1.0.0", "stops_v1", 1003)
    # And of the copies, those that the registry names are left
    assert len(kept(platform)) == 4
    # And every event is in the journal once
    assert registry().event_counts() == {
        "ContractApplied": 2,
        "DataProductPublished": 4,
        "BatchRejected": 1,
        "GrantsApplied": 1,
    }


@pytest.mark.parametrize(("status", "newest"), [("active", "2.0.0"), ("draft", "1.0.0"), ("retired", "1.0.0")])
def test_the_products_own_name_is_that_of_its_newest_version_that_may_be_read(
    platform: Any, status: str, newest: str
) -> None:
    second = applied(platform, 2, "2.0.0", edited("status: active", f"status: {status}"), status=status)
    deliver(*map(delivered, (applied(platform), second)))
    products = loader(platform).load().products
    assert products["transit.stops"].version == newest
    other = {"1.0.0": "2", "2.0.0": "1"}[newest]
    assert products[f"transit.stops_v{other}"].version == f"{other}.0.0"


def test_a_retired_major_version_is_read_by_nobody(platform: Any) -> None:
    planner = f"arn:aws:iam::{ACCOUNT}:role/planner"
    deliver(*map(delivered, (applied(platform), applied(platform, 2, "2.0.0"))))
    assert set(rights(loader(platform).load().products.values(), planner)) == {"transit.stops", "transit.stops_v1"}
    ended = applied(platform, 3, "1.1.0", edited("status: active", "status: retired"), status="retired")
    deliver(delivered(ended))
    assert set(rights(loader(platform).load().products.values(), planner)) == {"transit.stops"}


def test_a_new_major_has_no_snapshot_until_it_is_published(platform: Any) -> None:
    deliver(*map(delivered, (applied(platform), published(platform), applied(platform, 2, "2.0.0"))))
    product = stops(loader(platform).load())
    assert (product.table, product.snapshot_id, product.profile) == ("stops_v2", None, None)


def test_a_warm_reader_sees_a_publish_at_once_and_reads_only_what_changed(platform: Any) -> None:
    # Given a reader that knows the first snapshot
    deliver(*map(delivered, (applied(platform), published(platform))))
    read: list[str] = []
    s3 = boto3.client("s3")
    s3.meta.events.register("before-call.s3.GetObject", lambda params, **_: read.append(params["url_path"]))
    warm = loader(s3)
    first = stops(warm.load())
    # When the next is published
    deliver(delivered(published(platform, 2)))
    read.clear()
    second = stops(warm.load())
    # Then it is known, for one read: the new profile's
    assert (first.snapshot_id, second.snapshot_id) == (1001, 1002)
    assert len(read) == 1
    # And without news nothing is read
    assert stops(warm.load()) == second
    assert len(read) == 1


def test_a_copy_replaced_between_query_and_read_is_looked_up_again(platform: Any) -> None:
    # Given a reader whose first read comes too late: the snapshot it heard of was replaced meanwhile
    deliver(*map(delivered, (applied(platform), published(platform))))
    s3 = boto3.client("s3")
    meanwhile = [delivered(published(platform, 2))]

    def publish_once(**_: Any) -> None:
        if meanwhile:
            deliver(meanwhile.pop())

    s3.meta.events.register("before-call.s3.GetObject", publish_once)
    assert stops(loader(s3).load()).snapshot_id == 1002


@pytest.mark.parametrize(
    "forged",
    [
        {"source": "datamesh.rail"},
        {"source": "somebody.else"},
        {"source": "datamesh."},
        {"domain": "rail"},
        {"account": "999988887777"},
    ],
)
def test_who_does_not_speak_for_the_domain_changes_nothing(platform: Any, forged: dict[str, str]) -> None:
    # Given a domain that has spoken from its account
    deliver(delivered(applied(platform)))
    before = loader(platform).load()
    # When somebody else applies a contract in its name
    assert deliver(delivered(applied(platform, 2, "1.1.0"), **forged)) == []
    # Then nothing has changed
    assert loader(platform).load() == before
    assert registry().event_counts() == {"ContractApplied": 1}


@pytest.mark.parametrize(
    "text",
    [
        edited("dataProduct: stops", "dataProduct: lines"),
        edited("domain: transit", "domain: fleet"),
        ": no YAML {",
        "just words",
        "domain: transit\ndataProduct: stops\n",
    ],
)
def test_a_contract_that_is_not_what_its_event_says_does_not_get_in(platform: Any, text: str) -> None:
    assert deliver(delivered(applied(platform, text=text))) == []
    assert loader(platform).load().products == {}
    assert kept(platform) == []


def test_no_event_makes_the_mesh_read_under_another_role(platform: Any) -> None:
    other = f"arn:aws:iam::{ACCOUNT}:role/datamesh-dev-fleet-reader"
    deliver(delivered(applied(platform, reader_role_arn=other)))
    assert loader(platform).load().products == {}


def test_one_bad_message_is_wanted_again_and_hinders_no_other(platform: Any) -> None:
    lost = applied(platform, 2, "1.1.0", contract=events.ObjectPointer(bucket=LAKE, key="contracts/not/there"))
    wanted_again = deliver("{", body("ContractApplied", {"nonsense": 1}), delivered(applied(platform)), delivered(lost))
    assert wanted_again == ["0", "1", "3"]
    assert stops(loader(platform).load()).version == "1.0.0"


def test_an_event_of_a_later_version_of_the_mesh_is_ignored(platform: Any) -> None:
    assert deliver(body("SomethingOfTomorrow", {"metadata": {}, "data": {}})) == []
    assert loader(platform).load().products == {}


def test_events_without_a_place_in_the_registry_leave_their_trace(platform: Any) -> None:
    question = events.QuestionAnswered(
        query_id="q", principal="p", status="answered", tier="sql", products=[], milliseconds=5
    )
    deliver(delivered(question, domain="platform", source="datamesh.platform"))
    assert registry().event_counts() == {"QuestionAnswered": 1}


def test_the_journal_forgets_after_a_season(platform: Any) -> None:
    deliver(delivered(applied(platform)))
    [item] = (
        boto3.resource("dynamodb")
        .Table("registry")
        .query(KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": "event"})["Items"]
    )
    assert abs(int(item["expires_at"]) - (datetime.now(UTC) + timedelta(days=90)).timestamp()) < 60
