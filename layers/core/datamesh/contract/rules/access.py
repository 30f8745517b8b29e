"""Roles, automatic approval and verified statements: who reads, and which answers the owners vouch for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from datamesh.contract.custom import read
from datamesh.contract.fields import mapping, mappings, text
from datamesh.contract.finding import Finding
from datamesh.contract.masks import problem
from datamesh.contract.model import Role
from datamesh.contract.rowfilter import condition
from datamesh.contract.rules.subject import Subject
from datamesh.contract.vocabulary import StatementProperties
from datamesh.errors import StatementRejected

__all__ = ["check"]


def check(subject: Subject) -> Iterator[Finding]:
    yield from _roles(subject)
    yield from _approvals(subject)
    yield from _statements(subject)


def _roles(subject: Subject) -> Iterator[Finding]:
    columns = {name for table in subject.tables() for name in table.column_names()}
    counts = Counter(role.name for role in subject.contract.roles)
    for index, role in enumerate(subject.contract.roles):
        path = f"roles[{index}]"
        if role.name and counts[role.name] > 1:
            yield subject.error("role.duplicate", path, f"the role `{role.name}` stands more than once", "merge them")
        if role.access.lower() != "read":
            message = f"access `{role.access}`: a role of the mesh reads, only its pipeline writes"
            yield subject.error("role.access", f"{path}.access", message, "write `access: read`")
        if not subject.says(path, "datamesh.principals"):
            message = f"nobody holds the role `{role.name}`"
            yield subject.warning("role.principals", path, message, "add the custom property datamesh.principals")
        for name in role.columns or ():
            if name not in columns:
                yield subject.error("role.columns", path, f"there is no column `{name}`", "name columns of the table")
        yield from _masks(subject, role, path)
        if role.rows:
            yield from _rows(subject, role, path)


def _approvals(subject: Subject) -> Iterator[Finding]:
    """What is granted without asking is there."""
    columns = {name for table in subject.tables() for name in table.column_names()}
    for approval in subject.contract.approvals:
        for name in approval.columns or ():
            if name not in columns:
                message = f"automatic approval names `{name}`, which is no column"
                yield subject.error("approval.columns", "customProperties", message, "name columns of the table")


def _masks(subject: Subject, role: Role, path: str) -> Iterator[Finding]:
    """A mask is put on a column that the role reads, once, and fits its type."""
    columns = {column.name: column for table in subject.tables() for column in table.table.columns}
    counts = Counter(name for name, _ in role.masks)
    for name, mask in role.masks:
        column = columns.get(name)
        if column is None:
            why: str | None = f"there is no column `{name}`"
        elif role.columns is not None and name not in role.columns:
            why = f"the role does not read `{name}`: a masked column is one that it reads"
        elif counts[name] > 1:
            why = f"`{name}` has {counts[name]} masks"
        else:
            why = problem(mask, name, column.type.kind)
        if why:
            yield subject.error("role.masks", path, why, "see docs/access.md for what masks fit which types")


def _rows(subject: Subject, role: Role, path: str) -> Iterator[Finding]:
    for at in subject.tables():
        try:
            condition(role.rows, at.table)
        except StatementRejected as refused:
            yield subject.error("role.rows", path, refused.message, refused.hint)


def _statements(subject: Subject) -> Iterator[Finding]:
    for path, context in _contexts(subject):
        for index, raw in enumerate(mappings(context, "verifiedStatements")):
            ours, _ = read(StatementProperties, mappings(raw, "customProperties"))
            if not ours.sql and not text(raw, "answer"):
                yield subject.warning(
                    "verified.sql",
                    f"{path}.verifiedStatements[{index}]",
                    "a question without an answer is only a suggestion",
                    "add the custom property datamesh.sql",
                )


def _contexts(subject: Subject) -> Iterator[tuple[str, dict[str, object]]]:
    yield "context", mapping(subject.source.data, "context")
    for table in subject.tables():
        yield f"{table.path}.context", mapping(table.raw, "context")
