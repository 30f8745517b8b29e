"""A drafted contract is one that its files can be published under, row for row."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from datamesh.contract.draft import render
from datamesh.contract.lint import lint
from datamesh.contract.model import Contract, Table
from datamesh.contract.parse import parse
from datamesh.errors import UnreadableInput
from datamesh.publish.infer import infer
from datamesh.publish.job import Engine
from datamesh.publish.try_out import try_out
from examples.nycflights import locate

ENGINE = Engine(memory_mb=300, threads=2)


def written(where: Path, files: Mapping[str, str | bytes]) -> list[Path]:
    for name, body in files.items():
        (where / name).write_bytes(body.encode() if isinstance(body, str) else body)
    return [where / name for name in files]


def drafted(where: Path, files: Mapping[str, str | bytes]) -> dict[str, tuple[Contract, str]]:
    """The contracts drafted from files: each lints without errors, and all rows of its files are published under it."""
    paths = written(where, files)
    found = {}
    for draft in infer(paths, workdir=where / "work", engine=ENGINE):
        text = render(draft, domain="draft")
        errors = [f for f in lint(text.encode(), file=f"{draft.product}.odcs.yaml") if f.severity == "error"]
        assert errors == []
        found[draft.product] = (parse(text), text)
    for path in paths:
        owner = next((c for name, (c, _) in found.items() if path.name.lower().startswith(name.rstrip("_"))), None)
        if owner is not None:
            tried = try_out(owner, [path], workdir=where / f"try-{path.name}", engine=ENGINE)
            assert (tried.status, tried.counts.rows_quarantined) == ("published", 0), tried.reasons
    return found


def table_of(where: Path, body: str | bytes, name: str = "things.csv") -> tuple[Table, str]:
    [(contract, text)] = drafted(where, {name: body}).values()
    return contract.table, text


TYPED = """\
id;Name;size;price;ratio;day;seen;clock;flag;zip;mail;note
1;Ada;10;1.50;0.1;01.02.2013;2013-01-01T10:00:00Z;10:30;yes;01234;ada@example.com;
2;Bob;NA;20.25;2;28.02.2013;2013-01-02T10:00:00Z;11:45;no;98765;bob@example.com;x
3;Cyd;12;3.00;1e3;31.12.2013;2013-01-03T10:00:00Z;00:00;no;00001;cyd@example.com;y
"""


def test_types_formats_and_null_words_are_seen(tmp_path: Path) -> None:
    table, text = table_of(tmp_path, TYPED)
    kinds = {c.name: (c.type.kind, c.options.get("format")) for c in table.columns}
    assert kinds == {
        "id": ("integer", None),
        "name": ("string", None),
        "size": ("integer", None),
        "price": ("decimal", None),
        "ratio": ("number", None),
        "day": ("date", "dd.MM.yyyy"),
        "seen": ("timestamptz", None),
        "clock": ("time", None),
        "flag": ("boolean", None),
        "zip": ("string", None),
        "mail": ("string", "email"),
        "note": ("string", None),
    }
    assert (table.input.delimiter, table.input.null_words, table.columns[1].source) == (";", ("", "NA"), "Name")
    assert [c.name for c in table.columns if not c.required] == ["size", "note"]
    assert table.primary_key == ("id",)
    assert "# doubt: 2 values have leading zeros" in text


def test_a_key_of_several_columns_is_found(tmp_path: Path) -> None:
    rows = [f"{line},{stop},{hour},1" for line in "ABC" for stop in range(4) for hour in range(5)]
    table, text = table_of(tmp_path, "\n".join(["line,stop,hour,n", *rows]))
    assert table.primary_key == ("line", "stop", "hour")
    assert [e.value for e in table.columns[0].enum] == [], "a part of the key is no enumeration"
    assert "together they tell all rows apart" in text


def test_a_table_without_a_key_says_so(tmp_path: Path) -> None:
    table, text = table_of(tmp_path, "a,b\n" + "x,1\n" * 30)
    assert table.primary_key == ()
    assert "no key was found" in text


def test_a_text_with_few_values_is_an_enumeration_in_doubt(tmp_path: Path) -> None:
    table, text = table_of(tmp_path, "id,kind\n" + "".join(f"{i},{'bus' if i % 3 else 'tram'}\n" for i in range(30)))
    assert [e.value for e in table.columns[1].enum] == ["bus", "tram"]
    assert "2 different values were seen" in text


def test_a_word_that_may_mean_nothing_in_texts_stays_and_is_a_doubt(tmp_path: Path) -> None:
    table, text = table_of(tmp_path, "id,country\n1,DE\n2,NA\n3,FR\n")
    assert table.input.null_words == ("",)
    assert table.columns[1].required
    assert "`NA` stands in 1 rows" in text


def test_files_of_one_shape_are_one_product_and_others_refer_to_it(tmp_path: Path) -> None:
    found = drafted(
        tmp_path,
        {
            "stops_2013-01.csv": "stop_id,name\nS1,Airport\nS2,Beach\n",
            "stops_2013-02.csv": "stop_id,name\nS3,Castle\nS4,Dock\n",
            "rides.csv": "ride,stop,fare\n" + "".join(f"{n},S{n % 4 + 1},{n}.50\n" for n in range(40)),
        },
    )
    assert set(found) == {"stops", "rides"}
    assert found["stops"][0].table.primary_key == ("stop_id",)
    [reference] = found["rides"][0].table.relationships
    assert (reference.columns, reference.to.product, reference.to_columns) == (("stop",), "stops", ("stop_id",))
    assert "100% of its values stand in stops.stop_id" in found["rides"][1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_records_agree_on(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "what, or who", "n"], ["1", '"a;b|c,d\te"', "3,5"], ["2", "x", "4"]]
    quoted = [[f'"{v}"' if delimiter in v and not v.startswith('"') else v for v in row] for row in rows]
    table, _ = table_of(tmp_path, "\n".join(delimiter.join(row) for row in quoted) + "\n")
    assert (table.input.delimiter, [c.name for c in table.columns]) == (delimiter, ["id", "what_or_who", "n"])


def test_a_file_without_a_header_gets_names_by_position(tmp_path: Path) -> None:
    table, text = table_of(tmp_path, "1,a,2013-01-01\n2,b,2013-01-02\n")
    assert [(c.name, c.type.kind) for c in table.columns] == [
        ("column_1", "integer"),
        ("column_2", "string"),
        ("column_3", "date"),
    ]
    assert not table.input.header
    assert "no header was seen" in text


def test_json_lines_packed(tmp_path: Path) -> None:
    body = '{"id": 1, "day": "2013-01-01", "tags": ["a"]}\n{"id": 2, "day": "2013-01-02", "tags": []}\n'
    table, text = table_of(tmp_path, gzip.compress(body.encode()), "things.jsonl.gz")
    assert {c.name: c.type.kind for c in table.columns} == {"id": "integer", "day": "date", "tags": "string"}
    assert "JSON objects or lists" in text


def test_parquet_has_its_own_types(tmp_path: Path) -> None:
    file = tmp_path / "made.parquet"
    columns = "7::BIGINT AS id, 1.25::DOUBLE AS r, 1.50::DECIMAL(6,2) AS p, DATE '2013-01-01' AS d, true AS b"
    duckdb.connect().execute(f"COPY (SELECT {columns}, TIMESTAMPTZ '2013-01-01 10:00+00' AS t, '7' AS s) TO '{file}'")
    table, _ = table_of(tmp_path, file.read_bytes(), "things.parquet")
    assert [c.type.kind for c in table.columns] == [
        "integer",
        "number",
        "decimal",
        "date",
        "boolean",
        "timestamptz",
        "integer",
    ]


def test_a_zip_of_files_and_text_in_another_encoding(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "id;where\n1;Köln\n".encode("utf-16"))
        archive.writestr("b.csv", "id;where\n2;Bonn\n")
    table, _ = table_of(tmp_path, packed.getvalue(), "things.zip")
    assert [(c.name, c.type.kind) for c in table.columns] == [("id", "integer"), ("where_", "string")]
    assert (table.primary_key, table.input.delimiter) == (("id",), ";")


def test_lines_that_are_no_rows_are_a_doubt(tmp_path: Path) -> None:
    [path] = written(tmp_path, {"things.csv": "id,b\n1,x\n2,y,z\n3,w\n"})
    [draft] = infer([path], workdir=tmp_path / "work", engine=ENGINE)
    assert draft.doubts[0].startswith("1 lines are no rows")


def test_a_file_that_publishing_would_refuse_cannot_be_drafted_from(tmp_path: Path) -> None:
    [path] = written(tmp_path, {"empty.csv": ""})
    with pytest.raises(UnreadableInput, match="empty-file"):
        infer([path], workdir=tmp_path / "work", engine=ENGINE)


def test_the_example_mesh_is_drafted_from_its_files(tmp_path: Path) -> None:
    """Its keys and the references between its files are those that its own contracts have."""
    files = {name: path for name, path in locate(tmp_path / "data").items() if name != "operations.flights"}
    drafts = infer(list(files.values()), workdir=tmp_path / "work", engine=ENGINE)
    keys = {d.product: [c.name for c in sorted(d.columns, key=lambda c: c.key or 0) if c.key] for d in drafts}
    assert keys == {
        "airlines": ["carrier"],
        "airports": ["faa"],
        "planes": ["tailnum"],
        "weather": ["origin", "time_hour"],
    }
    for draft, path in zip(drafts, files.values(), strict=True):
        text = render(draft, domain="draft")
        assert [f for f in lint(text.encode()) if f.severity == "error"] == []
        tried = try_out(parse(text), [path], workdir=tmp_path / f"try-{draft.product}", engine=ENGINE)
        assert (tried.status, tried.counts.rows_quarantined) == ("published", 0), tried.reasons
