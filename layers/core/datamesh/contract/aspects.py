"""Every field of a contract's model, with what a change of it is. One that is not named here fails a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from datamesh.contract.change import Change, ChangeKind
from datamesh.contract.model import Column, ColumnType, Contract, Table

__all__ = ["FIELDS", "aspects"]

Aspect = Literal[
    "own", "none", "text", "roles", "sla", "classification", "relationships", "quality", "input", "thresholds"
]

# A rule of its own in compatibility.py ("own"), nothing ("none"), or a change by the rule of this name.
FIELDS: Mapping[type, Mapping[str, Aspect]] = {
    Contract: {
        "id": "text",
        "domain": "own",
        "product": "own",
        "version": "none",
        "status": "own",
        "api_version": "text",
        "tables": "own",
        "roles": "roles",
        "verified": "text",
        "sla": "sla",
        "team": "text",
        "owners": "text",
        "approvals": "text",
        "description": "text",
        "business_name": "text",
        "tags": "text",
        "classification": "classification",
    },
    Table: {
        "name": "own",
        "columns": "own",
        "measures": "own",
        "relationships": "relationships",
        "checks": "quality",
        "business_name": "text",
        "description": "text",
        "synonyms": "text",
        "tags": "text",
        "write_mode": "own",
        "merge": "input",
        "input": "input",
        "thresholds": "thresholds",
        "severities": "own",
    },
    Column: {
        "name": "own",
        "type": "own",
        "required": "own",
        "unique": "own",
        "primary_key_position": "own",
        "partition_position": "own",
        "partition_transform": "own",
        "semantic_type": "text",
        "options": "own",
        "source": "input",
        "transform_logic": "text",
        "encrypted_name": "roles",
        "classification": "classification",
        "business_name": "text",
        "description": "text",
        "synonyms": "text",
        "enum": "own",
        "examples": "text",
        "tags": "text",
        "checks": "quality",
        "severities": "own",
        "id": "text",
        "deprecated": "text",
    },
    ColumnType: {"kind": "own", "precision": "own", "scale": "own", "bits": "own", "inner": "own"},
}


def aspects(old: Any, new: Any, path: str, columns: tuple[str, ...] | None) -> Iterator[Change]:
    """The changes of those fields that need no rule of their own, one for each rule."""
    found: dict[Aspect, list[str]] = {}
    for name, rule in FIELDS[type(old)].items():
        if rule not in ("own", "none") and getattr(old, name) != getattr(new, name):
            found.setdefault(rule, []).append(name.replace("_", " "))
    for rule, names in found.items():
        kind: ChangeKind = "documentation" if rule == "text" else "compatible"
        yield Change(kind, rule, path, f"{', '.join(names)} changed", columns)
