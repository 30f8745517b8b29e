"""Which product each table of a statement is, and whether this caller may read it."""

from __future__ import annotations

from collections.abc import Container

from sqlglot import exp

from datamesh.errors import AccessDenied

__all__ = ["products_of", "resolve_tables"]


def resolve_tables(tree: exp.Query, products: Container[str]) -> None:
    """Lower-cases the names of products in `tree`, in place.

    A table of two parts is a product, of one part a WITH query that can be seen from there: the two never shadow each
    other. Raises AccessDenied for everything else; whether it exists is not said.
    """
    for table in list(tree.find_all(exp.Table)):
        if not table.db:
            if table.name.lower() not in _visible(table):
                raise _unknown(table.name)
            continue
        name = f"{table.db}.{table.name}".lower()
        if name not in products:
            raise _unknown(f"{table.db}.{table.name}")
        domain, _, product = name.partition(".")
        table.set("db", exp.to_identifier(domain))
        table.set("this", exp.to_identifier(product))


def products_of(tree: exp.Expr) -> list[exp.Table]:
    """The tables of a resolved `tree` that are products."""
    return [table for table in tree.find_all(exp.Table) if table.db]


def _visible(table: exp.Table) -> set[str]:
    """Names of the WITH queries that `table` can refer to: of every query around it, those that come before it."""
    names: set[str] = set()
    inside: exp.Expr = table
    while (around := inside.parent) is not None:
        if isinstance(around, exp.With):
            names.update(cte.alias.lower() for cte in around.expressions[: inside.index])
        elif isinstance(around, exp.Query) and inside.arg_key != "with_" and (ctes := around.args.get("with_")):
            names.update(cte.alias.lower() for cte in ctes.expressions)
        inside = around
    return names


def _unknown(name: str) -> AccessDenied:
    return AccessDenied(
        f"{name[:200]}: unknown or not granted",
        rule="not-granted",
        hint="Tables are named domain.product; `mesh products` lists those you may read.",
    )
