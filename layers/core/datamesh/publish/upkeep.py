"""Whose table is maintained next: the one that has waited longest, while there is time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from datamesh.errors import UnknownProduct
from datamesh.publish.ledger import Maintained, ProductState
from datamesh.publish.maintenance import maintain
from datamesh.publish.plane import Plane

__all__ = ["maintain_due", "maintain_one"]

_EVERY = timedelta(hours=20)  # about once a day, whichever hour a table's turn comes in
_ENOUGH = 300.0  # seconds in which one table's maintenance is over
_NEVER = datetime.min.replace(tzinfo=UTC)


def maintain_one(plane: Plane, product: str, *, dry_run: bool = False) -> list[Maintained]:
    """Maintains the tables of a product, one for each major version, whenever that was done last.

    Raises UnknownProduct.
    """
    state = plane.ledger.product(product)
    if state is None:
        raise UnknownProduct(f"no product {product}", hint="`mesh products` lists them.")
    return [maintain(plane, each, dry_run=dry_run) for each in state.majors]


def maintain_due(plane: Plane, *, seconds_left: Callable[[], float]) -> list[Maintained]:
    """Maintains the tables that are due, as many as there is time for; the others are first the next time.

    One that fails does not keep the others waiting: the first error is raised when all have had their turn.
    """
    done, errors = [], []
    for _, state in sorted(_due(plane), key=lambda it: (it[0], it[1].table)):
        if seconds_left() < _ENOUGH:
            break
        try:
            done.append(maintain(plane, state))
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return done


def _due(plane: Plane) -> list[tuple[datetime, ProductState]]:
    tables = [each for state in plane.ledger.products() for each in state.majors]
    last = [(plane.ledger.maintained(each.product, each.table), each) for each in tables]
    waited = [(before.started_at if before else _NEVER, state) for before, state in last]
    return [(before, state) for before, state in waited if before == _NEVER or before < plane.now() - _EVERY]
