"""What a form says in other words: names of studios are the studios, an unowned attribute is of what is ranked."""

from __future__ import annotations

from dataclasses import replace

from datamesh.ask.lattice import Name
from datamesh.ask.lexicon.english import LABEL_WORDS
from datamesh.ask.naming import Target
from datamesh.ask.read.form import Count, Form, Linked, Out, Plain, SetForm, Thing
from datamesh.ask.read.places import Schema
from datamesh.ask.views import ColumnView, Stems
from datamesh.ask.words import stem, stems

__all__ = ["rewritten", "without_context"]

_OWNING = frozenset(("of", "for", "in"))
_NAMES = frozenset(stem(word) for word in LABEL_WORDS)


def rewritten(schema: Schema, form: Form) -> Form:
    """The same question as the resolver wants it."""
    form = _own_numbers(schema, form)
    outputs = tuple(_of_itself(schema, _own_value(schema, _somebody(schema, out))) for out in form.outputs)
    return replace(form, outputs=_owned(outputs))


def _somebody(schema: Schema, out: Out) -> Out:
    """Who has friends under 30: a person."""
    if not isinstance(out, Thing) or out.of.head is not None:
        return out
    for pred in out.of.preds:
        for relation in schema.tables(pred.to.head) if isinstance(pred, Linked) else ():
            if kin := schema.table(relation.table).kin:
                to = schema.table(relation.table).foreign[kin[0]]
                return Thing(replace(out.of, head=Name(0, 0, "", (Target("table", to, "", 0.0),))))
    return out


def _own_numbers(schema: Schema, form: Form) -> Form:
    """Name, address and number of floors of buildings, where the floors are a number of the building's own."""
    listed = any(isinstance(out, Plain) for out in form.outputs)
    if form.groups or not listed or not any(isinstance(out, Count) for out in form.outputs):
        return form
    outs = [_own_number(schema, out) for out in form.outputs]
    if any(isinstance(out, Count) for out in outs):
        return form
    owner = next((out.of for out in reversed(outs) if isinstance(out, Plain) and out.of), None)
    shown = tuple(replace(out, of=owner) if isinstance(out, Plain) and out.of is None else out for out in outs)
    order = tuple(replace(o, by=_own_number(schema, o.by)) if o.by else o for o in form.order)
    return replace(form, outputs=shown, order=order)


def _own_number(schema: Schema, out: Out) -> Out:
    """The number of floors of the buildings: the buildings' column, if that counts something."""
    if not isinstance(out, Count) or out.of.head is None or any(schema.tables(out.of.head)):
        return out
    kept = tuple(t for t in out.of.head.targets if t.kind == "column" and schema.column(t.table, t.name).counts)
    owners = [pred for pred in out.of.preds if isinstance(pred, Linked) and set(pred.hint) <= _OWNING]
    if not kept or len(owners) < len(out.of.preds) or len(owners) > 1 or out.of.rank or out.of.distinct:
        return out
    return Plain(replace(out.of.head, targets=kept), owners[0].to if owners else None)


def _own_value(schema: Schema, out: Out) -> Out:
    """Names of studios, codes of card types, where these are attributes: the attribute itself."""
    if not isinstance(out, Plain) or out.of is None or out.of.head is None or any(schema.tables(out.of.head)):
        return out
    said = stems(out.attr.text)
    head = out.of.head.only("column")
    if head is None or len(said) != 1:
        return out
    noun = stems(head.text)[-1:]
    kept = tuple(t for t in head.targets if _ends_in(schema.column(t.table, t.name), said, noun))
    return Thing(replace(out.of, head=replace(head, targets=kept))) if kept else out


def _of_itself(schema: Schema, out: Out) -> Out:
    """Classes of races that have two races, colours of cars with the most cars: the classes, the colours have them."""
    if not isinstance(out, Plain) or out.of is None or out.of.head is None:
        return out
    own = _table(schema, out.of.head)
    counted = [pred.to for pred in out.of.preds if isinstance(pred, Linked) and pred.count]
    counted += [out.of.rank.of] if out.of.rank and out.of.rank.of and not out.of.rank.fn else []
    if own is None or not any(own == _table(schema, of.head) for of in counted):
        return out
    head = replace(out.attr, targets=tuple(t for t in out.attr.targets if t.kind == "column" and t.table == own))
    return Thing(replace(out.of, head=head)) if head.targets else out


def _table(schema: Schema, head: Name | None) -> str | None:
    return next((target.table for target in schema.tables(head)), None)


def _ends_in(column: ColumnView, said: Stems, noun: Stems) -> bool:
    """A stock number is no product's name."""
    named = said[0] in _NAMES and column.kind == "text" and not column.identifies
    return column.words[-1:] == said or (named and column.words[-1:] in (noun, said, *((n,) for n in _NAMES)))


def _owned(outputs: tuple[Out, ...]) -> tuple[Out, ...]:
    """Id, name and country of the artist with the most exhibitions: all three are the artist's."""
    ranked = [out.of for out in outputs if out.of and out.of.rank and _is_thing(out.of.head)]
    if not ranked:
        return outputs
    return tuple(replace(o, of=ranked[0]) if isinstance(o, Plain) and o.of is None else o for o in outputs)


def _is_thing(head: Name | None) -> bool:
    return head is not None and any(target.kind == "table" for target in head.targets)


def without_context(form: SetForm, names: set[str], schema: Schema) -> SetForm:
    """Actors who appeared in the musicals, where the numbers are for each musical: this goes without saying."""
    kept = tuple(pred for pred in form.preds if not _is_context(pred, names, schema))
    return replace(form, preds=kept)


def _is_context(pred: object, names: set[str], schema: Schema) -> bool:
    if not isinstance(pred, Linked) or pred.negated or pred.count or pred.to.preds or pred.to.rank:
        return False
    return any(target.table in names for target in schema.tables(pred.to.head))
