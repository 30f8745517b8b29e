"""An intent's items as expressions of SQL: what is shown, ordered by, computed and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlglot import exp, parse_one

from datamesh.ask import intent
from datamesh.ask.compile.scope import Place, column
from datamesh.ask.compile.values import cast, keys, number, row, single

__all__ = ["Where", "item", "nested"]

Where = Callable[[intent.Pred, Place], exp.Expr]
_ARITHMETIC: Mapping[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div}
_AGGREGATES: Mapping[str, type[exp.AggFunc]] = {
    "count": exp.Count,
    "sum": exp.Sum,
    "avg": exp.Avg,
    "min": exp.Min,
    "max": exp.Max,
    "median": exp.Median,
}
_OVER_ALL: Mapping[str, type[exp.AggFunc]] = {"count": exp.Sum, "sum": exp.Sum, "min": exp.Min, "max": exp.Max}


def item(  # noqa: PLR0911 - one case a node
    node: intent.Item | intent.Operand, place: Place, where: Where
) -> exp.Expr:
    """A column, a part of a date, a number over rows or arithmetic on them, a literal, a nested query.

    `where` compiles conditions, which numbers have of their own.
    """
    match node:
        case intent.Measure():
            return _measure(node, place, where)
        case intent.Tally():
            return _tally(node, place, where)
        case intent.Change():
            return _change(node, place, where)
        case intent.Calc():
            left, right = item(node.left, place, where), item(node.right, place, where)
            return _divided(left, right) if node.op == "/" else _calc(node.op, left, right)
        case intent.Scalar():
            return nested(node.query, place)
        case intent.Every():
            return exp.All(this=nested(node.query, place, by_key=True).this)
        case intent.Any_():
            return exp.Any(this=nested(node.query, place, by_key=True))
        case _:
            return single(node, place)


def nested(query: intent.Query, place: Place, *, by_key: bool = False) -> exp.Subquery:
    return exp.Subquery(this=place.scope.nested(query, place.scope.aliases, by_key))


def _calc(op: str, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return _ARITHMETIC[op](this=exp.paren(left, copy=False), expression=exp.paren(right, copy=False))


def _divided(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Never whole numbers only, never by nothing."""
    return _calc("/", cast(left, "DOUBLE"), exp.Nullif(this=right, expression=number(0)))


def _measure(node: intent.Measure, place: Place, where: Where) -> exp.Expr:
    tree = _filtered(_aggregate(node, place, where), node.where, place, where)
    if node.over == "all":
        return exp.Window(this=_OVER_ALL[node.fn](this=tree))
    return _divided(tree, _measure(node.share_of, place, where)) if node.share_of else tree


def _aggregate(node: intent.Measure, place: Place, where: Where) -> exp.Expr:
    if node.fn == "contract":
        return _contract(node.expression, place)
    if node.of is None:
        return exp.Count(this=exp.Star())
    if isinstance(node.of, intent.EntityKey):
        return exp.Count(this=exp.Distinct(expressions=[row(keys(node.of, place))]))
    of = item(node.of, place, where)
    return (
        exp.Count(this=exp.Distinct(expressions=[of])) if node.fn == "count_distinct" else _AGGREGATES[node.fn](this=of)
    )


def _contract(expression: str, place: Place) -> exp.Expr:
    """The contract's expression, each of its columns said to be those of the place."""
    tree = parse_one(expression, read="duckdb")
    for found in list(tree.find_all(exp.Column)):
        found.set("table", exp.to_identifier(place.at(())))
    return tree


def _filtered(tree: exp.Expr, pred: intent.Pred | None, place: Place, where: Where) -> exp.Expr:
    """Every aggregate in `tree` over the rows for which `pred` holds."""
    if pred is None:
        return tree
    holds = where(pred, replace(place, optional=True))

    def over(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.AggFunc):
            return exp.Filter(this=node, expression=exp.Where(this=holds.copy()))
        return node

    return tree.transform(over)


def _tally(node: intent.Tally, place: Place, where: Where) -> exp.Expr:
    """Aggregated by the key of the first to-many step, then joined to the rows that it leads away from."""
    path = place.prefix + node.path
    at = next(n for n, edge in enumerate(path) if edge.many and n >= len(place.prefix))
    whole = intent.Tally(path=path, measure=node.measure)
    known = place.scope.joins.get(whole)
    alias = (
        known.alias if known else _totals(whole, at, place.scope.at(path[:at], optional=place.optional), place, where)
    )
    value = column(alias, "total")
    return exp.Coalesce(this=value, expressions=[number(0)]) if node.measure.fn.startswith("count") else value


def _totals(node: intent.Tally, at: int, near: str, place: Place, where: Where) -> str:
    edge = node.path[at]
    inner = place.scope.inner(edge.to)
    end = Place(inner, node.path[at + 1 :])
    end.at(())
    total = _measure(node.measure.model_copy(update={"where": None}), end, where)
    wanted = where(node.measure.where, end) if node.measure.where else None
    far = [column(inner.alias, name) for name in edge.to_columns]
    named = exp.Alias(this=total, alias=exp.to_identifier("total"))
    totals = inner.select(*far, named).group_by(*[c.copy() for c in far], copy=False)
    if wanted is not None:
        totals.where(wanted, copy=False)
    return place.scope.beside(node, near, edge, totals, [c.name for c in far])


def _change(node: intent.Change, place: Place, where: Where) -> exp.Expr:
    if node.along is None:
        now, before = (
            _measure(node.measure.model_copy(update={"where": side}), place, where) for side in (node.now, node.before)
        )
    else:
        now = _measure(node.measure, place, where)
        before = _before(now.copy(), item(node.along, place, where))
    if node.how == "ratio":
        return _divided(now, before)
    change = _calc("-", now, before)
    return change if node.how == "difference" else _divided(change, before.copy())


def _before(number_: exp.Expr, along: exp.Expr) -> exp.Expr:
    order = exp.Order(expressions=[exp.Ordered(this=along, desc=False, nulls_first=False)])
    return exp.Window(this=exp.Lag(this=number_), order=order)
