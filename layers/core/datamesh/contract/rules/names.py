"""Names that Glue, Trino and DuckDB all take without quotes."""

from __future__ import annotations

import re

__all__ = ["MAX_DOMAIN", "MAX_NAME", "RESERVED", "domain_problem", "name_problem"]

MAX_NAME = 128
MAX_DOMAIN = 20  # leaves room in a bucket's 63 characters for prefix, stage and account
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_DOMAIN = re.compile(r"[a-z][a-z0-9]*")
_PLATFORM = "platform"  # the platform's own place where a domain's name stands

# Trino's reserved words (https://trino.io/docs/current/language/reserved.html) and those DuckDB reserves beyond them.
_RESERVED_WORDS = """
    alter and as auto between by case cast constraint create cross cube current_catalog current_date current_path
    current_role current_schema current_time current_timestamp current_user deallocate delete describe distinct drop
    else end escape except execute exists extract false for from full group grouping having in inner insert intersect
    into is join json_array json_exists json_object json_query json_table json_value left like listagg localtime
    localtimestamp natural normalize not null on or order outer prepare recursive right rollup select skip table then
    trim true uescape union unnest using values when where with
    all analyse analyze any array asc asymmetric both check collate column default deferrable desc do fetch foreign
    initially lambda lateral leading limit offset only pivot pivot_longer pivot_wider placing primary qualify
    references returning show some summarize symmetric to trailing unique unpivot variadic window
"""
RESERVED = frozenset(_RESERVED_WORDS.split())


def name_problem(name: str, *, longest: int = MAX_NAME) -> tuple[str, str, str] | None:
    """What keeps `name` from being used unquoted everywhere: (kind, message, fix), or None."""
    if not _IDENTIFIER.fullmatch(name):
        return "name", f"`{name}` is no name for tables and columns", "use a-z, 0-9 and _, beginning with a letter"
    if len(name) > longest:
        return "name", f"`{name}` is longer than {longest} characters", "choose a shorter name"
    if name in RESERVED:
        return "reserved", f"`{name}` is a reserved word of SQL", f"call it `{name}_` or, better, what it means"
    return None


def domain_problem(name: str) -> tuple[str, str, str] | None:
    """As `name_problem`, for a domain: it is a part of its buckets' names, which take no underscore."""
    if not _DOMAIN.fullmatch(name):
        return "name", f"`{name}` is no name for a domain", "use a-z and 0-9, beginning with a letter"
    if name == _PLATFORM:
        return "reserved", f"`{name}` is the platform's own name", "choose another name"
    return name_problem(name, longest=MAX_DOMAIN)
