"""What the steps of a batch have in common: the fence, the manifest, the contract, the record."""

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

__all__ = ["Work", "begin"]


@dataclass
class Work:
    """One attempt at one step of a batch. `verdict` and `detail` (counts and names, no data) go into its record."""

    plane: Plane
    manifest: Manifest
    contract: Contract
    attempt: int
    detail: dict[str, Any]
    verdict: Literal["succeeded", "rejected"] = "succeeded"

    @property
    def s3(self) -> Any:
        return self.plane.client("s3")

    @property
    def bucket(self) -> str:
        return self.plane.settings.lake_bucket


@contextmanager
def begin(plane: Plane, name: str, *, product: str, batch_id: str, attempt: int, **detail: Any) -> Iterator[Work]:
    """A step, recorded in the ledger however it ends. Raises LeaseLost when another attempt works on the batch."""
    started, clock = plane.now(), time.monotonic()
    status: Literal["succeeded", "rejected", "failed"] = "failed"
    plane.ledger.renew(product, batch_id, attempt=attempt)
    try:
        s3, bucket = plane.client("s3"), plane.settings.lake_bucket
        manifest = manifests.load(product, batch_id, s3=s3, bucket=bucket)
        work = Work(plane, manifest, _contract(manifest, s3), attempt, detail)
        yield work
        status = work.verdict
    except Exception as error:
        detail["error"] = type(error).__name__
        raise
    finally:
        seconds = round(time.monotonic() - clock, 3)
        done = Step(name=name, status=status, started_at=started, seconds=seconds, attempt=attempt, detail=detail)
        plane.ledger.record_step(product, batch_id, done)


def _contract(manifest: Manifest, s3: Any) -> Contract:
    at = manifest.contract
    version = {"VersionId": at.version_id} if at.version_id else {}
    data: bytes = s3.get_object(Bucket=at.bucket, Key=at.key, **version)["Body"].read()
    return parse(data)
