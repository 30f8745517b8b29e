"""Keys that stand twice among the good rows of a slice: which rows come after the first one, or before the last.

The first row is the first in the order of the files and of their rows, so rows have to be numbered for it. That costs
a pass of its own, which is made only where a key does stand twice.

Where rows are merged, the last row of a key takes the place of those before it: the one with the greatest order column
is the last, and the order of files and rows decides where there is none, or it is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datamesh.engine.duck import Connection, identifier, literal, literals, one
from datamesh.publish.conform import selection
from datamesh.publish.job import Group, Job
from datamesh.publish.reading import SCRATCH, relation
from datamesh.publish.referring import with_orphans
from datamesh.publish.rules import Rule, any_of, sends_away, supersedes

__all__ = ["find_repeats", "superseded_rows", "surplus", "with_repeats"]

_NONE = "SELECT CAST(NULL AS INTEGER) AS part, CAST(NULL AS BIGINT) AS __n, CAST(NULL AS INTEGER) AS rule LIMIT 0"


def surplus(con: Connection, rule: Rule, files: Sequence[Path]) -> int:
    """How many rows of the Parquet files repeat a key. A key with a NULL in it repeats nothing."""
    if not files:
        return 0
    return surplus_of(con, rule, f"read_parquet([{literals(map(str, files))}])")


def surplus_of(con: Connection, rule: Rule, source: str) -> int:
    names = [identifier(key) for key in rule.keys]
    whole = " AND ".join(f"{name} IS NOT NULL" for name in names)
    counts = f"SELECT count(*) AS n FROM {source} WHERE {whole} GROUP BY {', '.join(names)}"
    (count,) = one(con, f"SELECT CAST(coalesce(sum(n - 1), 0) AS BIGINT) FROM ({counts})")
    return int(count)


def find_repeats(con: Connection, job: Job) -> None:
    """Makes the table `repeats`: the rows of each group that repeat a key, with the rules that say so.

    The connection must be an ordered one.
    """
    keyed, merged = [rule for rule in sends_away(job.rules) if rule.keys], supersedes(job.rules)
    order = job.table.merge.order
    names = {key for rule in (*keyed, *merged) for key in rule.keys} | ({order} if merged and order else set())
    places = sorted(_place(job, name) for name in names)
    keys = ", ".join(f"t{place}" for place in places)
    parts = [f"SELECT {g.number} AS part, __file, __n, {keys} FROM ({_good(job, g)})" for g in job.groups]
    con.execute(f"CREATE TEMP TABLE files AS {_files(job.groups)}")
    con.execute(f"CREATE TEMP TABLE good AS SELECT * FROM ({' UNION ALL '.join(parts)}) JOIN files USING (__file)")
    before = " UNION ALL ".join(_before_the_last(job, rule) for rule in merged) or _NONE
    con.execute(f"CREATE TEMP TABLE superseded AS {before}")
    found = " UNION ALL ".join(["FROM superseded", *(_after_the_first(job, rule) for rule in keyed)])
    con.execute(f"CREATE TEMP TABLE repeats AS SELECT part, __n, list(rule) AS rules FROM ({found}) GROUP BY part, __n")


def with_repeats(source: str, group: Group) -> str:
    """A numbered relation, joined with what `find_repeats` found."""
    found = f"SELECT __n, rules AS __repeats FROM repeats WHERE part = {group.number}"
    return f"SELECT * FROM ({source}) LEFT JOIN ({found}) USING (__n)"


def superseded_rows(con: Connection, group: Group) -> int:
    """How many rows of a group another row of their key has taken the place of."""
    (count,) = one(con, f"SELECT count(*) FROM superseded WHERE part = {group.number}")
    return int(count)


def _good(job: Job, group: Group) -> str:
    source = relation(group.layout, group.paths, rejects=SCRATCH, numbered=True)
    alone = [rule for rule in sends_away(job.rules) if rule.alone or rule.number in job.orphans]
    good = f"CASE WHEN {any_of(alone)} THEN false ELSE true END"
    return f"SELECT * FROM ({with_orphans(job, selection(job.table, group.layout, source))}) WHERE {good}"


def _before_the_last(job: Job, rule: Rule) -> str:
    keys = ", ".join(f"t{_place(job, key)}" for key in rule.keys)
    order = f"t{_place(job, job.table.merge.order)} DESC NULLS LAST, " if job.table.merge.order else ""
    ranked = (
        f"SELECT part, __n, row_number() OVER (PARTITION BY {keys} ORDER BY {order}place DESC, __n DESC) AS k FROM good"
    )
    return f"SELECT part, __n, {rule.number} AS rule FROM ({ranked}) WHERE k > 1"


def _after_the_first(job: Job, rule: Rule) -> str:
    keys = [f"t{_place(job, key)}" for key in rule.keys] + (["part"] if job.apart else [])
    whole = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    ranked = (
        f"SELECT part, __n, row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY place, __n) AS k"
        f" FROM good ANTI JOIN superseded USING (part, __n) WHERE {whole}"
    )
    return f"SELECT part, __n, {rule.number} AS rule FROM ({ranked}) WHERE k > 1"


def _files(groups: Sequence[Group]) -> str:
    pairs = [(path, place) for g in groups for path, place in zip(g.paths, g.order, strict=True)]
    rows = ", ".join(f"({literal(path)}, {place})" for path, place in pairs)
    return f"SELECT * FROM (VALUES {rows}) AS v(__file, place)"


def _place(job: Job, name: str) -> int:
    return next(i for i, column in enumerate(job.table.columns) if column.name == name)
