"""The events of the mesh: facts in the past tense, small, that carry pointers and counts, and never data values.

`schemas/events/` is generated from these classes; messages.py sends them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "EVENT_TYPES",
    "AccessDenied",
    "AccessDriftFound",
    "AccessExpired",
    "AccessGranted",
    "AccessLapsed",
    "AccessRenewed",
    "AccessRequested",
    "AccessRevoked",
    "AccessStep",
    "AccessWithdrawn",
    "ArrivalRejected",
    "BatchFailed",
    "BatchRejected",
    "ContractApplied",
    "ContractFailed",
    "ContractRejected",
    "DataProductPartiallyPublished",
    "DataProductPublished",
    "Event",
    "GrantsApplied",
    "GrantsDiffer",
    "ObjectPointer",
    "QualityGateFailed",
    "QuestionAnswered",
    "Reason",
    "TableMaintained",
]


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
    """Lake Formation does not stand as the policy wants; asks the domain's apply_grants to mend it.

    `tables` are those of the product that are gone, and on which grants still stand.
    """

    product: str
    tables: list[str] = []


class AccessDriftFound(Event):
    """A scheduled check found that Lake Formation does not stand as the policy wants.

    `missing` counts what the policy gives and Lake Formation lacks, `excess` what stands there and nothing gives,
    `gone_tables` those of the product that are no more and on which grants stand. `mending` when that was asked for.
    """

    product: str
    missing: int
    excess: int
    gone_tables: list[str]
    mending: bool


class GrantsApplied(Event):
    """Lake Formation stands as the policy wants; `refused` are principals (arns) it does not know, at most 50."""

    product: str
    granted: int
    revoked: int
    refused: list[str] = Field(default=[], max_length=50)


class TableMaintained(Event):
    """A table was maintained: old snapshots expired, files that no snapshot leads to removed, small files rewritten.

    `quarantine_removed` counts files of rows that were kept back for as long as the contract wants. `snapshot_id` is
    that of the rewritten files, none where none were. `conflicts` is how often a batch came first.
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
    quarantine_removed: int = 0
    snapshot_id: int | None
    conflicts: int


class AccessStep(Event):
    """Base of what happens to a request for access, which every one of these events tells whole.

    `sequence` grows with every step of a request: newer wins in projections. `target` is a product or a tag expression
    of `domain`; `principal` is canonical, `arn` has its path where that is known; `columns` none means all, `rows` is a
    condition that reads `row_columns`, each with its kind; `masks` are columns, each with its mask in a word. They are
    what was granted; until then, what was asked for.
    """

    request_id: str
    sequence: int
    domain: str
    target: str
    principal: str
    arn: str
    columns: tuple[str, ...] | None
    rows: str
    row_columns: tuple[tuple[str, str], ...] = ()
    masks: tuple[tuple[str, str], ...] = ()
    until: datetime


class AccessRequested(AccessStep):
    """Somebody asks for access; the owners of `target` decide."""


class AccessGranted(AccessStep):
    """A request was granted: by an owner, or by what a contract declares."""


class AccessDenied(AccessStep):
    """A request was denied by an owner."""


class AccessLapsed(AccessStep):
    """Nobody decided on a request in time."""


class AccessWithdrawn(AccessStep):
    """Who asked does not want it any more, and nobody had decided."""


class AccessRenewed(AccessStep):
    """Access that was granted holds until another time."""


class AccessRevoked(AccessStep):
    """Access was taken back before its time."""


class AccessExpired(AccessStep):
    """Access ended at its time."""


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
        AccessDenied,
        AccessExpired,
        AccessGranted,
        AccessLapsed,
        AccessRenewed,
        AccessRequested,
        AccessRevoked,
        AccessWithdrawn,
        ArrivalRejected,
        BatchFailed,
        BatchRejected,
        ContractApplied,
        ContractFailed,
        ContractRejected,
        DataProductPartiallyPublished,
        DataProductPublished,
        AccessDriftFound,
        GrantsApplied,
        GrantsDiffer,
        QualityGateFailed,
        QuestionAnswered,
        TableMaintained,
    )
}
