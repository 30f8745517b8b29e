"""Does with the engine's packages what functions do with them. Run by test_layers where nothing else is installed."""

from __future__ import annotations

import sys
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


if __name__ == "__main__":
    main(sys.argv[1])
