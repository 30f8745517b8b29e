"""Where names lead from a place in the schema: a place is a table at the end of a path, and a reading has a cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from datamesh.ask import intent
from datamesh.ask.annotate import Name
from datamesh.ask.joins import Walk
from datamesh.ask.lexicon.english import ADJECTIVES, LABEL_WORDS, ROLES, Tier
from datamesh.ask.read.form import Linked, PredForm, SetForm
from datamesh.ask.vocabulary import ColumnView, TableView, Target, Vocabulary
from datamesh.ask.words import name_words, stem, stems

__all__ = ["Choice", "Schema", "Spot", "cheapest", "every"]

T = TypeVar("T")
_KEPT = 4  # readings of one part that go on
_OTHER_TABLE = 0.2
_WRONG_ROLE = 1.5
_OWNING = frozenset(("of", "for", "in", "from", "among", "across", "on"))
_LABELS = frozenset(stem(word) for word in LABEL_WORDS)


@dataclass(frozen=True)
class Choice(Generic[T]):
    """One meaning of a part of the question, and what it costs to believe it."""

    value: T
    cost: float


@dataclass(frozen=True)
class Spot:
    """A table, as reached from the subject; `trail` are the tables on the way, which no further way leads through."""

    table: str
    path: intent.Path = ()
    trail: frozenset[str] = field(default=frozenset(), compare=False)

    def onward(self, walk: Walk, *, inside: bool = False) -> Spot:
        """The end of a walk from here; `inside` a condition of its own, whose attributes start at that end."""
        trail = self.trail | {self.table} | {edge.to for edge in walk.path}
        return Spot(walk.end, () if inside else self.path + walk.path, trail)

    def may(self, walk: Walk) -> bool:
        return not any(edge.to in self.trail for edge in walk.path)


def cheapest(choices: Iterable[Choice[T]], kept: int = _KEPT) -> list[Choice[T]]:
    """The cheapest, each meaning once."""
    best: dict[T, float] = {}
    for choice in choices:
        best[choice.value] = min(choice.cost, best.get(choice.value, choice.cost))
    ordered = sorted(best.items(), key=lambda found: found[1])
    return [Choice(value, cost) for value, cost in ordered[:kept]]


def every(parts: Sequence[Sequence[Choice[T]]]) -> list[Choice[tuple[T, ...]]]:
    """One choice for each part: the cheapest of all, and those that differ from it in one part."""
    if not all(parts):
        return []
    first = tuple(choices[0].value for choices in parts)
    cost = sum(choices[0].cost for choices in parts)
    found = [Choice(first, cost)]
    for at, choices in enumerate(parts):
        for other in choices[1:]:
            found.append(Choice((*first[:at], other.value, *first[at + 1 :]), cost - choices[0].cost + other.cost))
    return cheapest(found)


@dataclass
class Schema:
    """The vocabulary as a form is resolved against it."""

    vocabulary: Vocabulary
    _roles: dict[tuple[str, tuple[str, ...]], frozenset[str]] = field(default_factory=dict)

    def table(self, name: str) -> TableView:
        return self.vocabulary.tables[name]

    def column(self, table: str, name: str) -> ColumnView:
        return self.vocabulary.column(table, name)

    def walks(self, spot: Spot, table: str) -> list[Walk]:
        """The ways on to a table, not back through where we came from."""
        return [walk for walk in self.vocabulary.graph.walks(spot.table, table) if spot.may(walk)][:_KEPT]

    def spots(self, root: str, table: str) -> list[Choice[Spot]]:
        """Where `table` stands, seen from `root`, walking to one only."""
        walks = self.vocabulary.graph.to_one(root, table)[:_KEPT]
        return [Choice(Spot(root).onward(walk), walk.cost) for walk in walks]

    def attr(self, spot: Spot, column: ColumnView, said: Name | None = None) -> intent.Attr:
        """The column as a number, date or text to compute with: a text that holds numbers is one."""
        kind: intent.AttrKind = "number" if column.number_text else column.kind
        return self.text_attr(spot, column, said).model_copy(update={"kind": kind, "as_number": column.number_text})

    def text_attr(self, spot: Spot, column: ColumnView, said: Name | None = None) -> intent.Attr:
        """The column as it stands."""
        source = _source(said, column) if said else intent.Source()
        return intent.Attr(column=column.name, path=spot.path, kind=column.kind, label=column.label, source=source)

    def columns(self, name: Name, spot: Spot) -> list[Choice[tuple[Walk, ColumnView]]]:
        """The columns that a name may mean here: the table's own, and those of tables that it leads to."""
        found = []
        for target in self.targets(name, spot.table):
            for walk in self.walks(spot, target.table):
                far = 0.0 if not walk.path or target.qualified else _OTHER_TABLE
                fit = self.role(walk, stems(name.text)) if walk.path else 0.0
                column = self.column(target.table, target.name)
                found.append(Choice((walk, column), target.cost + walk.cost + far + fit))
        return sorted(found, key=lambda choice: choice.cost)

    def targets(self, name: Name, table: str) -> list[Target]:
        """The columns of a name; `name` and `title` of a thing are also what the thing is known by."""
        found = [t for t in name.targets if t.kind == "column"]
        if stem(name.text.lower()) in _LABELS and not any(t.table == table and t.cost < 0.5 for t in found):
            shown = self.known_by(table)
            found += [Target("column", table, column, 0.2) for column in shown if len(shown) == 1]
        return found

    def narrowed(self, form: SetForm, table: str) -> SetForm | None:
        """Ranks of captains, where rank is a column of captains: what is said of the captains is said of these rows.
        Nothing where the column is of something else: names of banks are not the names of their customers."""
        kept: list[PredForm] = []
        for pred in form.preds:
            of_these = isinstance(pred, Linked) and any(t.table == table for t in self.tables(pred.to.head))
            if isinstance(pred, Linked) and of_these and not (pred.negated or pred.count) and set(pred.hint) <= _OWNING:
                kept += pred.to.preds
            elif isinstance(pred, Linked) and pred.hint == ("of",):
                return None
            else:
                kept.append(pred)
        return replace(form, preds=tuple(kept))

    def names_thing(self, name: Name) -> bool:
        """Whether the words are just what a table's rows are called."""
        targets = self.vocabulary.names.get(stems(name.text), ())
        return any(t.kind == "table" and not t.cost for t in targets)

    def known_by(self, table: str) -> tuple[str, ...]:
        """The columns that a thing is called by, if it has better ones than its key."""
        view = self.table(table)
        return () if view.shown_by == view.key and not self._named_key(view) else view.shown_by

    def _named_key(self, view: TableView) -> bool:
        return any(view.columns[c].words[-1:] and view.columns[c].words[-1] in _LABELS for c in view.key)

    def measured(
        self, table: str, adjective: str, wanted: Callable[[ColumnView], bool]
    ) -> list[tuple[ColumnView, Tier]]:
        """The columns of the first tier of an adjective's nouns that a table has."""
        for tier in ADJECTIVES[adjective]:
            nouns = {stem(noun) for noun in tier.nouns}
            fitting = [c for c in self.table(table).columns.values() if wanted(c) and nouns & c.all_words]
            if fitting:
                exact = [c for c in fitting if c.words[-1:] and c.words[-1] in nouns]
                return [(column, tier) for column in exact or fitting]
        return []

    def role(self, walk: Walk, hint: Iterable[str]) -> float:
        """What a way costs that its words do not fit, where another way to the same table exists that they do."""
        if not walk.path or not hint:
            return 0.0
        near = next((e for e in walk.path if not e.many), walk.path[-1])
        owner = walk.owner(near)
        rivals = [e for e in self.vocabulary.graph.edges.get(owner, ()) if e.to == near.to and not e.many and e != near]
        if not rivals:
            return 0.0
        return self.fits(hint, self._edge_words(owner, near), [self._edge_words(owner, e) for e in rivals])

    def _edge_words(self, table: str, edge: intent.Edge) -> frozenset[str]:
        key = (table, edge.columns)
        if key not in self._roles:
            named = stems(" ".join(name_words(edge.relationship)))
            columns = [self.column(table, column).all_words for column in edge.columns]
            self._roles[key] = frozenset(named).union(*columns)
        return self._roles[key]

    def fits(self, hint: Iterable[str], mine: frozenset[str], others: Iterable[frozenset[str]]) -> float:
        """Nothing if the words name me or nobody; much if they name another."""
        said = set(hint)
        for word in list(said):
            said |= {stem(role) for role in ROLES.get(word, ())}
        if said & mine - _shared(others):
            return 0.0
        return _WRONG_ROLE if any(said & other - mine for other in others) else 0.0

    def column_role(self, table: str, column: str, hint: Iterable[str], holders: Iterable[str]) -> float:
        """As `role`, for columns of one table: those that lead to the same thing or hold the same value."""
        view = self.table(table)
        to = view.foreign.get(column)
        rivals = {c for c, other in view.foreign.items() if to and other == to}.union(holders) - {column}
        if not rivals or not hint:
            return 0.0
        words = {c: self._key_words(table, c) for c in (column, *rivals)}
        return self.fits(hint, words[column], [words[c] for c in rivals])

    def _key_words(self, table: str, column: str) -> frozenset[str]:
        edges = [e for e in self.vocabulary.graph.edges.get(table, ()) if e.columns == (column,)]
        return self.column(table, column).all_words.union(*(self._edge_words(table, e) for e in edges))

    def entity_key(self, spot: Spot, labels: tuple[str, ...] = ()) -> intent.EntityKey | None:
        """A thing by its key; None where it has none."""
        view = self.table(spot.table)
        if not view.key:
            return None
        return intent.EntityKey(
            table=spot.table,
            path=spot.path,
            keys=view.key,
            labels=labels or view.shown_by or view.key,
            optional=bool(spot.path) and not labels,
            key_kind=view.columns[view.key[0]].kind,
        )

    def tables(self, name: Name | None) -> Iterator[Target]:
        yield from (t for t in (name.targets if name else ()) if t.kind == "table")


def _source(said: Name, column: ColumnView) -> intent.Source:
    costs = [t.cost for t in said.targets if (t.table, t.name) == (column.table, column.name)]
    evidence = f"{said.text}: {column.table}.{column.name}"
    return intent.Source(start=said.span[0], end=said.span[1], evidence=evidence, cost=min(costs, default=0.0))


def _shared(others: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*others)
