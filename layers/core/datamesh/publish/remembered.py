"""What profiles say of tables that are published: less than their rows would, and all that is kept of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from datamesh.contract.evidence import Contained, Place
from datamesh.contract.infer import Facts
from datamesh.contract.model import Table
from datamesh.contract.profile import ColumnProfile, Profile
from datamesh.engine.duck import Connection, identifier
from datamesh.publish import facts as counts

__all__ = ["Remembered"]


@dataclass(frozen=True)
class Remembered:
    """Evidence of profiles, by the tables' mesh names.

    Values are known of texts that have few of them. Of whole numbers there are bounds, which say as much where a key
    has every number between its own.
    """

    con: Connection
    tables: Mapping[str, Table]
    profiles: Mapping[str, Profile]

    def profile(self, table: str) -> Profile | None:
        return self.profiles.get(table)

    def facts(self, table: str, column: str) -> Facts | None:
        """Each different value counts once."""
        known = self._column(Place(table, (column,)))
        if known is None or known.values is None:
            return None
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE known ({identifier(column)} VARCHAR)")
        if known.values:
            self.con.executemany("INSERT INTO known VALUES (?)", [(value,) for value in known.values])
        return counts.facts_of(self.con, "known", column, source=column, kind="")

    def unique(self, place: Place) -> bool:
        """A primary key is, or its rows were not published."""
        table, known = self.tables.get(place.table), self._column(place)
        if table and set(table.primary_key) == set(place.columns):
            return True
        if known is None or known.values is None:
            return False
        return not known.nulls and known.distinct == self.profiles[place.table].rows > 0

    def contained(self, near: Place, far: Place) -> Contained | None:
        mine, theirs = self._column(near), self._column(far)
        if mine is None or theirs is None:
            return None
        if mine.values is not None and theirs.values is not None:
            known = set(theirs.values)
            return Contained(len(mine.values), sum(value in known for value in mine.values))
        return self._within(mine, theirs, far)

    def _within(self, mine: ColumnProfile, theirs: ColumnProfile, far: Place) -> Contained | None:
        """All of them, where the key leaves no number out between its bounds."""
        ends = (mine.minimum, mine.maximum, theirs.minimum, theirs.maximum)
        rows = self.profiles[far.table].rows
        if not all(type(end) is int for end in ends) or not mine.distinct or not self.unique(far):
            return None
        dense = theirs.maximum - theirs.minimum + 1 == rows
        inside = theirs.minimum <= mine.minimum <= mine.maximum <= theirs.maximum
        return Contained(mine.distinct, mine.distinct) if dense and inside else None

    def _column(self, place: Place) -> ColumnProfile | None:
        profile = self.profiles.get(place.table)
        return profile.column(place.columns[0]) if profile and len(place.columns) == 1 else None
