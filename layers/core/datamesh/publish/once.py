"""What is found out once and holds for all that comes after: whoever looks again finds what was found first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from datamesh.errors import Transient

__all__ = ["once"]


def once(key: str, find_out: Callable[[], bytes], *, s3: Any, bucket: str) -> bytes:
    """What stands at `key`; where nothing does, what `find_out` gives is put there. Raises Transient on a race."""
    found = _get(key, s3=s3, bucket=bucket)
    if found is not None:
        return found
    body = find_out()
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*")
    except ClientError as refused:
        if refused.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise
        first = _get(key, s3=s3, bucket=bucket)
        if first is None:
            raise Transient(f"two writers met at {key}") from refused
        return first
    return body


def _get(key: str, *, s3: Any, bucket: str) -> bytes | None:
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return body
