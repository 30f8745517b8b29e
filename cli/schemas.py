"""`make schemas`: writes schemas/ from the classes that define them. Tests compare; nobody edits the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from datamesh import messages
from datamesh.ask import intent
from datamesh.contract import vocabulary

__all__ = ["all_schemas", "main"]

DIRECTORY = Path(__file__).parents[1] / "schemas"


def all_schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its file's name under schemas/."""
    return {
        "datamesh-properties.v1.schema.json": vocabulary.json_schema(),
        "intent.v1.schema.json": intent.json_schema(),
        **{f"events/{name}": schema for name, schema in messages.json_schemas().items()},
    }


def main() -> None:
    for name, schema in all_schemas().items():
        (DIRECTORY / name).write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
