"""What only all rows of a batch together tell, or the table as it would be: asked before the gate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyiceberg.table import Table as IcebergTable

from datamesh.engine.duck import Connection, connect
from datamesh.lake import layout
from datamesh.lake.evolution import schema_as
from datamesh.lake.files import Rows, reader
from datamesh.publish.asking import answers
from datamesh.publish.job import Engine
from datamesh.publish.once import once
from datamesh.publish.plan import Plan
from datamesh.publish.referring import count_of
from datamesh.publish.repeats import surplus_of
from datamesh.publish.results import SliceResult
from datamesh.publish.rules import rules
from datamesh.publish.steps import Work

__all__ = ["across", "asked"]


def across(work: Work, table: IcebergTable, plan: Plan, results: Sequence[SliceResult]) -> dict[int, int]:
    """By rule, the rows that break it by what stands in another part of the batch: each part knows its own only."""
    return _doubled(work, table, plan, results) | _dangling(work, table, plan, results)


def asked(work: Work, table: IcebergTable, plan: Plan) -> dict[int, float | None]:
    """The answers to the sql rules over the table as it would be.

    An attempt asks once for each state of the table: what a query makes of the clock is not to change between two looks
    at the same batch, of which the first may have committed.
    """
    contract, settings, schema = work.contract.table, work.plane.settings, schema_as(table, work.contract)
    if (not plan.added and not plan.rewritten) or all(check.kind != "sql" for check in contract.all_checks):
        return {}

    def read(columns: Sequence[str]) -> Any:
        return plan.read(table, schema.select(*columns))

    def now() -> bytes:
        engine = Engine(settings.engine_memory_mb, settings.engine_threads)
        return json.dumps(answers(contract, read, engine=engine, seconds=settings.sql_seconds)).encode()

    before = table.current_snapshot()
    base = str(before.snapshot_id) if before else "none"
    key = layout.answers_key(work.manifest.product, work.manifest.batch_id, work.attempt, base)
    known: dict[str, float | None] = json.loads(once(key, now, s3=work.s3, bucket=work.bucket))
    return {int(place): answer for place, answer in known.items()}


def _doubled(work: Work, table: IcebergTable, plan: Plan, results: Sequence[SliceResult]) -> dict[int, int]:
    keyed = [rule for rule in rules(work.contract.table) if rule.keys and rule.effect != "supersede"]
    if not keyed or not _in_parts(work, results):
        return {}
    schema, doubled = schema_as(table, work.contract), {}
    with _connection(work) as con:
        for rule in keyed:
            con.register("staged", reader(table, _added(plan, results), schema.select(*rule.keys)))
            doubled[rule.number] = surplus_of(con, rule, "staged")
            con.unregister("staged")
    return doubled


def _dangling(work: Work, table: IcebergTable, plan: Plan, results: Sequence[SliceResult]) -> dict[int, int]:
    """References to the table itself; slices leave them to this place where they are several."""
    referring = {rule.number: rule.refers for rule in rules(work.contract.table) if rule.refers and rule.refers.itself}
    if not referring or len(results) < 2:
        return {}
    schema, found = schema_as(table, work.contract), {}
    with _connection(work) as con:
        for number, to in referring.items():
            con.register("staged", reader(table, _added(plan, results), schema.select(*to.columns)))
            con.register("whole", plan.read(table, schema.select(*to.to_columns)))
            found[number] = count_of(con, to, "staged", "whole")
            con.unregister("staged")
            con.unregister("whole")
    return found


def _added(plan: Plan, results: Sequence[SliceResult]) -> list[Rows]:
    """Of the batch's own files, what the table would have of them."""
    mine = {file.uri for result in results for file in result.files}
    return [rows for rows in (*plan.added, *plan.rewritten) if rows.file.file_path in mine]


def _in_parts(work: Work, results: Sequence[SliceResult]) -> bool:
    """Whether its rows were looked at in several parts: its slices, or its files where they are kept apart."""
    if work.contract.table.write_mode == "overwritePartitions":
        return len({file.place for result in results for file in result.files}) > 1
    return sum(1 for result in results if result.files) > 1


@contextmanager
def _connection(work: Work) -> Iterator[Connection]:
    settings = work.plane.settings
    with (
        TemporaryDirectory() as spill,
        connect(memory_mb=settings.engine_memory_mb, threads=settings.engine_threads, temp=Path(spill)) as con,
    ):
        yield con
