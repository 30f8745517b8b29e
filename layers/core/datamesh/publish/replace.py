"""Files that replace what is there: the whole table, or those of its partitions that they have rows of.

Each part of the table belongs to the newest file that has rows of it, by the time S3 took it: within the batch, and
against batches that were published before, for events may overtake each other. An older file's rows are superseded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable

from datamesh.lake import files as lake_files
from datamesh.lake import table as lake
from datamesh.publish.manifest import Manifest
from datamesh.publish.plan import Plan, StagedRows

__all__ = ["NEWEST", "Arrivals", "replaced"]

NEWEST = "datamesh.newest-arrival"  # in a snapshot's summary: when the newest file arrived that its batch published
_WHOLE = ""

Arrivals = Callable[[lake.Committed], Mapping[str, str]]


def replaced(
    table: IcebergTable, staged: Sequence[StagedRows], manifest: Manifest, *, by_partition: bool, arrivals: Arrivals
) -> Plan:
    """`arrivals` gives, of a batch that was committed, the parts that it replaced and when their files arrived."""

    def part_of(file: DataFile) -> str:
        return table.spec().partition_to_path(file.partition, table.schema()) if by_partition else _WHOLE

    def order_of(each: StagedRows) -> str:
        return manifest.objects[each.staged.place].order

    mine: dict[str, str] = {}
    for each in staged:
        part = part_of(each.file)
        mine[part] = max(mine.get(part, ""), order_of(each))
    there = _there(table, min(mine.values(), default=""), arrivals)
    won = {part: order for part, order in mine.items() if order > there.get(part, "")}
    added = [each for each in staged if won.get(part_of(each.file)) == order_of(each)]
    before = lake_files.rows_of(table)
    return Plan(
        lake.total_rows(table),
        kept=tuple(rows for rows in before if part_of(rows.file) not in won),
        removed=tuple(rows.file for rows in before if part_of(rows.file) in won),
        added=tuple(each.rows for each in added),
        superseded=sum(each.rows.count for each in staged) - sum(each.rows.count for each in added),
        arrivals=won,
    )


def _there(table: IcebergTable, oldest: str, arrivals: Arrivals) -> dict[str, str]:
    """How new the parts of the table are, as far as that may be newer than `oldest`."""
    there: dict[str, str] = {}
    for batch in _newer(table, oldest):
        for part, order in arrivals(batch).items():
            there[part] = max(there.get(part, ""), order)
    return there


def _newer(table: IcebergTable, oldest: str) -> Iterator[lake.Committed]:
    return (batch for batch in lake.batches(table) if batch.marks.get(NEWEST, "") > oldest)
