"""An intent's conditions as expressions of SQL."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.compile import terms
from datamesh.ask.compile.scope import Place, Scope, all_of, column, same
from datamesh.ask.compile.terms import nested
from datamesh.ask.compile.values import attr, keys, literal, number, row, text_literal

__all__ = ["item", "pred"]

_OPS: Mapping[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


def item(node: intent.Item | intent.Operand, place: Place) -> exp.Expr:
    """One value at a place."""
    return terms.item(node, place, pred)


def pred(node: intent.Pred, place: Place) -> exp.Expr:  # noqa: C901, PLR0911 - one case a node
    """A condition on the rows of a place."""
    match node:
        case intent.And():
            return all_of([_wrapped(part, place) for part in node.preds])
        case intent.Or():
            return reduce(lambda a, b: exp.Or(this=a, expression=b), [_wrapped(part, place) for part in node.preds])
        case intent.Not():
            return exp.Not(this=_wrapped(node.pred, place))
        case intent.Cmp():
            right = _beside(node.right, node.left) if isinstance(node.right, intent.Value) else item(node.right, place)
            return _OPS[node.op](this=_operand(node.left, place), expression=_grouped(right))
        case intent.In():
            return _in(node, place)
        case intent.Between():
            low, high = (_beside(value, node.left) for value in (node.low, node.high))
            return exp.Between(this=_operand(node.left, place), low=low, high=high)
        case intent.Within():
            return _within(node, place)
        case intent.Text():
            return _text(node, place)
        case intent.Missing():
            return exp.Is(this=attr(node.of, place), expression=exp.Null())
        case intent.Exists():
            return _exists(node, place)


def _operand(node: intent.Item, place: Place) -> exp.Expr:
    return _grouped(item(node, place))


def _grouped(tree: exp.Expr) -> exp.Expr:
    return exp.paren(tree, copy=False) if isinstance(tree, exp.Add | exp.Sub | exp.Mul | exp.Div) else tree


def _beside(value: intent.Value, left: intent.Item) -> exp.Expr:
    """A value as what it is compared with holds it: text as text, a day as a day."""
    match left:
        case intent.Attr(as_number=False, kind="text") | intent.EntityKey(key_kind="text"):
            return text_literal(value)
        case intent.Attr():
            return literal(value, "number" if left.as_number else left.kind)
        case intent.Bucket():
            return literal(value, "date")
        case intent.EntityKey():
            return literal(value, left.key_kind)
        case _:
            return literal(value)


def _in(node: intent.In, place: Place) -> exp.Expr:
    left = keys(node.left, place) if isinstance(node.left, intent.EntityKey) else [item(node.left, place)]
    if node.query is None:
        return exp.In(this=left[0], expressions=[_beside(value, node.left) for value in node.values])
    found = nested(node.query, place, by_key=True)
    if len(left) == 1:
        return exp.In(this=left[0], query=found)
    return _there(found.this, left, place.scope)


def _wrapped(node: intent.Pred, place: Place) -> exp.Expr:
    tree = pred(node, place)
    return exp.paren(tree, copy=False) if isinstance(tree, exp.And | exp.Or) else tree


def _within(node: intent.Within, place: Place) -> exp.Expr:
    bounds: list[exp.Expr] = []
    if node.start:
        start = literal(intent.Value(value=node.start, kind=node.of.kind))
        bounds.append(exp.GTE(this=attr(node.of, place), expression=start))
    if node.end:
        end = literal(intent.Value(value=node.end, kind=node.of.kind))
        bounds.append(exp.LT(this=attr(node.of, place), expression=end))
    return all_of(bounds)


def _text(node: intent.Text, place: Place) -> exp.Expr:
    """Case does not matter; what LIKE takes for a sign is taken as it stands."""
    value, of = node.value.lower(), attr(node.of, place)
    if node.of.as_number or node.of.kind != "text":
        of = exp.Cast(this=column(place.at(node.of.path), node.of.column), to=exp.DataType.build("VARCHAR"))
    escaped = value.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    around: Mapping[str, str] = {"contains": "%{}%", "starts": "{}%", "ends": "%{}", "word": "% {} %"}
    text: exp.Expr = exp.Lower(this=of)
    if node.how == "word":  # a space before and behind, so that the first word and the last have both
        text = exp.paren(exp.DPipe(this=exp.DPipe(this=_space(), expression=text), expression=_space()), copy=False)
    like = exp.Like(this=text, expression=exp.Literal.string(around[node.how].format(escaped)))
    return exp.Escape(this=like, expression=exp.Literal.string("!")) if escaped != value else like


def _space() -> exp.Expr:
    return exp.Literal.string(" ")


def _exists(node: intent.Exists, place: Place) -> exp.Expr:
    first, rest = node.path[0], node.path[1:]
    inner = place.scope.inner(first.to)
    end = Place(inner, rest)
    end.at(())
    where = [pred(node.where, end)] if node.where else []
    if node.count:
        return _counted(node.count, first, where, place, end)
    where.insert(0, same(place.at(()), first.columns, inner.alias, first.to_columns))
    return exp.Exists(this=inner.select(number(1)).where(all_of(where), copy=False))


def _counted(wanted: intent.CountOf, edge: intent.Edge, where: list[exp.Expr], place: Place, end: Place) -> exp.Expr:
    """So many rows: the key is one of those that so many rows have."""
    far: list[exp.Expr] = [column(end.scope.alias, name) for name in edge.to_columns]
    number_of = terms.item(intent.Measure(fn="count_distinct" if wanted.of else "count", of=wanted.of), end, pred)
    select = end.scope.select(*far)
    if where:
        select.where(all_of(where), copy=False)
    counts = _OPS[wanted.op](this=number_of, expression=number(wanted.n))
    select = select.group_by(*[c.copy() for c in far], copy=False).having(counts, copy=False)
    near: list[exp.Expr] = [column(place.at(()), name) for name in edge.columns]
    if len(near) == 1:
        return exp.In(this=row(near), query=exp.Subquery(this=select))
    return _there(select, near, place.scope)


def _there(select: exp.Select | exp.SetOperation, near: list[exp.Expr], scope: Scope) -> exp.Expr:
    """A row of `select` equals `near`: not as a row IN rows, which engines have in their own ways."""
    alias = scope.free("listed")
    listed = exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier(alias)))
    pairs = zip(select.named_selects, near, strict=True)
    equal: list[exp.Expr] = [exp.EQ(this=column(alias, name), expression=value) for name, value in pairs]
    return exp.Exists(this=exp.Select().select(number(1), copy=False).from_(listed, copy=False).where(all_of(equal)))
