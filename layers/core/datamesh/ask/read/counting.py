"""Numbers over rows: counts and aggregates, one for all or one for each group; and what ranks by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from datamesh.ask import intent
from datamesh.ask.read.calendar import buckets
from datamesh.ask.read.conditions import both, conditions
from datamesh.ask.read.form import (
    Aggregate,
    Count,
    Everything,
    Form,
    KeyForm,
    Linked,
    Out,
    Plain,
    PredForm,
    Ranked,
    SetForm,
    Thing,
    Valued,
)
from datamesh.ask.read.listing import combined, restricted
from datamesh.ask.read.places import Choice, Schema, Spot, cheapest
from datamesh.ask.read.ranking import alphabetical, limit_of
from datamesh.ask.read.shown import Anchor, anchors, stands_for, through_key
from datamesh.ask.vocabulary import ColumnView, Target

__all__ = ["Number", "countings"]

_FAR_SET = 0.5
_PARTLY = 0.3  # from this cost on a name was said in part only
_NUMBER_AS_KEY = 0.8
_FAR_KEY = 0.2
_BRIDGE = 0.3


@dataclass(frozen=True)
class Number:
    """A number over the rows of a table: what is computed, and the set (of which table) that it is computed over."""

    table: str
    fn: intent.MeasureFn
    column: ColumnView | None
    of: SetForm | None
    owner: str

    def measure(self, schema: Schema, spot: Spot) -> intent.Measure | None:
        """As seen from the subject: counted through other rows, things are counted by key, each once."""
        if self.fn == "contract" and self.column:
            return intent.Measure(fn="contract", expression=self.column.expression, name=self.column.label)
        if self.fn == "count":
            if not spot.path:
                return intent.Measure(fn="count")
            key = schema.entity_key(spot)
            return intent.Measure(fn="count_distinct", of=key.model_copy(update={"optional": False})) if key else None
        if self.column is None:
            return None
        text = self.fn in ("count_distinct",)
        attr = schema.text_attr(spot, self.column) if text else schema.attr(spot, self.column)
        return intent.Measure(fn=self.fn, of=attr)


def numbers(schema: Schema, out: Count | Aggregate) -> list[Choice[Number]]:
    found = _counts(schema, out.of) if isinstance(out, Count) else _aggregates(schema, out)
    return sorted(found, key=lambda choice: choice.cost)[:6]


def _counts(schema: Schema, form: SetForm) -> Iterator[Choice[Number]]:
    """Rows of a thing; of an attribute, its different values."""
    if form.rank or form.number or form.each:
        return
    for target in form.head.targets if form.head else ():
        if target.kind == "table":
            if form.distinct and len(schema.table(target.table).key) != 1:
                continue  # different in what, its key does not say
            yield Choice(Number(target.table, "count", None, form, target.table), target.cost)
            yield from _held(schema, target, form)
        elif target.kind == "column":
            column = schema.column(target.table, target.name)
            if column.counts and not form.distinct:
                continue  # the different values of a number are hardly ever what is counted
            if form.head and schema.names_thing(form.head) and (target.cost >= _PARTLY or column.words in schema.table(target.table).nouns):
                continue  # the thing itself is counted
            mine = schema.narrowed(form, target.table)
            if mine is None or any(_pins(schema, pred, column) for pred in mine.preds):
                continue
            fn: intent.MeasureFn = "count" if column.unique else "count_distinct"
            yield Choice(Number(target.table, fn, column, mine, target.table), target.cost)


def _held(schema: Schema, target: Target, form: SetForm) -> Iterator[Choice[Number]]:
    """Where a table has a number of its own noun (faculty of faculty), `how many` may ask for its total just as well."""
    nouns = schema.table(target.table).nouns
    for column in schema.table(target.table).columns.values():
        if column.counts and column.words in nouns:
            yield Choice(Number(target.table, "sum", column, form, target.table), target.cost)


def _pins(schema: Schema, pred: PredForm, column: ColumnView) -> bool:
    """Whether a restriction leaves the column one value only: how many kinds of one kind is no question."""
    if not isinstance(pred, Valued) or pred.negated or len(pred.values) > 1:
        return False
    return any((hit.table, hit.column) == (column.table, column.name) for hit in pred.values[0].hits)


def _aggregates(schema: Schema, out: Aggregate) -> Iterator[Choice[Number]]:
    """A function of a number (the first and the last of a date, too) over rows that the attribute belongs to."""
    for target in out.attr.targets:
        if target.kind == "table" or (target.kind == "measure") != (out.fn == "contract"):
            continue
        column = schema.column(target.table, target.name)
        if column.identifies and out.fn in ("sum", "avg", "median"):
            continue
        if not (column.numeric or (out.fn in ("min", "max") and column.kind in ("date", "timestamp", "timestamptz"))):
            continue
        simple = _simple(schema, target, column) if out.fn == "contract" else None
        fn, of = simple or (out.fn, column)
        if out.of is None or out.of.head is None:
            yield Choice(Number(target.table, fn, of, out.of, target.table), target.cost)
            continue
        for owner in schema.tables(out.of.head):
            if owner.table == target.table:
                yield Choice(Number(target.table, fn, of, out.of, owner.table), target.cost + owner.cost)
            elif (out.of.preds or out.of.each) and schema.spots(target.table, owner.table):
                yield Choice(Number(target.table, fn, of, out.of, owner.table), target.cost + owner.cost + _FAR_SET)


def _simple(schema: Schema, target: Target, column: ColumnView) -> tuple[intent.MeasureFn, ColumnView] | None:
    """A contract's measure that is just a function of a column reads as that."""
    fn, _, rest = column.expression.partition("(")
    name = rest.removesuffix(")")
    if fn.lower() in ("avg", "sum", "min", "max", "median") and name in schema.table(target.table).columns:
        return fn.lower(), schema.column(target.table, name)  # type: ignore[return-value]
    return None


def countings(schema: Schema, form: Form) -> Iterator[Choice[intent.Select]]:
    """The subject is the table whose rows are counted or aggregated; groups are reached from it to one."""
    asked, hidden = _numbers_of(form)
    plain = [out for out in form.outputs if isinstance(out, Plain | Thing | Everything)]
    if any(isinstance(out, Everything) for out in plain):
        return
    options = [numbers(schema, out) for out in (*asked, *hidden)]
    groups = (*form.groups, *_each(form))
    for combo in combined([anchors(schema, out) for out in plain]) if plain else [Choice((), 0.0)]:
        own = _own_rows(form, combo.value)
        for chosen in product(*options, *own):
            figures = [choice.value for choice in chosen]
            if len({figure.table for figure in figures}) != 1:
                continue
            cost = combo.cost + sum(choice.cost for choice in chosen)
            if not groups:
                cost += _NUMBER_AS_KEY * sum(_is_number(schema, anchor) for anchor in combo.value)
            for choice in _grouped(schema, form, figures, len(asked), combo.value, groups):
                yield Choice(choice.value, choice.cost + cost)


def _is_number(schema: Schema, anchor: Anchor) -> bool:
    """Whether an output beside an average is a number itself: the average price and score averages both."""
    return not anchor.implied and any(schema.column(anchor.table, name).counts for name in anchor.columns)


def _numbers_of(form: Form) -> tuple[list[Count | Aggregate], list[Count | Aggregate]]:
    """The numbers that are shown, and those that only rank or order."""
    asked = [out for out in form.outputs if isinstance(out, Count | Aggregate)]
    hidden: list[Count | Aggregate] = []
    for rank in _ranks(form):
        if rank.of and rank.of.head:
            hidden.append(Count(rank.of))
        elif rank.fn and rank.attr:
            hidden.append(Aggregate(rank.fn, rank.attr))
    hidden += [o.by for o in form.order if isinstance(o.by, Count | Aggregate) and not _headless(o.by)]
    return asked, hidden


def _headless(out: Out | None) -> bool:
    """The count: of whatever is counted."""
    return isinstance(out, Count) and out.of.head is None


def _ranks(form: Form) -> list[Ranked]:
    return list(dict.fromkeys(out.of.rank for out in form.outputs if out.of and out.of.rank))


def _each(form: Form) -> tuple[KeyForm, ...]:
    """The average price of each product: a group."""
    sets = [out.of for out in form.outputs if isinstance(out, Aggregate) and out.of and out.of.each]
    return tuple(dict.fromkeys(KeyForm(name=s.head) for s in sets))


def _own_rows(form: Form, shown: tuple[Anchor, ...]) -> list[list[Choice[Number]]]:
    """Most common: by how many of its own rows a value has; more than two members: so does a count of them."""
    needs = any(rank.of and rank.of.head is None for rank in _ranks(form))
    needs |= not _numbers_of(form)[0] and any(_headless(order.by) for order in form.order)
    if not shown or not needs:
        return []
    return [[Choice(Number(shown[0].table, "count", None, None, shown[0].table), 0.0)]]


def _grouped(
    schema: Schema,
    form: Form,
    figures: Sequence[Number],
    asked: int,
    shown: tuple[Anchor, ...],
    groups: tuple[KeyForm, ...],
) -> Iterator[Choice[intent.Select]]:
    base = figures[0].table
    tables = {base} | {a.table for a in shown} | {a.owner for a in shown if a.owner} | {f.owner for f in figures}
    for root, tree in _roots(schema, base, tables, groups, figures):
        for spot in schema.spots(root, base)[:1]:
            measures = [figure.measure(schema, spot.value) for figure in figures]
            if any(measure is None for measure in measures):
                continue
            for keys in _keys(schema, root, base, shown, groups):
                for where in _where(schema, figures, shown, keys.value, root):
                    found = _select(form, root, [m for m in measures if m], asked, keys.value, where.value)
                    if found:
                        yield Choice(found, tree + keys.cost + where.cost)


def _roots(
    schema: Schema, base: str, tables: set[str], groups: tuple[KeyForm, ...], figures: Sequence[Number]
) -> list[tuple[str, float]]:
    """The counted table itself where it leads to every group; else, for counts of things, what leads to both."""
    grouping = [{t.table for t in key.name.targets} for key in groups if key.name]
    reached = all(schema.spots(base, table) for table in tables)
    if reached and all(any(schema.spots(base, t) for t in options) for options in grouping):
        return [(base, 0.0)]
    if any(figure.fn != "count" for figure in figures) or len(grouping) > 1:
        return []
    found: dict[str, float] = {}
    for option in grouping[0] if grouping else [""]:
        for root, cost in schema.vocabulary.graph.roots({*tables, option} - {""}):
            found[root] = min(cost + _BRIDGE, found.get(root, 99.0))
    return sorted(found.items(), key=lambda f: f[1])[:2]


@dataclass(frozen=True)
class _Keys:
    """The groups: what is shown of each output in turn, what groups without being one, and restrictions on them."""

    shown: tuple[intent.Item, ...]
    others: tuple[intent.Key, ...]
    restricted: tuple[tuple[SetForm, Spot], ...] = ()


def _keys(
    schema: Schema, root: str, base: str, shown: tuple[Anchor, ...], groups: tuple[KeyForm, ...]
) -> Iterator[Choice[_Keys]]:
    options = [_group_choices(schema, key, root) for key in groups]
    seats = [schema.spots(root, a.table)[:2] for a in shown]
    for combo in product(*options, *seats):
        explicit = [c.value for c in combo[: len(options)]]
        spots = [c.value for c in combo[len(options) :]]
        cost = sum(c.cost for c in combo)
        found = _merged(schema, base, shown, spots, explicit)  # type: ignore[arg-type]
        if found:
            yield Choice(found, cost)


_Group = tuple[tuple[intent.Key, ...], tuple[tuple[SetForm, Spot], ...]]


def _group_choices(schema: Schema, key: KeyForm, root: str) -> list[Choice[_Group]]:
    """The keys that a name or a stretch of time may group by."""
    if key.grain:
        return [Choice((c.value, ()), c.cost) for c in buckets(schema, Spot(root), key.grain)]
    found: list[Choice[_Group]] = []
    for target in key.name.targets if key.name else ():
        for spot in schema.spots(root, target.table):
            one = _group_key(schema, key, target, spot.value)
            if one:
                limits = ((key.of, spot.value),) if key.of and key.of.preds else ()
                far = _FAR_KEY if spot.value.path and target.kind == "column" and not target.qualified else 0.0
                found.append(Choice(((one,), limits), target.cost + spot.cost + far))
    return sorted(found, key=lambda choice: choice.cost)[:4]


def _group_key(schema: Schema, key: KeyForm, target: Target, spot: Spot) -> intent.Key | None:
    if target.kind == "table":
        return schema.entity_key(spot)
    if key.name and stands_for(schema, target, key.name.text):
        found = through_key(schema, target.table, target.name, spot)
        return found if isinstance(found, intent.EntityKey) else None
    return schema.text_attr(spot, schema.column(target.table, target.name)) if target.kind == "column" else None


def _merged(
    schema: Schema, base: str, shown: tuple[Anchor, ...], spots: Sequence[Spot], explicit: Sequence[_Group]
) -> _Keys | None:
    """Outputs and groups that are of one thing are one key; an output that no named group decides has no one value."""
    keys = [key for group, _ in explicit for key in group]
    limits = tuple(limit for _, found in explicit for limit in found)
    entities = {(k.table, k.path): k for k in keys if isinstance(k, intent.EntityKey)}
    items: list[intent.Item] = []
    for anchor, spot in zip(shown, spots, strict=True):
        item = _output_key(schema, base, anchor, spot, named=(anchor.table, spot.path) in entities)
        if item is None or item in items:
            return None
        items.append(item)
    covered = {(i.table, i.path) for i in items if isinstance(i, intent.EntityKey)}
    others = tuple(
        k for k in keys if not ((isinstance(k, intent.EntityKey) and (k.table, k.path) in covered) or k in items)
    )
    if keys and any(not _decided(item, keys, entities) for item in items):
        return None
    return _Keys(tuple(items), others, limits)


def _decided(
    item: intent.Item, keys: Sequence[intent.Key], entities: dict[tuple[str, intent.Path], intent.EntityKey]
) -> bool:
    return item in keys or (isinstance(item, intent.EntityKey) and (item.table, item.path) in entities)


def _output_key(schema: Schema, base: str, anchor: Anchor, spot: Spot, *, named: bool) -> intent.Item | None:
    if anchor.everything:
        return None
    if anchor.through:
        return through_key(schema, anchor.table, anchor.through, spot)
    whole = anchor.implied or named or (anchor.owner == anchor.table != base)
    if whole and (key := schema.entity_key(spot, () if anchor.implied else anchor.columns)):
        return key
    return schema.text_attr(spot, schema.column(anchor.table, anchor.columns[0])) if len(anchor.columns) == 1 else None


def _where(
    schema: Schema, figures: Sequence[Number], shown: tuple[Anchor, ...], keys: _Keys, root: str
) -> list[Choice[tuple[intent.Pred, ...]]]:
    """One population for all numbers: they are refused where two of them are restricted differently."""
    sets = list(dict.fromkeys((f.of, f.owner) for f in figures if f.of and f.of.preds))
    if len(sets) > 1:
        return []
    sets += [(a.of, a.owner or a.table) for a in shown if a.of and a.of.preds]
    placed = []
    for form, table in dict.fromkeys(sets):
        spots = schema.spots(root, table)
        if not spots or form is None:
            return []
        placed.append((form, spots[0].value))
    return restricted(schema, [*placed, *keys.restricted])


def _select(
    form: Form,
    root: str,
    measures: Sequence[intent.Measure],
    asked: int,
    keys: _Keys,
    where: tuple[intent.Pred, ...],
) -> intent.Select | None:
    outputs = _outputs(form, measures[:asked], keys)
    cut = _cut(form, measures, asked, outputs)
    if cut is None:
        return None
    group = tuple(dict.fromkeys([*keys.others, *(k for k in keys.shown if not isinstance(k, intent.Measure))]))
    return intent.Select(
        subject=intent.Entity(table=root),
        outputs=outputs,
        where=both(where),
        group=group,  # type: ignore[arg-type]
        order=cut[0],
        limit=cut[1],
    )


def _outputs(form: Form, measures: Sequence[intent.Measure], keys: _Keys) -> tuple[intent.Output, ...]:
    """Groups that were only named to group by come first; the rest in the order of the question."""
    outputs = [intent.Output(item=key, implied=True) for key in keys.others]
    shown, numbers_ = iter(keys.shown), iter(measures)
    for out in form.outputs:
        item = next(numbers_) if isinstance(out, Count | Aggregate) else next(shown)
        outputs.append(intent.Output(item=item))
    return tuple(outputs)


def _cut(
    form: Form, measures: Sequence[intent.Measure], asked: int, outputs: tuple[intent.Output, ...]
) -> tuple[tuple[intent.Order, ...], intent.Limit | None] | None:
    """Ranked or ordered by a number, or by what is shown."""
    sets = [out.of for out in form.outputs if out.of and out.of.rank]
    hidden = list(measures[asked:])
    if sets:
        first, rank = sets[0], sets[0].rank
        if form.order or rank is None or len(_ranks(form)) > 1 or not hidden:
            return None
        return (intent.Order(by=hidden[0], direction=rank.direction),), limit_of(first)
    if any(out.of and out.of.number for out in form.outputs):
        return None
    orders = []
    for order in form.order:
        by: intent.Item | None
        if isinstance(order.by, Count | Aggregate):
            by = measures[0] if _headless(order.by) and asked else hidden.pop(0)
        elif order.by is None and order.asked and asked:
            by = measures[0]
        elif order.by is None:
            by = alphabetical(outputs)
        else:
            by = _shown_as(order.by, outputs)
        if by is None:
            return None
        orders.append(intent.Order(by=by, direction=order.direction))
    return tuple(orders), None


def _shown_as(by: Out, outputs: tuple[intent.Output, ...]) -> intent.Item | None:
    """The output that an order names; ordering groups by anything else would be a guess."""
    name = by.attr if isinstance(by, Plain) else by.of.head if isinstance(by, Thing) else None
    for output in outputs:
        item = output.item
        for target in name.targets if name else ():
            if isinstance(item, intent.Attr) and item.column == target.name:
                return item
            if isinstance(item, intent.EntityKey) and item.table == target.table:
                if target.kind == "table" or target.name in item.labels:
                    return item
    return None


def few_or_many(schema: Schema, form: Form) -> Iterator[Choice[intent.Select]]:
    """Values that so many rows have: which countries have more than two members."""
    out = form.outputs[0]
    if len(form.outputs) != 1 or not isinstance(out, Thing) or form.groups or form.order or out.of.rank:
        return
    counted = [p for p in out.of.preds if isinstance(p, Linked) and p.count and not p.negated]
    head = out.of.head.only("column") if out.of.head else None
    if len(counted) != 1 or head is None or out.of.number:
        return
    linked = counted[0]
    rest = tuple(p for p in out.of.preds if p is not linked)
    for target in head.targets:
        column = schema.column(target.table, target.name)
        if column.unique or target.name in schema.table(target.table).shown_by:
            continue
        for rows in schema.tables(linked.to.head):
            for spot in schema.spots(rows.table, target.table)[:1]:
                yield from _counted_values(schema, linked, rest, rows, target, spot)


def _counted_values(
    schema: Schema, linked: Linked, rest: tuple[object, ...], rows: Target, target: Target, spot: Choice[Spot]
) -> Iterator[Choice[intent.Select]]:
    shown = schema.text_attr(spot.value, schema.column(target.table, target.name))
    mine = SetForm(None, rest)  # type: ignore[arg-type]
    op, n = linked.count or (">", 0)
    for where in restricted(schema, [(replace(linked.to), Spot(rows.table)), (mine, spot.value)]):
        select = intent.Select(
            subject=intent.Entity(table=rows.table),
            outputs=(intent.Output(item=shown),),
            where=both(where.value),
            group=(shown,),
            having=intent.Cmp(left=intent.Measure(fn="count"), op=op, right=intent.Value(value=n, kind="number")),
        )
        far = _FAR_KEY if spot.value.path else 0.0
        yield Choice(select, where.cost + rows.cost + target.cost + spot.cost + far)
