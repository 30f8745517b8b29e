"""What one caller's questions are read with: the names, values and relationships of the products that they may read.

Built once for each (knowledge, readable) from contracts and profiles; nothing that is not readable is in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from datamesh.ask.intent import Edge
from datamesh.ask.joins import Graph
from datamesh.ask.naming import Names
from datamesh.ask.values import Hit, ValueIndex
from datamesh.ask.views import ColumnView, TableView, label_of, table_view
from datamesh.contract.model import Column, Contract, Relationship, Table
from datamesh.contract.profile import ColumnProfile
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["Vocabulary", "build", "mesh_name"]


@dataclass
class Vocabulary:
    tables: dict[str, TableView] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    values: ValueIndex = field(default_factory=ValueIndex)
    graph: Graph = field(default_factory=Graph)
    answerable: dict[str, bool] = field(default_factory=dict)  # suggestions that were tried, and whether they work

    def column(self, table: str, name: str) -> ColumnView:
        """A column or measure."""
        view = self.tables[table]
        return view.columns.get(name) or view.measures[name]


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
        return {c.name.removeprefix(f"{self.table.name}."): c for c in profile.columns} if profile else {}


Homes = Mapping[tuple[str, str, str], _Source]  # (domain, product, table) of a reference to the table


def mesh_name(contract: Contract, table: Table) -> str:
    """`domain.product`; of a contract of several tables, `domain.table`."""
    return contract.name if len(contract.tables) == 1 else f"{contract.domain}.{table.name}"


def build(knowledge: Knowledge, readable: Mapping[str, tuple[str, ...]]) -> Vocabulary:
    """The vocabulary of `readable`: table name to the columns that may be read of it."""
    vocabulary = Vocabulary()
    sources = list(_sources(knowledge, readable))
    homes = {(s.product.contract.domain, s.product.contract.product, s.table.name): s for s in sources}
    for source in sources:
        edges = list(_edges(source, homes))
        view = table_view(
            source.name, source.table, permitted=source.permitted, edges=edges, profiles=source.profiles()
        )
        vocabulary.tables[source.name] = view
        vocabulary.names.add_table(view)
        for edge in edges:
            vocabulary.graph.add(source.name, edge, unique=_unique(source.table, edge.columns))
    vocabulary.names.prefer_things()
    for source in sources:
        _index_values(vocabulary, source)
    return vocabulary


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
            role = _role(table, relationship) if rivals[_key(relationship)] > 1 else ""
            yield Edge(to=home.name, columns=near, to_columns=far, relationship=relationship.name, role=role)


def _key(relationship: Relationship) -> tuple[str, str, str]:
    return relationship.to.domain, relationship.to.product, relationship.to.table


def _role(table: Table, relationship: Relationship) -> str:
    """What the key is called: several ways lead to the same thing, and this tells them apart."""
    return " and ".join(label_of(column) for column in table.columns if column.name in relationship.columns)


def _unique(table: Table, columns: tuple[str, ...]) -> bool:
    keys = [table.primary_key, *((column.name,) for column in table.columns if column.unique)]
    return sorted(columns) in [sorted(key) for key in keys if key]


def _index_values(vocabulary: Vocabulary, source: _Source) -> None:
    """The values of the profile, and those of the contract under their labels."""
    profiles = source.profiles()
    for column in source.table.columns:
        if column.name in source.permitted and not column.type.nested:
            profile = profiles.get(column.name)
            for text, hit in _values(source.name, column, (profile.values if profile else None) or ()):
                vocabulary.values.add(text, hit)


def _values(table: str, column: Column, seen: tuple[str, ...]) -> Iterator[tuple[str, Hit]]:
    labels = {str(entry.value): entry.label for entry in column.enum if entry.label}
    for entry in column.enum:
        if entry.value is not None:
            hit = Hit(table, column.name, entry.value, entry.label or str(entry.value))
            yield entry.label, replace(hit, named=True)
            if column.type.kind == "string":
                yield str(entry.value), hit
    for value in seen:
        yield value, Hit(table, column.name, value, labels.get(value, value))
