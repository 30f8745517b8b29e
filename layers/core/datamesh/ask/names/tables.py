"""Tables as a vocabulary holds them: what each is called, made when a question first comes near it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from datamesh.ask.intent import Edge
from datamesh.ask.names.kept import Kept
from datamesh.ask.names.naming import Names
from datamesh.ask.names.views import TableView, label_of, nouns_of, table_view
from datamesh.ask.names.words import in_words, stems
from datamesh.contract.model import Column, Table
from datamesh.contract.profile import ColumnProfile, Profile

__all__ = ["Part", "Tables", "part_of"]


class Part:
    """What one table, seen with some of its columns and edges, gives to a vocabulary."""

    def __init__(self, make: Callable[[], TableView], words: Callable[[], frozenset[str]], source: object) -> None:
        self._make = make
        self._words = words
        self._source = source  # kept, so that what it is known by stays its own

    @cached_property
    def view(self) -> TableView:
        return self._make()

    @cached_property
    def names(self) -> Names:
        names = Names()
        names.add_table(self.view)
        return names

    @cached_property
    def names_at_home(self) -> Names:
        """With the domain before the nouns."""
        names = Names()
        names.add_table(self.view)
        names.add_domain(self.view)
        return names

    @cached_property
    def words(self) -> frozenset[str]:
        """Every stem of its names and of its columns' names."""
        return self._words()


class Tables(Mapping[str, TableView]):
    """Table views by mesh name, each made when it is asked for."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self.parts = parts

    def __getitem__(self, name: str) -> TableView:
        return self.parts[name].view

    def __iter__(self) -> Iterator[str]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    def postings(self) -> dict[str, tuple[str, ...]]:
        """Stem to the tables that have it."""
        found: dict[str, list[str]] = {}
        for name, part in self.parts.items():
            for word in part.words:
                found.setdefault(word, []).append(name)
        return {word: tuple(names) for word, names in found.items()}


_PARTS: Kept[Part] = Kept(4_000)  # tables, as callers see them


def part_of(
    name: str,
    table: Table,
    profile: Profile | None,
    permitted: frozenset[str],
    edges: tuple[Edge, ...],
    *,
    profiles: Callable[[], Mapping[str, ColumnProfile]],
) -> Part:
    """The part of `table` under its mesh name: the same one for all who see the same of one contract and profile."""

    def view() -> TableView:
        return table_view(name, table, permitted=permitted, edges=edges, profiles=profiles())

    key = (name, id(table), id(profile), permitted, edges)
    return _PARTS.get(key, lambda: Part(view, lambda: _words(name, table, permitted), (table, profile)))


def _words(name: str, table: Table, permitted: frozenset[str]) -> frozenset[str]:
    said = nouns_of(name, table)
    for column in (*(c for c in table.columns if c.name in permitted), *table.measures):
        said += _called(column)
    return frozenset(word for phrase in said for word in stems(phrase))


def _called(column: Column) -> list[str]:
    return [label_of(column), in_words(column.name), *column.synonyms]
