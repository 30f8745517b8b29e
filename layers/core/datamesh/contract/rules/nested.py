"""Objects, arrays and maps: a shape that is written, fields that have names, and nothing that only columns can be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datamesh.contract.finding import Finding
from datamesh.contract.model import Column
from datamesh.contract.nested import KEY, MAX_DEPTH
from datamesh.contract.rules.names import name_problem
from datamesh.contract.rules.subject import ColumnAt, Subject

__all__ = ["check"]

_SHAPES = {
    "object": ("properties", "list its fields under `properties:`, or make it a string to keep the JSON as text"),
    "array": ("items", "write what its elements are under `items:`"),
    "map": ("map", "write `map:` with `key:` and `value:`"),
}
_OF_COLUMNS = ("primaryKey", "unique", "partitioned")
_NOT_INSIDE = ("relationships", "quality", "encryptedName")
_UNWRITABLE = re.compile(r'["\\\x00-\x1f]')  # in a JSON path of the engine


def check(subject: Subject) -> Iterator[Finding]:
    for table in subject.tables():
        for at in table.columns():
            if at.column.type.nested:
                yield from _of_columns(subject, at)
                yield from _column(subject, at, 1)


def _column(subject: Subject, at: ColumnAt, depth: int) -> Iterator[Finding]:
    if not at.column.type.nested:
        return
    if depth > MAX_DEPTH:
        message = f"more than {MAX_DEPTH} objects, arrays and maps stand in each other"
        yield subject.error("nested.depth", at.path, message, "make the innermost one a string: JSON as text")
        return
    yield from _shape(subject, at)
    seen: dict[str, str] = {}
    for inner in at.inside():
        if at.column.type.kind == "object":
            yield from _name(subject, inner, seen)
        yield from _of_columns(subject, inner)
        yield from _not_inside(subject, inner)
        yield from _key(subject, at, inner)
        yield from _column(subject, inner, depth + 1)


def _shape(subject: Subject, at: ColumnAt) -> Iterator[Finding]:
    kind = at.column.type.kind
    if not at.column.type.inner:
        field, fix = _SHAPES[kind]
        path = f"{at.path}.logicalType"
        yield subject.error("nested.shape", path, f"the {kind} has no `{field}`: nobody knows what it holds", fix)
    needed, names = at.column.options.get("required"), {inner.name for inner in at.column.type.inner}
    for name in needed if isinstance(needed, list) and kind == "object" else []:
        if name not in names:
            message = f"the object has no property `{name}`"
            yield subject.error(
                "options.required", f"{at.path}.logicalTypeOptions.required", message, "name one it has"
            )


def _name(subject: Subject, at: ColumnAt, seen: dict[str, str]) -> Iterator[Finding]:
    name = at.column.name
    problem = name_problem(name) if name else None
    if problem:
        fix = problem.fix
        if problem.kind == "name" and not at.column.source:
            fix += f" and write `transformSourceObjects: [{name}]`, the name in the file"
        yield subject.finding(f"column.{problem.kind}", f"{at.path}.name", problem.severity, problem.message, fix)
    if _UNWRITABLE.search(_source(at.column)):
        message = "a name in JSON with a quote, a backslash or a control character cannot be asked for"
        yield subject.error("column.name", at.path, message, "have the files written with another name")
    for said in {name.lower(), _source(at.column).lower()}:  # engines tell fields apart by more than their case
        if seen.setdefault(said, at.path) != at.path:
            line = subject.source.line(seen[said])
            yield subject.error(
                "column.duplicate", at.path, f"`{said}` stands twice, first on line {line}", "rename one"
            )


def _source(column: Column) -> str:
    return column.source or column.name


def _of_columns(subject: Subject, at: ColumnAt) -> Iterator[Finding]:
    for field in _OF_COLUMNS:
        if at.raw.get(field) is True:
            message = f"`{field}` is for columns that hold one plain value"
            yield subject.error("nested.key", f"{at.path}.{field}", message, "make what identifies a row a column")


def _not_inside(subject: Subject, at: ColumnAt) -> Iterator[Finding]:
    for field in _NOT_INSIDE:
        if at.raw.get(field):
            fix = "write it at a column" if field == "encryptedName" else "write options, an enum, or a sql rule"
            message = f"`{field}` does nothing inside a nested column"
            yield subject.warning("not-carried-out", f"{at.path}.{field}", message, fix)


def _key(subject: Subject, outer: ColumnAt, at: ColumnAt) -> Iterator[Finding]:
    if outer.column.type.kind == "map" and at.column.name == KEY and at.column.type.nested:
        message = "the keys of a map are plain values"
        yield subject.error("nested.map-key", f"{at.path}.logicalType", message, "use a string")
