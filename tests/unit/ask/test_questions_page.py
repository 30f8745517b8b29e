"""The page about questions says what is true: each of its examples is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from datamesh.ask.planner import Plan, plan
from datamesh.errors import UserError
from datamesh.registry.knowledge import Knowledge
from examples.nycflights import locate
from tests.support.planning import all_columns, contracts_in, knowledge_of

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/questions.md"
FENCE = re.compile(r"^```ask ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> list[tuple[str, str]]:
    """(question, what becomes of it)."""
    blocks = FENCE.findall(PAGE.read_text(encoding="utf-8"))
    return [(question, status or "answered") for status, block in blocks for question in block.strip().splitlines()]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    try:
        files = locate(tmp_path_factory.mktemp("nycflights"))
    except UserError as missing:
        pytest.skip(missing.message)
    contracts = contracts_in(ROOT / "examples")
    with duckdb.connect(":memory:") as connection:
        for contract in contracts:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {contract.domain}")
            view = f"CREATE TABLE {contract.name} AS SELECT * FROM read_csv($1, nullstr = 'NA')"
            connection.execute(view, [str(files[contract.name])])
        yield knowledge_of(contracts, connection)


def ask(question: str, knowledge: Knowledge, previous: Plan | None = None) -> Plan:
    meant = previous.intent if previous else None
    return plan(question, knowledge, all_columns(knowledge), today=date(2026, 11, 22), previous=meant)


@pytest.mark.parametrize(("question", "status"), examples(), ids=[question for question, _ in examples()])
def test_an_example_is_answered_or_refused_as_the_page_says(question: str, status: str, knowledge: Knowledge) -> None:
    first, _, then = question.partition(" > ") if status == "followed" else (question, "", "")
    found = ask(first, knowledge)
    if then:
        found = ask(then, knowledge, found)
    assert found.status == status.replace("followed", "answered"), (found.explanation, found.candidates)


def test_the_page_has_examples_of_each() -> None:
    assert {status for _, status in examples()} == {"answered", "refused", "ambiguous", "followed"}
    assert len(examples()) > 50
