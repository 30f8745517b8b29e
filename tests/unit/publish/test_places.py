"""Bad rows are told by their number in the file, however it is found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datamesh.publish import places
from tests.support.staging import column, staged, table

THINGS = table(column("id", "integer"), column("what"), column("note"))


def _told(tmp_path: Path, files: dict[str, bytes | str], **more: int) -> list[tuple[str, int, str]]:
    done = staged(tmp_path, THINGS, files, **more)
    return [(file, number, value) for file, number, _, _, value in done.bad]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("plain", "id,what,note\n1,a,\nx,,\n2,b,c\nx,,\nx,y,\n"),
        ("windows", "id,what,note\r\n1,a,\r\nx,,\r\n2,b,c\r\nx,,\r\nx,y,"),
        ("tabs", "id\twhat\tnote\n1\ta,\t\nx\t\t\n2\tb\tc\nx\t\t\nx\ty\t\n"),
        ("blank lines", "id,what,note\n\n1,a,\nx,,\n\n2,b,c\nx,,\n\n\nx,y,\n"),
        ("blanks in fields", "id,what,note\n1, a ,\nx,,\n2,b,c\nx,,\nx,y ,\n"),
        ("a field too many that is empty", "id,what,note\n1,a,,\nx,,,\n2,b,c\nx,,\nx,y,,\n"),
        ("quotes", 'id,what,note\n1,"a\nb",\nx,,\n2,"b",c\n"x",,\nx,"y",\n'),
        ("no row between", "id,what,note\n1,a,\nx,,\n2,b,c\nx,,\nx,y,\n3\n"),
    ],
)
def test_numbers_count_the_rows_of_the_file(tmp_path: Path, name: str, body: str) -> None:
    told = [row for row in _told(tmp_path, {"f.csv": body}) if row[2]]

    assert told == [("f.csv", number, "x") for number in (2, 4, 5)], name


def test_json_lines_are_counted_with_the_blank_ones(tmp_path: Path) -> None:
    body = '{"id": 1}\n\n{"id": "x"}\n{"id": "x"}\n{"id": 2}\n\n{"id": "x", "what": 3}\n'

    assert _told(tmp_path, {"f.jsonl": body}) == [("f.jsonl", number, "x") for number in (3, 4, 7)]


def test_only_files_with_bad_rows_are_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    real = places._found

    def watched(path: Path, *more: Any) -> Iterator[tuple[int, int]]:
        looked_at.append(path.name)
        return real(path, *more)

    monkeypatch.setattr(places, "_found", watched)
    clean, bad = "id,what,note\n1,a,\n", "id,what,note\n1,a,\nx,,\n"

    told = _told(tmp_path, {"a.csv": clean, "b.csv": bad, "c.csv": clean, "d.csv": clean + "x,,\n" * 3})

    assert told == [("b.csv", 2, "x"), ("d.csv", 2, "x"), ("d.csv", 3, "x"), ("d.csv", 4, "x")]
    assert set(looked_at) == {"in-1", "in-3"}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a header like a row", "what,id,note\nwhat,id,note\na,1,\n,x,\n"),
        ("quoted where it must be", 'what,id,note\n"a, ""b""",x,\n"",x,""\n"a,b",1,\n'),
        ("quoted everywhere", '"what","id","note"\n"a, ""b""","x",\n"","x",""\n"a,b","1",""\n'),
        ("quoted here and there", '"what",id,note\n"a",x,\n"","x",""\n"a,b",1,""\n'),
    ],
)
def test_rows_are_found_however_they_are_written(tmp_path: Path, name: str, body: str) -> None:
    told = _told(tmp_path, {"f.csv": body})

    lines = body.splitlines()[1:]
    assert [number for _, number, _ in told] == [n for n, line in enumerate(lines, 1) if "1" not in line], name


@pytest.mark.parametrize("quoted", [False, True])
def test_large_files_are_numbered_in_order_by_several_threads(tmp_path: Path, quoted: bool) -> None:
    dice = random.Random(7)
    mark, bad = '"' if quoted else "", [n for n in range(1, 90_001) if dice.random() < 0.01]
    which = set(bad)
    lines = [f"{'bad' if n in which else n},{mark}{'x' * 200}{mark},{n % 7}" for n in range(1, 90_001)]
    body = "id,what,note\n" + "\n".join(lines) + "\n"

    told = _told(tmp_path, {"a.csv": body, "b.csv": body}, threads=4)

    assert told == [(file, number, "bad") for file in ("a.csv", "b.csv") for number in bad]
