"""From an intent to one SELECT over mesh names, as a sqlglot tree that DuckDB and Athena can both be written from.

To-one paths become joins, what lies across a to-many edge becomes a semi-join, numbers over it are aggregated before
they are joined: no row is ever counted twice. Values are literals of the tree; no SQL text is put together here.
"""

from __future__ import annotations

from datamesh.ask.compile.query import compile_query, compile_ties

__all__ = ["compile_query", "compile_ties"]
