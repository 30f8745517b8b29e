"""How a batch ends: its record, then the ledger, then the event, then the lease, then whoever waits.

The lease is given back last, so an ended batch that still holds it is one whose end was perhaps not told: the sweeper
tells it (again) and gives the lease back. After that the next batch forms from what is pending meanwhile; a crash
before the drain message leaves pending objects without a lease, which the sweeper routes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from datamesh.errors import InfrastructureError
from datamesh.events import BatchFailed, BatchRejected, Event, Reason
from datamesh.publish import record as records
from datamesh.publish.ledger import Batch
from datamesh.publish.plane import Plane

__all__ = ["drain", "fail", "reject", "settle", "standing"]


def reject(plane: Plane, product: str, batch_id: str, *, attempt: int, reasons: Sequence[Reason]) -> Batch:
    """Ends a batch whose data broke its contract. Raises LeaseLost when it is another attempt's, or has ended else."""
    batch = standing(plane, product, batch_id)
    if (batch.state, batch.attempt) != ("REJECTED", attempt):  # else the gate did it, and knows more
        key = _record(plane, batch, attempt, status="rejected", reasons=tuple(reasons))
        plane.ledger.rejected(product, batch_id, reasons=reasons, attempt=attempt, record_key=key)
    return settle(plane, product, batch_id)


def fail(plane: Plane, product: str, batch_id: str, *, attempt: int, error: str) -> Batch:
    """Ends an attempt that infrastructure failed; `error` is the error's name. Raises LeaseLost as `reject` does."""
    key = _record(plane, standing(plane, product, batch_id), attempt, status="failed", error=error)
    plane.ledger.failed(product, batch_id, error=error, attempt=attempt, record_key=key)
    return settle(plane, product, batch_id)


def _record(plane: Plane, batch: Batch, attempt: int, **end: Any) -> str:
    s3, bucket = plane.client("s3"), plane.settings.lake_bucket
    return records.save(batch, at=plane.now(), attempt=attempt, s3=s3, bucket=bucket, **end)


def settle(plane: Plane, product: str, batch_id: str) -> Batch:
    """Tells the end of an ended batch and makes way for the next; may be repeated."""
    batch = standing(plane, product, batch_id)
    if (fact := _told(batch)) is not None:
        plane.emit(fact, about=batch_id)
    plane.ledger.release(product, batch_id, attempt=batch.attempt)
    drain(plane, product)
    return batch


def drain(plane: Plane, product: str) -> None:
    """Asks the router for the next batch when something is pending and nobody works on the product."""
    if plane.ledger.count_pending(product, limit=1):
        message = json.dumps({"drain": product})
        plane.client("sqs").send_message(QueueUrl=plane.settings.arrivals_queue_url, MessageBody=message)


def standing(plane: Plane, product: str, batch_id: str) -> Batch:
    """The batch as the ledger has it. Raises InfrastructureError when it has none."""
    batch = plane.ledger.batch(product, batch_id)
    if batch is None:
        raise InfrastructureError(f"the ledger has no batch {batch_id} of {product}")
    return batch


def _told(batch: Batch) -> Event | None:
    if batch.state == "REJECTED":
        reasons, rows_in = list(batch.reasons), batch.counts.rows_in
        return BatchRejected(product=batch.product, run_id=batch.batch_id, reasons=reasons, rows_in=rows_in)
    if batch.state == "FAILED":
        return BatchFailed(product=batch.product, run_id=batch.batch_id, attempt=batch.attempt, error=batch.error)
    return None  # an announced batch was told before it became one
