"""References of the good rows of a slice: which of them refer to nothing.

A reference is compared with the keys that a relationship points at, as values of the referring columns' types. One with
a NULL in it refers to nothing, and is none. For a clean file that is one look at the distinct references; only where
one dangles, and the relationship is an error, do the files go through a second pass, which leaves those rows out.

Of a table that refers to itself the batch's own rows are targets, too. A row that is left out takes its key with it,
and with that the rows that refer to it: what is left refers to what is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from datamesh.contract.model import Relationship
from datamesh.contract.types import duckdb_type
from datamesh.engine.duck import Connection, identifier, literal, literals, one
from datamesh.publish.job import Job
from datamesh.publish.rules import Rule, deletes, sends_away

__all__ = ["count_dangling", "count_of", "find_orphans", "with_orphans"]


def find_orphans(con: Connection, job: Job, files: Sequence[Path]) -> dict[int, Path]:
    """The references that dangle, of the relationships whose rows are sent away: by rule, a Parquet file of them."""
    asked = [rule for rule in sends_away(job.rules) if rule.number in job.targets]
    if not asked or not files:
        return {}
    source = _rows(job, files)
    itself = any(job.targets[rule.number].to.itself for rule in asked)
    if itself:
        names = ", ".join(dict.fromkeys(identifier(name) for rule in asked for name in _columns(job, rule)))
        con.execute(f"CREATE TEMP TABLE alive AS SELECT DISTINCT {names} FROM {source}")
        source = "alive"
    for rule in asked:
        con.execute(f"CREATE TEMP TABLE {_orphans(rule)} AS SELECT * FROM ({_dangling(job, rule, source)})")
    while itself and _bury(con, job, asked):
        pass
    return {rule.number: path for rule in asked if (path := _kept(con, job, rule))}


def _bury(con: Connection, job: Job, asked: Sequence[Rule]) -> bool:
    """Takes away the rows whose references dangle; whether others dangle for it."""
    more = 0
    for rule in asked:
        columns = enumerate(job.targets[rule.number].to.columns)
        same = " AND ".join(f"alive.{identifier(name)} = o.k{i}" for i, name in columns)
        con.execute(f"DELETE FROM alive USING {_orphans(rule)} AS o WHERE {same}")
    for rule in asked:
        (added,) = one(con, f"INSERT INTO {_orphans(rule)} {_dangling(job, rule, 'alive')}")
        more += added
    return more > 0


def count_dangling(con: Connection, job: Job, files: Sequence[Path]) -> Counter[int]:
    """How many rows that are published all the same have references that dangle, by rule."""
    asked = [rule for rule in job.rules if rule.effect == "warn" and rule.number in job.targets]
    counted: Counter[int] = Counter()
    for rule in asked if files else ():
        dangling = _dangling(job, rule, _rows(job, files), count=True)
        (rows,) = one(con, f"SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM ({dangling})")
        counted[rule.number] = int(rows)
    return counted


def with_orphans(job: Job, selected: str) -> str:
    """Rows of conform.py, each with what `find_orphans` found of it: `__orphan<rule>` is true, or NULL."""
    for number, path in job.orphans.items():
        places = [_place(job, name) for name in job.targets[number].to.columns]
        same = " AND ".join(f"t{place} = k{i}" for i, place in enumerate(places))
        keys = ", ".join(f"k{i}" for i in range(len(places)))
        found = f"SELECT true AS __orphan{number}, {keys} FROM read_parquet({literal(str(path))})"
        selected = f"SELECT * EXCLUDE ({keys}) FROM ({selected}) LEFT JOIN ({found}) ON {same}"
    return selected


def _dangling(job: Job, rule: Rule, source: str, *, count: bool = False) -> str:
    target = job.targets[rule.number]
    there = []
    if target.keys is not None:
        types = [duckdb_type(job.table.columns[_place(job, name)].type) for name in target.to.columns]
        cast = ", ".join(f"TRY_CAST(k{i} AS {kind}) AS k{i}" for i, kind in enumerate(types))
        there.append(f"SELECT {cast} FROM read_parquet({literal(str(target.keys))})")
    if target.to.itself:
        there.append(_named(target.to.to_columns, source))
    return _not_there(target.to, source, " UNION ALL ".join(there), count=count)


def _not_there(to: Relationship, source: str, there: str, *, count: bool = False) -> str:
    """SQL for the distinct references `k0`, `k1`, ... in `source` whose target is not there; `count` adds their `n`.

    `there` is SQL for the keys that are, under the same names, or empty where there are none.
    """
    columns = [identifier(name) for name in to.columns]
    whole = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    counted = ", count(*) AS n" if count else ""
    refers = f"{_named(to.columns, source, counted)} WHERE {whole} GROUP BY {', '.join(columns)}"
    keys = ", ".join(f"k{i}" for i in range(len(columns)))
    return f"SELECT * FROM ({refers}) ANTI JOIN ({there}) USING ({keys})" if there else refers


def count_of(con: Connection, to: Relationship, source: str, there: str) -> int:
    """How many rows of `source` refer to nothing in `there`, which has the columns that are referred to."""
    found = _not_there(to, source, _named(to.to_columns, there), count=True)
    (rows,) = one(con, f"SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM ({found})")
    return int(rows)


def _named(columns: Sequence[str], source: str, more: str = "") -> str:
    named = ", ".join(f"{identifier(name)} AS k{i}" for i, name in enumerate(columns))
    return f"SELECT {named}{more} FROM {source}"


def _kept(con: Connection, job: Job, rule: Rule) -> Path | None:
    path = job.work / f"orphans-{rule.number}.parquet"
    (count,) = one(con, f"COPY {_orphans(rule)} TO {literal(str(path))} (FORMAT parquet)")
    return path if count else None


def _columns(job: Job, rule: Rule) -> tuple[str, ...]:
    """Those that tell whether a row refers to something, and whether it can be referred to."""
    to = job.targets[rule.number].to
    return (*to.columns, *to.to_columns) if to.itself else to.columns


def _orphans(rule: Rule) -> str:
    return f"orphans_{rule.number}"


def _rows(job: Job, files: Sequence[Path]) -> str:
    """The good rows, but those that delete their key: they refer to nothing, and nothing can refer to them."""
    read = f"read_parquet([{literals(map(str, files))}], hive_partitioning = false)"
    marker = job.table.merge.delete_column if job.table.write_mode == "merge" else None
    return f"(SELECT * FROM {read} WHERE NOT {deletes(job.table, identifier(marker))})" if marker else read


def _place(job: Job, name: str) -> int:
    return next(i for i, column in enumerate(job.table.columns) if column.name == name)
