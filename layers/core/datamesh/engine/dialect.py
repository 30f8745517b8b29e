"""The SQL of the mesh: one dialect to write in, one tree, and the text that each engine runs. Pure.

People name tables `domain.product` and write DuckDB's SQL. A statement is parsed once; what an engine gets is always
rendered from the tree, never the text somebody sent, with the physical names of that engine.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlglot import Dialect, exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokenizer_core import Token

__all__ = [
    "MESH_DIALECT",
    "NOT_UNDERSTOOD",
    "EngineName",
    "PhysicalTable",
    "duckdb_name",
    "mesh_sql",
    "parse",
    "render",
    "tokens",
]

EngineName = Literal["duckdb", "athena"]
MESH_DIALECT = "duckdb"
# What sqlglot raises over text or a tree that it cannot make sense of: its own errors, and now and then a stumble.
NOT_UNDERSTOOD = (SqlglotError, AttributeError, IndexError, KeyError, TypeError, ValueError)

# Its warnings quote the statement, and statements are not for the log. What it cannot read or render raises.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class PhysicalTable:
    """Where an engine finds a product; an empty part is left out."""

    table: str
    database: str = ""
    catalog: str = ""


def duckdb_name(product: str) -> PhysicalTable:
    """Where DuckDB finds the scan registered as `product`; written out, so that no WITH query can pose as it."""
    return PhysicalTable(product, "main", "temp")


def tokens(text: str) -> list[Token]:
    """The words of `text`. Raises sqlglot.errors.TokenError for an open quote and the like."""
    return Dialect.get_or_raise(MESH_DIALECT).tokenize(text)


def parse(text: str) -> exp.Expr:
    """The one statement in `text`, in mesh names. Raises one of NOT_UNDERSTOOD, also for none or several."""
    dialect = Dialect.get_or_raise(MESH_DIALECT)
    found = [tree for tree in dialect.parse(text, error_level=ErrorLevel.IMMEDIATE) if tree is not None]
    if len(found) != 1:
        raise SqlglotError(f"{len(found)} statements")
    return found[0]


def mesh_sql(tree: exp.Expr, *, pretty: bool = True) -> str:
    """`tree` as a person would write it; `mesh sql` runs it again."""
    return tree.sql(MESH_DIALECT, pretty=pretty, comments=False, normalize_functions="upper")


def render(tree: exp.Expr, engine: EngineName, names: Mapping[str, PhysicalTable]) -> str:
    """The text that `engine` runs: every `domain.product` of `tree` replaced by its physical name.

    Raises KeyError for a product without a name, sqlglot.errors.UnsupportedError for what the engine does not have.
    """
    named = tree.copy()
    for table in list(named.find_all(exp.Table)):
        if table.db:
            _rename(table, names[f"{table.db}.{table.name}"])
    if engine == "athena":
        named = named.transform(_for_athena, copy=False)
    return named.sql(engine, comments=False, identify=True, unsupported_level=ErrorLevel.RAISE)


def _for_athena(node: exp.Expr) -> exp.Expr:
    """What Athena has otherwise: no median but an approximate one, and an average that keeps a decimal's few digits."""
    if isinstance(node, exp.Parameter):
        return exp.Placeholder()
    if isinstance(node, exp.SHA2):  # of bytes there
        text = exp.Encode(this=node.this.transform(_for_athena), charset=exp.Literal.string("utf-8"))
        return exp.SHA2(this=text, length=node.args["length"])
    if isinstance(node, exp.Median):
        return exp.ApproxQuantile(this=node.this, quantile=exp.Literal.number("0.5"))
    if isinstance(node, exp.Avg) and not (isinstance(node.this, exp.Distinct) or node.this.is_type("double")):
        return exp.Avg(this=exp.Cast(this=node.this, to=exp.DataType.build("DOUBLE")))
    return node


def _rename(table: exp.Table, name: PhysicalTable) -> None:
    table.set("this", exp.to_identifier(name.table, quoted=True))
    table.set("db", exp.to_identifier(name.database, quoted=True) if name.database else None)
    table.set("catalog", exp.to_identifier(name.catalog, quoted=True) if name.catalog else None)
