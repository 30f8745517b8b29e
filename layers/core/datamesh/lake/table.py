"""Iceberg tables in the Glue catalog: load, commit, look up. A table is changed only through here and evolution.py.

Endpoints and file-system settings come from the standard environment (AWS_*, PYICEBERG_CATALOG__DEFAULT__*).
A commit is tried once: a conflict is CommitConflict; when the answer is lost the table is loaded again and searched
for the batch id, for repeating a commit that has landed would delete its manifests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import TableProperties, Transaction
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.utils.config import Config as IcebergConfig

from datamesh.errors import CommitConflict, CommitStateUnknown
from datamesh.lake import projection
from datamesh.lake.datafiles import data_file

__all__ = [
    "BATCH",
    "Committed",
    "catalog_of",
    "commit_files",
    "find_batch",
    "load",
    "previous_batch",
    "total_rows",
]

BATCH = "datamesh.batch-id"  # in the summary of every snapshot that a batch made
_ATTEMPT = "datamesh.attempt"  # of the batch: whose staged files these are
_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})


@dataclass(frozen=True)
class Committed:
    """A snapshot: its id, its Iceberg sequence number, the rows of the table as of it, and the attempt that made it."""

    snapshot_id: int
    sequence: int
    total_rows: int
    attempt: int = 1


def load(database: str, table: str, session: boto3.Session | None = None) -> IcebergTable:
    """The table as it is now, read as `session`'s principal. Raises pyiceberg.exceptions.NoSuchTableError."""
    return catalog_of(session).load_table((database, table))


def catalog_of(session: boto3.Session | None) -> GlueCatalog:
    """The catalog, its Glue client and its file system under one principal."""
    projection.keep_nulls()
    configured: dict[str, Any] = dict(IcebergConfig().get_catalog_config("default") or {})
    configured |= _file_system_of(session) if session else {}
    return GlueCatalog("default", client=(session or boto3).client("glue", config=_ONCE), **configured)


def find_batch(table: IcebergTable, batch_id: str) -> Committed | None:
    """What the batch committed to the table, or None when it has not landed."""
    found = next((s for s in table.metadata.snapshots if _batch_of(s) == batch_id), None)
    return _committed(found) if found else None


def previous_batch(table: IcebergTable, snapshot_id: int) -> int | None:
    """The snapshot of the batch before the one that made `snapshot_id`; None for the first, or when it has expired."""
    snapshot = table.snapshot_by_id(snapshot_id)
    while snapshot is not None and snapshot.parent_snapshot_id is not None:
        snapshot = table.snapshot_by_id(snapshot.parent_snapshot_id)
        if snapshot is not None and _batch_of(snapshot):
            return snapshot.snapshot_id
    return None


def total_rows(table: IcebergTable) -> int:
    snapshot = table.current_snapshot()
    return _committed(snapshot).total_rows if snapshot else 0


def commit_files(
    table: IcebergTable,
    uris: Sequence[str],
    *,
    batch_id: str,
    replace: bool,
    attempt: int = 1,
    summary: Mapping[str, str] | None = None,
) -> Committed:
    """Makes the Parquet files `uris` the table's data (added, or instead of all that was), in one snapshot.

    The files become the table's own: nothing is copied. Returns the snapshot that stands already when the batch has
    landed before. Raises CommitConflict (reload and try again) or CommitStateUnknown (look it up, never repeat it).
    """
    landed = find_batch(table, batch_id)
    if landed is not None:
        return landed
    marks = {BATCH: batch_id, _ATTEMPT: str(attempt), **(summary or {})}
    # PyIceberg would commit again after a conflict without looking for the batch. Its retries are off for this commit,
    # not by a property of the table, which other engines heed.
    once = {**table.metadata.properties, TableProperties.COMMIT_NUM_RETRIES: "0"}
    table.metadata = table.metadata.model_copy(update={"properties": once})
    try:
        with table.transaction() as change:
            _produce(change, table, uris, replace=replace, marks=marks)
    except (CommitFailedException, ValidationException) as conflict:
        raise CommitConflict(f"another writer committed to {'.'.join(table.name())} first") from conflict
    except (HTTPClientError, ClientError) as lost:
        return _looked_up(table, batch_id, lost)
    snapshot = table.current_snapshot()
    if snapshot is None or _batch_of(snapshot) != batch_id:
        raise CommitStateUnknown(f"batch {batch_id} is not the newest snapshot of {'.'.join(table.name())}")
    return _committed(snapshot)


def _produce(
    change: Transaction, table: IcebergTable, uris: Sequence[str], *, replace: bool, marks: Mapping[str, str]
) -> None:
    """One snapshot. An overwrite of PyIceberg's own makes two, and a reader could see the empty table between."""
    snapshot = change.update_snapshot(snapshot_properties=dict(marks))
    producer = snapshot.overwrite() if replace and table.current_snapshot() else snapshot.fast_append()
    with producer as files:
        if replace:
            for task in table.scan().plan_files():
                files.delete_data_file(task.file)
        for uri in uris:
            files.append_data_file(data_file(table.io, change.table_metadata, uri))


def _looked_up(table: IcebergTable, batch_id: str, lost: Exception) -> Committed:
    if isinstance(lost, ClientError) and lost.response["ResponseMetadata"].get("HTTPStatusCode", 500) < 500:
        raise lost
    landed = find_batch(table.refresh(), batch_id)
    if landed is None:
        raise CommitStateUnknown(f"no answer to the commit of batch {batch_id}; it has not landed yet") from lost
    return landed


def _file_system_of(session: boto3.Session) -> dict[str, str]:
    keys = session.get_credentials().get_frozen_credentials()
    return {
        "s3.access-key-id": keys.access_key,
        "s3.secret-access-key": keys.secret_key,
        "s3.session-token": keys.token or "",
        "s3.region": session.region_name or "",
    }


def _batch_of(snapshot: Snapshot) -> str | None:
    return snapshot.summary.additional_properties.get(BATCH) if snapshot.summary else None


def _committed(snapshot: Snapshot) -> Committed:
    said = snapshot.summary.additional_properties if snapshot.summary else {}
    return Committed(
        snapshot.snapshot_id,
        snapshot.sequence_number or 0,
        int(said.get("total-records", "0")),
        int(said.get(_ATTEMPT, "1")),
    )
