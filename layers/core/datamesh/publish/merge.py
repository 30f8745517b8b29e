"""Merging rows on the primary key: which rows of a batch are published, and which rows of the table they end.

    incoming   the batch's good rows; the last one of each key counts: the one with the greatest order column, and the
               last in the order of files and rows where there is none, or it is the same
    stored     the table's rows with a key of the batch. One that is newer, by the order column, stays, and the
               batch's row is superseded; otherwise it goes, and the batch's row takes its place, or marks it deleted

Only keys, order and mark of a row are looked at, and rows are told by their place: which file, which row of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from datamesh.contract.model import Table
from datamesh.engine.duck import Connection, identifier, one, rows
from datamesh.lake.files import PLACE, ROW
from datamesh.publish.rules import deletes

__all__ = ["Merged", "Stored", "looked_at", "merge"]


@dataclass(frozen=True)
class Merged:
    """Where the rows of the batch went, and the rows that are dropped: of its own files, and of the table's.

    Those are row numbers, sorted, as pyarrow arrays of int64 by the place of their file.
    """

    published: int = 0
    superseded: int = 0
    deleted: int = 0
    incoming: Mapping[int, Any] = field(default_factory=dict)
    stored: Mapping[int, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """The table's files. `bounds(column)` is what each says of a column (lake/files.py); `read(places)` a stream.

    The stream has the columns that `looked_at` names, PLACE (among `places`) and ROW.
    """

    bounds: Callable[[str], Any]
    read: Callable[[Sequence[int]], Any]


def looked_at(table: Table) -> tuple[str, ...]:
    """The columns that decide."""
    more = (table.merge.order, table.merge.delete_column)
    return tuple(dict.fromkeys([*table.primary_key, *(name for name in more if name)]))


def merge(con: Connection, table: Table, incoming: Any, stored: Stored | None) -> Merged:
    """`incoming` is a stream of the columns that `looked_at` names, PLACE and ROW, its files oldest first."""
    _take(con, table, incoming)
    touched = _touched(con, table, stored) if stored else []
    _match(con, table, stored.read(touched) if stored and touched else None)
    (superseded, deleted, published) = one(
        con,
        "SELECT count(*) FILTER (fate = 'superseded'), count(*) FILTER (fate = 'deleted'),"
        " count(*) FILTER (fate = 'published') FROM incoming",
    )
    ended = f"SELECT s.{PLACE}, s.{ROW} FROM matched s JOIN incoming i ON i.place = s.place AND i.row = s.row"
    return Merged(
        published,
        superseded,
        deleted,
        incoming=_by_place(con, "SELECT place, row FROM incoming WHERE fate <> 'published'"),
        stored={
            touched[place]: found
            for place, found in _by_place(con, f"{ended} WHERE fate IN ('published', 'deleted')").items()
        },
    )


def _take(con: Connection, table: Table, incoming: Any) -> None:
    keys = ", ".join(f"k{i}" for i in range(len(table.primary_key)))
    named = ", ".join(f"{identifier(name)} AS k{i}" for i, name in enumerate(table.primary_key))
    gone = deletes(table, identifier(table.merge.delete_column or ""))
    con.register("staged", incoming)
    con.execute(
        f"CREATE TEMP TABLE incoming AS SELECT *, CASE WHEN row_number() OVER (PARTITION BY {keys}"
        f" ORDER BY o DESC NULLS LAST, place DESC, row DESC) > 1 THEN 'superseded'"
        f" WHEN gone THEN 'deleted' ELSE 'published' END AS fate"
        f" FROM (SELECT {named}, {_order(table)} AS o, {gone} AS gone, {PLACE} AS place, {ROW} AS row FROM staged)"
    )
    con.unregister("staged")


def _order(table: Table) -> str:
    return identifier(table.merge.order) if table.merge.order else "CAST(NULL AS INTEGER)"


def _touched(con: Connection, table: Table, stored: Stored) -> list[int]:
    """The files of the table that may hold a key of the batch, for a key lies between the bounds of each column."""
    touched: set[int] | None = None
    for number, name in enumerate(table.primary_key):
        con.register("bounds", stored.bounds(name))
        found = rows(
            con,
            f"SELECT b.{PLACE} FROM bounds b ASOF LEFT JOIN (SELECT k{number} AS k FROM incoming) i ON b.high >= i.k"
            f" WHERE b.low IS NULL OR b.high IS NULL OR i.k >= b.low",
        )
        con.unregister("bounds")
        places = {place for (place,) in found}
        touched = places if touched is None else touched & places
    return sorted(touched or ())


def _match(con: Connection, table: Table, stored: Any) -> None:
    """The table's rows with a key of the batch; a row of the batch that is older than one of them is superseded."""
    con.execute(f"CREATE TEMP TABLE matched (place INTEGER, row BIGINT, {PLACE} INTEGER, {ROW} BIGINT, newer BOOLEAN)")
    if stored is None:
        return
    same = " AND ".join(f"s.{identifier(name)} = i.k{n}" for n, name in enumerate(table.primary_key))
    theirs = f"s.{identifier(table.merge.order)}" if table.merge.order else "NULL"
    newer = f"{theirs} IS NOT NULL AND coalesce({theirs} > i.o, true)"
    con.register("stored", stored)
    con.execute(
        f"INSERT INTO matched SELECT i.place, i.row, s.{PLACE}, s.{ROW}, {newer}"
        f" FROM stored s JOIN incoming i ON {same} WHERE i.fate <> 'superseded'"
    )
    con.unregister("stored")
    con.execute(
        "UPDATE incoming SET fate = 'superseded' FROM (SELECT DISTINCT place, row FROM matched WHERE newer) AS m"
        " WHERE incoming.place = m.place AND incoming.row = m.row"
    )


def _by_place(con: Connection, sql: str) -> dict[int, Any]:
    found = con.sql(f"SELECT place, row FROM ({sql}) AS f(place, row) ORDER BY place, row").to_arrow_table()
    numbers = found["row"].combine_chunks()
    sizes = rows(con, f"SELECT place, count(*) FROM ({sql}) AS f(place, row) GROUP BY place ORDER BY place")
    ends = accumulate(size for _, size in sizes)
    return {place: numbers.slice(end - size, size) for (place, size), end in zip(sizes, ends, strict=True)}
