"""Names that Glue, Trino and DuckDB all take without quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from datamesh.contract.model import Severity
from datamesh.contract.reserved import reserved_by

__all__ = ["MAX_DOMAIN", "MAX_NAME", "NameProblem", "domain_problem", "name_problem", "suggestion"]

MAX_NAME = 128  # Glue takes 255, and a table's name still gets its version
MAX_DOMAIN = 20  # leaves room in a bucket's 63 characters for prefix, stage and account
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_DOMAIN = re.compile(r"[a-z][a-z0-9]*")
_PLATFORM = "platform"  # the platform's own place where a domain's name stands


@dataclass(frozen=True)
class NameProblem:
    """`kind` is the end of the finding's rule: name or reserved."""

    kind: str
    message: str
    fix: str
    severity: Severity = "error"


def name_problem(name: str, *, longest: int = MAX_NAME) -> NameProblem | None:
    """What keeps `name` from being used unquoted everywhere, or None."""
    if not _IDENTIFIER.fullmatch(name):
        return NameProblem("name", f"`{name}` is no name for tables and columns", f"call it `{suggestion(name)}`")
    if len(name) > longest:
        return NameProblem("name", f"`{name}` is longer than {longest} characters", "choose a shorter name")
    return _reserved(name)


def _reserved(name: str) -> NameProblem | None:
    engines = reserved_by(name)
    fix = f"call it `{name}_` or, better, what it means"
    if engines == ("Hive",):
        return NameProblem("reserved", f"`{name}` needs quotes in DDL of Athena and Hive", fix, "warning")
    return NameProblem("reserved", f"`{name}` is a reserved word of {' and '.join(engines)}", fix) if engines else None


def suggestion(name: str) -> str:
    """A name like `name` that may be used: `Fare in EUR` becomes `fare_in_eur`, and `orderId` `order_id`."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    plain = re.sub(r"[^a-z0-9]+", "_", words).strip("_")
    return plain if _IDENTIFIER.fullmatch(plain) else f"c_{plain}".rstrip("_")


def domain_problem(name: str) -> NameProblem | None:
    """As `name_problem`, for a domain: it is a part of its buckets' names, which take no underscore."""
    if not _DOMAIN.fullmatch(name):
        fix = "use a-z and 0-9, beginning with a letter"
        return NameProblem("name", f"`{name}` is no name for a domain", fix)
    if name == _PLATFORM:
        return NameProblem("reserved", f"`{name}` is the platform's own name", "choose another name")
    return name_problem(name, longest=MAX_DOMAIN)
