"""Questions to SQL and to refusals, over a small shop: fixtures in pairs, and what holds for every question."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from datamesh.ask.guard import Scope, guard
from datamesh.ask.lexicon.operators import OPERATORS
from datamesh.ask.planner import plan
from datamesh.registry.knowledge import Knowledge
from tests.support.meshes import FIXTURES, MESHES, TODAY, Mesh, answered_in, refused_in
from tests.support.planning import contracts_in

ANSWERED = [(mesh, question, sql) for mesh in MESHES for question, sql in answered_in(mesh)]
REFUSED = [(mesh, question, words) for mesh in MESHES for question, words in refused_in(mesh)]
IN_SHOP = [question for mesh, question, _ in ANSWERED if mesh == "shop"]


def test_every_mesh_has_questions() -> None:
    assert {mesh for mesh, _, _ in ANSWERED} == set(MESHES)


@pytest.mark.parametrize(("mesh", "question", "sql"), ANSWERED, ids=[f"{mesh}: {q}" for mesh, q, _ in ANSWERED])
def test_a_question_becomes_its_statement(mesh: str, question: str, sql: str, meshes: Mapping[str, Mesh]) -> None:
    # When
    asked = meshes[mesh]
    found = asked.ask(question)

    # Then it is the one written down, the guard lets it through, and both engines have a spelling for it
    assert found.status == "answered", (found.explanation, found.candidates)
    assert found.sql is not None
    assert found.sql.sql("duckdb") == sql
    assert found.sql.sql("athena")
    guard(found.sql, {name: Scope(columns) for name, columns in asked.readable.items()}, max_rows=100)
    assert asked.connection.execute(sql).fetchall() is not None


@pytest.mark.parametrize(("mesh", "question", "words"), REFUSED, ids=[f"{mesh}: {q}" for mesh, q, _ in REFUSED])
def test_what_is_not_understood_is_refused_by_its_words(
    mesh: str, question: str, words: tuple[str, ...], meshes: Mapping[str, Mesh]
) -> None:
    # When
    asked = meshes[mesh]
    found = asked.ask(question)

    # Then
    assert found.status == "refused"
    assert found.sql is None
    assert found.unmatched == words
    assert found.explanation
    assert all(asked.ask(suggestion).status == "answered" for suggestion in found.suggestions)


def test_rows_of_no_thing_are_in_no_group_and_what_is_missing_is_one(meshes: Mapping[str, Mesh]) -> None:
    # Given a pallet that is in no hall, and somebody without a date of birth
    yard = meshes["yard"]

    # When
    halls, births = (yard.ask(q).sql for q in ("total quantity for each hall", "number of crew by date of birth"))
    assert halls is not None
    assert births is not None

    # Then none is no hall, and a date that is not known is one of the dates
    assert sorted(yard.connection.execute(halls.sql("duckdb")).fetchall()) == [("Anchor", 52), ("Beacon", 40)]
    assert (None, 1) in yard.connection.execute(births.sql("duckdb")).fetchall()


def test_two_ways_to_the_same_thing_are_told_apart_or_asked_about(shop: Mesh) -> None:
    # When nothing says which of two depots
    found = shop.ask("Which depots have no shipments?")

    # Then both readings are told, and the difference between them
    assert found.status == "ambiguous"
    assert found.sql is None
    assert [next(w for w in ("origin", "destination") if w in c) for c in found.candidates] == ["origin", "destination"]


def test_a_word_that_is_part_of_a_value_brings_the_value(shop: Mesh) -> None:
    found = shop.ask("How many shipments to Hamburg?")
    assert found.unmatched == ("Hamburg",)
    assert found.candidates == ("Depot name: Hamburg Port",)


def test_suggestions_are_six_and_each_is_answered(shop: Mesh) -> None:
    # Given callers who may read all of it, and part of it
    part = {"crm.customers": ("customer_id", "city"), "catalog.products": ("title", "brand", "weight")}
    for readable in (shop.readable, part):
        # When they ask what cannot be answered
        found = shop.ask("What about the profitability of brands?", readable)

        # Then what they are shown instead works for them
        assert len(found.suggestions) == (6 if readable is shop.readable else len(found.suggestions)) >= 4
        assert len(set(found.suggestions)) == len(found.suggestions)
        assert {shop.ask(suggestion, readable).status for suggestion in found.suggestions} == {"answered"}


def test_the_words_asked_for_come_first_in_suggestions(shop: Mesh) -> None:
    found = shop.ask("What about the profitability of brands?")
    assert "brand" in found.suggestions[0]


def test_an_intent_says_where_it_was_read(shop: Mesh) -> None:
    # Given
    question = "What is the average list price of products?"

    # When
    found = shop.ask(question)

    # Then the attribute carries its words and the column they were taken for
    assert found.intent is not None
    written = json.loads(found.intent.model_dump_json())
    source = written["outputs"][0]["item"]["of"]["source"]
    assert question[source["start"] : source["end"]] == "list price"
    assert source["evidence"] == "list price: catalog.products.list_price"


@pytest.mark.parametrize(
    ("question", "explanation"),
    [
        ("How many orders were there in March 2024?", "Number of orders, where order date is in March 2024."),
        ("revenue by brand", "Revenue of orders for each brand of the product."),
        ("Which customer has the most orders?", "Customer of orders; one with the highest number of orders."),
        ("the 3 cheapest products", "Title of products; the 3 with the lowest list price."),
        ("How many customers have no newsletter?", "Number of customers, where newsletter is No."),
        ("How many orders are open?", "Number of orders, where status is open."),
        ("Which products have no orders?", "Title of products, where there are no orders."),
        (
            "Which customers have more than 1 order?",
            "Customer name of customers, where there are more than 1 orders.",
        ),
        ("shipments from BCN", "Shipment id of shipments, where origin depot is BCN."),
    ],
)
def test_an_answer_is_explained_in_one_sentence(question: str, explanation: str, shop: Mesh) -> None:
    assert shop.ask(question).explanation == explanation


def test_a_thing_by_its_key_and_by_its_name_has_the_same_rows(shop: Mesh) -> None:
    """Not one intent, as other wordings are: one asks of the key, the other of the name."""
    questions = ("How many shipments to LYS?", "number of shipments to Lyon Hub")
    one, other = (answered(shop, shop.ask(question).sql) for question in questions)
    assert one == other


def answered(shop: Mesh, sql: exp.Expr | None) -> list[tuple[Any, ...]]:
    """The rows of an answer, in its own order where it has one: without, they come as the threads happen to end."""
    assert sql is not None
    rows = shop.connection.execute(sql.sql("duckdb")).fetchall()
    return rows if sql.args.get("order") else sorted(rows, key=repr)


def test_the_order_of_conditions_makes_no_other_intent(shop: Mesh) -> None:
    parts = ["with a list price above 20", "by Playwell", "with a weight below 2"]
    intents = {shop.ask(f"products {' and '.join(order)}").intent for order in itertools.permutations(parts)}
    assert len(intents) == 1
    assert None not in intents


def names_in(sql: exp.Expr) -> set[tuple[str, str]]:
    """(table, column) of every column of a table that a statement names, however deep."""
    tables = {table.alias: f"{table.db}.{table.name}" for table in sql.find_all(exp.Table) if table.db}
    derived = {query.alias for query in sql.find_all(exp.Subquery) if query.alias}
    named = [column for column in sql.find_all(exp.Column) if column.table and column.table not in derived]
    return {(tables[column.table], column.name) for column in named}


ALL_COLUMNS = [
    (contract.name, column.name) for contract in contracts_in(FIXTURES / "shop") for column in contract.table.columns
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hidden=st.sets(st.sampled_from(ALL_COLUMNS), min_size=1, max_size=20), question=st.sampled_from(IN_SHOP))
def test_nothing_that_may_not_be_read_is_read_or_told(hidden: set[tuple[str, str]], question: str, shop: Mesh) -> None:
    # Given a caller from whom some columns are withheld
    readable = {t: tuple(c for c in columns if (t, c) not in hidden) for t, columns in shop.readable.items()}

    # When
    found = shop.ask(question, {table: columns for table, columns in readable.items() if columns})

    # Then no statement names one of them, nor does a suggestion lead to one
    plans = [found, *(shop.ask(s, readable) for s in found.suggestions)]
    for sql in (p.sql for p in plans if p.sql is not None):
        assert not names_in(sql) & hidden


VOCABULARY = sorted(
    {word for question in IN_SHOP for word in question.rstrip("?.").split()}
    | {word for phrases in OPERATORS.values() for phrase in phrases for word in phrase}
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=14))
def test_any_row_of_known_words_is_planned_or_refused(words: list[str], shop: Mesh) -> None:
    # When words are put together blindly
    found = shop.ask(" ".join(words))

    # Then nothing breaks; what is answered runs, and what is not says so
    if found.status == "answered":
        assert found.sql is not None
        shop.connection.execute(found.sql.sql("duckdb")).fetchall()
    else:
        assert found.sql is None
        assert found.explanation


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=120))
def test_any_text_is_a_question(text: str, shop: Mesh) -> None:
    assert shop.ask(text).status in ("answered", "refused", "ambiguous")


@pytest.mark.parametrize("question", IN_SHOP[::4])
def test_a_word_that_is_not_known_is_never_skipped(question: str, shop: Mesh) -> None:
    """Wherever it stands; in quotes it would be a part of the value."""
    words = re.findall(r"'[^']*'|\"[^\"]*\"|\S+", question.rstrip("?."))
    for at in range(len(words) + 1):
        found = shop.ask(" ".join([*words[:at], "zebrafish", *words[at:]]))
        assert found.status == "refused"
        assert "zebrafish" in found.unmatched


def test_a_question_has_an_end(shop: Mesh) -> None:
    assert shop.ask("How many orders are there " * 100).status == "refused"
    assert shop.ask("").status == "refused"


def test_a_caller_without_products_is_refused(shop: Mesh) -> None:
    found = shop.ask("How many orders are there?", {})
    assert (found.status, found.suggestions) == ("refused", ())


def test_values_are_known_only_from_profiles(shop: Mesh) -> None:
    # Given products of which nothing has been published yet
    bare = {name: p.__class__(**{**vars(p), "profile": None}) for name, p in shop.knowledge.products.items()}
    unpublished = Knowledge(products=bare)

    # Then a value is unknown unless the contract names it or it is quoted and its column is named
    def ask(question: str) -> str:
        return plan(question, unpublished, shop.readable, today=TODAY).status

    assert ask("How many customers are from France?") == "refused"
    assert ask("How many orders are open?") == "answered"
    assert ask('How many customers whose country is "France" are there?') == "answered"
