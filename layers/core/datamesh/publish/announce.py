"""A committed snapshot becomes a product that others are told of."""

from __future__ import annotations

from collections.abc import Callable

from datamesh.errors import InfrastructureError, LeaseLost
from datamesh.events import DataProductPartiallyPublished, DataProductPublished, Event, GrantsDiffer, ObjectPointer
from datamesh.publish.endings import settle, standing
from datamesh.publish.ledger import Batch, ProductState
from datamesh.publish.plane import Plane

__all__ = ["GrantsCheck", "announce"]

GrantsCheck = Callable[[ProductState], bool]


def announce(plane: Plane, product: str, batch_id: str, *, grants_differ: GrantsCheck) -> None:
    """Tells the mesh of a committed batch, marks it ANNOUNCED and makes way for the next; may be repeated.

    `grants_differ` says whether Lake Formation stands otherwise than the policy wants; then apply_grants is asked to
    mend it, and the snapshot is announced all the same: questions are guarded by the policy itself.
    Raises LeaseLost when the batch was not committed.
    """
    batch = standing(plane, product, batch_id)
    if batch.state == "COMMITTED":
        state = plane.ledger.product(product)
        if state is not None and grants_differ(state):
            plane.emit(GrantsDiffer(product=product), about=batch_id)
        facts: list[Event] = [_partially(batch, plane.settings.lake_bucket)] if batch.counts.rows_quarantined else []
        plane.emit(*facts, _published(batch, plane.settings.lake_bucket), about=batch_id)
        plane.ledger.announced(product, batch_id)
    elif batch.state != "ANNOUNCED":
        raise LeaseLost(f"batch {batch_id} of {product} is {batch.state}: nothing to announce")
    settle(plane, product, batch_id)


def _partially(batch: Batch, lake_bucket: str) -> DataProductPartiallyPublished:
    return DataProductPartiallyPublished(
        product=batch.product,
        version=batch.contract_version,
        run_id=batch.batch_id,
        rows_in=batch.counts.rows_in,
        rows_published=batch.counts.rows_published,
        rows_quarantined=batch.counts.rows_quarantined,
        reasons=list(batch.reasons),
        record=ObjectPointer(bucket=lake_bucket, key=batch.record_key),
    )


def _published(batch: Batch, lake_bucket: str) -> DataProductPublished:
    if batch.snapshot_id is None or batch.sequence is None or batch.ended_at is None or batch.total_rows is None:
        raise InfrastructureError(f"batch {batch.batch_id} of {batch.product} was committed without a snapshot")
    return DataProductPublished(
        product=batch.product,
        version=batch.contract_version,
        run_id=batch.batch_id,
        status="partial" if batch.counts.rows_quarantined else "published",
        snapshot_id=batch.snapshot_id,
        sequence=batch.sequence,
        rows_in=batch.counts.rows_in,
        rows_published=batch.counts.rows_published,
        rows_quarantined=batch.counts.rows_quarantined,
        rows_superseded=batch.counts.rows_superseded,
        rows_deleted=batch.counts.rows_deleted,
        total_rows=batch.total_rows,
        reasons=list(batch.reasons),
        profile=ObjectPointer(bucket=lake_bucket, key=batch.profile_key),
        published_at=batch.ended_at,
    )
