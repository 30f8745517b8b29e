"""Questions about numbers: one for all rows or one for each group, shown, ranked by or ordered by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from datamesh.ask import intent
from datamesh.ask.lattice import Name
from datamesh.ask.names.words import stems
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.conditions import restricted
from datamesh.ask.read.facts import facts
from datamesh.ask.read.figures import Figure, figures
from datamesh.ask.read.form import Aggregate, Count, Everything, Form, KeyForm, Out, Plain, Ranked, SetForm, Thing
from datamesh.ask.read.grouping import Keys, keys, reachable
from datamesh.ask.read.holding import Holding, having, held
from datamesh.ask.read.listing import combined
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.ranking import first_shown, limit_of, shown_as
from datamesh.ask.read.rewritten import without_context
from datamesh.ask.read.shown import Anchor, anchors
from datamesh.ask.read.together import both

__all__ = ["countings"]

_NUMBER_AS_KEY = 0.8
_BRIDGE = 0.6


@dataclass(frozen=True)
class _Meant:
    """One way to take the outputs: `numbers`, of which the first `asked` are shown; `shown`, what is no number."""

    numbers: tuple[Figure, ...]
    asked: int
    shown: tuple[Anchor, ...]
    groups: tuple[KeyForm, ...]
    held: tuple[Holding, ...] = ()  # what the last numbers must be

    @property
    def counted(self) -> str:
        return self.numbers[0].table

    @property
    def tables(self) -> set[str]:
        owners = {anchor.owner for anchor in self.shown if anchor.owner}
        return owners | {anchor.table for anchor in self.shown} | {f.owner for f in self.numbers} | {self.counted}


def countings(schema: Schema, form: Form) -> Iterator[Choice[intent.Select]]:
    """The subject is the table whose rows are counted or aggregated; groups are reached from it to one."""
    for told, holdings in held(form):
        for meant in _meanings(schema, told, holdings):
            for root, tree in _roots(schema, meant.value):
                for choice in _at_root(schema, told, meant.value, root):
                    yield Choice(choice.value, choice.cost + meant.cost + tree)


def _meanings(schema: Schema, form: Form, holdings: tuple[Holding, ...]) -> Iterator[Choice[_Meant]]:
    asked = [out for out in form.outputs if isinstance(out, Count | Aggregate)]
    plain = [out for out in form.outputs if isinstance(out, Plain | Thing)]
    if any(isinstance(out, Everything) for out in form.outputs):
        return
    groups = (*form.groups, *_each(form))
    hidden = [] if any(_headless(out) for out in asked) else _hidden(form)
    for combo in combined([anchors(schema, out) for out in plain]) if plain else [Choice((), 0.0)]:
        options = [_figures(schema, form, out, combo.value) for out in (*asked, *hidden)]
        last = [figures(schema, holding.count) for holding in holdings]
        own = [_own_rows(schema, form, combo.value)] if not hidden and _of_own_rows(form, asked) and combo.value else []
        doubt = 0.0 if groups else _NUMBER_AS_KEY * sum(_is_number(schema, anchor) for anchor in combo.value)
        for chosen in product(*options, *own, *last):
            numbers = tuple(choice.value for choice in chosen)
            if len({number.table for number in numbers}) == 1:
                cost = combo.cost + doubt + sum(choice.cost for choice in chosen)
                shown = {anchor.owner or anchor.table for anchor in combo.value}
                plain_numbers = tuple(_of_all(schema, figure, shown) for figure in numbers)
                yield Choice(_Meant(plain_numbers, len(asked), combo.value, groups, holdings), cost)


def _figures(schema: Schema, form: Form, out: Count | Aggregate, shown: tuple[Anchor, ...]) -> list[Choice[Figure]]:
    """And how many: of what ranks, or of the rows of what is shown; of these, the ones that it is said of."""
    if not _headless(out):
        return figures(schema, out)
    said = out.of if out.of and out.of.preds else None
    of = next((rank.of for rank in _ranks(form) if rank.of and not rank.fn), None)
    if of and of.head:
        return [] if said else figures(schema, Count(of))
    rows = _own_rows(schema, form, shown) if shown else _rows_of_groups(form)
    return [Choice(replace(row.value, of=said), row.cost) for row in rows]


def _rows_of_groups(form: Form) -> list[Choice[Figure]]:
    """For each type of store, how many of them: the rows that have the types."""
    names = [key.name for key in form.groups if key.name]
    targets = names[0].targets if len(names) == len(form.groups) == 1 else ()
    return [Choice(Figure(t.table, "count", t.table), 0.0) for t in targets if t.kind == "column"]


def _of_all(schema: Schema, figure: Figure, shown: set[str]) -> Figure:
    return replace(figure, of=without_context(figure.of, shown, schema)) if figure.of else figure


def _hidden(form: Form) -> list[Count | Aggregate]:
    """The numbers that only rank or order."""
    found: list[Count | Aggregate] = []
    for rank in _ranks(form):
        if rank.fn and rank.attr:
            found.append(Aggregate(rank.fn, rank.attr, rank.of))
        elif rank.of and rank.of.head:
            found.append(Count(rank.of))
    return found + [o.by for o in form.order if isinstance(o.by, Count | Aggregate) and not _headless(o.by)]


def _headless(out: Out | None) -> bool:
    """The count: of whatever is counted."""
    return isinstance(out, Count) and out.of.head is None


def _ranks(form: Form) -> list[Ranked]:
    return list(dict.fromkeys(of.rank for of in _sets(form) if of.rank))


def _sets(form: Form) -> list[SetForm]:
    return [of for of in (*(out.of for out in form.outputs), form.first) if of]


def _each(form: Form) -> tuple[KeyForm, ...]:
    """The average price of each product, of different kinds: a group."""
    sets = [out.of for out in form.outputs if isinstance(out, Aggregate) and out.of]
    found = (KeyForm(name=s.head) for s in sets if s.each or (s.distinct and _is_attribute(s.head)))
    return tuple(key for key in dict.fromkeys(found) if not any(_same(key, named) for named in form.groups))


def _is_attribute(head: Name | None) -> bool:
    return head is not None and all(target.kind == "column" for target in head.targets)


def _same(key: KeyForm, other: KeyForm) -> bool:
    return key.name is not None and other.name is not None and stems(key.name.text) == stems(other.name.text)


def _of_own_rows(form: Form, asked: Sequence[Out]) -> bool:
    """Most common: by how many of its own rows a value has; ordered by the count of them."""
    if any(_headless(out) for out in asked):
        return False
    ranked = any(rank.of and rank.of.head is None for rank in _ranks(form))
    return ranked or (not asked and any(_headless(order.by) for order in form.order))


def _own_rows(schema: Schema, form: Form, shown: tuple[Anchor, ...]) -> list[Choice[Figure]]:
    """Of a value, the rows that have it; of a thing, the rows that a verb speaks of."""
    first = shown[0]
    if not (first.implied or first.columns == schema.known_by(first.table)):
        return [Choice(Figure(first.table, "count", first.table), 0.0)]
    hint = next((rank.hint for rank in _ranks(form)), ())
    return [Choice(Figure(walk.end, "count", walk.end), walk.cost) for walk in facts(schema, first.table, hint)]


def _is_number(schema: Schema, anchor: Anchor) -> bool:
    """Whether an output beside an average is a number itself: the average price and score averages both."""
    own = () if anchor.implied or anchor.through else anchor.columns
    return any(schema.column(anchor.table, name).counts for name in own)


def _roots(schema: Schema, meant: _Meant) -> list[tuple[str, float]]:
    """The counted table itself where it leads to every group; else, for counts of things, what leads to both."""
    counted = meant.counted
    leads = all(schema.spots(counted, table) for table in meant.tables)
    if leads and all(reachable(schema, counted, form) for form in meant.groups):
        return [(counted, 0.0)]
    named = [form.name for form in meant.groups if form.name]
    if any(figure.fn != "count" for figure in meant.numbers) or len(named) > 1:
        return []
    found: dict[str, float] = {}
    for tables in [meant.tables | {t.table} for name in named for t in name.targets] or [meant.tables]:
        bridges = schema.vocabulary.graph.roots(tables)
        for root, cost in bridges:
            extra = _BRIDGE + cost - bridges[0][1]
            found[root] = min(extra, found.get(root, extra))
    return sorted(found.items(), key=lambda root: root[1])[:2]


def _at_root(schema: Schema, form: Form, meant: _Meant, root: str) -> Iterator[Choice[intent.Select]]:
    spot = schema.spots(root, meant.counted)[0].value
    measures = [measure for figure in meant.numbers if (measure := figure.measure(schema, spot))]
    if len(measures) < len(meant.numbers):
        return
    for group in keys(schema, root, meant.counted, meant.shown, meant.groups):
        if _of_one_row(schema, root, measures, group.value):
            continue
        if any(measure.of in group.value.group for measure in measures if measure.fn == "count_distinct"):
            continue  # how many brands each brand has is no question
        kept = len(measures) - len(meant.held)
        cut = _Cut(form, measures[:kept], meant.asked, group.value, having(meant.held, measures[kept:]))
        for where in _where(schema, meant, group.value, root):
            if found := cut.select(root, both(where.value)):
                yield Choice(found, group.cost + where.cost)


def _of_one_row(schema: Schema, root: str, measures: Sequence[intent.Measure], group: Keys) -> bool:
    """How many different heights each player has: one, whoever asks."""
    own = [m.of for m in measures if m.fn == "count_distinct" and isinstance(m.of, intent.Attr) and not m.of.path]
    near = [key for key in group.group if isinstance(key, intent.Attr | intent.EntityKey) and not key.path]
    return bool(own) and any(isinstance(k, intent.EntityKey) or schema.names_row(root, k.column) for k in near)


def _where(schema: Schema, meant: _Meant, group: Keys, root: str) -> list[Choice[tuple[intent.Pred, ...]]]:
    """One population for all numbers: they are refused where two of them are restricted differently."""
    sets = list(dict.fromkeys((f.of, f.owner) for f in meant.numbers if f.of and f.of.preds))
    if len(sets) > 1:
        return []
    sets += [(a.of, a.owner or a.table) for a in meant.shown if a.of and a.of.preds]
    placed: list[tuple[SetForm, Spot]] = []
    for form, table in dict.fromkeys(sets):
        spots = schema.spots(root, table)
        if form is None or not spots:
            return []
        placed.append((form, spots[0].value))
    return restricted(schema, [*placed, *group.restricted])


@dataclass(frozen=True)
class _Cut:
    """The intent's outputs, order and limit, given its numbers and its groups."""

    form: Form
    measures: Sequence[intent.Measure]
    asked: int
    keys: Keys
    having: intent.Pred | None = None

    @property
    def headless(self) -> int:
        """Whether what ranks is what is shown."""
        return any(_headless(out) for out in self.form.outputs)

    def select(self, root: str, where: intent.Pred | None) -> intent.Select | None:
        outputs = self.outputs()
        order = self.ranked() if _ranks(self.form) else self.ordered(outputs)
        if order is None:
            return None
        return intent.Select(
            subject=intent.Entity(table=root),
            outputs=outputs,
            where=where,
            group=self.keys.group,
            order=order,
            having=self.having,
            limit=next((limit_of(of) for of in _sets(self.form) if of.rank), None),
        )

    def outputs(self) -> tuple[intent.Output, ...]:
        """Groups that were only named to group by come first; the rest in the order of the question."""
        outputs = [intent.Output(item=key, implied=True) for key in self.keys.others]
        shown, numbers = iter(self.keys.shown), iter(self.measures)
        outputs += [
            intent.Output(item=next(numbers) if isinstance(out, Count | Aggregate) else next(shown))
            for out in self.form.outputs
        ]
        return tuple(outputs)

    def ranked(self) -> tuple[intent.Order, ...] | None:
        ranks = _ranks(self.form)
        hidden = self.measures[self.asked :] or self.measures[: self.headless]
        if self.form.order or len(ranks) > 1 or not hidden or (ranks[0].attr and not ranks[0].fn):
            return None  # an attribute ranks rows, no numbers
        return (intent.Order(by=hidden[0], direction=ranks[0].direction),)

    def ordered(self, outputs: tuple[intent.Output, ...]) -> tuple[intent.Order, ...] | None:
        if any(out.of and out.of.number for out in self.form.outputs):
            return None  # a number of rows, and nothing that says which
        hidden = iter(self.measures[self.asked :])
        orders = []
        for order in self.form.order:
            by: intent.Item | None
            if isinstance(order.by, Count | Aggregate):
                by = self.measures[0] if _headless(order.by) and self.asked else next(hidden)
            elif order.by is not None:
                by = shown_as(order.by, outputs)
            else:
                by = self.measures[0] if order.by_number and self.asked else first_shown(outputs)
            if by is None:
                return None
            orders.append(intent.Order(by=by, direction=order.direction))
        return tuple(orders)
