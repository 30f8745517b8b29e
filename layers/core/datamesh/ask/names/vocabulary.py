"""What one caller's questions are read with: the names, values and relationships of the products that they may read.

Built once for each (knowledge, readable) from contracts and profiles; nothing that is not readable is in it. What it
says of one table is made when a question first comes near that table, and shared by all callers who see the same of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count

from datamesh.ask.intent import Edge
from datamesh.ask.names.joins import Graph
from datamesh.ask.names.kinds import says_kind, sexes
from datamesh.ask.names.naming import Names
from datamesh.ask.names.spelling import Spelling
from datamesh.ask.names.tables import Part, Tables, part_of
from datamesh.ask.names.values import Hit, Spot, ValueIndex
from datamesh.ask.names.views import ColumnView, TableView, label_of
from datamesh.ask.names.words import name_words, stem
from datamesh.contract.model import Column, Contract, Relationship, Table
from datamesh.contract.profile import ColumnProfile, keeps_values
from datamesh.registry.knowledge import Knowledge, ProductKnowledge
from datamesh.registry.valuestore import ValueStore

__all__ = ["Vocabulary", "build", "mesh_name"]

_SMALL = 12  # tables of a domain that is read as a whole, related or not


@dataclass
class Vocabulary:
    tables: Mapping[str, TableView] = field(default_factory=dict)
    values: ValueIndex = field(default_factory=ValueIndex)
    graph: Graph = field(default_factory=Graph)
    answerable: dict[str, bool] = field(default_factory=dict)  # suggestions that were tried, and whether they work
    about: frozenset[str] | None = None  # the tables that words may name; None: all of them
    _focused: dict[frozenset[str], Vocabulary] = field(default_factory=dict)

    @cached_property
    def names(self) -> Names:
        """Things are also called by their domain: sales orders."""
        parts = self.tables.parts if isinstance(self.tables, Tables) else {}
        if self.about is None:
            return Names.of(part.names_at_home for part in parts.values())
        return Names.of(parts[name].names_at_home for name in parts if name in self.about)

    @cached_property
    def postings(self) -> Mapping[str, tuple[str, ...]]:
        """Stem to the tables whose names, or whose columns' names, have it."""
        return self.tables.postings() if isinstance(self.tables, Tables) else {}

    @cached_property
    def spelling(self) -> Spelling:
        """All stems of `postings`, by what words of questions may stand for them."""
        return Spelling.of(self.postings)

    @cached_property
    def domains(self) -> Mapping[str, tuple[str, ...]]:
        """Domain to its tables."""
        found: dict[str, list[str]] = {}
        for name in self.tables:
            found.setdefault(_domain(name), []).append(name)
        return {domain: tuple(names) for domain, names in found.items()}

    @cached_property
    def at_home(self) -> Mapping[str, tuple[str, ...]]:
        """Stem to the tables of the domains that are called just so: orders to those of order_2."""
        found: dict[str, tuple[str, ...]] = {}
        for domain, tables in self.domains.items():
            called = [stem(word) for word in name_words(domain) if not word.isdigit()]
            if len(called) == 1:
                found[called[0]] = (*found.get(called[0], ()), *tables)
        return found

    @cached_property
    def islands(self) -> Mapping[str, frozenset[str]]:
        """Table to all tables that are related to it, over whatever others."""
        found: dict[str, frozenset[str]] = {}
        for table in self.tables:
            if table not in found:
                island = self.graph.island(table)
                found |= dict.fromkeys(island, island)
        return found

    @cached_property
    def neighbourhoods(self) -> Mapping[str, frozenset[str]]:
        """Table to all that are related to it; of a small domain, to all of it that are related to no other domain.

        Who has cards and, beside them, customers does not call the cards customers, though no key says whose they are.
        """
        found = dict(self.islands)
        abroad = {t for island in set(self.islands.values()) if len({_domain(t) for t in island}) > 1 for t in island}
        for tables in self.domains.values():
            own = frozenset(tables) - abroad
            if len(own) <= _SMALL:
                found |= dict.fromkeys(own, own)
        return found

    def column(self, table: str, name: str) -> ColumnView:
        """A column or measure."""
        view = self.tables[table]
        return view.columns.get(name) or view.measures[name]

    def label(self, table: str) -> str:
        """What a row of a table is called; of what a query inside a query gives (counts), as that is called there."""
        view = self.tables.get(table)
        return view.label if view else table.rpartition(".")[2]

    def within(self, tables: frozenset[str]) -> Vocabulary:
        """The same schema, of which words may only mean `tables` and what is in them."""
        if tables not in self._focused:
            if len(self._focused) >= _FOCUSED:
                self._focused.clear()
            self._focused[tables] = Vocabulary(
                self.tables, self.values.within(tables), self.graph, self.answerable, tables
            )
        return self._focused[tables]


def _domain(table: str) -> str:
    return table.partition(".")[0]


_FOCUSED = 500  # sets of tables whose names are kept together


@dataclass(frozen=True)
class _Source:
    """A table that may be read, under its mesh name."""

    name: str
    product: ProductKnowledge
    table: Table
    permitted: frozenset[str]

    def profiles(self) -> dict[str, ColumnProfile]:
        """A profile of several tables calls its columns `table.column`."""
        profile = self.product.profile
        return {self.own(c.name): c for c in profile.columns} if profile else {}

    def own(self, name: str) -> str:
        return name.removeprefix(f"{self.table.name}.")


Homes = Mapping[tuple[str, str, str], _Source]  # (domain, product, table) of a reference to the table


def mesh_name(contract: Contract, table: Table) -> str:
    """`domain.product`; of a contract of several tables, `domain.table`."""
    return contract.name if len(contract.tables) == 1 else f"{contract.domain}.{table.name}"


def build(knowledge: Knowledge, readable: Mapping[str, tuple[str, ...]]) -> Vocabulary:
    """The vocabulary of `readable`: table name to the columns that may be read of it."""
    sources = list(_sources(knowledge, readable))
    homes = {(s.product.contract.domain, s.product.contract.product, s.table.name): s for s in sources}
    graph = Graph()
    parts: dict[str, Part] = {}
    for source in sources:
        edges = tuple(_edges(source, homes))
        parts[source.name] = _part(source, edges)
        if _pairs(source.table, edges):
            graph.bridges.add(source.name)
        for edge in edges:
            graph.add(source.name, edge, unique=_unique(source.table, edge.columns))
    return Vocabulary(Tables(parts), _values(sources), graph)


def _part(source: _Source, edges: tuple[Edge, ...]) -> Part:
    return part_of(source.name, source.table, source.product.profile, source.permitted, edges, profiles=source.profiles)


def _sources(knowledge: Knowledge, readable: Mapping[str, tuple[str, ...]]) -> Iterator[_Source]:
    for product in knowledge.products.values():
        for table in product.contract.tables:
            name = mesh_name(product.contract, table)
            if columns := readable.get(name):
                yield _Source(name, product, table, frozenset(columns))


def _edges(source: _Source, homes: Homes) -> Iterator[Edge]:
    """The relationships both of whose ends may be read."""
    table = source.table
    rivals = Counter(_key(relationship) for relationship in table.relationships)
    for relationship in table.relationships:
        home = homes.get(_key(relationship))
        near, far = relationship.columns, relationship.to_columns
        if home and source.permitted.issuperset(near) and home.permitted.issuperset(far):
            told_apart = rivals[_key(relationship)] > 1 or home is source
            role = _role(table, relationship) if told_apart else ""
            yield Edge(to=home.name, columns=near, to_columns=far, relationship=relationship.name, role=role)


def _key(relationship: Relationship) -> tuple[str, str, str]:
    return relationship.to.domain, relationship.to.product, relationship.to.table


def _role(table: Table, relationship: Relationship) -> str:
    """What the key is called: several ways lead to the same thing, and this tells them apart."""
    labels = [label_of(column) for column in table.columns if column.name in relationship.columns]
    return " and ".join(re.sub(r"(?<=\w)[ _]id$", "", label, flags=re.IGNORECASE) for label in labels)


def _pairs(table: Table, edges: tuple[Edge, ...]) -> bool:
    """Whether its rows are known by what they lead to: the stops of lines at stations."""
    keys = {column for edge in edges for column in edge.columns}
    return len(table.primary_key) > 1 and keys >= set(table.primary_key)


def _unique(table: Table, columns: tuple[str, ...]) -> bool:
    keys = [table.primary_key, *((column.name,) for column in table.columns if column.unique)]
    return sorted(columns) in [sorted(key) for key in keys if key]


def _values(sources: list[_Source]) -> ValueIndex:
    """The values that profiles and contracts know of columns that may be read, but not of sensitive ones."""
    index, here, spots = ValueIndex(), ValueStore.in_memory(), count(1)
    for source in sources:
        profiles, held = source.profiles(), source.product.held
        at = {source.own(name): spot for name, spot in held.spots.items()} if held else {}
        for column in source.table.columns:
            if column.name not in source.permitted or column.type.nested:
                continue
            for text, hit in _named(source.name, column):
                index.add(text, hit)
            profile = profiles.get(column.name)
            labels = {str(e.value): e.label for e in column.enum if e.label}
            spot = Spot(source.name, column.name, labels, says_kind(column.name, label_of(column)))
            if not keeps_values(column):
                continue
            for text, value in sexes(column.name, profile.values or () if profile else ()):
                index.add(text, Hit(source.name, column.name, value, value, named=True))
            if held and column.name in at:
                index.hold(held.store, {at[column.name]: spot})
            elif profile and profile.values:
                number = next(spots)
                here.add([(number, profile.values)])
                index.hold(here, {number: spot})
    return index


def _named(table: str, column: Column) -> Iterator[tuple[str, Hit]]:
    """The values that the contract lists, under their labels."""
    for entry in column.enum:
        if entry.value is not None:
            hit = Hit(table, column.name, entry.value, entry.label or str(entry.value))
            yield entry.label, replace(hit, named=True)
            if column.type.kind == "string":
                yield str(entry.value), hit
