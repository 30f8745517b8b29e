"""Which way from one table to another: the shortest walks along declared relationships, and where a tree is rooted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from datamesh.ask.intent import Edge, Path

__all__ = ["MAX_HOPS", "Graph", "Walk"]

MAX_HOPS = 3
_FIRST, _NEXT, _MANY = 0.3, 0.7, 0.5
_UNPAIRED = 0.8


@dataclass(frozen=True)
class Walk:
    """A path and what it costs to believe that it was meant."""

    start: str
    path: Path
    cost: float

    @property
    def many(self) -> bool:
        return any(edge.many for edge in self.path)

    @property
    def end(self) -> str:
        return self.path[-1].to if self.path else self.start

    def repeats(self, column: str, named: Container[tuple[str, str]]) -> bool:
        """Whether `column` at the end says what the near side of the last step holds already, which is named, too."""
        if not self.path or self.path[-1].many or column not in self.path[-1].to_columns:
            return False
        edge = self.path[-1]
        return (self.owner(edge), edge.columns[edge.to_columns.index(column)]) in named

    def owner(self, edge: Edge) -> str:
        """The table that a step of this walk leaves."""
        at = self.path.index(edge)
        return self.path[at - 1].to if at else self.start


@dataclass
class Graph:
    """The relationships that a caller may walk, in both directions."""

    edges: dict[str, list[Edge]] = field(default_factory=lambda: defaultdict(list))
    own: dict[str, list[Edge]] = field(default_factory=lambda: defaultdict(list))  # to another row of the same table
    bridges: set[str] = field(default_factory=set)  # tables of nothing but keys and what is said of the pair
    _walks: dict[str, dict[str, list[Walk]]] = field(default_factory=dict)

    def add(self, table: str, edge: Edge, *, unique: bool) -> None:
        """`edge` leads from `table` to one row; back it leads to many, or to one where the key is unique here."""
        back = Edge(
            to=table,
            columns=edge.to_columns,
            to_columns=edge.columns,
            cardinality="to_one" if unique else "to_many",
            relationship=edge.relationship,
            role=edge.role,
        )
        if table == edge.to:  # walked only where its role is said: which side would be meant else?
            self.own[table] += [edge, back]
        else:
            self.edges[table].append(edge)
            self.edges[edge.to].append(back)

    def island(self, table: str) -> frozenset[str]:
        """The table, and all that any relationships lead to from it."""
        found, edge = {table}, {table}
        while edge:
            edge = {near.to for at in edge for near in self.edges.get(at, ())} - found
            found |= edge
        return frozenset(found)

    def walks(self, start: str, end: str) -> list[Walk]:
        """Every walk of at most `MAX_HOPS` steps, the cheapest first. To itself: staying is free."""
        if start == end:
            return [Walk(start, (), 0.0)]
        if start not in self._walks:
            found: dict[str, list[Walk]] = defaultdict(list)
            for path in self._from(start, (), frozenset((start,))):
                walk = Walk(start, path, _cost(path))
                found[walk.end].append(walk)
            self._walks[start] = {to: sorted(self._told(w), key=lambda w: w.cost) for to, w in found.items()}
        return self._walks[start].get(end, [])

    def _told(self, walks: list[Walk]) -> list[Walk]:
        """Stations of a line are those that it stops at, where a table pairs them, not those where it broke down."""
        paired = {len(walk.path) for walk in walks if len(walk.path) > 1 and self._paired(walk)}
        return [
            replace(walk, cost=walk.cost + _UNPAIRED) if len(walk.path) in paired and not self._paired(walk) else walk
            for walk in walks
        ]

    def _paired(self, walk: Walk) -> bool:
        return all(edge.to in self.bridges for edge in walk.path[:-1])

    def _from(self, table: str, path: Path, seen: frozenset[str]) -> Iterator[Path]:
        """Down to one and then up to many again would pair rows that only share a dimension: never walked."""
        for edge in self.edges.get(table, ()):
            if edge.to in seen or (edge.many and path and not path[-1].many):
                continue
            longer = (*path, edge)
            yield longer
            if len(longer) < MAX_HOPS:
                yield from self._from(edge.to, longer, seen | {edge.to})

    def to_one(self, start: str, end: str) -> list[Walk]:
        """The walks on which no row is met twice."""
        return [walk for walk in self.walks(start, end) if not walk.many]

    def roots(self, tables: Iterable[str]) -> list[tuple[str, float]]:
        """The tables from which all of `tables` are reached to one, with the cost of the tree, the smallest first.

        That is the smallest Steiner tree whose every edge runs from many to one: its root's rows are what is counted.
        """
        wanted = sorted(set(tables))
        if len(wanted) == 1:
            return [(wanted[0], 0.0)]
        costs: list[tuple[str, float]] = []
        for root in {*wanted, *self._around(wanted)}:
            walks = [self.to_one(root, table) for table in wanted]
            if all(walks):
                steps = {walk[0].path[: n + 1] for walk in walks for n in range(len(walk[0].path))}
                own = 0.0 if root in wanted else _NEXT / 2
                costs.append((root, own + _FIRST * len(steps)))
        return sorted(costs, key=lambda found: (found[1], found[0]))

    def _around(self, tables: Iterable[str]) -> set[str]:
        return {edge.to for table in tables for edge in self.edges.get(table, ()) if edge.many}


def _cost(path: Path) -> float:
    """A table between two that are related many to many is half a step."""
    bridges = sum(a.many and not b.many for a, b in pairwise(path))
    return _FIRST + _NEXT * (len(path) - 1 - bridges / 2) + _MANY * any(edge.many for edge in path)
