"""What a form says in other words: names of studios are the studios, an unowned attribute is of what is ranked."""

from __future__ import annotations

from dataclasses import replace

from datamesh.ask.lattice import Name
from datamesh.ask.lexicon.english import LABEL_WORDS
from datamesh.ask.names.naming import Target
from datamesh.ask.names.views import ColumnView, Stems
from datamesh.ask.names.words import stem, stems
from datamesh.ask.read.form import Count, Form, Linked, Out, Plain, SetForm, Thing
from datamesh.ask.read.places import Schema

__all__ = ["rewritten", "without_context"]

_OWNING = frozenset(("of", "for", "in"))
_NAMES = frozenset(stem(word) for word in LABEL_WORDS)


def rewritten(schema: Schema, form: Form) -> Form:
    """The same question as the resolver wants it."""
    form = _own_numbers(schema, form)
    outputs = tuple(_of_itself(schema, _own_value(schema, _somebody(schema, out))) for out in form.outputs)
    return _between(schema, replace(form, outputs=tuple(_of_each(form, out) for out in _owned(outputs))))


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


def _bare(pred: object) -> SetForm | None:
    """The set that a restriction is about, where it says no more than that rows of it are there."""
    if not isinstance(pred, Linked) or pred.negated or pred.count or pred.to.rank or pred.to.number:
        return None
    return pred.to


def _related(schema: Schema, pred: object) -> tuple[SetForm | None, str | None]:
    """An office, and the building that it is in; a stock alone: what stands between, and what is related."""
    to = _bare(pred)
    if to is None or len(to.preds) > 1:
        return None, None
    if not to.preds:
        return None, _table(schema, to.head)
    end = _bare(to.preds[0])
    return (replace(to, preds=()), _table(schema, end.head)) if end and not end.preds else (None, None)


def _is_thing(head: Name | None) -> bool:
    return head is not None and any(target.kind == "table" for target in head.targets)


def _of_each(form: Form, out: Out) -> Out:
    """For each customer, the name: the customer's."""
    if form.rows is None or not isinstance(out, Plain) or out.of or not _is_thing(form.rows.head):
        return out
    return replace(out, of=form.rows) if _NAMES & {*stems(out.attr.text)} else out


def _between(schema: Schema, form: Form) -> Form:
    """Names of buildings and of the companies whose office is in the building, carriers of devices they have in stock:
    what relates things that are shown is no restriction of either, and what stands between them has the rows."""
    if len(form.outputs) < 2 or form.groups:
        return form
    rows, outs = form.rows, list[Out]()
    for out in form.outputs:
        others = {_table(schema, o.of.head) for o in form.outputs if o.of and o.of.head and o is not out} - {None}
        shown, found = _pointing(schema, out, others)
        outs.append(shown)
        rows = found or rows
    return replace(form, outputs=tuple(outs), rows=rows)


def _pointing(schema: Schema, out: Out, others: set[str | None]) -> tuple[Out, SetForm | None]:
    """An output without what only relates it to the others, and what stands between them."""
    for pred in out.of.preds if out.of and isinstance(out, Plain | Thing) else ():
        middle, end = _related(schema, pred)
        between = middle or (None if end in others or not (out.of and out.of.verb) else _bare(pred))
        if out.of and end and (end in others or between) and _leads(schema, between, out.of.head, end, others):
            kept = tuple(p for p in out.of.preds if p != pred)
            of = replace(out.of, preds=kept, verb=out.of.verb or ("there",))
            return replace(out, of=of), between
    return out, None


def _leads(schema: Schema, between: SetForm | None, own: Name | None, end: str, others: set[str | None]) -> bool:
    """Whether what stands between has rows of one thing and of another each."""
    table, graph = _table(schema, between.head if between else None), schema.vocabulary.graph
    if table is None:
        return between is None
    ends = [_table(schema, own), *([end] if end != table else others)]
    return all(to is not None and graph.to_one(table, to) for to in ends)


def without_context(form: SetForm, names: set[str], schema: Schema) -> SetForm:
    """Actors who appeared in the musicals, where the numbers are for each musical: this goes without saying."""
    kept = tuple(pred for pred in form.preds if not _is_context(pred, names, schema))
    return replace(form, preds=kept)


def _is_context(pred: object, names: set[str], schema: Schema) -> bool:
    if not isinstance(pred, Linked) or pred.negated or pred.count or pred.to.preds or pred.to.rank:
        return False
    return any(target.table in names for target in schema.tables(pred.to.head))
