"""A quarantine becomes a file that people read, and one that goes through again."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datamesh.contract.intake import InputFormat
from datamesh.contract.model import Table
from datamesh.errors import UserError
from datamesh.publish.preflight import inspect
from datamesh.publish.replay import export, look, mended, unmended
from datamesh.publish.sources import LocalFile
from tests.support.staging import Outcome, column, staged, table

THINGS = table(column("id", "integer", required=True), column("price", "number", source="Price in EUR"))
CSV = "id,Price in EUR\n1,2.5\nx,3\n,4\n5,cheap\n6,7,8\n"


def kept(tmp_path: Path, files: dict[str, bytes | str] | None = None, things: Table = THINGS) -> list[Path]:
    return list(staged(tmp_path, things, files or {"a.csv": CSV}).staged.quarantine)


def through_again(tmp_path: Path, file: Path, things: Table = THINGS) -> Outcome:
    """What staging makes of a replay's file, as it lands."""
    again = tmp_path / "again"
    again.mkdir()
    return staged(again, things, {"things/_replay/20130101T000000Z-0000abcd/1.parquet": file.read_bytes()})


def test_an_export_says_of_each_row_what_was_wrong_with_it(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"

    assert export(kept(tmp_path), out) == 4

    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [(r["quarantine_row"], r["quarantine_rule"], r["id"], r["Price in EUR"]) for r in rows] == [
        ("2", "type", "x", "3"),
        ("3", "required", "", "4"),
        ("4", "type", "5", "cheap"),
        ("5", "malformed", "", ""),
    ]
    assert rows[3]["quarantine_line"] == "6,7,8"


def test_rows_go_through_again_as_they_stood_once_the_contract_is_mended(tmp_path: Path) -> None:
    sent = unmended(kept(tmp_path), tmp_path / "sent.parquet")
    mended_contract = table(column("id"), column("price", "number", source="Price in EUR"))

    again = through_again(tmp_path, sent.path, mended_contract)

    assert (sent.rows, sent.left) == (3, 1)
    assert again.good == [("x", 3.0), (None, 4.0)]
    assert [(rule, name, value) for _, _, rule, name, value in again.bad] == [("type", "price", "cheap")]


def test_an_export_that_was_mended_by_hand_goes_through_again(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    export(kept(tmp_path), out)
    lines = out.read_text().replace(",x,3", ",2,3").replace(",,4", ",3,4").replace("5,cheap", "5,1.5").splitlines()
    out.write_text("\n".join(line for line in lines if "malformed" not in line))

    sent = mended(out, tmp_path / "sent.parquet")

    assert (sent.rows, sent.left) == (3, 0)
    assert pq.read_schema(sent.path).names == ["id", "Price in EUR"]
    assert through_again(tmp_path, sent.path).good == [(2, 3.0), (3, 4.0), (5, 1.5)]


def test_a_line_that_is_no_row_yet_is_not_sent_as_an_empty_one(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    export(kept(tmp_path), out)

    with pytest.raises(UserError, match="1 lines of the file are no rows yet"):
        mended(out, tmp_path / "sent.parquet")


def test_files_of_several_shapes_are_one_replay(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "a.csv": "id,Price in EUR\nx,1\n",
        "b.csv": "note;Price in EUR;id\nold;2;y\n",
        "c.jsonl": '{"id": "z", "Price in EUR": 3}\nnonsense\n',
    }
    sent = unmended(kept(tmp_path, files), tmp_path / "sent.parquet")

    again = through_again(tmp_path, sent.path, table(column("id"), column("price", "integer", source="Price in EUR")))

    assert (sent.rows, sent.left) == (3, 1)
    assert again.good == [("x", 1), ("y", 2), ("z", 3)]


def test_the_same_rows_are_the_same_file(tmp_path: Path) -> None:
    quarantine = kept(tmp_path)

    first, second = (unmended(quarantine, tmp_path / f"{name}.parquet") for name in "ab")

    assert first.digest == second.digest


def test_nothing_but_broken_lines_leaves_nothing_to_send(tmp_path: Path) -> None:
    sent = unmended(kept(tmp_path, {"a.csv": "id,Price in EUR\n1,2\n6,7,8\n"}), tmp_path / "sent.parquet")

    assert (sent.rows, sent.left) == (0, 1)
    assert not sent.path.exists()


def test_rows_are_looked_at_by_rule_and_column(tmp_path: Path) -> None:
    quarantine = kept(tmp_path)

    assert [(row["row_number"], row["value"]) for row in look(quarantine, rule="type", limit=10)] == [
        (2, "x"),
        (4, "cheap"),
    ]
    assert [row["original"] for row in look(quarantine, column="price", limit=1)] == [
        '{"id":"5","Price in EUR":"cheap"}'
    ]


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", b"id\n1\n"), ("a.parquet", b"PAR1 no"), ("a.csv", b"quarantine_row\n1\n")]
)
def test_what_is_no_export_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError):
        mended(tmp_path / name, tmp_path / "sent.parquet")


def test_a_replay_is_taken_whatever_the_contract_says_of_its_files_unless_it_would_replace_the_table(
    tmp_path: Path,
) -> None:
    sent = unmended(kept(tmp_path), tmp_path / "sent.parquet").path
    replay = LocalFile(sent, "things/_replay/20130101T000000Z-0000abcd/1.parquet")
    csv_only = Table("things", THINGS.columns, input=InputFormat(format="csv"))

    assert inspect(replay, csv_only).layout is not None
    assert inspect(LocalFile(sent, "things/a.parquet"), csv_only).reasons[0].rule == "wrong-format"
    [reason] = inspect(replay, Table("things", THINGS.columns, write_mode="overwrite")).reasons
    assert reason.rule == "replay-overwrites"
