"""What numbers are grouped by: things by their key, values, stretches of time; and what is shown of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from datamesh.ask import intent
from datamesh.ask.names.naming import Target
from datamesh.ask.names.words import singular
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import KeyForm, SetForm
from datamesh.ask.read.periods import buckets
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.shown import Anchor, stands_for, through_key
from datamesh.ask.read.standing import identifies

__all__ = ["Group", "Keys", "keys", "named_groups", "reachable"]

_FAR_KEY = 0.2
_KEPT = 4
_SEATS = 2  # places that one output is looked for at

Placed = tuple[SetForm, Spot]


@dataclass(frozen=True)
class Keys:
    """What is shown of each output that is no number, in turn; what groups without being one; what restricts groups."""

    shown: tuple[intent.Attr | intent.EntityKey, ...]
    others: tuple[intent.Key, ...]
    restricted: tuple[Placed, ...] = ()

    @property
    def group(self) -> tuple[intent.Key, ...]:
        """Several attributes of one thing are one key: the thing."""
        merged: dict[object, intent.Key] = {}
        for key in (*self.others, *self.shown):
            same = (key.table, key.path) if isinstance(key, intent.EntityKey) else key
            known = merged.get(same)
            if isinstance(known, intent.EntityKey) and isinstance(key, intent.EntityKey):
                labels = tuple(dict.fromkeys((*known.labels, *key.labels)))
                merged[same] = known.model_copy(update={"labels": labels, "optional": known.optional and key.optional})
            else:
                merged[same] = key
        return tuple(merged.values())


@dataclass(frozen=True)
class Group:
    keys: tuple[intent.Key, ...]
    restricted: tuple[Placed, ...] = ()


def reachable(schema: Schema, root: str, form: KeyForm) -> bool:
    """Whether a group's rows are reached from `root` to one."""
    return form.name is None or any(schema.spots(root, target.table) for target in form.name.targets)


def keys(
    schema: Schema, root: str, counted: str, shown: Sequence[Anchor], groups: Sequence[KeyForm]
) -> Iterator[Choice[Keys]]:
    """The groups of a question about numbers over rows of `counted`, as seen from `root`."""
    named = [named_groups(schema, form, root) for form in groups]
    seats = [schema.spots(root, anchor.table, _verb(anchor))[:_SEATS] for anchor in shown]
    for said in product(*named):
        for seated in product(*seats):
            ways = {choice.value: choice.cost for choice in seated}  # of several outputs there, the way is gone once
            cost = sum(choice.cost for choice in said) + sum(ways.values())
            spots = [choice.value for choice in seated]
            if found := _merged(schema, counted, list(zip(shown, spots, strict=True)), [c.value for c in said]):
                yield Choice(found, cost)


def _verb(anchor: Anchor) -> tuple[str, ...]:
    """(who) reported (the most bugs): the verb by which the rows are theirs"""
    return anchor.of.rank.hint if anchor.of and anchor.of.rank else ()


def named_groups(schema: Schema, form: KeyForm, root: str) -> list[Choice[Group]]:
    """The keys that a name or a stretch of time may group by."""
    if form.grain:
        stretches = buckets(schema, Spot(root), form.grain, form.hint)
        return [Choice(Group(choice.value), choice.cost) for choice in stretches]
    found = []
    for target in form.name.targets if form.name else ():
        for spot in schema.spots(root, target.table, form.hint):
            if key := _key(schema, form, target, spot.value):
                limits = ((form.of, spot.value),) if form.of and form.of.preds else ()
                far = _FAR_KEY if spot.value.path and target.kind == "column" and not target.qualified else 0.0
                found.append(Choice(Group((key,), limits), target.cost + spot.cost + far))
    return sorted(found, key=lambda choice: choice.cost)[:_KEPT]


def _key(schema: Schema, form: KeyForm, target: Target, spot: Spot) -> intent.Key | None:
    if target.kind == "table":
        other = target.cost and form.name and schema.names_thing(form.name)  # each customer is no customer's card
        return None if other else schema.entity_key(spot)
    if target.kind == "measure" or form.name is None or _is_grain(schema, target, form.name.text):
        return None
    if target.name in schema.known_by(target.table) and any(
        other.kind == "table" and other.table == target.table and other.cost <= target.cost
        for other in form.name.targets
    ):
        return None  # each city, which has a column city: each of the cities
    if identifies(schema.vocabulary, target, form.name.text):
        return schema.entity_key(spot)  # each branch, by its id: the branches
    if stands_for(schema, target, form.name.text):
        return through_key(schema, target.table, target.name, spot)
    return schema.text_attr(spot, schema.column(target.table, target.name), form.name)


def _is_grain(schema: Schema, target: Target, text: str) -> bool:
    """Per day: of the calendar, not the day's number whatever its month."""
    part = next((p for p, column in schema.table(target.table).calendar.items() if column == target.name), None)
    return part is not None and singular(text.lower()) == part


def _merged(schema: Schema, counted: str, shown: Sequence[tuple[Anchor, Spot]], groups: Sequence[Group]) -> Keys | None:
    """Outputs and groups that are of one thing are one key; an output that no named group decides has no one value."""
    named = [key for group in groups for key in group.keys]
    things = {(key.table, key.path) for key in named if isinstance(key, intent.EntityKey)}
    whole = things | {(a.table, spot.path) for a, spot in shown if a.owner == a.table != counted}
    items: list[intent.Attr | intent.EntityKey] = []
    for anchor, spot in shown:
        item = _output(schema, counted, anchor, spot, whole=(anchor.table, spot.path) in whole)
        if item is None or item in items or (named and not _decided(item, named, things)):
            return None
        items.append(item)
    covered = {(item.table, item.path) for item in items if isinstance(item, intent.EntityKey)}
    others = [
        key
        for key in named
        if key not in items and not (isinstance(key, intent.EntityKey) and (key.table, key.path) in covered)
    ]
    return Keys(tuple(items), tuple(others), tuple(limit for group in groups for limit in group.restricted))


def _decided(
    item: intent.Attr | intent.EntityKey, named: Sequence[intent.Key], things: set[tuple[str, intent.Path]]
) -> bool:
    return item in named or (isinstance(item, intent.EntityKey) and (item.table, item.path) in things)


def _output(
    schema: Schema, counted: str, anchor: Anchor, spot: Spot, *, whole: bool
) -> intent.Attr | intent.EntityKey | None:
    """An attribute of a thing groups by the thing, unless it is of what is counted: then its values are the groups."""
    if anchor.doubt and anchor.of and anchor.of.head and schema.names_thing(anchor.of.head):
        return None  # the id of the customer with the most of them is not that of a customer's card
    if anchor.through:
        return None if anchor.columns else through_key(schema, anchor.table, anchor.through, spot)
    thing = whole or anchor.implied or anchor.owner == anchor.table != counted
    if thing and (key := schema.entity_key(spot, () if anchor.implied else anchor.columns)):
        return key
    if len(anchor.columns) != 1:
        return None
    return schema.text_attr(spot, schema.column(anchor.table, anchor.columns[0]), anchor.said)
