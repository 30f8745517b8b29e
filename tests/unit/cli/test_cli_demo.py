"""The demonstration judges itself: a wrong row, a wrong number or a wrong refusal is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.demo import scenes
from cli.demo.script import CLOSED, GUEST, OPENED, QUESTIONS, Question
from cli.demo.truth import ROWS, Truth, same_rows
from cli.landing import Run
from examples import nycflights

ASKED = Question("How many airlines are there?", "SELECT count(*) FROM network.airlines")
REFUSED = Question("How many moonbeams?", expected="refused", unmatched="moonbeams")
SOURCES = [{"name": "network.airlines", "version": "1.0.0", "snapshot_id": 1}]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Truth]:
    made = Truth.of(nycflights.locate(tmp_path_factory.mktemp("data")))
    yield made
    made.connection.close()


def answer(**more: Any) -> dict[str, Any]:
    return {
        "status": "answered",
        "rows": [[16]],
        "sql": "SELECT 1",
        "products": SOURCES,
        "explanation": "",
        "unmatched": [],
    } | more


@pytest.mark.parametrize(
    ("product", "sound"),
    [
        ("operations.flights", 336_776),
        ("fleet.planes", 3_282),
        ("network.airports", 1_455),
        ("network.airlines", 16),
        ("weather.observations", 26_114),
    ],
)
def test_the_files_hold_what_is_said_of_them(truth: Truth, product: str, sound: int) -> None:
    assert truth.counts(product) == (ROWS[product], sound)


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.truth], ids=lambda q: q.text)
def test_the_truth_of_every_question_has_rows(truth: Truth, question: Question) -> None:
    assert question.truth is not None
    assert truth.rows(question.truth)


def test_four_questions_are_answered_across_domains_one_is_not_allowed_and_one_not_understood() -> None:
    assert sum(question.expected == "answered" for question in QUESTIONS) >= 4
    assert (CLOSED.role, CLOSED.expected, CLOSED.truth) == (GUEST, "refused", None)
    assert any(question.unmatched for question in QUESTIONS)


def test_access_opens_the_very_question_that_was_refused_for_some_rows(truth: Truth) -> None:
    assert (OPENED.text, OPENED.role, OPENED.expected) == (CLOSED.text, CLOSED.role, "answered")
    assert OPENED.truth is not None
    assert truth.rows(OPENED.truth) != truth.rows(QUESTIONS[0].truth or "")


@pytest.mark.parametrize(
    ("found", "true", "same"),
    [
        ([[1, "a"]], [[1, "a"]], True),
        ([[0.1 + 0.2]], [[0.3]], True),
        ([[1.0]], [[1]], True),
        ([[None]], [[None]], True),
        ([[1], [2]], [[2], [1]], False),
        ([[1]], [[1], [1]], False),
        ([[1, 2]], [[1]], False),
        ([[None]], [[0]], False),
        ([["1"]], [[1]], False),
    ],
)
def test_results_are_compared_by_value_and_order(found: list[Any], true: list[Any], same: bool) -> None:
    assert same_rows(found, true) is same


def test_the_order_of_rows_matters_only_where_it_was_asked_for() -> None:
    assert same_rows([["a", 1], ["b", 2]], [["b", 2], ["a", 1]], ordered=False)
    assert not same_rows([["a", 1], ["b", 2]], [["b", 1], ["a", 2]], ordered=False)


@pytest.mark.parametrize(
    ("question", "given", "wrong"),
    [
        (ASKED, answer(), ""),
        (ASKED, answer(rows=[[17]]), "but true is"),
        (ASKED, answer(sql=""), "no SQL"),
        (ASKED, answer(products=[]), "no sources"),
        (ASKED, answer(status="refused", explanation="no"), "was refused"),
        (REFUSED, answer(status="refused", rows=[], unmatched=["moonbeams"]), ""),
        (REFUSED, answer(status="refused", rows=[]), "not among"),
        (REFUSED, answer(status="refused", rows=[[1]], unmatched=["moonbeams"]), "rows were given"),
        (REFUSED, answer(), "was answered"),
    ],
)
def test_an_answer_is_held_against_the_truth(truth: Truth, question: Question, given: Any, wrong: str) -> None:
    found = " ".join(scenes.check_answer(question, given, truth))

    assert (wrong in found) if wrong else not found


def run(product: str, rows: int, published: int, status: Any) -> Run:
    return Run(
        product=product,
        run_id="r",
        status=status,
        rows_in=rows,
        rows_published=published,
        rows_quarantined=rows - published,
    )


PLANES = {"fleet.planes": 3_322}


@pytest.mark.parametrize(
    ("runs", "wrong"),
    [
        ([run("fleet.planes", 3_322, 3_282, "partial")], ""),
        ([run("fleet.planes", 3_322, 3_322, "published")], "rows published"),
        ([run("fleet.planes", 3_321, 3_282, "partial")], "rows in"),
        ([run("fleet.planes", 3_322, 3_282, "published")], "its run is published"),
        ([], "not every product"),
    ],
)
def test_a_run_is_held_against_the_file(truth: Truth, runs: list[Run], wrong: str) -> None:
    found = " ".join(scenes.check_runs(runs, truth, PLANES))

    assert (wrong in found) if wrong else not found


def test_the_data_is_where_the_package_is(tmp_path: Path) -> None:
    assert set(nycflights.locate(tmp_path)) == set(ROWS)
