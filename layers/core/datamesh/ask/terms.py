"""An intent's items and conditions as expressions of SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from sqlglot import exp, parse_one

from datamesh.ask import intent
from datamesh.ask.scope import Place, Scope, all_of, column, same

__all__ = ["item", "key_attrs", "label_columns", "pred"]

_OPS: Mapping[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
_ARITHMETIC: Mapping[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul, "/": exp.Div}
_AGGREGATES: Mapping[str, type[exp.AggFunc]] = {
    "count": exp.Count,
    "sum": exp.Sum,
    "avg": exp.Avg,
    "min": exp.Min,
    "max": exp.Max,
    "median": exp.Median,
}
_SQL_TYPES = {"date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ"}


def item(node: intent.Item | intent.Operand, place: Place) -> exp.Expr:  # noqa: C901, PLR0911 - one case a node
    """A column, a part of a date, a number over rows or arithmetic on them, a literal, a nested query."""
    match node:
        case intent.Attr():
            tree = column(place.at(node.path), node.column)
            return exp.TryCast(this=tree, to=exp.DataType.build("DOUBLE")) if node.as_number else tree
        case intent.Part():
            return exp.Extract(this=exp.var(node.part.upper()), expression=item(node.of, place))
        case intent.Bucket():
            cut = exp.DateTrunc(  # type: ignore[no-untyped-call]
                this=item(node.of, place), unit=exp.Literal.string(node.grain.upper())
            )
            return exp.Cast(this=cut, to=exp.DataType.build("DATE"))
        case intent.EntityKey():
            return item(key_attrs(node)[0], place)
        case intent.Measure():
            return _measure(node, place)
        case intent.Calc():
            return _calc(node, place)
        case intent.Value():
            return _literal(node)
        case intent.Scalar():
            return _nested(node.query, place)
        case intent.Every():
            return exp.All(this=_nested(node.query, place).this)
        case intent.Any_():
            return exp.Any(this=_nested(node.query, place))
        case _:
            raise TypeError(f"{type(node).__name__} is no single value")


def key_attrs(key: intent.EntityKey) -> list[intent.Attr]:
    """The key, on the near side of the last step where it stands there: then the thing itself need not be read."""
    if key.path and set(key.path[-1].to_columns) == set(key.keys):
        return [intent.Attr(column=name, path=key.path[:-1]) for name in key.path[-1].columns]
    return [intent.Attr(column=name, path=key.path) for name in key.keys]


def label_columns(key: intent.EntityKey, place: Place) -> list[exp.Expr]:
    """What a thing is shown by. Where its row may be missing: its one label, else its key."""
    keys = key_attrs(key)
    if key.labels == key.keys:
        return [item(attr, place) for attr in keys]
    optional = key.optional and bool(key.path) and len(key.labels) == len(keys) == 1 and keys[0].path != key.path
    alias = place.at(key.path, optional=optional)
    labels: list[exp.Expr] = [column(alias, name) for name in key.labels]
    if not optional:
        return labels
    shown = item(keys[0], place)
    if key.key_kind != "text":
        shown = exp.Cast(this=shown, to=exp.DataType.build("VARCHAR"))
    return [exp.Coalesce(this=labels[0], expressions=[shown])]


def _nested(query: intent.Query, place: Place) -> exp.Subquery:
    return exp.Subquery(this=place.scope.nested(query, place.scope.aliases))


def _measure(node: intent.Measure, place: Place) -> exp.Expr:
    if node.fn == "contract":
        tree = _contract(node.expression, place)
    elif node.of is None:
        tree = exp.Count(this=exp.Star())
    elif isinstance(node.of, intent.EntityKey):
        tree = exp.Count(this=exp.Distinct(expressions=[_row([item(a, place) for a in key_attrs(node.of)])]))
    elif node.fn == "count_distinct":
        tree = exp.Count(this=exp.Distinct(expressions=[item(node.of, place)]))
    else:
        tree = _AGGREGATES[node.fn](this=item(node.of, place))
    if node.where is None:
        return tree
    return exp.Filter(this=tree, expression=exp.Where(this=pred(node.where, place)))


def _row(parts: Sequence[exp.Expr]) -> exp.Expr:
    return parts[0] if len(parts) == 1 else exp.Tuple(expressions=list(parts))


def _contract(expression: str, place: Place) -> exp.Expr:
    """The contract's expression, each of its columns said to be the subject's."""
    tree = parse_one(expression, read="duckdb")
    for found in list(tree.find_all(exp.Column)):
        found.set("table", exp.to_identifier(place.at(())))
    return tree


def _calc(node: intent.Calc, place: Place) -> exp.Expr:
    left, right = item(node.left, place), item(node.right, place)
    if node.op == "/":  # never whole numbers only, never by nothing
        left = exp.Cast(this=left, to=exp.DataType.build("DOUBLE"))
        right = exp.Nullif(this=right, expression=exp.Literal.number(0))
    return _ARITHMETIC[node.op](this=exp.paren(left, copy=False), expression=exp.paren(right, copy=False))


def _literal(node: intent.Value) -> exp.Expr:
    if not isinstance(node.value, str):
        return exp.convert(node.value)
    text = exp.Literal.string(node.value)
    return exp.Cast(this=text, to=exp.DataType.build(_SQL_TYPES[node.kind])) if node.kind in _SQL_TYPES else text


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
            return _OPS[node.op](this=item(node.left, place), expression=item(node.right, place))
        case intent.In():
            return _in(node, place)
        case intent.Between():
            return exp.Between(this=item(node.left, place), low=_literal(node.low), high=_literal(node.high))
        case intent.Within():
            return _within(node, place)
        case intent.Text():
            return _text(node, place)
        case intent.Missing():
            return exp.Is(this=item(node.of, place), expression=exp.Null())
        case intent.Exists():
            return _exists(node, place)


def _in(node: intent.In, place: Place) -> exp.Expr:
    if node.query is not None:
        return exp.In(this=item(node.left, place), query=_nested(node.query, place))
    return exp.In(this=item(node.left, place), expressions=[_literal(value) for value in node.values])


def _wrapped(node: intent.Pred, place: Place) -> exp.Expr:
    tree = pred(node, place)
    return exp.paren(tree, copy=False) if isinstance(tree, exp.And | exp.Or) else tree


def _within(node: intent.Within, place: Place) -> exp.Expr:
    bounds: list[exp.Expr] = []
    if node.start:
        start = _literal(intent.Value(value=node.start, kind=node.of.kind))
        bounds.append(exp.GTE(this=item(node.of, place), expression=start))
    if node.end:
        end = _literal(intent.Value(value=node.end, kind=node.of.kind))
        bounds.append(exp.LT(this=item(node.of, place), expression=end))
    return all_of(bounds)


def _text(node: intent.Text, place: Place) -> exp.Expr:
    """Case does not matter; what LIKE takes for a sign is taken as it stands."""
    value = node.value.lower()
    escaped = value.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    pattern = {"contains": f"%{escaped}%", "starts": f"{escaped}%", "ends": f"%{escaped}"}[node.how]
    like = exp.Like(this=exp.Lower(this=item(node.of, place)), expression=exp.Literal.string(pattern))
    return exp.Escape(this=like, expression=exp.Literal.string("!")) if escaped != value else like


def _exists(node: intent.Exists, place: Place) -> exp.Expr:
    first, rest = node.path[0], node.path[1:]
    inner = Scope(first.to, place.scope.aliases, place.scope.nested)
    end = Place(inner, rest)
    end.at(())
    where = [pred(node.where, end)] if node.where else []
    if node.count:
        return _counted(node.count, first, inner, where, place)
    where.insert(0, same(place.at(()), first.columns, inner.alias, first.to_columns))
    return exp.Exists(this=inner.select(exp.Literal.number(1)).where(all_of(where), copy=False))


def _counted(wanted: intent.CountOf, edge: intent.Edge, inner: Scope, where: list[exp.Expr], place: Place) -> exp.Expr:
    """So many rows: the key is one of those that so many rows have."""
    far = [column(inner.alias, name) for name in edge.to_columns]
    select = inner.select(*far)
    if where:
        select.where(all_of(where), copy=False)
    counts = _OPS[wanted.op](this=exp.Count(this=exp.Star()), expression=exp.Literal.number(wanted.n))
    select = select.group_by(*[c.copy() for c in far], copy=False).having(counts, copy=False)
    near = [column(place.at(()), name) for name in edge.columns]
    return exp.In(this=_row(near), query=exp.Subquery(this=select))
