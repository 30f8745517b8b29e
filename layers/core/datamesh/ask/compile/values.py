"""Columns, things, parts of dates and literals as expressions of SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.compile.scope import Place, column

__all__ = [
    "attr",
    "cast",
    "key_attrs",
    "keys",
    "label_columns",
    "literal",
    "may_be_none",
    "number",
    "row",
    "single",
    "text_literal",
]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)  # in every engine's SQL
_SQL_TYPES: Mapping[str, exp.DType] = {
    "date": exp.DType.DATE,
    "timestamp": exp.DType.TIMESTAMP,
    "timestamptz": exp.DType.TIMESTAMPTZ,
    "time": exp.DType.TIME,
}


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def cast(tree: exp.Expr, to: str | exp.DType) -> exp.Expr:
    return exp.Cast(this=tree, to=exp.DataType.build(to))


def attr(node: intent.Attr, place: Place) -> exp.Expr:
    tree = column(place.at(node.path), node.column)
    return exp.TryCast(this=tree, to=exp.DataType.build("DOUBLE")) if node.as_number else tree


def single(node: intent.Item | intent.Operand, place: Place) -> exp.Expr:
    """What one row has, or no row."""
    match node:
        case intent.Attr():
            return attr(node, place)
        case intent.Part():
            return _part(node, place)
        case intent.Bucket():
            return _bucket(node, place)
        case intent.Elapsed():
            return _elapsed(node, place)
        case intent.EntityKey():
            return keys(node, place)[0]
        case intent.Value():
            return literal(node)
        case _:
            raise TypeError(f"{type(node).__name__} is no single value")


def _part(node: intent.Part, place: Place) -> exp.Expr:
    of = attr(node.of, place)
    if node.part == "weekday":
        return exp.DayOfWeekIso(this=of)
    return exp.Extract(this=exp.var(node.part.upper()), expression=of)


def _bucket(node: intent.Bucket, place: Place) -> exp.Expr:
    cut = exp.DateTrunc(  # type: ignore[no-untyped-call]
        this=attr(node.of, place), unit=exp.Literal.string(node.grain.upper())
    )
    return cast(cut, "DATE")


def _elapsed(node: intent.Elapsed, place: Place) -> exp.Expr:
    """Whole days, or whole years. Engines count years in their own ways, so the months decide here."""
    start, end = (_day(side, place) for side in (node.start, node.end))
    if node.unit == "day":
        return exp.DateDiff(this=end, expression=start, unit=exp.var("DAY"))
    years = exp.Sub(this=_extract("YEAR", end), expression=_extract("YEAR", start))
    early = exp.LT(this=_in_year(end), expression=_in_year(start))
    short = exp.Case(ifs=[exp.If(this=early, true=number(1))], default=number(0))
    return exp.Sub(this=years, expression=short)


def _day(side: intent.Attr | intent.Value, place: Place) -> exp.Expr:
    if isinstance(side, intent.Value):
        return literal(side, "date")
    return attr(side, place) if side.kind == "date" else cast(attr(side, place), "DATE")


def _extract(what: str, of: exp.Expr) -> exp.Expr:
    return exp.Extract(this=exp.var(what), expression=of.copy())


def _in_year(day: exp.Expr) -> exp.Expr:
    """Month and day as one number: 1231."""
    hundreds = exp.Mul(this=_extract("MONTH", day), expression=number(100))
    return exp.Add(this=hundreds, expression=_extract("DAY", day))


def literal(node: intent.Value, kind: intent.AttrKind | None = None) -> exp.Expr:
    """The value as what it is compared with (`kind`) holds it: engines differ in what they convert by themselves."""
    value, kind = node.value, node.kind if kind in (None, "boolean") or node.kind != "text" else kind
    if isinstance(value, str):
        if kind == "number" and _NUMBER.fullmatch(value.strip()):
            return exp.Literal.number(value.strip())
        text = exp.Literal.string(value)
        return cast(text, _SQL_TYPES[kind]) if kind in _SQL_TYPES else text
    return exp.convert(value)


def text_literal(node: intent.Value) -> exp.Expr:
    """The value as the text column holds it: 3 is '3'."""
    value = node.value
    if isinstance(value, str | bool):
        return literal(node)
    return exp.Literal.string(f"{value:g}" if isinstance(value, float) else str(value))


def key_attrs(key: intent.EntityKey) -> list[intent.Attr]:
    """The key, on the near side of the last step where it stands there: then the thing itself need not be read."""
    last = key.path[-1] if key.path else None
    if last and not last.many and set(last.to_columns) == set(key.keys):
        near = dict(zip(last.to_columns, last.columns, strict=True))
        return [intent.Attr(column=near[name], path=key.path[:-1], kind=key.key_kind) for name in key.keys]
    return [intent.Attr(column=name, path=key.path, kind=key.key_kind) for name in key.keys]


def keys(key: intent.EntityKey, place: Place) -> list[exp.Expr]:
    return [attr(found, place) for found in key_attrs(key)]


def label_columns(key: intent.EntityKey, place: Place) -> list[exp.Expr]:
    """What a thing is shown by. Where its row may be missing: its one label, else its key."""
    found = keys(key, place)
    if key.labels == key.keys:
        return found
    optional = _perhaps_without_row(key)
    alias = place.at(key.path, optional=optional)
    labels: list[exp.Expr] = [column(alias, name) for name in key.labels]
    if not optional:
        return labels
    shown = found[0] if key.key_kind == "text" else cast(found[0], "VARCHAR")
    return [exp.Coalesce(this=labels[0], expressions=[shown])]


def _perhaps_without_row(key: intent.EntityKey) -> bool:
    """Whether a thing is shown where its key is known and its row is missing."""
    stored = bool(key.path) and key_attrs(key)[0].path != key.path
    return stored and key.optional and len(key.labels) == len(key.keys) == 1


def may_be_none(key: intent.EntityKey) -> bool:
    """Whether rows that lead to no such thing come along when it is read: an order without a customer, if no customer
    has to be there for it."""
    stored = bool(key.path) and key_attrs(key)[0].path != key.path
    return stored and (key.labels == key.keys or _perhaps_without_row(key))


def row(found: Sequence[exp.Expr]) -> exp.Expr:
    return found[0] if len(found) == 1 else exp.Tuple(expressions=list(found))
