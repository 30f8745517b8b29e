"""A failed batch runs again because a person asks for it."""

from __future__ import annotations

from datamesh.errors import UserError
from datamesh.publish.forming import start
from datamesh.publish.ledger import Batch
from datamesh.publish.plane import Plane

__all__ = ["retry"]


def retry(plane: Plane, product: str, batch_id: str) -> Batch:
    """Starts the next attempt of a FAILED batch, with the objects it has. The batch as it runs now.

    Raises UserError when there is no such batch, when it did not fail, or while another batch of the product runs.
    """
    batch = plane.ledger.batch(product, batch_id)
    if batch is None:
        raise UserError(f"{product} has no run {batch_id}", hint="`mesh runs` lists them.")
    if batch.state != "FAILED":
        raise UserError(f"run {batch_id} is {batch.status}; only a failed one is retried", hint=_hint(batch))
    if not plane.ledger.acquire(product, batch_id, ttl=plane.lease_ttl, attempt=batch.attempt):
        raise UserError(f"another run of {product} is at work", hint="Try again when it has ended.")
    if not plane.ledger.next_attempt(product, batch_id, after=batch.attempt, ttl=plane.lease_ttl, state="FAILED"):
        raise UserError(f"run {batch_id} has moved on meanwhile", hint="`mesh show` says where it stands.")
    again = batch.model_copy(update={"state": "ASSIGNED", "attempt": batch.attempt + 1, "ended_at": None, "error": ""})
    start(plane, again)
    return again


def _hint(batch: Batch) -> str:
    if batch.state == "REJECTED":
        return "Mend the file or the contract, then publish the file again."
    return "Wait for it to end." if batch.status == "running" else "Publish the file with --again to take it once more."
