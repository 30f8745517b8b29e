"""Conditions on rows: what is understood, and that everything else is not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.contract.lint import lint
from datamesh.contract.masks import Mask, problem, read_mask, spelled
from datamesh.contract.model import Column, ColumnType, Table
from datamesh.contract.rowfilter import condition
from datamesh.errors import StatementRejected
from tests.support.contracts import edited

ROWS = "{property: datamesh.rows, value: length(line) = 1}"
KINDS = {"region": "string", "id": "integer", "opened": "date", "seen": "timestamptz", "open": "boolean"}
INNER = (Column("element", ColumnType("string")),)
TABLE = Table(
    "shops",
    (
        *(Column(name, ColumnType(kind)) for name, kind in KINDS.items()),
        Column("tags", ColumnType("array", inner=INNER)),
    ),
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("region = 'EMEA'", "\"region\" = 'EMEA'"),
        ("'EMEA' = region", "'EMEA' = \"region\""),
        ("id > -3 and not (id <= 7 or id <> 9)", 'NOT ("id" <= 7 OR "id" <> 9)'),
        ("region IN ('a', 'b') OR region IS NULL", '"region" IS NULL'),
        ("region NOT IN ('a') AND region IS NOT NULL", '"region" IS NULL'),
        ("opened BETWEEN DATE '2024-01-01' AND '2024-12-31'", '"opened" BETWEEN'),
        ("seen >= TIMESTAMP '2024-01-01 00:00:00'", '"seen" >='),
        ("region LIKE 'E%' AND open = true", "\"region\" LIKE 'E%'"),
        ("\"region\" = 'it''s'", "'it''s'"),
    ],
)
def test_comparisons_with_literals_are_understood(text: str, read: str) -> None:
    assert read in condition(text, TABLE).sql("duckdb")


@pytest.mark.parametrize(
    "text",
    [
        *("", "region", "true", "1 = 1", "1", "NULL", "region = other", "region = id", "missing = 1", "tags = 'a'"),
        *("upper(region) = 'E'", "id + 1 = 2", "id % 2 = 0", "region || 'x' = 'y'", "CAST(id AS TEXT) = '1'"),
        *("id = (SELECT 1)", "id IN (SELECT 1)", "EXISTS (SELECT 1)", "id = ANY (SELECT 1)", "shops.id = 1"),
        *("id = 1; SELECT 2", "id = 1; DROP TABLE x", "id = 1 -- all", "id = 1 /* all */ OR id = 2", "id = 1)"),
        *("id = 1 GROUP BY 1", "id = 1 LIMIT 1", "id = 1 UNION SELECT 1", "id = 1 ORDER BY 1", "id = 1) OR (1 = 1"),
        *("id = 1 WINDOW w AS ()", "id = 1 QUALIFY true", "id = 1 HAVING true", "id = ?", "id = $key", "id = @key"),
        *("region ILIKE 'e%'", "region SIMILAR TO 'e'", "region GLOB 'e'", "region ~ 'e'", "id IN (1, region)"),
        *("id BETWEEN 1 AND id", "id IS DISTINCT FROM 1", "region = getenv('HOME')", "now() > seen", "id == 1 == 1"),
        *("CASE WHEN true THEN true END", "id IN ()", "seen > DATE 'x' + 1", "region = 'a' COLLATE NOCASE", "NOT id"),
        *(
            "region = 'a\x00'",
            "id = 1\n",
            "region = 'a'\u202e",
            "id = " + "1" * 3_000,
            "(" * 500 + "id = 1" + ")" * 500,
        ),
        *(
            "id = 'abc'",
            "id = '1'",
            "opened = 'soon'",
            "opened = 5",
            "open = 1",
            "open = 'yes'",
            "region = 1",
            "seen > 5",
        ),
        *(
            "region > DATE '2024-01-01'",
            "id = DATE '2024-01-01'",
            "opened = DATE 'soon'",
            "id LIKE '1%'",
            "region LIKE 1",
        ),
        *("region IS TRUE", "region = NULL", "open", "id = 1 AND", "AND id = 1", "WHERE id = 1", "x.region = 'a'"),
    ],
)
def test_nothing_else_is(text: str) -> None:
    with pytest.raises(StatementRejected) as refused:
        condition(text, TABLE)
    assert refused.value.rule == "row-filter"


@pytest.mark.parametrize(
    ("mask", "kind", "told"),
    [
        (Mask("null"), "array", None),
        (Mask("hash"), "string", None),
        (Mask("hash"), "number", "`hash` masks date, integer, string"),
        (Mask("partial"), "integer", "`partial` masks string"),
        (Mask("bucket", width=5), "decimal", None),
        (Mask("bucket"), "integer", "`width`"),
        (Mask("bucket", span="year"), "date", None),
        (Mask("bucket", width=5), "date", "`span`"),
        (Mask("bucket", width=5), "string", "`bucket` masks"),
        (Mask("bucket", width=5, span="year"), "integer", "both"),
    ],
)
def test_a_mask_fits_some_types(mask: Mask, kind: str, told: str | None) -> None:
    found = problem(mask, "x", kind)
    assert told in found if told and found else found is told


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("null", Mask("null")),
        ("hash", Mask("hash")),
        ("partial:2", Mask("partial", keep=2)),
        ("partial:64", Mask("partial", keep=64)),
        ("bucket:10", Mask("bucket", width=10)),
        ("bucket:0.000001", Mask("bucket", width=1e-6)),
        ("bucket:quarter", Mask("bucket", span="quarter")),
    ],
)
def test_a_mask_is_said_in_a_word(text: str, mask: Mask) -> None:
    assert (read_mask(text), spelled(mask)) == (mask, text)


@given(st.floats(min_value=1e-14, max_value=1e14))
def test_a_bucket_is_read_as_it_is_written(width: float) -> None:
    mask = Mask("bucket", width=float(f"{width:.14f}") or 1.0)
    assert read_mask(spelled(mask)) == mask


@pytest.mark.parametrize(
    "text",
    [
        *("", "none", "hash:", "hash:4", "null:", "partial:", "partial:0", "partial:65", "partial:-1", "partial:x"),
        *("bucket", "bucket:", "bucket:0", "bucket:0.0", "bucket:-5", "bucket:nan", "bucket:1e9", "bucket:week"),
        *("bucket:1_0", " hash", "Hash", "partial:٤"),
    ],
)
def test_what_is_no_mask_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        read_mask(text)


def test_what_lake_formation_is_not_asked_for_is_no_finding() -> None:
    # Given roles that show no column in common, and one of them all rows: then there is no filter
    text = edited(
        "roles:\n",
        "roles:\n"
        + "".join(
            f"  - {{role: {name}, access: read, customProperties: [{{property: datamesh.principals, value: [role/x]}},"
            f" {{property: datamesh.columns, value: [{column}]}}{more}]}}\n"
            for name, column, more in (
                ("one", "line", ", {property: datamesh.rows, value: fare > 1}"),
                ("two", "fare", ", {property: datamesh.rows, value: fare < 1}"),
                ("all", "stop_id", ""),
            )
        ),
    )
    assert [finding.rule for finding in lint(text.encode()) if finding.rule.startswith("role.")] == []
    # And a condition that is none is one finding, not two
    wrong = edited("value: [role/planner]\n", f"value: [role/planner]\n      - {ROWS}\n")
    assert [finding.rule for finding in lint(wrong.encode()) if finding.rule.startswith("role.")] == ["role.rows"]
