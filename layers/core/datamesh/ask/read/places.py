"""Where names lead from a place in the schema: a place is a table at the end of a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field, replace
from datetime import date

from datamesh.ask import intent
from datamesh.ask.lattice import Name
from datamesh.ask.lexicon.english import ADJECTIVES, LABEL_WORDS, Tier
from datamesh.ask.names.joins import Walk
from datamesh.ask.names.naming import Target
from datamesh.ask.names.views import ColumnView, TableView, rest
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import stem, stems
from datamesh.ask.read.choices import KEPT, Choice
from datamesh.ask.read.form import NEVER, Compared, Lacking, Linked, PredForm, SetForm, Valued
from datamesh.ask.read.roles import Roles
from datamesh.ask.read.standing import calls_rows, identifies, leads_on

__all__ = ["BY_ADJECTIVE", "NAMED", "Schema", "Spot", "of_a_deed"]

BY_ADJECTIVE = 0.3  # a column that only an adjective speaks of
NAMED = 0.6  # of what a way costs whose end was named
_OTHER_TABLE = 0.2
_YEAR, _DATE = stem("year"), stem("date")
_OF_A_DEED = 0.6  # the shipping date of an order, that has an order date, too
_CREATED = stem("created")
_ITS_OWN = tuple((stem(word),) for word in ("date", "time", "day", "year"))
_BY_KEY = 0.1
_LED, _CALLED = 0.3, 0.3  # over one key more; that rows are meant by what they are called
_LABELS = tuple((stem(word),) for word in LABEL_WORDS)


@dataclass(frozen=True)
class Spot:
    """A table, as reached from the subject; `trail` are the tables on the way, which no further way leads through.

    `back` is the row that leads here: what means nothing here may be said of that (products, of order lines).
    """

    table: str
    path: intent.Path = ()
    trail: frozenset[str] = field(default=frozenset(), compare=False)
    back: Spot | None = field(default=None, compare=False)
    entered: intent.Edge | None = field(default=None, compare=False)  # the last step, where it led to many

    def onward(self, walk: Walk, *, inside: bool = False) -> Spot:
        """The end of a walk from here; `inside` a condition of its own, whose attributes start at that end."""
        trail = self.trail | {self.table} | {edge.to for edge in walk.path}
        back = None if inside else self if walk.path and not walk.many else self.back
        entered = walk.path[-1] if walk.path and walk.path[-1].many else None
        return Spot(walk.end, () if inside else self.path + walk.path, trail, back, entered)

    def over(self, walk: Walk) -> tuple[intent.Path, Spot]:
        """The rows that a walk to many leads over, and its end as seen from there: authorships, and their author."""
        last = max((n for n, edge in enumerate(walk.path) if edge.many), default=-1) + 1
        middle = self.onward(Walk(walk.start, walk.path[:last], 0.0), inside=True)
        return walk.path[:last], middle.onward(Walk(middle.table, walk.path[last:], 0.0))

    def may(self, walk: Walk) -> bool:
        """Not back; but on to another of the same kind: the friend of a person, the airport at a flight's other end."""
        back, first = self.entered, next(iter(walk.path), None)
        other = back is not None and first is not None and not first.many and back.to_columns != first.columns
        return not any(edge.to in self.trail for edge in walk.path[other:])


@dataclass
class Schema:
    """The vocabulary as forms are resolved against it; `today` is the day of the question."""

    vocabulary: Vocabulary
    today: date | None = None
    roles: Roles = field(init=False)

    def __post_init__(self) -> None:
        self.roles = Roles(self.vocabulary)

    def table(self, name: str) -> TableView:
        return self.vocabulary.tables[name]

    def column(self, table: str, name: str) -> ColumnView:
        return self.vocabulary.column(table, name)

    def key_edge(self, table: str, column: str) -> intent.Edge:
        """The step that a key column makes."""
        graph = self.vocabulary.graph
        known: tuple[intent.Edge, ...] = (*graph.edges.get(table, ()), *graph.own.get(table, ()))
        return next(edge for edge in known if edge.columns == (column,) and not edge.many)

    def kin_side(self, relation: str, table: str) -> bool:
        """Whether rows of `relation` say what one row of `table` is to another: friends, seen from persons."""
        view = self.table(relation)
        return view.kin is not None and view.foreign[view.kin[0]] == table

    def kin_edges(self, relation: str) -> tuple[intent.Edge, intent.Edge]:
        """From a person to the rows that say who their friends are, and from there to these."""
        own, other = self.table(relation).kin or ("", "")
        to = self.table(relation).foreign[own]
        edges = self.vocabulary.graph.edges[to]
        return next(e for e in edges if (e.to, e.to_columns) == (relation, (own,))), self.key_edge(relation, other)

    def tables(self, name: Name | None) -> Iterator[Target]:
        """The tables that are called so; else those whose key is: the branches of a bank, that have a branch id."""
        targets = name.targets if name else ()
        if name and not any(target.kind == "table" for target in targets):
            targets = tuple(
                replace(target, kind="table", name="", cost=target.cost + _BY_KEY)
                for target in targets
                if identifies(self.vocabulary, target, name.text)
            )
        yield from (target for target in targets if target.kind == "table")

    def walks(self, spot: Spot, table: str) -> list[Walk]:
        """The ways on to a table, not back through where we came from."""
        return [walk for walk in self.vocabulary.graph.walks(spot.table, table) if spot.may(walk)][:KEPT]

    def ways(self, spot: Spot, name: Name | None) -> Iterator[tuple[Target, list[Walk]]]:
        """What a noun means somewhere else, and the ways there: to a table, or over the key that the noun is of."""
        tables = list(self.tables(name))
        for target in tables:
            if target.table != spot.table:
                yield target, self.walks(spot, target.table)
        said = name.text if name else ""
        for target in name.targets if name and not tables else ():
            near = self.walks(spot, target.table)
            if (
                leads_on(self.vocabulary, target, said)
                and target.table != self.table(target.table).foreign[target.name]
            ):
                edge = self.key_edge(target.table, target.name)
                yield target, [Walk(w.start, (*w.path, edge), w.cost + _LED) for w in near if edge.to not in spot.trail]
            elif calls_rows(self.vocabulary, target, said):
                yield replace(target, cost=target.cost + _CALLED), [walk for walk in near if walk.path]

    def belongs(self, walk: Walk) -> bool:
        """Whether a walk leads from one of many to what it belongs to, in one step."""
        back = self.vocabulary.graph.walks(walk.end, walk.start)
        return len(walk.path) == 1 and not walk.many and bool(back) and back[0].many

    def spots(self, root: str, table: str, hint: tuple[str, ...] = ()) -> list[Choice[Spot]]:
        """Where `table` stands, seen from `root`, walking to one only; `hint`: the verb between the two."""
        walks, said = self.vocabulary.graph.to_one(root, table)[:KEPT], hint or ("have",)
        found = [Choice(Spot(root).onward(walk), walk.cost + self.roles.of_walk(walk, said)) for walk in walks]
        return sorted(found, key=lambda choice: choice.cost) if hint else found

    def columns(self, name: Name, spot: Spot) -> list[Choice[tuple[Walk, ColumnView]]]:
        """The columns that a name may mean here: the table's own, and those of tables that it leads to."""
        found = []
        named = {(target.table, target.name) for target in name.targets}
        for target in name.targets:
            for walk in self.walks(spot, target.table) if target.kind == "column" else ():
                if walk.repeats(target.name, named):
                    continue
                far = 0.0 if not walk.path or target.qualified else _OTHER_TABLE
                cost = target.cost + walk.cost + far + self.roles.of_walk(walk, stems(name.text))
                found.append(Choice((walk, self.column(target.table, target.name)), cost))
        return sorted(found, key=lambda choice: choice.cost)

    def attr(self, spot: Spot, column: ColumnView, said: Name | None = None) -> intent.Attr:
        """The column as a number, date or text to compute with: a text that holds numbers is one."""
        kind: intent.AttrKind = "number" if column.number_text else column.kind
        return self.text_attr(spot, column, said).model_copy(update={"kind": kind, "as_number": column.number_text})

    def text_attr(self, spot: Spot, column: ColumnView, said: Name | None = None) -> intent.Attr:
        """The column as it stands."""
        source = _source(said, column) if said else intent.Source()
        edge = spot.path[-1] if spot.path else None
        if edge and not edge.many and column.name in edge.to_columns:  # the near side of the last step holds it, too
            near = edge.columns[edge.to_columns.index(column.name)]
            return intent.Attr(column=near, path=spot.path[:-1], kind=column.kind, label=column.label, source=source)
        return intent.Attr(column=column.name, path=spot.path, kind=column.kind, label=column.label, source=source)

    def entity_key(self, spot: Spot, labels: tuple[str, ...] = ()) -> intent.EntityKey | None:
        """A thing by its key; None where it has none. Where only its label is wanted, its row need not be there."""
        view = self.table(spot.table)
        if not view.key:
            return None
        return intent.EntityKey(
            table=spot.table,
            path=spot.path,
            keys=view.key,
            labels=labels or view.shown_by,
            optional=bool(spot.path) and not labels,
            key_kind=view.columns[view.key[0]].kind,
        )

    def known_by(self, table: str) -> tuple[str, ...]:
        """The columns that a thing is called by; none if that is only its key."""
        view = self.table(table)
        named_key = any(view.columns[name].words[-1:] in _LABELS for name in view.key)
        return () if view.shown_by == view.key and not named_key else view.shown_by

    def called(self, spot: Spot) -> list[Choice[tuple[Walk, ColumnView]]]:
        """The one column that a thing is called by."""
        known = self.known_by(spot.table)
        stay = Walk(spot.table, (), 0.0)
        return [Choice((stay, self.column(spot.table, known[0])), 0.0)] if len(known) == 1 else []

    def names_thing(self, name: Name) -> bool:
        """Whether the words are just what a table's rows are called."""
        targets = self.vocabulary.names.targets.get(stems(name.text), ())
        return any(target.kind == "table" and not target.cost for target in targets)

    def names_row(self, table: str, column: str) -> bool:
        """Whether a column's values have one row each, or are what rows are called by."""
        return self.column(table, column).unique or column in self.table(table).shown_by

    def repeats(self, table: str, column: str) -> bool:
        """Whether several rows have the same value, by the profile; where it cannot tell, for what names no row."""
        view, known = self.table(table), self.column(table, column)
        keys = [view.columns[name].distinct or 0 for name in view.key] if len(view.key) == 1 else []
        if known.unique or not (keys and keys[0] and known.distinct):
            return not (known.unique or column in view.shown_by)
        return known.distinct < keys[0]

    def narrowed(self, form: SetForm, table: str, *, rows: bool = False) -> SetForm | None:
        """Ranks of captains, where rank is a column of captains: what is said of the captains is said of these rows.
        Nothing where the column is of something else: names of banks are not the names of their customers; nor where
        two sets of these rows are named: a customer from France and a customer from Germany. `rows`: what the rows are
        called by or known by is said of them, where a value is said of however many rows have it."""
        said = [pred for pred in form.preds if isinstance(pred, Linked) and self._of_these(pred, table)]
        if sum(bool(pred.to.preds) for pred in said) > 1 or (said and self.table(table).kin):
            return None  # names of friends are not the names of those whose friends they are
        kept: list[PredForm] = []
        for pred in form.preds:
            if isinstance(pred, Linked) and pred in said:
                kept += pred.to.preds
            elif isinstance(pred, Linked) and (pred.hint == ("of",) or (pred.negated and not rows)):
                return None
            elif isinstance(pred, Compared | Valued) and pred.negated and _of_values(pred):
                return None  # another question than of rows
            elif isinstance(pred, Lacking) and not (pred.negated or pred.flag or rows):
                return None  # parties without delegates: not those of some row without
            else:
                kept.append(pred)
        return replace(form, preds=tuple(kept))

    def _of_these(self, pred: Linked, table: str) -> bool:
        plain = not (pred.negated or pred.count or pred.to.rank)
        return plain and any(target.table == table for target in self.tables(pred.to.head))

    def measured(
        self, table: str, adjective: str, wanted: Callable[[ColumnView], bool]
    ) -> list[tuple[ColumnView, Tier]]:
        """The columns of the first tier of an adjective's nouns that a table has."""
        for tier in ADJECTIVES[adjective]:
            nouns = {stem(noun) for noun in tier.nouns}
            columns = (c for c in self.table(table).columns.values() if wanted(c))
            fitting = [column for column in columns if _measures(column, nouns)]
            exact = [column for column in fitting if column.words[-1:] and column.words[-1] in nouns]
            if fitting:
                return [(column, tier) for column in exact or fitting]
        return []


def _measures(column: ColumnView, nouns: Set[str]) -> bool:
    """Whether a column is of such a noun: years of experience are no year; when something was sold is a date."""
    said = nouns & column.all_words
    return (
        bool(said - {_YEAR})
        or (column.dated and _DATE in nouns)
        or (_YEAR in said and (column.dated or "year" in column.holds))
    )


def of_a_deed(view: TableView, column: ColumnView, *, first_of: bool = False) -> float:
    """What it costs that a date is meant which is not the one of the thing itself: the date of an order is its order
    date, whatever others it has. Without one, the last or the `first_of` them is so by when it was created."""
    dates = [other for other in view.columns.values() if other.dated or "year" in other.holds]
    own = [other for other in dates if rest(other.words, view.nouns) in _ITS_OWN]
    own = own or [other for other in dates if first_of and other.dated and _CREATED in other.all_words]
    return _OF_A_DEED if column.dated and len(own) == 1 and column not in own else 0.0


def _source(said: Name, column: ColumnView) -> intent.Source:
    costs = [t.cost for t in said.targets if (t.table, t.name) == (column.table, column.name)]
    evidence = f"{said.text}: {column.table}.{column.name}"
    return intent.Source(start=said.span[0], end=said.span[1], evidence=evidence, cost=min(costs, default=0.0))


def _of_values(pred: Compared | Valued) -> bool:
    return isinstance(pred, Compared) or NEVER in pred.hint
