"""Staging: each row of a file is good or in quarantine, whatever the file holds."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from time import monotonic

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamesh.contract.intake import InputFormat
from datamesh.contract.model import Check, EnumValue
from datamesh.errors import InfrastructureError
from datamesh.publish.preflight import inspect
from datamesh.publish.sources import LocalFile
from datamesh.publish.stage import Engine, InputFile, count_rows, stage
from tests.support.staging import column, staged, table

PEOPLE = table(column("id", "integer", required=True), column("name"), column("born", "date"))


def test_good_rows_are_typed_and_bad_ones_keep_their_text(tmp_path: Path) -> None:
    body = "id,name,born\n1,Ada,1815-12-10\nx,Bob,1900-01-01\n,Cy,1900-01-02\n4,,13/01/1900\n5,,\n"

    done = staged(tmp_path, PEOPLE, {"people.csv": body})

    assert done.good == [(1, "Ada", date(1815, 12, 10)), (5, None, None)]
    assert done.bad == [
        ("people.csv", 2, "type", "id", "x"),
        ("people.csv", 3, "required", "id", None),
        ("people.csv", 4, "type", "born", "13/01/1900"),
    ]
    assert done.quarantine("original") == [
        ({"id": "x", "name": "Bob", "born": "1900-01-01"},),
        ({"id": None, "name": "Cy", "born": "1900-01-02"},),
        ({"id": "4", "name": None, "born": "13/01/1900"},),
    ]
    assert (done.staged.rows_good, done.staged.rows_bad) == (2, 3)
    assert done.hits == {("type", "id"): 1, ("required", "id"): 1, ("type", "born"): 1}


def test_a_clean_file_leaves_nothing_behind_but_its_rows(tmp_path: Path) -> None:
    done = staged(tmp_path, PEOPLE, {"people.csv": "id,name,born\n1,Ada,1815-12-10\n"})

    assert (done.staged.rows_good, done.staged.rows_bad, done.staged.quarantine) == (1, 0, ())
    assert not done.hits


def test_lines_that_are_no_rows_are_quarantined_with_their_text_and_place(tmp_path: Path) -> None:
    lines = ["1,Ada,", "2", '3,"unq"uoted,', "4,Dee,", "5,Eve,,", "x,Fay,", "7,Gil,1900-01-01", "8,\xff,"]
    body = "id,name,born\n" + "\n".join(lines) + "\n"

    done = staged(tmp_path, PEOPLE, {"people.csv": body.encode("latin-1")})

    assert [row[0] for row in done.good] == [1, 4, 5, 7]  # an empty field after the last column is no field
    assert done.quarantine("row_number, rule, line") == [
        (2, "malformed", "2"),
        (3, "malformed", '3,"unq"uoted,'),
        (6, "type", None),
        (8, "malformed", "8,?,"),
    ]
    assert done.hits[("malformed", None)] == 3


def test_row_numbers_count_rows_not_lines(tmp_path: Path) -> None:
    body = 'id,name,born\n1,"two\nlines",\n2,short\nbad,x,\n3,ok,\nbad,x,\n'

    done = staged(tmp_path, PEOPLE, {"people.csv": body})

    assert [row[0] for row in done.good] == [1, 3]
    assert done.quarantine("row_number, rule") == [(2, "malformed"), (3, "type"), (5, "type")]


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    done = staged(tmp_path, PEOPLE, {"people.csv": "id,name,born\n\n1,a,\n\n\n2,b,\n\n"})

    assert [row[0] for row in done.good] == [1, 2]
    assert done.staged.rows_bad == 0


def test_a_broken_character_where_no_rule_looks_moves_no_row(tmp_path: Path) -> None:
    body = "id,name,note\n1,a,\n2,b,\xff\n1,c,\nx,d,\n".encode("latin-1")
    wanted = table(column("id", "integer", primary_key_position=1), column("name"), column("note"))

    done = staged(tmp_path, wanted, {"1.csv": body, "2.csv": body})

    assert done.good == [(1, "a", None)]
    assert [(file, n, rule) for file, n, rule, _, _ in done.bad] == [
        ("1.csv", 2, "malformed"),
        ("1.csv", 3, "primaryKey"),
        ("1.csv", 4, "type"),
        ("2.csv", 1, "primaryKey"),
        ("2.csv", 2, "malformed"),
        ("2.csv", 3, "primaryKey"),
        ("2.csv", 4, "type"),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_rows_in_are_rows_out_by_an_independent_count(tmp_path: Path, seed: int) -> None:
    """A CSV with every kind of dirt, counted and judged by Python's own reader."""
    dice = random.Random(seed)
    out = io.StringIO(newline="")
    out.write("id,name,born\n")
    good = bad = 0
    for number in range(20_000):
        kind = dice.choices(("clean", "quoted", "type", "short", "long", "quote"), (90, 4, 2, 1, 1, 1))[0]
        if kind == "clean":
            out.write(f"{number},name {number},2001-02-03\n")
        elif kind == "quoted":
            csv.writer(out, lineterminator="\n").writerow([number, 'a "b",\nc', ""])
        else:
            out.write({"type": f"x{number},n,\n", "short": "1,2\n", "long": "1,2,,4,5\n", "quote": '1,"a"b,\n'}[kind])
        good, bad = (good + 1, bad) if kind in ("clean", "quoted") else (good, bad + 1)

    done = staged(tmp_path, PEOPLE, {"people.csv": out.getvalue()})

    assert (done.staged.rows_good, done.staged.rows_bad) == (good, bad)
    assert len(done.good) == good
    assert len(done.bad) == bad
    assert len(set(done.quarantine("row_number"))) == bad


def test_many_threads_number_rows_as_the_file_has_them(tmp_path: Path) -> None:
    lines = [f"{n},{'x' * 300},2001-02-03" if n % 997 else f"bad {n},," for n in range(1, 120_001)]
    body = "id,name,born\n" + "\n".join(lines) + "\n"

    done = staged(tmp_path, PEOPLE, {"people.csv": body}, threads=4)

    assert done.staged.rows_good + done.staged.rows_bad == 120_000
    assert [(f"bad {n}", n) for (n,) in done.quarantine("row_number")] == [
        (value, n) for value, n in done.quarantine("value, row_number")
    ]


NUMBERS = table(column("whole", "integer"), column("real", "number"), column("money", "decimal", digits=(6, 2)))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("whole", "12", 12),
        ("whole", " -7 ", -7),
        ("whole", "5.0", 5),
        ("whole", "9223372036854775807", 2**63 - 1),
        ("whole", "1.5", None),
        ("whole", "9223372036854775808", None),
        ("whole", "1_000", None),
        ("whole", "0x1F", None),
        ("whole", "1e3", None),
        ("real", "1.5", 1.5),
        ("real", "1e3", 1000.0),
        ("real", "nan", None),
        ("real", "inf", None),
        ("real", "1,5", None),
        ("money", "1234.50", Decimal("1234.50")),
        ("money", "1.239", None),
        ("money", "12345.00", None),
    ],
)
def test_numbers_are_never_rounded_or_cut(tmp_path: Path, name: str, text: str, value: object) -> None:
    fields = ["" if c.name != name else f'"{text}"' for c in NUMBERS.columns]
    done = staged(tmp_path, NUMBERS, {"n.csv": "whole,real,money,_\n" + ",".join(fields) + ",x\n"})

    if value is None:
        assert [(row[2], row[3], row[4]) for row in done.bad] == [("type", name, text)]
    else:
        assert [value] == [v for row in done.good for v in row if v is not None]


MOMENTS = table(
    column("day", "date"), column("at", "timestamp"), column("instant", "timestamptz"), column("clock", "time")
)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("day", "2013-01-31", date(2013, 1, 31)),
        ("day", "2013-02-30", None),
        ("day", "2013-01-31 10:00", None),
        ("day", "infinity", None),
        ("day", "epoch", None),
        ("day", "99999-01-01", None),
        ("at", "2013-01-01T10:00:00", datetime(2013, 1, 1, 10)),
        ("at", "2013-01-01T10:00:00Z", datetime(2013, 1, 1, 10)),
        ("at", "2013-01-01 10:00:00+02:00", datetime(2013, 1, 1, 8)),
        ("at", "2013-01-01", datetime(2013, 1, 1)),
        ("at", "10:00", None),
        ("at", "now", None),
        ("instant", "2013-01-01T10:00:00Z", datetime(2013, 1, 1, 10, tzinfo=UTC)),
        ("instant", "2013-01-01T10:00:00.25-05:00", datetime(2013, 1, 1, 15, 0, 0, 250_000, tzinfo=UTC)),
        ("instant", "epoch", None),
        ("clock", "23:59:58", time(23, 59, 58)),
        ("clock", "25:00", None),
    ],
)
def test_moments_are_told_in_utc_between_the_years_1_and_9999(
    tmp_path: Path, name: str, text: str, value: object
) -> None:
    fields = [text if c.name == name else "" for c in MOMENTS.columns]
    done = staged(tmp_path, MOMENTS, {"m.csv": "day,at,instant,clock\n" + ",".join(fields) + "\n"})

    if value is None:
        assert [(row[2], row[3], row[4]) for row in done.bad] == [("type", name, text)]
    else:
        [path] = done.staged.files
        assert [value] == [v for v in pq.read_table(path).to_pylist()[0].values() if v is not None]


def test_times_in_a_format_of_their_own(tmp_path: Path) -> None:
    wanted = table(column("at", "timestamp"), input=InputFormat(timestamp_format="%d.%m.%Y %H:%M"))

    done = staged(tmp_path, wanted, {"m.csv": "at\n31.01.2013 10:30\n2013-01-31 10:30\n"})

    assert done.good == [(datetime(2013, 1, 31, 10, 30),)]
    assert [row[4] for row in done.bad] == ["2013-01-31 10:30"]


def test_each_built_in_rule_keeps_its_rows_out(tmp_path: Path) -> None:
    wanted = table(
        column("id", "integer", options={"minimum": 1, "exclusiveMaximum": 100}),
        column("code", options={"pattern": "^[A-Z]+$", "minLength": 2, "maxLength": 3}),
        column("colour", enum=(EnumValue("red"), EnumValue("it's"))),
        column("step", "number", options={"multipleOf": 0.25}),
    )
    rows = ["1,AB,red,0.5", "0,AB,red,1", "100,AB,red,1", "1,ab,red,1", "1,A,red,1", "1,ABCD,red,1", "1,AB,blue,1"]
    rows += ["1,AB,red,0.3", "99,ABC,it's,", ",,,"]

    done = staged(tmp_path, wanted, {"r.csv": "id,code,colour,step\n" + "\n".join(rows) + "\n"})

    assert done.staged.rows_good == 3
    assert [(n, rule, name) for _, n, rule, name, _ in done.bad] == [
        (2, "range", "id"),
        (3, "range", "id"),
        (4, "pattern", "code"),
        (5, "length", "code"),
        (6, "length", "code"),
        (7, "enum", "colour"),
        (8, "multipleOf", "step"),
    ]


def test_a_row_names_all_the_rules_it_breaks_and_is_one_row(tmp_path: Path) -> None:
    wanted = table(column("id", "integer", required=True), column("code", options={"pattern": "^A", "minLength": 2}))

    done = staged(tmp_path, wanted, {"r.csv": "id,code\n,b\n"})

    assert done.staged.rows_bad == 1
    assert done.quarantine("broken") == [
        (
            [
                {"rule": "required", "column": "id"},
                {"rule": "length", "column": "code"},
                {"rule": "pattern", "column": "code"},
            ],
        )
    ]


def test_warnings_are_published_and_counted(tmp_path: Path) -> None:
    wanted = table(
        column("id", "integer", required=True, severities={"required": "warning"}),
        column("n", "integer", severities={"type": "warning"}),
    )

    done = staged(tmp_path, wanted, {"r.csv": "id,n\n1,1\n,2\n3,many\n"})

    assert done.good == [(1, 1), (3, None), (None, 2)]
    assert done.staged.rows_bad == 0
    assert done.hits == {("required", "id"): 1, ("type", "n"): 1}


def test_null_words_are_null_and_keep_their_text_in_quarantine(tmp_path: Path) -> None:
    wanted = table(column("id", "integer", required=True), column("name"), input=InputFormat(null_words=("", "NA")))

    done = staged(tmp_path, wanted, {"r.csv": "id,name\n1,NA\nNA,x\n"})

    assert done.good == [(1, None)]
    assert done.bad == [("r.csv", 2, "required", "id", "NA")]


def test_library_metrics_about_rows(tmp_path: Path) -> None:
    def check(metric: str, operator: str = "mustBe", threshold: object = 0, **more: object) -> Check:
        return Check(metric, "library", metric=metric, operator=operator, threshold=threshold, column="c", **more)  # type: ignore[arg-type]

    checks = (
        check("nullValues", severity="warning"),
        check(
            "missingValues", arguments={"missingValues": ["?", "n/a", None]}, operator="mustBeLessThan", threshold=50
        ),
        check("invalidValues", arguments={"validValues": ["a", "b"], "pattern": "^[a-z]$"}),
    )
    done = staged(tmp_path, table(column("c", checks=checks), column("x")), {"r.csv": "c,x\na,1\n,2\n?,3\nz,4\n"})

    assert [(rule, value) for _, _, rule, _, value in done.bad] == [("invalidValues", "?"), ("invalidValues", "z")]
    assert done.hits == {("nullValues", "c"): 1, ("missingValues", "c"): 2, ("invalidValues", "c"): 2}


@pytest.mark.parametrize(
    ("listed", "hits"),
    [
        (None, 2),  # without a list, what is NULL: here the empty text and the null word
        ([], 2),
        ([None], 2),
        (["?"], 1),
        (["?", None], 3),
        (["?", "-"], 3),  # a null word is read as NULL, so that the two are one
        (["A"], 0),
    ],
)
def test_what_counts_as_missing(tmp_path: Path, listed: list[str | None] | None, hits: int) -> None:
    arguments = {} if listed is None else {"missingValues": listed}
    check = Check("gone", "library", "warning", "c", "missingValues", "mustBeLessThan", 9, arguments=arguments)
    wanted = table(column("c", checks=(check,)), column("x"), input=InputFormat(null_words=("", "-")))

    done = staged(tmp_path, wanted, {"r.csv": "c,x\na,1\n,2\n?,3\n-,4\n"})

    assert done.hits.get(("gone", "c"), 0) == hits


@pytest.mark.parametrize(
    ("arguments", "hits"),
    [
        ({}, 1),
        ({"validValues": [1, 2, None]}, 2),
        ({"pattern": "^[0-9]$"}, 2),
        ({"validValues": [1], "pattern": "1"}, 3),
    ],
)
def test_what_counts_as_invalid(tmp_path: Path, arguments: dict[str, object], hits: int) -> None:
    """A text that is no value of the column's type is invalid whatever the arguments; a missing one is not."""
    check = Check("odd", "library", "error", "c", "invalidValues", "mustBeLessThan", 9, arguments=arguments)
    wanted = table(column("c", "integer", checks=(check,)), column("x"))

    done = staged(tmp_path, wanted, {"r.csv": "c,x\n1,1\n2,2\n,3\ntwo,4\n13,5\n"})

    assert done.hits[("odd", "c")] == hits


KEYED = table(column("id", "integer", primary_key_position=1), column("who"))


def test_of_rows_with_the_same_key_the_first_is_kept(tmp_path: Path) -> None:
    files = {"1.csv": "id,who\n1,first\nx,bad\n2,first\n1,second\n", "2.csv": "who,id\nthird,1\nonly,3\nsecond,2\n"}

    done = staged(tmp_path, KEYED, files)

    assert done.good == [(1, "first"), (2, "first"), (3, "only")]
    assert [(file, n, rule) for file, n, rule, _, _ in done.bad] == [
        ("1.csv", 2, "type"),
        ("1.csv", 4, "primaryKey"),
        ("2.csv", 1, "primaryKey"),
        ("2.csv", 3, "primaryKey"),
    ]
    assert done.hits[("primaryKey", "id")] == 3


def test_the_first_row_is_the_file_s_whatever_the_threads(tmp_path: Path) -> None:
    rows = [f"{n % 50_000},{n}-{'x' * 200}" for n in range(100_000)]

    done = staged(tmp_path, KEYED, {"1.csv": "id,who\n" + "\n".join(rows) + "\n"}, threads=4)

    assert done.staged.rows_good == done.staged.rows_bad == 50_000
    assert all(who.startswith(f"{key}-") for key, who in done.good)
    assert all(number > 50_000 for (number,) in done.quarantine("row_number"))


def test_a_key_needs_all_its_parts_and_null_repeats_nothing(tmp_path: Path) -> None:
    wanted = table(
        column("a", "integer", primary_key_position=1),
        column("b", primary_key_position=2),
        column("u", unique=True),
    )

    done = staged(tmp_path, wanted, {"k.csv": "a,b,u\n1,x,\n1,y,\n1,,p\n2,x,q\n3,x,q\n1,x,r\n"})

    assert done.good == [(1, "x", None), (1, "y", None), (2, "x", "q")]
    assert [(n, rule, name) for _, n, rule, name, _ in done.bad] == [
        (3, "primaryKey", "b"),
        (5, "unique", "u"),
        (6, "primaryKey", None),
    ]


def test_repeats_may_be_warnings_or_measured(tmp_path: Path) -> None:
    twice = Check("twice", "library", metric="duplicateValues", operator="mustBeLessThan", threshold=5, column="b")
    wanted = table(column("a", "integer", unique=True, severities={"unique": "warning"}), column("b", checks=(twice,)))

    done = staged(tmp_path, wanted, {"k.csv": "a,b\n1,x\n1,x\n1,y\n2,x\n"})

    assert done.staged.rows_good == 4
    assert done.hits == {("unique", "a"): 2, ("twice", "b"): 2}


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        '{"id": 1, "name": "Ada", "more": [1]}',
        "",
        '{"name": "no id"}',
        "not json",
        '{"id": 4, "name": {"first": "Bo"}, "born": "1999-12-31"}',
        "[1, 2]",
        '{"id": "x"}',
    ]

    done = staged(tmp_path, PEOPLE, {"people.jsonl": "\n".join(lines)})

    assert done.good == [(1, "Ada", None), (4, '{"first":"Bo"}', date(1999, 12, 31))]
    assert done.quarantine("row_number, rule, value, line") == [
        (3, "required", None, lines[2]),
        (4, "malformed", None, lines[3]),
        (6, "malformed", None, lines[5]),
        (7, "type", "x", lines[6]),
    ]


def test_parquet_in_its_own_types_and_in_others(tmp_path: Path) -> None:
    source = pa.table(
        {
            "id": pa.array([1, 2, None, 4], pa.int32()),
            "name": pa.array(["a", "NA", "c", "d"]),
            "born": pa.array(["2001-02-03", None, "2001-02-03", "then"]),
            "other": pa.array([1.0, 2.0, 3.0, 4.0]),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(source, buffer)
    wanted = table(*PEOPLE.columns, input=InputFormat(null_words=("", "NA")))

    done = staged(tmp_path, wanted, {"people.parquet": buffer.getvalue()})

    assert done.good == [(1, "a", date(2001, 2, 3)), (2, None, None)]
    assert done.bad == [
        ("people.parquet", 3, "required", "id", None),
        ("people.parquet", 4, "type", "born", "then"),
    ]
    assert pq.read_schema(done.staged.files[0]).field("id").type == pa.int64()


def test_parquet_decimals_and_doubles_are_checked_like_text(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    source = pa.table({"whole": [1.0, 1.5, 3.0], "real": [float("nan"), 1.0, 2.0], "money": [1.25, 1.25, 1.239]})
    pq.write_table(source, buffer)

    done = staged(tmp_path, NUMBERS, {"n.parquet": buffer.getvalue()})

    assert done.good == []
    assert [(n, name) for _, n, _, name, _ in done.bad] == [(1, "real"), (2, "whole"), (3, "money")]


def test_packed_files_of_several_shapes_are_one_slice(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "a.csv.gz": "id,name,born\n1,a,\nx,,\n",
        "b.csv": "born;name;extra;id\n2001-02-03;b;?;2\n",
        "c.jsonl.gz": '{"id": 3}\n{"id": null}\n',
        "d.csv.gz": "id,name,born\n4,d,\ny,,\n",
    }

    done = staged(tmp_path, PEOPLE, files)

    assert [row[0] for row in done.good] == [1, 2, 3, 4]
    assert [(file, n) for file, n, *_ in done.bad] == [("a.csv.gz", 2), ("c.jsonl.gz", 2), ("d.csv.gz", 2)]


def test_partitions_get_files_of_their_own_with_field_ids(tmp_path: Path) -> None:
    wanted = table(
        column("at", "timestamptz", partition_position=1, partition_transform="month"),
        column("what", partition_position=2),
    )
    body = "at,what\n2013-01-31T23:00:00-05:00,a\n2013-01-15T00:00:00Z,a\n2013-02-01T00:00:00Z,b\n,b\n"

    done = staged(tmp_path, wanted, {"p.csv": body}, field_ids={"at": 7, "what": 9})

    assert sorted(pq.read_metadata(path).num_rows for path in done.staged.files) == [1, 1, 1, 1]
    for path in done.staged.files:
        schema = pq.read_schema(path)
        assert {f.name: f.metadata[b"PARQUET:field_id"] for f in schema} == {"at": b"7", "what": b"9"}


def test_the_profile_tells_what_columns_hold_unless_they_are_sensitive(tmp_path: Path) -> None:
    wanted = table(
        column("id", "integer"), column("name"), column("at", "timestamptz"), column("mail", classification="pii")
    )
    body = "id,name,at,mail\n1,b,2013-01-01T10:00:00Z,x@y\n3,a,2013-02-01T10:00:00Z,z@y\n2,,,\n"

    profile = staged(tmp_path, wanted, {"p.csv": body}).staged.profile

    assert profile is not None
    assert profile.rows == 3
    whole, name, at, mail = profile.columns
    assert (whole.minimum, whole.maximum, whole.nulls, whole.distinct, whole.values) == (1, 3, 0, 3, None)
    assert (name.minimum, name.maximum, name.nulls, name.values) == ("a", "b", 1, ("a", "b"))
    assert (at.minimum, at.maximum) == ("2013-01-01T10:00:00+00", "2013-02-01T10:00:00+00")
    assert (mail.minimum, mail.maximum, mail.values, mail.nulls) == (None, None, None, 1)
    assert json.loads(profile.model_dump_json())["rows"] == 3


def test_a_parquet_with_a_broken_page_is_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": list(range(5_000)), "name": [f"x{n}" for n in range(5_000)]}), buffer)
    data = buffer.getvalue()

    files = {"good.csv": "id,name,born\n1,,\n", "broken.parquet": data[:4] + b"\xff" * 200 + data[204:]}
    done = staged(tmp_path, PEOPLE, files)

    assert (done.staged.unreadable, done.staged.refused_for) == (("broken.parquet",), "unreadable")
    assert (done.staged.files, done.staged.rows_good) == ((), 0)


def test_an_engine_that_fails_over_good_files_is_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise duckdb.IOException("no disk")

    monkeypatch.setattr("datamesh.publish.stage.run_pass", broken)

    with pytest.raises(InfrastructureError, match="IOException"):
        staged(tmp_path, PEOPLE, {"good.csv": "id,name,born\n1,,\n"})


def test_files_that_want_more_memory_than_there_is_are_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise duckdb.OutOfMemoryException("no room")

    monkeypatch.setattr("datamesh.publish.stage.run_pass", full)

    done = staged(tmp_path, PEOPLE, {"good.csv": "id,name,born\n1,,\n"})

    assert (done.staged.unreadable, done.staged.refused_for) == (("good.csv",), "too-large")


def test_files_that_take_longer_than_they_may_are_too_slow(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("id,name,born\n" + "1,a,\n" * 3_000_000)
    layout = inspect(LocalFile(path, "f.csv"), PEOPLE).layout
    assert layout is not None
    work = tmp_path / "work"
    work.mkdir()

    engine = Engine(memory_mb=300, until=monotonic() + 0.05)
    done = stage(PEOPLE, [InputFile(path, "f.csv", layout)], product="p", batch_id="b", work=work, engine=engine)

    assert (done.unreadable, done.refused_for) == (("f.csv",), "too-slow")


def test_names_of_any_kind_are_quoted(tmp_path: Path) -> None:
    odd = table(column("it's", source='a "b", c'), column("select", "integer", required=True))

    done = staged(tmp_path, odd, {"it's odd.csv": 'select,"a ""b"", c",,SELECT\n1,x,,\n,y,,\n'})

    assert done.good == [("x", 1)]
    assert [(file, n, rule, name) for file, n, rule, name, _ in done.bad] == [("it's odd.csv", 2, "required", "select")]


def test_counting_rows_without_staging_them(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("id,name,born\n1,,\n2\nx,,\n")
    layout = inspect(LocalFile(path, "p.csv"), PEOPLE).layout
    assert layout is not None
    work = tmp_path / "count"
    work.mkdir()

    assert count_rows([InputFile(path, "p.csv", layout)], work=work) == 3
