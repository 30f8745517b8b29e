"""Who forms the next batch of a product: whoever gets its lease, and then all that is pending is one batch.

A few objects are formed at once; of a burst the batch waits for more (gathering.py), lease in hand.

Without the lease there is nothing to do. The object is pending already, and the lease's holder, when it ends, gives
the lease back first and looks for pending objects second: so either it sees this one, or the lease was free here.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from datamesh.errors import LeaseLost
from datamesh.publish.arrivals import Drain, ObjectCreated, record
from datamesh.publish.forming import form, new_batch_id
from datamesh.publish.gathering import FEW, LONGEST, Gathering, gather
from datamesh.publish.plane import Plane
from datamesh.publish.resume import resume

__all__ = ["Message", "route", "route_all", "take"]

Message = ObjectCreated | Drain | Gathering


def take(plane: Plane, message: Message) -> str | None:
    """Takes one message of the arrivals queue in; may be repeated. The product to route next, if there is one."""
    if not isinstance(message, Gathering):
        return record(plane, message)
    with suppress(LeaseLost):  # somebody else formed the batch
        gather(plane, message)
    return None


def route(plane: Plane, product: str) -> str | None:
    """Forms a batch of all that is pending, or goes on with the batch of an expired lease. The formed batch's id.

    May be repeated. Raises LeaseLost or Transient when it met somebody else at it.
    """
    pending = plane.ledger.count_pending(product, limit=FEW + 1)
    if not pending:
        return None
    batch_id, many = new_batch_id(plane.now()), pending > FEW
    if plane.ledger.acquire(product, batch_id, ttl=LONGEST if many else plane.lease_ttl):
        if many:
            return batch_id if gather(plane, Gathering(gather=product, batch_id=batch_id)) else None
        return batch_id if form(plane, product, batch_id) else None
    lease = plane.ledger.lease(product)
    if lease is not None and plane.ledger.expired(lease):
        resume(plane, lease)
    return None


def route_all(plane: Plane, products: Iterable[str]) -> list[str]:
    """Routes each product, and gives the new batches' ids.

    One that fails does not keep the others waiting: the first error is raised when all have had their turn.
    """
    started, errors = [], []
    for product in products:
        try:
            if batch_id := route(plane, product):
                started.append(batch_id)
        except LeaseLost:
            continue  # somebody else goes on with it
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return started
