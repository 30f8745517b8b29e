"""One pass over the files of a slice: good rows to Parquet, bad rows to quarantine, everything counted.

    pass      read as text, conform, check; good rows are written while bad ones leave by a side door with the rules
              that they broke; lines that are no rows are left in DuckDB's reject tables
    repeats   does a key stand twice among the good rows? Only then: number the rows and pass again, so that the first
              row of each key, in the order of the files, is the one that is kept
    refers    does a good row refer to what is not there, and is that an error? Only then: pass again, without it
    number    where rows were bad, and in their files only: which rows of the file they were
    profile   what the columns of the good rows hold

Rows in = good + bad + superseded, always, and as many as counted by other means (trust.py); superseded are,
where rows are merged, those with a later one of their key. What cannot be read so is mended and read again; a file
that cannot be read to its end even then is refused whole.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datamesh.contract.model import Table
from datamesh.contract.profile import Profile
from datamesh.engine.duck import BEYOND, Connection, EngineError, one
from datamesh.errors import InfrastructureError, UnreadableInput
from datamesh.lake.schema import FieldIds
from datamesh.publish.job import DEFAULT_ENGINE, Engine, InputFile, Job, Passed, Target, groups_of
from datamesh.publish.onepass import count_rejects, run_pass
from datamesh.publish.profiling import profile_of
from datamesh.publish.quarantine import write_quarantine
from datamesh.publish.reading import SCRATCH, original, relation
from datamesh.publish.referring import count_dangling, find_orphans
from datamesh.publish.repeats import find_repeats, surplus
from datamesh.publish.rules import rules, sends_away, supersedes
from datamesh.publish.trust import accounted, mended, mended_if_needed
from datamesh.publish.unpacking import Refused

__all__ = ["DEFAULT_ENGINE", "Engine", "InputFile", "Staged", "count_rows", "stage"]


@dataclass(frozen=True)
class Staged:
    """What staging made. `hits` counts the rows that broke each rule, in the order of `rules`.

    `places` says of each of `files` which input it came from; with files that are not kept apart, the first of them.
    `unreadable` names files that cannot be read to their end, or not within the engine's memory or time (`refused_for`
    is too-large or too-slow then); then there is nothing else.
    """

    files: tuple[Path, ...] = ()
    places: tuple[int, ...] = ()
    quarantine: tuple[Path, ...] = ()
    rows_good: int = 0
    rows_bad: int = 0
    rows_superseded: int = 0
    hits: tuple[int, ...] = ()
    profile: Profile | None = None
    unreadable: tuple[str, ...] = ()
    refused_for: str = "unreadable"


def stage(
    table: Table,
    files: Sequence[InputFile],
    *,
    product: str,
    batch_id: str,
    work: Path,
    engine: Engine = DEFAULT_ENGINE,
    field_ids: FieldIds | None = None,
    targets: Mapping[int, Target] | None = None,
) -> Staged:
    """Stages the files into `work`, an empty directory. `field_ids` are the Iceberg ids of the table's columns,
    `targets` those of its relationships, by rule.

    Raises InfrastructureError when the engine fails over files that can all be read.
    """
    known, apart = (table, rules(table)), table.write_mode == "overwritePartitions"

    def job(files: Sequence[InputFile], name: str) -> Job:
        grouped = groups_of(files, apart=apart)
        return Job(*known, grouped, batch_id, _made(work / name), engine, field_ids or {}, targets or {})

    try:
        ready = [mended_if_needed(file, work / f"mended-{i}") for i, file in enumerate(files)]
        staged = _staged(job(ready, "pass"), product)
        if isinstance(staged, Staged):
            return staged
        shutil.rmtree(work / "pass")
        ready = [mended(file, work / f"mended-{i}") for i, file in enumerate(ready)]
        staged = _staged(again := job(ready, "again"), product)
    except Refused as refused:
        return Staged(unreadable=tuple(file.name for file in files), refused_for=refused.rule)
    if isinstance(staged, Staged):
        return staged
    unreadable = tuple(file.name for file in ready if _rows_of(again, file) is None)
    if not unreadable:
        raise InfrastructureError(f"staging failed: {type(staged).__name__}") from staged
    return Staged(unreadable=unreadable)


def count_rows(files: Sequence[InputFile], *, work: Path, engine: Engine = DEFAULT_ENGINE) -> int:
    """How many rows the files have, lines that are no rows included. A file that cannot be read has none."""
    job = Job(Table("", ()), (), groups_of(files), "", work, engine, {})
    return sum(_counted(job, file, work / f"mended-{i}") or 0 for i, file in enumerate(files))


def _counted(job: Job, file: InputFile, into: Path) -> int | None:
    try:
        ready = mended_if_needed(file, into)
        rows = _rows_of(job, ready)
        return rows if rows is not None else _rows_of(job, mended(ready, into))
    except Refused:
        return None


def _staged(job: Job, product: str) -> Staged | EngineError | UnreadableInput:
    """What was staged, or why it could not be. Raises Refused where it takes more than the engine may."""
    try:
        passed, hits = _passes(job)
        if all(accounted(p.group.files, p.rows_in) for p in passed):
            return _collected(job, product, passed, hits)
    except EngineError as error:
        if type(error) in BEYOND:
            raise Refused(BEYOND[type(error)]) from error
        return error
    return UnreadableInput("rows were left out or made up")


def _passes(job: Job) -> tuple[list[Passed], Counter[int]]:
    with job.connection(door=True) as con:
        passed = [run_pass(con, job, group) for group in job.groups]
        seen = _seen(con, job, passed)
        job = replace(job, orphans=find_orphans(con, job, _files(passed)))
    repeats = any(seen[rule.number] for rule in (*sends_away(job.rules), *supersedes(job.rules)))
    if repeats or job.orphans:
        _clear(job)
        with job.connection(ordered=repeats, door=True) as con:
            if repeats:
                find_repeats(con, job)
            passed = [run_pass(con, job, group, repeats=repeats) for group in job.groups]
            seen = _seen(con, job, passed)
    return passed, sum((p.hits for p in passed), Counter()) + seen


def _seen(con: Connection, job: Job, passed: Sequence[Passed]) -> Counter[int]:
    """What only all good rows together tell: how many repeat a key, and how many refer to nothing."""
    together = [p.files for p in passed] if job.apart else [_files(passed)]
    keyed = [rule for rule in job.rules if rule.keys]
    doubled = Counter({rule.number: sum(surplus(con, rule, files) for files in together) for rule in keyed})
    return doubled + count_dangling(con, job, _files(passed))


def _files(passed: Sequence[Passed]) -> list[Path]:
    return [file for p in passed for file in p.files]


def _clear(job: Job) -> None:
    for path in job.work.iterdir():
        if path not in job.orphans.values():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _collected(job: Job, product: str, passed: Sequence[Passed], hits: Counter[int]) -> Staged:
    with job.connection(ordered=True) as con:
        files = tuple(file for p in passed for file in p.files)
        return Staged(
            files=files,
            places=tuple(p.group.order[0] for p in passed for _ in p.files),
            quarantine=tuple(write_quarantine(con, job, p) for p in passed if p.rows_bad),
            rows_good=sum(p.rows_good for p in passed),
            rows_bad=sum(p.rows_bad for p in passed),
            rows_superseded=sum(p.rows_superseded for p in passed),
            hits=tuple(hits[rule.number] for rule in job.rules),
            profile=profile_of(con, job.table, product, [str(file) for file in files]),
        )


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def _rows_of(job: Job, file: InputFile) -> int | None:
    """The rows of one file, or None when it cannot be read to its end."""
    try:
        with job.connection() as con:
            source = relation(file.layout, [str(file.path)], rejects=SCRATCH)
            # Every field is asked for, or DuckDB would not look at it.
            (rows,) = one(con, f"SELECT count(*) FROM ({source}) WHERE hash({original(file.layout)}) IS NOT NULL")
            found = int(rows) + (0 if file.layout.format == "parquet" else count_rejects(con, SCRATCH))
            return found if accounted([file], found) else None
    except EngineError:
        return None
