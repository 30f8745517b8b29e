"""A burst of files becomes few batches: while files still come, a batch waits for them.

    1  take the product's lease for a new batch id, for half a minute     (routing.py) nobody else forms one meanwhile
    2  a message to ourselves, a few seconds later                        counts what is pending by then
    3  more than the last time?                                           2 again
    4  form the batch                                                     (forming.py)

The wait is over when no more have come, when the batch is full, or when the lease expires: then whoever comes by forms
the batch, as with every expired lease. So neither a message that was lost nor one that stands behind ten thousand
others in the queue holds it up. One told twice counts once more, and forms the same batch. A few files never wait.
"""

from __future__ import annotations

import json
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from datamesh.publish.forming import MAX_OBJECTS, form
from datamesh.publish.plane import Plane

__all__ = ["FEW", "LONGEST", "Gathering", "gather", "wait"]

FEW = 20  # pending objects that a batch is formed of at once: what a person drops
LONGEST = timedelta(seconds=30)


class Gathering(BaseModel):
    """A batch that waits for more files than were `seen` at the last look."""

    model_config = ConfigDict(frozen=True)

    product: str = Field(alias="gather")
    batch_id: str
    seen: int = 0


def wait(plane: Plane, product: str, batch_id: str, *, seen: int) -> None:
    """Has the queue remind us of the batch, which holds the product's lease, in a few seconds."""
    message = {"gather": product, "batch_id": batch_id, "seen": seen}
    plane.client("sqs").send_message(
        QueueUrl=plane.settings.arrivals_queue_url,
        MessageBody=json.dumps(message),
        DelaySeconds=plane.settings.gather_seconds,
    )


def gather(plane: Plane, waiting: Gathering) -> bool:
    """Forms the batch unless more files have come, and it may take them. Whether it did.

    False as well when the batch does not hold the lease any more. Raises LeaseLost when it loses it meanwhile.
    """
    product, batch_id = waiting.product, waiting.batch_id
    lease = plane.ledger.lease(product)
    if lease is None or lease.batch_id != batch_id:
        return False
    pending = plane.ledger.count_pending(product, limit=MAX_OBJECTS)
    if waiting.seen < pending < MAX_OBJECTS and not plane.ledger.expired(lease):
        wait(plane, product, batch_id, seen=pending)
        return False
    plane.ledger.renew(product, batch_id, attempt=1, ttl=plane.lease_ttl)
    return form(plane, product, batch_id)
