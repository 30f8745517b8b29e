"""Rights to some rows as Lake Formation's data cells filters. Pure.

How Lake Formation adds up several filters of one principal, or filters and columns, is not documented; the columns of
one and the rows of another together would show what neither gives. So what is projected shows no more whichever way it
is: who is shown columns of all rows has no filter, and all filters of a principal have the same columns, those that all
of its rights to some rows show (docs/adr/0027). Taking one of these away so takes nothing from another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from datamesh.contract.governed import MOST_FILTERS
from datamesh.contract.model import Table
from datamesh.contract.partiql import partiql
from datamesh.errors import StatementRejected
from datamesh.govern.rights import Right, Rights

__all__ = ["OWN_FILTERS", "CellsFilter", "filters_of"]

OWN_FILTERS = "datamesh-"  # how the names of ours begin


@dataclass(frozen=True, order=True)
class CellsFilter:
    """A filter of a table: of its `columns` (sorted) the rows for which `rows`, an expression in PartiQL, holds.

    No columns: none by name, as a wildcard is written that somebody else made. `rule` wants it.
    """

    name: str
    columns: tuple[str, ...]
    rows: str
    rule: str = field(default="", compare=False)


def filters_of(table: Table, rights: Rights) -> tuple[CellsFilter, ...]:
    """The filters on which one principal is granted SELECT, one for each of its rights to some rows.

    A right that shows nothing in the clear, or whose condition Lake Formation does not take, gives nothing there.
    """
    if rights.plain:
        return ()
    some = [(right, rows) for right in rights.each if right.clear for rows in _rows(right, table)]
    if not some:
        return ()
    shared = tuple(sorted(frozenset.intersection(*(right.clear for right, _ in some))))
    named = (CellsFilter(_name(right.rule, shared, rows), shared, rows, right.rule) for right, rows in some if shared)
    return tuple(dict.fromkeys(named))[:MOST_FILTERS]


def _rows(right: Right, table: Table) -> Iterator[str]:
    """The condition of `right` in Lake Formation's words, if it can be said in them."""
    try:
        if right.rows:
            yield partiql(right.rows, table)
    except StatementRejected:
        return


def _name(rule: str, columns: tuple[str, ...], rows: str) -> str:
    """Named after the rule that gave it, and after what it shows: another condition is another filter.

    So no filter changes under whoever holds it; a right that changes is taken away, then given.
    """
    shown = hashlib.sha256("\n".join((rule, rows, *columns)).encode()).hexdigest()[:12]
    return f"{OWN_FILTERS}{re.sub(r'[^a-z0-9]+', '-', rule.lower())[:60].strip('-')}-{shown}"
