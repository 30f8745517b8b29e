"""Bad rows as they lie in quarantine: Parquet with

batch_id, file          the run and the file (its S3 key)
row_number              which row of the file, counted from one, the header left out
rule, column, value     the first rule that it broke, and the text that broke it
broken                  all rules that it broke, as a list of {rule, column}
original                the row's texts by the file's column names, or
line                    the line as it stood, of a JSON file or where it is no row at all
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datamesh.engine.duck import Connection, identifier, literal, literals, one
from datamesh.errors import InfrastructureError
from datamesh.publish.job import Group, Job, Passed
from datamesh.publish.places import find_places
from datamesh.publish.rules import Rule, sends_away

__all__ = ["write_quarantine"]


def write_quarantine(con: Connection, job: Job, passed: Passed) -> Path:
    """Writes the bad rows of a group, at least one. The connection is an ordered one.

    Raises InfrastructureError when a row is lost on the way.
    """
    path = job.work / f"quarantine-{passed.group.number}.parquet"
    _read(con, "rejects", passed.rejects, "file VARCHAR, row BIGINT, line VARCHAR")
    parts = [_lines(passed.group)]
    if passed.captured:
        _read(con, "captured", passed.captured)
        find_places(con, passed)
        parts.append(_rows(job, passed.group))
    names = ", ".join(f"({literal(str(f.path))}, {literal(f.name)})" for f in passed.group.files)
    (written,) = one(
        con,
        f"COPY (SELECT {literal(job.batch_id)} AS batch_id, name AS file, * EXCLUDE (file, path, name)"
        f" FROM ({' UNION ALL '.join(parts)}) JOIN (VALUES {names}) AS v(path, name) ON path = file)"
        f" TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)",
    )
    if written != passed.rows_bad:
        raise InfrastructureError(f"{passed.rows_bad} rows were to be quarantined, {written} were")
    return path


def _lines(group: Group) -> str:
    shape = ", ".join(f"{identifier(name)} VARCHAR" for name in _unique(group.layout.fields))
    return f"""
SELECT file, row AS row_number, 'malformed' AS rule, CAST(NULL AS VARCHAR) AS "column", CAST(NULL AS VARCHAR) AS value,
    [{{'rule': 'malformed', 'column': CAST(NULL AS VARCHAR)}}] AS broken,
    CAST(NULL AS STRUCT({shape})) AS original, line
FROM rejects"""


# Between the rows that could be read lie lines that could not: `skipped` of them before the row after `before`.
_GAPS = """
SELECT file, before, max(skipped) AS skipped FROM (
    SELECT file, row - k AS before, k AS skipped
    FROM (SELECT *, row_number() OVER (PARTITION BY file ORDER BY row) AS k FROM rejects))
GROUP BY file, before"""


def _read(con: Connection, name: str, path: Path | None, shape: str = "") -> None:
    if path is None:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({shape})")
    else:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT *, row_number() OVER () AS id FROM {literal(str(path))}"
        )


def _rows(job: Job, group: Group) -> str:
    by_line = group.layout.format == "jsonl"
    line = "original[1]" if by_line else "CAST(NULL AS VARCHAR)"
    names = enumerate(_unique(group.layout.fields), 1 + by_line)
    texts = ", ".join(f"{identifier(name)} := original[{place}]" for place, name in names)
    return (
        f'SELECT file, k + coalesce(skipped, 0) AS row_number, first.rule AS rule, first.name AS "column",'
        f" original[first.place + {int(by_line)}] AS value, named AS broken,"
        f" struct_pack({texts}) AS original, {line} AS line"
        f" FROM captured JOIN ({_combinations(job, group)}) USING (broken) JOIN places USING (id, file)"
        f" ASOF LEFT JOIN ({_GAPS}) AS gaps ON gaps.file = places.file AND places.k > gaps.before"
    )


def _combinations(job: Job, group: Group) -> str:
    """Each list of broken rules that occurs, with its first rule and its names: few, however many rows there are."""
    away = literals(rule.number + 1 for rule in sends_away(job.rules))
    named = ", ".join(_named(rule, job, group) for rule in job.rules)
    return (
        f"SELECT broken, away[1] AS first, [{{'rule': r.rule, 'column': r.name}} for r in away] AS named FROM ("
        f"SELECT broken, [[{named}][i] for i in [{away}] if broken[i] = '1'] AS away"
        f" FROM (SELECT DISTINCT broken FROM captured))"
    )


def _named(rule: Rule, job: Job, group: Group) -> str:
    column = job.table.column(rule.column.partition(".")[0]) if rule.column else None
    source = (column.source or column.name) if column else None
    place = group.layout.fields.index(source) + 1 if source in group.layout.fields else None
    return (
        f"{{'rule': {literal(rule.rule)}, 'name': CAST({literal(rule.column)} AS VARCHAR),"
        f" 'place': CAST({literal(place)} AS BIGINT)}}"
    )


def _unique(names: Sequence[str]) -> list[str]:
    """A struct names each field once, whatever its case, a header perhaps not: what comes again gets its place."""
    seen = [name.casefold() for name in names]
    return [name if name and seen[i] not in seen[:i] else f"{name}#{i + 1}" for i, name in enumerate(names)]
