"""What a staging works with: files, the groups that are read together, and what a pass over a group left behind."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from datamesh.contract.model import Relationship, Table
from datamesh.engine.duck import Connection, connect
from datamesh.lake.schema import FieldIds
from datamesh.publish.reading import Layout
from datamesh.publish.rules import Rule

__all__ = ["DEFAULT_ENGINE", "Engine", "Group", "InputFile", "Job", "Passed", "Target", "groups_of"]


@dataclass(frozen=True)
class Engine:
    """What DuckDB may use. Memory in megabytes; what needs more is spilled to the work directory.

    `until` (of time.monotonic) is when all work must have ended: before the function's own time does.
    """

    memory_mb: int = 1_024
    threads: int = 2
    until: float = math.inf

    @property
    def seconds(self) -> float:
        """What is left of the time, at least a moment."""
        return min(max(self.until - time.monotonic(), 0.001), threading.TIMEOUT_MAX)


DEFAULT_ENGINE = Engine()


@dataclass(frozen=True)
class InputFile:
    """A file to be staged: where it is, what it is called (an S3 key) and how it is written.

    Of one that was mended (mending.py), `rows` says how many there are and `torn` has the text of its torn lines.
    """

    path: Path
    name: str
    layout: Layout
    rows: int | None = None
    torn: Path | None = None


@dataclass(frozen=True)
class Group:
    """Files of one layout, which one statement reads. `order` is each one's place among all files."""

    number: int
    layout: Layout
    files: tuple[InputFile, ...]
    order: tuple[int, ...]

    @property
    def paths(self) -> list[str]:
        return [str(file.path) for file in self.files]


@dataclass(frozen=True)
class Target:
    """What the relationship `to` points at: `keys` is a Parquet file of them, as `k0`, `k1`, ...; None where none are.

    Where it points at its own table, the rows that are staged can be referred to as well.
    """

    to: Relationship
    keys: Path | None = None


@dataclass(frozen=True)
class Job:
    """One staging. `work` is an empty directory; `field_ids` are the Iceberg ids of the table's columns.

    `targets` are of the relationships that are looked at, by rule; `orphans` what was found of them (referring.py).
    """

    table: Table
    rules: tuple[Rule, ...]
    groups: tuple[Group, ...]
    batch_id: str
    work: Path
    engine: Engine
    field_ids: FieldIds
    targets: Mapping[int, Target] = field(default_factory=dict)
    orphans: Mapping[int, Path] = field(default_factory=dict)

    @property
    def apart(self) -> bool:
        """True where each file is staged by itself, for one may replace what another one holds."""
        return self.table.write_mode == "overwritePartitions"

    @property
    def door(self) -> Path:
        """Where rows leave a pass (captured.py)."""
        return self.work / "door"

    @contextmanager
    def connection(self, *, ordered: bool = False, door: bool = False) -> Iterator[Connection]:
        directories = {self.work, *(file.path.parent for group in self.groups for file in group.files)}
        directories |= {target.keys.parent for target in self.targets.values() if target.keys is not None}
        with connect(
            memory_mb=self.engine.memory_mb,
            threads=self.engine.threads,
            temp=self.work / "spill",
            directories=sorted(directories),
            ordered=ordered,
            door=self.door if door else None,
            seconds=self.engine.seconds,
        ) as con:
            yield con


@dataclass(frozen=True)
class Passed:
    """What a pass over a group made. `captured` holds its bad rows (captured.py), `rejects` the lines that are no rows.

    `numbered` says that the bad rows have their number among the rows of the group.
    """

    group: Group
    files: tuple[Path, ...] = ()
    rows_good: int = 0
    captured_rows: int = 0
    captured: Path | None = None
    reject_rows: int = 0
    rejects: Path | None = None
    numbered: bool = False
    rows_superseded: int = 0
    hits: Counter[int] = field(default_factory=Counter)

    @property
    def rows_bad(self) -> int:
        return self.captured_rows + self.reject_rows

    @property
    def rows_in(self) -> int:
        return self.rows_good + self.rows_bad + self.rows_superseded


def groups_of(files: Sequence[InputFile], *, apart: bool = False) -> tuple[Group, ...]:
    """Files of the same layout together, in the order of the files; each by itself where they are to stay `apart`."""
    members: dict[tuple[Layout, int], list[int]] = {}
    for place, file in enumerate(files):
        members.setdefault((file.layout, place if apart else 0), []).append(place)
    return tuple(
        Group(number, layout, tuple(files[i] for i in places), tuple(places))
        for number, ((layout, _), places) in enumerate(members.items())
    )
