"""The run record: what became of a batch, whole, as one JSON document in the lake bucket.

It is written before the ledger ends the batch, under the attempt that ends it, and the ledger then names it. So a
batch that has ended has its record, and one that an attempt left behind which was fenced off is named by nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from datamesh.events import Reason
from datamesh.lake import layout
from datamesh.publish.findings import Finding
from datamesh.publish.ledger.model import Batch, Counts
from datamesh.publish.results import StagedFile

__all__ = ["RunRecord", "find", "save"]


class RunRecord(BaseModel):
    """How a batch ended. Counts and names only, and no values but those that stand in the contract.

    `files` are what the table was given, `quarantine` the keys of the bad rows' files, `profile_key` what the columns
    hold since; a batch that was not published has none of the first and the last. `decided_at` is when it was written.
    """

    model_config = ConfigDict(frozen=True)

    product: str
    batch_id: str
    attempt: int
    status: Literal["published", "partial", "rejected", "failed"]
    contract_version: str
    objects: int
    size: int
    created_at: datetime
    decided_at: datetime
    counts: Counts = Counts()
    reasons: tuple[Reason, ...] = ()
    findings: tuple[Finding, ...] = ()
    snapshot_id: int | None = None
    sequence: int | None = None
    total_rows: int | None = None
    files: tuple[StagedFile, ...] = ()
    quarantine: tuple[str, ...] = ()
    profile_key: str = ""
    error: str = ""


def save(batch: Batch, *, at: datetime, attempt: int, s3: Any, bucket: str, **end: Any) -> str:
    """Writes the record of a batch that is about to end as `end` says, and gives its key. May be repeated."""
    known = batch.model_dump(include={"product", "batch_id", "contract_version", "objects", "size", "created_at"})
    record = RunRecord(**known, attempt=attempt, decided_at=at, **end)
    key = layout.run_key(batch.product, batch.batch_id, attempt, record.status)
    s3.put_object(Bucket=bucket, Key=key, Body=record.model_dump_json().encode(), ContentType="application/json")
    return key


def find(batch: Batch, *, s3: Any, bucket: str) -> RunRecord | None:
    """The record that the ledger names; None while the batch runs."""
    if not batch.record_key:
        return None
    return RunRecord.model_validate_json(s3.get_object(Bucket=bucket, Key=batch.record_key)["Body"].read())
