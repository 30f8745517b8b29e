"""Files of one partition each: what was laid out is what Iceberg reads out of the footers."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    pyarrow_to_schema,
)

from datamesh.lake.schema import partition_spec, schema_of
from tests.support.staging import column, staged, table


def test_hours_and_truncated_values(tmp_path: Path) -> None:
    # Given a table partitioned by hour and by truncated numbers and texts
    wanted = table(
        column("at", "timestamptz", partition_position=1, partition_transform="hour"),
        column("n", "integer", partition_position=2, partition_transform="truncate[10]"),
        column("m", "decimal", digits=(6, 2), partition_position=3, partition_transform="truncate[100]"),
        column("s", partition_position=4, partition_transform="truncate[2]"),
    )
    body = [
        "2013-01-01T10:15:00Z,-3,-1.23," + "ab" * 300,
        "2013-01-01T10:45:00Z,-9,-1.99," + "ab" * 200 + "z",
        "2013-01-01T11:00:00Z,12,1.23,äöü",
        "2013-01-01T11:30:00Z,19,1.99,äöx",
        "2013-01-01T11:00:00Z,9223372036854775807,9999.99,x",
        ",,,",
    ]
    # When rows are staged
    ids = {"at": 1, "n": 2, "m": 3, "s": 4}
    done = staged(tmp_path, wanted, {"p.csv": "at,n,m,s\n" + "\n".join(body) + "\n"}, field_ids=ids)
    # Then each file has one partition, the one that Iceberg's own transforms give
    spec, found = partition_spec(wanted, schema_of(wanted)), []
    for path in done.staged.files:
        footer = pq.read_metadata(path)
        own = pyarrow_to_schema(footer.schema.to_arrow_schema())
        said = data_file_statistics_from_parquet_metadata(
            footer, compute_statistics_plan(own, {}), parquet_path_to_id_mapping(own)
        )
        found.append((footer.num_rows, str(said.partition(spec, own))))
    assert sorted(found) == [
        (1, "Record[376955, 9223372036854775800, 9999.00, x]"),
        (1, "Record[None, None, None, None]"),
        (2, "Record[376954, -10, -2.00, ab]"),
        (2, "Record[376955, 10, 1.00, äö]"),
    ]
