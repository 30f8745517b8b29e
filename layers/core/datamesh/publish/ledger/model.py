"""The ledger's values, and how a batch and an object may move.

    object   PENDING -> ASSIGNED(batch) -> COMMITTED(snapshot) | REJECTED        or DUPLICATE of another object
    batch    ASSIGNED -> COMMITTED -> ANNOUNCED
                      -> REJECTED                                                its data broke the contract
                      -> FAILED -> ASSIGNED (next attempt)                       infrastructure; a person retries it

An object's last two states are its batch's: one conditional write moves a batch of ten thousand objects at once, and
no crash can leave half of them behind.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from datamesh.contract.masks import read_mask
from datamesh.events import ObjectPointer, Reason
from datamesh.govern.subscription import Subscription

__all__ = [
    "Arrival",
    "ArrivalState",
    "Batch",
    "BatchState",
    "ContractOutcome",
    "Counts",
    "Lease",
    "Maintained",
    "ProductState",
    "Recorded",
    "RunStatus",
    "Step",
    "Subscribed",
]

ArrivalState = Literal["PENDING", "ASSIGNED", "COMMITTED", "REJECTED", "DUPLICATE"]
BatchState = Literal["ASSIGNED", "COMMITTED", "ANNOUNCED", "REJECTED", "FAILED"]
RunStatus = Literal["running", "published", "partial", "rejected", "failed"]
Recorded = Literal["pending", "known", "duplicate", "replayed"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProductState(_Frozen):
    """The contract in force of a product's newest major version, and the table it made: where its files go.

    `earlier` are its older major versions, newest first: each with its own contract in force, and a table that stays.

    `contract` is the applied copy in the lake bucket; `source` the landing object it was copied from, with the time
    S3 took it and S3's sequencer, so that an older one that comes late is known as older. `digest` is the SHA-256
    of its bytes. `sequence` grows by one with every applied contract. `location` is the table's, `s3://bucket/prefix`.
    """

    product: str
    contract: ObjectPointer
    contract_version: str
    sequence: int
    database: str
    table: str
    location: str
    status: str
    source: ObjectPointer | None = None
    source_modified_at: datetime | None = None
    source_sequencer: str = ""
    digest: str = ""
    earlier: tuple[ProductState, ...] = ()

    @property
    def major(self) -> int:
        return int(self.contract_version.partition(".")[0])

    @property
    def majors(self) -> tuple[ProductState, ...]:
        """Each major version by itself, newest first."""
        return (self.model_copy(update={"earlier": ()}), *self.earlier)

    def of(self, major: int) -> ProductState | None:
        return next((held for held in self.majors if held.major == major), None)


class Counts(_Frozen):
    """Where the rows of a batch went: once it has ended, `rows_in` is the sum of the others.

    `rows_rejected` are the good rows of a batch that is rejected whole. Its bad ones are in quarantine, and nothing of
    it is published, superseded or deleted.
    """

    rows_in: int = 0
    rows_published: int = 0
    rows_quarantined: int = 0
    rows_superseded: int = 0
    rows_deleted: int = 0
    rows_rejected: int = 0

    @property
    def balanced(self) -> bool:
        placed = self.rows_published + self.rows_quarantined + self.rows_superseded + self.rows_deleted
        return self.rows_in == placed + self.rows_rejected


class Batch(_Frozen):
    """A run of a product, as the ledger knows it. `attempt` is the one that may act now (the fence).

    What more there is to say of one that has ended lies in its run record, at `record_key` of the lake bucket.
    """

    product: str
    batch_id: str
    state: BatchState
    attempt: int = 1
    contract_version: str
    objects: int
    size: int
    created_at: datetime
    ended_at: datetime | None = None
    counts: Counts = Counts()
    reasons: tuple[Reason, ...] = ()
    snapshot_id: int | None = None
    sequence: int | None = None
    total_rows: int | None = None
    profile_key: str = ""
    record_key: str = ""
    error: str = ""

    @property
    def major(self) -> int:
        return int(self.contract_version.partition(".")[0])

    @property
    def status(self) -> RunStatus:
        """What people call its state: a committed batch is still running until it is announced."""
        if self.state in {"ASSIGNED", "COMMITTED"}:
            return "running"
        if self.state == "ANNOUNCED":
            return "partial" if self.counts.rows_quarantined else "published"
        return "rejected" if self.state == "REJECTED" else "failed"

    @property
    def seconds(self) -> float | None:
        """From forming the batch to its end; None while it runs."""
        return (self.ended_at - self.created_at).total_seconds() if self.ended_at else None


class Step(_Frozen):
    """One step of one attempt, for `mesh show RUN`. `detail` holds counts and names, never data values."""

    name: str
    status: Literal["succeeded", "rejected", "failed"]
    started_at: datetime
    seconds: float
    attempt: int = 1
    detail: dict[str, Any] = {}


class Subscribed(_Frozen):
    """What the domain knows of a request for access to its products: the newest step that it was told of.

    `holds` says whether it gives access, until `until`. The fields are those of the event that told it.
    """

    request_id: str
    sequence: int
    holds: bool
    target: str
    principal: str
    arn: str
    columns: tuple[str, ...] | None = None
    rows: str = ""
    row_columns: tuple[tuple[str, str], ...] = ()
    masks: tuple[tuple[str, str], ...] = ()
    until: datetime

    @property
    def subscription(self) -> Subscription:
        return Subscription(
            id=self.request_id,
            principal=self.principal,
            arn=self.arn,
            target=self.target,
            columns=self.columns,
            rows=self.rows,
            until=self.until,
            row_columns=self.row_columns,
            masks=tuple((column, read_mask(mask)) for column, mask in self.masks),
        )


class Maintained(_Frozen):
    """The newest maintenance of one of a product's tables: counts of snapshots and files, and bytes."""

    product: str
    table: str
    run_id: str
    started_at: datetime
    seconds: float = 0.0
    snapshots_expired: int = 0
    files_removed: int = 0
    bytes_removed: int = 0
    files_rewritten: int = 0
    bytes_rewritten: int = 0
    files_written: int = 0
    bytes_written: int = 0
    quarantine_removed: int = 0
    snapshot_id: int | None = None
    conflicts: int = 0


class Arrival(_Frozen):
    """One version of one landing object as it stands now.

    A DUPLICATE's `batch_id` is that of the object it repeats, None while that one is still pending. `rule` says why
    a file was rejected before it came into any batch.
    """

    bucket: str
    key: str
    version_id: str
    state: ArrivalState
    product: str | None = None
    object_id: str | None = None
    batch_id: str | None = None
    rule: str | None = None


class Lease(_Frozen):
    """The right to work on a product, held by one attempt of one batch. `expires_at` in milliseconds since 1970."""

    product: str
    batch_id: str
    attempt: int
    expires_at: int


class ContractOutcome(_Frozen):
    """What became of one version of a contract's landing object.

    `findings` as in the event ContractRejected. `failed` is infrastructure's doing, `error` the name of its error;
    apply_contract's state machine writes that one by itself.
    """

    outcome: Literal["applied", "rejected", "failed"]
    version: str = ""
    findings: tuple[dict[str, Any], ...] = ()
    error: str = ""
