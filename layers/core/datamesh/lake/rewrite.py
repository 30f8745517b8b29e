"""Small data files of a table become fewer, well-sized ones: the same rows, in one snapshot that is no batch's.

A file of the new ones holds rows of one partition, as those that it replaces did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from datamesh.errors import InfrastructureError
from datamesh.lake import files
from datamesh.lake.datafiles import data_file

__all__ = ["Rewritten", "Sizes", "plan", "rewrite"]


@dataclass(frozen=True)
class Sizes:
    """Bytes. A file below `small` is rewritten with others of its partition, `fewest` of them or more, up to `target`.

    `most` is what one run reads.
    """

    small: int = 64 * 2**20
    target: int = files.FILE_BYTES
    fewest: int = 3
    most: int = 4 * 2**30


@dataclass(frozen=True)
class Rewritten:
    """Files that take the place of others, with their rows."""

    files: tuple[DataFile, ...]
    instead_of: tuple[DataFile, ...]


def plan(table: IcebergTable, sizes: Sizes) -> list[tuple[FileScanTask, ...]]:
    """Which files of the table as it is become one: each group is of one partition, in the order of their names."""
    spec = table.metadata.default_spec_id
    small = [
        task
        for task in table.scan().plan_files()
        if task.file.file_size_in_bytes < sizes.small and task.file.spec_id == spec and not task.delete_files
    ]
    small.sort(key=lambda task: (_partition(task), task.file.file_path))
    groups = [
        group
        for _, tasks in groupby(small, _partition)
        for group in _packed(tasks, sizes.target)
        if len(group) >= sizes.fewest
    ]
    return list(_at_most(groups, sizes.most))


def rewrite(table: IcebergTable, tasks: Sequence[FileScanTask], to: str) -> Rewritten:
    """Writes the rows of `tasks` to `to`-00000.parquet (and on, where one is full), which is not the table's yet.

    Raises InfrastructureError when there are not as many rows in it as in them.
    """
    written = files.rewrite(table, [files.Rows(task) for task in tasks], to)
    partition = tasks[0].file.partition
    made = tuple(data_file(table.io, table.metadata, uri, partition=partition) for uri in written)
    wanted, found = sum(task.file.record_count for task in tasks), sum(file.record_count for file in made)
    if found != wanted:
        raise InfrastructureError(f"{wanted} rows were to be rewritten, {found} were")
    return Rewritten(made, tuple(task.file for task in tasks))


def _partition(task: FileScanTask) -> str:
    return repr(task.file.partition)


def _packed(tasks: Iterable[FileScanTask], target: int) -> Iterator[tuple[FileScanTask, ...]]:
    group: list[FileScanTask] = []
    room = target
    for task in tasks:
        if task.file.file_size_in_bytes > room and group:
            yield tuple(group)
            group, room = [], target
        group.append(task)
        room -= task.file.file_size_in_bytes
    if group:
        yield tuple(group)


def _at_most(groups: Iterable[tuple[FileScanTask, ...]], room: int) -> Iterator[tuple[FileScanTask, ...]]:
    for group in groups:
        room -= sum(task.file.file_size_in_bytes for task in group)
        if room < 0:
            return
        yield group
