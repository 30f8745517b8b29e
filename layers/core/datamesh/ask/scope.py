"""The tables of one FROM clause: where an intent's paths lead, and which alias each place has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from itertools import count

from sqlglot import exp

from datamesh.ask import intent

__all__ = ["Place", "Scope", "all_of", "column", "same"]

Nested = Callable[[intent.Query, set[str]], exp.Expr]


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
    table: str
    on: exp.Expr
    optional: bool


@dataclass
class Scope:
    """The table a query starts from and what is joined to it, one alias for each path. `nested` compiles subqueries."""

    table: str
    aliases: set[str]
    nested: Nested
    alias: str = ""
    joins: dict[intent.Path, _Join] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alias = self._free(self.table)

    def _free(self, table: str) -> str:
        wanted = table.rpartition(".")[2]
        alias = next(a for n in count(1) if (a := wanted if n == 1 else f"{wanted}_{n}").lower() not in self.aliases)
        self.aliases.add(alias.lower())
        return alias

    def at(self, path: intent.Path, *, optional: bool = False) -> str:
        """The alias at the end of `path`, joined now if it was not; optional while nothing but a label wants it."""
        if not path:
            return self.alias
        near = self.at(path[:-1])
        if known := self.joins.get(path):
            known.optional &= optional
            return known.alias
        edge = path[-1]
        alias = self._free(edge.to)
        self.joins[path] = _Join(alias, edge.to, same(near, edge.columns, alias, edge.to_columns), optional)
        return alias

    def select(self, *outputs: exp.Expr) -> exp.Select:
        """`outputs` over all of these tables."""
        select = exp.Select().select(*outputs, copy=False).from_(_table(self.table, self.alias), copy=False)
        for join in self.joins.values():
            kind = "LEFT" if join.optional else None
            select.join(_table(join.table, join.alias), on=join.on, join_type=kind, copy=False)
        return select


@dataclass(frozen=True)
class Place:
    """Where an attribute's path begins: at the subject, or at the end of a semi-join's path."""

    scope: Scope
    prefix: intent.Path = ()

    def at(self, path: intent.Path, *, optional: bool = False) -> str:
        return self.scope.at(self.prefix + path, optional=optional)


def _table(name: str, alias: str) -> exp.Table:
    domain, _, product = name.rpartition(".")
    return exp.Table(
        this=exp.to_identifier(product),
        db=exp.to_identifier(domain) if domain else None,
        alias=exp.TableAlias(this=exp.to_identifier(alias)),
    )
