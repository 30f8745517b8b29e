"""What is nearly said by a name is not said: words that are of another thing, another deed, another part of a name."""

from __future__ import annotations

from datetime import date

import pytest

from datamesh.ask.planner import Plan, plan
from datamesh.contract.parse import parse
from datamesh.contract.profile import ColumnProfile
from datamesh.registry.knowledge import Knowledge
from tests.support.planning import product_of

_HEAD = """
apiVersion: v3.2.0
kind: DataContract
id: town
name: Town
version: 1.0.0
status: active
domain: town
dataProduct: town
schema:
"""
_TABLE = """
  - name: {table}
    properties:
"""
_KEY = "      - {{name: {column}, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}}\n"
_COLUMN = "      - {{name: {column}, logicalType: {kind}}}\n"
_FOREIGN = """      - name: {column}
        logicalType: integer
        relationships: [{{type: foreignKey, to: {to}.{to_column}}}]
"""
TABLES = {
    "gadgets": ("gadget_id", "gadget string", "height number"),
    "stores": ("store_id", "store_name string", "number_of_gadget_category integer", "opening_year integer"),
    "store_gadgets": ("", "store_id >stores.store_id", "gadget_id integer"),
    "members": ("member_id", "member_name string"),
    "member_contact_channels": ("", "member_id >members.member_id", "channel_code string", "contact_number string"),
    "member_cards": ("card_id", "colour string"),
    "card_uses": ("use_id", "card_id >member_cards.card_id", "place string"),
    "gauges": ("gauge_id",),
    "reviewers": ("reviewer_id", "reviewer_name string", "desk_number string"),
    "marks": ("mark_id", "reviewer_id >reviewers.reviewer_id", "stars integer"),
    "halls": ("hall_id", "total_attendance integer", "capacity integer"),
    "towers": ("tower_id", "height number", "city_id >cities.city_id"),
    "cities": ("city_id", "city_name string"),
}
ENDS = {"opening_year": (1950, 2020)}


def _contract() -> bytes:
    lines = _HEAD
    for table, (key, *columns) in TABLES.items():
        lines += _TABLE.format(table=table)
        lines += _KEY.format(column=key) if key else ""
        for column, kind in (text.split(" ") for text in columns):
            to, _, to_column = kind.removeprefix(">").partition(".")
            form = _FOREIGN if to_column else _COLUMN
            lines += form.format(column=column, kind=kind, to=to, to_column=to_column)
    return lines.encode()


@pytest.fixture(scope="module")
def town() -> Knowledge:
    contract = parse(_contract())
    columns = [
        ColumnProfile(name=f"{t.name}.{c.name}", minimum=low, maximum=high)
        for t in contract.tables
        for c in t.columns
        for low, high in (ENDS.get(c.name, (1, 9)),)
    ]
    return Knowledge(products={contract.name: product_of(contract, columns)})


def _ask(town: Knowledge, question: str) -> Plan:
    (product,) = town.products.values()
    readable = {f"town.{t.name}": tuple(c.name for c in t.columns) for t in product.contract.tables}
    return plan(question, town, readable, today=date(2025, 6, 15))


REFUSED = [
    "What gadgets are sold at the store named 'Corner'?",  # not how many categories of them
    "Which stores were registered in 2016?",  # not opened
    "What is the average attendance of halls?",  # not of the total ones
    "Show the name and height of towers",  # not the name of their city
    "List the details of gauges",  # of which only a key is known
    "Show the height and all details of gadgets",  # the height twice
    "How many reviews are there?",  # not how many reviewers
    "Show the number of desk types",  # not the numbers of desks
    "How many uses are there for each member?",  # not for each card of one
]
ANSWERED = [
    ("List the contact channel codes", "channel_code"),
    ("Which contact channels does the member named 'Ann' have?", "channel_code"),
    ("Which stores were opened in 2016?", "opening_year"),
    ("What is the average total attendance of halls?", "AVG(halls.total_attendance)"),
    ("Show the name and height of gadgets", "gadget"),
    ("List the details of gadgets", "height"),
    ("How many reviewers are there?", "town.reviewers"),
    ("What are the ids of reviewers?", "reviewers.reviewer_id"),
    ("Show the number of desks", "COUNT(DISTINCT reviewers.desk_number)"),
    ("Show the number of the desk of each reviewer", "SELECT reviewers.desk_number"),
]


@pytest.mark.parametrize("question", REFUSED)
def test_a_near_name_is_not_taken_for_what_was_said(town: Knowledge, question: str) -> None:
    # When
    found = _ask(town, question)

    # Then
    assert found.status != "answered", found.sql


@pytest.mark.parametrize(("question", "part"), ANSWERED)
def test_what_is_said_in_full_is_answered(town: Knowledge, question: str, part: str) -> None:
    # When
    found = _ask(town, question)

    # Then
    assert found.status == "answered", (found.explanation, found.candidates)
    assert found.sql is not None
    assert part in found.sql.sql("duckdb")
