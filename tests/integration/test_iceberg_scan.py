"""Iceberg tables as the query function reads them: planned from metadata, at one snapshot, under a role's session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table

from datamesh.ask.guard import Predicate
from datamesh.ask.readers import ReaderSessions
from datamesh.ask.run import OpenTable
from datamesh.ask.scan import IcebergTables, row_filter
from tests.support.asking import KNOWLEDGE, arn
from tests.support.lakeside import environment

pytestmark = pytest.mark.xdist_group("iceberg-scan")

ORDERS = KNOWLEDGE.products["shop.orders"]
ROWS = pa.table(
    {
        "order_id": pa.array([1, 2, 3], pa.int64()),
        "amount": [1.5, float("nan"), 7.0],
        "customer": ["Ada", "Bob", None],
        "day": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 2, 1)],
        "at": pa.array([datetime(2024, 1, d, 5) for d in (1, 2, 3)], pa.timestamp("us")),
        "instant": pa.array([datetime(2024, 1, d, 5, tzinfo=UTC) for d in (1, 2, 3)], pa.timestamp("us", "UTC")),
    }
)


@pytest.fixture(scope="module")
def table(server: ThreadedMotoServer) -> Table:
    """shop.orders with two commits: three rows, then the same three again."""
    endpoint = environment(server)["AWS_ENDPOINT_URL"]
    keys = {"access-key-id": "test", "secret-access-key": "test", "region": "us-east-1", "endpoint": endpoint}
    session = boto3.Session("test", "test", region_name="us-east-1")
    session.client("s3", endpoint_url=endpoint).create_bucket(Bucket="lake")
    properties = {f"{service}.{name}": value for service in ("glue", "s3") for name, value in keys.items()}
    catalog = GlueCatalog("default", **properties)
    catalog.create_namespace(ORDERS.database)
    made = catalog.create_table((ORDERS.database, ORDERS.table), ROWS.schema, location="s3://lake/tables/orders_v1")
    made.append(ROWS)
    made.append(ROWS)
    return catalog.load_table((ORDERS.database, ORDERS.table))


@pytest.fixture
def orders(table: Table) -> OpenTable:
    return opened(table)


def opened(table: Any) -> OpenTable:
    sessions = ReaderSessions(assume=lambda role, name: SimpleNamespace(role=role))  # type: ignore[arg-type,return-value]
    return IcebergTables(lambda database, name, session: table, sessions).open(ORDERS)


def test_a_scan_brings_the_columns_that_were_asked_for(orders: OpenTable) -> None:
    read = orders.read(("customer", "order_id"), ())
    assert sorted(read.column_names) == ["customer", "order_id"]
    assert read.num_rows == 6


def test_a_scan_is_of_the_snapshot_that_was_opened(table: Table) -> None:
    # Given an open table
    orders = opened(table)
    current = table.current_snapshot()
    assert current is not None
    assert orders.snapshot.id == current.snapshot_id
    assert orders.snapshot.committed_at is not None
    assert datetime.now(UTC) - orders.snapshot.committed_at < timedelta(minutes=5)
    # When rows are committed after that
    table.catalog.load_table(table.name()).append(ROWS)
    # Then they are not in it
    assert orders.read(("order_id",), ()).num_rows == 6


def test_an_estimate_opens_no_data_file(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = opened(table)
    estimate = orders.estimate(("order_id", "customer"), ())
    assert (estimate.rows, estimate.bytes) == (6, 6 * (8 + 32))
    # Nor does anything have to be planned again to read it
    monkeypatch.setattr(type(table), "scan", lambda *_, **__: pytest.fail("planned again"))
    assert orders.read(("order_id", "customer"), ()).num_rows == 6


@pytest.mark.parametrize(
    ("predicate", "ids"),
    [
        (Predicate("order_id", "=", (2,)), [2, 2]),
        (Predicate("order_id", "in", (1, 3, 9)), [1, 1, 3, 3]),
        (Predicate("order_id", ">", (10**30,)), [1, 1, 2, 2, 3, 3]),  # no 64 bits: left to the engine
        (Predicate("order_id", "=", ("2",)), [1, 1, 2, 2, 3, 3]),  # nor text against a number
        (Predicate("customer", ">=", ("B",)), [2, 2]),
        (Predicate("customer", "=", (1,)), [1, 1, 2, 2, 3, 3]),
        (Predicate("day", "<", ("2024-01-02",)), [1, 1]),
        (Predicate("day", "<", ("2024-02-30",)), [1, 1, 2, 2, 3, 3]),  # no such day: the engine says so
        (Predicate("at", "<=", ("2024-01-02 05:00:00",)), [1, 1, 2, 2]),
        (Predicate("at", ">", ("2024-01-02",)), [2, 2, 3, 3]),
        (Predicate("instant", ">=", ("2024-01-02T05:00:00",)), [2, 2, 3, 3]),
        (Predicate("amount", ">", (2,)), [1, 1, 2, 2, 3, 3]),  # floating point: NaN is ordered differently
    ],
    ids=str,
)
def test_a_condition_is_pushed_down_where_it_means_the_same(
    orders: OpenTable, predicate: Predicate, ids: Sequence[int]
) -> None:
    read = orders.read(("order_id", predicate.column), (predicate,))
    assert sorted(read.column("order_id").to_pylist()) == list(ids)


def test_conditions_are_all_applied(orders: OpenTable) -> None:
    both = (Predicate("order_id", ">", (1,)), Predicate("customer", "=", ("Bob",)))
    assert orders.read(("order_id", "customer"), both).num_rows == 2


def test_without_conditions_everything_is_read(table: Table) -> None:
    assert row_filter(table.schema(), ()) == AlwaysTrue()


def test_a_session_is_made_once_and_renewed_before_it_ends() -> None:
    # Given a clock, and roles that are assumed
    now, assumed = [0.0], []

    def assume(role: str, name: str) -> Any:
        assumed.append(role)
        return SimpleNamespace(number=len(assumed))

    sessions = ReaderSessions(assume, clock=lambda: now[0])
    # Then a role is assumed once, until shortly before an hour has passed
    first = sessions.session(arn("a"))
    now[0] = 3000
    assert sessions.session(arn("a")) is first
    assert sessions.session(arn("b")) is not first
    now[0] = 3400
    assert sessions.session(arn("a")) is not first
    assert assumed == [arn("a"), arn("b"), arn("a")]
