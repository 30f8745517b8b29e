"""What the example contracts call verified can be run, and by whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamesh.ask.guard import Scope, guard
from datamesh.ask.verified import VerifiedQuestion, verified_questions
from datamesh.contract.parse import parse

EXAMPLES = Path(__file__).parents[3] / "examples"
CONTRACTS = [parse(path.read_bytes()) for path in sorted(EXAMPLES.glob("*/*.odcs.yaml"))]
QUESTIONS = verified_questions(CONTRACTS)


@pytest.mark.parametrize("verified", QUESTIONS, ids=lambda verified: verified.question)
def test_a_verified_statement_passes_the_guard(verified: VerifiedQuestion) -> None:
    scopes = {contract.name: Scope(tuple(c.name for c in contract.table.columns)) for contract in CONTRACTS}
    guarded = guard(verified.sql, scopes, max_rows=10_000)
    assert verified.product in guarded.products


def test_the_examples_have_verified_statements_across_domains() -> None:
    domains = [{name.split(".")[0] for name in contract_names(q.sql)} for q in QUESTIONS]
    assert sum(len(found) > 1 for found in domains) >= 3


def contract_names(sql: str) -> set[str]:
    return {contract.name for contract in CONTRACTS if contract.name in sql}
