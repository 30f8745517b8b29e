"""Preflight: what a file is, by its content, and whether it has the contract's columns."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamesh.contract.intake import InputFormat
from datamesh.publish.preflight import MAX_BYTES, MAX_COLUMNS, Preflight, inspect
from tests.support.staging import column, table

COLUMNS = (column("id", "integer", primary_key_position=1), column("name", required=True), column("note"))
CSV = b"id,name,note\n1,a,\n"


@dataclass(frozen=True)
class Bytes:
    """A file in memory that tells how much of it was read."""

    name: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, length: int) -> bytes:
        return self.data[start : start + length]


def look(data: bytes | str, name: str = "f", **form: Any) -> Preflight:
    body = data.encode() if isinstance(data, str) else data
    return inspect(Bytes(name, body), table(*COLUMNS, input=InputFormat(**form)))


def rules(found: Preflight) -> list[tuple[str, str | None]]:
    return [(reason.rule, reason.column) for reason in found.reasons]


def parquet(**columns: list[Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def packed(data: bytes) -> bytes:
    """Without the time in it: parallel workers must see the same test ids."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize("name", ["f", "f.csv", "drop/2013/F.CSV", "f.tsv", "f.dat"])
def test_a_csv_is_taken_under_any_name_that_does_not_deny_it(name: str) -> None:
    found = look(CSV, name)

    assert found.layout is not None
    assert (found.layout.format, found.layout.fields) == ("csv", ("id", "name", "note"))


def test_gzip_is_looked_into_and_to_be_opened() -> None:
    found = look(packed(CSV), "f.csv.gz")

    assert (found.layout, found.reasons) == (None, ())
    assert (found.seen.packing, found.seen.kind) == ("gzip", "csv")
    assert rules(look(packed(b"note\n"), "f.csv.gz")) == [("missing-column", "id"), ("missing-column", "name")]


@pytest.mark.parametrize(
    ("data", "name", "rule"),
    [
        (b"", "f.csv", "empty-file"),
        (b" \n\n", "f.csv", "empty-file"),
        (packed(b""), "f.csv.gz", "empty-file"),
        (b"\xef\xbb\xbf", "f.csv", "empty-file"),
        (parquet(id=[], name=[]), "f.parquet", "empty-file"),
        (b"PAR1 and no footer", "f.parquet", "unreadable"),
        (b"PAR1" + b"\xff" * 20 + b"PAR1", "f.parquet", "unreadable"),
        (b"PAR1" + b"\0" * 20 + b"\x08\0\0\0PAR1", "f.parquet", "unreadable"),
        (packed(CSV)[:8], "f.csv.gz", "unreadable"),
        (b"\x1f\x8b\x08\xff not gzip at all", "f.csv.gz", "unreadable"),
        (b"\xff\xfe\x00\xd8a\0", "f.csv", "unreadable"),
        (b"\xff\xfe\0\0i\0\0\0", "f.csv", "wrong-encoding"),
        (CSV, "f.parquet", "wrong-format"),
        (CSV, "f.jsonl", "wrong-format"),
        (CSV, "f.csv.gz", "wrong-format"),
        (packed(CSV), "f.csv", "wrong-format"),
        (parquet(id=[1], name=["a"]), "f.csv", "wrong-format"),
        (b"PK\x03\x04 a zip", "f.csv", "wrong-format"),
        (packed(b"PK\x03\x04 a zip"), "f.gz", "wrong-format"),
        (packed(packed(CSV)), "f.csv.gz", "wrong-format"),
        (b"[\n{}]", "f.jsonl", "wrong-format"),
        (b"id,name\n1,\0\n", "f.csv", "wrong-format"),
        (packed(b"\0" * 10_000), "f.csv.gz", "wrong-format"),
        (b"%PDF-1.7", "f.pdf", "wrong-format"),
        (b"id,name" + b"x" * 1_100_000, "f.csv", "unreadable"),
    ],
)
def test_what_is_not_what_it_says_is_refused(data: bytes, name: str, rule: str) -> None:
    found = look(data, name)

    assert rules(found) == [(rule, None)]
    assert found.layout is None


def test_the_contract_s_format_counts_more_than_what_a_file_is() -> None:
    assert rules(look('{"id": 1, "name": "a"}', format="csv")) == [("wrong-format", None)]
    assert look('{"id": 1, "name": "a"}', format="json").layout is not None


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_finds_the_columns(delimiter: str) -> None:
    layout = look(delimiter.join(["note", "with, a; comma", "id", "name"]) + "\n").layout

    assert layout is not None
    assert layout.delimiter == delimiter


def test_a_declared_dialect_is_used() -> None:
    layout = look("'id'~'na''me'~name\n", delimiter="~", quote="'").layout

    assert layout is not None
    assert layout.fields == ("id", "na'me", "name")
    assert (layout.quote, layout.escape) == ("'", "'")


def test_a_header_may_have_a_byte_order_mark_quotes_and_line_breaks() -> None:
    layout = look(b'\xef\xbb\xbf"id"," name ","no\nte"\r\n1,2,3\r\n').layout

    assert layout is not None
    assert layout.fields == ("id", "name", "no\nte")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16", "windows-1252"])
def test_encodings(encoding: str) -> None:
    found = look("id,name,größe\n1,a,ü\n".encode(encoding), encoding=encoding)

    assert not found.reasons
    assert [note.column for note in found.notes] == ["größe", "note"]
    assert (found.layout is None) == (encoding != "utf-8")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CSV.decode().encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + CSV.decode().encode("utf-16-be"), "utf-16-be"),
        (CSV.decode().encode("utf-16-le"), "utf-16-le"),
        (CSV.decode().encode("utf-16-be"), "utf-16-be"),
        (b"\xef\xbb\xbf" + CSV, "utf-8"),
    ],
)
def test_an_encoding_that_nobody_declared_is_told_from_the_bytes(text: bytes, encoding: str) -> None:
    found = look(text)

    assert not found.reasons
    assert found.seen.encoding == encoding


def test_a_mark_of_another_encoding_than_the_declared_one_is_refused() -> None:
    assert rules(look(CSV.decode().encode("utf-16"), encoding="utf-8")) == [("wrong-encoding", None)]
    assert rules(look(b"\xef\xbb\xbf" + CSV, encoding="latin-1")) == [("wrong-encoding", None)]


def test_a_broken_character_after_the_header_is_a_matter_of_its_row() -> None:
    assert look(CSV + b"2,\xff,\n").layout is not None
    assert rules(look(b"id,n\xffme\n")) == [("unreadable", None)]


def test_columns_that_must_have_values_must_be_there() -> None:
    assert rules(look("note\nx\n")) == [("missing-column", "id"), ("missing-column", "name")]
    assert rules(look("name,note\nx,y\n")) == [("missing-column", "id")]
    assert look("id,name\n1,x\n").layout is not None


def test_a_file_without_any_of_the_columns_says_nothing_of_its_own_words() -> None:
    found = look("Jane Doe,42 Main Street\nJohn Doe,43 Main Street\n")

    assert {rule for rule, _ in rules(found)} == {"missing-column"}
    assert {name for _, name in rules(found)} == {"id", "name", "note"}
    assert found.notes == ()


def test_columns_that_may_be_missing_are_noted_or_wanted() -> None:
    let_pass = look("id,name\n1,a\n")
    assert let_pass.layout is not None
    assert [(note.rule, note.column) for note in let_pass.notes] == [("missing-column", "note")]
    assert rules(look("id,name\n1,a\n", missing_columns="reject")) == [("missing-column", "note")]


def test_names_are_known_whatever_their_capitals_where_only_one_is_meant() -> None:
    layout = look("ID,Name,other\n1,a,2\n").layout
    assert layout is not None
    assert layout.fields == ("id", "name", "other")

    both = look("ID,id,name\n1,1,a\n")
    assert both.layout is not None
    assert both.layout.fields == ("ID", "id", "name")
    assert {rule for rule, _ in rules(look("Id,ID,name\n1,1,a\n"))} == {"missing-column"}
    assert rules(look(parquet(id=[1], ID=[2], name=["a"]), "f.parquet")) == [
        ("duplicate-column", "id"),
        ("duplicate-column", "ID"),
    ]


def test_lines_before_the_header_and_comments_are_left_out() -> None:
    layout = look("Report\n2013\n\n# of January\nid,name\n1,a\n", skip_lines=2, comment="#").layout
    assert layout is not None
    assert layout.fields == ("id", "name")


def test_a_file_that_no_function_has_room_for_is_not_even_looked_at() -> None:
    class Large:
        name, size = "f.csv", MAX_BYTES + 1

        def read(self, start: int, length: int) -> bytes:
            raise AssertionError

    assert rules(inspect(Large(), table(*COLUMNS))) == [("too-large", None)]


def test_more_columns_than_can_be_read_are_refused() -> None:
    names = ",".join(["id", "name", *(f"c{n}" for n in range(MAX_COLUMNS))])
    assert rules(look(f"{names}\n")) == [("too-many-columns", None)]


def test_columns_that_the_contract_lacks() -> None:
    text = "id,name,zip,age\n1,a,2,3\n"

    let_pass = look(text)
    assert let_pass.layout is not None
    assert [(note.rule, note.column) for note in let_pass.notes][:2] == [
        ("extra-column", "age"),
        ("extra-column", "zip"),
    ]
    assert rules(look(text, extra_columns="reject")) == [("extra-column", "age"), ("extra-column", "zip")]


def test_a_column_that_stands_twice() -> None:
    assert rules(look("id,name,id\n1,a,2\n")) == [("duplicate-column", "id")]
    assert look("id,name,x,x\n1,a,2,2\n").layout is not None


def test_without_a_header_columns_stand_in_the_contract_s_order() -> None:
    layout = look("1,a\n2,b\n", header=False).layout
    assert layout is not None
    assert (layout.fields, layout.header) == (("id", "name"), False)

    assert rules(look("1\n", header=False)) == [("missing-column", "name")]
    assert rules(look("1,a,x,y,z\n", header=False, extra_columns="reject")) == [
        ("extra-column", "#4"),
        ("extra-column", "#5"),
    ]


def test_json_lines_are_asked_for_the_contract_s_columns() -> None:
    found = look('{"id": 1}\n\nnot json\n{"name": "a", "zip": 3}\n{"cut o', "f.jsonl")

    assert found.layout is not None
    assert found.layout.fields == ("id", "name", "note")
    assert [note.column for note in found.notes] == ["zip"]
    assert {rule for rule, _ in rules(look('{"other": 1}\n', "f.jsonl"))} == {"missing-column"}


@pytest.mark.parametrize(
    "data",
    [b'{"id": 1, "name": "\xff"}\n', b'{"id": ' + b"[" * 5_000 + b"]" * 5_000 + b"}\n", b'{"id": "' + b"x" * 2**20],
)
def test_json_whose_names_cannot_be_seen_is_judged_by_its_rows(data: bytes) -> None:
    assert look(data, "f.jsonl").layout is not None


def test_parquet_is_known_by_its_footer() -> None:
    found = look(parquet(id=[1], name=["a"], other=[2.0]), "f.parquet")

    assert found.layout is not None
    assert found.layout.fields == ("id", "name", "other")
    assert found.layout.kinds == ("integer", "", "number")
    assert rules(look(parquet(id=[1]), "f.parquet")) == [("missing-column", "name")]
