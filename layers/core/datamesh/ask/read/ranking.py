"""Order and superlatives over rows: which column is meant, and which end of it."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask import intent
from datamesh.ask.lattice import Name
from datamesh.ask.lexicon.english import ADJECTIVES
from datamesh.ask.names.naming import PARTLY
from datamesh.ask.names.views import ColumnView
from datamesh.ask.names.words import stem
from datamesh.ask.read.choices import Choice, cheapest
from datamesh.ask.read.form import Direction, Form, OrderForm, Out, Plain, Ranked, SetForm, Thing
from datamesh.ask.read.periods import datable
from datamesh.ask.read.places import BY_ADJECTIVE, Schema, Spot, of_a_deed

__all__ = ["first_shown", "limit_of", "ordered_by", "ranked_by", "shown_as"]

_OF_TIME = frozenset(adjective for adjective, tiers in ADJECTIVES.items() if "date" in tiers[0].nouns)
_REVERSED: dict[Direction, Direction] = {"asc": "desc", "desc": "asc"}


def ranked_by(schema: Schema, rank: Ranked, spot: Spot) -> list[Choice[intent.Order]]:
    """The column that decides: named, or what the adjective measures. Only numbers and dates have a first and last."""
    adjective = rank.adjective.removeprefix("- ")
    direction = _REVERSED[rank.direction] if rank.adjective.startswith("- ") else rank.direction
    found: list[Choice[intent.Order]] = []
    if rank.attr:
        for choice in schema.columns(rank.attr, spot):
            walk, column = choice.value
            part = column.identifies and choice.cost >= PARTLY  # most counties: not the highest id of a county
            if not walk.many and _has_ends(column, adjective) and not part:
                attr = schema.attr(Spot(column.table, spot.path + walk.path), column, rank.attr)
                way = direction if _high(column, adjective) else _REVERSED[direction]
                found.append(Choice(intent.Order(by=attr, direction=way), choice.cost))
    elif adjective:
        for column, tier in schema.measured(spot.table, adjective, lambda c: _has_ends(c, adjective)):
            way = direction if tier.high else _REVERSED[direction]
            cost = BY_ADJECTIVE + of_a_deed(schema.table(spot.table), column, first_of=True)
            found.append(Choice(intent.Order(by=schema.attr(spot, column), direction=way), cost))
    return cheapest(found)


def _has_ends(column: ColumnView, adjective: str) -> bool:
    """Whether there is a first and a last of it; the latest is one of dates and years."""
    if adjective in _OF_TIME:
        return bool(column.holds & {"date", "time", "year"}) or datable(column)
    return column.numeric or column.dated or column.kind == "time"


def _high(column: ColumnView, adjective: str) -> bool:
    """Whether more of the column is more of the adjective: the oldest age is the highest, the cheapest price is not."""
    tiers = ADJECTIVES.get(adjective, ())
    fitting = [tier for tier in tiers if {stem(noun) for noun in tier.nouns} & column.all_words]
    return (fitting or tiers)[0].high if tiers else True


def limit_of(form: SetForm) -> intent.Limit:
    """One row for a singular superlative, so many for a number; a plural without one means all that are first."""
    if form.number is None and form.plural:
        return intent.Limit(n=1, ties="all")
    return intent.Limit(n=form.number or 1)


def ordered_by(
    schema: Schema, form: Form, spot: Spot, outputs: tuple[intent.Output, ...]
) -> list[Choice[tuple[intent.Order, ...]]]:
    """What the question says about order, for rows that start at `spot`."""
    found: list[Choice[tuple[intent.Order, ...]]] = [Choice((), 0.0)]
    for order in form.order:
        more = list(_order(schema, order, spot, outputs))
        found = cheapest(Choice((*a.value, b.value), a.cost + b.cost) for a in found for b in more)
    return found


def _order(
    schema: Schema, order: OrderForm, spot: Spot, outputs: tuple[intent.Output, ...]
) -> Iterator[Choice[intent.Order]]:
    by = order.by
    if by is None:
        if (first := first_shown(outputs)) is not None:
            yield Choice(intent.Order(by=first, direction=order.direction), 0.0)
        return
    name = _named(by)
    if name is None or (isinstance(by, Plain | Thing) and by.of and (by.of.preds or by.of.rank)):
        return
    shown = {o.item.column for o in outputs if isinstance(o.item, intent.Attr)}
    for choice in schema.columns(name, spot):
        walk, column = choice.value
        if not walk.many:
            attr = schema.attr(Spot(column.table, spot.path + walk.path), column, name)
            cost = choice.cost - (0.1 if column.name in shown else 0.0)
            yield Choice(intent.Order(by=attr, direction=order.direction), max(cost, 0.0))


def first_shown(outputs: tuple[intent.Output, ...]) -> intent.Attr | intent.EntityKey | None:
    """What rows are ordered by where nothing is named: what is shown first."""
    return next((o.item for o in outputs if isinstance(o.item, intent.Attr | intent.EntityKey)), None)


def shown_as(by: Out, outputs: tuple[intent.Output, ...]) -> intent.Item | None:
    """The output that an order names; ordering groups by anything else would be a guess."""
    name = _named(by)
    for item in (output.item for output in outputs):
        for target in name.targets if name else ():
            if isinstance(item, intent.Attr) and item.column == target.name:
                return item
            if isinstance(item, intent.EntityKey) and item.table == target.table and target.name in ("", *item.labels):
                return item
    return None


def _named(by: Out) -> Name | None:
    return by.attr if isinstance(by, Plain) else by.of.head if isinstance(by, Thing) else None
