"""What a statement does with values that its caller is not shown: to show a mask is one thing, to compute with it is
another.

A sum of rounded salaries is a number, and not the one that was asked for. Who writes SQL over masks knows what they do;
a question is not answered with one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from sqlglot import exp
from sqlglot.optimizer.scope import Scope as Block
from sqlglot.optimizer.scope import traverse_scope

from datamesh.ask.guard.secured import Scope

__all__ = ["computed_with"]


def computed_with(tree: exp.Query, scopes: Mapping[str, Scope]) -> tuple[str, ...]:
    """The columns whose values are hidden (`domain.product.column`) that `tree` (qualified) does more with than to show
    them."""
    if not any(scope.masked for scope in scopes.values()):
        return ()
    found: dict[str, None] = {}
    carried: _Carried = {}
    for block in traverse_scope(tree):
        select = block.expression
        if isinstance(select, exp.SetOperation):  # its rows are compared, or stand below each other
            found |= {name: None for side in _sides(select) for name in carried.get(id(side), {}).values()}
        if not isinstance(select, exp.Select):
            continue
        uses = list(_uses(block, scopes, carried))
        found |= {name: None for column, name in uses if not _only_shown(column, block, scopes)}
        outputs = {
            projection.alias_or_name: name
            for projection in select.selects
            for column, name in uses
            if column is projection.unalias()
        }
        if block.is_subquery:  # of a condition, which compares it
            found |= dict.fromkeys(outputs.values())
        found |= {outputs[name]: None for name in _ordered_by(select) if name in outputs}
        carried[id(select)] = outputs
    return tuple(found)


_Carried: TypeAlias = dict[int, dict[str, str]]  # of each query inside: its columns that are masks, and of what


def _sides(query: exp.SetOperation) -> Iterator[exp.Expr]:
    for side in (query.left, query.right):
        yield side.unnest()


def _ordered_by(select: exp.Select) -> Iterator[str]:
    """The column of the result that comes first in its order, where that is said by its name."""
    order = select.args.get("order")
    first = order.expressions[0].this if order else None
    if isinstance(first, exp.Column) and not first.table:
        yield first.name


def _uses(block: Block, scopes: Mapping[str, Scope], carried: _Carried) -> Iterator[tuple[exp.Column, str]]:
    """The places of `block` where a masked column stands, and its name."""
    for column in block.columns:
        source = block.sources.get(column.table)
        if isinstance(source, exp.Table) and source.db:
            product = f"{source.db}.{source.name}"
            if column.name in scopes[product].masked:
                yield column, f"{product}.{column.name}"
        elif isinstance(source, Block) and (name := carried.get(id(source.expression), {}).get(column.name)):
            yield column, name


def _only_shown(column: exp.Column, block: Block, scopes: Mapping[str, Scope]) -> bool:
    """Shown as it is; or where it changes no number: beside the key of its thing, or after what rows are ordered by."""
    select, place = block.expression, column.parent
    if select.args.get("distinct"):
        return False
    if place is select or (isinstance(place, exp.Alias) and place.parent is select):
        return True
    if isinstance(place, exp.Group) and place.parent is select:
        return _beside_key(column, place, block, scopes)
    order = place.parent if isinstance(place, exp.Ordered) else None
    return isinstance(order, exp.Order) and order.expressions[0] is not place


def _beside_key(column: exp.Column, group: exp.Group, block: Block, scopes: Mapping[str, Scope]) -> bool:
    source = block.sources.get(column.table)
    if not isinstance(source, exp.Table) or not source.db:
        return False
    scope = scopes[f"{source.db}.{source.name}"]
    beside = {c.name for c in group.expressions if isinstance(c, exp.Column) and c.table == column.table}
    return bool(scope.key) and beside.issuperset(scope.key) and scope.masked.isdisjoint(scope.key)
