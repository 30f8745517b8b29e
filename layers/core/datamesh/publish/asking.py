"""Carries out the sql rules of a contract over the table as it would be once the batch is in it.

Each query sees one relation, of the columns that it names, in a database of its own that reaches no file, no network,
no extension and no setting; what it needs beyond its memory is spilled. All of them together have so many seconds.
A query that fails is a finding, an error of the rule. A table that cannot be read is infrastructure's failure.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from datamesh.contract.model import Check, Table
from datamesh.contract.quality import not_carried_out
from datamesh.contract.sqlrule import RELATION, Query, understood
from datamesh.engine.duck import Connection, EngineError, connect, rows
from datamesh.errors import StatementRejected
from datamesh.publish.job import Engine

__all__ = ["Read", "answers"]

Read = Callable[[Sequence[str]], Any]  # columns to a stream of them, a pyarrow RecordBatchReader


def answers(table: Table, read: Read, *, engine: Engine, seconds: float) -> dict[int, float | None]:
    """The number that each sql rule asks for, by its place in `table.all_checks`; None where there is none.

    Rules that are not carried out are left out. `read` is called once for each of the others, and what it raises, or
    its stream, is raised here.
    """
    ends = time.monotonic() + seconds
    found = {}
    for place, check in enumerate(table.all_checks):
        if check.kind == "sql" and not not_carried_out(check):
            found[place] = _answer(check, table, read, engine, ends - time.monotonic())
    return found


def _answer(check: Check, table: Table, read: Read, engine: Engine, seconds: float) -> float | None:
    try:
        query = understood(check, table)
    except StatementRejected:
        return None
    if seconds <= 0:
        return None
    watched = _Watched(read(query.columns))
    with (
        TemporaryDirectory() as spill,
        connect(memory_mb=engine.memory_mb, threads=engine.threads, temp=Path(spill), seconds=seconds) as con,
    ):
        try:
            return _number(_asked(con, query, watched.reader))
        except EngineError:
            if watched.error is not None:
                raise watched.error from None
            return None


def _asked(con: Connection, query: Query, reader: Any) -> list[tuple[Any, ...]]:
    """A stream can be read once only: for a query that reads its table again, it is kept."""
    if query.once:
        con.register(RELATION, reader)
    else:
        con.register("stream", reader)
        con.execute(f"CREATE TEMP TABLE {RELATION} AS SELECT * FROM stream")
    return rows(con, f"SELECT * FROM ({query.sql}) LIMIT 2")


def _number(answer: Sequence[tuple[Any, ...]]) -> float | None:
    """The one number of one row; None for anything else, as for no row, NULL or infinity."""
    if len(answer) != 1 or len(answer[0]) != 1 or answer[0][0] is None or isinstance(answer[0][0], bool | str):
        return None
    try:
        value = answer[0][0] if isinstance(answer[0][0], int) else float(answer[0][0])
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


@dataclass
class _Watched:
    """A stream that remembers why it broke: DuckDB would tell of an error of its own."""

    source: Any
    error: Exception | None = None
    reader: Any = field(init=False)

    def __post_init__(self) -> None:
        self.reader = pa.RecordBatchReader.from_batches(self.source.schema, self._batches())

    def _batches(self) -> Iterator[Any]:
        try:
            yield from self.source
        except Exception as error:
            self.error = error
            raise
