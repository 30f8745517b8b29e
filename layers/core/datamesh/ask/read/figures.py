"""Numbers over rows: which table's rows are counted, which column is added up, and over which set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from datamesh.ask import intent
from datamesh.ask.lattice import Name
from datamesh.ask.lexicon.english import WORTH
from datamesh.ask.names.naming import PARTLY, Target
from datamesh.ask.names.views import ColumnView
from datamesh.ask.names.words import singular, stem, stems
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Aggregate, Count, Linked, PredForm, SetForm, Valued
from datamesh.ask.read.periods import datable
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.shown import stands_for

__all__ = ["Figure", "figures"]

_FAR_SET = 0.5
_TOTALS = {stem("total"), stem("sum")}
_ENDS = {"max": frozenset(map(stem, ("max", "maximum"))), "min": frozenset(map(stem, ("min", "minimum")))}
_THE_NUMBER = 0.3  # the only one there is, for the thing that has it
_KEPT = 6


@dataclass(frozen=True)
class Figure:
    """A number over the rows of `table`; `of` is the set that it is over, rows of `owner`."""

    table: str
    fn: intent.MeasureFn
    owner: str
    column: ColumnView | None = None
    of: SetForm | None = None
    said: Name | None = field(default=None, compare=False)

    def measure(self, schema: Schema, spot: Spot) -> intent.Measure | None:
        """As seen from the subject. Counted through other rows, things are counted by key, each once."""
        if self.fn == "contract" and self.column:
            return intent.Measure(fn="contract", expression=self.column.expression, name=self.column.label)
        if self.fn == "count":
            return _count(schema, spot)
        if self.column is None:
            return None
        attr = schema.text_attr if self.fn == "count_distinct" else schema.attr
        return intent.Measure(fn=self.fn, of=attr(spot, self.column, self.said))


def _count(schema: Schema, spot: Spot) -> intent.Measure | None:
    if not spot.path:
        return intent.Measure(fn="count")
    key = schema.entity_key(spot)
    return intent.Measure(fn="count_distinct", of=key.model_copy(update={"optional": False})) if key else None


def figures(schema: Schema, out: Count | Aggregate) -> list[Choice[Figure]]:
    """What a number may be, the likeliest first."""
    found = _counts(schema, out.of) if isinstance(out, Count) else _aggregates(schema, out)
    return sorted(found, key=lambda choice: choice.cost)[:_KEPT]


def _counts(schema: Schema, form: SetForm) -> Iterator[Choice[Figure]]:
    """Rows of a thing; of an attribute, its different values."""
    if form.head is None or form.rank or form.number or form.each:
        return
    for target in form.head.targets:
        found = _rows(schema, target, form) if target.kind == "table" else _values(schema, target, form, form.head)
        yield from found


def _rows(schema: Schema, target: Target, form: SetForm) -> Iterator[Choice[Figure]]:
    """Where a table has a number of its own noun (faculty of faculty), `how many` may ask for its total as well."""
    if target.cost and form.head and schema.names_thing(form.head):
        return  # customers are counted, not the cards of customers
    view = schema.table(target.table)
    if form.distinct and len(view.key) != 1:
        return  # different in what, its key does not say
    totals = [column for column in view.columns.values() if column.counts and column.words in view.nouns]
    for column in totals:
        yield Choice(Figure(target.table, "sum", target.table, column, form), target.cost)
    if not any(_of_many(column) for column in totals):
        yield Choice(Figure(target.table, "count", target.table, None, form), target.cost)


def _of_many(column: ColumnView) -> bool:
    """Whether a row with such a number stands for as many, by its name and profile: 40 degrees are no one degree; but
    round 40 is one round."""
    low, high, last = column.minimum, column.maximum, column.label.lower()
    return singular(last) != last and isinstance(low, int) and isinstance(high, int) and low >= 0 and high > 1


def _values(schema: Schema, target: Target, form: SetForm, said: Name) -> Iterator[Choice[Figure]]:
    column, view = schema.column(target.table, target.name), schema.table(target.table)
    if column.counts and not form.distinct:
        return  # the different values of a number are hardly ever what is counted
    if schema.names_thing(said) and (
        target.cost >= PARTLY or column.words in view.nouns or stands_for(schema, target, said.text)
    ):
        return  # the thing itself is counted
    mine = schema.narrowed(form, target.table)
    if mine is None or any(_pins(pred, column) for pred in mine.preds):
        return
    aside = _FAR_SET if any(isinstance(pred, Linked) and not pred.to.preds for pred in mine.preds) else 0.0
    fn: intent.MeasureFn = "count" if column.unique else "count_distinct"
    yield Choice(Figure(target.table, fn, target.table, column, mine, said), target.cost + aside)


def _pins(pred: PredForm, column: ColumnView) -> bool:
    """Whether a restriction leaves the column one value only: how many kinds of one kind is no question."""
    if not isinstance(pred, Valued) or pred.negated or len(pred.values) > 1:
        return False
    return any((hit.table, hit.column) == (column.table, column.name) for hit in pred.values[0].hits)


def _aggregates(schema: Schema, out: Aggregate) -> Iterator[Choice[Figure]]:
    """A function of a number (the first and the last of a date, too) over rows that the attribute belongs to."""
    yield from _own_number(schema, out)
    for target in out.attr.targets:
        if target.kind == "table" or (target.kind == "measure") != (out.fn == "contract"):
            continue
        column = schema.column(target.table, target.name)
        if _computes(out.fn, column, out.attr):
            fn, of = _simple(schema, target, column) or (out.fn, column)
            for owner, cost in _owners(schema, out.of, target.table, named=target.qualified):
                yield Choice(Figure(target.table, fn, owner, of, out.of, out.attr), target.cost + cost)


def _own_number(schema: Schema, out: Aggregate) -> Iterator[Choice[Figure]]:
    """The average rating: of the one number that ratings have."""
    worth = singular(out.attr.text.lower().split()[-1]) in WORTH
    for target in schema.tables(out.attr) if out.fn == "avg" and worth else ():
        numbers = [column for column in schema.table(target.table).columns.values() if column.counts]
        if len(numbers) == 1 and target.cost < PARTLY and not datable(numbers[0]):
            for owner, cost in _owners(schema, out.of, target.table):
                found = Figure(target.table, out.fn, owner, numbers[0], out.of, out.attr)
                yield Choice(found, target.cost + cost + _THE_NUMBER)


def _computes(fn: intent.MeasureFn, column: ColumnView, said: Name | None = None) -> bool:
    if column.identifies and fn in ("sum", "avg", "median"):
        return False
    if fn == "avg" and said and _TOTALS & {*column.words} - {*stems(said.text)}:
        return False  # the average attendance is none of the total attendances
    if said and _ENDS.get(fn, frozenset()) & {*column.words} - {*stems(said.text)}:
        return False  # the highest speed is none of the highest speeds
    return column.numeric or (fn in ("min", "max") and column.dated)


def _owners(schema: Schema, form: SetForm | None, table: str, *, named: bool = False) -> Iterator[tuple[str, float]]:
    """The attribute's own rows; rows that they belong to, where these are restricted or each of them is meant; or where
    its own were `named`, of which each has one: the total savings balance of accounts."""
    if form is None or form.head is None:
        yield table, 0.0
        return
    if form.distinct and not (form.preds or form.rank) and all(t.kind == "column" for t in form.head.targets):
        yield table, 0.0  # of different brands: these are the groups
    for owner in schema.tables(form.head):
        if owner.table == table:
            yield table, owner.cost
        elif ((form.preds or form.each) and schema.spots(table, owner.table)) or (
            named and schema.spots(table, owner.table) and schema.spots(owner.table, table)
        ):
            yield owner.table, owner.cost + _FAR_SET


def _simple(schema: Schema, target: Target, column: ColumnView) -> tuple[intent.MeasureFn, ColumnView] | None:
    """A contract's measure that is just a function of a column reads as that."""
    name, _, rest = column.expression.partition("(")
    of = schema.table(target.table).columns.get(rest.removesuffix(")"))
    functions: dict[str, intent.MeasureFn] = {
        "avg": "avg",
        "sum": "sum",
        "min": "min",
        "max": "max",
        "median": "median",
    }
    fn = functions.get(name.lower())
    return (fn, of) if fn and of else None
