"""The order of rows and the first of them: of all, of each group, with those that tie."""

from __future__ import annotations

from sqlglot import exp

from datamesh.ask import intent

__all__ = ["cut"]


def cut(select: exp.Select, order: list[exp.Ordered], limit: intent.Limit | None, per: list[exp.Expr]) -> exp.Select:
    if limit and (limit.ties == "all" or per):
        return _ranked(select, order, limit, per)
    if order:
        select.order_by(*order, copy=False)
    if limit and limit.skip:
        select.offset(limit.skip, copy=False)
    return select.limit(limit.n, copy=False) if limit else select


def _ranked(select: exp.Select, order: list[exp.Ordered], limit: intent.Limit, per: list[exp.Expr]) -> exp.Select:
    """With ties, or so many of each group: ranked first, then cut."""
    names = [column.alias_or_name for column in select.expressions]
    if any(part.find(exp.Window) for part in order):
        select, order, per = _computed(select, names, order, per)
    place = exp.Window(
        this=exp.Rank() if limit.ties == "all" else exp.RowNumber(),
        partition_by=per,
        order=exp.Order(expressions=order),
    )
    select.select(exp.Alias(this=place, alias=exp.to_identifier("place")), copy=False)
    ranked = exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier("ranked")))
    last = exp.LTE(this=exp.column("place"), expression=exp.Literal.number(limit.skip + limit.n))
    found = (
        exp.Select()
        .select(*[exp.column(exp.to_identifier(name)) for name in names], copy=False)
        .from_(ranked, copy=False)
        .where(last, copy=False)
    )
    if limit.skip:
        found.where(exp.GT(this=exp.column("place"), expression=exp.Literal.number(limit.skip)), copy=False)
    return found.order_by(exp.column("place"), copy=False)


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
