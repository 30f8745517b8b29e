"""The order of rows and the first of them: of all, of each group, with those that tie; and how many do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import TypeAlias

from sqlglot import exp

from datamesh.ask import intent

__all__ = ["Cut", "cut", "ranked", "tied"]

Cut: TypeAlias = Callable[[exp.Select, list[exp.Ordered], intent.Limit | None, list[exp.Expr]], exp.Select]


def cut(select: exp.Select, order: list[exp.Ordered], limit: intent.Limit | None, per: list[exp.Expr]) -> exp.Select:
    if limit and ranked(limit):
        return _first(select, order, limit, per)
    if order:
        select.order_by(*order, copy=False)
    if limit and limit.skip:
        select.offset(limit.skip, copy=False)
    return select.limit(limit.n, copy=False) if limit else select


def ranked(limit: intent.Limit) -> bool:
    """Whether rows are taken by their place, not counted off."""
    return limit.ties == "all" or bool(limit.per)


def tied(select: exp.Select, order: list[exp.Ordered], limit: intent.Limit | None, per: list[exp.Expr]) -> exp.Select:
    """How many rows come first, those included which tie with one that `cut` takes."""
    if limit is None:
        raise TypeError("what has no end has no ties")
    _, placed, (place, reach) = _placed(select, order, per, {"place": exp.Rank(), "reach": exp.Count(this=exp.Star())})
    number = exp.Alias(this=exp.Count(this=exp.Star()), alias=exp.to_identifier("count"))
    found = exp.Select().select(number, copy=False).from_(placed, copy=False).where(_up_to(limit, place), copy=False)
    # rows that tie with a skipped one reach as far as the last of these
    return found.where(_above(reach, limit.skip), copy=False) if limit.skip else found


def _first(select: exp.Select, order: list[exp.Ordered], limit: intent.Limit, per: list[exp.Expr]) -> exp.Select:
    """With ties, or so many of each group: ranked first, then cut."""
    by = {"place": exp.Rank() if limit.ties == "all" else exp.RowNumber()}
    names, placed, (place,) = _placed(select, order, per, by)
    shown = [exp.column(exp.to_identifier(name)) for name in names]
    found = exp.Select().select(*shown, copy=False).from_(placed, copy=False).where(_up_to(limit, place), copy=False)
    if limit.skip:
        found.where(_above(place, limit.skip), copy=False)
    return found.order_by(exp.column(place), copy=False)


def _placed(
    select: exp.Select, order: list[exp.Ordered], per: list[exp.Expr], windows: Mapping[str, exp.Expr]
) -> tuple[list[str], exp.Subquery, list[str]]:
    """The names of the rows' columns; the rows, with `windows` over their order beside them; what these are called."""
    names = [column.alias_or_name for column in select.expressions]
    taken = {name.lower() for name in names}
    if any(part.find(exp.Window) for part in order):
        select, order, per = _computed(select, names, order, per)
    called = [
        next(free for k in count(1) if (free := f"{name}{k}" if k > 1 else name) not in taken) for name in windows
    ]
    for name, function in zip(called, windows.values(), strict=True):
        by = exp.Order(expressions=[part.copy() for part in order])
        place = exp.Window(this=function, partition_by=[part.copy() for part in per], order=by)
        select.select(exp.Alias(this=place, alias=exp.to_identifier(name)), copy=False)
    return names, exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier("ranked"))), called


def _up_to(limit: intent.Limit, place: str) -> exp.Expr:
    return exp.LTE(this=exp.column(place), expression=exp.Literal.number(limit.skip + limit.n))


def _above(name: str, number: int) -> exp.Expr:
    return exp.GT(this=exp.column(name), expression=exp.Literal.number(number))


def _computed(
    select: exp.Select, names: list[str], order: list[exp.Ordered], per: list[exp.Expr]
) -> tuple[exp.Select, list[exp.Ordered], list[exp.Expr]]:
    """What is ranked by as columns first: a share of all is over a window, and there is no window in a window."""
    trees = [*(part.this for part in order), *per]
    hidden = [exp.to_identifier(f"by_{n}") for n in range(1, len(trees) + 1)]
    aliased = [exp.Alias(this=tree, alias=name) for tree, name in zip(trees, hidden, strict=True)]
    select.select(*aliased, copy=False)
    inner = exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier("computed")))
    outer = exp.Select().select(*[exp.column(exp.to_identifier(name)) for name in names], copy=False)
    columns = [exp.column(name.copy()) for name in hidden]
    ordered = [
        exp.Ordered(this=column, desc=part.args.get("desc"), nulls_first=False)
        for column, part in zip(columns, order, strict=False)
    ]
    return outer.from_(inner, copy=False), ordered, list(columns[len(order) :])
