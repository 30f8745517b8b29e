"""Text that misleads DuckDB's reader: no row is left out or made up, and what is torn keeps its place and text."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from datamesh.publish.job import InputFile
from datamesh.publish.lines import blank_lines, has_long_line, has_quote, line_count
from datamesh.publish.mending import mend
from datamesh.publish.preflight import inspect
from datamesh.publish.reading import Layout
from datamesh.publish.sources import LocalFile
from datamesh.publish.stage import count_rows
from tests.support.staging import column, staged, table

THINGS = table(column("id", "integer", required=True), column("text"), column("note"))
HEADER = "id,text,note\n"


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    body = HEADER + '1,a,\n2,"open,\n3,c,\n4,"d, e","x"\n5,e,\n'

    done = staged(tmp_path, THINGS, {"f.csv": body})

    assert [row[0] for row in done.good] == [1, 3, 4, 5]
    assert done.quarantine("row_number, rule, line") == [(2, "malformed", '2,"open,')]


def test_rows_after_an_open_quote_are_found_however_many_there_are(tmp_path: Path) -> None:
    """DuckDB cuts such a file at 8 MB, and what lies between is not even a reject."""
    rows = [f"{n},text,note" for n in range(900_000)]
    rows[10] = '10,"open,note'

    done = staged(tmp_path, THINGS, {"f.csv": HEADER + "\n".join(rows) + "\n"})

    assert (done.staged.rows_good, done.staged.rows_bad) == (899_999, 1)
    assert done.quarantine("row_number, line") == [(11, '10,"open,note')]


def test_rows_inside_of_a_text_are_no_rows(tmp_path: Path) -> None:
    """DuckDB's second thread begins in the middle of a text and takes it for rows."""
    inner = "1,2,3\n" * 20_000
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([n, inner, "end"] for n in range(150))

    done = staged(tmp_path, THINGS, {"f.csv": HEADER + out.getvalue()})

    assert (done.staged.rows_good, done.staged.rows_bad) == (150, 0)
    assert {row[1] for row in done.good} == {inner}


@pytest.mark.parametrize("name", ["f.csv", "f.jsonl"])
def test_a_line_longer_than_any_row_is_torn_and_loses_no_other(tmp_path: Path, name: str) -> None:
    """DuckDB drops a line that is longer than its buffer, and says nothing."""
    long = "x" * 40_000_000
    body = f"{HEADER}1,a,\n2,{long},\n3,c,\n" if name == "f.csv" else f'{{"id": 1}}\n{{"id": 2, "{long}\n{{"id": 3}}\n'

    done = staged(tmp_path, THINGS, {name: body})

    assert [row[0] for row in done.good] == [1, 3]
    [(number, rule, line)] = done.quarantine("row_number, rule, line")
    assert (number, rule, len(line)) == (2, "malformed", 10_000)
    assert line.startswith("2,xxx" if name == "f.csv" else '{"id": 2, "xxx')


@pytest.mark.parametrize("ends", [("\n", "\r\n"), ("\n", "\r"), ("\r\n", "\r"), ("\r",), ("\n", "\r\n", "\r")])
def test_line_ends_may_be_mixed(tmp_path: Path, ends: tuple[str, ...]) -> None:
    rows = [HEADER.strip(), "1,a,", '2,"b\nb",', "x,c,", "4,d,"]
    body = "".join(row + ends[i % len(ends)] for i, row in enumerate(rows))

    done = staged(tmp_path, THINGS, {"f.csv": body})

    assert [row[0] for row in done.good] == [1, 2, 4]
    assert done.quarantine("row_number, rule") == [(3, "type")]


def test_blank_lines_do_not_hide_rows_that_are_missing(tmp_path: Path) -> None:
    done = staged(tmp_path, THINGS, {"f.csv": HEADER + '\n1,"a",\n\n\n2,b,\n\n'})

    assert [row[0] for row in done.good] == [1, 2]
    assert done.staged.rows_bad == 0


@pytest.mark.parametrize("seed", range(8))
def test_what_is_torn_and_what_is_not_by_an_independent_account(tmp_path: Path, seed: int) -> None:
    """Rows of all sorts among lines with an open quote; each row is where it was, and every line is accounted for."""
    dice = random.Random(seed)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    good, torn = [], []
    for number in range(1, 3_001):
        kind = dice.choices(("plain", "quoted", "lines", "open", "inner"), (80, 8, 5, 5, 2))[0]
        if kind == "open":
            line = f'{number},"open {number},'
            out.write(line + "\n")
            torn.append((number, "malformed", line))
        elif kind == "inner":
            line = f'{number},"a"b,'
            out.write(line + "\n")
            torn.append((number, "malformed", line))
        else:
            text = {"plain": "text", "quoted": 'say "hi", you', "lines": f'one\n{number},"two",x\n'}[kind]
            writer.writerow([number, text, ""])
            good.append((number, text, None))

    done = staged(tmp_path, THINGS, {"f.csv": HEADER + out.getvalue()})

    assert done.good == good
    assert done.quarantine("row_number, rule, line") == torn


def test_torn_lines_of_several_files_keep_to_their_file(tmp_path: Path) -> None:
    files = {"a.csv": HEADER + '1,"a,\nx,b,\n', "b.csv": HEADER + '1,b,\n2,"b,\n', "c.csv": HEADER + "1,c,\n"}

    done = staged(tmp_path, THINGS, dict(files))

    assert done.staged.rows_good == 2
    assert [(file, n, rule) for file, n, rule, _, _ in done.bad] == [
        ("a.csv", 1, "malformed"),
        ("a.csv", 2, "type"),
        ("b.csv", 2, "malformed"),
    ]


def test_rows_are_counted_as_they_are_staged(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEADER + '1,"open,\n2,b,\n3,"c\nc",\n')
    layout = inspect(LocalFile(path, "f.csv"), THINGS).layout
    assert layout is not None
    work = tmp_path / "count"
    work.mkdir()

    assert count_rows([InputFile(path, "f.csv", layout)], work=work) == 3


@pytest.mark.parametrize(
    ("dialect", "body", "rows"),
    [
        ({"quote": "'", "escape": "'"}, "id,text\n1,'a''\n,b'\n2,'open\n3,c\n", 3),
        ({"escape": "\\"}, 'id,text\n1,"a\\"\n,b"\n2,"open\n3,c\n', 3),
        ({"delimiter": "||"}, 'id||text\n1||"a\n||b"\n2||"open\n3||c\n', 3),
        ({"delimiter": "\t"}, 'id\ttext\n1\t "a\n\tb" \n2\t"open\n3\tc\n', 3),
        ({"header": False}, '1,"a\n,b"\n2,"open\n3,c\n', 3),
    ],
)
def test_dialects(tmp_path: Path, dialect: dict[str, object], body: str, rows: int) -> None:
    path = tmp_path / "f"
    path.write_text(body)

    done = mend(path, Layout("csv", ("id", "text"), **dialect), tmp_path)  # type: ignore[arg-type]

    assert (done.rows, done.torn is None) == (rows, False)
    assert done.path.read_bytes().count(b"\xff") == 1


def test_lines_are_seen_from_afar(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for body, long, lines in [
        (b"", False, 0),
        (b"x", False, 1),
        (b"a\nb", False, 2),
        (b"a\n" * 2_000_000, False, 2_000_000),
        (b"a\n" * 1_000_000 + b"b" * 3_000_000 + b"\nc", True, 1_000_002),
        (b"b" * 3_000_000, True, 1),
    ]:
        path.write_bytes(body)
        assert (has_long_line(path), line_count(path)) == (long, lines)


@pytest.mark.parametrize(("body", "blank"), [(b"", 0), (b"\n", 1), (b"a\n\nb\n", 1), (b"a\r\n\r\n\r\nb", 2), (b"a", 0)])
def test_blank_lines_are_counted_apart(tmp_path: Path, body: bytes, blank: int) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * (2**20 - 2) + b"\n" + body)  # a block ends within it
    assert blank_lines(path) == blank


def test_a_file_without_a_quote_to_look_for_has_none(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b'a "quote"\n')
    assert (has_quote(path, '"'), has_quote(path, "'"), has_quote(path, "")) == (True, False, False)


def test_json_beside_a_file_that_is_mended_keeps_its_rows(tmp_path: Path) -> None:
    """The quotes of JSON are no quotes of a CSV."""
    files = {"f.csv": HEADER + '1,"a",\n\n2,b,\n', "g.jsonl": '{"id": 3, "text": "c"}\n{"id": 4}\n'}

    done = staged(tmp_path, THINGS, files)

    assert [row[0] for row in done.good] == [1, 2, 3, 4]
    assert done.staged.rows_bad == 0
