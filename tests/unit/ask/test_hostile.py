"""Statements and questions of somebody who wants to see what they may not: none returns a byte of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from datamesh.ask.answer import Desk, answer_question, answer_sql
from datamesh.ask.answered import Answer
from datamesh.ask.planner import plan
from datamesh.ask.products import product_pages
from datamesh.ask.run import Limits, Tables, duck_run
from datamesh.ask.stop import Stop
from datamesh.ask.view import View, view_of
from datamesh.contract.model import Role
from datamesh.errors import AccessDenied, Refusal, StatementRejected
from datamesh.registry.knowledge import Knowledge
from tests.support.asking import PUBLISHED
from tests.support.restricted import KEY
from tests.support.secrets import CALLER, HIDDEN, OWNER, Seen, Stored, knowledge

FIXTURES = Path(__file__).parent / "fixtures"
TODAY = date(2024, 6, 1)
KNOWN = knowledge()
VIEW = view_of(KNOWN, CALLER)


def blocks() -> Iterator[Any]:
    text = (FIXTURES / "hostile.sql").read_text(encoding="utf-8")
    for number, block in enumerate(text.strip().split("\n\n")[1:], start=1):
        expected, _, statement = block.partition("\n")
        rule = expected.removeprefix("-- ").partition(" | ")[0]
        yield pytest.param(re.sub(r"\{U\+(\w+)\}", _character, statement), rule, id=f"{number}-{rule}")


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


ALL = list(blocks())
RUN = [pytest.param(p.values[0], id=p.id) for p in ALL if p.values[1] == "seen"]
DECLINED = [p for p in ALL if p.values[1] != "seen"]
QUESTIONS = (FIXTURES / "hostile.txt").read_text(encoding="utf-8").strip().splitlines()[1:]


def desk(tables: Tables) -> Desk:
    limits = Limits(scan_bytes=1_000_000, memory_mb=200, threads=1)
    return Desk(duck_run(tables, limits, lambda: KEY), plan, lambda: TODAY, 100)


def whole(view: View) -> View:
    """Of one who may read all that there is of the caller's columns: what is hidden is gone from the tables."""
    people = KNOWN.products["crm.people"]
    all_of_it = Role("caller", principals=("role/caller",), columns=view.columns["crm.people"])
    contract = replace(people.contract, roles=(all_of_it,))
    return view_of(Knowledge({**KNOWN.products, "crm.people": replace(people, contract=contract)}), CALLER)


def outcome(statement: str, view: View, tables: Tables) -> Answer | Refusal:
    try:
        return answer_sql(statement, view, desk(tables), Stop())
    except Refusal as refusal:
        return refusal


def hidden_in(said: str) -> list[str]:
    return [value for value in HIDDEN if value in said.lower()]


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 400
    assert len(QUESTIONS) >= 50


@pytest.mark.parametrize(("statement", "rule"), DECLINED)
def test_a_statement_that_is_declined_names_its_rule(statement: str, rule: str) -> None:
    refusal = outcome(statement, VIEW, Stored())
    assert isinstance(refusal, AccessDenied if rule == "not-granted" else StatementRejected)
    assert refusal.rule == rule
    assert not hidden_in(f"{refusal.message} {refusal.hint}")


@pytest.mark.parametrize("statement", RUN)
def test_a_statement_that_runs_sees_a_copy_without_what_is_hidden(statement: str) -> None:
    # When it runs over the tables as they lie in the lake, and over a copy that holds only what the caller may see
    given, copy = outcome(statement, VIEW, Stored()), outcome(statement, whole(VIEW), Seen())
    # Then both give the same, be it the same failure
    if isinstance(given, Refusal) or isinstance(copy, Refusal):
        assert isinstance(given, Refusal)
        assert isinstance(copy, Refusal)
        assert (given.rule, given.message, given.hint) == (copy.rule, copy.message, copy.hint)
        assert not hidden_in(f"{given.message} {given.hint}")
        return
    assert _sorted(given.rows) == _sorted(copy.rows)
    assert given.columns == copy.columns
    # And nothing of it is a value that they may not see
    assert not hidden_in(json.dumps(given.rows))


def _sorted(rows: Any) -> list[str]:
    return sorted(json.dumps(row) for row in rows)


def test_the_owner_would_see_it() -> None:
    """What the suite looks for is there to be found."""
    answer = outcome("SELECT * FROM crm.people", view_of(KNOWN, OWNER), Stored())
    assert isinstance(answer, Answer)
    assert hidden_in(json.dumps(answer.rows)) == list(HIDDEN)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_told_nothing_that_is_hidden(question: str) -> None:
    answer = answer_question(question, VIEW, desk(Stored()), Stop())
    told = answer.model_dump_json(exclude={"question", "unmatched"}).lower()
    told = told.replace(f"not understood: {', '.join(answer.unmatched)}.".lower(), "")  # they may read what they wrote
    assert not hidden_in(told)
    assert "hr.salaries" not in told
    assert "ssn" not in {column.lower() for column in answer.columns}


def test_what_is_suggested_to_them_would_be_answered() -> None:
    refused = [answer_question(question, VIEW, desk(Stored()), Stop()) for question in QUESTIONS]
    suggested = {suggestion for answer in refused for suggestion in answer.suggestions}
    assert suggested
    assert {answer_question(question, VIEW, desk(Stored()), Stop()).status for question in suggested} == {"answered"}


def test_pages_tell_nothing() -> None:
    pages = product_pages(VIEW, PUBLISHED)
    assert [page["name"] for page in pages] == ["crm.people", "sales.orders"]
    assert not hidden_in(json.dumps(pages))
    assert {"ssn", "notes", "region"}.isdisjoint(column["name"] for column in pages[0]["columns"])


def test_questions_are_read_without_what_is_hidden() -> None:
    people = VIEW.products["crm.people"]
    assert people.profile is None
    masked = [column for column in people.contract.table.columns if column.name in VIEW.scopes["crm.people"].masked]
    assert len(masked) == 5
    assert not [column for column in masked if column.enum or column.examples]
