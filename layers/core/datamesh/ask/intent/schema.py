"""The intent as JSON Schema, for whoever fills it from outside: `schemas/intent.v1.schema.json`."""

from __future__ import annotations

from typing import Any

from datamesh.ask.intent.query import QUERY

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a query, as it is committed."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://datamesh.example/schemas/intent.v1.schema.json",
        "title": "datamesh intent, version 1",
        **QUERY.json_schema(),
    }
