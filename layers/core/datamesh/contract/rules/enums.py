"""Enumerations: values of the column's type, each once."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.contract.finding import Finding
from datamesh.contract.rules.subject import Subject
from datamesh.contract.values import holds

__all__ = ["check"]


def check(subject: Subject) -> Iterator[Finding]:
    for at in subject.columns():
        seen: set[str] = set()
        for index, entry in enumerate(at.column.enum):
            path = f"{at.path}.enum[{index}]"
            if not holds(at.column.type, entry.value):
                message = f"`{entry.value}` is no {at.column.type.kind}"
                yield subject.error("enum.type", path, message, "write values as the column holds them")
            if repr(entry.value) in seen:
                yield subject.error("enum.duplicate", path, f"`{entry.value}` stands twice", "remove one")
            seen.add(repr(entry.value))
