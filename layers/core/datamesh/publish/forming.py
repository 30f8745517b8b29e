"""From pending objects to a running batch, in steps that may each be repeated.

    1  take the product's lease for a new batch id         (arrivals.py)
    2  write the manifest of all that is pending           once: the first one written stands
    3  begin the batch in the ledger                       only while the lease is the batch's
    4  assign the objects                                  pending ones, or ones that are this batch's already
    5  start the execution, named by batch and attempt     the name is taken only once

A crash before 2 leaves the objects pending and a lease that expires; a crash after it leaves a manifest that says
all the rest. `form` is what a router does first, and what whoever finds the expired lease does again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import accumulate

from datamesh.publish import manifest as manifests
from datamesh.publish.ledger import Batch
from datamesh.publish.manifest import Manifest, ObjectRef
from datamesh.publish.plane import Plane

__all__ = ["MAX_BYTES", "MAX_OBJECTS", "execution_name", "form", "new_batch_id", "start"]

MAX_OBJECTS = 2_000  # a burst of ten thousand files is a handful of batches, and assigning one takes seconds
MAX_BYTES = 100 * 2**30  # some four hundred slices: an execution's history stays well under its 25,000 events


def new_batch_id(now: datetime) -> str:
    """A run's id. Ids sort by time; two of one second differ by 32 random bits."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def execution_name(batch_id: str, attempt: int) -> str:
    return batch_id if attempt == 1 else f"{batch_id}-{attempt}"


def form(plane: Plane, product: str, batch_id: str) -> bool:
    """Forms and starts the batch that holds the product's lease. False when nothing is pending any more.

    Raises LeaseLost when the batch does not hold the lease (any more).
    """
    manifest = _find(plane, product, batch_id) or _draw_up(plane, product, batch_id)
    if manifest is None:
        plane.ledger.release(product, batch_id, attempt=1)  # the first one has not begun
        return False
    batch = plane.ledger.open_batch(manifest)
    plane.ledger.assign(product, batch_id, manifest.objects)
    start(plane, batch)
    return True


def start(plane: Plane, batch: Batch) -> None:
    """Starts the execution of the batch's present attempt, unless it was started before."""
    states = plane.client("stepfunctions")
    with suppress(states.exceptions.ExecutionAlreadyExists):  # whoever was here before us; it may even have ended
        states.start_execution(
            stateMachineArn=plane.settings.publish_state_machine_arn,
            name=execution_name(batch.batch_id, batch.attempt),
            input=json.dumps({"product": batch.product, "batch_id": batch.batch_id, "attempt": batch.attempt}),
        )


def _find(plane: Plane, product: str, batch_id: str) -> Manifest | None:
    return manifests.find(product, batch_id, s3=plane.client("s3"), bucket=plane.settings.lake_bucket)


def _draw_up(plane: Plane, product: str, batch_id: str) -> Manifest | None:
    state, pending = plane.ledger.product(product), plane.ledger.pending(product, limit=MAX_OBJECTS)
    if state is None or not pending:
        return None
    manifest = Manifest(
        product=product,
        batch_id=batch_id,
        contract=state.contract,
        contract_version=state.contract_version,
        database=state.database,
        table=state.table,
        location=state.location,
        objects=_at_most(pending),
    )
    return manifests.save(manifest, s3=plane.client("s3"), bucket=plane.settings.lake_bucket)


def _at_most(pending: Sequence[ObjectRef]) -> tuple[ObjectRef, ...]:
    """The oldest objects up to the limit of bytes, and one at least."""
    sizes = accumulate(ref.size for ref in pending)
    return tuple(ref for ref, total in zip(pending, sizes, strict=True) if total <= MAX_BYTES) or (pending[0],)
