"""The guard: what a statement must be before any engine sees it, whoever wrote it. Pure.

One SELECT in, in mesh names; out comes a tree whose every part was understood, whose every table is a subquery of the
columns this caller may read, and which returns a bounded number of rows. Engines run text rendered from that tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from datamesh.ask.guard.columns import columns_read, name_outputs, output_names, qualified, restrict
from datamesh.ask.guard.hidden import computed_with
from datamesh.ask.guard.predicates import Predicate, predicates
from datamesh.ask.guard.secured import MASK_KEY, Scope, raw_columns, scope_of, secured
from datamesh.ask.guard.size import check_size
from datamesh.ask.guard.tables import resolve_tables
from datamesh.engine.dialect import mesh_sql
from datamesh.engine.sql.nodes import check_nodes
from datamesh.engine.sql.text import check_agreed, read

__all__ = ["MASK_KEY", "Guarded", "Predicate", "Scope", "guard", "raw_columns", "scope_of", "secured"]


@dataclass(frozen=True)
class Guarded:
    """A statement that may run.

    `asked` is it in mesh names as its author wrote it. Two forms for engines, in mesh names too: `tree` reads products
    with the policy inside, `bare` reads tables that hold only what `scopes` gives of them.
    `columns` are the names of the result; `reads` what it reads of each product's scope, `predicates` the conditions
    that may be pushed into the product's scan. `hidden` are the masked columns that it computes with.
    At most `limit` rows come back; `limited` says that the guard set that limit.
    """

    asked: exp.Query
    tree: exp.Query
    bare: exp.Query
    columns: tuple[str, ...]
    reads: Mapping[str, tuple[str, ...]]
    predicates: Mapping[str, tuple[Predicate, ...]]
    scopes: Mapping[str, Scope]
    hidden: tuple[str, ...]
    limit: int
    limited: bool

    @property
    def products(self) -> tuple[str, ...]:
        return tuple(self.reads)

    def sql(self, *, rows: int = 0) -> str:
        """The statement to show and run again; with our limit where it cut the `rows` that came back."""
        cut = self.limited and rows >= self.limit
        return mesh_sql(_limited(self.asked, self.limit) if cut else self.asked)


def guard(statement: str | exp.Expr, scopes: Mapping[str, Scope], *, max_rows: int) -> Guarded:
    """`statement` made safe for a caller who may read `scopes` (by product name) and nothing else.

    Raises AccessDenied for a product that is unknown or not granted, and StatementRejected for everything that is not
    one understood SELECT; `rule` names the reason. A tree is read as its text would be: there is one way in.
    """
    text = statement if isinstance(statement, str) else mesh_sql(statement, pretty=False)
    asked = read(text)
    check_nodes(asked)
    check_agreed(text)
    resolve_tables(asked, scopes)
    check_size(asked, {name: scope.columns for name, scope in scopes.items()})
    named = asked.copy()
    name_outputs(named)
    tree = qualified(named, scopes)
    check_nodes(tree)
    reads = columns_read(tree, scopes)
    limit, limited = _limit(asked, max_rows)
    seen = {name: Scope(columns) for name, columns in reads.items()}
    return Guarded(
        asked=asked,
        tree=_limited(restrict(tree, reads, scopes), limit),
        bare=_limited(restrict(tree, reads, seen), limit),
        columns=output_names(named, tree),
        reads=reads,
        predicates=predicates(tree, scopes),
        scopes={name: scopes[name] for name in reads},
        hidden=computed_with(tree, scopes),
        limit=limit,
        limited=limited,
    )


def _limited(tree: exp.Query, limit: int) -> exp.Query:
    """A copy of `tree` that returns at most `limit` rows."""
    copy = tree.copy()
    copy.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
    return copy


def _limit(asked: exp.Query, most: int) -> tuple[int, bool]:
    """How many rows may come back, and whether that is the guard's doing."""
    own = asked.args.get("limit")
    count = int(own.expression.name) if own is not None else None
    return (count, False) if count is not None and count <= most else (most, True)
