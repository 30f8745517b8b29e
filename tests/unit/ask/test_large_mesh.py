"""Questions over a mesh of many products: read where their words are at home, or said to be of many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import pytest

from datamesh.ask.names import vocabulary as vocabularies
from datamesh.ask.planner import Plan, plan, read
from datamesh.ask.retrieval import WHOLE
from datamesh.contract.model import Column, ColumnType, Contract, Relationship, Table, TableRef, Version
from datamesh.contract.profile import ColumnProfile
from datamesh.registry.knowledge import Knowledge, ProductKnowledge
from tests.support.planning import product_of

TODAY = date(2025, 6, 15)
DOMAINS = ("sales", "finance", "travel", "energy", "health", "retail", "media", "legal")
EVERYWHERE = ("customers", "payments", "offices")


@dataclass(frozen=True)
class Large:
    knowledge: Knowledge
    readable: Mapping[str, tuple[str, ...]]

    def ask(self, question: str) -> Plan:
        return plan(question, self.knowledge, self.readable, today=TODAY)


def product(
    domain: str, name: str, columns: Mapping[str, str], values: tuple[str, ...], to: str = ""
) -> ProductKnowledge:
    key = f"{name.removesuffix('s')}_id"
    made = [Column(key, ColumnType("integer"), primary_key_position=1)]
    made += [Column(column, ColumnType(kind)) for column, kind in columns.items()]
    links = ()
    if to:
        far = f"{to.removesuffix('s')}_id"
        made.append(Column(far, ColumnType("integer")))
        links = (Relationship((far,), TableRef(domain, to, to), (far,)),)
    table = Table(name, tuple(made), relationships=links)
    contract = Contract(f"{domain}-{name}", domain, name, Version(1), "active", "v3.2.0", (table,))
    return product_of(contract, [ColumnProfile(name="name", values=values)])


def mesh() -> Large:
    """Customers, payments and offices in each domain; ferries and harbours in one, and hospitals in another."""
    products = [
        product(domain, name, {"name": "string", "amount": "number"}, (f"{domain} {name} One", "Berlin"))
        for domain in DOMAINS
        for name in EVERYWHERE
    ]
    products.append(product("travel", "harbours", {"name": "string", "depth": "number"}, ("Kiel", "Oslo")))
    products.append(product("travel", "ferries", {"name": "string", "seats": "integer"}, ("Aurora",), "harbours"))
    products.append(product("health", "hospitals", {"name": "string", "beds": "integer"}, ("Kiel",)))
    knowledge = Knowledge({each.name: each for each in products})
    return Large(knowledge, {n: tuple(c.name for c in p.contract.table.columns) for n, p in knowledge.products.items()})


@pytest.fixture(scope="module")
def large() -> Large:
    made = mesh()
    assert len(made.readable) > WHOLE
    return made


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        ("How many ferries are there?", "SELECT COUNT(*) AS count FROM travel.ferries AS ferries"),
        ("What is the average depth of harbours?", "AVG(harbours.depth)"),
        ("How many ferries have more than 200 seats?", "WHERE ferries.seats > 200"),
        ("How many hospitals are called Kiel?", "WHERE hospitals.name = 'Kiel'"),
        ("How many ferries are there for each harbour?", "GROUP BY"),
        ("How many finance customers are there?", "SELECT COUNT(*) AS count FROM finance.customers AS customers"),
        ("What is the average amount of retail payments?", "FROM retail.payments AS payments"),
    ],
)
def test_a_question_is_read_where_its_words_are_at_home(question: str, sql: str, large: Large) -> None:
    found = large.ask(question)
    assert found.status == "answered", (found.explanation, found.candidates)
    assert found.sql is not None
    assert sql in found.sql.sql("duckdb")


@pytest.mark.parametrize("question", ["How many customers are there?", "What is the average amount of payments?"])
def test_what_many_products_could_tell_is_ambiguous_and_their_domains_are_said(question: str, large: Large) -> None:
    found = large.ask(question)
    assert found.status == "ambiguous"
    assert len(found.candidates) > 1
    assert all(any(f"[{domain}" in said for domain in DOMAINS) for said in found.candidates)


def test_a_question_that_some_products_answer_alone_is_answered_the_same_among_many(large: Large) -> None:
    # Given the few products that it is about
    names = ("travel.harbours", "travel.ferries")
    few = {name: large.readable[name] for name in names}
    question = "How many ferries are there whose harbour is Oslo?"
    # When it is asked of them and of all
    alone, among = plan(question, large.knowledge, few, today=TODAY), large.ask(question)
    # Then the statement is one
    assert alone.sql is not None
    assert among.sql == alone.sql


def test_a_word_that_nobody_knows_is_refused_with_suggestions_that_work(large: Large) -> None:
    found = large.ask("What is the weather of the harbours?")
    assert (found.status, found.unmatched) == ("refused", ("weather",))
    assert found.suggestions
    assert all(large.ask(question).status == "answered" for question in found.suggestions)


def test_who_knows_a_quoted_value_is_meant(large: Large) -> None:
    found = large.ask('How many customers are called "media customers One"?')
    assert found.sql is not None
    assert "FROM media.customers" in found.sql.sql("duckdb")


def test_what_could_be_asked_instead_says_the_domain_where_many_have_such_things(large: Large) -> None:
    found = large.ask("How many customers are there?")
    assert found.suggestions
    assert all(any(f"{domain} customers" in said for domain in DOMAINS) for said in found.suggestions)
    assert all(large.ask(question).status == "answered" for question in found.suggestions)


def test_a_vocabulary_is_built_once_for_those_who_see_the_same(large: Large, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a question that was asked
    built = []
    monkeypatch.setattr("datamesh.ask.planner.build", lambda *args: built.append(args) or vocabularies.build(*args))
    fresh = mesh()
    fresh.ask("How many ferries are there?")
    # When others are asked, and the registry tells of the same contracts and profiles anew
    anew = {name: replace(product) for name, product in fresh.knowledge.products.items()}
    again = Large(Knowledge(anew), dict(fresh.readable))
    again.ask("How many hospitals are there?")
    # Then nothing was built for them
    assert len(built) == 1
    # And a caller who sees less has a vocabulary of their own
    plan("How many ferries are there?", fresh.knowledge, {"travel.ferries": ("name",)}, today=TODAY)
    assert len(built) == 2


def test_reading_a_question_looks_at_few_tables() -> None:
    fresh = mesh()
    vocabulary = vocabularies.build(fresh.knowledge, fresh.readable)
    read("How many ferries are there?", vocabulary, today=TODAY)
    made = [name for name, part in vocabulary.tables.parts.items() if "view" in vars(part)]  # type: ignore[attr-defined]
    assert "travel.ferries" in made
    assert set(made) <= {"travel.ferries", "travel.harbours"}
