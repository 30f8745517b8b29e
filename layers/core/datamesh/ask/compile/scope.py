"""The tables of one FROM clause: where an intent's paths lead, and which alias each place has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from itertools import count

from sqlglot import exp

from datamesh.ask import intent

__all__ = ["Nested", "Place", "Scope", "all_of", "column", "same"]

Nested = Callable[[intent.Query, set[str], bool], exp.Select | exp.SetOperation]


def all_of(parts: list[exp.Expr]) -> exp.Expr:
    return reduce(lambda left, right: exp.And(this=left, expression=right), parts)


def column(alias: str, name: str) -> exp.Column:
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(alias))


def same(near: str, columns: tuple[str, ...], far: str, far_columns: tuple[str, ...]) -> exp.Expr:
    """The condition that joins two aliases."""
    pairs = zip(columns, far_columns, strict=True)
    return all_of([exp.EQ(this=column(far, there), expression=column(near, here)) for here, there in pairs])


@dataclass
class _Join:
    alias: str
    source: exp.Expr
    on: exp.Expr
    optional: bool


@dataclass
class Scope:
    """What a query starts from and what is joined to it, one alias for each path and each tally.

    `nested` compiles a query inside this one: with the aliases that are taken, and whether things go by their key.
    """

    subject: intent.Entity
    aliases: set[str]
    nested: Nested
    alias: str = ""
    joins: dict[intent.Path | intent.Tally, _Join] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alias = self.free(self.subject.table)

    def free(self, table: str) -> str:
        """An alias for `table` that nothing has yet."""
        wanted = table.rpartition(".")[2]
        alias = next(a for n in count(1) if (a := wanted if n == 1 else f"{wanted}_{n}").lower() not in self.aliases)
        self.aliases.add(alias.lower())
        return alias

    def inner(self, table: str) -> Scope:
        """A query of its own that sees this one."""
        return Scope(intent.Entity(table=table), self.aliases, self.nested)

    def at(self, path: intent.Path, *, optional: bool = False) -> str:
        """The alias at the end of `path`, joined now if it was not; optional while nothing but a label wants it."""
        if not path:
            return self.alias
        near = self.at(path[:-1], optional=optional)
        if known := self.joins.get(path):
            known.optional &= optional
            return known.alias
        edge = path[-1]
        alias = self.free(edge.to)
        on = same(near, edge.columns, alias, edge.to_columns)
        self.joins[path] = _Join(alias, _table(edge.to, alias), on, optional)
        return alias

    def beside(self, tally: intent.Tally, near: str, edge: intent.Edge, totals: exp.Select, names: list[str]) -> str:
        """The alias of aggregated rows, whose `names` equal the columns of the edge's near side; there may be none."""
        alias = self.free("totals")
        on = same(near, edge.columns, alias, tuple(names))
        self.joins[tally] = _Join(alias, _derived(totals, alias), on, True)
        return alias

    def select(self, *outputs: exp.Expr) -> exp.Select:
        """`outputs` over all of these tables."""
        select = exp.Select().select(*outputs, copy=False).from_(self._source(), copy=False)
        for join in self.joins.values():
            kind = "LEFT" if join.optional else None
            select.join(join.source, on=join.on, join_type=kind, copy=False)
        return select

    def _source(self) -> exp.Expr:
        if self.subject.rows is None:
            return _table(self.subject.table, self.alias)
        return _derived(self.nested(self.subject.rows, self.aliases, False), self.alias)


@dataclass(frozen=True)
class Place:
    """Where an attribute's path begins: at the subject, or at the end of a semi-join's path.

    `optional`: what is said here is said of one number only; rows for which it leads nowhere count for the others.
    """

    scope: Scope
    prefix: intent.Path = ()
    optional: bool = False

    def at(self, path: intent.Path, *, optional: bool = False) -> str:
        return self.scope.at(self.prefix + path, optional=optional or self.optional)


def _derived(query: exp.Query, alias: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias)))


def _table(name: str, alias: str) -> exp.Table:
    domain, _, product = name.rpartition(".")
    return exp.Table(
        this=exp.to_identifier(product),
        db=exp.to_identifier(domain) if domain else None,
        alias=exp.TableAlias(this=exp.to_identifier(alias)),
    )
