"""Does with the engine's packages what functions do with them. Run by test_layers where nothing else is installed."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import aws_lambda_powertools  # noqa: F401
import cramjam
import duckdb
import fastavro
import jsonschema  # noqa: F401
import open_data_contract_standard  # noqa: F401
import pyarrow.dataset
import pyarrow.fs
import pyarrow.orc
import pydantic_settings  # noqa: F401
import python_calamine
import ruamel.yaml  # noqa: F401
import snowballstemmer
import sqlglot
import zstandard
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

import datamesh
from datamesh.contract.parse import parse
from datamesh.engine.query import query
from datamesh.publish.preflight import inspect
from datamesh.publish.sources import LocalFile
from datamesh.publish.stage import InputFile, stage


class Glue:
    """As much of Glue as a table needs."""

    tables: ClassVar[dict[str, Any]] = {}
    exceptions = SimpleNamespace(EntityNotFoundException=LookupError, AlreadyExistsException=LookupError)

    def get_database(self, **asked: Any) -> dict[str, Any]:
        return {"Database": {"Name": asked["Name"]}}

    def get_table(self, **asked: Any) -> dict[str, Any]:
        return {"Table": self.tables[asked["Name"]] | {"DatabaseName": asked["DatabaseName"], "VersionId": "1"}}

    def create_table(self, **asked: Any) -> None:
        self.tables[asked["TableInput"]["Name"]] = asked["TableInput"]

    update_table = create_table


def main(place: str) -> None:
    rows = f"{place}/rows.parquet"
    duckdb.sql(f"COPY (SELECT i, 'x' || i AS s FROM range(1000) t(i)) TO '{rows}' (COMPRESSION zstd)")
    schema = Schema(NestedField(1, "i", LongType()), NestedField(2, "s", StringType()))
    catalog = GlueCatalog("default", client=Glue())
    catalog.create_table("a.b", schema, location=f"file://{place}/b").add_files([rows])
    scanned = catalog.load_table("a.b").scan(row_filter="i >= 500", selected_fields=("i",)).to_arrow()
    assert duckdb.from_arrow(scanned).aggregate("count(*), sum(i)").fetchall() == [(500, 374750)]
    assert pyarrow.dataset.dataset(rows).count_rows() == 1000
    assert pyarrow.fs.S3FileSystem(region="eu-central-1", anonymous=True)
    other = Schema(NestedField(1, "i", StringType()), NestedField(2, "s", StringType()))
    drawn = ""
    try:
        catalog.create_table("a.c", other, location=f"file://{place}/c").add_files([rows])
    except ValueError as mismatch:
        drawn = str(mismatch)
    assert "Mismatch in fields" in drawn
    pyarrow.orc.write_table(scanned, f"{place}/rows.orc")
    assert pyarrow.orc.ORCFile(f"{place}/rows.orc").read_stripe(0).num_rows == 500
    kept = fastavro.parse_schema({"type": "record", "name": "r", "fields": [{"name": "i", "type": "long"}]})
    with Path(f"{place}/rows.avro").open("w+b") as avro:
        fastavro.writer(avro, kept, [{"i": 7}], codec="zstandard")
        avro.seek(0)
        assert list(fastavro.reader(avro)) == [{"i": 7}]
    assert bytes(cramjam.snappy.decompress(cramjam.snappy.compress(b"rows"))) == b"rows"
    assert zstandard.decompress(zstandard.compress(b"rows")) == b"rows"
    assert callable(python_calamine.load_workbook)
    assert sqlglot.transpile("SELECT 1 LIMIT 2", write="trino")
    assert snowballstemmer.stemmer("english").stemWord("flights") == "flight"
    for module in pkgutil.walk_packages(datamesh.__path__, "datamesh."):
        importlib.import_module(module.name)
    staged(Path(place))
    asked = query("SELECT max(i) AS most FROM rows", {"rows": scanned}, memory_mb=256, threads=1, interrupting=nothing)
    assert asked.to_pylist() == [{"most": 999}]


CONTRACT = """
{apiVersion: v3.2.0, kind: DataContract, id: x, name: Things, version: 1.0.0, status: active, domain: d, dataProduct: x,
 schema: [{name: things, properties: [
    {name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1},
    {name: what, logicalType: string}]}]}
"""


def staged(place: Path) -> None:
    """The whole staging pass, with a bad row, one that repeats a key and a line that is no row."""
    file, work = place / "things.csv", place / "work"
    file.write_text("id,what\n1,a\nx,b\n1,c\n2,d,e\n3,f\n", encoding="utf-8")
    work.mkdir()
    table = parse(CONTRACT.encode()).table
    layout = inspect(LocalFile(file, file.name), table).layout
    assert layout
    done = stage(table, [InputFile(file, file.name, layout)], product="d.x", batch_id="b", work=work)
    assert (done.rows_good, done.rows_bad) == (2, 3)
    told = duckdb.sql(
        f"SELECT row_number, rule FROM read_parquet({list(map(str, done.quarantine))}) ORDER BY row_number"
    )
    assert told.fetchall() == [(2, "type"), (3, "primaryKey"), (4, "malformed")]


@contextmanager
def nothing(interrupt: Callable[[], None]) -> Iterator[None]:
    yield


if __name__ == "__main__":
    main(sys.argv[1])
