"""A table follows its contract from version to version: no file is rewritten, and none is read wrongly."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest

from datamesh.contract.model import Column, ColumnType, Contract, Table, Version
from datamesh.contract.parse import parse
from datamesh.errors import CommitConflict, InfrastructureError
from datamesh.lake import table as lake
from datamesh.lake.evolution import create_or_evolve, field_ids, prepare, settle
from datamesh.publish.commit import catalog
from datamesh.publish.transform import transform
from tests.support.lakeside import DATABASE, HEAD, LAKE, REGION, Lakeside, a_minute

pytestmark = pytest.mark.usefixtures("account")

NAME = "stops_v1"
WHERE = {"database": DATABASE, "table": NAME}
LOCATION = f"s3://{LAKE}/tables/{NAME}"
STOP = Column("stop", ColumnType("string"), id="c1", description="Its code")
FARE = Column("fare", ColumnType("decimal", 6, 2), id="c2", description="In euro")
ZONE = Column("zone", ColumnType("integer"))
DAY = Column("day", ColumnType("date"), partition_position=1, partition_transform="month")


def contract(version: str, *columns: Column) -> Contract:
    return Contract(
        id="stops",
        domain="testing",
        product="stops",
        version=Version(*map(int, version.split("."))),
        status="active",
        api_version="v3.2.0",
        tables=(Table("stops", columns),),
    )


FIRST = contract("1.0.0", STOP, FARE, ZONE, DAY)
ROW = {"stop": "'a'", "fare": "1.50::DECIMAL(6,2)", "zone": "7::BIGINT", "day": "DATE '2013-01-01'"}


@pytest.fixture
def first() -> Any:
    boto3.client("s3").create_bucket(Bucket=LAKE, CreateBucketConfiguration={"LocationConstraint": REGION})
    boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    return evolved(FIRST)


def evolved(wanted: Contract) -> Any:
    return create_or_evolve(wanted, **WHERE, location=LOCATION)


def staged(under: Contract, where: Path, name: str, **row: str) -> str:
    """A row as the data path stages it: Parquet from DuckDB with the columns and field ids of its contract."""
    ids = field_ids(lake.load(**WHERE), under)
    columns = ", ".join(f"{row[c.name]} AS {c.name}" for c in under.table.columns)
    marks = ", ".join(f"{name}: {number}" for name, number in ids.items())
    path = where / name
    duckdb.connect().execute(f"COPY (SELECT {columns}) TO '{path}' (FORMAT parquet, FIELD_IDS {{{marks}}})")
    boto3.client("s3").upload_file(str(path), LAKE, f"tables/{NAME}/data/{name}")
    return f"{LOCATION}/data/{name}"


def committed(uri: str, batch: str) -> int:
    table = lake.load(**WHERE)
    change = lake.Change(tuple(lake.data_files(table, [uri])))
    return lake.commit(table, change, marks={lake.BATCH: batch}).snapshot_id


def rows(**scan: Any) -> list[dict[str, Any]]:
    found = lake.load(**WHERE).scan(**scan).to_arrow().to_pylist()
    return sorted(found, key=lambda row: str(row["stop"]))


def columns() -> dict[str, tuple[int, str]]:
    return {f.name: (f.field_id, str(f.field_type)) for f in lake.load(**WHERE).schema().fields}


PRICE = Column("price", ColumnType("decimal", 12, 2), id="c2", description="In euro, or less")
SECOND = contract("1.1.0", Column("line", ColumnType("string")), PRICE, DAY, STOP)


def test_all_that_may_change_changes_and_what_was_written_before_is_read_right(first: Any, tmp_path: Path) -> None:
    """Added at the front, renamed and widened, reordered, dropped: at once."""
    before = committed(staged(FIRST, tmp_path, "1.parquet", **ROW), "b1")
    ids = {name: number for name, (number, _) in columns().items()}

    evolved(SECOND)

    assert list(columns()) == ["line", "price", "day", "stop"]
    assert columns()["price"] == (ids["fare"], "decimal(12, 2)")
    assert columns()["stop"][0] == ids["stop"]
    assert columns()["line"][0] not in ids.values()
    assert lake.load(**WHERE).schema().find_field("price").doc == "In euro, or less"
    day = rows()[0]["day"]
    assert rows() == [{"line": None, "price": Decimal("1.50"), "day": day, "stop": "a"}]
    assert rows(snapshot_id=before) == [{"stop": "a", "fare": Decimal("1.50"), "zone": 7, "day": day}]
    assert rows(row_filter="price = 1.50") == rows(), "the old file's statistics still find it"
    assert rows(row_filter="price > 2.00") == []


def test_narrow_numbers_are_widened_and_old_files_are_still_found(first: Any, tmp_path: Path) -> None:
    """Whether a file was committed before its column was widened, or staged before and committed after."""
    narrow = (Column("n", ColumnType("integer", bits=32)), Column("f", ColumnType("number", bits=32)))
    wide = (Column("n", ColumnType("integer")), Column("f", ColumnType("number")))
    older, newer = contract("1.1.0", STOP, DAY, *narrow), contract("1.2.0", STOP, DAY, *wide)
    evolved(older)
    row = {"stop": "'a'", "day": "DATE '2013-01-01'", "n": "-5::INTEGER", "f": "0.5::FLOAT"}
    committed(staged(older, tmp_path, "1.parquet", **row), "b1")
    late = staged(older, tmp_path, "2.parquet", **row | {"stop": "'b'", "n": "7::INTEGER"})
    evolved(newer)
    committed(late, "b2")
    large = row | {"stop": "'c'", "n": "5000000000", "f": "0.1::DOUBLE"}
    committed(staged(newer, tmp_path, "3.parquet", **large), "b3")

    assert [(found["n"], found["f"]) for found in rows()] == [(-5, 0.5), (7, 0.5), (5_000_000_000, 0.1)]
    assert [found["stop"] for found in rows(row_filter="n < 0")] == ["a"]
    assert [found["stop"] for found in rows(row_filter="n > 6")] == ["b", "c"]
    assert [found["stop"] for found in rows(row_filter="f >= 0.5")] == ["a", "b"]


def test_a_version_may_come_twice(first: Any) -> None:
    once = evolved(SECOND).metadata
    again = evolved(SECOND).metadata
    assert (once.current_schema_id, once.properties) == (again.current_schema_id, again.properties)


def test_a_batch_staged_under_the_older_version_commits_after_the_newer(first: Any, tmp_path: Path) -> None:
    """Its columns have their old names, one of them is gone, and the table's decimals are wider than its own."""
    uri = staged(FIRST, tmp_path, "1.parquet", **ROW)
    evolved(SECOND)
    committed(uri, "b1")
    late = staged(FIRST, tmp_path, "2.parquet", **ROW | {"stop": "'b'", "fare": "9999.99::DECIMAL(6,2)"})
    committed(late, "b2")

    assert [(row["stop"], row["price"], row["line"]) for row in rows()] == [
        ("a", Decimal("1.50"), None),
        ("b", Decimal("9999.99"), None),
    ]
    assert [row["stop"] for row in rows(row_filter="price > 100.00")] == ["b"]


def test_a_batch_of_the_newer_version_commits_before_the_table_has_settled(first: Any, tmp_path: Path) -> None:
    prepare(SECOND, **WHERE, location=LOCATION)
    row = {"line": "'x'", "price": "2::DECIMAL(12,2)", "day": "DATE '2013-01-02'", "stop": "'b'"}
    committed(staged(SECOND, tmp_path, "1.parquet", **row), "b1")
    assert rows()[0]["fare"] == Decimal("2.00")
    settle(SECOND, **WHERE, stands=lambda: True)
    assert (rows()[0]["price"], rows()[0]["line"]) == (Decimal("2.00"), "x")


def test_preparing_takes_nothing_away(first: Any) -> None:
    prepare(SECOND, **WHERE, location=LOCATION)
    assert list(columns()) == ["stop", "fare", "zone", "day", "line"]
    assert columns()["fare"][1] == "decimal(12, 2)"


def test_a_contract_that_is_in_force_no_more_changes_nothing(first: Any) -> None:
    prepare(SECOND, **WHERE, location=LOCATION)
    before = columns()
    with pytest.raises(CommitConflict):
        settle(SECOND, **WHERE, stands=lambda: False)
    assert columns() == before


def test_a_contract_replaced_while_its_table_settles_loses(first: Any) -> None:
    """Whoever reads the table, and then that he is in force, is still too late when another commits in between."""
    other = contract("1.2.0", STOP, FARE, ZONE, DAY, Column("roof", ColumnType("boolean")))

    def overtaken() -> bool:
        evolved(other)
        return True

    prepare(SECOND, **WHERE, location=LOCATION)
    with pytest.raises(CommitConflict):
        settle(SECOND, **WHERE, stands=overtaken)
    assert list(columns()) == ["stop", "fare", "zone", "day", "roof"]


def test_what_a_contract_left_behind_that_never_came_into_force_does_no_harm(first: Any, tmp_path: Path) -> None:
    """It added a column of the name that another is now renamed to, and widened one further."""
    loser = contract(
        "1.1.0",
        STOP,
        Column("fare", ColumnType("decimal", 20, 2), id="c2"),
        ZONE,
        DAY,
        Column("price", ColumnType("string")),
    )
    committed(staged(FIRST, tmp_path, "1.parquet", **ROW), "b1")
    prepare(loser, **WHERE, location=LOCATION)
    evolved(contract("1.2.0", STOP, PRICE, ZONE, DAY))
    assert list(columns()) == ["stop", "price", "zone", "day"]
    assert rows()[0]["price"] == Decimal("1.50")


def test_a_name_that_is_used_again_is_another_column(first: Any, tmp_path: Path) -> None:
    committed(staged(FIRST, tmp_path, "1.parquet", **ROW), "b1")
    evolved(contract("1.1.0", STOP, FARE, DAY))
    evolved(contract("1.2.0", STOP, FARE, DAY, Column("zone", ColumnType("string"))))
    late = staged(FIRST, tmp_path, "2.parquet", **ROW | {"stop": "'b'"})
    committed(late, "b2")
    assert [row["zone"] for row in rows()] == [None, None], "its numbers are not the new column's texts"


def test_a_column_that_gets_an_id_keeps_its_data(first: Any, tmp_path: Path) -> None:
    committed(staged(FIRST, tmp_path, "1.parquet", **ROW), "b1")
    evolved(contract("1.1.0", STOP, FARE, Column("zone", ColumnType("integer"), id="c3"), DAY))
    evolved(contract("1.2.0", STOP, FARE, Column("district", ColumnType("integer"), id="c3"), DAY))
    assert rows()[0]["district"] == 7


def test_only_versions_that_were_prepared_have_field_ids(first: Any) -> None:
    with pytest.raises(InfrastructureError):
        field_ids(first, SECOND)
    for number in range(1, 22):
        evolved(contract(f"1.{number}.0", STOP, FARE, ZONE, DAY))
    kept = [name for name in lake.load(**WHERE).properties if name.startswith("datamesh.columns.")]
    assert len(kept) == 20
    assert "datamesh.columns.1.21.0" in kept


THINGS = (
    HEAD
    + """\
schema:
  - name: things
    properties:
      - {name: key, id: k, logicalType: string, required: true, primaryKey: true}
      - {name: size, id: s, logicalType: integer}
"""
)


@pytest.mark.parametrize("step", ["formed", "staged"])
def test_a_batch_on_its_way_is_published_under_the_contract_it_was_formed_with(step: str) -> None:
    """The whole data path, with its keys looked at across slices, over a table that is renamed under its feet."""
    world = Lakeside.build(THINGS.encode())
    newer = THINGS.replace("version: 1.0.0", "version: 1.1.0").replace("name: key", "name: code")
    newer = newer.replace("name: size", "name: width")
    batch = world.batch("key,size\na,1\nb,x\n", "key,size\nc,3\n")

    at: dict[str, Any] = {"product": "things", "batch_id": batch, "attempt": 1}
    place = {"database": DATABASE, "table": "things_v1", "location": f"s3://{LAKE}/tables/things_v1"}
    if step == "formed":
        create_or_evolve(parse(newer), **place)
    transform(world.plane, **at, slice_number=0)
    create_or_evolve(parse(newer), **place)
    assert catalog(world.plane, **at, seconds_left=a_minute).status == "partial"
    assert world.rows("code", "width") == [("a", 1), ("c", 3)]
    assert world.standing(batch).counts.balanced
