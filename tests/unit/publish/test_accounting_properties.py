"""Random contracts, random dirty files: every row goes where a slow independent reference says it must.

`HYPOTHESIS_PROFILE=thorough` looks for more, and at other examples each time.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from datamesh.contract.lint import has_errors, lint
from datamesh.contract.parse import parse
from datamesh.publish.ledger import Counts
from datamesh.publish.stage import Engine
from datamesh.publish.try_out import TryOut, try_out
from tests.support.reference import Judged, judge
from tests.support.staging import Outcome, staged

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
ENGINE = Engine(memory_mb=300, threads=2)
NAMES = ("a", "b", "c", "d", "e")

# Texts that a file may hold for a column of each type: right, wrong, and what is easily taken for one of them.
TEXTS: dict[str, list[str]] = {
    "string": ["x", "AB", "abc", "a,b;c", 'q"t', "two\nlines", " pad ", "ünï", "a long text of many words", "?", "0"],
    "integer": [
        *("0", "1", "2", "5", "10", "-7", "+3", "007", "1.0", "1.", "1.5", "1e3", "x", "0x1F", "1_000"),
        *("9223372036854775807", "9223372036854775808", "9007199254740993", "9007199254740992"),
    ],
    "number": ["0", "1.5", "-2.25", "1e3", "1E-2", ".5", "5.", "1e400", "nan", "inf", "1,5", "1_000", "x", "0x10"],
    "decimal(6,2)": ["0", "1.50", "12.34", "9999.99", "10000", "0.005", "1e2", "1.500", "-1.05", "x", "1_0", "1,5"],
    "decimal(20,2)": ["123456789012345678.01", "123456789012345678.014", "0.10", "1234567890123456789", "x"],
    "boolean": ["true", "false", "TRUE", "f", "t", "yes", "no", "y", "n", "1", "0", "2", "maybe"],
    "date": ["2001-01-01", "2000-02-29", "2001-02-29", "9999-12-31", "0001-01-01", "0000-01-01", "99999-01-01", "soon"],
    "timestamp": [
        *("2001-01-01 10:00:00", "2001-01-01T10:00:00.123456", "2001-01-01", "2001-01-01T10:00:00Z", "epoch"),
        *("2001-01-01T10:00:00+02:00", "2001-01-01 25:00:00", "0000-01-01 00:00:00", "10:00:00", "now"),
    ],
    "timestamptz": ["2001-01-01 10:00:00", "2001-01-01T10:00:00Z", "2001-01-01T12:00:00+02:00", "infinity", "13:00"],
    "time": ["10:00:00", "23:59:59.5", "25:00:00", "noon", "10:61:00"],
}  # fmt: skip
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "string": [{"minLength": 2}, {"maxLength": 3}, {"pattern": "^[a-z]"}, {"pattern": "[0-9]|b$"}],
    "integer": [
        *({"minimum": 0}, {"exclusiveMinimum": 2, "maximum": 10}, {"multipleOf": 5}),
        {"maximum": 9007199254740992},
    ],
    "number": [{"minimum": 0}, {"exclusiveMaximum": 1.5}, {"multipleOf": 0.25}],
    "decimal(6,2)": [{"minimum": 0.05}, {"exclusiveMaximum": 12.34}, {"multipleOf": 0.05}],
    "decimal(20,2)": [{"maximum": 123456789012345678}],
    "date": [{"minimum": "2001-01-01"}, {"exclusiveMaximum": "2001-01-01"}],
    "timestamp": [{"minimum": "2001-01-01T10:00:00"}],
}
ENUMS: dict[str, list[Any]] = {"string": ["AB", "x", "two\nlines"], "integer": [1, 2, 5, 9007199254740993]}
RULES = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), "range"),
    **dict.fromkeys(("minLength", "maxLength"), "length"),
    **{name: name for name in ("pattern", "multipleOf")},
}


@st.composite
def properties(draw: st.DrawFn, name: str) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(TEXTS)))
    made: dict[str, Any] = {"name": name, "logicalType": kind}
    options: dict[str, Any] = dict(draw(st.sampled_from([{}, *OPTIONS.get(kind, [])])))
    if kind.startswith("decimal"):
        made |= {"logicalType": "number", "physicalType": kind}
    if kind == "timestamptz":
        made["logicalType"] = "timestamp"
        options["timezone"] = True
    if options:
        made["logicalTypeOptions"] = options
    if kind in ENUMS and draw(st.booleans()):
        made["enum"] = [{"value": value} for value in ENUMS[kind]]
    made |= {flag: True for flag in ("required", "unique") if draw(st.integers(0, 3)) == 0}
    if draw(st.integers(0, 3)) == 0:
        made["transformSourceObjects"] = [f"the {name}"]
    if quality := draw(st.lists(checks(kind), max_size=2, unique_by=lambda check: check["metric"])):
        made["quality"] = quality
    if rules := [rule for rule in sorted(rules_of(made)) if draw(st.integers(0, 3)) == 0]:
        made["customProperties"] = [{"property": "datamesh.severity", "value": dict.fromkeys(rules, "warning")}]
    return made


def rules_of(p: dict[str, Any]) -> set[str]:
    """The built-in rules that a property has."""
    found = {rule for rule in ("required", "unique", "enum") if rule in p}
    found |= {RULES[option] for option in p.get("logicalTypeOptions", {}) if option in RULES}
    return found | ({"type"} if p["logicalType"] != "string" else set())


@st.composite
def checks(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    metrics = ["nullValues", "missingValues"] + (["invalidValues"] if kind in ENUMS else [])
    made: dict[str, Any] = {"metric": draw(st.sampled_from(metrics)), "mustBe": 0}
    if made["metric"] == "missingValues":
        made["arguments"] = {"missingValues": ["?", "x"]}
    if made["metric"] == "invalidValues":
        made["arguments"] = {"validValues": ENUMS[kind][:2]}
    return made | ({"severity": "warning"} if draw(st.booleans()) else {})


@st.composite
def contracts(draw: st.DrawFn) -> dict[str, Any]:
    names = NAMES[: draw(st.integers(2, 5))]
    columns = [draw(properties(name)) for name in names]
    for place, number in enumerate(draw(st.lists(st.integers(0, len(names) - 1), max_size=2, unique=True)), 1):
        columns[number] |= {"primaryKey": True, "primaryKeyPosition": place}
    form = draw(forms())
    own = [{"property": "datamesh.input", "value": form}] if form else []
    own += [{"property": "datamesh.writeMode", "value": "overwrite"}] if draw(st.integers(0, 3)) == 0 else []
    limit = draw(st.sampled_from([None, None, 0, 25, 60]))
    own += [{"property": "datamesh.thresholds", "value": {"maxQuarantinedPercent": limit}}] if limit is not None else []
    if any("primaryKey" in p for p in columns) and draw(st.booleans()):
        own.append({"property": "datamesh.severity", "value": {"primaryKey": "warning"}})
    table = {"name": "things", "physicalType": "table", "properties": columns, "customProperties": own}
    head = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "things", "version": "1.0.0", "status": "active"}
    return head | {"domain": "test", "dataProduct": "things", "schema": [table]}


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    form: dict[str, Any] = {}
    if draw(st.booleans()):
        form["delimiter"] = draw(st.sampled_from([",", ";", "\t", "|"]))
    if draw(st.integers(0, 2)) == 0:
        form |= {"quote": draw(st.sampled_from(['"', "'"])), "escape": draw(st.sampled_from(["\\", '"']))}
        form["escape"] = form["quote"] if form["escape"] == '"' else "\\"
    if draw(st.integers(0, 3)) == 0:
        form["encoding"] = draw(st.sampled_from(["latin-1", "utf-16"]))
    if draw(st.integers(0, 5)) == 0:
        form |= {"header": False, "delimiter": form.get("delimiter", ",")}
    if draw(st.booleans()):
        form["nullWords"] = draw(st.sampled_from([["NA"], ["NULL", "x"], ["0"]]))
    return form


def kind_of(p: dict[str, Any]) -> str:
    if p.get("logicalTypeOptions", {}).get("timezone"):
        return "timestamptz"
    return str(p.get("physicalType") or p["logicalType"])


def form_of(contract: dict[str, Any]) -> dict[str, Any]:
    own = {item["property"]: item["value"] for item in contract["schema"][0]["customProperties"]}
    return dict(own.get("datamesh.input", {}))


def texts(p: dict[str, Any]) -> st.SearchStrategy[str]:
    known = TEXTS[kind_of(p)]
    return st.one_of(st.sampled_from(known[:3]), st.sampled_from([*known, "", "NA", "x"]))


@st.composite
def files(draw: st.DrawFn, contract: dict[str, Any]) -> list[tuple[str, bytes]]:
    makers = {"csv": csv_files, "jsonl": json_files, "parquet": parquet_files}
    kinds = draw(st.lists(st.sampled_from(["csv", "csv", "jsonl", "parquet"]), min_size=1, max_size=3))
    return [(f"{number}.{kind}", draw(makers[kind](contract))) for number, kind in enumerate(kinds)]


@st.composite
def csv_files(draw: st.DrawFn, contract: dict[str, Any]) -> bytes:
    form, columns = form_of(contract), contract["schema"][0]["properties"]
    header = form.get("header", True)
    if header:
        columns = draw(st.permutations(columns))
        columns = columns[:2] + [p for p in columns[2:] if draw(st.integers(0, 5))]
    names = [p.get("transformSourceObjects", [p["name"]])[0] for p in columns]
    extra = draw(st.integers(0, 5)) == 0 and header
    dialect = _Dialect(draw, form, extra=extra)
    lines = [dialect.line([*names, *(["more"] if extra else [])])] if header else []
    for number in range(draw(st.integers(0 if header else 1, 12))):
        cells = [draw(texts(p)) for p in columns] + (["more"] if extra else [])
        lines.append(dialect.row(cells, clean=number == 0))
    body = dialect.end.join(lines) + draw(st.sampled_from([dialect.end, dialect.end * 2, ""]))
    encoding = form.get("encoding", "utf-8")
    mark = "\ufeff" if encoding == "utf-8" and draw(st.integers(0, 5)) == 0 else ""
    return (mark + body).encode(encoding, "surrogateescape")


class _Dialect:
    """How the lines of one CSV are written, and the ways in which a line may be none."""

    def __init__(self, draw: st.DrawFn, form: dict[str, Any], *, extra: bool) -> None:
        self._draw = draw
        self._delimiter = form.get("delimiter") or draw(st.sampled_from([",", ";", "\t", "|"]))
        self._quote = form.get("quote", '"')
        self._escape = form.get("escape", self._quote)
        self.end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
        self._harm = ["", "", "short", "long", "trailing", "quote"]
        self._harm += ["bytes"] if "encoding" not in form else []

    def row(self, cells: list[str], *, clean: bool) -> str:
        harm = self._draw(st.sampled_from(self._harm)) if not clean and not self._draw(st.integers(0, 5)) else ""
        line = self.line(cells)
        match harm:
            case "short":
                return self.line(cells[:-1]) if len(cells) > 2 else line
            case "long":
                return self.line([*cells, "1", "2"])
            case "trailing":
                return line + self._delimiter
            case "quote":
                return self._delimiter.join([f"{self._quote}a{self._quote}b", *map(self._field, cells[1:])])
            case "bytes":
                return self.line([*cells[:-1], "\udcff"])
            case _:
                return line

    def line(self, cells: list[str]) -> str:
        return self._delimiter.join(map(self._field, cells))

    def _field(self, text: str) -> str:
        special = any(c in text for c in (self._delimiter, self._quote, "\n", "\r"))
        if not special and self._draw(st.integers(0, 9)):
            return text
        return self._quote + text.replace(self._quote, self._escape + self._quote) + self._quote


@st.composite
def json_files(draw: st.DrawFn, contract: dict[str, Any]) -> bytes:
    columns, encoding = contract["schema"][0]["properties"], form_of(contract).get("encoding", "utf-8")
    lines = []
    for number in range(draw(st.integers(1, 8))):
        harm = draw(st.sampled_from(["", "", "", "", "", "[1]", '"x"', '{"a": ', "", "  "])) if number else ""
        lines.append(harm or json.dumps(draw(objects(columns)), ensure_ascii=False))
    return "\n".join([*lines, ""]).encode(encoding)


@st.composite
def objects(draw: st.DrawFn, columns: list[dict[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for p in columns:
        name = p.get("transformSourceObjects", [p["name"]])[0]
        how = draw(st.integers(0, 9))
        if how == 0:
            made[name] = None
        elif how > 1 or name == columns[0]["name"]:
            plain = st.sampled_from([0, 1, -7, 1.5, True, False, 9007199254740993])
            made[name] = draw(plain if how == 2 else texts(p))
    return made | ({"more": 1} if draw(st.integers(0, 9)) == 0 else {})


NATIVE: dict[str, tuple[pa.DataType, list[Any]]] = {
    "integer": (pa.int64(), [0, 1, 2, 5, -7, 9007199254740993]),
    "number": (pa.float64(), [0.0, 1.5, -2.25, 1000.0]),
    "boolean": (pa.bool_(), [True, False]),
    "date": (pa.date32(), [date(2001, 1, 1), date(1999, 12, 31)]),
    "timestamp": (pa.timestamp("us"), [datetime(2001, 1, 1, 10), datetime(2001, 1, 1, 9, 59, 59)]),
}


@st.composite
def parquet_files(draw: st.DrawFn, contract: dict[str, Any]) -> bytes:
    rows = draw(st.integers(1, 8))
    arrays = {}
    for p in contract["schema"][0]["properties"]:
        name, kind = p.get("transformSourceObjects", [p["name"]])[0], kind_of(p)
        if kind in NATIVE and draw(st.booleans()):
            shape, values = NATIVE[kind]
            cells = draw(st.lists(st.sampled_from([*values, None]), min_size=rows, max_size=rows))
        else:
            shape = pa.string()
            cells = draw(st.lists(st.one_of(texts(p), st.none()), min_size=rows, max_size=rows))
        arrays[name] = pa.array(cells, shape)
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out)
    return out.getvalue()


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[str, bytes]]]:
    contract = draw(contracts())
    return contract, draw(files(contract))


@settings(
    max_examples=3_000 if THOROUGH else 60,
    derandomize=not THOROUGH,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    print_blob=True,
)
@given(cases())
def test_every_row_goes_where_the_reference_says(case: tuple[dict[str, Any], list[tuple[str, bytes]]]) -> None:
    document, inputs = case
    body = json.dumps(document).encode()
    assume(not has_errors(lint(body)))
    expected = judge(document, inputs)

    with tempfile.TemporaryDirectory() as directory:
        tried, done = published(Path(directory), body, inputs)
        event(tried.status)
        assert tried.status == status_of(document, expected)
        assert (done is None) == expected.refused
        if done is not None:
            same(tried, done, expected)


def same(tried: TryOut, done: Outcome, expected: Judged) -> None:
    assert Counter(done.good) == Counter(expected.good)
    bad = done.bad
    assert sorted(map(place, bad)) == sorted((b.file, b.row, b.rule, b.column or "") for b in expected.bad)
    # A value that a file holds typed is no text: how it is shown is left open.
    values = {(b.file, b.row): b.value for b in expected.bad if not b.file.endswith("parquet")}
    assert {(f, n): v or None for f, n, _, _, v in bad if not f.endswith("parquet")} == values
    assert done.hits == {rule: n for rule, n in expected.hits.items() if n}
    bad_rows, whole = len(expected.bad), tried.status == "rejected"
    assert tried.counts == Counts(
        rows_in=expected.rows_in,
        rows_published=0 if whole else len(expected.good),
        rows_quarantined=bad_rows,
        rows_superseded=0 if whole else expected.superseded,
        rows_rejected=expected.rows_in - bad_rows if whole else 0,
    )
    assert tried.counts.balanced


def place(bad: tuple[Any, ...]) -> tuple[Any, ...]:
    file, row, rule, column, _ = bad
    return file, row, rule, column or ""


def published(into: Path, contract: bytes, inputs: list[tuple[str, bytes]]) -> tuple[TryOut, Outcome | None]:
    """What trying out says of the files as one batch; and their rows, where none of them is refused."""
    parsed = parse(contract)
    paths = []
    for name, body in inputs:
        (into / name).write_bytes(body)
        paths.append(into / name)
    tried = try_out(parsed, paths, workdir=into / "tried", engine=ENGINE)
    wanted = inputs[-1:] if parsed.table.write_mode == "overwrite" else inputs
    if tried.refused:
        return tried, None
    (into / "staged").mkdir()
    return tried, staged(into / "staged", parsed.table, dict(wanted))


def status_of(document: dict[str, Any], expected: Judged) -> str:
    own = {item["property"]: item["value"] for item in document["schema"][0]["customProperties"]}
    most = own.get("datamesh.thresholds", {}).get("maxQuarantinedPercent", 100)
    looked_at = len(expected.good) + len(expected.bad)
    if expected.refused or not expected.good or 100 * len(expected.bad) > most * looked_at:
        return "rejected"
    return "partial" if expected.bad else "published"
