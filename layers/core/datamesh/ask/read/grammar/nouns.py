"""What a set is of: one noun, or one that another stands before and says whose these are: planes, customer orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.lattice import Name
from datamesh.ask.names.naming import PARTLY
from datamesh.ask.names.spelling import verb_form
from datamesh.ask.names.words import singular, stems
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import COMPOUND, Contains, Linked, PredForm, SetForm, Valued
from datamesh.ask.read.grammar.common import adjective, participle
from datamesh.ask.read.grammar.compounds import compounds
from datamesh.ask.read.standing import tells_of_rows

__all__ = ["is_table", "nouns", "of_head"]

_ATTRIBUTE_AS_HEAD = 0.3
_ONLY_WHOSE = 1.0  # customer (and supplier names): no customers
_COMPOUND = 0.2  # two things' names beside each other


def nouns(r: Reader, state: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    for kind, cost in (("table", 0.0), ("column", _ATTRIBUTE_AS_HEAD)):
        for name in r.names(state.end, kind):
            if kind == "column" and (participle(r, name) or adjective(r, name)):
                continue
            said = tuple(of_head(name, pred) for pred in state.value.preds)
            head = _with_tellers(r, name) if kind == "table" else name
            found = replace(state.value, head=head, preds=said, plural=_plural(r, name))
            only_whose = kind == "table" and any(_lends(c, name) for c in r.names(name.start, "column"))
            yield Hit(name.end, found, state.cost + cost + (_ONLY_WHOSE if only_whose else 0.0))
            last = r.tokens[name.end - 1]
            if kind == "table" and singular(last.fold) == last.fold and not verb_form(last):
                yield from _compound(r, state, name)
            for both in compounds(r, name) if kind == "table" else ():
                yield Hit(both.end, replace(state.value, head=both.value, plural=True), state.cost + both.cost)


def _lends(column: Name, table: Name) -> bool:
    """Customer (and supplier names): whose names they are, not customers."""
    return column.lent and column.end == table.end and min(t.cost for t in column.targets) < PARTLY


def _with_tellers(r: Reader, name: Name) -> Name:
    """Players, of a table; and of the seasons whose rows say who played."""
    vocabulary = r.lattice.vocabulary
    whole = next((known for known in r.lattice.names[name.start] if known.end == name.end), name)
    tellers = tuple(target for target in whole.targets if tells_of_rows(vocabulary, target))
    return replace(name, targets=(*name.targets, *tellers))


def _compound(r: Reader, state: Hit[SetForm], owner: Name) -> Iterator[Hit[SetForm]]:
    """(company) offices, (student) enrolments: that belong to one"""
    whole = {(name.end, name.targets[0].table) for name in r.names(owner.start, "table")}
    for name in r.names(owner.end, "table"):
        if (name.end, name.targets[0].table) in whole:
            continue  # sales orders, of the domain sales
        if owner.targets[0].table != name.targets[0].table and not verb_form(r.tokens[name.end - 1]):
            owned = state.value.plus(Linked(SetForm(owner), (COMPOUND,)))
            found = replace(owned, head=name, plural=_plural(r, name))
            yield Hit(name.end, found, state.cost + _COMPOUND)


def is_table(head: Name | None) -> bool:
    return head is not None and head.targets[0].kind == "table"


def of_head(head: Name | None, pred: PredForm) -> PredForm:
    """Publishers whose name contains X, where publisher is an attribute: the name is the publisher itself. Friends
    who are female: not those whose friends they are. Doctors that Ines supervises: she is none of them."""
    if isinstance(pred, Valued) and pred.hint[:1] == ("have",):
        apart = head is not None and pred.values[0].start > head.end  # the city 'Rome' served as: Rome is the city
        return replace(pred, done_to=head if apart else None)
    if head is None or is_table(head) or not isinstance(pred, Contains | Valued):
        return pred
    if isinstance(pred, Valued) and pred.attr is None and pred.hint in ((), ("be",)):
        return replace(pred, hint=(*pred.hint, *stems(head.text)))
    if pred.attr is None:
        return replace(pred, attr=head) if isinstance(pred, Contains) else pred
    return replace(pred, attr=head) if pred.attr.text.lower() in ("name", "names") else pred


def _plural(r: Reader, name: Name) -> bool:
    last = r.tokens[name.end - 1].fold
    return singular(last) != last
