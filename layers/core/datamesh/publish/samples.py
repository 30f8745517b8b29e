"""What files say of the tables that contracts promise: read as publishing would, looked at, and thrown away.

Rows that would go to quarantine are left out, and counted. What is counted of columns is counted when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from datamesh.contract.evidence import Contained, Place
from datamesh.contract.infer import Facts
from datamesh.contract.model import Table
from datamesh.contract.profile import Profile
from datamesh.engine.duck import Connection, connect, identifier, literals, one
from datamesh.publish import facts as counts
from datamesh.publish.aside import set_aside
from datamesh.publish.stage import DEFAULT_ENGINE, Engine

__all__ = ["Samples", "samples"]


@dataclass(frozen=True)
class Samples:
    """Evidence of rows in files. `bad` counts the rows of each table that would go to quarantine."""

    con: Connection
    profiles: Mapping[str, Profile]
    relations: Mapping[str, str]
    bad: Mapping[str, int]
    _counted: dict[tuple[Place, Place], Contained] = field(default_factory=dict)

    def profile(self, table: str) -> Profile | None:
        return self.profiles.get(table)

    def facts(self, table: str, column: str) -> Facts | None:
        if table not in self.relations:
            return None
        return counts.facts_of(self.con, self.relations[table], column, source=column, kind="")

    def unique(self, place: Place) -> bool:
        rows = self.profiles[place.table].rows if place.table in self.profiles else 0
        return rows > 0 and counts.distinct(self.con, self.relations[place.table], place.columns) == rows

    def contained(self, near: Place, far: Place) -> Contained | None:
        if near.table not in self.relations or far.table not in self.relations:
            return None
        if (near, far) not in self._counted:
            self._counted[near, far] = self._looked_up(near, far)
        return self._counted[near, far]

    def _looked_up(self, near: Place, far: Place) -> Contained:
        wanted, known = (f"row({', '.join(map(identifier, place.columns))})" for place in (near, far))
        there = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in near.columns)
        source, target = self.relations[near.table], self.relations[far.table]
        (different, found) = one(
            self.con,
            f"SELECT count(*), count(*) FILTER (v IN (SELECT {known} FROM {target}))"
            f" FROM (SELECT DISTINCT {wanted} AS v FROM {source} WHERE {there})",
        )
        return Contained(int(different), int(found))


@contextmanager
def samples(
    tables: Mapping[str, tuple[Table, Sequence[Path]]], *, workdir: Path, engine: Engine = DEFAULT_ENGINE
) -> Iterator[Samples]:
    """The rows of each table's files, by the tables' mesh names, while the context lasts. `workdir` is empty.

    Raises UnreadableInput for a file that publishing would refuse.
    """
    with connect(
        memory_mb=engine.memory_mb, threads=engine.threads, temp=workdir / "spill", directories=[workdir]
    ) as con:
        profiles, relations, bad = {}, {}, {}
        for number, (name, (table, files)) in enumerate(tables.items()):
            staged = set_aside(table, files, name, workdir / f"rows_{number}", engine)
            bad[name] = staged.rows_bad
            if staged.files and staged.profile:
                relations[name], profiles[name] = f"rows_{number}", staged.profile
                source = f"read_parquet([{literals(map(str, staged.files))}])"
                con.execute(f"CREATE VIEW rows_{number} AS SELECT * FROM {source}")
        yield Samples(con, profiles, relations, bad)
