"""One question read in several groups of tables: who knows more is heard first, little difference decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pytest

from datamesh.ask.names.vocabulary import Vocabulary, build
from datamesh.ask.planner import Plan, read
from datamesh.ask.retrieval import WHOLE, groups
from datamesh.contract.model import Column, ColumnType, Contract, Table, Version
from datamesh.contract.profile import ColumnProfile
from datamesh.registry.knowledge import Knowledge, ProductKnowledge
from tests.support.planning import all_columns, product_of

TODAY = date(2025, 6, 15)


@dataclass(frozen=True)
class Sold:
    """A product: its columns by kind, the values of its texts, the ends of its numbers."""

    name: str
    columns: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]
    ends: Mapping[str, tuple[int, int]]


def sold(
    name: str,
    columns: Mapping[str, str],
    values: Mapping[str, tuple[str, ...]] | None = None,
    ends: Mapping[str, tuple[int, int]] | None = None,
) -> Sold:
    return Sold(name, columns, values or {}, ends or {})


NAMED = {"name": "string"}
PEAKS = {"name": "string", "height": "integer", "region": "string"}
PRODUCTS = (
    sold("alps.peaks", PEAKS, {"name": ("Eiger", "The Old Dummy")}, {"height": (1_000, 4_800)}),
    sold("andes.peaks", PEAKS, {"name": ("Pissis",)}, {"height": (2_000, 6_900)}),
    sold("polls.districts", {"name": "string", "population": "integer"}),
    sold("police.city_districts", {"name": "string", "population": "integer"}),
    sold("club.referees", {"name": "string", "team": "string"}),
    sold("league.teams", NAMED),
    sold("rail.bookings", {"payment_method": "string", "rail_card": "string"}),
    sold("shop.invoices", {"payment_method_code": "string"}),
    sold("film.pictures", {"title": "string", "directed_by": "string"}),
    sold("stage.pictures", {"title": "string", "director": "string"}),
    sold("dues.monthly_crates", {"weight": "integer", "packed_on": "date"}),
    sold("dock.crates", {"weight": "integer", "packed_on": "date"}),
    sold("wallet.customers", NAMED),
    sold("wallet.customers_cards", {"card_type": "string"}),
    sold("sailors_2.list", {"first_name": "string", "last_name": "string"}),
    sold("harbour.sailors", NAMED),
    sold("post.parcels", {"weighed_on": "date"}),
    sold("courier.parcels", {"grams": "integer"}, {"label": ("Weighed",)}),
    sold("bus.parcels", NAMED),
    *(sold(f"other{n}.crates", {"weight": "integer"}) for n in range(WHOLE)),
)


def knowledge() -> Knowledge:
    return Knowledge({each.name: product(each) for each in PRODUCTS})


def product(made: Sold) -> ProductKnowledge:
    domain, _, name = made.name.partition(".")
    key = Column(f"{name}_key", ColumnType("integer"), primary_key_position=1)
    table = Table(name, (key, *(Column(column, ColumnType(kind)) for column, kind in made.columns.items())))
    contract = Contract(f"{domain}-{name}", domain, name, Version(1), "active", "v3.2.0", (table,))
    texts = [ColumnProfile(name=column, values=values) for column, values in made.values.items()]
    numbers = [ColumnProfile(name=c, minimum=low, maximum=high) for c, (low, high) in made.ends.items()]
    return product_of(contract, [*texts, *numbers])


@pytest.fixture(scope="module")
def mesh() -> Vocabulary:
    known = knowledge()
    return build(known, all_columns(known))


def asked(question: str, mesh: Vocabulary) -> Plan:
    return read(question, mesh, today=TODAY)


def told(question: str, mesh: Vocabulary) -> str:
    """The table that the answer is from; the candidates where there is none."""
    plan = asked(question, mesh)
    return plan.sql.sql("duckdb") if plan.sql is not None else f"{plan.status}: {plan.candidates}"


def test_two_that_tell_the_same_are_both_named(mesh: Vocabulary) -> None:
    found = asked("What is the average height of peaks?", mesh)
    assert found.status == "ambiguous"
    assert {"[alps]", "[andes]"} <= {said[said.rindex("[") :] for said in found.candidates}


@pytest.mark.parametrize(
    ("question", "home"),
    [
        ("Show the names of peaks with height above 5000.", "andes.peaks"),
        ("Show the names of peaks with height below 1500.", "alps.peaks"),
        ("Show the names of peaks with height between 5000 and 6000.", "andes.peaks"),
    ],
)
def test_who_was_never_seen_to_hold_such_numbers_is_not_meant(question: str, home: str, mesh: Vocabulary) -> None:
    assert f"FROM {home}" in told(question, mesh)


@pytest.mark.parametrize("question", ["Show the names of peaks with height above 9000.", "How many peaks are there?"])
def test_where_all_or_none_could_hold_them_nothing_is_decided(question: str, mesh: Vocabulary) -> None:
    assert asked(question, mesh).status == "ambiguous"


def test_who_knows_a_quoted_word_of_a_value_is_meant(mesh: Vocabulary) -> None:
    assert "FROM alps.peaks" in told("How many peaks have the word 'Dummy' in their name?", mesh)


def test_a_quoted_value_of_something_else_does_not_hide_what_is_asked_about(mesh: Vocabulary) -> None:
    assert "FROM polls.districts" in told('Which districts have a name that contains "Eiger"?', mesh)


def test_same_names_that_are_met_in_part_make_it_ambiguous(mesh: Vocabulary) -> None:
    # Both know district and population, and alone each would answer
    assert asked("What is the name of the district with the largest population?", mesh).status == "ambiguous"


def test_one_name_that_is_met_in_whole_is_enough(mesh: Vocabulary) -> None:
    assert "FROM polls.districts" in told("How many districts are there?", mesh)


def test_rows_that_are_called_so_are_counted_before_values_of_a_column_elsewhere(mesh: Vocabulary) -> None:
    assert "FROM league.teams" in told("How many teams are there?", mesh)


def test_a_doubtful_reading_must_be_far_cheaper_than_another(mesh: Vocabulary) -> None:
    found = asked("Which payment method is used most often?", mesh)
    assert found.status == "ambiguous"
    assert {"[rail]", "[shop]"} <= {said[said.rindex("[") :] for said in found.candidates}


def test_who_knows_more_of_the_words_is_meant_whatever_others_cost(mesh: Vocabulary) -> None:
    assert "FROM rail.bookings" in told("Which payment method is most common for each rail card?", mesh)


def test_a_word_of_the_same_family_is_a_name_too(mesh: Vocabulary) -> None:
    found = {domain: each for each in groups("Who is the director?", mesh) for domain in homes(each.tables)}
    assert found["film"].names == found["stage"].names == {3}
    assert found["film"].weight < found["stage"].weight


def test_what_only_says_how_is_no_name(mesh: Vocabulary) -> None:
    # Who has monthly crates knows no more of crates per month than others
    found = {
        domain: each for each in groups("How many crates were packed per month?", mesh) for domain in homes(each.tables)
    }
    assert found["dues"].names == found["dock"].names


def test_what_was_done_is_no_name(mesh: Vocabulary) -> None:
    # Who keeps when parcels were weighed knows no more of parcels that were weighed than others
    found = {domain: each for each in groups("How many parcels were weighed?", mesh) for domain in homes(each.tables)}
    assert found["post"].names == found["courier"].names == found["bus"].names == {2}


def test_a_small_domain_is_read_as_a_whole_though_no_key_relates_its_tables(mesh: Vocabulary) -> None:
    # Customers are no cards of customers where there is a table of customers
    found = [each.tables for each in groups("How many customers are there?", mesh) if "wallet" in homes(each.tables)]
    assert found == [{"wallet.customers", "wallet.customers_cards"}]


def test_who_is_called_so_could_be_meant_as_well(mesh: Vocabulary) -> None:
    found = asked("How many sailors are there?", mesh)
    assert found.status == "ambiguous"
    assert {"[harbour]", "[sailors_2]"} == {said[said.rindex("[") :] for said in found.candidates}


def homes(tables: frozenset[str]) -> set[str]:
    return {table.partition(".")[0] for table in tables}
