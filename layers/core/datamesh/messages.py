"""How events travel: the envelope that they are sent in, and the one way to send them.

Consumers may see any event twice and in any order: `event_id` is ours, for a hop between buses changes EventBridge's.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from datamesh.errors import Transient
from datamesh.events import EVENT_TYPES, Event

__all__ = ["Delivery", "Envelope", "Metadata", "Moment", "emit", "envelope", "json_schemas", "parse"]

SCHEMA_VERSION: Final = "1"
_BATCH = 10  # PutEvents takes ten entries a call


class _Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Metadata(_Sent):
    event_id: str
    correlation_id: str
    causation_id: str = ""
    schema_version: Literal["1"] = SCHEMA_VERSION
    domain: str
    occurred_at: datetime


class Envelope(_Sent):
    """`detail` of every event of the mesh."""

    metadata: Metadata
    data: dict[str, Any]

    SOURCE_PREFIX: ClassVar[str] = "datamesh."


class Delivery(BaseModel):
    """An event of the mesh as EventBridge hands it to a queue. `account` is the sender's, by EventBridge's own word."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: str
    account: str
    detail_type: str = Field(alias="detail-type")
    detail: dict[str, Any]

    @property
    def domain(self) -> str:
        """The domain that the source names; empty when it is not a domain's."""
        return self.source.removeprefix(Envelope.SOURCE_PREFIX) if self.source.startswith("datamesh.") else ""


@dataclass(frozen=True)
class Moment:
    """Which event it is and when it happened, of one that may be sent again: then it is the same event."""

    event_id: str
    occurred_at: datetime


def envelope(
    event: Event, *, domain: str, correlation_id: str, causation_id: str = "", moment: Moment | None = None
) -> Envelope:
    """`event` in an envelope, a new one where no `moment` says which it is.

    `correlation_id` is the run's, the question's or the request's id, for one story to be followed.
    """
    moment = moment or Moment(str(uuid.uuid4()), datetime.now(UTC))
    metadata = Metadata(
        event_id=moment.event_id,
        correlation_id=correlation_id,
        causation_id=causation_id,
        domain=domain,
        occurred_at=moment.occurred_at,
    )
    return Envelope(metadata=metadata, data=event.model_dump(mode="json"))


def parse(detail_type: str, detail: dict[str, Any]) -> tuple[Metadata, Event]:
    """The event in an EventBridge `detail`. Raises pydantic.ValidationError, or KeyError for an unknown detail-type."""
    wrapped = Envelope.model_validate(detail)
    return wrapped.metadata, EVENT_TYPES[detail_type].model_validate(wrapped.data)


def emit(
    events: Sequence[Event], *, client: Any, bus: str, domain: str, correlation_id: str, moment: Moment | None = None
) -> None:
    """Sends `events` to the mesh bus; one, where a `moment` is given. Raises Transient when EventBridge refused any."""
    if moment and len(events) != 1:
        raise ValueError("a moment is of one event")
    entries = [
        {
            "Source": f"{Envelope.SOURCE_PREFIX}{domain}",
            "DetailType": event.detail_type(),
            "Detail": envelope(event, domain=domain, correlation_id=correlation_id, moment=moment).model_dump_json(),
            "EventBusName": bus,
        }
        for event in events
    ]
    for start in range(0, len(entries), _BATCH):
        answer = client.put_events(Entries=entries[start : start + _BATCH])
        if answer["FailedEntryCount"]:
            codes = sorted({e["ErrorCode"] for e in answer["Entries"] if "ErrorCode" in e})
            raise Transient(f"EventBridge refused {answer['FailedEntryCount']} event(s): {', '.join(codes)}")


def json_schemas() -> dict[str, dict[str, Any]]:
    """File name to JSON Schema of each event as it is sent: EventBridge's `detail`, envelope and data."""
    return {f"{name}.v{SCHEMA_VERSION}.schema.json": _schema_of(kind) for name, kind in sorted(EVENT_TYPES.items())}


def _schema_of(kind: type[Event]) -> dict[str, Any]:
    name = kind.detail_type()
    detail = create_model(name, __base__=_Sent, __doc__=kind.__doc__, metadata=(Metadata, ...), data=(kind, ...))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://datamesh.example/schemas/events/{name}.v{SCHEMA_VERSION}.schema.json",
        **detail.model_json_schema(mode="serialization"),
    }
