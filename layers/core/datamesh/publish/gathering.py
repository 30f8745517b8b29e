"""A burst of files becomes few batches: while files still come, a batch waits for them.

    1  take the product's lease for a new batch id          (routing.py) so nobody else forms one meanwhile
    2  a message to ourselves, a few seconds later          counts what is pending by then
    3  more than the last time?                             2 again, a few times at most
    4  form the batch                                       (forming.py)

A few files never wait. A lost message is a lease that expires: whoever finds it forms the batch. A message told twice
counts once more, and forms the same batch.
"""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict, Field

from datamesh.publish.forming import MAX_OBJECTS, form
from datamesh.publish.plane import Plane

__all__ = ["FEW", "Gathering", "gather", "wait"]

FEW = 20  # pending objects that a batch is formed of at once: what a person drops
_ROUNDS = 6  # with the seconds between them less than a lease lives


class Gathering(BaseModel):
    """A batch that waits for more files. `seen` is what was pending at the last look, `looks` how many there were."""

    model_config = ConfigDict(frozen=True)

    product: str = Field(alias="gather")
    batch_id: str
    seen: int = 0
    looks: int = 0


def wait(plane: Plane, product: str, batch_id: str, *, seen: int, looks: int = 0) -> None:
    """Has the queue remind us of the batch, which holds the product's lease, in a few seconds."""
    message = {"gather": product, "batch_id": batch_id, "seen": seen, "looks": looks}
    plane.client("sqs").send_message(
        QueueUrl=plane.settings.arrivals_queue_url,
        MessageBody=json.dumps(message),
        DelaySeconds=plane.settings.gather_seconds,
    )


def gather(plane: Plane, waiting: Gathering) -> bool:
    """Forms the batch when no more files come, when it is full, or when it has waited long enough. Whether it did.

    Raises LeaseLost when the batch does not hold the lease: it was formed by somebody else.
    """
    product, batch_id = waiting.product, waiting.batch_id
    plane.ledger.renew(product, batch_id, attempt=1, ttl=plane.lease_ttl)
    pending = plane.ledger.count_pending(product, limit=MAX_OBJECTS)
    if waiting.seen < pending < MAX_OBJECTS and waiting.looks < _ROUNDS:
        wait(plane, product, batch_id, seen=pending, looks=waiting.looks + 1)
        return False
    return form(plane, product, batch_id)
