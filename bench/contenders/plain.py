"""DuckDB alone: the file to Parquet, nothing checked.  READER FILE WORK [MEMORY_MB]"""

from __future__ import annotations

import sys

import duckdb

from bench.measure import report


def main(reader: str, name: str, work: str, memory_mb: str = "1024") -> None:
    """`reader` is a table function, with options after a comma: `read_csv, ignore_errors = true`."""
    function, _, options = reader.partition(",")
    source = f"{function}('{name}'{',' if options else ''}{options})"
    config = {"threads": 2, "memory_limit": f"{memory_mb}MB", "temp_directory": f"{work}/spill"}
    with duckdb.connect(config=config) as con:
        statement = f"COPY (SELECT * FROM {source}) TO '{work}/out.parquet' (FORMAT parquet, COMPRESSION zstd)"
        report(lambda: con.execute(statement))


main(*sys.argv[1:])
