"""From a statement or a question to rows and sources, or to a refusal, over tables in memory."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from datamesh.ask.answer import Desk, answer_question, answer_sql
from datamesh.ask.answered import Answer, QuestionAnswer
from datamesh.ask.guard import Predicate
from datamesh.ask.run import Limits, duck_run
from datamesh.ask.stop import Stop, Stopped
from datamesh.ask.view import view_of
from datamesh.engine.dialect import parse
from datamesh.errors import AccessDenied, StatementRejected
from datamesh.registry.knowledge import Knowledge
from tests.support.asking import (
    ANALYST,
    CLERK,
    KNOWLEDGE,
    PUBLISHED,
    STRANGER,
    MemoryTables,
    Planned,
    Planner,
    mask_key,
)

TODAY = date(2024, 6, 1)


def desk(
    tables: MemoryTables | None = None, plan: Planned | None = None, *, max_rows: int = 100, memory: int = 200
) -> Desk:
    limits = Limits(scan_bytes=10_000, memory_mb=memory, threads=1)
    return Desk(
        duck_run(tables or MemoryTables(), limits, mask_key), Planner(plan or Planned()), lambda: TODAY, max_rows
    )


def sql(statement: str, principal: str = ANALYST, **options: Any) -> Answer:
    return answer_sql(statement, view_of(KNOWLEDGE, principal), desk(**options), Stop())


def ask(question: str, principal: str = ANALYST, **options: Any) -> QuestionAnswer:
    return answer_question(question, view_of(KNOWLEDGE, principal), desk(**options), Stop())


def test_a_statement_over_two_domains_says_what_it_was_read_from() -> None:
    # When a statement joins products of two domains
    answer = sql(
        "SELECT c.name, SUM(o.amount) AS Total FROM shop.orders o JOIN crm.customers c "
        "ON c.customer_id = o.customer_id GROUP BY 1 ORDER BY 1"
    )
    # Then rows are JSON values, NaN is null, and each product stands there as of its snapshot
    assert answer.columns == ("name", "Total")
    assert answer.rows == [["Ada", 8.0], ["Bob", None]]
    assert answer.engine == "duckdb"
    assert [(p.name, p.version, p.snapshot_id, p.published_at) for p in answer.products] == [
        ("shop.orders", "1.2.0", 1000, PUBLISHED),
        ("crm.customers", "1.2.0", 1001, PUBLISHED),
    ]
    assert set(answer.timings_ms) == {"guard", "open", "scan", "compute", "total"}
    assert set(answer.model_dump()) == {"columns", "rows", "sql", "engine", "products", "timings_ms"}
    # And the SQL that is shown gives the same again
    assert "shop.orders" in answer.sql
    assert "orders_v1" not in answer.sql
    assert sql(answer.sql).rows == answer.rows


def test_a_snapshot_newer_than_the_announced_one_has_its_own_time() -> None:
    answer = sql("SELECT COUNT(*) FROM shop.orders", tables=MemoryTables(newer=["shop.orders"]))
    assert answer.products[0].snapshot_id == 1001
    assert answer.products[0].published_at == PUBLISHED.replace(hour=11)


def test_a_scan_is_asked_for_the_needed_columns_and_rows_only() -> None:
    tables = MemoryTables()
    sql("SELECT MAX(amount) FROM shop.orders WHERE customer_id = 10", tables=tables)
    assert tables.reads == {"shop.orders": (("customer_id", "amount"), (Predicate("customer_id", "=", (10,)),))}


def test_a_statement_without_tables_is_answered() -> None:
    assert sql("SELECT 1 AS one, 'x' AS x").rows == [[1, "x"]]


@pytest.mark.parametrize("name", ["hr.salaries", "hr.nothing"])
def test_what_is_not_granted_is_as_unknown_as_what_does_not_exist(name: str) -> None:
    with pytest.raises(AccessDenied) as refusal:
        sql(f"SELECT * FROM {name}")
    assert refusal.value.message == f"{name}: unknown or not granted"


def test_a_column_that_is_not_granted_does_not_exist() -> None:
    assert sql("SELECT * FROM crm.customers ORDER BY 1", CLERK).columns == ("customer_id", "city")
    with pytest.raises(StatementRejected) as refusal:
        sql("SELECT name FROM crm.customers", CLERK)
    assert refusal.value.rule == "unknown-column"
    assert "name" not in refusal.value.hint


def test_a_scan_that_would_be_too_large_is_refused_before_it_is_read() -> None:
    tables = MemoryTables(bytes_each=6_000)
    with pytest.raises(StatementRejected) as refusal:
        sql("SELECT COUNT(*) FROM shop.orders o, crm.customers c", tables=tables)
    assert refusal.value.rule == "scan-size"
    assert tables.reads == {}


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("SELECT CAST(name AS INTEGER) FROM crm.customers", "value"),
        ("SELECT SUM(name) FROM crm.customers", "engine"),
        ("SELECT STRPTIME(name, '%Y') FROM crm.customers", "value"),
        ("SELECT (SELECT customer_id FROM crm.customers)", "value"),
    ],
)
def test_what_the_engine_declines_is_refused_without_values(statement: str, rule: str) -> None:
    with pytest.raises(StatementRejected) as refusal:
        sql(statement)
    assert refusal.value.rule == rule
    assert not any(value in refusal.value.message + refusal.value.hint for value in ("Ada", "Bob"))


def test_an_older_major_version_is_read_by_its_own_name_and_no_question_is_answered_with_it() -> None:
    older = replace(KNOWLEDGE.products["shop.orders"], name="shop.orders_v1", version="1.0.0", snapshot_id=7)
    view = view_of(Knowledge({**KNOWLEDGE.products, "shop.orders_v1": older}), ANALYST)
    found = answer_sql("SELECT COUNT(*) AS n FROM shop.orders_v1", view, desk(), Stop())
    assert [(p.name, p.version, p.snapshot_id) for p in found.products] == [("shop.orders_v1", "1.0.0", 7)]
    planner = Planner(Planned())
    answer_question("Weather?", view, Desk(desk().run, planner, lambda: TODAY, 10), Stop())
    assert planner.told[1] == {"shop.orders", "crm.customers"}


def test_a_statement_that_needs_too_much_memory_is_refused() -> None:
    numbers = " UNION ALL ".join(f"SELECT {i} AS n" for i in range(60))
    key = "a.n + b.n * 60 + c.n * 3600 + d.n * 216000"
    statement = f"WITH t AS ({numbers}) SELECT {key} AS k, COUNT(*) FROM t a, t b, t c, t d GROUP BY 1"
    with pytest.raises(StatementRejected) as refusal:
        sql(statement, memory=20)
    assert refusal.value.rule == "memory"


def test_a_result_that_would_be_too_large_is_refused() -> None:
    doubled = "'xxxxxxxxxx'"
    for _ in range(7):
        doubled = f"REPLACE({doubled}, 'x', 'xxxxxxxxxx')"
    with pytest.raises(StatementRejected) as refusal:
        sql(f"SELECT {doubled} AS x", memory=500)
    assert refusal.value.rule == "result-size"


def test_a_running_statement_can_be_stopped() -> None:
    # Given a statement that would run for very long
    stop = Stop()
    numbers = " UNION ALL ".join(f"SELECT {i} AS n" for i in range(100))
    joins = ", ".join(f"t AS t{i}" for i in range(7))
    statement = f"WITH t AS ({numbers}) SELECT SUM(t0.n * t6.n + t3.n) FROM {joins}"
    # When somebody else presses its stop button
    threading.Timer(0.3, stop.press).start()
    # Then it ends at once
    with pytest.raises(Stopped):
        answer_sql(statement, view_of(KNOWLEDGE, ANALYST), desk(), stop)


def test_a_statement_that_was_stopped_before_it_began_reads_nothing() -> None:
    tables, stop = MemoryTables(), Stop()
    stop.press()
    with pytest.raises(Stopped):
        answer_sql("SELECT COUNT(*) FROM shop.orders", view_of(KNOWLEDGE, ANALYST), desk(tables), stop)
    assert tables.reads == {}


def test_a_verified_question_is_answered_by_its_owners_statement() -> None:
    answer = ask("who ordered MOST")
    assert (answer.status, answer.tier, answer.rows) == ("answered", "verified", [["Ada", 2]])
    assert answer.explanation == "Verified by the owners of shop.orders. By number of orders."
    assert set(answer.model_dump()) == {
        *("columns", "rows", "sql", "engine", "products", "timings_ms"),
        *("question", "status", "tier", "explanation", "unmatched", "suggestions", "candidates"),
        *("query_id", "intent", "ties"),
    }


def test_a_verified_question_over_what_the_caller_may_not_read_is_not_verified_for_them() -> None:
    # Given a clerk, who may not see names; then the question goes to the planner, and is suggested to nobody like them
    answer = ask("Who ordered most?", CLERK)
    assert (answer.status, answer.tier) == ("refused", "none")
    assert "Who ordered most?" not in answer.suggestions


def test_a_planned_question_is_guarded_and_run() -> None:
    plan = Planned("answered", parse("SELECT city FROM crm.customers ORDER BY city"), "The cities.")
    answer = ask("Which cities?", plan=plan)
    assert (answer.status, answer.tier, answer.explanation) == ("answered", "planner", "The cities.")
    assert answer.rows == [["Berlin"], ["Paris"]]
    assert " ".join(answer.sql.split()) == "SELECT city FROM crm.customers ORDER BY city"


def test_the_planner_is_told_only_of_what_the_caller_may_read() -> None:
    planner = Planner(Planned())
    answer_question("Salaries?", view_of(KNOWLEDGE, CLERK), Desk(desk().run, planner, lambda: TODAY, 10), Stop())
    question, known, readable, today = planner.told
    assert (question, known, today) == ("Salaries?", {"shop.orders", "crm.customers"}, TODAY)
    assert readable["crm.customers"] == ("customer_id", "city")


def test_a_plan_that_the_guard_declines_is_a_refusal() -> None:
    answer = ask("Salaries?", plan=Planned("answered", parse("SELECT salary FROM hr.salaries"), "The salaries."))
    assert (answer.status, answer.tier, answer.rows) == ("refused", "none", ())
    assert "not-granted" in answer.explanation


def test_a_refusal_says_what_was_not_understood_and_what_could_be_asked() -> None:
    plan = Planned(unmatched=("salary",), suggestions=("How many customers are there?",), explanation="What is salary?")
    answer = ask("What is the average salary?", plan=plan)
    assert (answer.status, answer.unmatched) == ("refused", ("salary",))
    assert answer.explanation == "What is salary? Products that are not granted to you are not considered."
    # Then what is suggested is valid for this caller: nothing of hr, whose own verified question this is
    assert answer.suggestions == [
        "How many customers are there?",
        "How many customers live in each city?",
        "How many orders are there?",
        "Who ordered most?",
    ]


def test_a_near_match_is_suggested_and_never_answered() -> None:
    answer = ask("How many orders are there in Berlin?")
    assert answer.status == "refused"
    assert answer.suggestions[0] == "How many orders are there?"


def test_an_ambiguous_question_shows_its_candidates() -> None:
    answer = ask("Which one?", plan=Planned("ambiguous", explanation="Two readings.", candidates=("a", "b")))
    assert (answer.status, answer.candidates, answer.explanation) == ("ambiguous", ("a", "b"), "Two readings.")


def test_somebody_without_grants_is_told_nothing() -> None:
    answer = ask("How many orders are there?", STRANGER)
    assert (answer.status, answer.suggestions, answer.products) == ("refused", [], ())


def test_rows_that_were_cut_off_are_said() -> None:
    plan = Planned("answered", parse("SELECT order_id FROM shop.orders"), "The orders.")
    answer = ask("Which orders?", plan=plan, max_rows=2)
    assert len(answer.rows) == 2
    assert answer.explanation == "The orders. Only the first 2 rows are shown."
    assert answer.sql.endswith("LIMIT 2")
