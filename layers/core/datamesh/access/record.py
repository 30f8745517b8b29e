"""What is told of each step of a request, the same whenever it is told again: its event and its audit record. Pure."""

from __future__ import annotations

import json
import uuid
from typing import Any

from datamesh import events
from datamesh.govern.requests import Kind, Request, Step
from datamesh.messages import Moment

__all__ = ["audit_key", "audit_record", "event_of", "moment_of", "page"]

_EVENTS: dict[Kind, type[events.AccessStep]] = {
    "requested": events.AccessRequested,
    "granted": events.AccessGranted,
    "denied": events.AccessDenied,
    "lapsed": events.AccessLapsed,
    "renewed": events.AccessRenewed,
    "revoked": events.AccessRevoked,
    "expired": events.AccessExpired,
}
_NAMESPACE = uuid.UUID("5f0f8a4e-6f0b-5c5a-9a3e-2d9a4f6f1b70")
_UNFITTED = {"requested", "denied", "lapsed"}  # nobody has looked yet at what its condition reads


def event_of(request: Request, step: Step) -> events.AccessStep:
    wish = request.subscription
    return _EVENTS[step.kind](
        request_id=request.id,
        sequence=step.sequence,
        domain=request.domain,
        target=wish.target,
        principal=wish.principal,
        arn=wish.arn,
        columns=wish.columns,
        rows=wish.rows,
        row_columns=() if step.kind in _UNFITTED else wish.row_columns,
        until=step.until,
    )


def moment_of(request: Request, step: Step) -> Moment:
    return Moment(str(uuid.uuid5(_NAMESPACE, f"{request.id}/{step.sequence}")), step.at)


def audit_key(request: Request, step: Step) -> str:
    """Sorts by sequence."""
    return f"access/{request.id}/{step.sequence:06}.json"


def audit_record(request: Request, step: Step) -> bytes:
    """JSON: what was asked for and for what purpose, and who did what of it when."""
    record = event_of(request, step).model_dump(mode="json") | {
        "event_id": moment_of(request, step).event_id,
        "purpose": request.purpose,
        "step": _step(step),
    }
    return json.dumps(record, indent=1, sort_keys=True).encode()


def page(request: Request) -> dict[str, Any]:
    """A request as its requester and the owners see it."""
    wish = request.subscription
    return {
        "request_id": request.id,
        "state": request.state,
        "principal": wish.principal,
        "target": wish.target,
        "columns": None if wish.columns is None else list(wish.columns),
        "rows": wish.rows,
        "purpose": request.purpose,
        "until": wish.until.isoformat(),
        "asked_at": request.steps[0].at.isoformat(),
        "decide_by": request.decide_by.isoformat(),
        "steps": [_step(step) for step in request.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "sequence": step.sequence,
        "kind": step.kind,
        "by": step.by,
        "at": step.at.isoformat(),
        "until": step.until.isoformat(),
        "note": step.note,
    }
