"""What an output may be: which table it stands in, and what it shows of a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from datamesh.ask import intent
from datamesh.ask.annotate import Name
from datamesh.ask.naming import Target
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Everything, Plain, SetForm, Thing
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.words import stem, stems

__all__ = ["Anchor", "anchors", "items", "stands_for", "through_key"]

_NEIGHBOUR = 0.5
_PARTLY = 0.3  # from this cost on a name was said in part only
_NO_OWNER = 0.1


@dataclass(frozen=True)
class Anchor:
    """An output in a table: its columns, all columns, or the thing as a person calls it.

    `owner` is the table of the set it was asked of. `through`: a key column that stands for the thing it leads to.
    """

    table: str
    columns: tuple[str, ...] = ()
    everything: bool = False
    implied: bool = False
    owner: str = ""
    through: str = ""
    of: SetForm | None = None
    said: Name | None = field(default=None, compare=False)


def anchors(schema: Schema, out: Plain | Thing | Everything) -> list[Choice[Anchor]]:
    match out:
        case Plain():
            found = _plain(schema, out)
        case Thing():
            found = _thing(schema, out.of)
        case Everything():
            found = (
                Choice(Anchor(t.table, everything=True, owner=t.table, of=out.of), t.cost)
                for t in schema.tables(out.of.head)
            )
    best: dict[Anchor, float] = {}
    for choice in found:
        best[choice.value] = min(choice.cost, best.get(choice.value, choice.cost))
    return [Choice(a, c) for a, c in sorted(best.items(), key=lambda f: f[1])[:6]]


def _plain(schema: Schema, out: Plain) -> Iterator[Choice[Anchor]]:
    """An attribute of X is a column of X, or of a neighbour that the words name; else it is none."""
    owners = list(schema.tables(out.of.head)) if out.of else []
    if out.of and out.of.head and not owners:
        return
    if not owners:
        for target in (t for t in out.attr.targets if t.kind == "column"):
            yield Choice(_column(schema, target, "", out), target.cost + _NO_OWNER)
    for owner in owners:
        for target in (t for t in out.attr.targets if t.kind == "column"):
            if target.table == owner.table:
                yield Choice(_column(schema, target, owner.table, out), target.cost + owner.cost)
            elif target.qualified and (walks := schema.vocabulary.graph.walks(owner.table, target.table)):
                cost = target.cost + owner.cost + walks[0].cost + _NEIGHBOUR
                yield Choice(_column(schema, target, owner.table, out), cost)
        known = schema.known_by(owner.table)
        if stem(out.attr.text.lower()) == "name" and len(known) > 1:  # a person's two names
            yield Choice(Anchor(owner.table, known, owner=owner.table, of=out.of), owner.cost + 0.2)


def _column(schema: Schema, target: Target, owner: str, out: Plain) -> Anchor:
    through = target.name if stands_for(schema, target, out.attr.text) else ""
    return Anchor(target.table, (target.name,), owner=owner, through=through, of=out.of, said=out.attr)


def stands_for(schema: Schema, target: Target, text: str) -> bool:
    """Whether a key column was called by the noun of what it leads to: the destination airport, not its code."""
    to = schema.table(target.table).foreign.get(target.name)
    if not to:
        return False
    last = stems(text)[-1:]
    other = schema.table(to)
    named = any(noun[-1:] == last for noun in other.nouns)
    return named and bool(other.shown_by) and other.shown_by != other.key


def _thing(schema: Schema, form: SetForm) -> Iterator[Choice[Anchor]]:
    for target in form.head.targets if form.head else ():
        if target.kind == "table":
            shown = schema.table(target.table).shown_by
            if shown and not (len(shown) > 1 and shown == schema.table(target.table).key and target.cost >= _PARTLY):
                yield Choice(Anchor(target.table, shown, implied=True, owner=target.table, of=form), target.cost)
        elif target.kind == "column" and form.head:
            through = target.name if stands_for(schema, target, form.head.text) else ""
            mine = schema.narrowed(form, target.table)
            if mine is not None:
                yield Choice(
                    Anchor(target.table, (target.name,), through=through, of=mine, said=form.head), target.cost + 0.1
                )


def items(schema: Schema, anchor: Anchor, spot: Spot) -> list[intent.Item]:
    """What is shown of the anchor's table where it stands."""
    view = schema.table(anchor.table)
    if anchor.everything:
        return [intent.AllColumns(path=spot.path, columns=tuple(view.columns))]
    if anchor.through:
        return [through_key(schema, anchor.table, anchor.through, spot)]
    return [schema.text_attr(spot, view.columns[name], anchor.said) for name in anchor.columns]


def through_key(schema: Schema, table: str, column: str, spot: Spot) -> intent.Attr | intent.EntityKey:
    """The thing that a key column leads to, by its label."""
    edge = next(e for e in schema.vocabulary.graph.edges[table] if e.columns == (column,) and not e.many)
    key = schema.entity_key(Spot(edge.to, (*spot.path, edge)))
    return key or schema.text_attr(spot, schema.column(table, column))
