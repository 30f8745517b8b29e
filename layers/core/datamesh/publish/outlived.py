"""Rows in quarantine go when their contract's time for them is over: `quarantineRetention` in its `slaProperties`.

A contract that says nothing keeps them for ever. Time is counted from the end of the run, and whether anybody has
replayed it does not matter, only a replay under way does. The run record stays, with what each rule found.
"""

from __future__ import annotations

from functools import cache

from datamesh.contract.model import Contract
from datamesh.contract.retention import quarantine_retention
from datamesh.lake.layout import batch_of_quarantine, quarantine_of
from datamesh.lake.unreachable import listed
from datamesh.publish.ledger import ProductState
from datamesh.publish.plane import Plane

__all__ = ["outlived"]


def outlived(plane: Plane, state: ProductState, contract: Contract) -> list[str]:
    """The keys of quarantined rows of one major version of a product that may go."""
    kept = quarantine_retention(contract.sla)
    if kept is None:
        return []
    before = plane.now() - kept

    @cache
    def is_outlived(batch_id: str) -> bool:
        batch = plane.ledger.batch(state.product, batch_id)
        if batch is None or batch.ended_at is None or batch.ended_at >= before or batch.major != state.major:
            return False
        replay = plane.ledger.replay(state.product, batch_id)
        return replay is None or replay.state not in {"PENDING", "ASSIGNED"}

    # Listed first: a failed run that begins again meanwhile, and what it then keeps back, was not listed.
    place = f"s3://{plane.settings.lake_bucket}/{quarantine_of(state.product)}"
    every = [found.key for found in listed(plane.client("s3"), place)]
    return [key for key in every if is_outlived(batch_of_quarantine(key))]
