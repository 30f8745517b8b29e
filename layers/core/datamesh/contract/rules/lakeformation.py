"""Limits of Lake Formation: what it would refuse, or give nothing for, found before it is asked.

The query function enforces every role all the same, so what is only not given in Lake Formation is a warning.
https://docs.aws.amazon.com/lake-formation/latest/dg/data-filtering-notes.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from datamesh.contract.finding import Finding
from datamesh.contract.governed import MOST_FILTERS, TAG_KEYS
from datamesh.contract.model import Role
from datamesh.contract.partiql import partiql
from datamesh.contract.rowfilter import condition
from datamesh.contract.rules.subject import Subject, TableAt
from datamesh.errors import StatementRejected

__all__ = ["check"]

_MOST_CHARACTERS = 256  # of a tag's value
_UNTAKEN = re.compile(r"[^\w\s.:*/=+\-@%]")


def check(subject: Subject) -> Iterator[Finding]:
    for at in subject.tables():
        sayable = {index: role for index, role in enumerate(subject.contract.roles) if _takes(role, at)}
        yield from _unsaid(subject, at, sayable.keys())
        yield from _of_principals(subject, at, sayable.values())
    yield from _tags(subject)


def _takes(role: Role, at: TableAt) -> bool:
    try:
        return bool(role.rows) and bool(partiql(role.rows, at.table))
    except StatementRejected:
        return False


def _unsaid(subject: Subject, at: TableAt, sayable: Iterable[int]) -> Iterator[Finding]:
    """Conditions that are right, and that Lake Formation does not take."""
    for index, role in enumerate(subject.contract.roles):
        if not role.rows or index in sayable:
            continue
        try:
            condition(role.rows, at.table)
        except StatementRejected:
            continue  # role.rows says so
        try:
            partiql(role.rows, at.table)
        except StatementRejected as refused:
            yield subject.warning("role.filter", f"roles[{index}]", refused.message, refused.hint)


def _of_principals(subject: Subject, at: TableAt, roles: Iterable[Role]) -> Iterator[Finding]:
    """What one principal holds by several roles: so many filters, of the columns that all of them show.

    Who is shown columns of all rows has no filter.
    """
    unfiltered = {p for role in subject.contract.roles if not role.rows and _clear(role, at) for p in role.principals}
    held: dict[str, list[Role]] = {}
    for role in roles:
        for principal in dict.fromkeys(role.principals):
            if principal not in unfiltered:
                held.setdefault(principal, []).append(role)
    for principal, of_principal in held.items():
        if len(of_principal) > MOST_FILTERS:
            message = f"`{principal}` reads some rows by {len(of_principal)} roles: Lake Formation takes {MOST_FILTERS}"
            yield subject.warning("role.filters", "roles", message, "put conditions together with OR")
        shown = [clear for role in of_principal if (clear := _clear(role, at))]
        if len(shown) > 1 and not frozenset.intersection(*shown):
            message = f"the roles by which `{principal}` reads some rows show no column in common"
            yield subject.warning("role.apart", "roles", message, "in Lake Formation they give nothing together")


def _clear(role: Role, at: TableAt) -> frozenset[str]:
    names = at.column_names() if role.columns is None else set(role.columns)
    return frozenset(names - {name for name, _ in role.masks})


def _tags(subject: Subject) -> Iterator[Finding]:
    """Values of LF-Tags: classifications, and tags of ours that are written `key:value`."""
    yield from _values(subject, "tags", subject.contract.tags)
    for at in subject.tables():
        yield from _values(subject, f"{at.path}.tags", at.table.tags)
        for column in at.columns():
            classified = [f"classification:{column.column.classification}"]
            yield from _values(subject, f"{column.path}.classification", classified)
            yield from _values(subject, f"{column.path}.tags", column.column.tags)


def _values(subject: Subject, path: str, tags: Iterable[str]) -> Iterator[Finding]:
    for key, _, value in (tag.partition(":") for tag in tags):
        if key.lower() in TAG_KEYS and (len(value) > _MOST_CHARACTERS or _UNTAKEN.search(value)):
            message = f"`{value[:60]}` is no value that Lake Formation takes for a tag"
            yield subject.error("tag.value", path, message, "use letters, digits, spaces and . : * / = + - @ % _")
