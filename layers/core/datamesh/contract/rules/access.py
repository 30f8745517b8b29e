"""Roles and verified statements: who reads, and which answers the owners vouch for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from datamesh.contract.fields import mapping, mappings, text
from datamesh.contract.finding import Finding
from datamesh.contract.rules.subject import Subject
from datamesh.contract.vocabulary import StatementProperties, read

__all__ = ["check"]


def check(subject: Subject) -> Iterator[Finding]:
    yield from _roles(subject)
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
        if not role.principals and not _names_principals(subject, path):
            message = f"nobody holds the role `{role.name}`"
            yield subject.warning("role.principals", path, message, "add the custom property datamesh.principals")
        for name in role.columns or ():
            if name not in columns:
                yield subject.error("role.columns", path, f"there is no column `{name}`", "name columns of the table")


def _names_principals(subject: Subject, path: str) -> bool:
    """Whether principals are written there at all: malformed ones are a finding of the vocabulary."""
    custom = subject.source.get(f"{path}.customProperties")
    return isinstance(custom, list) and any(
        isinstance(entry, dict) and entry.get("property") == "datamesh.principals" and entry.get("value")
        for entry in custom
    )


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
