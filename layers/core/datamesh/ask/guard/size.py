"""Small statements that would grow large: refused before anything expands them.

`*` doubles with every level of a self join, and an alias that is used twice doubles with every alias built on it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope as Block
from sqlglot.optimizer.scope import traverse_scope

from datamesh.errors import StatementRejected

__all__ = ["check_size"]

_MAX_COLUMNS = 2_000
_MAX_NODES = 20_000


def check_size(tree: exp.Query, columns: Mapping[str, tuple[str, ...]]) -> None:
    """Raises StatementRejected: too-complex when `*` or aliases would expand too far, alias when a name stands for two.

    `columns` is by product.
    """
    widths: dict[int, int] = {}
    nodes = 0
    try:
        for block in traverse_scope(tree):  # the inner ones first
            widths[id(block)] = width = _width(block, widths, columns)
            nodes += _expanded(block)
            if width > _MAX_COLUMNS or nodes > _MAX_NODES:
                raise StatementRejected(
                    "the statement grows too large", rule="too-complex", hint="Name the columns that you need."
                )
    except SqlglotError as error:
        raise StatementRejected("the names in FROM do not go together", rule="alias", hint=str(error)) from error


def _width(block: Block, widths: Mapping[int, int], columns: Mapping[str, tuple[str, ...]]) -> int:
    """How many columns `block` returns."""
    if not isinstance(block.expression, exp.Select):
        return max((widths.get(id(part), 1) for part in block.set_operation_scopes), default=1)
    sources = {name: _source_width(source, widths, columns) for name, (_, source) in block.selected_sources.items()}
    return sum(_projection_width(projection, sources) for projection in block.expression.expressions)


def _source_width(source: exp.Expr | Block, widths: Mapping[int, int], columns: Mapping[str, tuple[str, ...]]) -> int:
    if isinstance(source, exp.Table):
        return len(columns.get(f"{source.db}.{source.name}", ()))
    return widths.get(id(source), 1)


def _projection_width(projection: exp.Expr, sources: Mapping[str, int]) -> int:
    if isinstance(projection, exp.Star):
        return sum(sources.values())
    if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
        return sources.get(projection.table, 1)
    return 1


def _expanded(block: Block) -> int:
    """How many nodes the projections of `block` have once each alias is replaced by what it stands for."""
    sizes: dict[str, int] = {}
    total = 0
    for projection in getattr(block.expression, "expressions", ()):
        size = sum(
            sizes.get(node.name.lower(), 1) if isinstance(node, exp.Column) and not node.table else 1
            for node in projection.walk()
        )
        total += size
        sizes[projection.alias_or_name.lower()] = size
        if total > _MAX_NODES:
            break
    return total
