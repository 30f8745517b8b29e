"""Tables and columns as questions see them: what they are called, what they hold, what a row is known by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from datamesh.ask.intent import DATED, AttrKind, Edge
from datamesh.ask.lexicon.english import LABEL_WORDS, PERSONS, SHELL_WORDS
from datamesh.ask.names.kinship import kin_of, role_of
from datamesh.ask.names.words import in_words, stem, stems
from datamesh.contract.model import Column, Table
from datamesh.contract.profile import ColumnProfile

__all__ = ["ColumnView", "Stems", "TableView", "label_of", "nouns_of", "rest", "table_view", "with_cores"]

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
_CALENDAR = {"year": ("year",), "month": ("month",), "day": ("day", "day of month", "day of the month")}
_YES_NO = (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"))
_SHELLS = frozenset(stem(word) for word in SHELL_WORDS)
_LABELS = tuple((stem(word),) for word in LABEL_WORDS)
_CODES = tuple((stem(word),) for word in ("code", "number"))
Stems = tuple[str, ...]


@dataclass(frozen=True)
class ColumnView:
    """A column, or a measure with its `expression`. `minimum` and `maximum` are of its profile, if it has one."""

    table: str
    name: str
    kind: AttrKind
    label: str
    words: Stems
    synonyms: tuple[Stems, ...] = ()
    unique: bool = False
    number_text: bool = False  # text that holds numbers, and is computed with as such
    dimension: bool = False  # said to be one in the contract: grouped by, not computed with
    identifies: bool = False  # a key here or elsewhere: a number that nothing is computed with
    no: str | bool | None = None  # the value that says no
    minimum: object = None
    maximum: object = None
    distinct: int | None = None  # different values, at least; by its profile
    filled: bool = False  # no row lacks it; by its profile
    expression: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)  # enum value to its label

    @property
    def numeric(self) -> bool:
        return self.kind == "number" or self.number_text

    @property
    def counts(self) -> bool:
        """Whether it is a number that can be compared and computed with."""
        return self.numeric and not self.identifies

    @property
    def dated(self) -> bool:
        return self.kind in DATED

    @property
    def holds(self) -> frozenset[str]:
        """What kinds of things its values are, as words for them go: number, year, date, time, text."""
        found = {"number"} if self.counts else {"text"} if self.kind == "text" else set()
        if self.dated:
            found |= {"date", "time"}
        if self.kind == "time":
            found.add("time")
        if self.counts and _year(self.minimum) and _year(self.maximum):
            found.add("year")
        return frozenset(found)

    @property
    def spelt(self) -> tuple[Stems, ...]:
        """Its label and its name."""
        return self.words, stems(in_words(self.name))

    @property
    def all_words(self) -> frozenset[str]:
        return frozenset().union(*self.spelt, *self.synonyms)


@dataclass(frozen=True)
class TableView:
    """A table. `shown_by`: the columns that a row is called by; `person`: those of first and last name; `foreign`: key
    column to the table that it leads to; `calendar`: year, month, day to their columns, in the time of the place;
    `kin`: where a row says what one thing is to another of its kind, the keys of the one and of what it has (a friend);
    `code`: the column of its own code, which need not be of one row only.
    """

    name: str
    label: str
    nouns: tuple[Stems, ...]
    columns: Mapping[str, ColumnView] = field(hash=False)
    measures: Mapping[str, ColumnView] = field(hash=False)
    key: tuple[str, ...]
    shown_by: tuple[str, ...]
    foreign: Mapping[str, str] = field(hash=False)
    calendar: Mapping[str, str] = field(hash=False)
    person: tuple[str, ...] = ()
    kin: tuple[str, str] | None = None
    code: tuple[str, ...] = ()


def table_view(
    name: str, table: Table, *, permitted: frozenset[str], edges: Sequence[Edge], profiles: Mapping[str, ColumnProfile]
) -> TableView:
    """What `permitted` shows of a table; `edges` are the relationships that may be walked from it.

    Objects, arrays and maps are for SQL: questions have no words for what is inside.
    """
    nouns = tuple(dict.fromkeys(words for said in nouns_of(name, table) if (words := stems(said))))
    keys = frozenset(table.primary_key).union(*(edge.columns for edge in edges))
    columns = {
        column.name: _column_view(name, table, column, column.name in keys, profiles.get(column.name))
        for column in table.columns
        if column.name in permitted and not column.type.nested
    }
    foreign = {edge.columns[0]: edge.to for edge in edges if len(edge.columns) == 1}
    kin = kin_of(name, table.primary_key, edges)
    nouns = tuple(dict.fromkeys((*nouns, role_of(kin[1])))) if kin else nouns
    own = [column for column in columns.values() if column.name not in foreign]
    key = table.primary_key if permitted.issuperset(table.primary_key) else ()
    return TableView(
        name=name,
        label=table.business_name or in_words(table.name),
        nouns=nouns,
        columns=columns,
        measures={m.name: _measure_view(name, m) for m in table.measures if _readable(m, permitted)},
        key=key,
        shown_by=_shown_by(own, with_cores(nouns)) or key,
        foreign=foreign,
        calendar=_calendar(columns.values()),
        person=next(iter(_persons(columns.values())), ()),
        kin=kin,
        code=_own_code(own, nouns),
    )


def nouns_of(name: str, table: Table) -> list[str]:
    """What a table is called in its contract and in the mesh."""
    return [table.business_name, in_words(table.name), in_words(name.rpartition(".")[2]), *table.synonyms]


def label_of(column: Column) -> str:
    return column.business_name or in_words(column.name)


def _column_view(table: str, of: Table, column: Column, key: bool, profile: ColumnProfile | None) -> ColumnView:
    words = stems(label_of(column))
    values = profile.values if profile and column.type.kind == "string" else None
    return ColumnView(
        table=table,
        name=column.name,
        kind=_KINDS.get(column.type.kind, "text"),
        label=label_of(column),
        words=words,
        synonyms=tuple(stems(synonym) for synonym in column.synonyms),
        unique=column.unique or of.primary_key == (column.name,),
        number_text=bool(profile and column.type.kind == "string" and profile.holds_numbers),
        dimension=column.semantic_type == "dimension",
        identifies=key or words[-1:] == ("id",),
        no=False if column.type.kind == "boolean" else _no(values or ()),
        minimum=profile.minimum if profile else None,
        maximum=profile.maximum if profile else None,
        distinct=profile.distinct if profile else None,
        filled=profile is not None and profile.distinct is not None and not profile.nulls,
        labels={str(entry.value): entry.label for entry in column.enum if entry.label},
    )


def _year(value: object) -> bool:
    """Whether a number, or a text of one, may be a year's."""
    try:
        return 1000 <= float(str(value)) < 2200
    except ValueError:
        return False


def _no(values: tuple[str, ...]) -> str | None:
    """The value that says that it is not there: a plain no, or the other one of a pair."""
    folded = {value.strip().lower(): value for value in values}
    pair = next((folded[no] for yes, no in _YES_NO if no in folded and folded.keys() <= {yes, no}), None)
    return pair or folded.get("no")


def _measure_view(table: str, measure: Column) -> ColumnView:
    return ColumnView(
        table=table,
        name=measure.name,
        kind="number",
        label=label_of(measure),
        words=stems(label_of(measure)),
        synonyms=tuple(stems(synonym) for synonym in measure.synonyms),
        expression=measure.transform_logic,
    )


def _readable(measure: Column, permitted: frozenset[str]) -> bool:
    """An aggregate whose every column may be read; one that cannot be parsed is left alone."""
    try:
        tree = parse_one(measure.transform_logic, read="duckdb")
    except SqlglotError:
        return False
    folded = {name.lower() for name in permitted}
    return tree.find(exp.AggFunc) is not None and all(c.name.lower() in folded for c in tree.find_all(exp.Column))


def _shown_by(columns: Iterable[ColumnView], nouns: tuple[Stems, ...]) -> tuple[str, ...]:
    """The column with the table's own noun; its name or title; a person's two names; the one that ends in name; its
    initial and name: bname of a bank."""
    texts = [column for column in columns if column.kind == "text"]
    own = [c.name for c in texts if c.words in nouns and not c.number_text]
    named = [[c.name for c in texts if rest(c.words, nouns) == label] for label in _LABELS]
    ending = [c.name for c in texts if c.words[-1:] in _LABELS]
    persons = _persons(texts)
    for found in (own, *named):
        if len(found) == 1:
            return (found[0],)
    if persons or len(ending) == 1:
        return persons[0] if persons else tuple(ending)
    initials = {(stem(f"{noun[0][0]}name"),) for noun in nouns}
    short = [c.name for c in texts if c.words in initials]
    return tuple(short) if len(short) == 1 else ()


def _own_code(columns: Iterable[ColumnView], nouns: tuple[Stems, ...]) -> tuple[str, ...]:
    """The channel code of customer contact channels."""
    found = tuple(c.name for c in columns if rest(c.words, nouns) in _CODES)
    return found if len(found) == 1 else ()


def _persons(columns: Iterable[ColumnView]) -> list[tuple[str, ...]]:
    texts = [column for column in columns if column.kind == "text"]
    return [pair for parts in PERSONS if len(pair := tuple(n for p in parts for n in _person(texts, p))) == 2]


def _person(columns: Iterable[ColumnView], part: str) -> list[str]:
    wanted = ((stem(part), "name"), (stem(f"{part}name"),))
    found = [c.name for c in columns if any(said in wanted for said in c.spelt)]
    found = found or [c.name for c in columns if c.words[-2:] in wanted]
    return found if len(found) == 1 else []


def _calendar(columns: Iterable[ColumnView]) -> dict[str, str]:
    """Whole-number columns that hold the parts of a date."""
    found: dict[str, str] = {}
    for part, names in _CALENDAR.items():
        wanted = {stems(name) for name in names}
        fitting = [c.name for c in columns if c.kind == "number" and {c.words, stems(c.name)} & wanted]
        if len(fitting) == 1:
            found[part] = fitting[0]
    return found


def with_cores(nouns: tuple[Stems, ...]) -> tuple[Stems, ...]:
    """The nouns, and each without what only says that it is a table: festival, of festival detail."""
    cores = (tuple(word for word in noun if word not in _SHELLS) for noun in nouns)
    return tuple(dict.fromkeys([*nouns, *(core for core in cores if core)]))


def rest(words: Stems, nouns: Iterable[Stems]) -> Stems:
    """A column's words without the table's: airport name of airports is its name."""
    for noun in sorted(nouns, key=len, reverse=True):
        for part in (noun, noun[-1:]):
            if len(words) > len(part) and words[: len(part)] == part:
                return words[len(part) :]
    return words
