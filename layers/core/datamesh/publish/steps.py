"""What the steps of a run have in common: a record of each; and those of a batch: the fence, manifest and contract."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
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
Status = Literal["succeeded", "rejected", "failed"]


@dataclass
class Recording:
    """What will be recorded of a step. `detail` are counts and names, no data."""

    detail: dict[str, Any]
    put: Callable[[Status], None]
    verdict: Verdict = "succeeded"
    is_put: bool = False

    def conclude(self) -> None:
        """Records the step as it stands: who dies after what comes next has left it."""
        self.put(self.verdict)
        self.is_put = True


@dataclass
class Work:
    """One attempt at one step of a batch, and what is recorded of it."""

    plane: Plane
    manifest: Manifest
    contract: Contract
    attempt: int
    step: Recording

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
    started, clock = plane.now(), time.monotonic()

    def put(status: Status) -> None:
        seconds = round(time.monotonic() - clock, 3)
        done = Step(name=name, status=status, started_at=started, seconds=seconds, attempt=attempt, detail=detail)
        plane.ledger.record_step(product, run_id, done)

    step = Recording(detail, put)
    try:
        yield step
    except BaseException as error:
        detail["error"] = type(error).__name__
        put("failed")
        raise
    if not step.is_put:
        step.conclude()


@contextmanager
def begin(plane: Plane, name: str, *, product: str, batch_id: str, attempt: int, **detail: Any) -> Iterator[Work]:
    """A step of a batch. Raises LeaseLost, and records nothing, when another attempt works on the batch."""
    plane.ledger.renew(product, batch_id, attempt=attempt)
    with recorded(plane, name, product=product, run_id=batch_id, attempt=attempt, **detail) as step:
        s3, bucket = plane.client("s3"), plane.settings.lake_bucket
        manifest = manifests.load(product, batch_id, s3=s3, bucket=bucket)
        yield Work(plane, manifest, _contract(manifest, s3), attempt, step)


def _contract(manifest: Manifest, s3: Any) -> Contract:
    at = manifest.contract
    version = {"VersionId": at.version_id} if at.version_id else {}
    data: bytes = s3.get_object(Bucket=at.bucket, Key=at.key, **version)["Body"].read()
    return parse(data)
