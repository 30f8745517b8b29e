"""How files are written: what says it, which of them counts, and what lint makes of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from datamesh.contract.intake import InputFormat
from datamesh.contract.lint import lint
from datamesh.contract.parse import parse
from tests.support.contracts import STOPS, edited

DOCS = Path(__file__).parents[3] / "docs" / "contract.md"


def contract(*servers: str, ours: str = "") -> str:
    listed = "".join(f"  - {{server: s{n}, type: local, path: ./x, {server}}}\n" for n, server in enumerate(servers))
    text = edited("schema:\n", f"servers:\n{listed}schema:\n") if servers else STOPS
    property_ = f"      - property: datamesh.input\n        value: {ours}\n    relationships:\n"
    return edited("    relationships:\n", property_, text=text) if ours else text


def custom(value: str) -> str:
    return f"customProperties: [{{property: datamesh.input, value: {value}}}]"


def found(text: str) -> list[tuple[str, str, str]]:
    return [(f.rule, f.path, f.severity) for f in lint(text.encode()) if f.rule.startswith("input.")]


@pytest.mark.parametrize(
    ("servers", "ours", "expected"),
    [
        ((), "", {}),
        (("format: csv",), "", {"format": "csv"}),
        (("format: csv, delimiter: ';'",), "", {"format": "csv", "delimiter": ";"}),
        (("format: json",), "", {"format": "json"}),
        (("format: json, delimiter: new_line",), "", {"format": "jsonl"}),
        (("format: json, delimiter: array",), "", {"format": "json"}),
        (("format: protobuf",), "", {}),
        (("description: where people ask", "format: avro"), "", {"format": "avro"}),
        ((f"format: csv, {custom('{skipLines: 2}')}",), "", {"format": "csv", "skip_lines": 2}),
        ((f"format: csv, {custom('{format: tsv}')}",), "", {"format": "tsv"}),
        (("format: csv",), "{format: parquet}", {"format": "parquet"}),
        (
            (f"format: csv, {custom('{quote: x, escape: y}')}",),
            "{quote: z}",
            {"format": "csv", "quote": "z", "escape": "y"},
        ),
    ],
)
def test_the_schema_object_counts_before_the_server_and_our_word_before_odcs(
    servers: tuple[str, ...], ours: str, expected: dict[str, Any]
) -> None:
    assert parse(contract(*servers, ours=ours)).table.input == InputFormat(**expected)


def test_all_that_can_be_said_of_files() -> None:
    ours = (
        "{format: csv, encoding: windows-1252, skipLines: 3, comment: '#', decimalSeparator: ',', "
        "thousandsSeparator: '.', missingColumns: reject}"
    )
    assert parse(contract(ours=ours)).table.input == InputFormat(
        format="csv",
        encoding="windows-1252",
        skip_lines=3,
        comment="#",
        decimal_separator=",",
        thousands_separator=".",
        missing_columns="reject",
    )
    assert not found(contract(ours=ours))


WRONG: list[tuple[tuple[str, ...], str, str, str]] = [
    (("format: protobuf",), "", "input.format", "warning"),
    (("format: csv", "format: parquet"), "", "input.servers", "warning"),
    (("format: csv",), "{format: parquet}", "input.contradiction", "warning"),
    ((f"format: csv, {custom('{format: parquet}')}",), "", "input.contradiction", "warning"),
    ((), "{format: parquet, delimiter: ';'}", "input.unused", "warning"),
    ((), "{format: csv, sheet: One}", "input.unused", "warning"),
    (("format: avro",), "{encoding: latin-1}", "input.unused", "warning"),
    ((), "{decimalSeparator: ',', thousandsSeparator: ','}", "input.separators", "error"),
    ((), "{thousandsSeparator: '.'}", "input.separators", "error"),
    ((), "{delimiter: '#', comment: '#'}", "input.characters", "error"),
    ((), "{delimiter: '|', escape: '|'}", "input.characters", "error"),
]


@pytest.mark.parametrize(("servers", "ours", "rule", "severity"), WRONG)
def test_contradictions_and_what_cannot_be_are_found(
    servers: tuple[str, ...], ours: str, rule: str, severity: str
) -> None:
    assert [(name, level) for name, _, level in found(contract(*servers, ours=ours))] == [(rule, severity)]


def test_the_documentation_names_each_of_these_rules() -> None:
    documented = re.findall(r"^\| `(input\.[a-z]+)` \| (error|warning)", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(documented) == sorted({(rule, severity) for _, _, rule, severity in WRONG})


def test_what_agrees_is_no_finding() -> None:
    assert not found(contract("format: csv", "format: csv, description: again", ours='{format: csv, quote: "\'"}'))
    assert not found(STOPS)
