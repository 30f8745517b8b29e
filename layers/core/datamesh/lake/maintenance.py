"""Changes of a table that are no batch's: old snapshots expire, small files are replaced by larger ones.

Both are commits like any other, tried once against the version of the table that was read: where a batch came first
they give up, and where they came first the batch is tried again. Their answer may be lost as well, so what they did is
read off the table afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from botocore.exceptions import ClientError, HTTPClientError
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import TableProperties

from datamesh.errors import CommitConflict, CommitStateUnknown
from datamesh.lake.history import Past
from datamesh.lake.rewrite import Rewritten
from datamesh.lake.table import BATCH

__all__ = ["MAINTENANCE", "expire", "history", "replace"]

MAINTENANCE = "datamesh.maintenance-id"  # in the summary of a snapshot that maintenance made


def history(table: IcebergTable) -> list[Past]:
    """The table's snapshots, oldest first."""
    metadata = table.metadata
    held = {ref.snapshot_id for ref in metadata.refs.values()} | {metadata.current_snapshot_id}
    snapshots = sorted(metadata.snapshots, key=lambda s: (s.sequence_number or 0, s.timestamp_ms))
    return [
        Past(
            snapshot_id=snapshot.snapshot_id,
            at=datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC),
            batch_id=snapshot.summary.additional_properties.get(BATCH) if snapshot.summary else None,
            is_held=snapshot.snapshot_id in held,
        )
        for snapshot in snapshots
    ]


def expire(table: IcebergTable, snapshots: Collection[int]) -> None:
    """Lets the table forget `snapshots`; their files stay. Raises CommitConflict or CommitStateUnknown."""
    with _once(table):
        table.maintenance.expire_snapshots().by_ids(list(snapshots)).commit()


def replace(table: IcebergTable, rewritten: Sequence[Rewritten], *, maintenance_id: str) -> int:
    """Puts the new files in the place of the old ones, in one snapshot. Its id.

    Raises CommitConflict when one of the old files is no longer the table's, or another writer came first.
    """
    present = {task.file.file_path for task in table.scan().plan_files()}
    if any(old.file_path not in present for each in rewritten for old in each.instead_of):
        raise CommitConflict(f"{'.'.join(table.name())} has changed since its files were read")
    with _once(table), table.transaction() as change:
        snapshot = change.update_snapshot(snapshot_properties={MAINTENANCE: maintenance_id})
        with snapshot.overwrite() as files:
            for each in rewritten:
                for new in each.files:
                    files.append_data_file(new)
                for old in each.instead_of:
                    files.delete_data_file(old)
    made = table.current_snapshot()
    assert made is not None  # noqa: S101 (it was committed just now)
    return made.snapshot_id


@contextmanager
def _once(table: IcebergTable) -> Iterator[None]:
    """A commit that PyIceberg does not try again by itself: it would delete what an unanswered one has written."""
    once = {**table.metadata.properties, TableProperties.COMMIT_NUM_RETRIES: "0"}
    table.metadata = table.metadata.model_copy(update={"properties": once})
    try:
        yield
    except (CommitFailedException, ValidationException) as conflict:
        raise CommitConflict(f"another writer committed to {'.'.join(table.name())} first") from conflict
    except HTTPClientError as lost:
        raise CommitStateUnknown(f"no answer to the maintenance of {'.'.join(table.name())}") from lost
    except ClientError as refused:
        if refused.response["ResponseMetadata"].get("HTTPStatusCode", 500) < 500:
            raise
        raise CommitStateUnknown(f"no answer to the maintenance of {'.'.join(table.name())}") from refused
