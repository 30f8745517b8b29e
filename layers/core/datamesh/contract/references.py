"""Relationships: ODCS references between columns, within a contract or across the mesh.

`planes.tailnum`                                                shorthand: a table of this contract
`planes.odcs.yaml#/schema/planes/properties/tailnum`            another product of this domain
`../fleet/planes.odcs.yaml#/schema/planes/properties/tailnum`   a product of another domain: the path's last two
                                                                parts are the domain and the product
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datamesh.contract.custom import read
from datamesh.contract.fields import mappings, text
from datamesh.contract.model import Relationship, Severity, TableRef
from datamesh.contract.vocabulary import RelationshipProperties

__all__ = ["Here", "at_property", "at_table", "resolve"]

_POINTER = re.compile(r"^/?schema/([^/]+)/properties/([^/]+)$")
_FILE = re.compile(r"^(?P<product>[^/]+?)(?:\.odcs)?\.ya?ml$")


@dataclass(frozen=True)
class Here:
    """The table that a reference is written in."""

    domain: str
    product: str
    table: str


def resolve(reference: object, here: Here) -> tuple[TableRef, str] | None:
    """The table and column that `reference` names, or None when it is in none of the forms above."""
    if not isinstance(reference, str):
        return None
    file, hash_mark, pointer = reference.rpartition("#")
    target = _POINTER.match(pointer)
    if target:
        place = _product(file, here) if hash_mark else (here.domain, here.product)
        return (TableRef(*place, target[1]), target[2]) if place else None
    table, dot, column = reference.partition(".")
    if not dot or not column or "/" in reference or "#" in reference or "." in column:
        return None
    return TableRef(here.domain, here.product, table), column


def _product(file: str, here: Here) -> tuple[str, str] | None:
    *folders, name = file.removeprefix("./").split("/")
    match = _FILE.match(name)
    if not match:
        return None
    if not folders:
        return here.domain, match["product"]
    return None if folders[-1] in ("", ".", "..") else (folders[-1], match["product"])


def at_property(raw: Mapping[str, Any], column: str, here: Here) -> Relationship | str:
    """A relationship written at `column`, or what is wrong with it."""
    return _relationship(raw, [(TableRef(here.domain, here.product, here.table), column)], here)


def at_table(raw: Mapping[str, Any], here: Here) -> Relationship | str:
    """A relationship written at the schema object, with `from` and `to`, or what is wrong with it."""
    start = _resolved(raw.get("from"), here)
    return start if isinstance(start, str) else _relationship(raw, start, here)


def _relationship(raw: Mapping[str, Any], start: list[tuple[TableRef, str]], here: Here) -> Relationship | str:
    end = _resolved(raw.get("to"), here)
    if isinstance(end, str):
        return end
    if len(start) != len(end):
        return f"{len(start)} column(s) cannot refer to {len(end)}"
    if len({table for table, _ in end}) != 1:
        return "all columns of `to` must belong to one table"
    if any(table != TableRef(here.domain, here.product, here.table) for table, _ in start):
        return "`from` must name columns of this table"
    to = end[0][0]
    return Relationship(
        columns=tuple(column for _, column in start),
        to=to,
        to_columns=tuple(column for _, column in end),
        name=text(raw, "id"),
        severity=_severity(raw, to, here),
        itself=to == TableRef(here.domain, here.product, here.table),
    )


def _severity(raw: Mapping[str, Any], to: TableRef, here: Here) -> Severity | None:
    """A domain's functions see their own domain's tables only: what refers to another's is not looked at."""
    ours, _ = read(RelationshipProperties, mappings(raw, "customProperties"))
    if to.domain != here.domain or ours.severity == "none":
        return None
    return ours.severity or "warning"


def _resolved(value: object, here: Here) -> list[tuple[TableRef, str]] | str:
    references = value if isinstance(value, list) else [value]
    found = [resolve(reference, here) for reference in references]
    for reference, target in zip(references, found, strict=True):
        if target is None:
            return f"`{reference}` is no reference to a column"
    return [target for target in found if target is not None] or "no column is named"
