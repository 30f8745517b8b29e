"""A pass over the files of one layout, as one statement: read, conform, check, write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from datamesh.contract.model import Column
from datamesh.engine.duck import Connection, identifier, literal, one
from datamesh.errors import InfrastructureError
from datamesh.lake.schema import FieldIds
from datamesh.publish.captured import collect, door, so_far
from datamesh.publish.conform import columns, selection
from datamesh.publish.job import Group, InputFile, Job, Passed
from datamesh.publish.partitions import partition_value
from datamesh.publish.reading import Rejects, original, relation
from datamesh.publish.referring import with_orphans
from datamesh.publish.repeats import superseded_rows, with_repeats
from datamesh.publish.rules import Rule, any_of, broken, sends_away, supersedes

__all__ = ["count_rejects", "run_pass"]

_LEVEL = 1  # of zstd: writing takes a seventh less than at its default of 3, for 2 % more bytes (docs/performance.md)


def run_pass(con: Connection, job: Job, group: Group, *, repeats: bool = False) -> Passed:
    """Stages one group. With `repeats` its rows are numbered, and those that repeats.py found are bad rows.

    So are those whose references are among the job's orphans.
    """
    looked_up = [rule for rule in (*sends_away(job.rules), *supersedes(job.rules)) if rule.keys and repeats]
    chosen = [rule for rule in job.rules if rule.alone or rule in looked_up or rule.number in job.orphans]
    rejects = Rejects(f"rejects_{group.number}", f"scans_{group.number}")
    source = relation(group.layout, group.paths, numbered=repeats, rejects=rejects)
    if repeats:
        source = with_repeats(source, group)
    out = job.work / f"good-{group.number}"
    since = so_far(job.door)
    (good,) = one(con, _copy(job, group, source, chosen, out, numbered=repeats))
    bad = job.work / f"captured-{group.number}.parquet"
    captured = collect(con, job.door, bad, since=since, rules=len(job.rules))
    reject_path = job.work / f"rejects-{group.number}.parquet"
    reject_rows = 0 if group.layout.format == "parquet" else _keep_rejects(con, group, rejects, reject_path)
    passed = Passed(
        group,
        files=_written(out, good),
        rows_good=good,
        captured_rows=captured.rows,
        captured=captured.path,
        reject_rows=reject_rows,
        rejects=reject_path if reject_rows else None,
        numbered=repeats,
        rows_superseded=superseded_rows(con, group) if repeats else 0,
        hits=captured.hits,
    )
    passed.hits[0] += reject_rows  # rule 0: malformed
    return passed


def _copy(job: Job, group: Group, source: str, chosen: Sequence[Rule], out: Path, *, numbered: bool) -> str:
    parts = _parts(job)
    names = [f"__p{i}" for i in range(len(parts))]
    kept = "".join(f", {part} AS {name}" for part, name in zip(parts, names, strict=True))
    options = ["FORMAT parquet", "COMPRESSION zstd", f"COMPRESSION_LEVEL {_LEVEL}"]
    options += [f"FIELD_IDS {_ids(job.field_ids)}"] if job.field_ids else []
    options += [f"PARTITION_BY ({', '.join(names)})"] if names else []
    target = out if names else out.with_suffix(".parquet")
    typed = with_orphans(job, selection(job.table, group.layout, source))
    before = supersedes(chosen)
    judging = [rule for rule in chosen if rule not in before]
    judged = f"SELECT *, CASE WHEN {any_of(judging)} THEN {broken(job.rules, judging)} END AS __broken FROM ({typed})"
    # The door is a column, not the filter itself: a filter is pushed down to where the file is read, and all that it
    # stands on would be computed twice. One over a column with side effects stays where it is.
    leaves = door(judging, "__broken", number="__n" if numbered else "NULL", original=original(group.layout))
    stays = f"CASE WHEN {any_of(before)} THEN false WHEN __broken IS NOT NULL THEN {leaves} ELSE true END"
    passed = f"SELECT *, {stays} AS __kept FROM ({judged})"
    return (
        f"COPY (SELECT {columns(job.table)}{kept} FROM ({passed}) WHERE __kept)"
        f" TO {literal(str(target))} ({', '.join(options)})"
    )


def _ids(ids: FieldIds) -> str:
    """DuckDB's way of writing them: a nested column's own id stands among those of what is inside."""
    own = {"": "__duckdb_field_id"}
    each = (f"{own.get(name) or identifier(name)}: {i if isinstance(i, int) else _ids(i)}" for name, i in ids.items())
    return f"{{{', '.join(each)}}}"


def _parts(job: Job) -> list[str]:
    """One expression for each partition column: a file may hold one value of each only."""
    return [partition_value(c, _typed(job, c)) for c in job.table.partition_columns]


def _typed(job: Job, column: Column) -> str:
    return f"t{job.table.columns.index(column)}"


def _written(out: Path, rows: int) -> tuple[Path, ...]:
    """The files with rows in them. Raises InfrastructureError when they do not hold what was said to be written."""
    found = sorted(out.rglob("*.parquet")) if out.is_dir() else [out.with_suffix(".parquet")]
    counts = {path: pq.read_metadata(path).num_rows for path in found if path.exists()}
    if sum(counts.values()) != rows:
        raise InfrastructureError(f"{rows} rows were to be written, {sum(counts.values())} were")
    return tuple(path for path, count in counts.items() if count)


def count_rejects(con: Connection, rejects: Rejects) -> int:
    """How many lines were no rows; one line may be wrong in several ways."""
    lines = f"SELECT DISTINCT scan_id, file_id, line_byte_position FROM {rejects.errors}"
    (count,) = one(con, f"SELECT count(*) FROM ({lines})")
    return int(count)


def _keep_rejects(con: Connection, group: Group, rejects: Rejects, path: Path) -> int:
    """Lines that are no rows, once each, as Parquet with `file`, `row` (its number in the file) and `line`."""
    count = count_rejects(con, rejects)
    if count:
        lines = (
            f"SELECT file_path AS file, CAST(min(line) AS BIGINT) - {int(group.layout.header)} AS row,"
            f" any_value(csv_line) AS line"
            f" FROM {rejects.errors} JOIN {rejects.scans} USING (scan_id, file_id)"
            f" GROUP BY file_path, line_byte_position"
        )
        for file in group.files:
            lines = _with_text(lines, file)
        con.execute(f"COPY ({lines}) TO {literal(str(path))} (FORMAT parquet)")
    return count


def _with_text(lines: str, file: InputFile) -> str:
    """Reject lines, with the text of those in whose place a mended file has a mark."""
    if file.torn is None:
        return lines
    torn = f"SELECT {literal(str(file.path))} AS file, row, line AS torn FROM read_parquet({literal(str(file.torn))})"
    return f"SELECT file, row, coalesce(torn, line) AS line FROM ({lines}) LEFT JOIN ({torn}) USING (file, row)"
