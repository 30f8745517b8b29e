"""Nested columns: from JSON text to a value of objects, arrays and maps, and the rules about what is inside. Pure.

`x` is a column's JSON text. `w` is the same unfolded, every value in it still a text; it is NULL where the text is no
JSON or not of the column's kind. `t` is `w` typed. Where JSON has another kind of value than the contract, a number for
an array, `w` has NULL inside, so kinds are compared in the text itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from datamesh.contract.model import Column, ColumnType
from datamesh.contract.nested import Place, Step, inside
from datamesh.engine.duck import identifier, literal
from datamesh.publish.casts import cast_of
from datamesh.publish.conditions import conditions

__all__ = ["Broken", "broken_inside", "typed", "unfolded"]

_JSON = {"object": "OBJECT", "array": "ARRAY", "map": "OBJECT"}

Broken = tuple[str, str, Column, str]  # rule, path, the column inside, condition


def unfolded(column: Column, x: str) -> str:
    """`w`, from the text."""
    shape = literal(json.dumps(_loose(column.type), ensure_ascii=False))
    kind = f"json_type({x}) = {literal(_JSON[column.type.kind])}"
    # Neither function may see what is not JSON, and a branch of CASE is evaluated for its own rows only.
    return f"CASE WHEN json_valid({x}) THEN CASE WHEN {kind} THEN from_json({x}, {shape}) END END"


def _loose(kind: ColumnType) -> str:
    """DuckDB's type for the unfolded text."""
    if kind.kind == "object":
        return f"STRUCT({', '.join(f'{identifier(c.source or c.name)} {_loose(c.type)}' for c in kind.inner)})"
    if kind.kind == "array":
        return f"{_loose(kind.inner[0].type)}[]"
    return f"MAP(VARCHAR, {_loose(kind.inner[1].type)})" if kind.kind == "map" else "VARCHAR"


def typed(column: Column, w: str, depth: int = 0) -> str:
    """The value of `w`. NULL stands where a value inside is none of its type: a rule says so."""
    kind, each = column.type, f"e{depth}"
    if not kind.nested:
        return cast_of(column, w)
    if kind.kind == "array":
        return f"list_transform({w}, lambda {each}: {typed(kind.inner[0], each, depth + 1)})"
    if kind.kind == "map":
        keys = _keys(column, w, depth)
        values = f"list_transform(map_values({w}), lambda {each}: {typed(kind.inner[1], each, depth + 1)})"
        return f"CASE WHEN {w} IS NOT NULL AND len(list_distinct({keys})) = len({keys}) THEN map({keys}, {values}) END"
    fields = (f"{identifier(c.name)} := {typed(c, _field(w, c.source or c.name), depth)}" for c in kind.inner)
    return f"CASE WHEN {w} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"


def _keys(column: Column, w: str, depth: int) -> str:
    return f"list_transform(map_keys({w}), lambda k{depth}: {cast_of(column.type.inner[0], f'k{depth}')})"


def _field(w: str, name: str) -> str:
    return f"struct_extract({w}, {literal(name)})"


def broken_inside(column: Column, x: str, w: str) -> Iterator[Broken]:
    """The rules of a nested column and of all that is in it: of the column first."""
    yield "type", column.name, column, f"{x} IS NOT NULL AND {w} IS NULL"
    if column.required:
        yield "required", column.name, column, f"{x} IS NULL"
    root = Place(column.name, column, ())
    yield from _of_container(root, x, w)
    for place in inside(column):
        if place.column.type.nested:
            yield "type", place.path, place.column, f"{w} IS NOT NULL AND {_of_other_kind(place, x)}"
            yield from _of_container(place, x, w)
        else:
            yield from _of_value(place, w)
        if place.column.required and place.steps[-1][0] != "keys":
            yield "required", place.path, place.column, _missing(place, w)


def _of_value(place: Place, w: str) -> Iterator[Broken]:
    column = place.column
    for rule in conditions(column, "x", "t"):
        if rule == "type" and place.steps[-1][0] == "keys":  # which the map itself sees to
            continue
        found = _anywhere(w, place.steps, lambda v, rule=rule: conditions(column, v, cast_of(column, v))[rule])  # type: ignore[misc]
        yield rule, place.path, column, found


def _of_container(place: Place, x: str, w: str) -> Iterator[Broken]:
    column, options = place.column, place.column.options
    if column.type.kind == "map":
        yield "type", f"{place.path}.key", column, _doubled_keys(place, x, w)
    if column.type.kind == "array" and (items := _items(column)):
        yield "items", place.path, column, _anywhere(w, place.steps, items)
    sizes = _bounds(options, "Properties")
    if sizes and column.type.kind == "object":
        size = _said(place, "json_keys", x, lambda v: " OR ".join(f"len({v}) {bound}" for bound in sizes))
        yield "properties", place.path, column, f"{w} IS NOT NULL AND {size}"


def _items(column: Column) -> Callable[[str], str] | None:
    sizes, unique = _bounds(column.options, "Items"), column.options.get("uniqueItems") is True
    if not sizes and not unique:
        return None
    return lambda v: " OR ".join(
        [*(f"len({v}) {bound}" for bound in sizes), *([_repeated(column, v)] if unique else [])]
    )


def _bounds(options: Mapping[str, Any], of: str) -> list[str]:
    """What a number must not be, for the options min... and max..."""
    signs = {f"min{of}": "<", f"max{of}": ">"}
    return [f"{sign} {options[name]}" for name, sign in signs.items() if isinstance(options.get(name), int)]


def _missing(place: Place, w: str) -> str:
    """A field is missing where its object is there and it is not; an element or value where it is null."""
    *outer, (kind, name) = place.steps
    if kind == "field":
        return _anywhere(w, tuple(outer), lambda v: f"{v} IS NOT NULL AND {_field(v, name)} IS NULL")
    return _anywhere(w, place.steps, lambda v: f"{v} IS NULL")


def _repeated(column: Column, w: str) -> str:
    """Two elements that are the same value; two that are null are."""
    values = typed(column, w, depth=100)
    filled = f"len(list_filter({values}, lambda u: u IS NOT NULL))"
    return f"{filled} <> len(list_distinct({values})) OR len({values}) > {filled} + 1"


def _doubled_keys(place: Place, x: str, w: str) -> str:
    """Keys that stand twice in the text, are no value of their type, or the same value written twice."""
    text = _said(place, "json_keys", x, "len({0}) <> len(list_distinct({0}))".format)
    cast = _anywhere(w, place.steps, lambda v: f"{v} IS NOT NULL AND {typed(place.column, v, depth=100)} IS NULL")
    return f"({w} IS NOT NULL AND {text}) OR {cast}"


def _of_other_kind(place: Place, x: str) -> str:
    kind = literal(_JSON[place.column.type.kind])
    return _said(place, "json_type", x, lambda v: f"{v} NOT IN ({kind}, 'NULL')")


def _said(place: Place, function: str, x: str, condition: Callable[[str], str]) -> str:
    """Whether the condition holds for what a JSON function says of the place, of any where there may be many."""
    path = "$"
    for kind, name in place.steps:
        path += f'."{name}"' if kind == "field" else "[*]" if kind == "each" else ".*"
    value = f"{function}(CASE WHEN json_valid({x}) THEN {x} END, {literal(path)})"
    return f"coalesce({_any(value, 'v', condition('v')) if place.many else condition(value)}, false)"


def _anywhere(w: str, steps: tuple[Step, ...], condition: Callable[[str], str], depth: int = 0) -> str:
    """Whether the condition holds for the value that the steps lead to, for any where there are many."""
    if not steps:
        return f"coalesce({condition(w)}, false)"
    (kind, name), *rest = steps
    if kind == "field":
        return _anywhere(_field(w, name), tuple(rest), condition, depth)
    many = {"each": w, "keys": f"map_keys({w})", "values": f"map_values({w})"}[kind]
    each = f"a{depth}"
    return f"coalesce({_any(many, each, _anywhere(each, tuple(rest), condition, depth + 1))}, false)"


def _any(many: str, each: str, condition: str) -> str:
    return f"list_contains(list_transform({many}, lambda {each}: coalesce({condition}, false)), true)"
