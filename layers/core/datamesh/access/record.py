"""What is told of each step of a request, the same whenever it is told again: its event and its audit record. Pure."""

from __future__ import annotations

import json
import uuid
from typing import Any

from datamesh import events
from datamesh.contract.masks import spelled
from datamesh.govern.requests import Kind, Request, Step
from datamesh.govern.subscription import Subscription
from datamesh.messages import Moment

__all__ = ["audit_key", "audit_record", "event_of", "moment_of", "page"]

_EVENTS: dict[Kind, type[events.AccessStep]] = {
    "requested": events.AccessRequested,
    "granted": events.AccessGranted,
    "denied": events.AccessDenied,
    "lapsed": events.AccessLapsed,
    "withdrawn": events.AccessWithdrawn,
    "renewed": events.AccessRenewed,
    "revoked": events.AccessRevoked,
    "expired": events.AccessExpired,
}
_NAMESPACE = uuid.UUID("5f0f8a4e-6f0b-5c5a-9a3e-2d9a4f6f1b70")


def event_of(request: Request, step: Step) -> events.AccessStep:
    said = step.subscription
    return _EVENTS[step.kind](
        request_id=request.id,
        sequence=step.sequence,
        domain=request.domain,
        target=said.target,
        principal=said.principal,
        arn=said.arn,
        columns=said.columns,
        rows=said.rows,
        row_columns=said.row_columns,
        masks=tuple((column, spelled(mask)) for column, mask in said.masks),
        until=said.until,
    )


def moment_of(request: Request, step: Step) -> Moment:
    return Moment(str(uuid.uuid5(_NAMESPACE, f"{request.id}/{step.sequence}")), step.at)


def audit_key(request: Request, step: Step) -> str:
    """Sorts by sequence."""
    return f"access/{request.id}/{step.sequence:06}.json"


def audit_record(request: Request, step: Step) -> bytes:
    """JSON: what was asked for and for what purpose, who did what of it when, and what is granted, or wanted, since."""
    record = event_of(request, step).model_dump(mode="json") | {
        "event_id": moment_of(request, step).event_id,
        "purpose": request.purpose,
        "asked": _terms(request.wish),
        "step": _step(step),
    }
    return json.dumps(record, indent=1, sort_keys=True).encode()


def page(request: Request) -> dict[str, Any]:
    """A request as its requester and the owners see it: as it stands, and as it was asked for."""
    return {
        "request_id": request.id,
        "state": request.state,
        "principal": request.wish.principal,
        "arn": request.wish.arn,
        "target": request.wish.target,
        **_terms(request.subscription),
        "asked": _terms(request.wish),
        "purpose": request.purpose,
        "asked_at": request.steps[0].at.isoformat(),
        "decide_by": request.decide_by.isoformat(),
        "steps": [_step(step) for step in request.steps],
    }


def _terms(said: Subscription) -> dict[str, Any]:
    return {
        "columns": None if said.columns is None else list(said.columns),
        "rows": said.rows,
        "masks": {column: spelled(mask) for column, mask in said.masks},
        "until": said.until.isoformat(),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "sequence": step.sequence,
        "kind": step.kind,
        "by": step.by,
        "at": step.at.isoformat(),
        "until": step.subscription.until.isoformat(),
        "note": step.note,
    }
