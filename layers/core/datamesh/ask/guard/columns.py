"""Names resolved, `*` expanded, and each product replaced by a subquery of what this caller may read of it."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping

from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from datamesh.ask.guard.secured import Scope, secured
from datamesh.ask.guard.tables import products_of
from datamesh.engine.dialect import MESH_DIALECT, NOT_UNDERSTOOD
from datamesh.errors import StatementRejected

__all__ = ["columns_read", "name_outputs", "output_names", "qualified", "restrict"]

_NAME_LENGTH = 60


def name_outputs(tree: exp.Query) -> None:
    """Gives every unnamed expression that `tree` returns its own text as a name, in place."""
    for projection in list(_first_select(tree).expressions):
        if not projection.output_name and not projection.is_star:
            text = projection.sql(MESH_DIALECT, normalize_functions="lower")[:_NAME_LENGTH]
            projection.replace(exp.alias_(projection.copy(), text, quoted=True))


def qualified(tree: exp.Query, scopes: Mapping[str, Scope]) -> exp.Query:
    """`tree` with every column bound to its table, seeing only the columns in `scopes`.

    Raises StatementRejected: unknown-column (one not granted is as unknown), duplicate-column.
    """
    try:
        answer = qualify(tree.copy(), schema=_schema(scopes), dialect=MESH_DIALECT)
    except NOT_UNDERSTOOD as error:
        raise _unknown(tree, str(error), scopes) from error
    except RecursionError as error:
        raise StatementRejected("the statement is nested too deeply", rule="too-complex") from error
    _check_bound(answer, scopes)
    _check_inner_names(answer)
    return answer


def columns_read(tree: exp.Query, scopes: Mapping[str, Scope]) -> dict[str, tuple[str, ...]]:
    """The columns of each product that `tree` (qualified) needs; at least one, for rows are counted by reading it."""
    needed: dict[str, set[str]] = {f"{table.db}.{table.name}": set() for table in products_of(tree)}
    for block in traverse_scope(tree):
        for column in block.columns:
            source = block.sources.get(column.table)
            if isinstance(source, exp.Table) and source.db:
                needed[f"{source.db}.{source.name}"].add(column.name)
    return {
        name: tuple(c for c in scopes[name].columns if c in columns) or scopes[name].columns[:1]
        for name, columns in needed.items()
    }


def restrict(tree: exp.Query, reads: Mapping[str, tuple[str, ...]], scopes: Mapping[str, Scope]) -> exp.Query:
    """A copy of `tree` (qualified) with a subquery of what may be read in the place of each product."""
    copy = tree.copy()
    for table in products_of(copy):
        name, bare = f"{table.db}.{table.name}", exp.table_(table.name, db=table.db, quoted=True)
        table.replace(secured(bare, scopes[name], reads[name]).subquery(table.alias_or_name))
    return copy


def output_names(asked: exp.Query, answered: exp.Query) -> tuple[str, ...]:
    """The names of the columns that `answered` (qualified) returns, spelled as in `asked`."""
    spelled = {p.alias_or_name.lower(): p.alias_or_name for p in _first_select(asked).expressions}
    return tuple(spelled.get(name.lower(), name) for name in _first_select(answered).named_selects)


def _first_select(tree: exp.Expr) -> exp.Select:
    """The SELECT whose names a query's result has."""
    while not isinstance(tree, exp.Select):
        tree = tree.this
    return tree


def _schema(scopes: Mapping[str, Scope]) -> MappingSchema:
    domains: defaultdict[str, dict[str, object]] = defaultdict(dict)
    for name, scope in scopes.items():
        domain, _, product = name.partition(".")
        domains[domain][product] = dict.fromkeys(scope.columns, "unknown")
    return MappingSchema(dict(domains), dialect=MESH_DIALECT)


def _check_bound(tree: exp.Query, scopes: Mapping[str, Scope]) -> None:
    """What is bound to no table can only be a column of the result that ORDER BY names."""
    for column in tree.find_all(exp.Column):
        order = column.find_ancestor(exp.Order, exp.Query)
        holder = order.parent if isinstance(order, exp.Order) else None
        if not column.table and not (isinstance(holder, exp.Query) and column.name in holder.named_selects):
            raise _unknown(tree, f"Column '{column.name}' could not be resolved.", scopes)


def _check_inner_names(tree: exp.Query) -> None:
    """Two columns of one name in a subquery would be told apart by engines in their own ways."""
    outermost = _first_select(tree)
    for select in tree.find_all(exp.Select):
        names = [name.lower() for name in select.named_selects]
        if select is not outermost and len(set(names)) < len(names):
            double = next(name for name in names if names.count(name) > 1)
            raise StatementRejected(
                f"a subquery has two columns named {double}", rule="duplicate-column", hint="Rename one with AS."
            )


def _unknown(tree: exp.Query, detail: str, scopes: Mapping[str, Scope]) -> StatementRejected:
    """`detail` is sqlglot's sentence; it was told of no column but the permitted ones."""
    permitted = {c for t in products_of(tree) for c in scopes[f"{t.db}.{t.name}"].columns}
    asked = {column.name.lower() for column in tree.find_all(exp.Column)} - permitted
    close = sorted({near for name in asked for near in difflib.get_close_matches(name, permitted, n=2)})
    hint = f"Did you mean {', '.join(close[:4])}?" if close else "`mesh show DOMAIN.PRODUCT` lists what you may read."
    return StatementRejected(f"column unknown, not granted, or ambiguous: {detail}", rule="unknown-column", hint=hint)
