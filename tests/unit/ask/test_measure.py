"""The measure: folders read, rows compared, outcomes counted; and that an independent scorer counts the same."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from datamesh.ask.measure.figures import Figures, figures, paraphrases, unmatched
from datamesh.ask.measure.measuring import Measured, measure
from datamesh.ask.measure.questions import Expected, Tie, databases, flagged
from datamesh.ask.measure.report import predictions, report
from datamesh.ask.measure.rows import alike, meets, plain
from datamesh.ask.measure.shape import SHAPES, shape_of
from datamesh.contract.model import Table
from datamesh.contract.profile import Profile
from datamesh.engine.duck import connect
from datamesh.errors import ContractError, UserError
from datamesh.publish.profiling import profile_of
from tests.support.kits import SHARED, bakery, garage, needs_shared

TODAY = date(2026, 11, 22)


def profiler(table: Table, file: Path) -> Profile:
    with connect(memory_mb=512, threads=1, directories=[file.parent], ordered=True) as connection:
        return profile_of(connection, table, table.name, [str(file)])


def measured(folder: Path, *, merged: bool = False) -> Measured:
    return measure(databases(folder), profiler, today=TODAY, merged=merged, progress=lambda name: None)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kit")
    bakery(folder)
    garage(folder)
    return folder


@pytest.fixture(scope="module")
def found(kit: Path) -> Measured:
    return measured(kit)


def test_each_question_has_its_verdict(found: Measured) -> None:
    assert {"/".join(o.key): o.verdict for o in found.outcomes} == {
        "bakery/count": "correct",
        "bakery/count-again": "correct",
        "bakery/dearest": "wrong",
        "bakery/towns": "correct",
        "bakery/weather": "refused",
        "bakery/prizes": "rightly_refused",
        "garage/1": "correct",
        "garage/2": "correct",
    }
    reasons = {o.key[1]: o.reason for o in found.outcomes}
    assert (reasons["count"], reasons["towns"]) == ("", "moved")
    assert reasons["dearest"] == "other values"
    assert reasons["weather"].endswith("not understood")


def test_figures_are_shares_of_what_they_say(found: Measured) -> None:
    counted = figures(found.outcomes)
    assert counted == Figures(
        questions=7,
        correct=5,
        wrong=1,
        refused=1,
        by_rule=1,
        nontrivial=7,
        correct_nontrivial=5,
        unanswerable=1,
        false_answers=0,
    )
    assert (counted.coverage, counted.precision, counted.accuracy) == (0.8571, 0.8333, 0.7143)
    assert counted.false_answer_rate == 0.0


def test_the_report_has_kinds_classes_and_curve(found: Measured) -> None:
    told = report(found.outcomes, flagged={("bakery", "dearest")})
    assert json.loads(json.dumps(told)) == told
    assert told["without_flagged"]["precision"] == 1.0
    assert {name: part["questions"] for name, part in told["by"]["difficulty"].items()} == {"easy": 2, "medium": 1}
    assert {name: part["correct"] for name, part in told["by"]["shape"].items()} == {"aggregate": 2}
    assert told["by"]["tables"]["one"]["questions"] == 3
    assert {name: part["correct"] for name, part in told["by"]["database"].items()} == {"bakery": 3, "garage": 2}
    assert told["wrong"] == [{"kind": "aggregate: other values", "count": 1, "ids": ["bakery/dearest"]}]
    assert [(refusal["count"], refusal["ids"]) for refusal in told["refusals"]] == [(1, ["bakery/weather"])]
    assert all(word["ids"] == ["bakery/weather"] for word in told["unmatched"])
    for points in told["curve"].values():
        assert points[-1]["answered"] == 6
        assert points[-1]["precision"] == 0.8333
    assert told["planning_ms"].keys() == {"median", "p95", "max"}


def test_wordings_of_one_gold_are_pairs(found: Measured) -> None:
    pairs = paraphrases(found.outcomes)
    assert (pairs.pairs, pairs.agree, pairs.differ) == (1, 1, ())


def test_predictions_run_over_views_named_like_the_tables(found: Measured) -> None:
    told = {f"{line['db']}/{line['id']}": line["sql"] for line in predictions(found.outcomes)}
    assert told["bakery/weather"] is None
    assert 'FROM "Bread"' in str(told["bakery/count"])


def test_merged_a_table_that_two_databases_have_is_nobodys(kit: Path) -> None:
    together = measured(kit, merged=True)
    changes = together.changes
    assert changes is not None
    assert changes.answered == 6
    assert changes.changed == ()
    assert [change.key for change in changes.refused] == [("garage", "2")]
    assert changes.refused[0].reason == "ambiguous"
    told = {f"{line['db']}/{line['id']}": line["sql"] for line in predictions(together.outcomes)}
    assert 'FROM "Bread"' in str(told["bakery/count"])
    assert report(together.outcomes, changes=changes)["merged"]["refused"][0]["id"] == "garage/2"


def test_questions_of_a_single_folder(kit: Path) -> None:
    assert [database.name for database in databases(kit / "garage")] == ["garage"]
    assert [question.id for question in databases(kit / "garage")[0].questions] == ["1", "2"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object with question"),
        ('{"question": "How many?"}', "neither `expected` rows nor `answerable: false`"),
        ('{"question": "How many?", "expected": 3}', "expected"),
        ('{"id": "count", "question": "How many?", "expected": [[3]]}', "a second question with the id count"),
        ('{"question": "How many?", "expected": [[3], [4]], "order_groups": [1]}', "`order_groups`"),
    ],
)
def test_a_bad_line_is_told_with_its_number(tmp_path: Path, line: str, said: str) -> None:
    folder = bakery(tmp_path)
    with (folder / "questions.jsonl").open("a") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(UserError) as error:
        databases(folder)
    assert f"{folder / 'questions.jsonl'}:8: " in error.value.message
    assert said in error.value.message


def test_what_is_missing_or_broken_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder"):
        databases(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no database"):
        databases(tmp_path)
    folder = bakery(tmp_path)
    (folder / "data/Baker.parquet").rename(folder / "data/baker")
    with pytest.raises(UserError, match=r"Baker\.parquet is missing"):
        databases(tmp_path)
    (folder / "data/Baker.parquet").write_text("no Parquet")
    with pytest.raises(UserError, match=r"Baker\.parquet is no Parquet file"):
        measured(tmp_path)
    (folder / "data/Bread.parquet").rename(folder / "data/Baker.parquet")
    (folder / "data/baker").rename(folder / "data/Bread.parquet")
    with pytest.raises(UserError, match=r"Bread\.parquet has no column Bread_ID, Price"):
        measured(tmp_path)
    (folder / "contract.odcs.yaml").write_text("domain: bakery\nschema: [\n")
    with pytest.raises(ContractError, match=r"contract\.odcs\.yaml: line 3"):
        databases(tmp_path)


def test_flags_name_questions(tmp_path: Path) -> None:
    file = tmp_path / "flags.jsonl"
    file.write_text('{"db": "bakery", "id": "dearest", "flags": ["number not in question"]}\n')
    assert flagged(file) == {("bakery", "dearest")}
    file.write_text('{"db": "bakery"}\n')
    with pytest.raises(UserError, match=r"flags\.jsonl:1: "):
        flagged(file)


def test_values_that_mean_the_same_are_the_same() -> None:
    assert plain([["1", 1, 1.0, True, " 1 ", Decimal("1.0"), timedelta(seconds=1)]]) == [(1.0,) * 7]
    days = ["2024-05-01", "2024-05-01 00:00", "2024-05-01T00:00:00Z", date(2024, 5, 1)]
    assert set(plain([days])[0]) == {"2024-05-01"}
    assert plain([["2024-05-01T12:30:00.500", "P0M1DT2.5S", float("nan"), "x"]]) == [
        ("2024-05-01 12:30:00.5", 86_402.5, None, "x")
    ]
    assert plain([[123456.4, 0.1 + 0.2]]) == [(123456.0, 0.3)]


Rows = Sequence[Sequence[Any]]


@pytest.mark.parametrize(
    ("answer", "rows", "right"),
    [
        (Expected(expected=[[1, "a"], [2, "b"]]), [["b", 2], ["a", 1]], True),
        (Expected(expected=[[1, "a"], [2, "b"]]), [["a", 2], ["b", 1]], False),
        (Expected(expected=[[1], [1]]), [[1]], False),
        (Expected(expected=[[1, 2]]), [[2, 1]], True),
        (Expected(expected=[]), [], True),
        (Expected(expected=[[1]]), [[1, 2]], False),
        (Expected(expected=[[1], [2]], ordered=True), [[2], [1]], False),
        (Expected(expected=[[1], [2], [3]], ordered=True, order_groups=(0, 1, 1)), [[1], [3], [2]], True),
        (Expected(expected=[[1], [2], [3]], ordered=True, order_groups=(0, 1, 1)), [[2], [1], [3]], False),
        (Expected(expected=[[1], [2]], limit_tie=Tie(sure=1, pool=[[2], [3]])), [[1], [3]], True),
        (Expected(expected=[[1], [2]], limit_tie=Tie(sure=1, pool=[[2], [3]])), [[1], [4]], False),
        (Expected(expected=[[1], [2]], limit_tie=Tie(sure=1, pool=[[2], [3]])), [[3], [2]], False),
    ],
)
def test_rows_are_right_or_not(answer: Expected, rows: Rows, right: bool) -> None:
    assert meets(answer, plain(rows)) is right


def test_more_columns_are_right_only_where_they_may_be() -> None:
    answer = Expected(expected=[["a"], ["b"]])
    assert meets(answer, plain([[1, "a"], [2, "b"]]), extra_columns=True)
    assert not meets(answer, plain([[1, "a"], [2, "b"]]))
    assert not meets(answer, plain([[1, "a"], [2, "c"]]), extra_columns=True)


def test_two_answers_are_alike_in_any_order() -> None:
    assert alike([[1, "a"], [2, "b"]], [["b", 2], ["a", 1]])
    assert not alike([[1]], [[2]])


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ("SELECT a FROM t", "projection"),
        ("SELECT count(*) FROM t", "aggregate"),
        ("SELECT a FROM t WHERE b = 1", "filter"),
        ("SELECT a FROM t WHERE b = 1 ORDER BY a LIMIT 1", "order"),
        ("SELECT a, count(*) FROM t GROUP BY a", "group"),
        ("SELECT a FROM t GROUP BY a HAVING count(*) > 1", "group, having"),
        ("SELECT t.a FROM t JOIN u ON t.i = u.i", "join"),
        ("SELECT t.a FROM t JOIN u ON t.i = u.i WHERE u.b = 1", "join, filter"),
        ("SELECT t.a FROM t JOIN u ON t.i = u.i ORDER BY u.b", "join, order"),
        ("SELECT t.a, count(*) FROM t JOIN u ON t.i = u.i GROUP BY t.a", "join, group"),
        ("SELECT a FROM t WHERE b > (SELECT avg(b) FROM t)", "nested"),
        ("SELECT a FROM t EXCEPT SELECT a FROM u", "set operation"),
        ("SELEKT", "unread"),
        ("DROP TABLE t", "unread"),
    ],
)
def test_shapes(sql: str, shape: str) -> None:
    assert shape_of(sql, "sqlite") == shape
    assert shape in SHAPES


def test_words_that_were_not_understood_are_counted_once_a_question(found: Measured) -> None:
    weather = next(outcome for outcome in found.outcomes if outcome.key == ("bakery", "weather"))
    assert unmatched([replace(weather, unmatched=("Oven", "oven", "hot"))]) == {
        "hot": [weather.key],
        "oven": [weather.key],
    }


def _scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", SHARED / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _compared(folder: Path) -> Measured:
    """Raises AssertionError unless the independent scorer judges every question of `folder` alike."""
    ours, scorer = measured(folder), _scorer()
    given = {(str(line["db"]), str(line["id"])): line["sql"] for line in predictions(ours.outcomes)}
    theirs = {}
    for database in databases(folder):
        tables = scorer.Tables(database.folder)
        for line in scorer.read_lines(database.folder / "questions.jsonl"):
            key = (database.name, line["id"])
            theirs[key] = scorer.judge(line, given[key], tables)[0]
        tables.con.close()
    assert {outcome.key: outcome.verdict for outcome in ours.outcomes} == theirs
    return ours


@needs_shared
@pytest.mark.parametrize("name", ["train/cinema", "train/wrestler", "train_unanswerable/cinema"])
def test_an_independent_scorer_agrees(tmp_path: Path, name: str) -> None:
    (tmp_path / Path(name).name).symlink_to(SHARED / name)
    assert _compared(tmp_path).outcomes
