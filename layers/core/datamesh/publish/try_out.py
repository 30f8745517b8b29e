"""What publishing files would do, found out without AWS: the same steps on local files, and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pyarrow.dataset import dataset

from datamesh.contract.model import Contract, Relationship, Table
from datamesh.contract.profile import Profile
from datamesh.engine.duck import connect, identifier, literals, one
from datamesh.events import Reason
from datamesh.publish.asking import answers
from datamesh.publish.findings import Finding
from datamesh.publish.gate import judge
from datamesh.publish.job import Target
from datamesh.publish.ledger.model import Counts
from datamesh.publish.opening import open_file
from datamesh.publish.results import SliceResult
from datamesh.publish.rules import deletes, rules
from datamesh.publish.sources import LocalFile
from datamesh.publish.stage import DEFAULT_ENGINE, Engine, count_rows, stage

__all__ = ["TryOut", "try_out"]


@dataclass(frozen=True)
class TryOut:
    """What would become of the files. `sample` holds some of the rows that would go to quarantine, as dicts."""

    status: Literal["published", "partial", "rejected"]
    counts: Counts
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...] = ()
    sample: tuple[dict[str, Any], ...] = ()
    refused: tuple[str, ...] = ()


def try_out(
    contract: Contract, files: Sequence[Path], *, workdir: Path, engine: Engine = DEFAULT_ENGINE, sample: int = 10
) -> TryOut:
    """Publishes `files` (oldest first) into an empty table, as one batch, up to the commit. `workdir` is empty.

    Where files replace partitions, those of one that several of the files have rows of are all counted as published.
    """
    wanted = files[-1:] if contract.table.write_mode == "overwrite" else files
    table, product = contract.table, contract.product
    opened = {
        path: open_file(LocalFile(path, path.name), table, workdir / f"opened-{number}", engine=engine)
        for number, path in enumerate(files)
    }
    empty = SliceResult(slice=0, attempt=1, profile=Profile(product=product))
    refused = [path for path in wanted if opened[path].reasons]
    if refused:
        reasons = tuple(reason for path in refused for reason in opened[path].reasons)
        return _outcome(contract, empty.model_copy(update={"refused": reasons}), refused=[p.name for p in refused])
    staged = stage(
        table,
        [part for path in wanted for part in opened[path].parts],
        product=product,
        batch_id="try-out",
        work=_made(workdir / "stage"),
        engine=engine,
        targets={number: Target(to) for number, to in _references(contract).items() if to.itself},
    )
    if staged.unreadable:
        unreadable = empty.model_copy(update={"refused": (Reason(rule=staged.refused_for),)})
        return _outcome(contract, unreadable, refused=staged.unreadable)
    older = [part for path in files if path not in wanted for part in opened[path].parts]
    superseded = count_rows(older, work=_made(workdir / "count"), engine=engine)
    result = empty.model_copy(
        update={
            "rows_in": staged.rows_good + staged.rows_bad + staged.rows_superseded + superseded,
            "rows_good": staged.rows_good,
            "rows_bad": staged.rows_bad,
            "rows_superseded": staged.rows_superseded + superseded,
            "hits": staged.hits,
            "notes": tuple(note for path in wanted for note in opened[path].notes),
        }
    )
    found = answers(contract.table, partial(_read, staged.files), engine=engine, seconds=60) if staged.files else {}
    deleted = _deleted(table, staged.files, engine)
    return _outcome(contract, result, deleted=deleted, sample=_sample(staged.quarantine, sample, engine), answers=found)


def _deleted(table: Table, files: Sequence[Path], engine: Engine) -> int:
    """How many rows delete their key; it has no other row left, for the table is empty."""
    if table.merge.delete_column is None or not files:
        return 0
    gone = deletes(table, identifier(table.merge.delete_column))
    directories = sorted({path.parent for path in files})
    with connect(memory_mb=engine.memory_mb, threads=engine.threads, directories=directories) as con:
        (count,) = one(con, f"SELECT count(*) FROM read_parquet([{literals(map(str, files))}]) WHERE {gone}")
        return int(count)


def _references(contract: Contract) -> dict[int, Relationship]:
    return {rule.number: rule.refers for rule in rules(contract.table) if rule.refers is not None}


def _read(files: Sequence[Path], columns: Sequence[str]) -> Any:
    return dataset([str(file) for file in files], format="parquet").scanner(columns=list(columns)).to_reader()


def _outcome(
    contract: Contract,
    result: SliceResult,
    *,
    deleted: int = 0,
    sample: Sequence[dict[str, Any]] = (),
    refused: Sequence[str] = (),
    answers: Mapping[int, float | None] | None = None,
) -> TryOut:
    skipped = [number for number, to in _references(contract).items() if not to.itself]  # others are not here
    verdict = judge(
        contract.table,
        [result],
        total_rows=result.rows_good - deleted,
        deleted=deleted,
        answers=answers,
        skipped=skipped,
    )
    partial = verdict.counts.rows_quarantined > 0
    return TryOut(
        status="rejected" if not verdict.committed else "partial" if partial else "published",
        counts=verdict.counts,
        reasons=verdict.reasons,
        findings=verdict.findings,
        sample=tuple(sample),
        refused=tuple(refused),
    )


def _sample(quarantine: Sequence[Path], size: int, engine: Engine) -> list[dict[str, Any]]:
    if not quarantine:
        return []
    directories = sorted({path.parent for path in quarantine})
    with connect(memory_mb=engine.memory_mb, threads=engine.threads, directories=directories) as con:
        shown = f'SELECT file, row_number, rule, "column", value FROM read_parquet([{literals(map(str, quarantine))}])'
        found = con.execute(f"{shown} ORDER BY file, row_number LIMIT {size}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory
