"""Once a minute, for every product: what nobody is at work on is gone on with.

A product's lease says all there is to know. Nobody holds it: objects may be pending, their router died. Somebody
holds it: resume.py looks whether its batch goes on by itself, and a batch that ended without telling is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from datamesh.errors import LeaseLost
from datamesh.publish.announce import GrantsCheck, announce
from datamesh.publish.endings import settle
from datamesh.publish.plane import Plane
from datamesh.publish.resume import resume
from datamesh.publish.routing import route

__all__ = ["Swept", "sweep"]


@dataclass(frozen=True)
class Swept:
    """How many products were looked at, and which of them could not be attended to, with the error's name."""

    products: int
    failed: dict[str, str]


def sweep(plane: Plane, *, grants_differ: GrantsCheck) -> Swept:
    """Attends to every product; one that fails does not keep the others waiting."""
    states, failed = plane.ledger.products(), {}
    for state in states:
        try:
            _attend(plane, state.product, grants_differ)
        except LeaseLost:
            continue  # somebody else is at it
        except Exception as error:  # the caller reports it, and fails for it
            failed[state.product] = type(error).__name__
    return Swept(products=len(states), failed=failed)


def _attend(plane: Plane, product: str, grants_differ: GrantsCheck) -> None:
    lease = plane.ledger.lease(product)
    if lease is None:
        route(plane, product)
        return
    ended = resume(plane, lease)
    if ended is None:
        return
    if ended.state == "COMMITTED":
        announce(plane, product, ended.batch_id, grants_differ=grants_differ)
    else:
        settle(plane, product, ended.batch_id)
