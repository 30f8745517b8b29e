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
