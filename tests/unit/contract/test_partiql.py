"""Conditions on rows as Lake Formation takes them: the same rows, in the words that it documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamesh.contract.model import Column, ColumnType, Table
from datamesh.contract.partiql import MOST_CHARACTERS, partiql
from datamesh.errors import StatementRejected

KINDS = {
    "region": "string",
    "id": "integer",
    "price": "decimal",
    "rate": "number",
    "open": "boolean",
    "opened": "date",
    "seen": "timestamptz",
}
TABLE = Table("shops", tuple(Column(name, ColumnType(kind)) for name, kind in KINDS.items()))


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("region = 'EMEA'", "\"region\" = 'EMEA'"),
        ("5 < id", '"id" > 5'),
        ("-5 >= id", '"id" <= -5'),
        ("region = 'it''s'", "\"region\" = 'it''s'"),
        ("not (id = 1 and open = true)", '("id" <> 1) OR ("open" <> TRUE)'),
        ("NOT (id < 1 OR NOT rate > 1.5e3)", '("id" >= 1) AND ("rate" > 1.5e3)'),
        (
            "region NOT IN ('a', 'b') AND price IS NOT NULL",
            "(\"region\" NOT IN ('a', 'b')) AND (\"price\" IS NOT NULL)",
        ),
        ("id NOT BETWEEN 1 AND 5", '"id" NOT BETWEEN 1 AND 5'),
        ("NOT region LIKE '%(x)%'", "\"region\" NOT LIKE '%(x)%'"),
        ("NOT NOT region IS NULL", '"region" IS NULL'),
    ],
)
def test_a_condition_is_said_in_the_words_that_lake_formation_documents(text: str, expression: str) -> None:
    assert partiql(text, TABLE) == expression


@pytest.mark.parametrize(
    "text",
    [
        "opened >= DATE '2024-01-01'",
        "id = 1 OR seen IS NULL",
        r"region LIKE 'a\%'",
        "missing = 1",
        "upper(region) = 'E'",
        "region IN (" + ", ".join(f"'{number:08}'" for number in range(160)) + ") OR " + " OR ".join(["id=1"] * 45),
    ],
)
def test_what_lake_formation_does_not_take_is_refused(text: str) -> None:
    with pytest.raises(StatementRejected) as refused:
        partiql(text, TABLE)
    assert refused.value.rule == "row-filter"


def test_the_longest_condition_of_all_that_fits_is_taken() -> None:
    longest = "region = '" + "x" * 1_900 + "'"
    assert len(partiql(longest, TABLE)) <= MOST_CHARACTERS


ATOMS = st.sampled_from(
    [
        *("id = 1", "2 > id", "1 <= id", "id <> 2", "id IN (1, 3)", "id NOT IN (2)", "id BETWEEN 1 AND 2"),
        *("region LIKE 'a%'", "region = 'b'", "region IS NULL", "region IS NOT NULL", "open = false", "open <> true"),
    ]
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"NOT ({one})"),
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda sides: "({}) {} ({})".format(*sides)),
    ),
    max_leaves=6,
)
ROWS = list(product((1, 2, 3, None), ("a", "ab", "b", None), (True, False, None)))


@pytest.fixture(scope="module")
def shops() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as database:
        database.execute("CREATE TABLE shops (id BIGINT, region VARCHAR, open BOOLEAN)")
        database.executemany("INSERT INTO shops VALUES (?, ?, ?)", ROWS)
        yield database


@settings(deadline=None)
@given(text=CONDITIONS)
def test_the_expression_holds_for_the_same_rows_nulls_among_them(shops: duckdb.DuckDBPyConnection, text: str) -> None:
    expression = partiql(text, TABLE)
    by_text, by_expression = (
        shops.execute(f"SELECT * FROM shops WHERE {where} ORDER BY ALL").fetchall() for where in (text, expression)
    )
    assert by_text == by_expression
    # And NOT stands beside a comparison only
    assert not re.search(r"NOT \(", expression)
