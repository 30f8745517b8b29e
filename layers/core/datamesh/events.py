"""The events of the mesh: their shapes, their envelope, and the one way to send them.

Events are facts in the past tense. They are small, carry pointers and counts, and never data values.
Consumers may see any event twice and in any order: `event_id` is ours, for a hop between buses changes EventBridge's.
`schemas/events/` is generated from these classes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from datamesh.errors import Transient

__all__ = [
    "EVENT_TYPES",
    "ArrivalRejected",
    "BatchFailed",
    "BatchRejected",
    "ContractApplied",
    "ContractFailed",
    "ContractRejected",
    "DataProductPartiallyPublished",
    "DataProductPublished",
    "Delivery",
    "Envelope",
    "Event",
    "GrantsApplied",
    "GrantsDiffer",
    "Metadata",
    "ObjectPointer",
    "QualityGateFailed",
    "QuestionAnswered",
    "Reason",
    "TableMaintained",
    "emit",
    "envelope",
    "json_schemas",
    "parse",
]

SCHEMA_VERSION: Final = "1"
_BATCH = 10  # PutEvents takes ten entries a call


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ObjectPointer(_Frozen):
    bucket: str
    key: str
    version_id: str = ""


class Reason(_Frozen):
    """Why rows were not published: the rule, its column (or none) and how many rows."""

    rule: str
    column: str | None = None
    rows: int = 0


class Event(_Frozen):
    """Base of all events; the class's name is the detail-type."""

    @classmethod
    def detail_type(cls) -> str:
        return cls.__name__


class ContractApplied(Event):
    """A contract is in force: its table, tags and grants follow. `sequence` grows with every apply of the product."""

    product: str
    version: str
    sequence: int
    status: str
    contract: ObjectPointer
    database: str
    table: str
    reader_role_arn: str


class ContractFailed(Event):
    """Infrastructure failed a contract that was put: neither applied nor rejected. `error` is the error's name."""

    contract: ObjectPointer
    error: str


class ContractRejected(Event):
    """A contract was refused; `findings` are {rule, path, line, severity, message}, at most 50."""

    product: str | None
    contract: ObjectPointer
    findings: list[dict[str, Any]] = Field(max_length=50)


class ArrivalRejected(Event):
    """A file that belongs to no product was left where it is."""

    object: ObjectPointer
    rule: str


class BatchRejected(Event):
    product: str
    run_id: str
    reasons: list[Reason]
    rows_in: int = 0


class BatchFailed(Event):
    """Infrastructure failed a batch; it keeps its files, and `mesh retry` runs it again."""

    product: str
    run_id: str
    attempt: int
    error: str


class QualityGateFailed(Event):
    """A data-set rule or threshold failed; with severity error the batch was rejected as well."""

    product: str
    run_id: str
    rule: str
    column: str | None = None
    severity: Literal["error", "warning"]


class DataProductPartiallyPublished(Event):
    """Some rows of a batch are in quarantine, the others readable: comes beside DataProductPublished. `record` is the
    run record, which names the quarantine's files."""

    product: str
    version: str
    run_id: str
    rows_in: int
    rows_published: int
    rows_quarantined: int
    reasons: list[Reason]
    record: ObjectPointer


class DataProductPublished(Event):
    """A snapshot is readable. `sequence` is the Iceberg snapshot's sequence number: newer wins in projections."""

    product: str
    version: str
    run_id: str
    status: Literal["published", "partial"]
    snapshot_id: int
    sequence: int
    rows_in: int
    rows_published: int
    rows_quarantined: int
    rows_superseded: int
    rows_deleted: int
    total_rows: int
    reasons: list[Reason]
    profile: ObjectPointer
    published_at: datetime


class GrantsDiffer(Event):
    """Lake Formation does not stand as the policy wants; asks the domain's apply_grants to mend it."""

    product: str


class GrantsApplied(Event):
    """Lake Formation stands as the policy wants; `refused` are principals (arns) it does not know, at most 50."""

    product: str
    granted: int
    revoked: int
    refused: list[str] = Field(default=[], max_length=50)


class TableMaintained(Event):
    """A table was maintained: old snapshots expired, files that no snapshot leads to removed, small files rewritten.

    `snapshot_id` is that of the rewritten files, none where none were. `conflicts` is how often a batch came first.
    """

    product: str
    table: str
    run_id: str
    snapshots_expired: int
    files_removed: int
    bytes_removed: int
    files_rewritten: int
    bytes_rewritten: int
    files_written: int
    bytes_written: int
    snapshot_id: int | None
    conflicts: int


class QuestionAnswered(Event):
    """A question or statement was answered or refused. Neither its text nor its values are carried."""

    query_id: str
    principal: str
    status: Literal["answered", "refused", "ambiguous", "failed"]
    tier: Literal["sql", "verified", "planner", "bedrock", "none"]
    products: list[str]
    milliseconds: int


EVENT_TYPES: dict[str, type[Event]] = {
    kind.detail_type(): kind
    for kind in (
        ArrivalRejected,
        BatchFailed,
        BatchRejected,
        ContractApplied,
        ContractFailed,
        ContractRejected,
        DataProductPartiallyPublished,
        DataProductPublished,
        GrantsApplied,
        GrantsDiffer,
        QualityGateFailed,
        QuestionAnswered,
        TableMaintained,
    )
}


class Metadata(_Frozen):
    event_id: str
    correlation_id: str
    causation_id: str = ""
    schema_version: Literal["1"] = SCHEMA_VERSION
    domain: str
    occurred_at: datetime


class Envelope(_Frozen):
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


def envelope(event: Event, *, domain: str, correlation_id: str, causation_id: str = "") -> Envelope:
    """`event` in a new envelope. `correlation_id` is the run's or question's id, for one story to be followed."""
    metadata = Metadata(
        event_id=str(uuid.uuid4()),
        correlation_id=correlation_id,
        causation_id=causation_id,
        domain=domain,
        occurred_at=datetime.now(UTC),
    )
    return Envelope(metadata=metadata, data=event.model_dump(mode="json"))


def parse(detail_type: str, detail: dict[str, Any]) -> tuple[Metadata, Event]:
    """The event in an EventBridge `detail`. Raises pydantic.ValidationError, or KeyError for an unknown detail-type."""
    wrapped = Envelope.model_validate(detail)
    return wrapped.metadata, EVENT_TYPES[detail_type].model_validate(wrapped.data)


def emit(events: Sequence[Event], *, client: Any, bus: str, domain: str, correlation_id: str) -> None:
    """Sends `events` to the mesh bus. Raises Transient when EventBridge refused any of them."""
    entries = [
        {
            "Source": f"{Envelope.SOURCE_PREFIX}{domain}",
            "DetailType": event.detail_type(),
            "Detail": envelope(event, domain=domain, correlation_id=correlation_id).model_dump_json(),
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
    detail = create_model(name, __base__=_Frozen, __doc__=kind.__doc__, metadata=(Metadata, ...), data=(kind, ...))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://datamesh.example/schemas/events/{name}.v{SCHEMA_VERSION}.schema.json",
        **detail.model_json_schema(mode="serialization"),
    }
