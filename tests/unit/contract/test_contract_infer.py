"""What a column is taken for, from counts alone; and the draft's text."""

from __future__ import annotations

from typing import Any

import pytest

from datamesh.contract.draft import ColumnDraft, Reference, TableDraft, column_names, product_name, render
from datamesh.contract.infer import Facts, Guess, guess, null_words
from datamesh.contract.lint import lint
from datamesh.contract.parse import parse

TEN = 10


def facts(*readings: str, **more: Any) -> Facts:
    """Ten values that can all be read in these ways."""
    given = {"rows": TEN, "values": TEN, "reads": dict.fromkeys(readings, TEN)} | more
    return Facts("c", **given)


@pytest.mark.parametrize(
    ("seen", "logical", "physical", "options"),
    [
        (facts("integer", "number"), "integer", "", {}),
        (facts("integer", "number", leading_zeros=1), "string", "", {}),
        (facts("integer", "number", "boolean", zero_or_one=TEN), "integer", "", {}),
        (facts("boolean"), "boolean", "", {}),
        (facts("number", plain_decimals=TEN, scale_min=2, scale_max=2), "number", "decimal(18,2)", {}),
        (facts("number", plain_decimals=TEN, scale_min=2, scale_max=2, whole_digits=20), "number", "decimal(22,2)", {}),
        (facts("number", plain_decimals=TEN, scale_min=1, scale_max=2), "number", "", {}),
        (facts("number", plain_decimals=TEN, scale_min=7, scale_max=7), "number", "", {}),
        (facts("number", plain_decimals=TEN, scale_min=2, scale_max=2, whole_digits=40), "number", "", {}),
        (facts("number", "integer", plain_decimals=TEN, scale_min=1, scale_max=1), "number", "decimal(18,1)", {}),
        (facts("date", "timestamp"), "date", "", {}),
        (facts("timestamp"), "timestamp", "", {}),
        (facts("timestamp", zoned=TEN), "timestamp", "", {"timezone": True}),
        (facts("time"), "time", "", {}),
        (facts("dd.MM.yyyy"), "date", "", {"format": "dd.MM.yyyy"}),
        (facts("dd/MM/yyyy HH:mm"), "timestamp", "", {"format": "dd/MM/yyyy HH:mm"}),
        (facts(formats={"email": TEN}), "string", "", {"format": "email"}),
        (facts(formats={"email": TEN - 1}), "string", "", {}),
        (facts(kind="timestamptz"), "timestamp", "", {"timezone": True}),
        (facts(kind="number"), "number", "", {}),
    ],
)
def test_a_column_is_the_narrowest_type_that_reads_every_value(
    seen: Facts, logical: str, physical: str, options: dict[str, Any]
) -> None:
    found = guess(seen)
    assert (found.logical, found.physical, found.options) == (logical, physical, options)


@pytest.mark.parametrize(
    ("seen", "doubt"),
    [
        (facts(values=0), "no value was seen"),
        (facts("integer", leading_zeros=3), "3 values have leading zeros"),
        (facts("integer", zero_or_one=TEN), "perhaps a boolean"),
        (facts("integer", compact_dates=TEN), "yyyyMMdd"),
        (facts("dd/MM/yyyy", "MM/dd/yyyy"), "could as well be MM/dd/yyyy"),
        (facts("timestamp"), "whose clock"),
        (facts("timestamp", zoned=3), "3 values have an offset"),
        (facts(values=100, rows=100, reads={"integer": 98}), "98 of 100 values can be read as integer"),
        (facts(documents=TEN), "JSON"),
    ],
)
def test_what_could_have_been_meant_is_a_doubt(seen: Facts, doubt: str) -> None:
    assert any(doubt in said for said in guess(seen).doubts)


def test_a_null_word_is_sure_where_everything_else_is_no_text() -> None:
    number = facts("integer", words={"NA": 2})
    text = facts(words={"-": 1, "NA": 3})
    assert null_words([number, text]) == ("NA",)
    assert null_words([text]) == ()


@pytest.mark.parametrize(
    ("file", "product"),
    [
        ("flights.csv", "flights"),
        ("Flights_2013-01.csv.gz", "flights"),
        ("orders-20240131T0600Z.jsonl", "orders"),
        ("2013.csv", "c_2013"),
        ("stops_v2.parquet", "stops"),
        ("order.csv", "order_"),
        ("My Export (final).xlsx", "my_export_final"),
    ],
)
def test_a_product_is_called_like_its_files(file: str, product: str) -> None:
    assert product_name(file) == product


def test_columns_get_names_that_are_allowed_and_each_once() -> None:
    sources = ["Fare in EUR", "fare_in_eur", "order", "", "orderId", "1st"]
    assert column_names(sources) == ["fare_in_eur", "fare_in_eur_2", "order_", "column_4", "order_id", "c_1st"]


def test_a_draft_is_a_contract_without_errors_whatever_the_words_in_it() -> None:
    columns = [
        ColumnDraft("id", "id", Guess("integer"), required=True, key=1),
        ColumnDraft("what", 'What: "is" #this', Guess("string", doubts=("hm",)), enum=["no", "a: b", "1", "ü", "x'y"]),
        ColumnDraft("fare", "fare", Guess("number", "decimal(18,2)"), unique=True),
        ColumnDraft("day", "day", Guess("date", options={"format": "dd.MM.yyyy"})),
        ColumnDraft("stop", "stop", Guess("string"), reference=Reference("stops", "stop", "all of them")),
    ]
    draft = TableDraft("rides", columns, {"delimiter": "\t", "nullWords": ["NA", "-"]}, ("one",))
    text = render(draft, domain="transit")
    assert [f for f in lint(text.encode(), file="rides.odcs.yaml") if f.severity == "error"] == []
    table = parse(text).table
    assert [c.source for c in table.columns] == ["", 'What: "is" #this', "", "", ""]
    assert [e.value for e in table.columns[1].enum] == ["no", "a: b", "1", "ü", "x'y"]
    assert (table.primary_key, table.input.delimiter, table.input.null_words) == (("id",), "\t", ("", "NA", "-"))
    assert [(r.columns, r.to.product, r.to_columns) for r in table.relationships] == [(("stop",), "stops", ("stop",))]
    assert parse(text).status == "draft"
    assert text.count("# doubt: ") == 4
