"""The query function as it is deployed: API Gateway's events in, Iceberg tables and records behind it (moto)."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer

from datamesh import aws, settings
from datamesh.ask import parts
from datamesh.contract.masks import Mask
from datamesh.contract.parse import parse
from datamesh.contract.profile import ColumnProfile, Profile
from datamesh.govern.access_store import AccessStore
from datamesh.govern.requests import asked, decided, ended, request_id
from datamesh.govern.subscription import Subscription
from datamesh.lake.evolution import create_or_evolve
from datamesh.registry.projection import Change
from datamesh.registry.store import Registry
from functions.ask import app
from tests.support.accesstable import create_access_table
from tests.support.lakeside import environment

pytestmark = pytest.mark.xdist_group("ask-service")

ACCOUNT = "123456789012"
REGION = "us-east-1"
FUNCTION = "datamesh-dev-ask"
BUCKET = f"datamesh-dev-platform-{ACCOUNT}"
PUBLISHED = "2024-05-01T12:00:00+00:00"

ORDERS = """\
apiVersion: v3.2.0
kind: DataContract
id: shop-orders
version: 1.0.0
status: active
domain: shop
dataProduct: orders
description: {purpose: What was sold.}
schema:
  - name: orders
    description: One row for each order.
    relationships:
      - {from: [orders.customer_id], to: [../crm/customers.odcs.yaml#/schema/customers/properties/customer_id]}
    properties:
      - {name: order_id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: customer_id, logicalType: integer, required: true}
      - {name: amount, logicalType: number}
      - {name: day, logicalType: date}
context:
  verifiedStatements:
    - question: Who spent how much?
      customProperties:
        - property: datamesh.sql
          value: >-
            SELECT customers.name, SUM(orders.amount) AS spent FROM shop.orders AS orders
            JOIN crm.customers AS customers ON customers.customer_id = orders.customer_id
            GROUP BY customers.name ORDER BY spent DESC
roles:
  - {role: reader, access: read, customProperties: [{property: datamesh.principals, value: [role/analyst, role/clerk]}]}
"""
CUSTOMERS = """\
apiVersion: v3.2.0
kind: DataContract
id: crm-customers
version: 2.1.0
status: active
domain: crm
dataProduct: customers
schema:
  - name: customers
    properties:
      - {name: customer_id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: name, logicalType: string, required: true}
      - {name: city, logicalType: string}
roles:
  - {role: reader, access: read, customProperties: [{property: datamesh.principals, value: [role/analyst]}]}
  - role: cities
    access: read
    customProperties:
      - {property: datamesh.principals, value: [role/clerk]}
      - {property: datamesh.columns, value: [customer_id, city]}
  - role: berliners
    access: read
    customProperties:
      - {property: datamesh.principals, value: [role/counter]}
      - {property: datamesh.masks, value: [{column: name, mask: hash}]}
      - {property: datamesh.rows, value: city = 'Berlin'}
"""
ROWS = {
    "shop.orders": pa.table(
        {
            "order_id": pa.array([1, 2, 3], pa.int64()),
            "customer_id": pa.array([10, 10, 11], pa.int64()),
            "amount": [5.5, 2.5, None],
            "day": [date(2024, 1, 5), date(2024, 2, 5), date(2024, 2, 9)],
        }
    ),
    "crm.customers": pa.table(
        {"customer_id": pa.array([10, 11], pa.int64()), "name": ["Ada", "Bob"], "city": ["Berlin", "Paris"]}
    ),
}
PAIRS = "SELECT a.order_id FROM shop.orders a, shop.orders b"
MANY = f"WITH p AS ({PAIRS}) SELECT p.order_id, '{'x' * 700}' AS text FROM p, p AS q, p AS r, p AS s"


@pytest.fixture(scope="module")
def mesh(server: ThreadedMotoServer) -> Iterator[None]:
    """Two products of two domains, published and registered."""
    known = environment(server) | {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "STAGE": "dev",
        "REGISTRY_TABLE": "registry",
        "QUERIES_TABLE": "queries",
        "ACCESS_TABLE": "access",
        "KNOWLEDGE_BUCKET": BUCKET,
        "RESULTS_BUCKET": BUCKET,
        "MASK_KEY_ARN": "",
        "BUS_NAME": "mesh",
        "MAX_ROWS": "1000000",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in known.items():
            patch.setenv(name, value)
        forget()
        hmac = boto3.client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        patch.setenv("MASK_KEY_ARN", hmac["KeyMetadata"]["Arn"])
        set_up(known["AWS_ENDPOINT_URL"])
        yield
    forget()


def forget() -> None:
    for cached in (aws.client, aws.resource_table, settings.load, parts.service, parts.mask_key):
        cached.cache_clear()


def set_up(server: str) -> None:
    s3, dynamodb = boto3.client("s3"), boto3.resource("dynamodb")
    for bucket in (BUCKET, "lake"):
        s3.create_bucket(Bucket=bucket)
    boto3.client("events").create_event_bus(Name="mesh")
    for name, keys in (("registry", ("pk", "sk")), ("queries", ("pk",))):
        kinds = zip(keys, ("HASH", "RANGE"), strict=False)
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
    create_access_table(dynamodb)
    create_function(server)
    for text in (ORDERS, CUSTOMERS):
        publish(text.encode())


def create_function(server: str) -> None:
    """What a query goes on in; the emulator takes the call and runs nothing."""
    simple = json.dumps({"lambda": {"use_docker": False}}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/config", data=simple, method="POST")).close()
    trust = {"Version": "2012-10-17", "Statement": []}
    role = boto3.client("iam").create_role(RoleName=FUNCTION, AssumeRolePolicyDocument=json.dumps(trust))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    boto3.client("lambda").create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )


def publish(text: bytes) -> None:
    contract = parse(text)
    name, database, table = contract.name, f"datamesh_dev_{contract.domain}", f"{contract.product}_v1"
    boto3.client("glue").create_database(DatabaseInput={"Name": database})
    made = create_or_evolve(contract, database=database, table=table, location=f"s3://lake/tables/{table}")
    made.append(ROWS[name])
    snapshot = made.current_snapshot()
    assert snapshot is not None
    columns = tuple(ColumnProfile(name=column.name) for column in contract.table.columns)
    profile = Profile(product=contract.product, snapshot_id=snapshot.snapshot_id, rows=3, columns=columns)
    objects = {"contract": text, "snapshot": profile.model_dump_json().encode()}
    values: dict[str, dict[str, Any]] = {
        "contract": {
            "version": str(contract.version),
            "status": contract.status,
            "database": database,
            "table": table,
            "reader_role_arn": f"arn:aws:iam::{ACCOUNT}:role/datamesh-dev-{contract.domain}-reader",
        },
        "snapshot": {
            "version": str(contract.version),
            "snapshot_id": snapshot.snapshot_id,
            "sequence": 1,
            "run_id": "20240501T120000Z-0000000a",
            "status": "partial",
            "total_rows": made.scan().to_arrow().num_rows,
            "rows_in": 4,
            "rows_published": 3,
            "rows_quarantined": 1,
            "published_at": PUBLISHED,
        },
    }
    registry = Registry(boto3.resource("dynamodb").Table("registry"))
    for part in ("contract", "snapshot"):
        key = f"knowledge/{name}/{part}"
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=objects[part])
        change = Change(contract.domain, contract.product, part, "1", values[part], major=1)  # type: ignore[arg-type]
        registry.put(change, account=ACCOUNT, knowledge_key=key)


def call(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
    answer = reply(method, path, body, **options)
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/json"]
    return answer["statusCode"], json.loads(answer["body"])


def reply(method: str, path: str, body: Any = None, *, role: str = "analyst", **options: Any) -> dict[str, Any]:
    """What the function makes of what API Gateway gives it for a signed call."""
    identity = {"userArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/somebody", "sourceIp": "192.0.2.1"}
    event = {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"identity": identity, "stage": "v1", "path": f"/v1{path}", "httpMethod": method} | options,
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    answer = app.handler(event, context())
    assert answer is not None
    return answer


def context() -> Any:
    return SimpleNamespace(
        function_name=FUNCTION,
        memory_limit_in_mb=3008,
        invoked_function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}",
        aws_request_id="00000000-0000-0000-0000-000000000000",
    )


@pytest.mark.usefixtures("mesh")
class TestAsk:
    def test_a_statement_is_answered_from_iceberg(self) -> None:
        statement = "SELECT day, amount FROM shop.orders WHERE customer_id = 10 ORDER BY day"
        status, answer = call("POST", "/sql", {"sql": statement})
        assert status == 200
        assert set(answer) == {"columns", "rows", "sql", "engine", "products", "timings_ms"}
        assert answer["rows"] == [["2024-01-05", 5.5], ["2024-02-05", 2.5]]
        product = answer["products"][0]
        assert (product["name"], product["version"], product["published_at"]) == (
            "shop.orders",
            "1.0.0",
            "2024-05-01T12:00:00Z",
        )
        assert isinstance(product["snapshot_id"], int)

    def test_a_verified_question_is_answered_across_domains(self) -> None:
        status, answer = call("POST", "/ask", {"question": "who spent how much"})
        assert status == 200
        assert (answer["status"], answer["tier"]) == ("answered", "verified")
        assert answer["rows"] == [["Ada", 8.0], ["Bob", None]]
        assert [product["name"] for product in answer["products"]] == ["shop.orders", "crm.customers"]

    def test_masked_names_are_hashed_with_a_key_of_kms_and_other_rows_are_not_there(self) -> None:
        # When somebody who reads customers of Berlin, their names hashed, asks for all
        status, answer = call("POST", "/sql", {"sql": "SELECT name FROM crm.customers"}, role="counter")
        # Then a hash of one name is there, which nobody can make of the name alone
        ((shown,),) = answer["rows"]
        assert (status, len(shown)) == (200, 64)
        assert shown != hashlib.sha256(b"Ada").hexdigest()
        key = parts.mask_key(settings.load(settings.AskSettings).mask_key_arn)
        assert shown == hashlib.sha256(f"{key}Ada".encode()).hexdigest()
        (product,) = answer["products"]
        assert (product["rows"], product["masked"]) == ("some", ["name"])
        # And a question that would compute with it is refused
        status, answer = call("POST", "/ask", {"question": "How many different names are there?"}, role="counter")
        assert (status, answer["status"]) == (200, "refused")
        assert "crm.customers.name" in answer["explanation"]

    def test_a_planned_question_is_answered(self) -> None:
        status, answer = call("POST", "/ask", {"question": "How many orders are there?"})
        assert status == 200
        assert (answer["status"], answer["tier"], answer["rows"]) == ("answered", "planner", [[3]])

    def test_a_question_that_is_not_understood_is_refused(self) -> None:
        status, answer = call("POST", "/ask", {"question": "Which zeppelins were inflated?"})
        assert status == 200
        assert (answer["status"], answer["tier"], answer["rows"]) == ("refused", "none", [])
        assert answer["unmatched"]

    def test_who_may_read_nothing_is_told_nothing(self) -> None:
        assert call("GET", "/products", role="stranger") == (200, {"products": []})
        status, said = call("POST", "/sql", {"sql": "SELECT COUNT(*) FROM shop.orders"}, role="stranger")
        assert (status, said["error"], said["rule"]) == (403, "shop.orders: unknown or not granted", "not-granted")
        assert "shop" not in json.dumps(call("POST", "/ask", {"question": "Who spent how much?"}, role="stranger"))

    def test_columns_are_only_those_that_are_granted(self) -> None:
        _, answer = call("POST", "/sql", {"sql": "SELECT * FROM crm.customers ORDER BY 1"}, role="clerk")
        assert (answer["columns"], answer["rows"]) == (["customer_id", "city"], [[10, "Berlin"], [11, "Paris"]])
        status, said = call("POST", "/sql", {"sql": "SELECT name FROM crm.customers"}, role="clerk")
        assert (status, said["rule"]) == (422, "unknown-column")

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("POST", "/sql", "{", 400),
            ("POST", "/ask", {"sql": "SELECT 1"}, 400),
            ("POST", "/sql", {"sql": "DELETE FROM shop.orders"}, 422),
            ("POST", "/sql", {"sql": "SELECT * FROM read_text('/etc/passwd')"}, 422),
            ("GET", "/products/shop/nothing", None, 404),
            ("GET", "/queries/nothing", None, 404),
            ("GET", "/nothing", None, 404),
        ],
    )
    def test_mistakes_are_told_plainly(self, method: str, path: str, body: Any, status: int) -> None:
        answered, said = call(method, path, body)
        assert answered == status
        assert set(said) - {"rule"} == {"error", "hint"}

    def test_an_unknown_kind_of_caller_is_nobody(self) -> None:
        status, said = call("GET", "/products", identity={"userArn": "anonymous", "sourceIp": "192.0.2.1"})
        assert (status, said["rule"]) == (403, "principal")

    def test_products_have_pages(self) -> None:
        _, listed = call("GET", "/products")
        assert [page["name"] for page in listed["products"]] == ["crm.customers", "shop.orders"]
        _, page = call("GET", "/products/shop/orders")
        assert page["name"] == "shop.orders"
        assert (page["rows_in"], page["rows_published"], page["rows_quarantined"]) == (4, 3, 1)
        assert [column["name"] for column in page["columns"]] == ["order_id", "customer_id", "amount", "day"]

    def test_an_answer_can_be_read_again_by_who_asked(self) -> None:
        # Given an answer, and its id from the header
        answered = reply("POST", "/sql", {"sql": "SELECT COUNT(*) AS n FROM shop.orders"})
        query_id = answered["multiValueHeaders"]["X-Query-Id"][0]
        # Then who asked can read it again, nobody else can, and it goes away by itself
        assert call("GET", f"/queries/{query_id}") == (200, json.loads(answered["body"]))
        assert call("GET", f"/queries/{query_id}", role="clerk")[0] == 404
        item = boto3.resource("dynamodb").Table("queries").get_item(Key={"pk": query_id})["Item"]
        assert 6 < (int(item["expires_at"]) - time.time()) / 86_400 < 8

    def test_what_takes_longer_than_a_call_is_promised_and_finished(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Given a function that has no time for its callers
        monkeypatch.setenv("ANSWER_WITHIN_SECONDS", "0.01")
        forget()
        status, promise = call("POST", "/sql", {"sql": "SELECT COUNT(*) AS n FROM shop.orders"})
        assert (status, promise["status"]) == (202, "running")
        assert call("GET", promise["poll"]) == (202, promise)
        # When it is invoked for the query itself
        assert app.handler({"query_id": promise["query_id"]}, context()) is None
        # Then the answer is there, for who asked
        status, answer = call("GET", promise["poll"])
        assert (status, answer["rows"]) == (200, [[3]])
        assert call("GET", promise["poll"], role="clerk")[0] == 404
        monkeypatch.undo()
        forget()

    def test_a_large_answer_is_fetched_by_a_link(self) -> None:
        status, link = call("POST", "/sql", {"sql": MANY})
        assert (status, link["status"]) == (200, "done")
        with urllib.request.urlopen(link["url"]) as response:
            answer = json.load(response)
        assert len(answer["rows"]) == 3**8
        assert call("GET", f"/queries/{link['query_id']}")[1]["status"] == "done"

    def test_neither_questions_nor_values_are_logged(
        self, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG, logger="ask")
        call("POST", "/sql", {"sql": "SELECT 'sesame' AS word, CAST('sesame' AS INTEGER) FROM shop.orders"})
        call("POST", "/ask", {"question": "Is sesame sold?"})
        call("POST", "/sql", {"sql": "SELECT sesame sesame sesame"})
        said = capsys.readouterr()
        assert "sesame" not in said.out + said.err + caplog.text


@pytest.mark.usefixtures("mesh")
def test_what_was_asked_for_and_granted_opens_what_it_says_until_it_is_taken_back() -> None:
    # Given a role that may read nothing of a product
    statement = {"sql": "SELECT COUNT(*) AS n FROM shop.orders WHERE day < DATE '2024-02-01'"}
    before = call("POST", "/sql", statement, role="auditor")
    assert before[0] == 403
    # When its request is granted for some rows, with the day masked
    principal, now = f"arn:aws:iam::{ACCOUNT}:role/auditor", datetime.now(UTC)
    rows = "day >= DATE '2024-01-01' AND day < DATE '2024-02-01'"
    arn = f"arn:aws:iam::{ACCOUNT}:role/data/teams/auditor"
    wish = Subscription(request_id(principal), principal, arn, "shop.orders", None, "", now + timedelta(days=1))
    less = replace(wish, rows=rows, row_columns=(("day", "date"),), masks=(("day", Mask("bucket", span="month")),))
    store = AccessStore(boto3.resource("dynamodb").Table("access"))
    granted = decided(asked(wish, "a count", now), "granted", "mesh", now, given=less)
    assert store.put(asked(wish, "a count", now))
    assert call("POST", "/sql", statement, role="auditor") == before
    assert store.put(granted)
    # Then it reads those, and nobody else does
    status, answer = call("POST", "/sql", {"sql": "SELECT day FROM shop.orders"}, role="auditor")
    assert (status, answer["rows"], answer["products"][0]["rows"]) == (200, [["2024-01-01"]], "some")
    assert answer["products"][0]["masked"] == ["day"]
    assert call("POST", "/sql", statement, role="guest")[0] == 403
    # When it is revoked, then it is as before at the next call
    assert store.put(ended(granted, "revoked", "mesh", now))
    assert call("POST", "/sql", statement, role="auditor") == before
