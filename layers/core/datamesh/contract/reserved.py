"""Words that one of the engines reserves, so that a name made of one would have to be quoted there.

Trino and Athena   https://trino.io/docs/current/language/reserved.html, and in Athena's own list for SELECT
                   https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html
DuckDB             what `duckdb_keywords()` of DuckDB 2.0 calls reserved, and what it does not take as a column's name
                   all the same; a test compares
Hive               Athena's list for DDL, on the page above: such a name is read without quotes, and only DDL that
                   somebody writes by hand needs them
"""

from __future__ import annotations

__all__ = ["DUCKDB", "HIVE", "TRINO", "reserved_by"]

_TRINO = """
    alter and as between by case cast constraint create cross cube current_catalog current_date current_path
    current_role current_schema current_time current_timestamp current_user deallocate delete describe distinct drop
    else end escape except execute exists extract false for from full group grouping having in inner insert
    intersect into is join json_array json_exists json_object json_query json_table json_value left like listagg
    localtime localtimestamp natural normalize not null on or order outer prepare recursive right rollup select skip
    table then trim true uescape union unnest using values when where with
"""
_DUCKDB = """
    all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
    deferrable desc describe distinct do else end except false fetch for foreign from group having in initially
    intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing
    primary qualify references returning select show some summarize symmetric table then to trailing true union unique
    unpivot using variadic when where window with
    anti asof at authorization binary by collation concurrently cross freeze full glob ilike inner is isnull join left
    like natural notnull outer overlaps positional right semi similar tablesample unpack verbose
"""
_HIVE = """
    all alter and array as authorization between bigint binary boolean both by case cashe cast char column conf
    constraint commit create cross cube current current_date current_timestamp cursor database date dayofweek decimal
    delete describe distinct div double drop else end exchange exists extended external extract false fetch float floor
    following for foreign from full function grant group grouping having if import in inner insert int integer
    intersect interval into is join lateral left less like local macro map more none not null numeric of on only or
    order out outer over partialscan partition percent preceding precision preserve primary procedure range reads
    reduce regexp references revoke right rlike rollback rollup row rows select set smallint start table tablesample
    then time timestamp to transform trigger true truncate unbounded union uniquejoin update user using utc_timestamp
    values varchar views when where window with
"""
TRINO = frozenset(_TRINO.split())
DUCKDB = frozenset(_DUCKDB.split())
HIVE = frozenset(_HIVE.split())


def reserved_by(name: str) -> tuple[str, ...]:
    """The engines that reserve `name`: of Trino, DuckDB and Hive."""
    lists = (("Trino", TRINO), ("DuckDB", DUCKDB), ("Hive", HIVE))
    return tuple(engine for engine, words in lists if name in words)
