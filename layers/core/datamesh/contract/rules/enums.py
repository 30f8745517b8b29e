"""Enumerations: values of the column's type, each once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datamesh.contract.finding import Finding
from datamesh.contract.rules.subject import Subject

__all__ = ["check", "fits"]


def check(subject: Subject) -> Iterator[Finding]:
    for at in subject.columns():
        seen: set[str] = set()
        for index, entry in enumerate(at.column.enum):
            path = f"{at.path}.enum[{index}]"
            if not fits(at.column.type.kind, entry.value):
                message = f"`{entry.value}` is no {at.column.type.kind}"
                yield subject.error("enum.type", path, message, "write values as the column holds them")
            if repr(entry.value) in seen:
                yield subject.error("enum.duplicate", path, f"`{entry.value}` stands twice", "remove one")
            seen.add(repr(entry.value))


def fits(kind: str, value: Any) -> bool:
    """Whether a column of this kind may hold `value`, as YAML has it."""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("integer", "number", "decimal"):
        wanted = int if kind == "integer" else (int, float)
        return isinstance(value, wanted) and not isinstance(value, bool)
    return isinstance(value, str)
