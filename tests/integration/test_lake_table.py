"""Iceberg tables on a Glue catalog: one snapshot per batch, whatever is repeated, lost or raced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ReadTimeoutError

from datamesh import aws
from datamesh.contract.model import Column, ColumnType, Contract, Table, Version
from datamesh.errors import CommitConflict, CommitStateUnknown, Transient
from datamesh.lake import table as lake
from datamesh.lake.evolution import create_or_evolve
from tests.support.lakeside import own_glue

BUCKET, DATABASE, NAME = "lake", "datamesh_dev_fleet", "stops_v1"
LOCATION = f"s3://{BUCKET}/tables/{NAME}"
STRING, INTEGER, MOMENT = ColumnType("string"), ColumnType("integer"), ColumnType("timestamptz")


FIRST = Version(1)


def contract(*more: Column, version: Version = FIRST, description: str = "Stops") -> Contract:
    columns = (
        Column("stop", STRING, primary_key_position=1, description="Its code"),
        Column("seen", MOMENT, partition_position=1, partition_transform="month"),
        *more,
    )
    return Contract(
        id="stops",
        domain="fleet",
        product="stops",
        version=version,
        status="active",
        api_version="v3.2.0",
        tables=(Table("stops", columns),),
        description=description,
    )


@pytest.fixture(autouse=True)
def world(account: None) -> None:
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    boto3.client("glue").create_database(DatabaseInput={"Name": DATABASE})


def made(wanted: Contract | None = None) -> Any:
    return create_or_evolve(wanted or contract(), database=DATABASE, table=NAME, location=LOCATION)


@pytest.mark.parametrize(
    ("message", "raised"),
    [
        ("Insufficient Lake Formation permission(s): Required Describe on stops_v1", Transient),
        ("User: r is not authorized to perform: glue:GetTable on resource: t", ClientError),
    ],
)
def test_what_lake_formation_does_not_grant_yet_is_tried_again(message: str, raised: type[Exception]) -> None:
    made()
    error = {"Error": {"Code": "AccessDeniedException", "Message": message}, "ResponseMetadata": {}}
    answer = AWSResponse("", 400, {}, None), error
    aws.client_once("glue").meta.events.register("before-call.glue.GetTable", lambda **_: answer)

    with pytest.raises(raised):
        lake.load(DATABASE, NAME)


def test_the_region_of_the_bucket_is_that_of_the_catalog() -> None:
    """Otherwise PyIceberg asks S3 for it, once in every process and bucket."""
    made()
    assert lake.load(DATABASE, NAME).io.properties["s3.region"] == "eu-west-1"


def staged(table: Any, where: Path, name: str, rows: str, columns: str = "stop, seen") -> str:
    """A Parquet file as DuckDB writes it, with the table's field ids, put into the table's data path."""
    ids = ", ".join(f"{f.name}: {f.field_id}" for f in table.schema().fields if f.name in columns)
    path = where / name
    duckdb.connect().execute(
        f"COPY (SELECT * FROM (VALUES {rows}) AS t({columns})) TO '{path}' (FORMAT parquet, FIELD_IDS {{{ids}}})"
    )
    boto3.client("s3").upload_file(str(path), BUCKET, f"tables/{NAME}/data/{name}")
    return f"{LOCATION}/data/{name}"


def committed(table: Any, *uris: str, batch_id: str, replace: bool = False) -> lake.Committed:
    removed = tuple(task.file for task in table.scan().plan_files()) if replace else ()
    change = lake.Change(tuple(lake.data_files(table, uris)), removed)
    return lake.commit(table, change, marks={lake.BATCH: batch_id})


def rows_of(table: Any) -> list[str]:
    return sorted(table.refresh().scan().to_arrow()["stop"].to_pylist())


ONE = "('a', TIMESTAMPTZ '2013-01-01 10:00:00+00'), ('b', TIMESTAMPTZ '2013-01-02 10:00:00+00')"
TWO = "('c', TIMESTAMPTZ '2013-02-01 10:00:00+00')"


def test_a_contract_makes_its_table_once() -> None:
    first = made()
    again = made()
    assert first.metadata.table_uuid == again.metadata.table_uuid
    assert [f.name for f in first.schema().fields] == ["stop", "seen"]
    assert first.schema().find_field("stop").doc == "Its code"
    assert first.properties["datamesh.primary-key"] == "stop"
    assert [str(f.transform) for f in first.spec().fields] == ["month"]


def test_a_newer_contract_evolves_the_table_and_keeps_its_rows(tmp_path: Path) -> None:
    table = made()
    committed(table, staged(table, tmp_path, "1.parquet", ONE), batch_id="b1")
    newer = made(contract(Column("height", INTEGER), version=Version(1, 1), description="Stops and heights"))
    assert [f.name for f in newer.schema().fields] == ["stop", "seen", "height"]
    assert newer.properties["datamesh.contract-version"] == "1.1.0"
    assert newer.properties["comment"] == "Stops and heights"
    assert rows_of(newer) == ["a", "b"]


def test_a_file_of_metadata_is_written_by_one_request(tmp_path: Path) -> None:
    table = made()
    committed(table, staged(table, tmp_path, "1.parquet", ONE), batch_id="b1")
    written = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"tables/{NAME}/metadata/")["Contents"]
    assert {each["Key"].rsplit(".", 1)[1] for each in written} == {"json", "avro"}
    # The tag of what came by a multipart upload ends in the number of its parts.
    assert not [each["Key"] for each in written if "-" in each["ETag"]]


def test_a_batch_is_one_snapshot_however_often_it_is_committed(tmp_path: Path) -> None:
    table = made()
    uri = staged(table, tmp_path, "1.parquet", ONE)
    first = committed(table, uri, batch_id="b1")
    again = committed(lake.load(DATABASE, NAME), uri, batch_id="b1")
    assert first == again
    assert first.total_rows == 2
    assert len(table.refresh().metadata.snapshots) == 1


def test_an_overwrite_is_one_snapshot_and_never_an_empty_table(tmp_path: Path) -> None:
    table = made()
    committed(table, staged(table, tmp_path, "1.parquet", ONE), batch_id="b1", replace=True)
    second = committed(
        lake.load(DATABASE, NAME), staged(table, tmp_path, "2.parquet", TWO), batch_id="b2", replace=True
    )
    now = lake.load(DATABASE, NAME)
    assert rows_of(now) == ["c"]
    assert second.total_rows == 1
    assert second.sequence == 2
    assert [s.summary.additional_properties[lake.BATCH] for s in now.metadata.snapshots] == ["b1", "b2"]


def test_an_overwrite_with_no_good_rows_empties_the_table(tmp_path: Path) -> None:
    table = made()
    committed(table, staged(table, tmp_path, "1.parquet", ONE), batch_id="b1", replace=True)
    assert committed(lake.load(DATABASE, NAME), batch_id="b2", replace=True).total_rows == 0
    assert rows_of(lake.load(DATABASE, NAME)) == []


def test_a_writer_who_comes_second_is_told_and_succeeds_after_reloading(tmp_path: Path) -> None:
    table = made()
    mine, theirs = lake.load(DATABASE, NAME), lake.load(DATABASE, NAME)
    committed(theirs, staged(table, tmp_path, "1.parquet", ONE), batch_id="b1")
    uri = staged(table, tmp_path, "2.parquet", TWO)
    with pytest.raises(CommitConflict):
        committed(mine, uri, batch_id="b2")
    committed(lake.load(DATABASE, NAME), uri, batch_id="b2")
    assert rows_of(table) == ["a", "b", "c"]


@pytest.mark.parametrize("landed", [True, False])
def test_a_commit_whose_answer_is_lost_is_looked_up(tmp_path: Path, landed: bool) -> None:
    table = made()
    uri = staged(table, tmp_path, "1.parquet", ONE)
    glue = own_glue(table)
    update = glue.update_table

    def unheard(**request: Any) -> None:
        if landed:
            update(**request)
        raise ReadTimeoutError(endpoint_url="glue")

    glue.update_table = unheard
    if landed:
        assert committed(table, uri, batch_id="b1").total_rows == 2
    else:
        with pytest.raises(CommitStateUnknown):
            committed(table, uri, batch_id="b1")
        assert committed(lake.load(DATABASE, NAME), uri, batch_id="b1").total_rows == 2
    assert rows_of(lake.load(DATABASE, NAME)) == ["a", "b"]
