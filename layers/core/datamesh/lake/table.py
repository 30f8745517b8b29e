"""Iceberg tables in the Glue catalog: load, commit, look up. A table is changed only through here and evolution.py.

Endpoints and file-system settings come from the standard environment (AWS_*, PYICEBERG_CATALOG__DEFAULT__*).
A commit is tried once: a conflict is CommitConflict; when the answer is lost the table is loaded again and searched
for the batch id, for repeating a commit that has landed would delete its manifests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError, HTTPClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.io import PY_IO_IMPL
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import TableProperties, Transaction
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.utils.config import Config as IcebergConfig

from datamesh import aws
from datamesh.errors import CommitConflict, CommitStateUnknown, Transient
from datamesh.lake import fileio, projection
from datamesh.lake.datafiles import data_file

__all__ = [
    "BATCH",
    "Change",
    "Committed",
    "batches",
    "catalog_of",
    "commit",
    "data_files",
    "find_batch",
    "load",
    "total_rows",
]

BATCH = "datamesh.batch-id"  # in the summary of every snapshot that a batch made
_THREADS = 8


@dataclass(frozen=True)
class Committed:
    """A snapshot: its id, its Iceberg sequence number, the rows of the table as of it, and the marks it was given."""

    snapshot_id: int
    sequence: int
    total_rows: int
    marks: Mapping[str, str] = field(default_factory=dict, hash=False)


def load(database: str, table: str, session: boto3.Session | None = None) -> IcebergTable:
    """The table as it is now, read as `session`'s principal.

    Raises pyiceberg.exceptions.NoSuchTableError, and Transient where Lake Formation does not grant it: what a new table
    is granted stands some seconds after the table does.
    """
    try:
        return catalog_of(session).load_table((database, table))
    except ClientError as refused:
        if _is_not_granted(refused):
            raise Transient(f"Lake Formation does not grant {database}.{table}, or not yet") from refused
        raise


def _is_not_granted(refused: ClientError) -> bool:
    """IAM's refusals have the same code."""
    error = refused.response["Error"]
    return error["Code"] == "AccessDeniedException" and "Lake Formation" in error.get("Message", "")


def catalog_of(session: boto3.Session | None) -> GlueCatalog:
    """The catalog, its Glue client and its file system under one principal.

    A table's bucket is in the region of its catalog. Left to find that out, PyIceberg asks S3 in every new process.
    """
    projection.keep_nulls()
    client = session.client("glue", config=aws.ONCE) if session else aws.client_once("glue")
    configured: dict[str, Any] = {"s3.region": client.meta.region_name, PY_IO_IMPL: fileio.NAME}
    configured |= IcebergConfig().get_catalog_config("default") or {}
    configured |= _file_system_of(session) if session else {}
    return GlueCatalog("default", client=client, **configured)


def find_batch(table: IcebergTable, batch_id: str) -> Committed | None:
    """What the batch committed to the table, or None when it has not landed."""
    return _find(table, BATCH, batch_id)


def batches(table: IcebergTable) -> Iterator[Committed]:
    """What batches committed, the newest first, as far back as snapshots are kept; what maintenance did is left out."""
    snapshot = table.current_snapshot()
    while snapshot is not None:
        if BATCH in _said(snapshot):
            yield _committed(snapshot)
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None


def total_rows(table: IcebergTable) -> int:
    snapshot = table.current_snapshot()
    return _committed(snapshot).total_rows if snapshot else 0


@dataclass(frozen=True)
class Change:
    """What a snapshot changes: Parquet files `added` to the table's data, and data files `removed` from it.

    Files that are added become the table's own: nothing is copied. Nothing at all is a snapshot, too.
    """

    added: tuple[DataFile, ...] = ()
    removed: tuple[DataFile, ...] = ()


def commit(table: IcebergTable, change: Change, *, marks: Mapping[str, str], by: str = BATCH) -> Committed:
    """Changes the table by one snapshot, on top of the one that `table` was loaded with and of no other.

    `marks` stand in the snapshot's summary; the one called `by` says whose it is. Returns the snapshot that stands
    already when it has landed before. Raises CommitConflict (reload, plan anew, and try again) or CommitStateUnknown
    (look it up, never repeat it).
    """
    landed = _find(table, by, marks[by])
    if landed is not None:
        return landed
    # PyIceberg would commit again after a conflict without looking for the batch. Its retries are off for this commit,
    # not by a property of the table, which other engines heed.
    once = {**table.metadata.properties, TableProperties.COMMIT_NUM_RETRIES: "0"}
    table.metadata = table.metadata.model_copy(update={"properties": once})
    name = ".".join(table.name())
    try:
        with table.transaction() as transaction:
            _produce(transaction, change, marks)
    except (CommitFailedException, ValidationException) as conflict:
        raise CommitConflict(f"another writer committed to {name} first") from conflict
    except (HTTPClientError, ClientError) as lost:
        return _looked_up(table, by, marks[by], lost)
    snapshot = table.current_snapshot()
    if snapshot is None or _said(snapshot).get(by) != marks[by]:
        raise CommitStateUnknown(f"{by} {marks[by]} is not the newest snapshot of {name}")
    return _committed(snapshot)


def data_files(table: IcebergTable, uris: Sequence[str]) -> list[DataFile]:
    """Parquet files as Iceberg knows them: their partition, counts and bounds, from their footers."""

    def one(uri: str) -> DataFile:
        return data_file(table.io, table.metadata, uri)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(one, uris))


def _produce(transaction: Transaction, change: Change, marks: Mapping[str, str]) -> None:
    """One snapshot. An overwrite of PyIceberg's own makes two, and a reader could see the empty table between."""
    snapshot = transaction.update_snapshot(snapshot_properties=dict(marks))
    with snapshot.overwrite() if change.removed else snapshot.fast_append() as files:
        for removed in change.removed:
            files.delete_data_file(removed)
        for added in change.added:
            files.append_data_file(added)


def _looked_up(table: IcebergTable, by: str, value: str, lost: Exception) -> Committed:
    if isinstance(lost, ClientError) and lost.response["ResponseMetadata"].get("HTTPStatusCode", 500) < 500:
        raise lost
    landed = _find(table.refresh(), by, value)
    if landed is None:
        raise CommitStateUnknown(f"no answer to the commit of {by} {value}; it has not landed yet") from lost
    return landed


def _file_system_of(session: boto3.Session) -> dict[str, str]:
    keys = session.get_credentials().get_frozen_credentials()
    return {
        "s3.access-key-id": keys.access_key,
        "s3.secret-access-key": keys.secret_key,
        "s3.session-token": keys.token or "",
    }


def _find(table: IcebergTable, mark: str, value: str) -> Committed | None:
    found = next((s for s in table.metadata.snapshots if _said(s).get(mark) == value), None)
    return _committed(found) if found else None


def _said(snapshot: Snapshot) -> Mapping[str, str]:
    return snapshot.summary.additional_properties if snapshot.summary else {}


def _committed(snapshot: Snapshot) -> Committed:
    said = _said(snapshot)
    return Committed(
        snapshot.snapshot_id,
        snapshot.sequence_number or 0,
        int(said.get("total-records", "0")),
        said,
    )
