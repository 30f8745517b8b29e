"""What a number attribute is compared with: above 300; 35 or 36; above the average."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.lattice import Name
from datamesh.ask.names.units import measured_in
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import AnyOf, Compared, PredForm
from datamesh.ask.read.grammar import nested
from datamesh.ask.read.grammar.common import amount, one_or_other

__all__ = ["compared"]


def compared(r: Reader, i: int, name: Name, *, negated: bool = False) -> Iterator[Hit[PredForm]]:
    """(seats) above 300; 300; either 35 or 36"""
    for hit in [*amount(r, i), *nested.than(r, i)]:
        found = hit.value
        meant = replace(name, targets=measured_in(r.tokens[i : hit.end], name.targets, r.lattice.vocabulary))
        if not negated:
            yield Hit(hit.end, Compared(meant, found.op, found.number, found.high), hit.cost)
        elif not found.compared:
            yield Hit(hit.end, Compared(name, "<>", found.number), hit.cost)
    start = next((op.end for op in r.op(i, "either")), i)
    for end, one, other in one_or_other(r, start) if not negated else ():
        yield Hit(end, AnyOf((Compared(name, "=", one), Compared(name, "=", other))), 0.05)
