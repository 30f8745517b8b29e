"""What one caller's questions are read with: the names, values and relationships of the products that they may read.

Built once for each (knowledge, readable) from contracts and profiles; nothing that is not readable is in it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from datamesh.ask.intent import AttrKind, Edge
from datamesh.ask.joins import Graph
from datamesh.ask.lexicon.english import LABEL_WORDS, PERSONS
from datamesh.ask.values import Hit, ValueIndex
from datamesh.ask.words import name_words, stem, stems, value_key
from datamesh.contract.model import Column, Contract, Relationship, Table
from datamesh.contract.profile import ColumnProfile
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["ColumnView", "TableView", "Target", "Vocabulary", "build", "mesh_name"]

_KINDS: Mapping[str, AttrKind] = {
    "string": "text",
    "boolean": "boolean",
    "integer": "number",
    "number": "number",
    "decimal": "number",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "time": "time",
}
_NUMERIC = re.compile(r"[+-]?\d+(?:\.\d+)?$")
_TAILS = frozenset(("code", "id", "name", "number", "value", "type", "description", "detail"))
Stems = tuple[str, ...]
_RATHER_A_THING = 0.8
_NOT_THE_ID = 0.5
_ID = ("id",)
_NAME = (stem("name"),)
_CALLED = 0.2  # what a thing is called by is its name, whatever the column is called


@dataclass(frozen=True)
class ColumnView:
    """A column or measure as questions see it. `whole`: all of its values are in the index."""

    table: str
    name: str
    kind: AttrKind
    label: str
    words: Stems
    synonyms: tuple[Stems, ...] = ()
    unique: bool = False
    whole: bool = False
    number_text: bool = False
    dimension: bool = False  # said to be one in the contract: grouped by, not computed with
    identifies: bool = False  # a key here or elsewhere: a number that nothing is computed with
    no: str | None = None  # of a column of yes and no: its no
    minimum: object = None
    maximum: object = None
    expression: str = ""  # of a measure
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)  # enum value to its label

    @property
    def numeric(self) -> bool:
        return self.kind == "number" or self.number_text

    @property
    def counts(self) -> bool:
        """Whether it is a number that can be compared and computed with."""
        return self.numeric and not self.identifies

    @property
    def all_words(self) -> frozenset[str]:
        return frozenset(self.words).union(*self.synonyms, stems(" ".join(name_words(self.name))))


@dataclass(frozen=True)
class TableView:
    """A table: its nouns, its columns by name, how a row of it is shown, and which columns make up its calendar."""

    name: str
    label: str
    nouns: tuple[Stems, ...]
    columns: Mapping[str, ColumnView] = field(hash=False)
    measures: Mapping[str, ColumnView] = field(hash=False)
    key: tuple[str, ...]
    shown_by: tuple[str, ...]
    foreign: Mapping[str, str] = field(hash=False)  # key column to the table it leads to
    calendar: Mapping[str, str] = field(hash=False)  # year, month, day to the column that holds it

    @property
    def dates(self) -> list[ColumnView]:
        return [c for c in self.columns.values() if c.kind in ("date", "timestamp", "timestamptz")]


@dataclass(frozen=True)
class Target:
    """Something of the schema that words may mean, and what believing so costs."""

    kind: Literal["table", "column", "measure"]
    table: str
    name: str
    cost: float
    qualified: bool = False  # the words named the table, too


@dataclass
class Vocabulary:
    tables: dict[str, TableView] = field(default_factory=dict)
    names: dict[Stems, list[Target]] = field(default_factory=dict)
    values: ValueIndex = field(default_factory=ValueIndex)
    graph: Graph = field(default_factory=Graph)
    longest: int = 1
    spoken: set[str] = field(default_factory=set)  # the words of all names as they are written
    answerable: dict[str, bool] = field(default_factory=dict)  # suggestions tried so far

    def column(self, table: str, name: str) -> ColumnView:
        view = self.tables[table]
        return view.columns.get(name) or view.measures[name]

    def add_name(self, words: Stems, target: Target) -> None:
        if not words:
            return
        known = self.names.setdefault(words, [])
        same = [t for t in known if (t.kind, t.table, t.name) == (target.kind, target.table, target.name)]
        if same and same[0].cost <= target.cost:
            return
        known[:] = sorted([t for t in known if t not in same] + [target], key=lambda t: (t.cost, t.table, t.name))
        self.longest = max(self.longest, len(words))


def mesh_name(contract: Contract, table: Table) -> str:
    """`domain.product`; of a contract of several tables, `domain.table`."""
    return contract.name if len(contract.tables) == 1 else f"{contract.domain}.{table.name}"


def build(knowledge: Knowledge, readable: Mapping[str, tuple[str, ...]]) -> Vocabulary:
    """The vocabulary of `readable`: table name to the columns that may be read of it."""
    vocabulary = Vocabulary()
    found = [
        (mesh_name(product.contract, table), product, table)
        for product in knowledge.products.values()
        for table in product.contract.tables
    ]
    mine = [(name, product, table) for name, product, table in found if readable.get(name)]
    homes = {(p.contract.domain, p.contract.product, table.name): name for name, p, table in mine}
    for name, product, table in mine:
        permitted = frozenset(readable[name])
        edges = list(_edges(table, permitted, homes, readable))
        vocabulary.tables[name] = _table_view(name, product, table, permitted, edges)
        for edge in edges:
            keys = {table.primary_key, *((c.name,) for c in table.columns if c.unique)}
            vocabulary.graph.add(
                name, edge, unique=tuple(sorted(edge.columns)) in {tuple(sorted(k)) for k in keys if k}
            )
    for view in vocabulary.tables.values():
        _name_table(vocabulary, view)
    _prefer_things(vocabulary)
    for name, product, table in mine:
        _index_values(vocabulary, name, product, table)
    return vocabulary


def _edges(
    table: Table,
    permitted: frozenset[str],
    homes: Mapping[tuple[str, str, str], str],
    readable: Mapping[str, tuple[str, ...]],
) -> Iterator[Edge]:
    rivals = Counter(_home(relationship, homes) for relationship in table.relationships)
    for relationship in table.relationships:
        to = _home(relationship, homes)
        if to and permitted.issuperset(relationship.columns) and set(readable[to]).issuperset(relationship.to_columns):
            yield Edge(
                to=to,
                columns=relationship.columns,
                to_columns=relationship.to_columns,
                relationship=relationship.name,
                role=_role(table, relationship) if rivals[to] > 1 else "",
            )


def _role(table: Table, relationship: Relationship) -> str:
    """What the key is called: several ways lead to the same thing, and this tells them apart."""
    columns = [column for column in table.columns if column.name in relationship.columns]
    return " and ".join(column.business_name or " ".join(name_words(column.name)) for column in columns)


def _home(relationship: Relationship, homes: Mapping[tuple[str, str, str], str]) -> str:
    to = relationship.to
    return homes.get((to.domain, to.product, to.table), "")


def _table_view(
    name: str, product: ProductKnowledge, table: Table, permitted: frozenset[str], edges: list[Edge]
) -> TableView:
    nouns = _nouns(product.contract, table)
    profiles = _profiles(product, name)
    keys = frozenset(table.primary_key).union(*(edge.columns for edge in edges))
    columns = {
        column.name: _column_view(name, column, profiles.get(column.name), table.primary_key, keys)
        for column in table.columns
        if column.name in permitted
    }
    measures = {m.name: _measure_view(name, m) for m in table.measures if _readable_measure(m, permitted)}
    foreign = {edge.columns[0]: edge.to for edge in edges if len(edge.columns) == 1}
    key = table.primary_key if permitted.issuperset(table.primary_key) else ()
    return TableView(
        name=name,
        label=table.business_name or " ".join(name_words(table.name)),
        nouns=nouns,
        columns=columns,
        measures=measures,
        key=key,
        shown_by=_shown_by(columns, nouns, key, foreign),
        foreign=foreign,
        calendar=_calendar(columns),
    )


def _nouns(contract: Contract, table: Table) -> tuple[Stems, ...]:
    names = [table.business_name, " ".join(name_words(table.name)), *table.synonyms]
    if len(contract.tables) == 1:
        names.append(" ".join(name_words(contract.product)))
    return tuple(dict.fromkeys(words for name in names if (words := stems(name))))


def _profiles(product: ProductKnowledge, table: str) -> dict[str, ColumnProfile]:
    """A profile of several tables names its columns `table.column`."""
    if product.profile is None:
        return {}
    prefix = table.rpartition(".")[2] + "."
    return {column.name.removeprefix(prefix): column for column in product.profile.columns}


def _column_view(
    table: str, column: Column, profile: ColumnProfile | None, key: tuple[str, ...], keys: frozenset[str]
) -> ColumnView:
    label = column.business_name or " ".join(name_words(column.name))
    values = profile.values if profile else None
    text = column.type.kind == "string"
    return ColumnView(
        table=table,
        name=column.name,
        kind=_KINDS.get(column.type.kind, "text"),
        label=label,
        words=stems(label),
        synonyms=tuple(stems(s) for s in column.synonyms),
        unique=column.unique or key == (column.name,),
        whole=values is not None,
        dimension=column.semantic_type == "dimension",
        identifies=column.name in keys or stems(label)[-1:] == ("id",),
        number_text=text and bool(values) and all(_NUMERIC.match(v.strip()) for v in values or () if v.strip()),
        no=_no(values) if text else None,
        minimum=profile.minimum if profile else None,
        maximum=profile.maximum if profile else None,
        labels={str(e.value): e.label for e in column.enum if e.label},
    )


def _no(values: tuple[str, ...] | None) -> str | None:
    folded = {value.strip().lower(): value for value in values or ()}
    for yes, no in (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f")):
        if no in folded and folded.keys() <= {yes, no}:
            return folded[no]
    return None


def _measure_view(table: str, measure: Column) -> ColumnView:
    label = measure.business_name or " ".join(name_words(measure.name))
    return ColumnView(
        table=table,
        name=measure.name,
        kind="number",
        label=label,
        words=stems(label),
        synonyms=tuple(stems(s) for s in measure.synonyms),
        expression=measure.transform_logic,
    )


def _readable_measure(measure: Column, permitted: frozenset[str]) -> bool:
    """An aggregate whose every column may be read; one that cannot be parsed is left alone."""
    try:
        tree = parse_one(measure.transform_logic, read="duckdb")
    except SqlglotError:
        return False
    folded = {name.lower() for name in permitted}
    columns = {column.name.lower() for column in tree.find_all(exp.Column)}
    return tree.find(exp.AggFunc) is not None and columns <= folded


def _shown_by(
    columns: Mapping[str, ColumnView], nouns: tuple[Stems, ...], key: tuple[str, ...], foreign: Mapping[str, str]
) -> tuple[str, ...]:
    """What a row is called: the column with the table's own noun, its name or title, a person's two names, its key."""
    text = {name: c for name, c in columns.items() if c.kind == "text" and not c.number_text}
    rests = {name: _rest(c.words, nouns) for name, c in text.items() if name not in foreign}
    for wanted in (lambda rest, c: c.words in nouns, lambda rest, c: rest in [(stem(w),) for w in LABEL_WORDS]):
        found = [name for name, rest in rests.items() if wanted(rest, text[name])]
        if len(found) == 1:
            return (found[0],)
    pairs = [tuple(_person(text, part) for part in pair) for pair in PERSONS]
    for first, last in pairs:
        if first and last:
            return (first, last)
    tails = [name for name in rests if text[name].words[-1:] in [(stem(w),) for w in LABEL_WORDS]]
    return (tails[0],) if len(tails) == 1 else key


def _person(columns: Mapping[str, ColumnView], part: str) -> str:
    wanted = ((stem(part), "name"), (f"{part}name",), (stem(f"{part}name"),))
    found = [name for name, c in columns.items() if c.words in wanted or stems(" ".join(name_words(name))) in wanted]
    return found[0] if len(found) == 1 else ""


def _rest(words: Stems, nouns: Iterable[Stems]) -> Stems:
    """A column's words without the table's: airport name of airports is its name."""
    for noun in sorted(nouns, key=len, reverse=True):
        for part in (noun, noun[-1:]):
            if len(words) > len(part) and words[: len(part)] == part:
                return words[len(part) :]
    return words


def _calendar(columns: Mapping[str, ColumnView]) -> dict[str, str]:
    """Whole-number columns that hold the parts of a date: in a table's own local time, whatever its instants say."""
    parts = {"year": ("year",), "month": ("month",), "day": ("day", "day of month", "day of the month")}
    found: dict[str, str] = {}
    for part, names in parts.items():
        wanted = {stems(name) for name in names}
        fitting = [c.name for c in columns.values() if c.kind == "number" and {c.words, stems(c.name)} & wanted]
        if len(fitting) == 1:
            found[part] = fitting[0]
    return found


def _name_table(vocabulary: Vocabulary, view: TableView) -> None:
    for column in (*view.columns.values(), *view.measures.values()):
        vocabulary.spoken.update(value_key(column.label).split(), name_words(column.name))
    for noun in view.nouns:
        vocabulary.add_name(noun, Target("table", view.name, "", 0.0))
        if len(noun) > 1:
            vocabulary.add_name(noun[-1:], Target("table", view.name, "", 0.6))
        said = tuple(word for word in noun if word not in _SHELL_STEMS)
        if said != noun:
            vocabulary.add_name(said, Target("table", view.name, "", 0.2))
    for column in view.columns.values():
        for words, cost, qualified in _phrases(column, view.nouns):
            if words in view.nouns and not _may_share_noun(view, column):
                continue
            if words == _ID and view.key != (column.name,):
                cost += _NOT_THE_ID
            vocabulary.add_name(words, Target("column", view.name, column.name, cost, qualified))
    if len(view.shown_by) == 1 and view.shown_by != view.key:
        for words in (_NAME, *(noun + _NAME for noun in view.nouns)):
            vocabulary.add_name(words, Target("column", view.name, view.shown_by[0], _CALLED, words != _NAME))
    for measure in view.measures.values():
        for words in (measure.words, *measure.synonyms, stems(" ".join(name_words(measure.name)))):
            vocabulary.add_name(words, Target("measure", view.name, measure.name, 0.0))


def _prefer_things(vocabulary: Vocabulary) -> None:
    """What is just the noun of a table is less likely to be part of another name."""
    for targets in vocabulary.names.values():
        if any(t.kind == "table" and not t.cost for t in targets):
            doubtful = [replace(t, cost=t.cost + _RATHER_A_THING) if t.cost >= 0.3 else t for t in targets]
            targets[:] = sorted(doubtful, key=lambda t: (t.cost, t.table, t.name))


def _may_share_noun(view: TableView, column: ColumnView) -> bool:
    """Whether the table's own noun may mean a column of it, too: what a row is called by, or how many it stands for."""
    named = column.name in view.shown_by and view.shown_by != view.key
    return named or (column.kind == "number" and column.name not in view.key)


def _phrases(column: ColumnView, nouns: tuple[Stems, ...]) -> Iterator[tuple[Stems, float, bool]]:
    """What a column may be called, what each form costs, and whether it names the table."""
    full = dict.fromkeys((column.words, stems(" ".join(name_words(column.name))), *column.synonyms))
    for words in full:
        yield words, 0.0, _rest(words, nouns) != words
        if words[:1] == (stem("number"),) and "of" not in words:
            yield (words[0], "of", *words[1:]), 0.0, False
        short = _rest(words, nouns)
        yield short, 0.1, False
        for noun in nouns:
            yield noun + short, 0.05, True
            yield noun[-1:] + short, 0.1, True
        if len(short) > 1:
            yield short[-1:], 0.6, False
            if short[-1] in _TAILS_STEMS:
                yield short[:-1], 0.4, False
                for noun in nouns:
                    yield noun[-1:] + short[:-1], 0.45, True
        if "of" in short[1:]:
            yield short[: short.index("of")], 0.4, False


_SHELL_STEMS = frozenset(stem(word) for word in "detail information info list table data ref tbl dim fact".split())
_TAILS_STEMS = frozenset(stem(word) for word in _TAILS)


def _index_values(vocabulary: Vocabulary, name: str, product: ProductKnowledge, table: Table) -> None:
    profiles = _profiles(product, name)
    for column in table.columns:
        if column.name not in vocabulary.tables[name].columns:
            continue
        for entry in column.enum:
            if entry.value is not None:
                shown = str(entry.value)
                for text in (entry.label, shown if column.type.kind == "string" else ""):
                    vocabulary.values.add(text, Hit(name, column.name, entry.value, entry.label or shown))
        profile = profiles.get(column.name)
        labels = vocabulary.tables[name].columns[column.name].labels
        for value in (profile.values if profile else None) or ():
            vocabulary.values.add(value, Hit(name, column.name, value, labels.get(value, value)))
