"""Whatever the holder of a product's lease left undone is gone on with here.

    no batch in the ledger            the router died while forming it           form it, once the lease has expired
    ASSIGNED, execution never began   the router died before starting it         the same
    ASSIGNED, execution running       all is well                                extend an expired lease
    ASSIGNED, execution ended         it was killed, or could not even fail      next attempt; after three, FAILED
    any end, execution ended          it died before telling                     given back: the sweeper tells it

Nothing here asks how long something took: an execution is over or it is not, and a lease expires.
"""

from __future__ import annotations

from typing import Literal

from datamesh.publish.endings import fail
from datamesh.publish.forming import execution_name, form, start
from datamesh.publish.ledger import Batch, Lease
from datamesh.publish.plane import Plane

__all__ = ["MAX_ATTEMPTS", "resume"]

MAX_ATTEMPTS = 3
_GIVEN_UP = "AttemptsExhausted"

_Execution = Literal["never began", "running", "ended"]


def resume(plane: Plane, lease: Lease) -> Batch | None:
    """Goes on with the batch that holds `lease`, where it stopped; leaves alone what is going on by itself.

    A batch is given back that has ended, still holds the lease, and has nobody at work on it: its end is to be told.
    """
    batch = plane.ledger.batch(lease.product, lease.batch_id)
    execution = _execution(plane, batch) if batch else "never began"
    if execution == "running":
        if plane.ledger.expired(lease):
            plane.ledger.take_over(lease, ttl=plane.lease_ttl)
    elif batch is not None and batch.state != "ASSIGNED":
        return batch
    elif batch is not None and execution == "ended":
        _try_again(plane, batch)
    elif plane.ledger.expired(lease) and plane.ledger.take_over(lease, ttl=plane.lease_ttl):
        form(plane, lease.product, lease.batch_id)
    return None


def _try_again(plane: Plane, batch: Batch) -> None:
    product, batch_id, attempt = batch.product, batch.batch_id, batch.attempt
    if attempt >= MAX_ATTEMPTS:
        fail(plane, product, batch_id, attempt=attempt, error=_GIVEN_UP)
    elif plane.ledger.next_attempt(product, batch_id, after=attempt, ttl=plane.lease_ttl):
        start(plane, batch.model_copy(update={"attempt": attempt + 1}))


def _execution(plane: Plane, batch: Batch) -> _Execution:
    states = plane.client("stepfunctions")
    machine = plane.settings.publish_state_machine_arn.replace(":stateMachine:", ":execution:")
    try:
        answer = states.describe_execution(executionArn=f"{machine}:{execution_name(batch.batch_id, batch.attempt)}")
    except states.exceptions.ExecutionDoesNotExist:
        return "never began"
    return "running" if answer["status"] in {"RUNNING", "PENDING_REDRIVE"} else "ended"
