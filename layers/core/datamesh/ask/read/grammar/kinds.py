"""Kinds of things, called by a value: helicopters; village type (stores); or by an attribute: active (customers)."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask.lattice import Literal, Name
from datamesh.ask.names.naming import Target
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Lacking, Valued
from datamesh.ask.read.grammar.possible import possible

__all__ = ["flagged", "kind_of_thing", "of_kind"]

_ADJECTIVE = 0.1


def kind_of_thing(value: Literal) -> Name | None:
    """Helicopters, where a contract calls a type of planes so: these planes."""
    tables = dict.fromkeys(hit.table for hit in value.hits if hit.named)
    targets = tuple(Target("table", table, "", 0.0) for table in tables)
    return Name(value.start, value.end, value.text, targets, value.span) if targets else None


def of_kind(r: Reader, said: Hit[tuple[Literal, ...]]) -> Iterator[Hit[Valued]]:
    """Village type (stores); both A and B level (courses): the values, and the column that holds them."""
    for name in r.names(said.end, "column"):
        for hit in possible(r, [Hit(name.end, Valued(name, said.value), said.cost)]):
            if isinstance(hit.value, Valued):
                yield Hit(hit.end, hit.value, hit.cost)


def flagged(r: Reader, i: int) -> Iterator[Hit[Lacking]]:
    """(the) discontinued (products): an adjective that is a column of yes and no"""
    for name in r.names(i, "column"):
        flag = Hit(name.end, Lacking(name, negated=True, flag=True), _ADJECTIVE)
        if any(possible(r, [flag])):
            yield flag
