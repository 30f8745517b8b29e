"""A contract in pieces that a validator takes one by one: nested properties apart from those around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["pieces"]


def pieces(data: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The document, and each property inside a property by itself: (path, its definition in the schema, value).

    As a whole, each level of nesting would take the validator three times as long as the one around it.
    """
    tables = data.get("schema")
    if not isinstance(tables, list):
        yield "", "", data
        return
    yield "", "", {**data, "schema": [_with_shallow_properties(table) for table in tables]}
    for i, table in enumerate(tables):
        properties = table.get("properties") if isinstance(table, dict) else None
        for j, item in enumerate(properties if isinstance(properties, list) else []):
            yield from _pieces_inside(item, f"schema[{i}].properties[{j}]")


def _with_shallow_properties(table: Any) -> Any:
    if not isinstance(table, dict) or not isinstance(table.get("properties"), list):
        return table
    return {**table, "properties": [_shallow(item) for item in table["properties"]]}


def _pieces_inside(item: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    for place, definition, inner in _inside(item):
        at = f"{path}.{place}"
        yield at, definition, _shallow(inner)
        yield from _pieces_inside(inner, at)


def _inside(item: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The properties directly inside one."""
    if not isinstance(item, dict):
        return
    properties, pair = item.get("properties"), item.get("map")
    for index, inner in enumerate(properties if isinstance(properties, list) else []):
        if isinstance(inner, dict):
            yield f"properties[{index}]", "SchemaProperty", inner
    if isinstance(item.get("items"), dict):
        yield "items", "SchemaItemProperty", item["items"]
    for name, inner in pair.items() if isinstance(pair, dict) else ():
        if name in ("key", "value") and isinstance(inner, dict):
            yield f"map.{name}", "SchemaItemProperty", inner


def _shallow(item: Any) -> Any:
    """A property with stand-ins for those inside, which are looked at by themselves."""
    if not isinstance(item, dict):
        return item
    found = dict(item)
    if isinstance(item.get("properties"), list):
        found["properties"] = [{"name": ""} if isinstance(inner, dict) else inner for inner in item["properties"]]
    if isinstance(item.get("items"), dict):
        found["items"] = {}
    if isinstance(item.get("map"), dict):
        inside = item["map"].items()
        found["map"] = {k: {} if k in ("key", "value") and isinstance(v, dict) else v for k, v in inside}
    return found
