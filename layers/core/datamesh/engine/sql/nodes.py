"""The parts of a statement that are understood. A part, or a word inside a part, that is not listed here is refused."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlglot import exp

from datamesh.engine.sql.functions import FUNCTIONS, NAMED
from datamesh.errors import StatementRejected

__all__ = ["check_nodes"]

_MAX_NODES = 5_000
_MAX_IDENTIFIER = 128

# A clause and the arguments it may carry. Sampling, locking, time travel, INTO, hints and the like are not among them.
_CLAUSES: Mapping[type[exp.Expr], frozenset[str]] = {
    kind: frozenset(arguments.split())
    for kind, arguments in {
        exp.Select: "with_ expressions distinct from_ joins where group having qualify windows order limit offset",
        exp.Union: "with_ this expression distinct order limit offset",
        exp.Intersect: "with_ this expression distinct order limit offset",
        exp.Except: "with_ this expression distinct order limit offset",
        exp.With: "expressions",
        exp.CTE: "this alias materialized",
        exp.Subquery: "this alias",
        exp.From: "this",
        exp.Join: "this side kind on using",
        exp.Table: "this db alias",
        exp.TableAlias: "this columns",
        exp.Where: "this",
        exp.Having: "this",
        exp.Qualify: "this",
        exp.Group: "expressions",
        exp.Cube: "expressions",
        exp.Rollup: "expressions",
        exp.GroupingSets: "expressions",
        exp.Order: "this expressions",
        exp.Ordered: "this desc nulls_first",
        exp.Limit: "expression",
        exp.Offset: "expression",
        exp.Distinct: "expressions",
        exp.Star: "except_",
        exp.Column: "this table db",
        exp.Identifier: "this quoted",
        exp.Alias: "this alias",
        exp.Window: "this partition_by order spec alias over",
        exp.WindowSpec: "kind start start_side end end_side",
        exp.Filter: "this expression",
        exp.WithinGroup: "this expression",
        exp.In: "this expressions query",
        exp.DataType: "this nested expressions",
        exp.DataTypeParam: "this",
        exp.Interval: "this unit",
    }.items()
}
_OPERATORS: frozenset[type[exp.Expr]] = frozenset(
    {
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.DPipe),
        *(exp.And, exp.Or, exp.Not, exp.Is, exp.Between, exp.Exists, exp.Any, exp.All),
        *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
        *(exp.Like, exp.ILike, exp.Escape, exp.SimilarTo, exp.AtTimeZone),
        *(exp.IgnoreNulls, exp.RespectNulls, exp.Paren, exp.Tuple, exp.Literal, exp.Boolean, exp.Null, exp.Var),
    }
)
_TYPES = frozenset(
    {
        *(exp.DType.BOOLEAN, exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT, exp.DType.INT128),
        *(exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.DECIMAL, exp.DType.TEXT, exp.DType.VARCHAR, exp.DType.DATE),
        *(exp.DType.TIME, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ, exp.DType.INTERVAL),
    }
)
# Bare words: units of time, and what a window's frame or a join is made of.
_SPANS = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
_UNITS = frozenset(
    {*_SPANS, *(f"{span}S" for span in _SPANS), "DECADE", "CENTURY", "EPOCH", "DOW", "ISODOW", "DOY"}
    | {"DAYOFWEEK", "DAYOFWEEKISO", "DAYOFYEAR", "ISOYEAR", "ISOWEEK", "WEEKISO"}
)
_WORDS = frozenset(
    {"OVER", "ROWS", "RANGE", "GROUPS", "UNBOUNDED", "CURRENT ROW", "PRECEDING", "FOLLOWING"}
    | {"LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "LEADING", "TRAILING", "BOTH"}
)
_QUERIES = (exp.Select, exp.SetOperation, exp.Subquery)


def check_nodes(tree: exp.Expr) -> None:
    """Raises StatementRejected at the first part of `tree` that is not understood; its rule says what kind it is."""
    for number, node in enumerate(tree.walk()):
        if number > _MAX_NODES:
            raise StatementRejected(
                "the statement has too many parts", rule="too-complex", hint="Ask for less at once."
            )
        _check_kind(node)
        if extra := _SPECIAL.get(type(node)):
            extra(node)


def _check_kind(node: exp.Expr) -> None:
    kind = type(node)
    if kind in _CLAUSES:
        _check_arguments(node, _CLAUSES[kind])
    elif kind in FUNCTIONS or kind in _OPERATORS or (isinstance(node, exp.Anonymous) and node.name.lower() in NAMED):
        if kind not in (exp.Literal, exp.Var, exp.Boolean, exp.Anonymous):
            _check_arguments(node, None)
    elif isinstance(node, exp.Func):
        raise _not_a_function(node)
    else:
        raise _not_understood(kind.__name__)


def _check_arguments(node: exp.Expr, allowed: frozenset[str] | None) -> None:
    for name, value in _given(node):
        if allowed is not None and name not in allowed:
            raise _not_understood(f"{type(node).__name__} {name.rstrip('_')}")
        if isinstance(value, str) and type(node) is not exp.Identifier and value.upper() not in _WORDS:
            raise _not_understood(value)


def _given(node: exp.Expr) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in node.args.items() if value not in (None, False, [], ""))


def _check_identifier(node: exp.Expr) -> None:
    if len(node.name) > _MAX_IDENTIFIER or not node.name.isprintable():
        raise StatementRejected("a name is too long or holds unprintable characters", rule="name")


def _check_unit(node: exp.Expr) -> None:
    if node.name.upper() not in _UNITS:
        raise _not_understood(node.name)


def _check_interval(node: exp.Expr) -> None:
    if node.args.get("unit") is None:
        raise _not_understood("INTERVAL without a unit")


def _check_type(node: exp.Expr) -> None:
    if node.this not in _TYPES:
        raise StatementRejected(
            "a cast to this type is not allowed", rule="type", hint="Cast to a number, text, boolean, date or time."
        )


def _check_number(node: exp.Expr) -> None:
    count = node.args["expression"]
    if not isinstance(count, exp.Literal) or not count.name.isdecimal():
        raise StatementRejected("LIMIT and OFFSET take a whole number", rule="limit")


def _check_source(node: exp.Expr) -> None:
    if not isinstance(node.this, (exp.Table, exp.Subquery)):
        raise _not_understood(f"{type(node.this).__name__} in FROM")


def _check_table(node: exp.Expr) -> None:
    """A table is a name: no function, no path of more than two parts, no renamed columns."""
    if not isinstance(node.this, exp.Identifier):
        raise StatementRejected(
            "table functions are not allowed", rule="table-function", hint="Tables are named domain.product."
        )
    alias = node.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        raise _not_understood("a list of columns in a table's alias")


def _check_query(node: exp.Expr) -> None:
    if not isinstance(node.this, _QUERIES):
        raise _not_understood(f"{type(node.this).__name__} as a query")


def _check_star(node: exp.Expr) -> None:
    holder = node.parent if not isinstance(node.parent, exp.Column) else node.parent.parent
    if not isinstance(holder, (exp.Select, exp.Count)):
        raise _not_understood("* outside of SELECT * and COUNT(*)")


def _check_in(node: exp.Expr) -> None:
    query = node.args.get("query")
    if query is not None and not isinstance(query, _QUERIES):
        raise _not_understood("IN without a list or a query")


_SPECIAL: Mapping[type[exp.Expr], Callable[[exp.Expr], None]] = {
    exp.Identifier: _check_identifier,
    exp.Var: _check_unit,
    exp.Interval: _check_interval,
    exp.DataType: _check_type,
    exp.Limit: _check_number,
    exp.Offset: _check_number,
    exp.From: _check_source,
    exp.Join: _check_source,
    exp.Table: _check_table,
    exp.CTE: _check_query,
    exp.Subquery: _check_query,
    exp.Exists: _check_query,
    exp.Any: _check_query,
    exp.All: _check_query,
    exp.Star: _check_star,
    exp.In: _check_in,
}


def _not_understood(what: str) -> StatementRejected:
    return StatementRejected(
        f"not understood here: {what[:100]}",
        rule="construct",
        hint="docs/api.md says what a statement may hold.",
    )


def _not_a_function(node: exp.Func) -> StatementRejected:
    name = node.name.lower() if isinstance(node, exp.Anonymous) else node.sql_name().lower()
    known = [*NAMED, *(n.lower() for kind in FUNCTIONS if issubclass(kind, exp.Func) for n in kind.sql_names())]
    close = difflib.get_close_matches(name, known, n=3)
    hint = f"Did you mean {', '.join(close)}?" if close else "docs/api.md lists the functions that may be called."
    return StatementRejected(f"function not allowed: {name[:100]}", rule="function", hint=hint)
