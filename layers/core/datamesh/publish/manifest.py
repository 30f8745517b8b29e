"""What one batch is made of: written once to the lake bucket, read by every step that works on the batch.

State machines carry the batch's id; the manifest carries everything else, whatever the number of files.
A manifest never changes: it is put only where none is, so two routers that form the same batch after an expired
lease end with the same one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from datamesh.errors import InfrastructureError, Transient
from datamesh.events import ObjectPointer
from datamesh.lake import layout

__all__ = ["Attempt", "Manifest", "ObjectRef", "find", "load", "save"]


class Attempt(BaseModel):
    """What a state machine carries from step to step: which batch, tried for which time."""

    product: str
    batch_id: str
    attempt: int


class ObjectRef(BaseModel):
    """One version of one landing object. `size` in bytes; `checksum` is its content id (see arrivals.py).

    `arrived_at` is when S3 took it; `sequencer` orders versions of one key that S3 took in the same second.
    """

    model_config = ConfigDict(frozen=True)

    bucket: str
    key: str
    version_id: str = ""
    size: int
    checksum: str
    object_id: str
    arrived_at: datetime
    sequencer: str = ""

    @property
    def order(self) -> str:
        """Texts that sort as objects arrived; no two objects have the same."""
        return f"{self.arrived_at:%Y-%m-%dT%H:%M:%S.%f}#{self.sequencer}#{self.object_id}"


class Manifest(BaseModel):
    """A batch. `objects` stand oldest first, so the last one is the newest; `contract` is the applied copy.

    `location` is the table's, as `s3://bucket/prefix`.
    """

    model_config = ConfigDict(frozen=True)

    product: str
    batch_id: str
    contract: ObjectPointer
    contract_version: str
    database: str
    table: str
    location: str
    objects: tuple[ObjectRef, ...]


def load(product: str, batch_id: str, *, s3: Any, bucket: str) -> Manifest:
    """The manifest of a batch. Raises InfrastructureError when there is none."""
    manifest = find(product, batch_id, s3=s3, bucket=bucket)
    if manifest is None:
        raise InfrastructureError(f"batch {batch_id} of {product} has no manifest")
    return manifest


def find(product: str, batch_id: str, *, s3: Any, bucket: str) -> Manifest | None:
    """The manifest of a batch, or None where none was written."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=layout.manifest_key(product, batch_id))
    except s3.exceptions.NoSuchKey:
        return None
    return Manifest.model_validate_json(answer["Body"].read())


def save(manifest: Manifest, *, s3: Any, bucket: str) -> Manifest:
    """Puts `manifest` unless the batch has one, and gives back the one that stands. Raises Transient on a race."""
    key = layout.manifest_key(manifest.product, manifest.batch_id)
    try:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=manifest.model_dump_json().encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
        if code == "PreconditionFailed":
            return load(manifest.product, manifest.batch_id, s3=s3, bucket=bucket)
        if code == "ConditionalRequestConflict":
            raise Transient(f"two writers met at {key}") from refused
        raise
    return manifest
