"""The last step of a batch's data: through the gate, into the table with one commit, into the ledger.

    1  the plan                       what the batch does to the table as it stands (plan.py), and the verdict on it
    2  the files                      what is written anew: inside the attempt's own part of the table's data path
    3  the outcome                    counts, what each rule found, profile, written down (outcome.py)
    4  one Iceberg commit             on top of the snapshot that was planned for, naming batch and outcome; where
                                      another writer came first, from 1 again (preparing.py keeps what still holds)
    5  the profile of the snapshot    as the outcome has it
    6  the run record                 all that is known of the run
    7  the ledger                     the step first, for who dies now may have no successor in it; only then does
                                      the batch count as committed

A crash before 4 is gone over from the start, with a plan of its own. After it the table has the batch, and the rest
follows from the outcome that its snapshot names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pyiceberg.table import Table as IcebergTable

from datamesh.contract.profile import Profile
from datamesh.events import Reason
from datamesh.lake import layout
from datamesh.lake import table as lake
from datamesh.lake.table import Committed
from datamesh.publish import record as records
from datamesh.publish.endings import standing
from datamesh.publish.gate import Verdict
from datamesh.publish.outcome import OUTCOME, Outcome
from datamesh.publish.plane import Plane
from datamesh.publish.preparing import ATTEMPT, Landing, Preparation, outcome_of
from datamesh.publish.steps import Work, begin
from datamesh.publish.tries import try_until_first

__all__ = ["Cataloged", "catalog"]


class Cataloged(BaseModel):
    """The answer to the state machine, and what the metrics count: of a rejected batch, no rows."""

    model_config = ConfigDict(frozen=True)

    verdict: Literal["committed", "rejected"]
    status: Literal["published", "partial", "rejected"]
    snapshot_id: int | None = None
    sequence: int | None = None
    reasons: tuple[Reason, ...] = ()
    rows_published: int = 0
    rows_quarantined: int = 0


def catalog(plane: Plane, *, product: str, batch_id: str, attempt: int, seconds_left: Callable[[], float]) -> Cataloged:
    """Publishes the good rows of a batch, or rejects it.

    Where another writer commits first it is tried again, on top of what that one did, while `seconds_left` allows it.
    Raises CommitConflict when they do not, or CommitStateUnknown: call it again.
    """
    with begin(plane, "catalog_product", product=product, batch_id=batch_id, attempt=attempt) as work:
        preparation = Preparation(work)

        def tried(conflicts: int) -> Cataloged:
            if conflicts:
                work.step.detail["conflicts"] = conflicts
                plane.ledger.renew(product, batch_id, attempt=attempt)
            return _cataloged(work, preparation)

        return try_until_first(tried, seconds_left=seconds_left)


def _cataloged(work: Work, preparation: Preparation) -> Cataloged:
    table = lake.load(work.manifest.database, work.manifest.table)
    landed = lake.find_batch(table, work.manifest.batch_id)
    if landed is not None:
        return _recorded(work, landed, outcome_of(work, landed))
    prepared = preparation.of(table)
    if prepared.landing is None:
        return _rejected(work, preparation.quarantine, prepared.verdict)
    return _recorded(work, *_commit(work, table, prepared.landing))


def _commit(work: Work, table: IcebergTable, landing: Landing) -> tuple[Committed, Outcome]:
    committed = lake.commit(table, landing.change, marks=landing.marks)
    ours = committed.marks.get(OUTCOME) == landing.marks[OUTCOME]  # else another invocation of this attempt came first
    return committed, landing.outcome if ours else outcome_of(work, committed)


def _rejected(work: Work, quarantine: tuple[str, ...], verdict: Verdict) -> Cataloged:
    work.step.verdict = "rejected"
    work.step.detail |= verdict.counts.model_dump()
    record_key = _put_record(work, verdict, status="rejected", attempt=work.attempt, quarantine=quarantine)
    work.step.conclude()
    work.plane.ledger.rejected(
        work.manifest.product,
        work.manifest.batch_id,
        reasons=verdict.reasons,
        attempt=work.attempt,
        counts=verdict.counts,
        record_key=record_key,
    )
    return Cataloged(verdict="rejected", status="rejected", reasons=verdict.reasons)


def _recorded(work: Work, committed: Committed, outcome: Outcome) -> Cataloged:
    verdict, counts = outcome.verdict, outcome.verdict.counts
    work.step.detail |= counts.model_dump() | {"snapshot_id": committed.snapshot_id}
    status: Literal["published", "partial"] = "partial" if counts.rows_quarantined else "published"
    profile_key = _put_profile(work, committed, outcome.profile)
    landed: dict[str, Any] = {
        "snapshot_id": committed.snapshot_id,
        "sequence": committed.sequence,
        "total_rows": committed.total_rows,
        "profile_key": profile_key,
    }
    record_key = _put_record(
        work,
        verdict,
        status=status,
        attempt=int(committed.marks[ATTEMPT]),
        quarantine=outcome.quarantine,
        files=outcome.files,
        **landed,
    )
    work.step.conclude()
    work.plane.ledger.committed(
        work.manifest.product,
        work.manifest.batch_id,
        counts=counts,
        reasons=verdict.reasons,
        record_key=record_key,
        **landed,
    )
    return Cataloged(
        verdict="committed",
        status=status,
        rows_published=counts.rows_published,
        rows_quarantined=counts.rows_quarantined,
        snapshot_id=committed.snapshot_id,
        sequence=committed.sequence,
        reasons=verdict.reasons,
    )


def _put_record(work: Work, verdict: Verdict, **end: Any) -> str:
    return records.save(
        standing(work.plane, work.manifest.product, work.manifest.batch_id),
        at=work.plane.now(),
        s3=work.s3,
        bucket=work.bucket,
        counts=verdict.counts,
        reasons=verdict.reasons,
        findings=verdict.findings,
        **end,
    )


def _put_profile(work: Work, committed: Committed, profile: Profile) -> str:
    key = layout.profile_key(work.manifest.product, committed.snapshot_id)
    body = profile.model_copy(update={"snapshot_id": committed.snapshot_id}).model_dump_json().encode()
    work.s3.put_object(Bucket=work.bucket, Key=key, Body=body, ContentType="application/json")
    return key
