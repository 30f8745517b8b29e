"""Conditions on rows as Lake Formation takes them: the expression of a data cells filter. Pure.

Lake Formation documents less than `rowfilter.condition` allows: no dates and timestamps, less than 2,048 characters,
a column before its literal. NOT is documented beside a comparison only, so it is carried down to there; that changes no
row: a comparison with NULL gives one neither way.
https://docs.aws.amazon.com/lake-formation/latest/dg/partiql-support.html
"""

from __future__ import annotations

import re

from sqlglot import exp

from datamesh.contract.model import Table
from datamesh.contract.rowfilter import condition
from datamesh.errors import StatementRejected

__all__ = ["MOST_CHARACTERS", "partiql"]

MOST_CHARACTERS = 2_047
_KINDS = frozenset({"string", "boolean", "integer", "number", "decimal"})
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# Of each comparison: as it is, negated, and with its sides turned.
_COMPARED: dict[type[exp.Expr], tuple[str, str, type[exp.Expr]]] = {
    exp.EQ: ("=", "<>", exp.EQ),
    exp.NEQ: ("<>", "=", exp.NEQ),
    exp.LT: ("<", ">=", exp.GT),
    exp.LTE: ("<=", ">", exp.GTE),
    exp.GT: (">", "<=", exp.LT),
    exp.GTE: (">=", "<", exp.LTE),
}


def partiql(rows: str, table: Table) -> str:
    """The condition `rows` of `table` in Lake Formation's words.

    Raises StatementRejected (row-filter) for what is no condition, or none that Lake Formation takes.
    """
    text = _written(condition(rows, table), table, negated=False)
    if len(text) > MOST_CHARACTERS:
        raise _refused(f"it becomes longer than {MOST_CHARACTERS:,} characters")
    return text


def _written(node: exp.Expr, table: Table, *, negated: bool) -> str:
    if isinstance(node, exp.Paren):
        return _written(node.this, table, negated=negated)
    if isinstance(node, exp.Not):
        return _written(node.this, table, negated=not negated)
    if isinstance(node, exp.And | exp.Or):
        word = "AND" if isinstance(node, exp.And) != negated else "OR"
        left, right = (_written(side, table, negated=negated) for side in (node.this, node.expression))
        return f"({left}) {word} ({right})"
    return _one(node, table, "NOT " if negated else "", negated)


def _one(node: exp.Expr, table: Table, no: str, negated: bool) -> str:
    """One comparison of a column; `condition` lets no other through."""
    if type(node) in _COMPARED:
        turned = isinstance(node.expression, exp.Column)
        column, literal = (node.expression, node.this) if turned else (node.this, node.expression)
        kind = _COMPARED[type(node)][2] if turned else type(node)
        return f"{_column(column, table)} {_COMPARED[kind][negated]} {_literal(literal)}"
    column_text = _column(node.this, table)
    if isinstance(node, exp.In):
        return f"{column_text} {no}IN ({', '.join(_literal(each) for each in node.expressions)})"
    if isinstance(node, exp.Between):
        return f"{column_text} {no}BETWEEN {_literal(node.args['low'])} AND {_literal(node.args['high'])}"
    if isinstance(node, exp.Like):
        if "\\" in node.expression.name:
            raise _refused("a backslash escapes in the patterns of some engines, and in those of others does not")
        return f"{column_text} {no}LIKE {_literal(node.expression)}"
    return f"{column_text} IS {no}NULL"


def _column(node: exp.Expr, table: Table) -> str:
    known = table.column(node.name)
    if known is None or not _NAME.fullmatch(known.name):
        raise _refused(f"`{node.name}` is no name that it takes")
    if known.type.kind not in _KINDS:
        raise _refused(f"it filters by no {known.type.kind}, and `{known.name}` is one")
    return f'"{known.name}"'


def _literal(node: exp.Expr) -> str:
    if isinstance(node, exp.Boolean):
        return "TRUE" if node.this else "FALSE"
    if isinstance(node, exp.Literal) and node.is_string:
        return "'" + node.name.replace("'", "''") + "'"
    number = f"-{node.this.name}" if isinstance(node, exp.Neg) else node.name
    if not _NUMBER.fullmatch(number):
        raise _refused(f"`{number[:60]}` is no number as it writes them")
    return number


def _refused(why: str) -> StatementRejected:
    return StatementRejected(
        f"Lake Formation cannot filter rows by this condition: {why}",
        rule="row-filter",
        hint="There the role gives nothing; the query function enforces it all the same.",
    )
