"""Files that lie where a table's do and that no snapshot leads to: what expired, and what was never committed.

What a table reaches follows from its current metadata alone: that metadata and its log, the statistics, and of each
snapshot the manifest list, the manifests and the data files in them that are alive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from pyiceberg.table import Table as IcebergTable

from datamesh.errors import Transient
from datamesh.lake import layout

__all__ = ["Found", "listed", "reachable", "remove"]

_PART = 1_000  # keys that S3 deletes in one request
_THREADS = 16  # a table of a year has thousands of small manifests


@dataclass(frozen=True)
class Found:
    """An object under a table's location. `batch_id` is that of the batch whose attempt wrote it, or None."""

    key: str
    size: int
    modified_at: datetime
    batch_id: str | None


def reachable(table: IcebergTable, *, without: Collection[int] = ()) -> frozenset[str]:
    """The URI of every file that the table leads to, as if the snapshots `without` were gone."""
    metadata = table.metadata
    files = {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log)}
    kept = [snapshot for snapshot in metadata.snapshots if snapshot.snapshot_id not in without]
    ids = {snapshot.snapshot_id for snapshot in kept}
    files |= {s.statistics_path for s in (*metadata.statistics, *metadata.partition_statistics) if s.snapshot_id in ids}
    files |= {snapshot.manifest_list for snapshot in kept}
    with ThreadPoolExecutor(_THREADS) as pool:
        lists = pool.map(lambda snapshot: snapshot.manifests(table.io), kept)
        manifests = {manifest.manifest_path: manifest for manifest in chain.from_iterable(lists)}
        files |= manifests.keys()
        alive = pool.map(lambda it: it.fetch_manifest_entry(table.io, discard_deleted=True), manifests.values())
        files |= {entry.data_file.file_path for entry in chain.from_iterable(alive)}
    return frozenset(files)


def listed(s3: Any, location: str) -> Iterator[Found]:
    """Everything that lies under a location, such as a table's: s3://bucket/prefix."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for item in page.get("Contents", []):
            yield Found(item["Key"], item["Size"], item["LastModified"], layout.batch_of_key(item["Key"]))


def remove(s3: Any, bucket: str, keys: Sequence[str]) -> None:
    """Deletes objects; what is gone already is no error. Raises Transient when some could not be deleted."""
    for start in range(0, len(keys), _PART):
        objects = [{"Key": key} for key in keys[start : start + _PART]]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        if refused := answer.get("Errors"):
            raise Transient(f"{len(refused)} files could not be removed: {sorted({each['Code'] for each in refused})}")
