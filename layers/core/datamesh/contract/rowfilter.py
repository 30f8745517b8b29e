"""Conditions on rows that a role may read: what Lake Formation and both engines understand alike. Pure.

`region = 'EMEA' AND opened >= DATE '2024-01-01'`: comparisons of a column with literals of its type, IN, BETWEEN, LIKE,
IS NULL, put together with AND, OR and NOT. Nothing is computed, nothing else is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from sqlglot import exp

from datamesh.contract.model import Table
from datamesh.engine import dialect
from datamesh.engine.dialect import NOT_UNDERSTOOD
from datamesh.engine.sql.text import check_agreed
from datamesh.errors import StatementRejected

__all__ = ["MOST_CHARACTERS", "condition"]

MOST_CHARACTERS = 2_000
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_DATE_TYPES = (exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ)
_NUMBERS = ("integer", "number", "decimal")
_DAY_FIRST = re.compile(r"\d{4}-\d\d-\d\d([ T]|$)")
_DATED = ("date", "timestamp", "timestamptz")


def condition(text: str, table: Table) -> exp.Expr:
    """`text` as a tree whose columns are quoted as `table` writes them.

    Raises StatementRejected (row-filter) for what is no such condition.
    """
    if len(text) > MOST_CHARACTERS:
        raise _rejected(f"it has more than {MOST_CHARACTERS:,} characters")
    if any(not character.isprintable() for character in text):
        raise _rejected("it holds unprintable characters")
    try:
        tree = dialect.parse(f"SELECT 1 WHERE {text}")
    except (*NOT_UNDERSTOOD, RecursionError) as error:
        raise _rejected("it is not SQL that can be read") from error
    where = tree.args.get("where") if isinstance(tree, exp.Select) else None
    beside = {name for name, value in tree.args.items() if value} - {"expressions", "where", "kind"}
    if where is None or beside or any(node.comments for node in tree.walk()):
        raise _rejected("it is more than a condition")
    try:
        check_agreed(f"SELECT 1 WHERE {text}")
    except StatementRejected as error:
        raise _rejected("DuckDB cannot read it") from error
    found: exp.Expr = where.this
    _check(found, table)
    return found


def _check(node: exp.Expr, table: Table) -> None:
    """Conditions of conditions, down to a column beside literals."""
    if isinstance(node, exp.And | exp.Or):
        _check(node.this, table)
        _check(node.expression, table)
    elif isinstance(node, exp.Paren | exp.Not):
        _check(node.this, table)
    else:
        _check_one(node, table)


def _check_one(node: exp.Expr, table: Table) -> None:
    if isinstance(node, _COMPARISONS):
        turned = isinstance(node.expression, exp.Column)
        column, literal = (node.expression, node.this) if turned else (node.this, node.expression)
        return _side(column, [literal], table)
    if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
        return _side(node.this, node.expressions, table)
    if isinstance(node, exp.Between) and not node.args.get("symmetric"):
        return _side(node.this, [node.args["low"], node.args["high"]], table)
    if isinstance(node, exp.Like):
        return _side(node.this, [node.expression], table, of=("string",))
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return _side(node.this, [], table)
    raise _rejected("it compares columns with literals, and nothing else")


def _side(node: exp.Expr, literals: list[exp.Expr], table: Table, of: Collection[str] = ()) -> None:
    """A column, of one of these types, beside literals of its type."""
    known = table.column(node.name) if isinstance(node, exp.Column) and not node.table else None
    if known is None:
        raise _rejected(f"`{node.sql(dialect.MESH_DIALECT)[:60]}` is no column of the table")
    kind = known.type.kind
    if known.type.nested or kind == "time":
        raise _rejected(f"`{known.name}` is {kind}: rows are not filtered by that")
    if of and kind not in of:
        raise _rejected(f"`{known.name}` is {kind}, and LIKE is of {', '.join(of)}")
    for literal in literals:
        if not _is_of(literal, kind):
            written = literal.sql(dialect.MESH_DIALECT)[:60]
            raise _rejected(f"`{known.name}` is {kind}, and `{written}` is no literal of that type")
    node.this.set("quoted", True)


def _is_of(node: exp.Expr, kind: str) -> bool:
    if isinstance(node, exp.Cast):
        dated = kind in _DATED and isinstance(node.this, exp.Literal) and node.to.this in _DATE_TYPES
        return dated and _is_of(node.this, kind)
    if kind == "boolean":
        return isinstance(node, exp.Boolean)
    if kind in _NUMBERS:
        bare = node.this if isinstance(node, exp.Neg) else node
        return isinstance(bare, exp.Literal) and not bare.is_string
    text = isinstance(node, exp.Literal) and node.is_string
    return text and (kind not in _DATED or _is_moment(node.name))


def _is_moment(text: str) -> bool:
    """2024-01-31, with or without a time: Python reads other forms of ISO 8601, too, and engines do not."""
    if not _DAY_FIRST.match(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _rejected(why: str) -> StatementRejected:
    return StatementRejected(
        f"the condition on rows is not understood: {why}",
        rule="row-filter",
        hint="Write comparisons of columns with literals, IN, BETWEEN, LIKE, IS NULL, with AND, OR, NOT.",
    )
