"""What a product's table needs from time to time: old snapshots expire, files nobody reaches go, small ones are joined.

    1  expire     snapshots older than the contract's retention whose batches are told of    (lake/history.py)
    2  remove     what no snapshot leads to, is old, and is of no batch that may yet want it  (lake/unreachable.py)
    3  compact    small files become well-sized ones, or Glue's optimizer is told to do it    (lake/rewrite.py)
    4  forget     rows in quarantine for which the contract's time is over                    (outlived.py)
    5  record     in the ledger, as a step as well (`mesh show RUN`), and told to the mesh

No lease is taken: batches do not wait for maintenance. Each commit is tried against the table as it was read, so where
a batch came first the work is left for the next time. A crash leaves files that no snapshot leads to; 2 removes them.
Manifests, results and run records are evidence, and nothing here touches them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache

from pyiceberg.table import Table as IcebergTable

from datamesh.contract.model import Contract
from datamesh.contract.retention import retention
from datamesh.errors import CommitConflict
from datamesh.events import TableMaintained
from datamesh.lake import maintenance as lake
from datamesh.lake import table as tables
from datamesh.lake.history import KEPT, expendable
from datamesh.lake.layout import rewritten_prefix
from datamesh.lake.optimizer import ensure_optimizer
from datamesh.lake.rewrite import Sizes, plan, rewrite
from datamesh.lake.unreachable import Found, listed, reachable, remove
from datamesh.publish.contracts import contract_in_force
from datamesh.publish.forming import new_batch_id
from datamesh.publish.ledger import Batch, Maintained, ProductState
from datamesh.publish.outlived import outlived
from datamesh.publish.plane import Plane
from datamesh.publish.steps import recorded

__all__ = ["maintain"]

_COUNTS = set(Maintained.model_fields) - {"product", "table", "run_id", "started_at", "seconds"}
_FAILED_KEPT = timedelta(days=7)  # what a failed batch staged stays so long, for whoever looks into it


def maintain(
    plane: Plane, state: ProductState, *, dry_run: bool = False, sizes: Sizes | None = None, kept: int = KEPT
) -> Maintained:
    """Maintains the table of one major version of a product; may be repeated. `kept` snapshots stay at least.

    What was done, or with `dry_run` what would be.
    Raises CommitStateUnknown when a commit had no answer: the next maintenance finds what became of it.
    """
    started = plane.now()
    run = Maintained(product=state.product, table=state.table, run_id=new_batch_id(started), started_at=started)
    if dry_run:
        return _foreseen(plane, state, run, sizes or Sizes(), kept)
    with recorded(plane, "maintain_table", product=run.product, run_id=run.run_id, table=run.table) as step:
        done = _maintained(plane, state, run, sizes or Sizes(), kept)
        step.detail |= done.model_dump(include=_COUNTS)
        plane.ledger.put_maintained(done)
        plane.emit(TableMaintained(**done.model_dump(exclude={"started_at", "seconds"})), about=done.run_id)
    return done


def _foreseen(plane: Plane, state: ProductState, run: Maintained, sizes: Sizes, kept: int) -> Maintained:
    table = tables.load(state.database, state.table)
    contract = contract_in_force(plane, state)
    old = _expendable(plane, state, contract, table, kept)
    lonely = list(_lonely(plane, state, table, without=old))
    groups = plan(table, sizes) if plane.settings.compaction == "rewrite" else []
    counts = {"files_rewritten": sum(map(len, groups)), "files_written": len(groups)}
    return _counted(run, old, lonely, quarantine_removed=len(outlived(plane, state, contract)), **counts)


def _maintained(plane: Plane, state: ProductState, run: Maintained, sizes: Sizes, kept: int) -> Maintained:
    clock, conflicts = time.monotonic(), 0
    contract, table = contract_in_force(plane, state), tables.load(state.database, state.table)
    old = _expendable(plane, state, contract, table, kept)
    try:
        if old:
            lake.expire(table, old)
    except CommitConflict:
        conflicts, old = 1, ()
    table.refresh()
    lonely = list(_lonely(plane, state, table))
    remove(plane.client("s3"), plane.settings.lake_bucket, [found.key for found in lonely])
    try:
        compacted = _compacted(plane, state, contract, run, sizes)
    except CommitConflict:
        conflicts, compacted = conflicts + 1, {}
    forgotten = outlived(plane, state, contract)
    remove(plane.client("s3"), plane.settings.lake_bucket, forgotten)
    seconds, more = round(time.monotonic() - clock, 3), {"conflicts": conflicts, "quarantine_removed": len(forgotten)}
    return _counted(run, old, lonely, seconds=seconds, **more, **compacted)


def _counted(run: Maintained, old: Sequence[int], lonely: Sequence[Found], **more: float) -> Maintained:
    removed = {"files_removed": len(lonely), "bytes_removed": sum(found.size for found in lonely)}
    return run.model_copy(update={"snapshots_expired": len(old), **removed, **more})


def _expendable(
    plane: Plane, state: ProductState, contract: Contract, table: IcebergTable, kept: int
) -> tuple[int, ...]:
    def is_told(batch_id: str) -> bool:
        batch = plane.ledger.batch(state.product, batch_id)
        return batch is not None and batch.state == "ANNOUNCED"

    before = plane.now() - retention(contract.sla)
    return expendable(lake.history(table), before=before, is_told=is_told, kept=kept)


def _lonely(plane: Plane, state: ProductState, table: IcebergTable, *, without: Sequence[int] = ()) -> Iterator[Found]:
    """What no snapshot leads to (but for those `without`) and nobody may yet want."""
    now, bucket = plane.now(), plane.settings.lake_bucket
    before = now - timedelta(hours=plane.settings.unreachable_hours)
    # Listed first: what is committed meanwhile is then reached, or was not listed.
    every = list(listed(plane.client("s3"), table.location()))
    reached = reachable(table.refresh(), without=without)

    @cache
    def is_over(batch_id: str) -> bool:
        batch = plane.ledger.batch(state.product, batch_id)
        return batch is not None and _is_over(batch, now)

    for found in every:
        unreached = f"s3://{bucket}/{found.key}" not in reached
        if unreached and found.modified_at < before and (found.batch_id is None or is_over(found.batch_id)):
            yield found


def _is_over(batch: Batch, now: datetime) -> bool:
    """Whether no attempt at the batch may come back to what it staged."""
    if batch.state == "FAILED":
        return batch.ended_at is not None and batch.ended_at < now - _FAILED_KEPT
    return batch.state in {"ANNOUNCED", "REJECTED"}


def _compacted(plane: Plane, state: ProductState, contract: Contract, run: Maintained, sizes: Sizes) -> dict[str, int]:
    if plane.settings.compaction == "glue":
        role = plane.settings.optimizer_role_arn
        ensure_optimizer(plane.client("glue"), state.database, state.table, role=role)
        return {}
    table = tables.load(state.database, state.table)
    groups = plan(table, sizes)
    if not groups:
        return {}
    place = rewritten_prefix(state.product, contract.version.major, run.run_id)
    uris = [f"s3://{plane.settings.lake_bucket}/{place}/{number:05d}" for number in range(len(groups))]
    made = [rewrite(table, tasks, uri) for tasks, uri in zip(groups, uris, strict=True)]
    snapshot_id = lake.replace(table.refresh(), made, maintenance_id=run.run_id)
    return {
        "files_rewritten": sum(map(len, groups)),
        "bytes_rewritten": sum(task.file.file_size_in_bytes for tasks in groups for task in tasks),
        "files_written": sum(len(each.files) for each in made),
        "bytes_written": sum(file.file_size_in_bytes for each in made for file in each.files),
        "snapshot_id": snapshot_id,
    }
