"""Conditions that a scan may apply before the engine does: only those that can never change the answer.

That is `column <op> literal`, AND-ed in the WHERE of the SELECT that reads the product, where the statement reads that
product once. A comparison is never true of NULL, so this holds under outer joins as well; the engine still applies
the whole WHERE.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from datamesh.ask.guard.secured import Scope
from datamesh.ask.guard.tables import products_of

__all__ = ["Predicate", "predicates"]

Operator = Literal["=", "<", "<=", ">", ">=", "in"]
_OPERATORS: dict[type[exp.Expr], Operator] = {exp.EQ: "=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_MIRRORED: dict[Operator, Operator] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_DATED = frozenset({exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ})


@dataclass(frozen=True)
class Predicate:
    """`column operator values`: one value, or any number for `in`. Dates and times are text, as they were written."""

    column: str
    operator: Operator
    values: tuple[str | int, ...]


def predicates(tree: exp.Query, scopes: Mapping[str, Scope]) -> dict[str, tuple[Predicate, ...]]:
    """What may be pushed into the scan of each product of `tree` (qualified, not yet restricted).

    A condition on what is shown in place of a value is none on the value.
    """
    tables = products_of(tree)
    read = Counter(f"{table.db}.{table.name}" for table in tables)
    found: dict[str, tuple[Predicate, ...]] = {}
    for table in tables:
        name, select = f"{table.db}.{table.name}", table.find_ancestor(exp.Select)
        where = select.args.get("where") if select else None
        if read[name] == 1 and where is not None:
            pushed = (p for part in _parts(where.this) for p in _predicate(part, table.alias_or_name))
            found[name] = tuple(p for p in pushed if p.column not in scopes[name].cells)
    return {name: parts for name, parts in found.items() if parts}


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    condition = condition.unnest()
    yield from condition.flatten() if isinstance(condition, exp.And) else (condition,)


def _predicate(part: exp.Expr, alias: str) -> Iterator[Predicate]:
    part = part.unnest()
    if operator := _OPERATORS.get(type(part)):
        left, right = part.this, part.expression
        if isinstance(right, exp.Column):
            left, right, operator = right, left, _MIRRORED[operator]
        yield from _compare(left, operator, [right], alias)
    elif isinstance(part, exp.In) and part.expressions:
        yield from _compare(part.this, "in", part.expressions, alias)
    elif isinstance(part, exp.Between) and not part.args.get("symmetric"):
        yield from _compare(part.this, ">=", [part.args["low"]], alias)
        yield from _compare(part.this, "<=", [part.args["high"]], alias)


def _compare(column: exp.Expr, operator: Operator, values: list[exp.Expr], alias: str) -> Iterator[Predicate]:
    known = [_value(value) for value in values]
    if isinstance(column, exp.Column) and column.table == alias and all(value is not None for value in known):
        yield Predicate(column.name, operator, tuple(value for value in known if value is not None))


def _value(node: exp.Expr) -> str | int | None:
    """A whole number, or text (bare or cast to a date or time); None for anything else."""
    if isinstance(node, exp.Cast) and node.to.this in _DATED:
        node = node.this
    if isinstance(node, exp.Literal):
        if node.is_string:
            return node.name
        return int(node.name) if node.name.isdecimal() else None
    return -int(node.this.name) if _is_negative(node) else None


def _is_negative(node: exp.Expr) -> bool:
    inner = node.this
    return (
        isinstance(node, exp.Neg) and isinstance(inner, exp.Literal) and not inner.is_string and inner.name.isdecimal()
    )
