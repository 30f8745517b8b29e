"""Files arrive: from S3's events (or a request to drain) to a batch that runs.

The order of side effects, and what becomes of a crash after each:

    1  the arrival, its object and its pending mark, in one transaction    redelivered: known, goes on with 2
    2  the product's lease, for a new batch id                             the lease expires; router or sweeper: 3
    3  manifest, batch, assignments, execution (forming.py)                the same batch is formed on

The message is deleted after all of that, so a crash is a redelivery; if the queue gives up on it, an object that is
recorded is pending, and the sweeper routes what is pending. Recording comes first because only a recorded object can
be found again; the lease comes second because concurrent routers cannot make one batch between them without it.

An arrival that belongs to no product is told first and recorded second: it may be told twice, never not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, Field

from datamesh.events import ArrivalRejected, ObjectPointer
from datamesh.lake import layout
from datamesh.publish.content import AGAIN, content_id, object_id
from datamesh.publish.ledger import Batch, ProductState
from datamesh.publish.manifest import ObjectRef
from datamesh.publish.plane import Plane

__all__ = ["Drain", "LandingObject", "ObjectCreated", "record"]


class LandingObject(BaseModel):
    """The object in S3's event. Its key is plain: EventBridge's events, unlike S3's own, do not URL-encode it."""

    key: str
    version_id: str = Field(default="", alias="version-id")
    etag: str = ""
    sequencer: str = ""


class _Bucket(BaseModel):
    name: str


class _Detail(BaseModel):
    bucket: _Bucket
    object: LandingObject


class ObjectCreated(BaseModel):
    """EventBridge's `Object Created`, as far as it is read here."""

    detail: _Detail


class Drain(BaseModel):
    """A batch of `drain`, a product, has ended while objects are pending."""

    drain: str


def record(plane: Plane, message: ObjectCreated | Drain) -> str | None:
    """Records what arrived; may be repeated. The product to route next, or None for a file that is in no product."""
    if isinstance(message, Drain):
        return message.drain
    bucket, landed = message.detail.bucket.name, message.detail.object
    product = layout.product_of_key(landed.key) or ""
    state = plane.ledger.product(product) if product else None
    head = _head(plane.client("s3"), bucket, landed)
    pointer = ObjectPointer(bucket=bucket, key=landed.key, version_id=head.get("VersionId", landed.version_id))
    run = layout.replayed_run(landed.key) or ""
    rule = _refused(state, head) or (_unreplayable(plane.ledger.batch(product, run)) if run else "")
    if not rule:
        taken = plane.ledger.record(product, _reference(product, pointer, landed.sequencer, head), replays=run)
        rule = "replayed-already" if taken == "replayed" else ""
    if rule:
        _reject(plane, pointer, rule, product or None)
        return None
    return product


def _refused(state: ProductState | None, head: Mapping[str, Any]) -> str:
    if state is None:
        return "unknown-product"
    if state.status == "retired":
        return "retired-product"
    return "" if head else "object-deleted"


def _unreplayable(batch: Batch | None) -> str:
    """Only what was published left rows behind in quarantine; of a rejected run the whole file is sent again."""
    if batch is None:
        return "unknown-run"
    return "" if batch.state in {"COMMITTED", "ANNOUNCED"} else "run-not-published"


def _reject(plane: Plane, pointer: ObjectPointer, rule: str, product: str | None) -> None:
    if plane.ledger.arrival(pointer.bucket, pointer.key, pointer.version_id) is None:
        plane.emit(ArrivalRejected(object=pointer, rule=rule), about=pointer.key)
        plane.ledger.reject_arrival(pointer.bucket, pointer.key, pointer.version_id, rule=rule, product=product)


def _reference(product: str, pointer: ObjectPointer, sequencer: str, head: Mapping[str, Any]) -> ObjectRef:
    content = content_id(head)
    return ObjectRef(
        bucket=pointer.bucket,
        key=pointer.key,
        version_id=pointer.version_id,
        size=head["ContentLength"],
        checksum=content,
        object_id=object_id(product, pointer.key, content, head.get("Metadata", {}).get(AGAIN, "")),
        arrived_at=head["LastModified"],
        sequencer=sequencer,
    )


def _head(s3: Any, bucket: str, landed: LandingObject) -> Mapping[str, Any]:
    """HeadObject of the version that the event is about; empty when it is gone.

    An event without a version may be about one that was overwritten since: its ETag finds it.
    """
    head = _head_version(s3, bucket, landed.key, landed.version_id)
    if landed.version_id or not landed.etag or str(head.get("ETag", "")).strip('"') == landed.etag:
        return head
    listed = s3.list_object_versions(Bucket=bucket, Prefix=landed.key).get("Versions", [])
    same = [v for v in listed if v["Key"] == landed.key and v["ETag"].strip('"') == landed.etag]
    return _head_version(s3, bucket, landed.key, same[0]["VersionId"]) if same else {}


def _head_version(s3: Any, bucket: str, key: str, version_id: str) -> Mapping[str, Any]:
    version = {"VersionId": version_id} if version_id else {}
    try:
        head: Mapping[str, Any] = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **version)
    except ClientError as refused:
        if refused.response["Error"]["Code"] in {"404", "NoSuchKey", "NoSuchVersion"}:
            return {}
        raise
    return head
