"""Databases with questions, as `mesh eval` reads them: two small ones of our own, and those beside the repository."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

__all__ = ["SHARED", "bakery", "garage", "needs_shared", "write"]

SHARED = Path(__file__).parents[3] / "shared/bench/nl"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the training questions are not here")

_HEAD = (
    "apiVersion: v3.2.0\nkind: DataContract\nid: {0}\nname: {0}\nversion: 1.0.0\nstatus: active\ndomain: {0}\nschema:\n"
)


def write(
    folder: Path, contract: str, tables: Mapping[str, Mapping[str, Sequence[Any]]], questions: Sequence[Any]
) -> Path:
    """One database; questions are objects, or texts that are written as they are."""
    (folder / "data").mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(contract, encoding="utf-8")
    for name, columns in tables.items():
        pq.write_table(pa.table({c: list(values) for c, values in columns.items()}), folder / f"data/{name}.parquet")
    lines = [line if isinstance(line, str) else json.dumps(line) for line in questions]
    (folder / "questions.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def bakery(folder: Path) -> Path:
    """Breads and their bakers: names in capitals, a key, questions of every verdict."""
    contract = _HEAD.format("bakery") + _table("Bread", ("Bread_ID", "Name", "Price", "Baker_ID"), "Baker.Baker_ID")
    contract += _table("Baker", ("Baker_ID", "Name", "Town"))
    return write(
        folder / "bakery",
        contract,
        {
            "Bread": {
                "Bread_ID": [1, 2, 3],
                "Name": ["Rye", "Wheat", "Spelt"],
                "Price": [3, 2, 5],
                "Baker_ID": [1, 1, 2],
            },
            "Baker": {"Baker_ID": [1, 2], "Name": ["Ada", "Bob"], "Town": ["Ulm", "Bonn"]},
        },
        [
            {
                "id": "count",
                "question": "How many breads are there?",
                "expected": [[3]],
                "sql": "SELECT count(*) FROM Bread",
                "difficulty": "easy",
                "single_table": True,
            },
            {
                "id": "count-again",
                "question": "What is the number of breads?",
                "expected": [["3"]],
                "sql": "select count(*)  from bread",
                "difficulty": "easy",
                "single_table": True,
            },
            {
                "id": "dearest",
                "question": "What is the highest price of breads?",
                "expected": [[4]],  # a careless gold
                "sql": "SELECT max(Price) FROM Bread",
                "difficulty": "medium",
                "single_table": True,
            },
            {
                "id": "towns",
                "question": "Show the town of bakers named Ada.",
                "expected": [["Berlin"]],
                "alternatives": [{"expected": [["Ulm"]], "rule": "moved"}],
            },
            {"id": "weather", "question": "How warm was the oven in Paris?", "expected": [[200]]},
            {"id": "prizes", "question": "How many prizes did Ada win?", "answerable": False},
        ],
    )


def garage(folder: Path) -> Path:
    """Cars, and bakers too: a table whose name the bakery has as well."""
    contract = _HEAD.format("garage") + _table("car", ("plate", "seats")) + _table("baker", ("name", "age"))
    tables: dict[str, dict[str, Sequence[Any]]] = {
        "car": {"plate": ["A", "B"], "seats": [2, 5]},
        "baker": {"name": ["Cy"], "age": [40]},
    }
    questions = [
        {"question": "How many cars are there?", "expected": [[2]]},
        {"question": "How many bakers are there?", "expected": [[1]]},
    ]
    return write(folder / "garage", contract, tables, questions)


def _table(name: str, columns: Sequence[str], reference: str = "") -> str:
    """A table whose first column is the key; names, towns and plates are text, the rest whole numbers."""
    lines = [f"- name: {name}", f"  businessName: {name.lower()}", "  properties:"]
    for place, column in enumerate(columns):
        kind = "string" if column.lower() in ("name", "town", "plate") else "integer"
        lines += [f"  - name: {column}", f"    logicalType: {kind}"]
        if place == 0:
            lines += ["    primaryKey: true", "    primaryKeyPosition: 1"]
        if reference.endswith(f".{column}"):
            lines += ["    relationships:", f"    - to: {reference}"]
    return "\n".join(lines) + "\n"
