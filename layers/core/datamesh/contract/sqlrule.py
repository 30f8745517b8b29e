"""Quality rules of type sql: what their query must be, and what it reads. Pure, but needs the engine.

A query is one SELECT that answers with one number. It reads the product's own table and nothing else, by functions that
read nothing but their arguments (engine/sql). ODCS's placeholders `${object}` or `${table}` stand for the table,
`${property}` or `${column}` for the column that the rule stands at; the `$` may be left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from datamesh.contract.model import Check, Table
from datamesh.contract.types import duckdb_type
from datamesh.engine.dialect import MESH_DIALECT
from datamesh.engine.duck import EngineError, connect, identifier, rows
from datamesh.engine.sql.nodes import check_nodes
from datamesh.engine.sql.text import check_agreed, read
from datamesh.errors import StatementRejected

__all__ = ["RELATION", "Query", "problem", "understood"]

RELATION = "subject"  # what the table is called while a rule is carried out
_PLACEHOLDER = re.compile(r"\$?\{\s*(\w+)\s*\}")
_NUMBERS = re.compile(r"^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\))$")


@dataclass(frozen=True)
class Query:
    """`sql` reads the table as `RELATION`, which has `columns` (at least one, for rows are counted by reading it).

    `once` says that it reads them once from end to end, so that a stream will do.
    """

    sql: str
    columns: tuple[str, ...]
    once: bool


def understood(check: Check, table: Table) -> Query:
    """The query of a rule. Raises StatementRejected when it is not what a rule may ask."""
    text = _filled(check, table)
    tree = read(text)
    check_nodes(tree)
    check_agreed(text)
    named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    reads = 0
    for source in list(tree.find_all(exp.Table)):
        if source.name.lower() == table.name and table.name not in named and not source.db:
            reads += 1
            alias = source.alias or source.name
            source.replace(exp.alias_(exp.table_(RELATION, db="main", catalog="temp", quoted=True), alias, table=True))
        elif source.db or source.name.lower() not in named:
            raise StatementRejected(f"a rule reads its own table only, not {source.name[:100]}", rule="table")
    if not reads:
        raise StatementRejected(f"the query does not read {table.name}", rule="table")
    sql = tree.sql(MESH_DIALECT, comments=False)
    return Query(sql, _columns(tree, table), once=reads == 1 and not named)


def problem(check: Check, table: Table) -> str | None:
    """What keeps a rule from being carried out, or None. Its query is read over an empty table, and not run."""
    try:
        query = understood(check, table)
    except StatementRejected as refused:
        return refused.message
    shape = ", ".join(f"{identifier(c.name)} {duckdb_type(c.type)}" for c in table.columns if c.name in query.columns)
    with connect(memory_mb=64, threads=1) as con:
        try:
            con.execute(f"CREATE TEMP TABLE {RELATION} ({shape})")
            answer = rows(con, f"DESCRIBE {query.sql}")
        except EngineError as error:
            return str(error).partition("\n")[0]
    if len(answer) != 1:
        return f"it answers with {len(answer)} columns, not with one number"
    return None if _NUMBERS.match(answer[0][1]) else f"it answers with {answer[0][1]}, not with a number"


def _filled(check: Check, table: Table) -> str:
    known = {"object": table.name, "table": table.name}
    if check.column is not None:
        known |= {"property": check.column, "column": check.column}

    def name(found: re.Match[str]) -> str:
        if found[1] not in known:
            message = f"{found[0]} stands for nothing here; there are: {', '.join(sorted(known))}"
            raise StatementRejected(message, rule="placeholder")
        return known[found[1]]

    return _PLACEHOLDER.sub(name, check.query or "")


def _columns(tree: exp.Expr, table: Table) -> tuple[str, ...]:
    """Those that the query may read, in the contract's order: every name in it that is a column's, or all for `*`."""
    every = any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))
    named = {name.name.lower() for name in tree.find_all(exp.Identifier)}
    chosen = tuple(column.name for column in table.columns if every or column.name in named)
    return chosen or (table.columns[0].name,)
