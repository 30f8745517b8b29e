"""The first step of a batch: is each file what it should be, before any work is put into it?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from pydantic import BaseModel, ConfigDict

from datamesh.contract.model import Table
from datamesh.errors import UnreadableInput
from datamesh.events import Reason
from datamesh.publish.gate import MAX_REASONS
from datamesh.publish.manifest import Manifest, ObjectRef
from datamesh.publish.plane import Plane
from datamesh.publish.preflight import Preflight, inspect
from datamesh.publish.slices import are_many, slices
from datamesh.publish.sources import S3Object
from datamesh.publish.steps import Work, begin

__all__ = ["Validated", "to_publish", "validate"]

_THREADS = 16
_NAMED = 20  # refused files that the record names


class Validated(BaseModel):
    """The answer to the state machine: the numbers of the slices to work on, or why there is nothing to work on.

    `many` slices are worked on by executions of their own.
    """

    model_config = ConfigDict(frozen=True)

    verdict: str
    slices: tuple[int, ...] = ()
    many: bool = False
    reasons: tuple[Reason, ...] = ()


def validate(plane: Plane, *, product: str, batch_id: str, attempt: int) -> Validated:
    """Looks at each file. One that is refused rejects its batch: what to do with the others is for people to say.

    A later attempt refuses nothing here: an earlier one may have committed, and only the last step can tell.
    """
    with begin(plane, "validate_batch", product=product, batch_id=batch_id, attempt=attempt) as work:
        objects = to_publish(work.manifest, work.contract.table)
        with ThreadPoolExecutor(_THREADS) as pool:
            seen = list(pool.map(lambda ref: _inspected(work, ref), objects))
        refused = [(ref, found.reasons) for ref, found in zip(objects, seen, strict=True) if found.reasons]
        work.step.detail["files"] = len(work.manifest.objects)
        if not refused or attempt > 1:
            objects = work.manifest.objects
            return Validated(verdict="ok", slices=tuple(range(len(slices(objects)))), many=are_many(objects))
        work.step.verdict = "rejected"
        work.step.detail["refused"] = [ref.key for ref, _ in refused[:_NAMED]]
        reasons = dict.fromkeys(reason for _, found in refused for reason in found)
        return Validated(verdict="rejected", reasons=tuple(reasons)[:MAX_REASONS])


def _inspected(work: Work, ref: ObjectRef) -> Preflight:
    try:
        return inspect(S3Object(ref, work.s3), work.contract.table)
    except UnreadableInput:
        return Preflight(reasons=(Reason(rule="object-deleted"),))


def to_publish(manifest: Manifest, table: Table) -> tuple[ObjectRef, ...]:
    """The objects whose rows are wanted: when each replaces the table, the newest one only."""
    return manifest.objects[-1:] if table.write_mode == "overwrite" else manifest.objects
