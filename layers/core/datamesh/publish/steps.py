"""What the steps of a run have in common: a record of each; and those of a batch: the fence, manifest and contract."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.publish import manifest as manifests
from datamesh.publish.ledger import Step
from datamesh.publish.manifest import Manifest
from datamesh.publish.plane import Plane

__all__ = ["Recording", "Work", "begin", "recorded"]

Verdict = Literal["succeeded", "rejected"]


@dataclass
class Recording:
    """What will be recorded of a step. `detail` are counts and names, no data."""

    detail: dict[str, Any]
    verdict: Verdict = "succeeded"


@dataclass
class Work:
    """One attempt at one step of a batch. `verdict` and `detail` (counts and names, no data) go into its record."""

    plane: Plane
    manifest: Manifest
    contract: Contract
    attempt: int
    detail: dict[str, Any]
    verdict: Verdict = "succeeded"

    @property
    def s3(self) -> Any:
        return self.plane.client("s3")

    @property
    def bucket(self) -> str:
        return self.plane.settings.lake_bucket


@contextmanager
def recorded(
    plane: Plane, name: str, *, product: str, run_id: str, attempt: int = 1, **detail: Any
) -> Iterator[Recording]:
    """A step of a run, recorded in the ledger however it ends."""
    started, clock, step = plane.now(), time.monotonic(), Recording(detail)
    status: Literal["succeeded", "rejected", "failed"] = "failed"
    try:
        yield step
        status = step.verdict
    except Exception as error:
        step.detail["error"] = type(error).__name__
        raise
    finally:
        seconds = round(time.monotonic() - clock, 3)
        done = Step(name=name, status=status, started_at=started, seconds=seconds, attempt=attempt, detail=step.detail)
        plane.ledger.record_step(product, run_id, done)


@contextmanager
def begin(plane: Plane, name: str, *, product: str, batch_id: str, attempt: int, **detail: Any) -> Iterator[Work]:
    """A step of a batch. Raises LeaseLost, and records nothing, when another attempt works on the batch."""
    plane.ledger.renew(product, batch_id, attempt=attempt)
    with recorded(plane, name, product=product, run_id=batch_id, attempt=attempt, **detail) as step:
        s3, bucket = plane.client("s3"), plane.settings.lake_bucket
        manifest = manifests.load(product, batch_id, s3=s3, bucket=bucket)
        work = Work(plane, manifest, _contract(manifest, s3), attempt, step.detail)
        yield work
        step.verdict = work.verdict


def _contract(manifest: Manifest, s3: Any) -> Contract:
    at = manifest.contract
    version = {"VersionId": at.version_id} if at.version_id else {}
    data: bytes = s3.get_object(Bucket=at.bucket, Key=at.key, **version)["Body"].read()
    return parse(data)
