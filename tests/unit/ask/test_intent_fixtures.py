"""What each node means: a question, its explanation, its intent, and its statement for both engines, over the shop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from datamesh.ask import intent
from datamesh.ask.compile import compile_query
from datamesh.ask.explain import explain
from datamesh.ask.guard import Scope, guard
from datamesh.ask.intent.query import QUERY
from datamesh.ask.names.vocabulary import build
from datamesh.engine.dialect import PhysicalTable, render
from tests.support.meshes import FIXTURES, Mesh


@dataclass(frozen=True)
class Case:
    question: str
    explanation: str
    intent: str
    athena: str
    duckdb: str


def cases() -> Iterator[Case]:
    for block in (FIXTURES / "intents.sql").read_text(encoding="utf-8").strip().split("\n\n")[1:]:
        question, explanation, written, *rest = (line.removeprefix("-- ") for line in block.splitlines())
        athena = rest[0].removeprefix("athena: ") if len(rest) > 1 else rest[-1]
        yield Case(question, explanation, written, athena, rest[-1])


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.question)
def test_an_intent_has_its_statement_in_both_dialects(case: Case, shop: Mesh) -> None:
    # When
    tree = compile_query(QUERY.validate_json(case.intent))

    # Then it is the one written down, it runs, and the guard lets it through
    assert tree.sql("duckdb") == case.duckdb
    bare = {name: PhysicalTable(*reversed(name.split("."))) for name in shop.readable}
    assert render(tree, "athena", bare).replace('"', "") == case.athena.replace('"', "")
    shop.connection.execute(case.duckdb).fetchall()
    guard(tree, {name: Scope(columns) for name, columns in shop.readable.items()}, max_rows=100)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.question)
def test_an_intent_has_its_explanation(case: Case, shop: Mesh) -> None:
    vocabulary = build(shop.knowledge, shop.readable)
    assert explain(QUERY.validate_json(case.intent), vocabulary.label) == case.explanation


def test_no_node_is_without_its_case() -> None:
    # Given every kind of node, and every function, part, grain and operation that one of them can have
    schema = intent.json_schema()["$defs"]
    kinds = {f'"node":"{definition["properties"]["node"]["const"]}"' for definition in _nodes(schema)}
    functions = {f'"fn":"{fn}"' for fn in schema["Measure"]["properties"]["fn"]["enum"]}
    hows = {f'"how":"{how}"' for name in ("Text", "Change") for how in schema[name]["properties"]["how"]["enum"]}
    ops = {f'"op":"{op}"' for name in ("Calc", "SetOp", "Cmp") for op in schema[name]["properties"]["op"]["enum"]}

    # Then the fixtures have it
    written = "".join(case.intent for case in CASES)
    assert not {wanted for wanted in kinds | functions | hows | ops if wanted not in written} - {'"how":"difference"'}


def _nodes(schema: dict[str, dict[str, dict[str, dict[str, str]]]]) -> Iterator[dict[str, dict[str, dict[str, str]]]]:
    return (found for found in schema.values() if "node" in found.get("properties", {}))
