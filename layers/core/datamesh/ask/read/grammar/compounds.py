"""Two things in one word: checking accounts, train stations."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask.lattice import Name
from datamesh.ask.names.naming import PARTLY, Target
from datamesh.ask.names.views import TableView
from datamesh.ask.read.chart import Hit, Reader

__all__ = ["compounds"]

_CONTEXT = 0.3  # that the first of two things only says whose the second are
_SURELY = 0.7  # what a noun of the pair may cost


def compounds(r: Reader, first: Name) -> Iterator[Hit[Name]]:
    """Checkings, each of an account; stations, where trains are related to them."""
    attributes = [name for name in r.names(first.start, "column") if name.targets[0].cost < PARTLY]
    for second in r.names(first.end, "table"):
        if not any(name.end >= second.end for name in attributes):
            pairs = [(one, other) for one in _sure(first) for other in _sure(second)]
            if found := [target for one, other in pairs for target in _meant(r, one, other)]:
                yield Hit(second.end, _named(r, first, second.end, found), _CONTEXT)
    yield from _across(r, first)


def _sure(name: Name) -> list[Target]:
    return [target for target in name.targets if target.cost < _SURELY]


def _meant(r: Reader, one: Target, other: Target) -> Iterator[Target]:
    """The first thing, where there is at most one for each of the second: then it is a kind of these."""
    tables, graph = r.lattice.vocabulary.tables, r.lattice.vocabulary.graph
    if other.table in tables[one.table].foreign.values() and graph.to_one(other.table, one.table):
        yield one


def _across(r: Reader, pair: Name) -> Iterator[Hit[Name]]:
    """Train stations: the stations, where a table of nothing but keys is called so."""
    tables = r.lattice.vocabulary.tables
    bridges = [t.table for t in pair.targets if not t.cost and _bridges(tables[t.table])]
    for last in r.names(pair.end - 1, "table") if bridges and pair.end > pair.start + 1 else ():
        ends = {table for bridge in bridges for table in tables[bridge].foreign.values()}
        if found := [target for target in last.targets if not target.cost and target.table in ends]:
            yield Hit(last.end, _named(r, pair, last.end, found), _CONTEXT)


def _bridges(table: TableView) -> bool:
    return table.columns.keys() == table.foreign.keys()


def _named(r: Reader, first: Name, end: int, targets: list[Target]) -> Name:
    words = r.tokens[first.start : end]
    text = " ".join(word.text for word in words)
    return Name(first.start, end, text, tuple(dict.fromkeys(targets)), (words[0].start, words[-1].end))
